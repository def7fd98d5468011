"""Many rows at once: what a driver's row-by-row inserts cost PostgreSQL is most of a first import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, insert
from sqlalchemy.exc import DBAPIError

FEW: Final = 100


def load(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns; raises what an insert would.

    PostgreSQL takes them as one COPY, SQLite and a handful of rows as inserts.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql" or len(rows) < FEW:
        connection.execute(insert(table), rows)
        return
    quote = connection.dialect.identifier_preparer.quote
    names = tuple(rows[0])
    command = f"COPY {quote(table.name)} ({', '.join(map(quote, names))}) FROM STDIN"
    _copy(connection, command, ([row[name] for name in names] for row in rows))


def _copy(connection: Connection, command: str, rows: Iterable[Sequence[Any]]) -> None:
    cursor: Any = connection.connection.cursor()
    for listener in connection.engine.dispatch.before_cursor_execute:
        listener(connection, cursor, command, (), None, True)
    driver: Any = connection.dialect.dbapi
    try:
        with cursor.copy(command) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        # Worded as SQLAlchemy does, since a full disk and a wait that was too long are told apart by its errors.
        raise DBAPIError.instance(command, None, error, driver.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()
