"""Tables of push: who wants to be told of what where, and the key by which push services know this school."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from storage.schema import metadata

push_registration = Table(
    "push_registration",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(32), primary_key=True),
    Column("principal_id", BigInteger, nullable=False),
    Column("collection_id", BigInteger, nullable=False),
    Column("resource_hash", String(64), nullable=False),
    Column("resource", Text, nullable=False),
    Column("public_key", String(128), nullable=False),
    Column("secret", String(64), nullable=False),
    Column("content", String(8), nullable=False),
    Column("properties", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("told", BigInteger, nullable=False),
    Column("told_properties", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("last_result", Text, nullable=False),
    Column("owner_id", BigInteger, nullable=False, server_default="0"),
)
Index(
    "push_registration_once",
    push_registration.c.school_id,
    push_registration.c.principal_id,
    push_registration.c.collection_id,
    push_registration.c.resource_hash,
    push_registration.c.owner_id,
    unique=True,
)
Index("push_registration_collection", push_registration.c.school_id, push_registration.c.collection_id)

push_key = Table(
    "push_key",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("private", String(64), nullable=False),
    Column("public", String(128), nullable=False),
    Column("created", BigInteger, nullable=False),
)
