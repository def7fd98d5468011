"""VAVAILABILITY: what is free, what is not, and whose word counts (RFC 7953)."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InvalidObject
from storage.ical_availability import check, unavailable

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
NOW = int(MONDAY.timestamp())
HOURS = ("DTSTART;TZID=Europe/Paris:20260907T090000", "DTEND;TZID=Europe/Paris:20260907T170000")
WORK = ("BEGIN:AVAILABLE", "UID:w", *HOURS, "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "END:AVAILABLE")


def said(*components: tuple[str, ...]) -> str:
    """Return a calendar of availabilities, each given by its lines."""
    inner = [
        line
        for number, lines in enumerate(components)
        for line in ("BEGIN:VAVAILABILITY", f"UID:v{number}", "DTSTAMP:20260901T000000Z", *lines, "END:VAVAILABILITY")
    ]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//t//EN", *inner, "END:VCALENDAR", ""])


def hours(text: str, days: int = 1) -> list[tuple[float, float, str]]:
    """Return when somebody is not available, in hours since Monday midnight UTC."""
    end = datetime.fromtimestamp(NOW + days * 86_400, UTC)
    return [((a - NOW) / 3600, (b - NOW) / 3600, kind) for a, b, kind in unavailable(text, MONDAY, end, PARIS)]


def test_outside_of_working_hours_nobody_is_available() -> None:
    assert hours(said(WORK)) == [(0, 8, "BUSY-UNAVAILABLE"), (16, 24, "BUSY-UNAVAILABLE")]


def test_a_weekend_is_one_long_absence() -> None:
    assert hours(said(WORK), 7)[-1] == (4 * 24 + 16, 7 * 24, "BUSY-UNAVAILABLE")


def test_beyond_its_bounds_an_availability_says_nothing() -> None:
    bounds = ("DTSTART:20261123T060000Z", "DTEND:20261123T180000Z")
    assert hours(said((*bounds, *WORK))) == [(6, 8, "BUSY-UNAVAILABLE"), (16, 18, "BUSY-UNAVAILABLE")]
    long = ("DTSTART:20261123T060000Z", "DURATION:PT12H")
    assert hours(said((*long, *WORK))) == hours(said((*bounds, *WORK)))
    assert hours(said(("DTSTART:20270101T000000Z", *WORK))) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("BUSYTYPE:BUSY", "BUSY"),
        ("BUSYTYPE:busy-tentative", "BUSY-TENTATIVE"),
        ("BUSYTYPE:X-ODD", "BUSY-UNAVAILABLE"),
        ("SUMMARY:x", "BUSY-UNAVAILABLE"),
    ],
)
def test_the_busy_type_is_told(line: str, kind: str) -> None:
    assert {each for _, _, each in hours(said((line, *WORK)))} == {kind}


def test_the_higher_priority_hides_the_lower_one_while_it_lasts() -> None:
    away = ("PRIORITY:1", "DTSTART:20261123T100000Z", "DTEND:20261123T120000Z", "BUSYTYPE:BUSY")
    for order in ((WORK, away), (away, WORK)):
        assert hours(said(*order)) == [(0, 8, "BUSY-UNAVAILABLE"), (10, 12, "BUSY"), (16, 24, "BUSY-UNAVAILABLE")]
    evening = ("BEGIN:AVAILABLE", "UID:e", "DTSTART:20261123T180000Z", "DTEND:20261123T200000Z", "END:AVAILABLE")
    open_house = ("PRIORITY:5", "DTSTART:20261123T170000Z", "DTEND:20261123T210000Z", *evening)
    assert hours(said(("PRIORITY:9", *WORK), open_house)) == [
        (0, 8, "BUSY-UNAVAILABLE"),
        (16, 17, "BUSY-UNAVAILABLE"),
        (17, 18, "BUSY-UNAVAILABLE"),
        (20, 21, "BUSY-UNAVAILABLE"),
        (21, 24, "BUSY-UNAVAILABLE"),
    ]


def test_one_day_may_have_other_hours() -> None:
    moved = ("BEGIN:AVAILABLE", "UID:w", "RECURRENCE-ID;TZID=Europe/Paris:20261123T090000")
    late = (*moved, "DTSTART;TZID=Europe/Paris:20261123T130000", "DURATION:PT1H", "END:AVAILABLE")
    assert hours(said((*WORK, *late))) == [(0, 12, "BUSY-UNAVAILABLE"), (13, 24, "BUSY-UNAVAILABLE")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        said(WORK).replace("UID:v0\r\n", ""),
        said(WORK).replace("UID:w\r\n", ""),
        said(WORK).replace("DTSTART;TZID=Europe/Paris:20260907T090000\r\n", ""),
        said(WORK).replace(";TZID=Europe/Paris", ""),
        said(WORK).replace("DTSTART;TZID=Europe/Paris:20260907T090000", "DTSTART;VALUE=DATE:20260907"),
        said(WORK).replace("VAVAILABILITY", "VEVENT"),
        said(("DTSTART:20261123T060000Z", "DTEND:20261123T050000Z")),
        said(("DURATION:PT1H",)),
        said(("DTSTART:20261123T060000Z", "DTEND:20261123T070000Z", "DURATION:PT1H")),
        said(WORK).replace("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=MINUTELY"),
        said(WORK).replace("FREQ=WEEKLY", "FREQ=NEVER"),
        said(*[WORK] * 51),
        said(WORK * 501),
    ],
)
def test_what_cannot_be_reckoned_with_is_refused(text: str) -> None:
    with pytest.raises(InvalidObject):
        check(text, NOW, PARIS)


def test_a_usual_availability_is_taken() -> None:
    check(said(WORK), NOW, PARIS)
    check(said(()), NOW, PARIS)


_BOUNDS = st.tuples(st.integers(0, 47), st.integers(1, 47), st.integers(0, 9), st.booleans())


@given(st.lists(_BOUNDS, max_size=6))
def test_every_hour_is_told_by_whoever_has_the_say_over_it(stays: list[tuple[int, int, int, bool]]) -> None:
    def instant(hour: int) -> str:
        return datetime.fromtimestamp(NOW + hour * 3600, UTC).strftime("%Y%m%dT%H%M%SZ")

    components: list[tuple[str, ...]] = []
    expected: list[bool] = [False] * 96
    for start, length, priority, free in sorted(stays, key=lambda each: -(each[2] or 10)):
        expected[start : start + length] = [not free] * length
        bounds = (f"DTSTART:{instant(start)}", f"DTEND:{instant(start + length)}")
        open_time = ("BEGIN:AVAILABLE", f"UID:a{len(components)}", *bounds, "END:AVAILABLE") if free else ()
        components.append((f"PRIORITY:{priority}", *bounds, *open_time))
    if not components:
        return
    found = hours(said(*components), 4)
    told = [any(a <= hour < b for a, b, _ in found) for hour in range(96)]
    assert told == expected
