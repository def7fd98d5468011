"""Schema versions: bring a database up to date, or tell what is missing (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config

from storage.engine import WRITING, open_engine
from storage.errors import SchemaMissing, SchemaOutdated
from storage.revisions import check, current, known


def _config(**attributes: Any) -> Config:
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def untouched(url: str) -> bool:
    """Tell whether `upgrade` would begin from nothing; the file of an SQLite database is not made by asking."""
    engine = open_engine(url)
    try:
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
            return True
        with engine.connect() as connection:
            return current(connection) is None
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
            try:
                check(connection)
            except SchemaMissing:
                return known()
            except SchemaOutdated as outdated:
                return known()[known().index(outdated.found) + 1 :]
            return ()
    finally:
        engine.dispose()
