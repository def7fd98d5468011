"""Odd objects are stored or refused with a reason, and one that is stored never breaks an answer about the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.caldav import paths
from storage.ical_by_reference import complete
from storage.store import Store
from tests.protocols.caldav.client import C, Dav
from tests.protocols.caldav.conftest import PEOPLE
from tests.protocols.caldav.oddities import Oddity, large, oddities
from tests.protocols.eas.harness import LocalPhone

STORED = frozenset({201, 204})
PRECONDITIONS = frozenset(
    C + name
    for name in (
        "valid-calendar-data",
        "valid-calendar-object-resource",
        "supported-calendar-component",
        "supported-calendar-data",
        "max-resource-size",
        "max-instances",
        "supported-rscale",
        "min-date-time",
        "max-date-time",
        "max-attendees-per-instance",
        "same-organizer-in-all-components",
        "no-uid-conflict",
        "unique-scheduling-object-resource",
    )
)
REASON = re.compile(rb"<!-- .{5,} -->", re.DOTALL)
YEAR = 'start="20260101T000000Z" end="20270101T000000Z"'
WEEK = 'start="20261123T000000Z" end="20261130T000000Z"'
FAR = 'start="99980101T000000Z" end="99991231T235959Z"'
EARLY = 'start="00010101T000000Z" end="00010201T000000Z"'
COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL")
DATA = "<D:getetag/><C:calendar-data>{}</C:calendar-data>"
STEP = 8
PAGE = 400
PHONE_STEP = 20


def box(dav: Dav) -> str:
    """Return the path of a calendar that takes everything."""
    path = dav.home + "odd/"
    dav.send("MKCALENDAR", path)
    return path


def kept(dav: Dav, path: str, odd: Oddity) -> bool:
    """Tell whether an object was stored; one that was not was refused in CalDAV's terms, and is not there."""
    answer = dav.send("PUT", path + odd.name, odd.text, content_type="text/calendar; charset=utf-8")
    if answer.status in STORED:
        return True
    assert answer.status in {403, 409}, (odd.kind, answer.status)
    assert set(answer.errors) <= PRECONDITIONS, (odd.kind, answer.body)
    assert answer.errors, odd.kind
    assert answer.status == 409 or REASON.search(answer.body), (odd.kind, answer.body)
    assert dav.send("GET", path + odd.name).status == 404
    return False


@pytest.fixture(scope="module")
def everything(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, long_run: bool
) -> Iterator[tuple[Dav, str, dict[str, Oddity]]]:
    """A calendar of all odd objects that were taken, by name."""
    file = tmp_path_factory.mktemp("odd") / "cadran.sqlite"
    file.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{file}")
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris")
    with store.writing(school.id) as tx:
        dav = Dav(store, tx.principals.create(PEOPLE[0]))
    path = box(dav)
    found = {odd.name: odd for odd in oddities(1 if long_run else STEP) if kept(dav, path, odd)}
    yield dav, path, found
    store.close()


def test_there_are_enough_of_them_and_they_are_the_same_each_time():
    made = list(oddities(STEP))
    assert len(made) >= 1500
    assert len({odd.name for odd in made}) == len(made)
    assert made == list(oddities(STEP))


def test_many_are_stored_and_many_refused(everything, long_run):
    _, _, found = everything
    made = sum(1 for _ in oddities(1 if long_run else STEP))
    assert made // 4 < len(found) < made


def test_what_is_stored_comes_back_as_it_was_written_with_the_zones_it_names(everything):
    dav, path, found = everything
    for name, odd in list(found.items())[::5]:
        answer = dav.send("GET", path + name)
        assert (answer.status, answer.body) == (200, complete(odd.text)), odd.kind


