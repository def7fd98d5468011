"""The revision of a database's schema, read without Alembic, which takes longer to load than most commands to run."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, column, inspect, select, table

from storage.errors import SchemaMissing, SchemaOutdated, SchemaTooNew

_FOLDER: Final = Path(__file__).parent / "migrations" / "versions"
_VERSION: Final = table("alembic_version", column("version_num"))


@cache
def known() -> tuple[str, ...]:
    """Return the revisions this program knows, oldest first: the numbers that their files begin with."""
    return tuple(sorted(file.name.partition("_")[0] for file in _FOLDER.glob("[0-9]*.py")))


def current(connection: Connection) -> str | None:
    """Return the revision a database is at, None when it has no schema of ours."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    found = connection.execute(select(_VERSION.c.version_num)).scalar()
    return None if found is None else str(found)


def check(connection: Connection) -> None:
    """Raise SchemaMissing, SchemaOutdated or SchemaTooNew unless the database is at the newest revision."""
    found, newest = current(connection), known()[-1]
    if found is None:
        raise SchemaMissing
    if found != newest:
        raise (SchemaOutdated if found in known() else SchemaTooNew)(found, newest)
