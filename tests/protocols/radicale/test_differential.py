"""Our engine and Radicale on our storage, asked the same: every difference is in the table, with its reason.

Radicale's storage, rights and tokens are ours here, so what differs is the protocol: the table says who answers how.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from storage.model import CalendarKind
from storage.store import Store
from tests.protocols.radicale.client import Person
from tests.protocols.radicale.comparison import Server, deltas, ours, theirs
from tests.protocols.radicale.conftest import CODE, PASSWORD, PEOPLE
from tests.protocols.radicale.steps import steps
from tests.storage.builders import ALWAYS, lesson, moment, show


@dataclass(frozen=True)
class Difference:
    """What differs: the request and the fact (`*` stands for any), Radicale's answer, ours, and why; "-" is nothing."""

    request: str
    fact: str
    theirs: str
    ours: str
    why: str

    def explains(self, request: str, fact: str, found: tuple[str, str]) -> bool:
        """Tell whether this row is about a difference that was found."""
        return fnmatchcase(request, self.request) and fnmatchcase(fact, self.fact) and found == (self.theirs, self.ours)


BAD = "RFC 4791, 5.3.2.1 asks for 403 with the precondition that is broken; Radicale answers 400 to all bad data."
WORDS = "A refusal has a DAV:error body here, with the words for people; Radicale answers in plain text."
NAMED = "RFC 4918, 16 and RFC 3744, 7.1.1: the refusal names its precondition; Radicale answers in plain text."
ATOMIC = (
    "RFC 4918, 9.2.1: each refused property is told in a multistatus; Radicale's storages can only refuse the whole."
)
PRIVILEGE = "RFC 3744, 3.11: who may add and remove objects has bind and unbind; DAV:all would promise ACL rights too."
DEAD = "RFC 4918, 4: dead properties are kept here; behind Radicale they have no place and are refused."
HOME = "RFC 6578 on the home tells of calendars made and removed; Radicale syncs calendars only."
TYPE = "Radicale writes no charset for collections, and no space after the semicolon for objects: the same type."
REPORT = "RFC 3253, 3.6: a report that is not known is refused; Radicale takes it for a listing without content."

TABLE = (
    Difference("*", "body", "-", "D:error", WORDS),
    Difference("*", "body", "-", "D:error D:need-privileges", NAMED),
    Difference("delete what everybody has", "body", "-", "D:error C:default-calendar-needed", NAMED),
    Difference(
        "the principal",
        "* C:calendar-user-address-set",
        "200 ~/",
        "200 mailto:m@ecole.example ~/",
        "RFC 4791, 6.2 (RFC 6638, 2.4.1): invitations find a person by e-mail; Radicale does not know addresses.",
    ),
    Difference(
        "the *",
        "~/ D:resourcetype",
        "200 D:collection D:principal",
        "200 D:collection",
        "With Radicale a home is the principal itself; ours has an address of its own, /dav/principals/.",
    ),
    Difference(
        "what one may do in one's calendar",
        "* D:current-user-privilege-set",
        "200 C:read-free-busy D:all D:read D:write D:write-content D:write-properties",
        "200 C:read-free-busy D:bind D:read D:read-acl D:read-current-user-privilege-set D:unbind D:write "
        "D:write-acl D:write-content D:write-properties",
        PRIVILEGE,
    ),
    Difference(
        "what one may do in the timetable",
        "* D:current-user-privilege-set",
        "200 C:read-free-busy D:read",
        "200 C:read-free-busy D:read D:read-acl D:read-current-user-privilege-set D:write-acl",
        "RFC 3744, 3.7 and 3.8: one's privileges can be asked for, and one's timetable be shared.",
    ),
    Difference("*", "* D:getcontenttype", "200 text/calendar", "200 text/calendar; charset=utf-8", TYPE),
    Difference(
        "*",
        "* D:getcontenttype",
        "200 text/calendar;charset=utf-8;component=VEVENT",
        "200 text/calendar; charset=utf-8; component=vevent",
        TYPE,
    ),
    *(
        row
        for request, precondition in {
            "not iCalendar": "C:valid-calendar-data",
            "cut off": "C:valid-calendar-data",
            "without UID": "C:valid-calendar-object-resource",
            "two UIDs": "C:valid-calendar-object-resource",
            "a task among events": "C:supported-calendar-component",
            "a rule that makes no sense": "C:valid-calendar-data",
            "every second for ever": "C:max-instances",
            "an end before the start": "C:valid-calendar-data",
            "write a contact": "C:supported-calendar-data",
        }.items()
        for row in (
            Difference(request, "status", "400", "403", BAD),
            Difference(request, "body", "-", f"D:error {precondition}", BAD),
        )
    ),
    Difference(
        "with a collation nobody knows",
        "status",
        "207",
        "403",
        "RFC 4791, 7.5.1: an unknown collation is refused; Radicale compares without regard to it.",
    ),
    Difference("with a collation nobody knows", "body", "-", "D:error C:supported-collation", NAMED),
    Difference(
        "in a time that makes no sense",
        "status",
        "400",
        "403",
        "RFC 4791, 1.3: a broken precondition is 403; Radicale says 400 without one.",
    ),
    Difference("in a time that makes no sense", "body", "-", "D:error C:valid-filter", NAMED),
    Difference(
        "unfolded",
        "~/agenda/serie.ics C:calendar-data",
        "200 BEGIN:VEVENT|DTSTAMP:20261120T080000Z|DTSTART:20261130T080000Z|DURATION:PT1H|PRODID:-//Cadran//Tests//EN|"
        "RECURRENCE-ID:20261130T080000Z|SUMMARY:Série|UID:serie",
        "200 BEGIN:VEVENT|DTEND:20261130T090000Z|DTSTAMP:20261120T080000Z|DTSTART:20261130T080000Z|"
        "PRODID:-//Cadran//Tests//EN|RECURRENCE-ID:20261130T080000Z|SUMMARY:Série|UID:serie",
        "An unfolded instance says its end as a date here, as its start is written anew; both mean the same.",
    ),
    Difference(
        "busy times",
        "body",
        "BEGIN:VFREEBUSY|DTEND:20261207T000000Z|DTSTART:20261130T000000Z|"
        "FREEBUSY;FBTYPE=BUSY:20261130T080000Z/20261130T090000Z|PRODID:-//PYVOBJECT//NONSGML Version 0.9.9//EN",
        "BEGIN:VFREEBUSY|DTEND:20261207T000000Z|DTSTART:20261130T000000Z|"
        "FREEBUSY;FBTYPE=BUSY:20261130T080000Z/20261130T090000Z|PRODID:-//Cadran//CalDAV//EN|"
        "UID:free-busy-1795996800-1796601600@cadran",
        "RFC 5545, 3.6.4 asks for a UID; the program's name is each one's own.",
    ),
    Difference(
        "make it again",
        "status",
        "409",
        "403",
        "RFC 4791, 1.3: 403 where trying again will not help; Radicale says 409, with the same precondition.",
    ),
    Difference("make one in another", "body", "-", "D:error C:calendar-collection-location-ok", NAMED),
    Difference(
        "make a folder",
        "body",
        "-",
        "D:mkcol-response D:propstat",
        "RFC 5689, 3: a refused extended MKCOL says what became of each property.",
    ),
    Difference("the calendars", "~/ D:sync-token", "404 empty", "200 given", HOME),
    Difference("paint it impossibly", "status", "400", "207", ATOMIC),
    Difference("paint it impossibly", "~/theatre/", "-", "listed", ATOMIC),
    Difference("paint it impossibly", "~/theatre/ A:calendar-color", "-", "409", ATOMIC),
    Difference("set what *", "status", "403", "207", ATOMIC),
    Difference("set what *", "~/theatre/", "-", "listed", ATOMIC),
    Difference("set what is not kept", "~/theatre/ {http://example.org/}mood", "-", "200", DEAD),
    Difference("set what the server sets", "~/theatre/ D:getetag", "-", "403 empty", ATOMIC),
    Difference(
        "delete*", "status", "200", "204", "RFC 4918, 9.6: nothing is left to tell; Radicale tells it in a 200."
    ),
    Difference(
        "delete*",
        "body",
        "D:multistatus D:response",
        "-",
        "A multistatus without 207; clients look at the status alone.",
    ),
    Difference(
        "XML with an entity",
        "status",
        "500",
        "403",
        "Both refuse document types; Radicale lets its parser's error through. RFC 4918, 16 has a precondition for it.",
    ),
    Difference("XML with an entity", "body", "-", "D:error D:no-external-entities", NAMED),
    Difference("a report nobody knows", "status", "207", "403", REPORT),
    Difference("a report nobody knows", "body", "-", "D:error D:supported-report", REPORT),
    Difference("a report without body", "status", "207", "400", REPORT),
)


