"""A course that the timetable names otherwise is told to those who have it, under every sign that clients poll."""

from __future__ import annotations

import pytest

from storage.model import CalendarKind, CollectionPatch
from tests.protocols.caldav.client import CS, D, Dav


@pytest.fixture
def dialect() -> str:
    """What the import writes is one statement on either database."""
    return "sqlite"


def course(client: Dav) -> int:
    """Make a course that a person has in their home."""
    with client.store.writing(client.person.school_id) as tx:
        number = tx.lessons.create_calendars(CalendarKind.COURSE, {"k": "MATHS - 4B"})["k"]
        tx.collections.subscribe(client.person, number, "maths", "MATHS - 4B")
    return number


def rename(client: Dav, number: int, name: str) -> int:
    """Rename a course as an import does; returns how far the clock is."""
    with client.store.writing(client.person.school_id) as tx:
        tx.lessons.rename_calendars({number: name})
        return tx.changes.clock()


def seen(client: Dav) -> tuple[str, str, str]:
    """Return the name, the CTag and the home's sync-token as a client polls them."""
    row = client.propfind(client.home + "maths/", D + "displayname", CS + "getctag").row
    home = client.propfind(client.home, D + "sync-token").row
    return row.text(D + "displayname"), row.text(CS + "getctag"), home.text(D + "sync-token")


def test_a_renamed_course_moves_ctag_and_home(marie: Dav):
    number = course(marie)
    before = seen(marie)
    rename(marie, number, "MATHS - 4B groupe 1")
    after = seen(marie)
    assert after[0] == "MATHS - 4B groupe 1"
    assert before[1] != after[1]
    assert before[2] != after[2]
    assert marie.home + "maths/" in marie.sync(marie.home, before[2]).rows


def test_the_name_that_a_person_gave_stays(marie: Dav):
    number = course(marie)
    with marie.store.writing(marie.person.school_id) as tx:
        (found,) = (each for each in tx.collections.subscribed(marie.person) if each.id == number)
        tx.collections.update(marie.person, found, CollectionPatch(name="Mes 4B"))
    rename(marie, number, "MATHS - 4B groupe 1")
    assert seen(marie)[0] == "Mes 4B"


def test_the_same_name_again_moves_nothing(marie: Dav):
    number = course(marie)
    assert rename(marie, number, "Autre") == rename(marie, number, "Autre")
