"""Compute with the six recurrence shapes of EAS, free of XML and of iCalendar (MS-ASCAL 2.2.2.37)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from enum import IntEnum

DAY_CODES = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
EVERY_DAY, WEEKDAYS, WEEKEND = 127, 62, 65
GROUP_MASKS = frozenset({EVERY_DAY, WEEKDAYS, WEEKEND})
LAST = 5
SUNDAY, MONDAY = 0, 1
# A February 29th on a long interval is rare, not absent: give up only after this many empty periods.
MAX_EMPTY_PERIODS = 400


class Kind(IntEnum):
    """Recurrence types that EAS knows; 4 does not exist."""

    DAILY = 0
    WEEKLY = 1
    MONTHLY = 2
    MONTHLY_NTH = 3
    YEARLY = 5
    YEARLY_NTH = 6


@dataclass(frozen=True, slots=True)
class Pattern:
    """One recurrence shape without its end.

    `days` is the DayOfWeek mask (Sunday 1 … Saturday 64), `week` 1 to 4 or 5 for the last, `first_day` 0 for Sunday.
    """

    kind: Kind
    interval: int = 1
    days: int = 0
    day: int = 0
    week: int = 0
    month: int = 0
    first_day: int = MONDAY


def weekday(day: date) -> int:
    """Number a day of the week as EAS does: Sunday 0 to Saturday 6."""
    return day.isoweekday() % 7


def mask_of(day: date) -> int:
    """Give the DayOfWeek mask of one date."""
    return 1 << weekday(day)


def codes(mask: int) -> tuple[str, ...]:
    """Name the days of a mask, Monday first as people write them."""
    return tuple(DAY_CODES[number] for number in (1, 2, 3, 4, 5, 6, 0) if mask >> number & 1)


def days_from(pattern: Pattern, start: date, *, clamp: bool = False) -> Iterator[date]:
    """Yield the dates of a pattern on or after its start, in order, without end but for the year 9999.

    `clamp` puts a day that a month lacks on its last day, as Exchange and Outlook do; phones skip the month.
    """
    match pattern.kind:
        case Kind.DAILY:
            found = _daily(pattern, start)
        case Kind.WEEKLY:
            found = _weekly(pattern, start)
        case _:
            found = _by_month(pattern, start, clamp)
    return (day for day in found if day >= start)


def _daily(pattern: Pattern, start: date) -> Iterator[date]:
    span = date.max.toordinal() - start.toordinal()
    for offset in range(0, span + 1, pattern.interval):
        yield start + timedelta(days=offset)


def _weekly(pattern: Pattern, start: date) -> Iterator[date]:
    first = start.toordinal() - (weekday(start) - pattern.first_day) % 7
    offsets = [offset for offset in range(7) if pattern.days >> (pattern.first_day + offset) % 7 & 1]
    last = date.max.toordinal() - 6
    for week in range(first, last, 7 * pattern.interval):
        yield from (date.fromordinal(week + offset) for offset in offsets if week + offset > 0)


def _by_month(pattern: Pattern, start: date, clamp: bool) -> Iterator[date]:
    yearly = pattern.kind in (Kind.YEARLY, Kind.YEARLY_NTH)
    step = pattern.interval * (12 if yearly else 1)
    index = start.year * 12 + (pattern.month if yearly else start.month) - 1
    empty = 0
    while index < (MAXYEAR + 1) * 12 and empty < MAX_EMPTY_PERIODS:
        day = _day_in_month(pattern, index // 12, index % 12 + 1, clamp)
        empty = 0 if day else empty + 1
        if day:
            yield day
        index += step


def _day_in_month(pattern: Pattern, year: int, month: int, clamp: bool) -> date | None:
    length = monthrange(year, month)[1]
    if pattern.kind in (Kind.MONTHLY, Kind.YEARLY):
        number = min(pattern.day, length) if clamp else pattern.day
        return date(year, month, number) if number <= length else None
    month_days = (date(year, month, number) for number in range(1, length + 1))
    matching = [day for day in month_days if mask_of(day) & pattern.days]
    if pattern.week == LAST:
        return matching[-1] if matching else None
    return matching[pattern.week - 1] if len(matching) >= pattern.week else None