@pytest.mark.parametrize("extra", ["", f"<C:expand {WEEK}/>", f"<C:limit-recurrence-set {WEEK}/>"])
def test_a_multiget_answers_for_every_one(everything, extra):
    dav, path, found = everything
    names = sorted(found)
    for at in range(0, len(names), PAGE):
        hrefs = [path + paths.encode(name) for name in names[at : at + PAGE]]
        answer = dav.multiget(path, hrefs, DATA.format(extra))
        assert answer.status == 207
        assert set(answer.rows) == set(hrefs)


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("times", [YEAR, WEEK, FAR, EARLY])
@pytest.mark.parametrize("data", ["{}", "<C:expand {}/>", "<C:limit-recurrence-set {}/>"])
def test_a_query_by_time_answers(everything, component, times, data):
    dav, path, found = everything
    wanted = DATA.format(data.format(times) if "C:" in data else "")
    answer = dav.query(path, f'<C:comp-filter name="{component}"><C:time-range {times}/></C:comp-filter>', wanted)
    assert answer.status == 207
    assert dav.names(answer, path) <= set(found)


@pytest.mark.parametrize(
    "inner",
    [
        '<C:prop-filter name="SUMMARY"><C:text-match>one</C:text-match></C:prop-filter>',
        '<C:prop-filter name="LOCATION"><C:param-filter name="X-A"><C:text-match>a</C:text-match></C:param-filter>'
        "</C:prop-filter>",
        f'<C:prop-filter name="DTSTART"><C:time-range {YEAR}/></C:prop-filter>',
        f'<C:comp-filter name="VALARM"><C:time-range {YEAR}/></C:comp-filter>',
        '<C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter>',
    ],
)
def test_a_query_by_contents_answers(everything, inner):
    dav, path, found = everything
    answer = dav.query(path, f'<C:comp-filter name="VEVENT">{inner}</C:comp-filter>', DATA.format(""))
    assert answer.status == 207
    assert dav.names(answer, path) <= set(found)


def test_a_sync_and_a_listing_name_every_one(everything):
    dav, path, found = everything
    whole = {path + paths.encode(name) for name in found}
    assert set(dav.sync(path).rows) == whole
    assert set(dav.propfind(path, "{DAV:}getetag", C + "schedule-tag", depth="1").rows) == whole | {path}


@pytest.mark.parametrize("times", [YEAR, WEEK, FAR, EARLY])
def test_free_busy_answers(everything, times):
    dav, path, _ = everything
    answer = dav.send(
        "REPORT", path, f'<C:free-busy-query xmlns:C="{C[1:-1]}"><C:time-range {times}/></C:free-busy-query>'
    )
    assert answer.status == 200
    assert answer.body.startswith(b"BEGIN:VCALENDAR")


def test_the_whole_calendar_and_jcal_are_given(everything):
    dav, path, found = everything
    assert dav.send("GET", path).status == 200
    for name, odd in list(found.items())[::7]:
        assert dav.send("GET", path + name, accept="application/calendar+json").status in {200, 406}, odd.kind


def test_a_phone_is_given_well_formed_items(marie, everything, long_run):
    _, _, found = everything
    path = box(marie)
    names = sorted(found)[:: 1 if long_run else PHONE_STEP]
    stored = [name for name in names if kept(marie, path, found[name])]
    phone = LocalPhone(marie.store, marie.person)
    phone.connect()
    folder = next(number for number, each in phone.calendars.items() if each.name == "odd")
    result = phone.sync_all(folder)
    # What a phone cannot repeat is given to it occurrence by occurrence.
    objects = {each.split(":")[1] for each in result.added}
    assert len(stored) // 3 < len(objects) <= len(stored)


@pytest.mark.parametrize("odd", list(large()), ids=lambda odd: odd.kind)
def test_what_is_large_is_refused_or_kept_and_answered(marie, odd):
    path = box(marie)
    if kept(marie, path, odd):
        assert set(marie.multiget(path, [path + odd.name], DATA.format(f"<C:expand {WEEK}/>")).rows) == {
            path + odd.name
        }
        assert marie.query(path, f'<C:comp-filter name="VEVENT"><C:time-range {YEAR}/></C:comp-filter>').status == 207
