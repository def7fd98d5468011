"""Decide which stored series EAS can carry, and prove it by expansion (reference/eas.md section 14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import dropwhile, islice, takewhile

from protocols.eas import zones
from protocols.eas.errors import NotRepresentable
from protocols.eas.event import starts
from protocols.eas.item import ItemContext
from protocols.eas.pattern import GROUP_MASKS, MONDAY, SUNDAY, Kind, Pattern, days_from
from protocols.eas.recurrence import Recurring, from_rule
from protocols.eas.rules import parts
from protocols.eas.times import as_date, at, instant
from storage.contentlines import Component, Property, parse
from storage.errors import InvalidObject
from storage.ical import expand

COMPARED = 60
YEARS = 10
_SHORTEST_MONTH = 28
_YEAR = timedelta(days=366)
_DAY = timedelta(days=1)


def series_of(event: Component, root: Component, context: ItemContext) -> Recurring | None:
    """Give the recurrence of a master as this device will understand it; None when it does not recur.

    Raises NotRepresentable when the device would show other occurrences than the stored text has: RDATE, several
    rules, rules without a shape, a zone whose rule no blob can say.
    """
    rules = event.all("RRULE")
    if event.first("RDATE") or event.first("EXRULE") or len(rules) > 1:
        raise NotRepresentable("rdate" if event.first("RDATE") else "rules")
    if not rules:
        return None
    first = starts(event, root, context.zone)
    series = from_rule(rules[0].value, first)
    if series is None or not _proved(rules[0].value, series, context):
        raise NotRepresentable("rule")
    if isinstance(first, datetime) and not _zone_holds(series, first):
        raise NotRepresentable("zone")
    return series


def redrawn(former: bytes, text: bytes) -> bool:
    """Tell whether a series, before or after an edit, has another start or another rule than it had."""
    before, after = _drawing(former), _drawing(text)
    return before != after and any(line.startswith("RRULE") for line in (*before, *after))


def _drawing(text: bytes) -> tuple[str, ...]:
    """Return the lines that say when a series or a recurring task happens."""
    for each in parse(text).components:
        if each.name in ("VEVENT", "VTODO") and each.first("RECURRENCE-ID") is None:
            return tuple(prop.line for name in ("DTSTART", "DUE", "RRULE") for prop in each.all(name))
    return ()


def _zone_holds(series: Recurring, first: datetime) -> bool:
    """Tell whether the blob of the first occurrence is true for the others, ten years on at most."""
    zone = first.tzinfo
    if zone is None or zone is UTC:
        return True
    horizon = first + YEARS * _YEAR if first.year < 9000 else first
    last = series.last()
    end = horizon if last is None else min(horizon, instant(at(first, last), zone))
    return zones.holds(zone, first, max(first, end))


def _proved(text: str, series: Recurring, context: ItemContext) -> bool:
    pattern = series.pattern
    if context.family == "tbsync" and pattern.week and pattern.days in GROUP_MASKS:
        # It expands a group of days with a week number into that week of each of the days.
        return False
    core = ";".join(f"{name}={value}" for name, value in sorted(_endless(parts(text)).items()))
    return verified(core, as_date(series.first), readings(pattern, context))


def _endless(rule: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in rule.items() if name not in ("COUNT", "UNTIL")}


def readings(pattern: Pattern, context: ItemContext) -> tuple[tuple[Pattern, bool], ...]:
    """Give the ways this kind of device may understand a pattern: week starts, and what a short month does.

    Below 14.1 nothing says when a week begins; AOSP and TbSync never look. Outlook moves the 31st to the last day of
    a shorter month, phones skip the month; which of them "other" is, nobody knows.
    """
    if pattern.kind == Kind.WEEKLY and pattern.interval > 1:
        if context.family in ("aosp", "tbsync"):
            return ((replace(pattern, first_day=MONDAY), False),)
        if context.version < "14.1":
            return tuple((replace(pattern, first_day=day), False) for day in (SUNDAY, MONDAY))
    if pattern.day > _SHORTEST_MONTH and context.family == "other":
        return ((pattern, False), (pattern, True))
    return ((pattern, False),)


@lru_cache(maxsize=8192)
def verified(core: str, start: date, wanted: tuple[tuple[Pattern, bool], ...]) -> bool:
    """Prove that an endless rule and every reading of its pattern give the same dates from its start.

    Compared are the first 60 occurrences (within ten years), then one month a year for ten years.
    """
    try:
        source = _whole_days(core, start)
        model = wanted[0][0]
        if next(days_from(model, start), None) != start:
            return False
        for begin, end in _windows(model, start):
            found = expand(source, _midnight(begin), _midnight(end), UTC)
            truth = tuple(day for one in found if begin <= (day := as_date(one.starts)) < end)
            if any(_dates(pattern, clamp, start, (begin, end)) != truth for pattern, clamp in wanted):
                return False
    except (ValueError, OverflowError, InvalidObject):
        return False
    return True


def _whole_days(core: str, start: date) -> Component:
    """Make the plainest series of a rule, in whole days, so that no zone has a part in the comparison."""
    properties = (
        Property.make("UID", "verification"),
        Property.make("DTSTAMP", "20000101T000000Z"),
        Property.make("DTSTART", f"{start.year:04d}{start:%m%d}", {"VALUE": "DATE"}),
        Property.make("RRULE", core),
    )
    head = (Property.make("VERSION", "2.0"), Property.make("PRODID", "-//Cadran//EN"))
    return Component("VCALENDAR", head, (Component("VEVENT", properties),))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _dates(pattern: Pattern, clamp: bool, start: date, window: tuple[date, date]) -> tuple[date, ...]:
    begin, end = window
    later = dropwhile(lambda day: day < begin, days_from(pattern, start, clamp=clamp))
    return tuple(takewhile(lambda day: day < end, later))


def _windows(pattern: Pattern, start: date) -> Iterator[tuple[date, date]]:
    horizon = start + YEARS * _YEAR
    near = takewhile(lambda day: day < horizon, days_from(pattern, start))
    *_, last = (start, *islice(near, COMPARED))
    yield start, last + _DAY
    for year in range(start.year + 1, start.year + YEARS + 1):
        month = date(year, start.month, 1)
        if month > last:
            yield month, (month + timedelta(days=31)).replace(day=1)
