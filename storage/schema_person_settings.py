"""The table of what people have set for themselves."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table

from storage.schema import metadata

person_setting = Table(
    "person_setting",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)
