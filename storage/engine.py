"""Connections as the storage core needs them: durable, patient, and begun by hand on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError

from storage.errors import Busy

WRITING: Final = "cadran_writing"
WAIT_SECONDS: Final = 30
LOCK_NOT_AVAILABLE: Final = "55P03"


def _prepare_sqlite(connection: Any, _record: object) -> None:
    """Set what every SQLite connection needs: durable commits, readers beside a writer, patience."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin by hand: a writer takes the lock at once, since upgrading a read snapshot can fail."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def open_engine(url: str) -> Engine:
    """Return an engine for SQLite or PostgreSQL with the isolation the storage core relies on."""
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


@contextmanager
def patience() -> Iterator[None]:
    """Turn a wait for the writer's turn that was too long into Busy."""
    try:
        yield
    except OperationalError as error:
        busy = str(getattr(error.orig, "sqlite_errorname", "")).startswith("SQLITE_BUSY")
        if busy or getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise Busy from error
        raise
