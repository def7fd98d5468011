"""Tables of automatic imports: who may deposit files, and which runs are still to be told of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from storage.schema import import_run, metadata

import_access = Table(
    "import_access",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), primary_key=True),
    Column("principal_id", BigInteger, nullable=False),
    Column("identifier", String(128), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("notify", Boolean, nullable=False),
    Column("language", String(8), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("revoked", BigInteger),
)
Index("import_access_secret", import_access.c.school_id, import_access.c.secret_hash, unique=True)

import_untold = Table(
    "import_untold",
    metadata,
    Column("school_id", Integer, primary_key=True, autoincrement=False),
    Column("run_id", String(36), primary_key=True),
)

Index("import_run_status", import_run.c.status, import_run.c.started)
