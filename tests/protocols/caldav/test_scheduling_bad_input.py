"""Meetings nobody should write: each is stored or refused in CalDAV's terms, and nobody gets half of one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.store import Store
from tests.protocols.caldav.meetings import MARIE, OUTSIDE, PAUL, Circle, gather
from tests.storage.meetings import ZOE

_numbers = itertools.count()
WHEN = ("20261123T080000Z", "20261130T080000Z", "20261123T080000", "20261123", "00010101T000000Z", "99991231T235959Z")
LINES = (
    *(f"ORGANIZER:{who}" for who in (MARIE, PAUL, OUTSIDE, "", "mailto:", "https://[", "/dav/principals/%ff/")),
    *(f"ATTENDEE:{who}" for who in (MARIE, PAUL, ZOE, OUTSIDE, "", "mailto:", "http://[::1/", "/dav/principals//")),
    f"ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-AGENT=CLIENT:{PAUL}",
    f'ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST;CN="a;b^n":{PAUL}',
    f"ORGANIZER;SCHEDULE-AGENT=NONE;SCHEDULE-STATUS=9:{PAUL}",
    *("RRULE:FREQ=WEEKLY;COUNT=4", "RRULE:FREQ=SECONDLY", "EXDATE;VALUE=DATE:20261130", "EXDATE:20261130T080000Z"),
    *("RDATE;VALUE=PERIOD:20261124T080000Z/PT1H", "SEQUENCE:-1", "SEQUENCE:x", "SEQUENCE:99999999999999"),
    *("STATUS:CANCELLED", "STATUS:?", "REQUEST-STATUS:9", "DURATION:PT1H", "DURATION:P1D"),
    *(f"RECURRENCE-ID:{when}" for when in WHEN),
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20261130T080000Z",
)
component = st.tuples(st.sampled_from(WHEN), st.lists(st.sampled_from(LINES), max_size=8, unique=True))


@pytest.fixture(scope="module")
def circle(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Circle]:
    """People with a database for the whole module."""
    path = tmp_path_factory.mktemp("meetings") / "cadran.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{path}")
    yield gather(store)
    store.close()


def text(uid: str, parts: list[tuple[str, list[str]]]) -> str:
    """Write an object of odd components."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//EN"]
    for start, more in parts:
        lines += ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", f"DTSTART:{start}", *more, "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(component, min_size=1, max_size=3), min_size=1, max_size=3))
def test_odd_meetings_are_kept_or_refused_and_never_an_accident(circle: Circle, versions):
    uid = f"u{next(_numbers)}"
    path = f"{circle.marie.agenda}{uid}.ics"
    for parts in versions:
        before = circle.marie.send("GET", path).body
        answer = circle.marie.put(path, text(uid, parts))
        assert answer.status in {201, 204, 403, 409}
        if answer.status in {403, 409}:
            assert answer.errors
            assert circle.marie.send("GET", path).body == before
    for copy in circle.copies(circle.paul):
        assert circle.paul.put(copy, text(uid, versions[-1])).status in {204, 403, 409}
        assert circle.paul.send("DELETE", copy).status == 204
    assert circle.marie.send("DELETE", path).status in {204, 404}
