"""The table of secret links: who has one can read one collection of one person."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, false

from storage.schema import metadata

secret_link = Table(
    "secret_link",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("token_hash", String(64), primary_key=True),
    Column("id", String(36), nullable=False),
    Column("principal_id", BigInteger, nullable=False),
    Column("collection_id", BigInteger, nullable=False),
    Column("busy", Boolean, nullable=False, server_default=false()),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
)
Index("secret_link_person", secret_link.c.school_id, secret_link.c.principal_id)
