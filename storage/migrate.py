"""Schema versions: bring a database up to date, or tell what is missing (Alembic)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from storage.engine import WRITING, open_engine
from storage.errors import SchemaMissing, SchemaOutdated, SchemaTooNew


def _config(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def newest() -> str:
    """Return the newest revision this program knows."""
    return str(_scripts().get_current_head())


def check(connection: Connection) -> None:
    """Raise SchemaMissing, SchemaOutdated or SchemaTooNew unless the database is at the newest revision."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        raise SchemaMissing
    if found == newest():
        return
    if any(script.revision == found for script in _scripts().walk_revisions()):
        raise SchemaOutdated(found, newest())
    raise SchemaTooNew(found, newest())


def untouched(url: str) -> bool:
    """Tell whether `upgrade` would begin from nothing; the file of an SQLite database is not made by asking."""
    engine = open_engine(url)
    try:
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
            return True
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() is None
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Bring the database at an SQLAlchemy URL to the newest revision, in one transaction; raises SchemaTooNew."""
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
            try:
                check(connection)
            except (SchemaMissing, SchemaOutdated):
                command.upgrade(_config(connection=connection), "head")
    finally:
        engine.dispose()


def pending(url: str) -> tuple[str, ...]:
    """Return the revisions that `upgrade` would run, oldest first; raises SchemaTooNew."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            try:
                check(connection)
            except (SchemaMissing, SchemaOutdated):
                steps = _scripts().iterate_revisions("head", found or "base")
                return tuple(reversed([script.revision for script in steps]))
            return ()
    finally:
        engine.dispose()