def populated(template: Path, folder: Path) -> tuple[str, Store, Person]:
    """A database of its own with a school, three people and a lesson."""
    folder.mkdir()
    shutil.copyfile(template, folder / "cadran.sqlite")
    url = f"sqlite:///{folder / 'cadran.sqlite'}"
    store = Store(url)
    school = store.directory.create_school(CODE, "Collège Voltaire", "Europe/Paris")
    with store.writing(school.id) as tx:
        marie, *_ = tx.principals.create_many(PEOPLE)
        made = tx.lessons.create_calendars(CalendarKind.LESSONS, {"latin": "Latin"})
        show(tx, tx.lessons.timetables()[marie.id], made["latin"], ALWAYS)
        tx.lessons.create([lesson(made["latin"], "latin-1", moment(2026, 11, 23, 8))])
    return url, store, Person(store, marie, PASSWORD)


@pytest.fixture
def servers(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Radicale and our engine, each on its own copy of the same school."""
    url, first, marie = populated(sqlite_template, tmp_path / "theirs")
    _url, second, twin = populated(sqlite_template, tmp_path / "ours")
    yield theirs(url, marie), ours(second, twin)
    first.close()
    second.close()


@pytest.mark.req("R241")
def test_every_difference_from_radicale_is_explained(servers: tuple[Server, Server]) -> None:
    radicale, engine = servers
    unexplained: list[tuple[str, str, tuple[str, str]]] = []
    used: set[Difference] = set()
    for step in steps():
        for fact, found in deltas(radicale.run(step), engine.run(step)).items():
            rows = {row for row in TABLE if row.explains(step.name, fact, found)}
            used |= rows
            if not rows:
                unexplained.append((step.name, fact, found))
    assert unexplained == []
    assert [row for row in TABLE if row not in used] == []


def test_each_request_of_the_comparison_has_its_own_name() -> None:
    names = [step.name for step in steps()]
    assert len(names) == len(set(names)) > 70


def test_a_difference_would_be_seen() -> None:
    assert deltas({"status": "207", "a": "1"}, {"status": "207", "b": "2"}) == {"a": ("1", "-"), "b": ("-", "2")}
