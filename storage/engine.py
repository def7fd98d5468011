"""Connections as the storage core needs them: durable, patient, and begun by hand on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import NullPool

from storage.errors import Busy, StorageFull, Unreadable

WRITING: Final = "cadran_writing"
WAIT_SECONDS: Final = 30
LOCK_NOT_AVAILABLE: Final = "55P03"
DISK_FULL: Final = "53100"
_UNREADABLE: Final = ("SQLITE_NOTADB", "SQLITE_CANTOPEN", "SQLITE_CORRUPT")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Set what every SQLite connection needs: durable commits, readers beside a writer, patience."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-2000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    cursor.close()


def _give_no_time(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout=0")


def _begin_sqlite(connection: Connection) -> None:
    """Begin by hand: a writer takes the lock at once, since upgrading a read snapshot can fail."""
    if connection.get_execution_options().get(WRITING, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    # Takes no lock and cannot fail, so the driver is asked itself: a third of what beginning costs.
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN")


def _give_up(context: ExceptionContext) -> None:
    """Raise Unreadable for what no later try can mend: a file that is no database, a server that does not answer."""
    name = str(getattr(context.original_exception, "sqlite_errorname", ""))
    connecting = context.connection is None and not context.is_pre_ping and not name
    if connecting or name.startswith(_UNREADABLE):
        raise Unreadable(_first_line(context.original_exception)) from context.original_exception


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def open_engine(url: str) -> Engine:
    """Return an engine for SQLite or PostgreSQL with the isolation the storage core relies on.

    Raises Unreadable when the URL means nothing here; so do the engine's connections when there is no database there.
    """
    try:
        engine = _engine(url)
    except (ArgumentError, ImportError) as error:
        raise Unreadable(_first_line(error)) from error
    event.listen(engine, "handle_error", _give_up)
    return engine


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, pool_size=16, max_overflow=16, pool_reset_on_return="rollback"
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    waiting = {"options": f"-c lock_timeout={WAIT_SECONDS * 1000}"}
    return create_engine(
        url, hide_parameters=True, pool_size=16, max_overflow=16, pool_pre_ping=True, connect_args=waiting
    )


def open_glass(url: str) -> Engine:
    """Return an engine for glances at an SQLite file: whoever asks gets a connection of their own that never waits."""
    engine = create_engine(url, hide_parameters=True, poolclass=NullPool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "connect", _give_no_time)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def patience() -> Iterator[None]:
    """Turn a wait for the writer's turn that was too long into Busy, and a full disk into StorageFull."""
    try:
        yield
    except OperationalError as error:
        name, state = str(getattr(error.orig, "sqlite_errorname", "")), getattr(error.orig, "sqlstate", None)
        if name.startswith("SQLITE_BUSY") or state == LOCK_NOT_AVAILABLE:
            raise Busy from error
        if name == "SQLITE_FULL" or state == DISK_FULL:
            raise StorageFull from error
        raise
