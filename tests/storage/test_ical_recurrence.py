"""Whole series against another implementation, recurring_ical_events."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar

from storage.contentlines import parse
from storage.ical import expand, vtimezone

FIRST, LAST = datetime(2026, 9, 1, tzinfo=UTC), datetime(2028, 8, 18, 22, tzinfo=UTC)
STARTS = {
    "paris": ("DTSTART;TZID=Europe/Paris:20260901T083000", "DTEND;TZID=Europe/Paris:20260901T092500"),
    "new-york": ("DTSTART;TZID=America/New_York:20260901T011000", "DTEND;TZID=America/New_York:20260901T015000"),
    "utc": ("DTSTART:20260901T083000Z", "DURATION:PT1H"),
    "floating": ("DTSTART:20260901T233000", "DTEND:20260902T003000"),
    "days": ("DTSTART;VALUE=DATE:20260901", "DTEND;VALUE=DATE:20260903"),
}
RULES = """
FREQ=DAILY;COUNT=200
FREQ=DAILY;INTERVAL=13
FREQ=WEEKLY;BYDAY=TU,TH
FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU
FREQ=WEEKLY;UNTIL={until}
FREQ=MONTHLY;BYDAY=1TU,-1FR
FREQ=MONTHLY;BYMONTHDAY=1,-1
FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1
FREQ=YEARLY;BYMONTH=9,3;BYMONTHDAY=1,29
""".split()


def calendar(*lines: str) -> bytes:
    zones = (*vtimezone("Europe/Paris").split("\r\n")[:-1], *vtimezone("America/New_York").split("\r\n")[:-1])
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *zones, *lines, "END:VCALENDAR", "")).encode()


def event(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VEVENT", "UID:u", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT")


def shown(value: date | datetime) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value.isoformat()


def ours(data: bytes, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    found = expand(parse(data), FIRST, LAST, zone)
    return sorted((shown(one.starts), shown(one.ends), one.component.text("SUMMARY") or "") for one in found)


def theirs(data: bytes, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    found = recurring_ical_events.of(Calendar.from_ical(data)).between(FIRST, LAST)

    def placed(value):
        return value.replace(tzinfo=zone) if isinstance(value, datetime) and value.tzinfo is None else value

    return sorted((shown(placed(one.start)), shown(placed(one.end)), str(one.get("SUMMARY", ""))) for one in found)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", STARTS)
def test_a_series_happens_when_another_reader_says(kind, rule):
    until = "20270301" if kind == "days" else "20270301T120000" if kind == "floating" else "20270301T120000Z"
    data = calendar(*event(*STARTS[kind], f"RRULE:{rule.format(until=until)}", "SUMMARY:s"))
    zone = ZoneInfo("Etc/GMT-1")
    assert ours(data, zone) == theirs(data, zone)


@pytest.mark.parametrize(
    "lines",
    [
        ("EXDATE;TZID=Europe/Paris:20260908T083000,20260922T083000",),
        ("EXDATE:20260908T063000Z",),
        ("RDATE;TZID=Europe/Paris:20260909T083000", "RDATE:20260910T063000Z"),
        ("RDATE;VALUE=PERIOD;TZID=Europe/Paris:20260909T083000/PT10M",),
    ],
)
def test_added_and_excluded_dates_are_those_another_reader_finds(lines):
    data = calendar(*event(*STARTS["paris"], "RRULE:FREQ=WEEKLY;COUNT=6", *lines, "SUMMARY:s"))
    zone = ZoneInfo("Europe/Paris")
    assert ours(data, zone) == theirs(data, zone)


def test_overrides_are_those_another_reader_finds():
    one = event("RECURRENCE-ID;TZID=Europe/Paris:20260908T083000", "DTSTART:20260909T120000Z", "SUMMARY:moved")
    two = event("RECURRENCE-ID:20260922T063000Z", "DTSTART:20260922T063000Z", "DURATION:PT3H", "SUMMARY:longer")
    data = calendar(*event(*STARTS["paris"], "RRULE:FREQ=WEEKLY;COUNT=6", "SUMMARY:s"), *one, *two)
    zone = ZoneInfo("Europe/Paris")
    assert ours(data, zone) == theirs(data, zone)


def test_a_series_in_an_unknown_zone_follows_its_vtimezone():
    data = calendar(*event(*STARTS["paris"], "RRULE:FREQ=WEEKLY;COUNT=20", "SUMMARY:s"))
    renamed = data.replace(b"Europe/Paris", b"Salle des profs")
    assert ours(renamed, ZoneInfo("Asia/Tokyo")) == ours(data, ZoneInfo("Asia/Tokyo"))


def test_a_series_of_days_moves_with_this_and_future():
    later = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260903", "DTSTART;VALUE=DATE:20260904", "SUMMARY:later"
    )
    data = calendar(*event("DTSTART;VALUE=DATE:20260901", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3", "SUMMARY:s"), *later)
    assert [(start, text) for start, _, text in ours(data, ZoneInfo("UTC"))] == [
        ("2026-09-01", "s"),
        ("2026-09-04", "later"),
        ("2026-09-06", "later"),
    ]


def test_a_change_of_length_by_this_and_future_reaches_into_a_later_range():
    later = event(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260903T080000Z",
        "DTSTART:20260903T080000Z",
        "DURATION:P20D",
        "SUMMARY:long",
    )
    master = event("DTSTART:20260901T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:s")
    root = parse(calendar(*master, *later))
    start = datetime(2026, 9, 20, tzinfo=UTC)
    assert len(expand(root, start, start + timedelta(hours=1), ZoneInfo("UTC"))) == 1
