"""The tables of what belongs to a person's phones: reminders put on what is read-only, and what is to be told."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table

from storage.schema import metadata

reminder_overlay = Table(
    "reminder_overlay",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("item", BigInteger, primary_key=True, autoincrement=False),
    Column("suffix", String(16), primary_key=True),
    Column("minutes", Integer),
)

notice = Table(
    "notice",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("principal_id", BigInteger, nullable=False),
    Column("key", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("mailed", Boolean, nullable=False),
    Column("data", JSON, nullable=False),
)
Index("notice_key", notice.c.school_id, notice.c.principal_id, notice.c.key, unique=True)
