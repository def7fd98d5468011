"""Connections as the storage core needs them: durable, patient, and begun by hand on SQLite."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url

WRITING: Final = "cadran_writing"
SQLITE_WAIT_SECONDS: Final = 30


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
        engine = create_engine(
            url, hide_parameters=True, pool_size=16, max_overflow=16, pool_reset_on_return="rollback"
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, hide_parameters=True, pool_size=16, max_overflow=16, pool_pre_ping=True)
