"""Tell when a zone changes its offset in a year, and put that as a yearly rule of weeks and weekdays.

Windows knows no other rule than "the n-th (or last) such weekday of a month" (MS-ASDTYPE 2.7.6), so some years of some
zones have none: Morocco leaves summer time for Ramadan, Chile counts from the second of the month.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

LAST_WEEK: Final = 5
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2200
_NEIGHBOURS: Final = (-2, -1, 1, 2)
_SCAN: Final = timedelta(days=7)
_NEAR: Final = timedelta(days=7)
_SECOND: Final = timedelta(seconds=1)
_MILLISECOND: Final = timedelta(milliseconds=1)
_ZERO: Final = timedelta()


class Transition(NamedTuple):
    """One change of offset: the instant in UTC, the offsets (east positive) before and after."""

    instant: datetime
    before: timedelta
    after: timedelta

    @property
    def wall(self) -> datetime:
        """The local time, naive, in force before the change; midnight is told as the last millisecond of the day."""
        wall = self.instant.replace(tzinfo=None) + self.before
        return wall if wall.time() != wall.time().min else wall - _MILLISECOND


@dataclass(frozen=True, slots=True)
class Change:
    """A yearly date: `month` 1-12, `weekday` 0 (Sunday) to 6, `week` 1-4 or 5 for the last, `time` since midnight."""

    month: int
    weekday: int
    week: int
    time: timedelta

    def wall(self, year: int) -> datetime:
        """Return the local time, naive, of that year's change."""
        first, days = monthrange(year, self.month)
        day = 1 + (self.weekday - first - 1) % 7 + 7 * (self.week - 1)
        return datetime(year, self.month, day if day <= days else day - 7) + self.time


@dataclass(frozen=True, slots=True)
class Rule:
    """What a blob can say: a standard offset (east positive) and perhaps a summer offset between two yearly changes."""

    standard: timedelta
    daylight: timedelta | None = None
    begins: Change | None = None
    ends: Change | None = None

    def transitions(self, year: int) -> tuple[Transition, ...]:
        """Return the changes of that year in order; none without summer time."""
        if self.daylight is None or self.begins is None or self.ends is None:
            return ()
        begin = (self.begins.wall(year) - self.standard).replace(tzinfo=UTC)
        end = (self.ends.wall(year) - self.daylight).replace(tzinfo=UTC)
        changes = (Transition(begin, self.standard, self.daylight), Transition(end, self.daylight, self.standard))
        return changes if begin < end else changes[::-1]

    def offset(self, moment: datetime) -> timedelta:
        """Return the offset in force at an aware moment."""
        at = _bounded(moment)
        changes = self.transitions(at.astimezone(UTC).year)
        passed = [change.after for change in changes if change.instant <= at + _MILLISECOND]
        return passed[-1] if passed else changes[0].before if changes else self.standard


def _bounded(moment: datetime) -> datetime:
    """Keep a day's arithmetic on the first and the last year of the calendar from overflowing."""
    return moment.replace(year=min(max(moment.year, 2), 9998))


def offset_at(zone: tzinfo, moment: datetime) -> timedelta:
    """Return the zone's offset, east positive, at an aware moment."""
    return _bounded(moment).astimezone(zone).utcoffset() or _ZERO


def year_of(zone: tzinfo, moment: datetime) -> int:
    """Return the local year of a moment, kept within the years whose rules are worth asking."""
    return min(max(_bounded(moment).astimezone(zone).year, _FIRST_YEAR), _LAST_YEAR)


@lru_cache(maxsize=8192)
def zone_transitions(zone: tzinfo, year: int) -> tuple[Transition, ...]:
    """Return the zone's changes of offset in a year of UTC, oldest first."""
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    steps = [start + _SCAN * week for week in range(53)] + [end]
    offsets = [offset_at(zone, step) for step in steps]
    return tuple(
        _bisected(zone, left, right)
        for (left, right), (before, after) in zip(pairwise(steps), pairwise(offsets), strict=True)
        if before != after
    )


