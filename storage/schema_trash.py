"""The table of what people deleted and may want back."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from storage.schema import metadata

trash_item = Table(
    "trash_item",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, nullable=False),
    Column("calendar_id", BigInteger, nullable=False),
    Column("whole_id", BigInteger),
    Column("kind", String(16), nullable=False),
    Column("name", String(512), nullable=False),
    Column("title", Text, nullable=False),
    Column("component", String(16), nullable=False),
    Column("uid", String(512), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    Column("ical", LargeBinary, nullable=False),
    Column("detail", JSON, nullable=False),
)
Index("trash_person", trash_item.c.school_id, trash_item.c.principal_id, trash_item.c.deleted)
Index("trash_calendar", trash_item.c.school_id, trash_item.c.calendar_id)
