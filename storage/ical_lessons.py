"""Write an imported lesson as iCalendar text, by string building because a school has 16 500 of them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from storage.contentlines import escaped, fold
from storage.ical_merge import PRODID
from storage.ical_vtimezone import vtimezone
from storage.ical_zones import resolve


@dataclass(frozen=True, slots=True)
class Lesson:
    """Hold what a lesson shows; `starts` and `ends` are aware times on the clock of `tzid`, `stamp` its DTSTAMP."""

    uid: str
    starts: datetime
    ends: datetime
    tzid: str
    summary: str
    location: str
    description: str
    categories: tuple[str, ...]
    cancelled: bool
    stamp: datetime


def lesson(event: Lesson) -> bytes:
    """Return a calendar object for a lesson; the same lesson always gives the same bytes.

    A cancelled lesson stays visible with STATUS:CANCELLED and leaves its time free. Raises InvalidObject for an unknown
    time zone.
    """
    head, parameter = _frame(event.tzid)
    stamp = _local(event.stamp.astimezone(UTC))
    status, transparency = ("CANCELLED", "TRANSPARENT") if event.cancelled else ("CONFIRMED", "OPAQUE")
    lines = [
        fold(f"UID:{escaped(event.uid)}"),
        f"DTSTAMP:{stamp}Z",
        f"LAST-MODIFIED:{stamp}Z",
        _time("DTSTART", parameter, event.starts),
        _time("DTEND", parameter, event.ends),
        fold(f"SUMMARY:{escaped(event.summary)}"),
    ]
    if event.location:
        lines.append(fold(f"LOCATION:{escaped(event.location)}"))
    if event.description:
        lines.append(fold(f"DESCRIPTION:{escaped(event.description)}"))
    if event.categories:
        lines.append(fold(f"CATEGORIES:{','.join(map(escaped, event.categories))}"))
    lines += (f"STATUS:{status}", f"TRANSP:{transparency}", "CLASS:PUBLIC")
    return (head + "\r\n".join(lines) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n").encode()


@lru_cache(maxsize=64)
def _frame(tzid: str) -> tuple[str, str]:
    """Return what precedes the event's own lines, and the TZID parameter, empty when times are in UTC."""
    zone = resolve(tzid)
    head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\n"
    if zone is not None and zone.key in ("UTC", "Etc/UTC"):
        return f"{head}BEGIN:VEVENT\r\n", ""
    text = vtimezone(tzid)
    name = zone.key if zone is not None else tzid
    return f"{head}{text}BEGIN:VEVENT\r\n", f";TZID={name}"


def _time(name: str, parameter: str, moment: datetime) -> str:
    if parameter:
        return fold(f"{name}{parameter}:{_local(moment)}")
    return f"{name}:{_local(moment.astimezone(UTC))}Z"


def _local(moment: datetime) -> str:
    return f"{moment.year:04}{moment.month:02}{moment.day:02}T{moment.hour:02}{moment.minute:02}{moment.second:02}"