def _bisected(zone: tzinfo, left: datetime, right: datetime) -> Transition:
    """Find, to the second, the one change between two moments."""
    before, after = offset_at(zone, left), offset_at(zone, right)
    while right - left > _SECOND:
        middle = left + timedelta(seconds=(right - left) // _SECOND // 2)
        if offset_at(zone, middle) == before:
            left = middle
        else:
            right = middle
    return Transition(right, before, after)


def rule_of(zone: tzinfo, moment: datetime) -> Rule:
    """Return the zone's rule in the year of a moment; where no rule fits, the offset of that moment alone."""
    return _yearly_rule(zone, year_of(zone, moment)) or Rule(offset_at(zone, moment))


@lru_cache(maxsize=4096)
def _yearly_rule(zone: tzinfo, year: int) -> Rule | None:
    """Return a rule that the years around bear out, None when this year is an accident."""
    match zone_transitions(zone, year):
        case (first, second) if first.before == second.after:
            changes = tuple(_change(zone, year, transition) for transition in (first, second))
        case ():
            return Rule(offset_at(zone, datetime(year, 1, 1, tzinfo=UTC)))
        case _:
            return None
    errors = {
        near: max(
            _error(zone, year + near, change, found) for change, found in zip(changes, (first, second), strict=True)
        )
        for near in _NEIGHBOURS
    }
    if errors[-1] and errors[1] and max(errors.values()) > _NEAR:
        return None
    begins, ends = changes if first.after > first.before else changes[::-1]
    return Rule(min(first.before, first.after), max(first.before, first.after), begins, ends)


def _change(zone: tzinfo, year: int, found: Transition) -> Change:
    """Return the week rule for a date; where fourth and last week are one, the years around decide."""
    wall = found.wall
    days = monthrange(wall.year, wall.month)[1]
    week = (wall.day - 1) // 7 + 1
    weeks = (LAST_WEEK, week) if wall.day + 7 > days and week != LAST_WEEK else (week,)
    time = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    choices = [Change(wall.month, wall.isoweekday() % 7, choice, time) for choice in weeks]
    return min(choices, key=lambda c: sum((_error(zone, year + near, c, found) for near in _NEIGHBOURS), _ZERO))


def _error(zone: tzinfo, year: int, change: Change, model: Transition) -> timedelta:
    """Return how far a rule misses the like change of another year; a whole year when there is none."""
    alike = [t.wall for t in zone_transitions(zone, year) if (t.before, t.after) == (model.before, model.after)]
    return min((abs(wall - change.wall(year)) for wall in alike), default=timedelta(days=365))


def fits(rule: Rule, zone: tzinfo, moment: datetime) -> bool:
    """Tell whether a rule is the zone's, in the year of a moment."""
    year = year_of(zone, moment)
    new_year = datetime(year, 1, 1, tzinfo=UTC)
    if rule.offset(new_year) == offset_at(zone, new_year):
        return _same(rule.transitions(year), zone_transitions(zone, year)) or rule == rule_of(zone, moment)
    return rule == rule_of(zone, moment)


def holds(zone: tzinfo, first: datetime, last: datetime) -> bool:
    """Tell whether the rule of the first moment's year gives the zone's true offsets up to the last moment.

    Where it does not, a series that is sent with this rule would move by an hour.
    """
    rule = rule_of(zone, first)
    if abs(rule.offset(first) - offset_at(zone, first)) > _ZERO:
        return False
    years = range(year_of(UTC, first), year_of(UTC, last) + 1)
    told = (t for year in years for t in rule.transitions(year))
    true = (t for year in years for t in zone_transitions(zone, year))
    return _same(tuple(_between(told, first, last)), tuple(_between(true, first, last)))


def _between(transitions: Iterator[Transition], first: datetime, last: datetime) -> Iterator[Transition]:
    return (t for t in transitions if first < t.instant + _SECOND and t.instant <= last)


def _same(one: tuple[Transition, ...], other: tuple[Transition, ...]) -> bool:
    return len(one) == len(other) and all(
        (a.before, a.after) == (b.before, b.after) and abs(a.instant - b.instant) < _SECOND
        for a, b in zip(one, other, strict=True)
    )
