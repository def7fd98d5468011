"""The school year as a school tells it, for files that say days of the week and no dates (reference, section 6).

EDT's own text export, aSc and Untis know Mondays, not the second of November; alternate weeks (Q1 and Q2, A and B) are
a choice of each school, which no rule gives back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Final

from importers.weeks import LAST_WEEK, day_of

LONGEST: Final = timedelta(days=7 * LAST_WEEK - 6)
YEARS: Final = range(1990, 2200)


@dataclass(frozen=True, slots=True)
class Alternation:
    """A kind of weeks by its code, such as Q1, and the Mondays of those weeks."""

    code: str
    mondays: frozenset[date]


@dataclass(frozen=True, slots=True)
class Period:
    """A numbered period of the day and its local times, for files that give numbers only (Untis)."""

    number: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """First and last day of lessons, and what else files leave out; raises ValueError when it is no year."""

    starts: date
    ends: date
    alternations: tuple[Alternation, ...] = ()
    periods: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        if not timedelta(0) <= self.ends - self.starts <= LONGEST or self.starts.year not in YEARS:
            raise ValueError("dates")
        if any(period.ends <= period.starts for period in self.periods):
            raise ValueError("periods")

    @property
    def anchor(self) -> date:
        """Return the Monday of the first week."""
        return monday(self.starts)

    def alternation(self, code: str) -> frozenset[date] | None:
        """Return the Mondays of a kind of weeks, None when the school has not told them."""
        return next((each.mondays for each in self.alternations if each.code.upper() == code.upper()), None)


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def open_weeks(
    year: SchoolYear, closed: Collection[date], weekday: int, mondays: Collection[date] | None = None
) -> int:
    """Return the mask of the weeks in which a weekday (1 is Monday) has lessons; `mondays` narrows them down."""
    mask = 0
    for week in range(1, LAST_WEEK + 1):
        day = day_of(year.anchor, week, weekday)
        if day > year.ends:
            break
        if day >= year.starts and day not in closed and (mondays is None or monday(day) in mondays):
            mask |= 1 << week
    return mask


def stored(year: SchoolYear) -> dict[str, Any]:
    """Return a school year as plain JSON data."""
    return {
        "starts": year.starts.isoformat(),
        "ends": year.ends.isoformat(),
        "alternations": [[each.code, sorted(day.isoformat() for day in each.mondays)] for each in year.alternations],
        "periods": [[each.number, each.starts.isoformat(), each.ends.isoformat()] for each in year.periods],
    }


def read(held: Any) -> SchoolYear | None:
    """Return a school year from what is stored of it."""
    if not held:
        return None
    return SchoolYear(
        date.fromisoformat(held["starts"]),
        date.fromisoformat(held["ends"]),
        tuple(Alternation(code, frozenset(map(date.fromisoformat, days))) for code, days in held["alternations"]),
        tuple(Period(n, time.fromisoformat(a), time.fromisoformat(b)) for n, a, b in held["periods"]),
    )
