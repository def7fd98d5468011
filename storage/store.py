"""The door to a database: engines, transactions and the schema check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

from storage.directory import Directory
from storage.migrate import check
from storage.transaction import Transaction

WRITING = "cadran_writing"
SQLITE_WAIT_SECONDS = 30


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Set what every SQLite connection needs: durable commits, readers beside a writer, patience."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_WAIT_SECONDS * 1000}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin by hand: a writer takes the lock at once, since upgrading a read snapshot can fail."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def open_engine(url: str) -> Engine:
    """Return an engine for SQLite or PostgreSQL with the isolation the storage core relies on."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=16, max_overflow=16, pool_reset_on_return="rollback")
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_size=16, max_overflow=16, pool_pre_ping=True)


class Store:
    """One database with all its schools; safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Open the database at an SQLAlchemy URL; nothing is read before the first transaction."""
        self.url = url
        self.engine = open_engine(url)
        self.directory = Directory(self.engine)
        self._reader = self.engine
        if self.engine.dialect.name == "postgresql":
            # One snapshot for a whole request: a reader never sees half of an import.
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def check(self) -> None:
        """Raise SchemaMissing, SchemaOutdated or SchemaTooNew unless the schema is this program's."""
        with self.engine.connect() as connection:
            check(connection)

    @contextmanager
    def reading(self, school_id: int) -> Iterator[Transaction]:
        """Yield a transaction that sees one snapshot; writing in it raises WritingRequired."""
        with self._reader.connect() as connection, connection.begin():
            yield Transaction(connection, school_id, writing=False)

    @contextmanager
    def writing(self, school_id: int) -> Iterator[Transaction]:
        """Yield a transaction that commits at the end, all or nothing."""
        with self.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
            yield Transaction(connection, school_id, writing=True)

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
