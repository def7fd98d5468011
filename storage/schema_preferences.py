"""The table of what people say about being invited: when they can be, and where invitations go."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from storage.schema import metadata

scheduling_preference = Table(
    "scheduling_preference",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("availability", Text, nullable=False),
    Column("default_calendar", BigInteger),
)
