"""What PostgreSQL knows of the sizes of tables, told anew after many rows of one school."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from storage.schema import calendar, calendar_object, feed, membership, occurrence, subscription

MANY: Final = 1000
PATIENCE_SECONDS: Final = 5.0
_TABLES: Final = (calendar, calendar_object, feed, membership, occurrence, subscription)


def refresh(engine: Engine, written: int) -> None:
    """Let PostgreSQL look at its tables again once many objects were written; SQLite needs none of it.

    It does so by itself only when a tenth of a table is new: the next school of a server that has thirty would be
    taken for an empty one, and be read by plans made for that, for weeks. Nobody else who looks is waited for long.
    """
    if engine.dialect.name != "postgresql" or written < MANY:
        return
    names = ", ".join(table.name for table in _TABLES)
    with suppress(OperationalError), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"SET lock_timeout = '{int(PATIENCE_SECONDS * 1000)}ms'")
        try:
            connection.exec_driver_sql(f"ANALYZE {names}")
        finally:
            connection.exec_driver_sql("RESET lock_timeout")
