"""The table of deposit folders as their depositors see them: subfolders, probe files, names of exports."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table

from storage.schema import metadata

PATH_LENGTH = 600

deposit_entry = Table(
    "deposit_entry",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("access_id", String(36), primary_key=True),
    Column("path", String(PATH_LENGTH), primary_key=True),
    Column("folder", Boolean, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("content", LargeBinary),
)
