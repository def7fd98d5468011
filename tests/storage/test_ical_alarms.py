"""When alarms ring: relative, absolute, repeated, of series and of tasks (RFC 4791, 9.9)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from storage import contentlines
from storage.ical_alarms import ringing

PARIS = ZoneInfo("Europe/Paris")
ONCE = ("DTSTART:20261123T080000Z", "DURATION:PT1H")
DAILY = (*ONCE, "RRULE:FREQ=DAILY")
CASES = {
    "before the start": (ONCE, ("TRIGGER:-PT10M",), ("23T0750", "23T0751"), True),
    "the range begins after": (ONCE, ("TRIGGER:-PT10M",), ("23T0751", "23T0900"), False),
    "the range ends at the ring": (ONCE, ("TRIGGER:-PT10M",), ("23T0700", "23T0750"), False),
    "after the end": (ONCE, ("TRIGGER;RELATED=END:PT5M",), ("23T0905", "23T0906"), True),
    "not after the start": (ONCE, ("TRIGGER;RELATED=END:PT5M",), ("23T0800", "23T0810"), False),
    "at an instant": (ONCE, ("TRIGGER;VALUE=DATE-TIME:20261101T120000Z",), ("01T1200", "01T1201"), True),
    "at another instant": (ONCE, ("TRIGGER;VALUE=DATE-TIME:20261101T120000Z",), ("23T0000", "24T0000"), False),
    "the third ring": (ONCE, ("TRIGGER:-PT30M", "REPEAT:2", "DURATION:PT10M"), ("23T0750", "23T0751"), True),
    "no fourth ring": (ONCE, ("TRIGGER:-PT30M", "REPEAT:2", "DURATION:PT10M"), ("23T0751", "23T0900"), False),
    "between two rings": (ONCE, ("TRIGGER:-PT30M", "REPEAT:2", "DURATION:PT10M"), ("23T0731", "23T0739"), False),
    "of any occurrence": (DAILY, ("TRIGGER:-PT10M",), ("27T0750", "27T0751"), True),
    "between occurrences": (DAILY, ("TRIGGER:-PT10M",), ("27T0800", "28T0700"), False),
    "days before": (DAILY, ("TRIGGER:-P10D",), ("14T0800", "14T0801"), True),
    "before a whole day": (("DTSTART;VALUE=DATE:20261123",), ("TRIGGER:-PT1H",), ("22T2200", "22T2201"), True),
    "no trigger": (ONCE, ("ACTION:AUDIO",), ("01T0000", "30T0000"), False),
    "unreadable trigger": (ONCE, ("TRIGGER:soon",), ("01T0000", "30T0000"), False),
}


def at(text: str) -> datetime:
    """Return a time of November 2026."""
    return datetime.strptime("202611" + text, "%Y%m%dT%H%M").replace(tzinfo=UTC)


def rings(kind: str, own: tuple[str, ...], alarm: tuple[str, ...], within: tuple[str, str]) -> bool:
    """Tell whether the alarm of the first component rings."""
    lines = ("BEGIN:VCALENDAR", f"BEGIN:{kind}", "UID:a", *own, "BEGIN:VALARM", *alarm, "END:VALARM", f"END:{kind}")
    root = contentlines.parse("\r\n".join((*lines, "END:VCALENDAR", "")).encode())
    return bool(ringing(root.components[0], root, at(within[0]), at(within[1]), PARIS))


@pytest.mark.parametrize(("own", "alarm", "within", "expected"), CASES.values(), ids=CASES)
def test_an_alarm_rings_when_it_should(
    own: tuple[str, ...], alarm: tuple[str, ...], within: tuple[str, str], expected: bool
):
    assert rings("VEVENT", own, alarm, within) is expected


def test_a_task_rings_before_it_is_due():
    due = ("DTSTART:20261123T080000Z", "DUE:20261125T170000Z")
    trigger = ("TRIGGER;RELATED=END:-PT1H",)
    assert rings("VTODO", due, trigger, ("25T1600", "25T1601"))
    assert not rings("VTODO", due, trigger, ("23T0700", "23T0800"))


def test_a_task_without_dates_rings_at_an_instant_only():
    assert not rings("VTODO", (), ("TRIGGER:-PT1H",), ("01T0000", "30T0000"))
    assert rings("VTODO", (), ("TRIGGER;VALUE=DATE-TIME:20261101T120000Z",), ("01T0000", "30T0000"))


def test_a_moved_occurrence_rings_at_its_new_time_only():
    lines = ("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:a", *DAILY, "BEGIN:VALARM", "TRIGGER:PT0S", "END:VALARM")
    moved = ("END:VEVENT", "BEGIN:VEVENT", "UID:a", "RECURRENCE-ID:20261125T080000Z", "DTSTART:20261125T140000Z")
    alarm = ("BEGIN:VALARM", "TRIGGER:PT0S", "END:VALARM", "END:VEVENT", "END:VCALENDAR", "")
    root = contentlines.parse("\r\n".join((*lines, *moved, *alarm)).encode())
    master, override = root.components
    assert not ringing(master, root, at("25T0000"), at("26T0000"), PARIS)
    assert ringing(override, root, at("25T1400"), at("25T1401"), PARIS)
