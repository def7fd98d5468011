"""The iCalendar files of Pronote, EDT and HYPERPLANNING, one for each person, class or teacher (reference, section 6).

Every session stands there with its date. Its UID is "Cours-<id>-<week>-…": what follows the week is the time of the
download (Pronote) or the person the file is of (HYPERPLANNING), so only the beginning says which session it is; the
same session in two files is one. All the files handed over together are the whole timetable.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from importers.archives import Files
from importers.builder import Builder, Slot, Span, used
from importers.edt_text import audience, listed
from importers.errors import ImportRefused
from importers.names import fold
from importers.school_year import SchoolYear
from importers.setting import Setting
from importers.timetable import Resource, ResourceKind, Timetable
from importers.weeks import FIRST_WEEK, LAST_WEEK
from importers.xml_tree import plain
from storage import contentlines
from storage.contentlines import Component
from storage.errors import InvalidObject
from storage.ical_times import timing

MAKER: Final = b"Index-Education"
SESSION_LIMIT: Final = 200_000
SIZE_LIMIT: Final = 100 * 2**20

_HEAD = 4096
_UID = re.compile(r"(Cours-\d{1,12})-(\d{1,3})-")
_STAMP = re.compile(rb"\nDTSTAMP:(\d{8}T\d{6}Z)")
_CANCELLED = re.compile(r"\bannul")
_TITLES = frozenset({"m", "m.", "mme", "mlle", "mr", "mrs"})

# What a line of a description is about, its key folded and without "(s)".
_KEYS: Final[Mapping[str, str]] = {
    "matiere": "subject",
    **dict.fromkeys(("professeur", "professeurs", "enseignant", "enseignants"), "teachers"),
    **dict.fromkeys(("classe", "classes", "promotion", "promotions"), "classes"),
    **dict.fromkeys(("groupe", "groupes", "td", "tds"), "groups"),
    **dict.fromkeys(("partie de classe", "parties de classe", "partie", "parties"), "parts"),
    **dict.fromkeys(("salle", "salles"), "rooms"),
}


@dataclass(frozen=True, slots=True)
class _Session:
    """One dated session; `course` is the part of the UID that all its weeks share."""

    course: str
    day: date
    slot: Slot
    subject: str
    units: tuple[tuple[ResourceKind, str], ...]
    cancelled: bool


@dataclass(slots=True)
class _Weeks:
    held: int = 0
    cancelled: int = 0


@dataclass(slots=True)
class _Reading:
    build: Builder = field(default_factory=Builder)
    sessions: dict[str, _Session] = field(default_factory=dict)


def recognise(files: Files) -> bool:
    """Say whether every file is a calendar of this maker."""
    return bool(files) and all(_is_feed(data[:_HEAD].upper()) for data in files.values())


def _is_feed(head: bytes) -> bool:
    return b"BEGIN:VCALENDAR" in head and MAKER.upper() in head


def parse(files: Files, setting: Setting) -> Timetable:
    """Read calendars; raises ImportRefused: "not-a-calendar" (detail), "no-sessions", "too-large", "bad-value".

    Holidays, home work and whatever else is no session is counted ("not-a-session"). A cancelled session stays.
    """
    if sum(map(len, files.values())) > SIZE_LIMIT:
        raise ImportRefused("too-large", limit=SIZE_LIMIT)
    reading = _Reading()
    for data in _newest_first(files):
        try:
            root = contentlines.parse(data.removeprefix(b"\xef\xbb\xbf"))
            for event in root.children("VEVENT"):
                _take(event, root, setting, reading)
        except InvalidObject as error:
            raise ImportRefused("not-a-calendar", detail=error.reason) from error
    days = [session.day for session in reading.sessions.values()]
    if not days:
        raise ImportRefused("no-sessions")
    try:
        year = SchoolYear(min(days), max(days))
    except ValueError:
        raise ImportRefused("bad-value", line=0, element="VEVENT", name="DTSTART", value=str(max(days))) from None
    _place(reading, year.anchor)
    return reading.build.timetable(Span(year.starts, year.ends, year.anchor, setting.schools))


def _newest_first(files: Files) -> list[bytes]:
    """Return calendars by the time of their download: of two that tell of one session the newer one is right."""

    def downloaded(data: bytes) -> bytes:
        found = _STAMP.search(data)
        return found[1] if found else b""

    return sorted((data for _, data in sorted(files.items())), key=downloaded, reverse=True)


def stable_uid(uid: str) -> str:
    """Return what a UID says of the session itself, empty when it is of none.

    >>> stable_uid("Cours-812-12-20260924T101908Z-Index-Education")
    'Cours-812-12'
    """
    match = _UID.match(uid)
    return f"{match[1]}-{match[2]}" if match else ""


def _take(event: Component, root: Component, setting: Setting, reading: _Reading) -> None:
    key = stable_uid(event.text("UID") or "")
    if not key:
        reading.build.tally.add("not-a-session", "event")
        return
    times = _times(event, root, setting.zone)
    if times is None:
        reading.build.tally.add("ends-before-start", "course")
        return
    starts, ends = times
    if key in reading.sessions:
        reading.build.tally.add("same-session", "event")
        return
    if len(reading.sessions) >= SESSION_LIMIT:
        raise ImportRefused("too-large", limit=SESSION_LIMIT)
    said = _description(event)
    summary = plain(event.text("SUMMARY") or "")
    subject = said.get("subject") or _subject(summary)
    reading.sessions[key] = _Session(
        key.rpartition("-")[0],
        starts.date(),
        Slot(starts.isoweekday(), starts.time(), ends.time()),
        reading.build.subject(subject) if subject else "",
        tuple(_units(said, reading.build)),
        _cancelled(event, summary),
    )


def _times(event: Component, root: Component, zone: tzinfo) -> tuple[datetime, datetime] | None:
    """Return the local start and end of a session within one day, None when it has no such times."""
    try:
        told = timing(event, root, zone)
        ends = told.end(told.starts) if told.starts is not None else None
        if not (isinstance(told.starts, datetime) and isinstance(ends, datetime)):
            return None
        found = told.starts.astimezone(zone), ends.astimezone(zone)
    except (InvalidObject, OverflowError, ValueError):
        return None
    return found if found[0].date() == found[1].date() and found[0] < found[1] else None


def _description(event: Component) -> dict[str, str]:
    """Return the lines "Key : value" of a description, which is HTML-escaped inside its iCalendar escapes."""
    found: dict[str, str] = {}
    for line in html.unescape((event.text("DESCRIPTION") or "")[:20_000]).splitlines():
        key, colon, value = line.partition(":")
        name = _KEYS.get(fold(key).replace("(s)", ""))
        if colon and name:
            found.setdefault(name, plain(value))
    return found


def _subject(summary: str) -> str:
    if _CANCELLED.search(fold(summary.partition(":")[0])):
        summary = summary.partition(":")[2].strip()
    return summary.partition(" - ")[0].strip()


def _cancelled(event: Component, summary: str) -> bool:
    said = ((event.text("CATEGORIES") or "")[:200], summary.partition(":")[0] if ":" in summary else "")
    return (event.text("STATUS") or "").upper() == "CANCELLED" or any(_CANCELLED.search(fold(text)) for text in said)


def _units(said: Mapping[str, str], build: Builder) -> Iterator[tuple[ResourceKind, str]]:
    for name in listed(said.get("teachers", "")):
        family, given = _named(name)
        if family:
            yield ResourceKind.TEACHER, build.teacher(f"{family}|{given}", family, given)
    for name in listed(said.get("classes", "")):
        yield ResourceKind.CLASS, build.school_class(name)
    for name in listed(said.get("groups", "")):
        yield ResourceKind.GROUP, build.group(name.strip("[] ") or name)
    for name in listed(said.get("parts", "")):
        unit = audience(name)
        if unit.kind is ResourceKind.PART:
            yield ResourceKind.PART, build.part(build.school_class(unit.class_name), unit.name)
        else:
            build.tally.add("dangling", "part")
    for name in listed(said.get("rooms", "")):
        yield ResourceKind.ROOM, build.room(name)


def _named(name: str) -> tuple[str, str]:
    """Split a name as these programs write it: the family name in capitals, titles dropped."""
    words = [word for word in name.split() if word.lower() not in _TITLES]
    family = [word for word in words if word.isupper() and len(word.rstrip(".")) > 1]
    return " ".join(family or words), " ".join(word for word in words if word not in family) if family else ""


def _place(reading: _Reading, first: date) -> None:
    """Make weekly slots of the sessions of a course that are alike but for their week."""
    weeks: defaultdict[tuple[str, Slot, str, tuple[tuple[ResourceKind, str], ...]], _Weeks] = defaultdict(_Weeks)
    for session in reading.sessions.values():
        week = (session.day - first) // timedelta(days=7) + FIRST_WEEK
        if week > LAST_WEEK:
            reading.build.tally.add("stray-week", "course")
            continue
        found = weeks[session.course, session.slot, session.subject, session.units]
        found.held |= 1 << week
        found.cancelled |= session.cancelled << week
    for (course, slot, subject, units), found in weeks.items():
        resources: tuple[Resource, ...] = tuple(
            resource for kind, key in units for resource in used(kind, (key,), found.held)
        )
        reading.build.place(slot, subject, resources, found.cancelled, course)
