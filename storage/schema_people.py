"""Tables around people feeds and manual imports: who feeds whom, what was decided by hand, drafts, archived courses."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from storage.schema import metadata

fed_person = Table(
    "fed_person",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("principal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("given_names", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("closed", BigInteger),
)

guardian_link = Table(
    "guardian_link",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("pupil_id", BigInteger, primary_key=True, autoincrement=False),
    Column("guardian_id", BigInteger, primary_key=True, autoincrement=False),
    Column("legal", Boolean, nullable=False),
    Column("relation", String(32), nullable=False),
)

people_run = Table(
    "people_run",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("moment", BigInteger, nullable=False),
    Column("source", String(16), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("counts", JSON, nullable=False),
)

import_decision = Table(
    "import_decision",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("names_key", Text, nullable=False),
    Column("idpn", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("principal_id", BigInteger, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("moment", BigInteger, nullable=False),
)
Index("import_decision_principal", import_decision.c.school_id, import_decision.c.principal_id)

import_draft = Table(
    "import_draft",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("file_id", String(36), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("data", JSON, nullable=False),
)

archived_course = Table(
    "archived_course",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("collection_id", BigInteger, primary_key=True, autoincrement=False),
    Column("year", String(16), nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("held", JSON, nullable=False),
)
