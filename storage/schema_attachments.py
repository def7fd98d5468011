"""Tables of managed attachments and of what people keep here, counted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from storage.schema import metadata

attachment = Table(
    "attachment",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("managed_id", String(64), primary_key=True),
    Column("owner_id", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", String(255), nullable=False),
    Column("size", Integer, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("unused_since", BigInteger),
)
Index("attachment_owner", attachment.c.school_id, attachment.c.owner_id)
Index("attachment_digest", attachment.c.school_id, attachment.c.digest)
Index("attachment_unused", attachment.c.school_id, attachment.c.unused_since)

attachment_content = Table(
    "attachment_content",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

attachment_use = Table(
    "attachment_use",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("object_id", BigInteger, primary_key=True, autoincrement=False),
    Column("managed_id", String(64), primary_key=True),
)
Index("attachment_use_managed_id", attachment_use.c.school_id, attachment_use.c.managed_id)

kept = Table(
    "kept",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("octets", BigInteger, nullable=False),
)
