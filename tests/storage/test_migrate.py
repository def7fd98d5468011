"""Schema versions: from nothing to the present tables, all or nothing, and what is said of other versions."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from storage import migrate, revisions
from storage.engine import open_engine
from storage.errors import SchemaMissing, SchemaOutdated, SchemaTooNew
from storage.schema import metadata
from storage.store import Store


@pytest.fixture
def empty(database_url):
    """A store on a database without tables."""
    opened = Store(database_url)
    yield opened
    opened.close()


def set_revision(store, revision):
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


def test_migrating_from_nothing_makes_exactly_the_tables_the_program_knows(empty):
    migrate.upgrade(empty.url)
    empty.check()
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_names_of_the_files_are_the_revisions_in_their_order():
    folder = Path(migrate.__file__).parent / "migrations"
    newest_first = [each.revision for each in ScriptDirectory(folder).walk_revisions()]
    assert list(revisions.known()) == newest_first[::-1]


def test_a_database_is_untouched_until_it_is_migrated_and_asking_makes_no_file(empty, tmp_path):
    assert migrate.untouched(empty.url)
    migrate.upgrade(empty.url)
    assert not migrate.untouched(empty.url)
    assert migrate.untouched(f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}")
    assert not (tmp_path / "nowhere").exists()


def test_partial_indexes_are_the_ones_the_program_knows(empty, dialect):
    def indexes(url):
        engine = open_engine(url)
        option = f"{dialect}_where"
        found = {
            (table, each["name"], bool(each["unique"]), tuple(each["column_names"]), option in each["dialect_options"])
            for table in metadata.tables
            for each in inspect(engine).get_indexes(table)
            if "duplicates_constraint" not in each
        }
        engine.dispose()
        return found

    migrate.upgrade(empty.url)
    wanted = {
        (
            table.name,
            each.name,
            bool(each.unique),
            tuple(each.columns.keys()),
            each.dialect_options[dialect]["where"] is not None,
        )
        for table in metadata.tables.values()
        for each in table.indexes
    }
    assert indexes(empty.url) == wanted


def test_migrating_again_changes_nothing(empty):
    migrate.upgrade(empty.url)
    empty.directory.create_school("0990001X", "École", "Europe/Paris")
    migrate.upgrade(empty.url)
    assert [each.code for each in empty.directory.schools()] == ["0990001X"]


def test_an_empty_database_is_said_to_miss_its_tables(empty):
    with pytest.raises(SchemaMissing):
        empty.check()
    assert migrate.pending(empty.url)[0] == "0001"
    assert migrate.pending(empty.url)[-1] == revisions.known()[-1]
    with empty.engine.connect() as connection:
        assert inspect(connection).get_table_names() == []


def test_a_present_database_has_nothing_pending(store):
    store.check()
    assert migrate.pending(store.url) == ()


def test_a_database_of_a_newer_program_is_refused_and_left_alone(store):
    set_revision(store, "9999")
    for work in (store.check, lambda: migrate.upgrade(store.url), lambda: migrate.pending(store.url)):
        with pytest.raises(SchemaTooNew) as caught:
            work()
        assert (caught.value.found, caught.value.known) == ("9999", revisions.known()[-1])
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


def test_a_database_of_an_older_program_is_told_from_a_newer_one(store, monkeypatch):
    found = revisions.known()[-1]
    monkeypatch.setattr(revisions, "known", lambda: (found, "later"))
    with pytest.raises(SchemaOutdated) as caught:
        store.check()
    assert (caught.value.found, caught.value.known) == (found, "later")


def test_a_migration_that_fails_half_way_leaves_nothing(empty, monkeypatch):
    class Failed(Exception):
        pass

    run = command.upgrade

    def fail(config, revision):
        run(config, revision)
        raise Failed

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(Failed):
        migrate.upgrade(empty.url)
    with empty.engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    monkeypatch.undo()
    migrate.upgrade(empty.url)
    empty.check()
