"""The migration to names that keep their spelling: addresses that clients know stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from sqlalchemy import select, update

from storage import migrate, spelling
from storage.engine import WRITING
from storage.model import NewCalendar
from storage.schema import calendar_object, dead_property, subscription
from storage.schema_trash import trash_item
from tests.storage.builders import DAV, Desk, event_text

BEFORE = "0016"
TEXTS = [
    "a",
    "a@b+c=d",
    "a:b;c,d",
    "it's (1)!",
    "r&d*$",
    "50%",
    "50%25",
    "50%2525",
    "%40",
    "@",
    "été",
    "a/b",
    "x" * 200,
]


def told(text: str) -> str:
    """Return the segment that was told of a name before."""
    return quote(text, safe="@+=")


def run(desk: Desk, step: Callable[[Config], None]) -> None:
    """Run a migration as the program does."""
    with desk.store.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        step(migrate._config(connection=connection))


def fill(desk: Desk) -> None:
    """Write names by numbers, with one calendar, one thing in the trash and one dead property for each."""
    for number in range(len(TEXTS)):
        desk.put(str(number), event_text(str(number)))
        with desk.writing() as tx:
            made = tx.collections.create(desk.person, NewCalendar(f"c{number}", "x"))
            tx.objects.put(made, str(number), event_text(str(number)))
            tx.objects.delete(made, str(number))
            tx.dead_properties.write(desk.person.id, (made.id, str(number)), {"{urn:x}mood": "gai"})


def rename(desk: Desk) -> None:
    """Give everything the names that an older program would have given."""
    with desk.store.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        for table, column in ((calendar_object, "href"), (trash_item, "name"), (dead_property, "href")):
            for number, text in enumerate(TEXTS):
                connection.execute(update(table).where(table.c[column] == str(number)).values({column: text}))
        for number, text in enumerate(TEXTS):
            slug = subscription.c.slug
            connection.execute(update(subscription).where(slug == f"c{number}").values(slug=text[:128]))


def names(desk: Desk) -> dict[str, set[str]]:
    """Return the names of each kind."""
    with desk.store.engine.connect() as connection:
        return {
            table.name: set(connection.execute(select(table.c[column])).scalars())
            for table, column in (
                (calendar_object, "href"),
                (trash_item, "name"),
                (dead_property, "href"),
                (subscription, "slug"),
            )
        }


def test_every_address_stays_the_one_that_was_told(desk: Desk) -> None:
    built_in = names(desk)["subscription"]
    fill(desk)
    run(desk, lambda config: command.downgrade(config, BEFORE))
    rename(desk)
    before = names(desk)
    migrate.upgrade(desk.store.url)
    found = names(desk)
    wanted = {told(text) for text in TEXTS}
    for kind in ("calendar_object", "trash_item", "dead_property"):
        assert {spelling.segment(name) for name in found[kind]} == wanted
        assert {spelling.of_segment(each) for each in wanted} == found[kind]
    assert {spelling.segment(name) for name in found["subscription"] - built_in} == {told(text[:128]) for text in TEXTS}
    with desk.reading() as tx:
        collection = tx.collections.by_slug(desk.person, "agenda", DAV)
        for number, text in enumerate(TEXTS):
            assert tx.objects.get(collection, spelling.of_segment(told(text))).uid == str(number)
            assert tx.collections.by_slug(desk.person, spelling.of_segment(quote(text[:128], safe="")), DAV)
    run(desk, lambda config: command.downgrade(config, BEFORE))
    assert names(desk) == before


def test_a_name_that_grows_too_long_becomes_another(desk: Desk) -> None:
    desk.put("0", event_text("0"))
    run(desk, lambda config: command.downgrade(config, BEFORE))
    with desk.store.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        connection.execute(update(calendar_object).values(href=":" * 255))
    migrate.upgrade(desk.store.url)
    (name,) = names(desk)["calendar_object"]
    assert spelling.segment(name) == name
    assert len(name) < 100


def test_two_spellings_stay_two_things_in_an_older_program(desk: Desk) -> None:
    desk.put("a@b", event_text("0"))
    desk.put("a%40b", event_text("1"))
    run(desk, lambda config: command.downgrade(config, BEFORE))
    assert names(desk)["calendar_object"] == {"a@b", "a%40b"}
