"""The migration to sharing: what was private before it is hidden after it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select

from storage import migrate
from storage.engine import WRITING
from storage.schema import calendar_object
from tests.storage.builders import Desk, event_text


def _before_sharing(config: Config) -> str:
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    return next(str(each.down_revision) for each in scripts if "sharing" in each.path)


def test_private_objects_written_before_are_marked(desk: Desk) -> None:
    desk.put("open", event_text("open", "DESCRIPTION:CLASS:PRIVATE"))
    desk.put("secret", event_text("secret", "CLASS:CONFIDENTIAL"))
    with desk.store.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        config = migrate._config(connection=connection)
        command.downgrade(config, _before_sharing(config))
    migrate.upgrade(desk.store.url)
    with desk.store.engine.connect() as connection:
        rows = connection.execute(select(calendar_object.c.href, calendar_object.c.private)).all()
    assert {row.href: row.private for row in rows} == {"open": False, "secret": True}
