"""The French school year, computed: term dates of a zone and public holidays."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from importers.sample.model import MASK_WEEKS, SchoolYear

Zone = Literal["A", "B", "C"]

ZONE_RANK = {"A": 0, "B": 1, "C": 2}
"""Order of the zones' winter holidays in 2025-26; it rotates by one every year."""

AUGUST = 8


def easter(year: int) -> date:
    """Return Easter Sunday of a Gregorian year (Meeus, Jones and Butcher's algorithm)."""
    golden = year % 19
    century, rest = divmod(year, 100)
    correction = (century + 8) // 25
    epact = (19 * golden + century - century // 4 - (century - correction + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def public_holidays(year: int) -> frozenset[date]:
    """Return the eleven public holidays of metropolitan France in a calendar year."""
    sunday = easter(year)
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    movable = (sunday + timedelta(days=days) for days in (1, 39, 50))
    return frozenset((*(date(year, month, day) for month, day in fixed), *movable))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def holiday_weeks(year: int, zone: Zone = "A") -> tuple[date, ...]:
    """Return the Mondays of the eight holiday weeks of the school year that starts in ``year``.

    Autumn holds All Saints' Day and Christmas the 25th; winter starts in the second week of
    February for the first zone, a week later for each next one, and spring eight weeks after.
    """
    rank = (ZONE_RANK[zone] + year - 2025) % 3
    autumn = _monday(date(year, 11, 1)) - timedelta(weeks=1)
    christmas = _monday(date(year, 12, 25))
    winter = _monday(date(year + 1, 2, 12)) + timedelta(weeks=rank)
    spring = winter + timedelta(weeks=8)
    return tuple(first + timedelta(weeks=week) for first in (autumn, christmas, winter, spring) for week in (0, 1))


def first_day(year: int) -> date:
    """Return the pupils' first day: the first Tuesday to Thursday of September.

    Teachers come back the day before, so that the first Monday mask never holds week 1.
    """
    return next(day for n in range(1, 8) if 1 <= (day := date(year, 9, n)).weekday() <= 3)


def school_year(year: int, zone: Zone = "A") -> SchoolYear:
    """Return the year that starts in ``year``: dates, open weeks of each weekday, A and B weeks."""
    begins = first_day(year)
    lessons_end = _monday(date(year + 1, 7, 9)) - timedelta(days=3)
    monday = _monday(begins)
    bridge = easter(year + 1) + timedelta(days=40)
    closed = public_holidays(year) | public_holidays(year + 1) | {bridge}
    away = holiday_weeks(year, zone)
    weeks = [week for week in MASK_WEEKS if monday + timedelta(weeks=week - 1) not in away]
    masks = [0] * 7
    for week in weeks:
        for day in range(5):
            when = monday + timedelta(weeks=week - 1, days=day)
            if begins <= when <= lessons_end and when not in closed:
                masks[day] |= 1 << week
    fortnights = _fortnights([week for week in weeks if any(mask >> week & 1 for mask in masks)])
    return SchoolYear(begins, lessons_end, date(year + 1, 8, 31), monday, tuple(masks), fortnights)


def _fortnights(taught: Sequence[int]) -> tuple[int, int]:
    """Return the masks of the A and B weeks: they take turns, and each holiday starts again with an A week."""
    masks = [0, 0]
    turn = 0
    for before, week in pairwise((0, *taught)):
        turn = 1 - turn if week == before + 1 and before else 0
        masks[turn] |= 1 << week
    return masks[0], masks[1]


def year_of(day: date) -> int:
    """Return the year in which the school year that holds a day starts; August belongs to the next one."""
    return day.year if day.month >= AUGUST else day.year - 1
