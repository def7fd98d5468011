"""What people see ahead after one export upon another is what the newer alone would show them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importers.run import Options, import_file
from importers.sample import SampleSchool, generate, write_xml
from storage.model import CalendarKind, Role, School, Source
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.conftest import AUTUMN, ROLES, imported
from tests.importers.test_undo_equal import upset

ELSEWHERE = "0990002Y"


@pytest.fixture(scope="module")
def sample() -> SampleSchool:
    """A small school, since all of it is compared."""
    return generate(60, 7)


def ahead(store: Store, school: School) -> dict[str, frozenset[tuple[str, int]]]:
    """The sessions that everybody has ahead, by login; those of courses and of the whole school by name."""
    found: dict[str, frozenset[tuple[str, int]]] = {}
    with store.reading(school.id) as tx:
        lessons: dict[int, list[tuple[str, int]]] = {}
        for each in tx.lessons.stored():
            if each.starts >= AUTUMN.timestamp():
                lessons.setdefault(each.calendar_id, []).append((each.content_hash, each.starts))
        owners = {
            number: tx.principals.get(person).login.removeprefix("b-")
            for person, number in tx.lessons.timetables().items()
        }
        owners |= {number: key for key, (number, _) in tx.lessons.calendars(CalendarKind.COURSE).items()}
        owners[tx.lessons.school_collection() or 0] = "school"
        for stay in tx.lessons.feeds.live(CalendarKind.TIMETABLE, CalendarKind.COURSE, CalendarKind.SCHOOL):
            first, last = stay.window
            shown = {each for each in lessons.get(stay.calendar, ()) if first <= each[1] < last}
            name = owners[stay.collection]
            found[name] = found.get(name, frozenset()) | shown
    return {name: shown for name, shown in found.items() if shown}


def members(store: Store, school: School) -> set[tuple[str, str, str]]:
    """Who is in which course from now on, and as what."""
    with store.reading(school.id) as tx:
        courses = {number: key for key, (number, _) in tx.lessons.calendars(CalendarKind.COURSE).items()}
        return {
            (
                courses[each.collection_id],
                tx.principals.get(each.principal_id).login.removeprefix("b-"),
                each.role.value,
            )
            for each in tx.lessons.memberships()
            if each.window[1] > AUTUMN.timestamp()
        }


@pytest.fixture
def other(store: Store, sample: SampleSchool) -> School:
    """A school of the same people, in which nothing was imported before."""
    made = store.directory.create_school(ELSEWHERE, "Collège d'essai", "Europe/Paris")
    people = [
        NewPerson(
            f"b-{each.login}", each.birth_name, each.given, Role(ROLES[each.role]), Source.CSV, each.birth, each.family
        )
        for each in sample.accounts
    ]
    with store.writing(made.id) as tx:
        tx.principals.create_many(people)
    return made


def renamed_and_moved(sample: SampleSchool) -> SampleSchool:
    """The first class has another name, and half of its pupils are in the second."""
    first, second, *others = sample.classes
    pupils = []
    for number, pupil in enumerate(sample.pupils):
        stays = tuple(
            replace(stay, ident=second.ident) if stay.ident == first.ident and number % 2 else stay
            for stay in pupil.classes
        )
        pupils.append(replace(pupil, classes=stays))
    classes = (replace(first, name=second.name), replace(second, name=first.name), *others)
    return replace(sample, classes=classes, pupils=tuple(pupils))


@pytest.mark.parametrize("change", [1, "renamed and moved"])
def test_after_an_upheaval_everybody_sees_ahead_what_a_new_school_would_show(
    store: Store, school: School, other: School, sample: SampleSchool, change: int | str
) -> None:
    changed = upset(sample, change) if isinstance(change, int) else renamed_and_moved(sample)
    imported(store, school, sample)
    import_file(store, school, write_xml(changed, "2.0"), AUTUMN, Options(force=True))
    import_file(store, other, write_xml(replace(changed, uai=ELSEWHERE), "2.0"), AUTUMN)
    here, there = ahead(store, school), ahead(store, other)
    assert {name for name in here.keys() | there.keys() if here.get(name) != there.get(name)} == set()
    assert members(store, school) == members(store, other)
