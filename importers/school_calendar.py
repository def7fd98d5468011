"""Days on which a school is closed: French public holidays, and closures read from a calendar file (R237.13)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from importers.errors import ImportRefused
from importers.names import fold
from storage import contentlines
from storage.contentlines import Component
from storage.errors import InvalidObject
from storage.ical_times import timing

LONGEST_DAYS: Final = 120
MOST_CLOSURES: Final = 500
# The ministry's calendars of the zones tell these days beside the holidays, and there are lessons on them.
_TAUGHT: Final = re.compile(r"\b(?:(?:pre\W?)?rentree|reprise|debut des vacances)\b")


@dataclass(frozen=True, slots=True, order=True)
class Closure:
    """A period without lessons, first and last day included."""

    first: date
    last: date
    name: str


def easter(year: int) -> date:
    """Return Easter Sunday of a Gregorian year (the computation of Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    day = (h + weekday - 7 * m + 33 * month + 19) % 32
    return date(year, month, day)


def public_holidays(year: int) -> tuple[Closure, ...]:
    """Return the public holidays of metropolitan France in a year (Code du travail, L3133-1)."""
    sunday = easter(year)
    days = {
        date(year, 1, 1): "Jour de l'an",
        sunday + timedelta(days=1): "Lundi de Pâques",
        date(year, 5, 1): "Fête du travail",
        date(year, 5, 8): "Victoire de 1945",
        sunday + timedelta(days=39): "Ascension",
        sunday + timedelta(days=50): "Lundi de Pentecôte",
        date(year, 7, 14): "Fête nationale",
        date(year, 8, 15): "Assomption",
        date(year, 11, 1): "Toussaint",
        date(year, 11, 11): "Armistice de 1918",
        date(year, 12, 25): "Noël",
    }
    return tuple(sorted(Closure(day, day, name) for day, name in days.items()))


def days_of(closures: Iterable[Closure]) -> frozenset[date]:
    """Return every day of some closures."""
    return frozenset(day for closure in closures for day in _days(closure))


def _days(closure: Closure) -> Iterator[date]:
    for number in range((closure.last - closure.first).days + 1):
        yield closure.first + timedelta(days=number)


def stored(closures: Iterable[Closure]) -> list[list[str]]:
    """Return closures as plain JSON data."""
    return [[each.first.isoformat(), each.last.isoformat(), each.name] for each in sorted(closures)]


def read(held: Any) -> tuple[Closure, ...]:
    """Return closures from what is stored of them."""
    return tuple(Closure(date.fromisoformat(a), date.fromisoformat(b), name) for a, b, name in held or ())


def parse(data: bytes, zone: tzinfo) -> tuple[Closure, ...]:
    """Return the closures of a calendar file: its events, whole days; those longer than 120 days say nothing.

    The day on which lessons begin again is an event too, and no closure.
    Raises ImportRefused("not-a-calendar"), or ("too-many-closures").
    """
    try:
        root = contentlines.parse(data.removeprefix(codecs.BOM_UTF8))
        found = {closure for event in root.children("VEVENT") for closure in _closure(event, root, zone)}
    except InvalidObject as error:
        raise ImportRefused("not-a-calendar", detail=error.reason) from error
    if len(found) > MOST_CLOSURES:
        raise ImportRefused("too-many-closures", limit=MOST_CLOSURES)
    return tuple(sorted(found))


def _closure(event: Component, root: Component, zone: tzinfo) -> Iterator[Closure]:
    name = event.text("SUMMARY") or ""
    if (event.text("STATUS") or "").upper() == "CANCELLED":
        return
    timed = timing(event, root, zone)
    if timed.starts is None:
        return
    first, end = _day(timed.starts, zone), timed.end(timed.starts)
    last = _day(end, zone) if isinstance(end, datetime) else end - timedelta(days=1)
    if first == last and _TAUGHT.search(fold(name)):
        return
    if first <= last < first + timedelta(days=LONGEST_DAYS):
        yield Closure(first, last, name)


def _day(moment: date, zone: tzinfo) -> date:
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment
