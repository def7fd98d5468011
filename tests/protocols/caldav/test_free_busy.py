"""free-busy-query: times without reasons."""

import re

import pytest

from storage.availability import merged
from tests.protocols.caldav.client import SPACES, Dav, event_text


def ask(client: Dav, path: str, start: str, end: str) -> list[tuple[str, str]]:
    """Return the busy times within November 2026."""
    body = (
        f'<C:free-busy-query {SPACES}><C:time-range start="202611{start}00Z" end="202611{end}00Z"/></C:free-busy-query>'
    )
    answer = client.send("REPORT", path, body, depth="1")
    assert answer.status == 200
    assert b"SUMMARY" not in answer.body
    return [(kind, times) for kind, times in re.findall(r"FREEBUSY;FBTYPE=(\S+?):(\S+)", answer.body.decode())]


def test_busy_times_are_merged_and_cut_to_the_range(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a", "A", "20261123T080000Z", "DURATION:PT2H"))
    marie.put(marie.agenda + "b.ics", event_text("b", "B", "20261123T090000Z", "DURATION:PT2H"))
    marie.put(marie.agenda + "c.ics", event_text("c", "C", "20261123T150000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"))
    marie.put(marie.agenda + "d.ics", event_text("d", "D", "20261123T170000Z", "DURATION:PT1H", "STATUS:TENTATIVE"))
    marie.put(marie.agenda + "e.ics", event_text("e", "E", "20261101T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY"))
    assert ask(marie, marie.agenda, "23T0830", "23T2000") == [
        ("BUSY", "20261123T083000Z/20261123T120000Z"),
        ("BUSY-TENTATIVE", "20261123T170000Z/20261123T180000Z"),
    ]


def test_an_empty_calendar_is_free(marie: Dav):
    assert ask(marie, marie.timetable, "01T0000", "30T0000") == []


NO_END = '<C:time-range start="20261101T000000Z"/>'


@pytest.mark.parametrize(("inner", "status"), [("", 400), ("<C:time-range/>", 403), (NO_END, 403)])
def test_a_range_needs_both_ends(marie: Dav, inner: str, status: int):
    body = f"<C:free-busy-query {SPACES}>{inner}</C:free-busy-query>"
    assert marie.send("REPORT", marie.agenda, body).status == status


def test_periods_of_a_kind_that_touch_become_one():
    periods = [
        (5, 9, "BUSY"),
        (1, 3, "BUSY"),
        (3, 5, "BUSY"),
        (2, 8, "BUSY-TENTATIVE"),
        (20, 20, "BUSY"),
        (30, 31, "BUSY"),
    ]
    assert merged(periods) == [(1, 9, "BUSY"), (2, 8, "BUSY-TENTATIVE"), (30, 31, "BUSY")]
