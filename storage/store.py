"""The door to a database: engines, transactions and the schema check."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from storage.directory import Directory
from storage.engine import WRITING, open_engine, open_glass, patience
from storage.import_queue import ImportQueue
from storage.limits import DEFAULT, Limits
from storage.revisions import check
from storage.statistics import refresh
from storage.transaction import Transaction
from storage.turns import place, turn

# Octets of a text that is still read at a glance: masking or rewriting a long one takes a while.
GLANCE_TEXT: Final = 16 * 1024


class Store:
    """One database with all its schools; safe to share between threads."""

    def __init__(self, url: str, limits: Limits = DEFAULT) -> None:
        """Open the database at an SQLAlchemy URL; nothing is read before the first transaction."""
        self.url = url
        self.limits = limits
        self.engine = open_engine(url)
        self.directory = Directory(self.engine)
        self.import_queue = ImportQueue(self.engine)
        self._reader = self.engine
        self._glass: Connection | None = None
        self._stirring: tuple[Connection, int] | None = None
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
            yield Transaction(connection, school_id, writing=False, limits=self.limits)

    @contextmanager
    def glancing(self, school_id: int) -> Iterator[Transaction]:
        """Yield what `reading` does, on a connection that stays open; for one thread only, and where `near` is true.

        It waits neither for a connection nor for a lock, and raises TooMuch rather than read a long text or many rows.
        """
        glass = self._taken_glass()
        try:
            with glass.begin():
                tx = Transaction(glass, school_id, writing=False, limits=self.limits)
                tx.longest = GLANCE_TEXT
                yield tx
        except (SQLAlchemyError, sqlite3.Error):
            self._put_glass_away()
            raise

    def stirred(self) -> bool | None:
        """Tell whether anything was committed since this was last asked, None when it cannot be told.

        For one thread, where `near` is true: SQLite counts what others commit, in a few microseconds.
        """
        before = self._stirring
        try:
            glass = self._taken_glass()
            driver: Any = glass.connection.driver_connection
            self._stirring = glass, driver.execute("PRAGMA data_version").fetchone()[0]
        except (SQLAlchemyError, sqlite3.Error):
            self._put_glass_away()
            return None
        return self._stirring != before

    @contextmanager
    def writing(self, school_id: int) -> Iterator[Transaction]:
        """Yield a transaction that commits at the end, all or nothing; raises Busy when its turn does not come."""
        with (
            patience(),
            self.engine.connect().execution_options(**{WRITING: True}) as connection,
            connection.begin(),
        ):
            tx = Transaction(connection, school_id, writing=True, limits=self.limits)
            yield tx
            tx.settle()

    @contextmanager
    def turn(self, school_id: int) -> Iterator[bool]:
        """Yield whether it is free to import into a school; held until the block ends or the process dies."""
        with turn(self.engine, school_id) as free:
            yield free

    @contextmanager
    def import_place(self, places: int) -> Iterator[bool]:
        """Yield whether one of so many places for imports on the whole server was free; held as a turn is."""
        with place(self.engine, places) as free:
            yield free

    @property
    def many_writers(self) -> bool:
        """Tell whether somebody may write while a long writing transaction is open."""
        return self.engine.dialect.name != "sqlite"

    @property
    def near(self) -> bool:
        """Tell whether reading waits for nobody: the database is a file of this machine, which writers do not lock."""
        return self.engine.dialect.name == "sqlite"

    def settle(self, written: int) -> None:
        """Make the next questions quick after so many objects of a school were written."""
        refresh(self.engine, written)

    def close(self) -> None:
        """Close every connection."""
        self._put_glass_away()
        self.engine.dispose()

    def _taken_glass(self) -> Connection:
        if self._glass is None:
            self._glass = open_glass(self.url).connect()
        return self._glass

    def _put_glass_away(self) -> None:
        glass, self._glass = self._glass, None
        if glass is not None:
            glass.close()
