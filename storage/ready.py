"""Ready-made statements: compiled once, then run by the driver itself.

SQLAlchemy's own execution costs four times what SQLite needs for the few rows of a poll. These statements are still
written and compiled by it; only their execution goes straight to the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.selectable import SelectBase


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    names: tuple[str, ...] | None
    fixed: Mapping[str, Any]
    decoders: tuple[tuple[int, Callable[[Any], Any]], ...]

    def arguments(self, values: Mapping[str, Any]) -> Any:
        """Return the parameters in the driver's own form: by place, or by name."""
        known = {**self.fixed, **values} if self.fixed else values
        return known if self.names is None else [known[name] for name in self.names]

    def decoded(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return rows with their columns as SQLAlchemy would give them."""
        if not self.decoders:
            return rows
        decoded = [list(row) for row in rows]
        for place, decode in self.decoders:
            for row in decoded:
                row[place] = decode(row[place])
        return decoded


class Ready:
    """One statement, ready for any database; expanding parameters are not for it."""

    def __init__(self, statement: SelectBase) -> None:
        """Keep a statement; it is compiled when a database first asks for it."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, **values: Any) -> Sequence[Any]:
        """Run the statement in a connection's transaction and return its rows as tuples or lists."""
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        cursor = connection.connection.cursor()
        arguments = compiled.arguments(values)
        for listener in connection.engine.dispatch.before_cursor_execute:
            listener(connection, cursor, compiled.text, arguments, None, False)
        try:
            cursor.execute(compiled.text, arguments)
            return compiled.decoded(cursor.fetchall())
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> _Compiled:
        text = self._statement.compile(dialect=dialect)
        columns = self._statement.selected_columns
        decoders = tuple(
            (place, decode)
            for place, column in enumerate(columns)
            if (decode := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        )
        fixed = {name: value for name, value in text.params.items() if value is not None}
        names = tuple(text.positiontup) if text.positional and text.positiontup is not None else None
        made = _Compiled(str(text), names, fixed, decoders)
        self._compiled[dialect.name] = made
        return made
