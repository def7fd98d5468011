"""Calendar objects and item trees for the tests of conversion, and a phone's own idea of a recurrence."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from protocols.eas.codepages import AirSync, Calendar, Tag
from protocols.eas.item import EditContext, ItemContext
from protocols.eas.wbxml import E, Element

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 9, 1, 9, 10, tzinfo=UTC)
PARIS_BLOB = (
    "xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAF"
    "AAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAMAAAAFAAIAAAAAAAAAxP///w=="
)
ZERO_BLOB = base64.b64encode(bytes(172)).decode()


def context(**changes: object) -> ItemContext:
    """Give the usual context: a phone in Paris, 14.1, device of no known family."""
    usual: dict[str, object] = {"version": "14.1", "zone": PARIS, "account_email": "anne@college.example"}
    return ItemContext(**{**usual, **changes})  # type: ignore[arg-type]


def edit(**changes: object) -> EditContext:
    """Give the usual edit context, at a fixed time."""
    return EditContext(**{"now": NOW, **changes})  # type: ignore[arg-type]


def event(*lines: str, more: tuple[str, ...] = ()) -> bytes:
    """Write one calendar object of one VEVENT with these lines, and further components."""
    known = {line.partition(":")[0].partition(";")[0] for line in lines}
    usual = [line for line in ("UID:lesson-1", "DTSTAMP:20260801T100000Z") if line.partition(":")[0] not in known]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT"]
    return "\r\n".join([*head, *usual, *lines, "END:VEVENT", *more, "END:VCALENDAR", ""]).encode()


def lesson(*lines: str, more: tuple[str, ...] = ()) -> bytes:
    """Write a lesson on Monday 7 September 2026 from 8 to 9 in Paris."""
    usual = (
        "DTSTART;TZID=Europe/Paris:20260907T080000",
        "DTEND;TZID=Europe/Paris:20260907T090000",
        "SUMMARY:Maths",
    )
    return event(*usual, *lines, more=more)


def data(*children: Element | None) -> Element:
    """Build ApplicationData."""
    return E(AirSync.ApplicationData, *children)


def without(item: Element, *tags: Tag) -> Element:
    """Give an item without some of its children."""
    return E(item.tag, *(child for child in item.children if child.tag not in tags))


def numbers(recurrence: Element | None) -> dict[str, str]:
    """Give the fields of a Recurrence by name."""
    assert recurrence is not None
    return {child.tag.name: child.content for child in recurrence.children}


def phone_days(recurrence: Element, first: date, until: date) -> list[date]:
    """List the days a phone shows for a Recurrence, by looking at every single day: slow, unlike the server."""
    fields = {name: int(text) for name, text in numbers(recurrence).items() if name != "Until"}
    limit = recurrence.value(Calendar.Until)
    last = datetime.strptime(limit, "%Y%m%dT%H%M%SZ").date() if limit else until
    days: list[date] = []
    day = first
    while day <= min(last, until) and len(days) < fields.get("Occurrences", 10**6):
        if _falls(fields, first, day):
            days.append(day)
        day += timedelta(days=1)
    return days


def _falls(fields: dict[str, int], first: date, day: date) -> bool:
    step = fields.get("Interval") or 1
    months = (day.year - first.year) * 12 + day.month - first.month
    named = bool(fields.get("DayOfWeek", 0) >> day.isoweekday() % 7 & 1)
    match fields["Type"]:
        case 0:
            return (day - first).days % step == 0
        case 1:
            start = fields.get("FirstDayOfWeek", 1)
            weeks = (_week_begin(day, start) - _week_begin(first, start)).days // 7
            return named and weeks % step == 0
        case 2:
            return day.day == fields["DayOfMonth"] and months % step == 0
        case 3:
            return named and months % step == 0 and _nth(fields, day)
        case 5:
            return (day.day, day.month) == (fields["DayOfMonth"], fields["MonthOfYear"]) and months // 12 % step == 0
        case _:
            in_month = day.month == fields["MonthOfYear"] and months // 12 % step == 0
            return named and in_month and _nth(fields, day)


def _week_begin(day: date, start: int) -> date:
    while day.isoweekday() % 7 != start:
        day -= timedelta(days=1)
    return day


def _nth(fields: dict[str, int], day: date) -> bool:
    step = -1 if fields["WeekOfMonth"] == 5 else 1
    place, other = 1, day - timedelta(days=step)
    while other.month == day.month:
        place += fields["DayOfWeek"] >> other.isoweekday() % 7 & 1
        other -= timedelta(days=step)
    return place == (1 if step < 0 else fields["WeekOfMonth"])
