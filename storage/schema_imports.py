"""Tables around imports: deposited files, the school's choices, and what is needed to undo a run."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from storage.schema import metadata

import_file = Table(
    "import_file",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("content", LargeBinary),
)
Index("import_file_received", import_file.c.school_id, import_file.c.received)

import_choice = Table(
    "import_choice",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(32), primary_key=True),
    Column("value", JSON, nullable=False),
)

import_journal = Table(
    "import_journal",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("run_id", String(36), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
