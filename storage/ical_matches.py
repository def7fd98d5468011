"""List what recurrence rules match, with bounded work (RFC 5545, 3.3.10).

A rule that matches nothing, or once a century, costs no more than its budget of looks at the calendar. That is why the
rules are expanded here: dateutil's generator cannot be stopped before year 9999.
"""

from calendar import isleap, monthrange
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from storage.ical_rules import Freq, Rule, Skip
from storage.ical_values import Moment

MAX_STEPS = 150_000
_CLOCK_WEIGHT = 2
_WEEK = 7


class TooManySteps(Exception):
    """Say that a rule asked for more work than any honest rule needs."""


class Budget:
    """Bound the work that the rules of one object may cost together."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        """Allow a number of looks at the calendar."""
        self._left = steps

    def spend(self, steps: int) -> None:
        """Count some steps; raises TooManySteps when none is left."""
        self._left -= steps
        if self._left < 0:
            raise TooManySteps


def matches(rule: Rule, start: datetime, begin: datetime, stop: datetime, budget: Budget) -> Iterator[datetime]:
    """List in order what a rule matches, from `start` (its DTSTART) to UNTIL, COUNT or `stop`.

    What precedes `begin` is counted and left out. All times are naive wall-clock times, `rule.until` included. DTSTART
    is the first occurrence even where the rule does not match it (RFC 5545, 3.3.10, COUNT). Raises TooManySteps.
    """
    anchored = _anchored(rule, start)
    first = start if rule.count else max(start, begin)
    last = stop if rule.until is None else min(stop, _as_datetime(rule.until))
    source = _by_calendar if rule.freq <= Freq.DAILY else _by_clock
    produced = 0
    for found in source(anchored, (start, first, last), budget):
        if found > last:
            return
        if found < first:
            continue
        if produced == 0 and found != start:
            produced = 1
        produced += 1
        if rule.count is not None and produced > rule.count:
            return
        if found >= begin:
            yield found


def _as_datetime(value: Moment) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)


def _anchored(rule: Rule, start: datetime) -> Rule:
    """Return the rule with what it leaves out taken from DTSTART."""
    clock = replace(
        rule,
        hours=rule.hours or (frozenset((start.hour,)) if rule.freq < Freq.HOURLY else frozenset()),
        minutes=rule.minutes or (frozenset((start.minute,)) if rule.freq < Freq.MINUTELY else frozenset()),
        seconds=rule.seconds or (frozenset((start.second,)) if rule.freq < Freq.SECONDLY else frozenset()),
    )
    weekday = frozenset(((0, start.weekday()),))
    if rule.days or rule.month_days or rule.year_days:
        return clock
    if rule.weeks:
        return replace(clock, days=weekday) if rule.freq is Freq.YEARLY else clock
    match rule.freq:
        case Freq.YEARLY:
            months = rule.months or frozenset((start.month,))
            return replace(clock, month_days=frozenset((start.day,)), months=months)
        case Freq.MONTHLY:
            return replace(clock, month_days=frozenset((start.day,)))
        case Freq.WEEKLY:
            return replace(clock, days=weekday)
    return clock


def _by_calendar(rule: Rule, bounds: tuple[datetime, datetime, datetime], budget: Budget) -> Iterator[datetime]:
    start, first, last = bounds
    times = [time(h, m, s) for h in sorted(rule.hours) for m in sorted(rule.minutes) for s in sorted(rule.seconds)]
    skips = rule.skip is not Skip.OMIT and rule.freq <= Freq.MONTHLY
    # A day that was moved is in no month and on no day of a month that the rule names.
    other = replace(rule, months=frozenset(), month_days=frozenset()) if skips else rule
    seen = date.min
    for days in _PERIODS[rule.freq](rule, start.date(), first.date(), last.date()):
        budget.spend(len(days) + 1)
        fitting = [day for day in days if _fits(other, day) and (day > seen or not skips)]
        seen = fitting[-1] if fitting else seen
        if rule.positions:
            budget.spend(len(fitting) * len(times))
            yield from _picked([datetime.combine(day, at) for day in fitting for at in times], rule.positions)
        else:
            for day in fitting:
                for at in times:
                    budget.spend(1)
                    yield datetime.combine(day, at)


def _by_clock(rule: Rule, bounds: tuple[datetime, datetime, datetime], budget: Budget) -> Iterator[datetime]:
    start, first, last = bounds
    unit = {Freq.HOURLY: 3600, Freq.MINUTELY: 60, Freq.SECONDLY: 1}[rule.freq]
    base = start.replace(minute=start.minute if unit < 3600 else 0, second=start.second if unit == 1 else 0)
    step = timedelta(seconds=unit * rule.interval)
    try:
        at = base + max(0, (first - base) // step) * step
        while at <= last:
            budget.spend(_CLOCK_WEIGHT)
            later = _next_allowed(rule, at)
            if later is not None:
                at += -((at - later) // step) * step
                continue
            found = _within(rule, at)
            budget.spend(len(found))
            yield from _picked(found, rule.positions) if rule.positions else found
            at += step
    except OverflowError:
        return


def _next_allowed(rule: Rule, at: datetime) -> datetime | None:
    """Return where to look next when a BY part leaves a whole day, hour, minute or second out."""
    if not _fits(rule, at.date()):
        return at.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    if rule.hours and at.hour not in rule.hours:
        return at.replace(minute=0, second=0) + timedelta(hours=_until_next(at.hour, rule.hours, 24))
    if rule.freq >= Freq.MINUTELY and rule.minutes and at.minute not in rule.minutes:
        return at.replace(second=0) + timedelta(minutes=_until_next(at.minute, rule.minutes, 60))
    if rule.freq is Freq.SECONDLY and rule.seconds and at.second not in rule.seconds:
        return at + timedelta(seconds=_until_next(at.second, rule.seconds, 60))
    return None


def _until_next(now: int, wanted: frozenset[int], size: int) -> int:
    return min((one for one in wanted if one > now), default=size) - now


def _within(rule: Rule, at: datetime) -> list[datetime]:
    minutes = sorted(rule.minutes) if rule.freq is Freq.HOURLY else (at.minute,)
    seconds = sorted(rule.seconds) if rule.freq < Freq.SECONDLY else (at.second,)
    return [at.replace(minute=minute, second=second) for minute in minutes for second in seconds]


def _picked(found: list[datetime], positions: frozenset[int]) -> list[datetime]:
    size = len(found)
    indexes = {position - 1 if position > 0 else size + position for position in positions}
    return [found[index] for index in sorted(indexes) if 0 <= index < size]


def _years(rule: Rule, start: date, first: date, last: date) -> Iterator[list[date]]:
    months = sorted(rule.months) or range(1, 13)
    skipped = max(0, first.year - start.year) // rule.interval
    for year in range(start.year + skipped * rule.interval, last.year + 1, rule.interval):
        yield [day for month in months for day in _days_of_month(rule, year, month)]


def _months(rule: Rule, start: date, first: date, last: date) -> Iterator[list[date]]:
    origin, floor = start.year * 12 + start.month - 1, first.year * 12 + first.month - 1
    # What is moved forward comes from the month before.
    skipped = max(0, floor - (rule.skip is Skip.FORWARD) - origin) // rule.interval
    for index in range(origin + skipped * rule.interval, last.year * 12 + last.month, rule.interval):
        year, month = divmod(index, 12)
        yield _days_of_month(rule, year, month + 1) if not rule.months or month + 1 in rule.months else []


def _weeks(rule: Rule, start: date, first: date, last: date) -> Iterator[list[date]]:
    origin = start.toordinal() - (start.weekday() - rule.week_start) % _WEEK
    step = _WEEK * rule.interval
    skipped = max(0, first.toordinal() - origin) // step
    for monday in range(origin + skipped * step, last.toordinal() + 1, step):
        days = range(max(monday, 1), min(monday + _WEEK, date.max.toordinal() + 1))
        yield [date.fromordinal(day) for day in days]


def _days(rule: Rule, start: date, first: date, last: date) -> Iterator[list[date]]:
    origin = start.toordinal()
    skipped = max(0, first.toordinal() - origin) // rule.interval
    for day in range(origin + skipped * rule.interval, last.toordinal() + 1, rule.interval):
        yield [date.fromordinal(day)]


_PERIODS: dict[Freq, Callable[[Rule, date, date, date], Iterator[list[date]]]] = {
    Freq.YEARLY: _years,
    Freq.MONTHLY: _months,
    Freq.WEEKLY: _weeks,
    Freq.DAILY: _days,
}


def _days_of_month(rule: Rule, year: int, month: int) -> list[date]:
    size = monthrange(year, month)[1]
    if not rule.month_days:
        return [date(year, month, day) for day in range(1, size + 1)]
    wanted = {day if day > 0 else size + 1 + day for day in rule.month_days}
    found = [date(year, month, day) for day in sorted(wanted) if 1 <= day <= size]
    if rule.skip is Skip.OMIT or max(wanted) <= size:
        return found
    last = date(year, month, size)
    moved = last if rule.skip is Skip.BACKWARD else last + timedelta(days=1)
    return found if moved in found else [*found, moved]


def _fits(rule: Rule, day: date) -> bool:
    if rule.months and day.month not in rule.months:
        return False
    if rule.month_days and not _counted(day.day, monthrange(day.year, day.month)[1], rule.month_days):
        return False
    if rule.year_days and not _counted(day.timetuple().tm_yday, 365 + isleap(day.year), rule.year_days):
        return False
    if rule.weeks and not _week_fits(rule, day):
        return False
    return not rule.days or _weekday_fits(rule, day)


def _counted(position: int, size: int, wanted: frozenset[int]) -> bool:
    return position in wanted or position - size - 1 in wanted


def _week_fits(rule: Rule, day: date) -> bool:
    """Say whether a day's week is wanted; week 1 is the first with four days in the year (RFC 5545, BYWEEKNO)."""
    middle_ordinal = day.toordinal() - (day.weekday() - rule.week_start) % _WEEK + 3
    middle = date.fromordinal(min(max(middle_ordinal, 1), date.max.toordinal()))
    position = middle.timetuple().tm_yday
    number = (position - 1) // _WEEK + 1
    left = (365 + isleap(middle.year) - position) // _WEEK
    return number in rule.weeks or -left - 1 in rule.weeks


def _weekday_fits(rule: Rule, day: date) -> bool:
    weekday = day.weekday()
    if (0, weekday) in rule.days:
        return True
    if rule.freq > Freq.MONTHLY:
        # An ordinal has no meaning here; clients that write one mean the weekday.
        return any(weekday == wanted for _, wanted in rule.days)
    if rule.freq is Freq.MONTHLY or rule.months:
        position, size = day.day, monthrange(day.year, day.month)[1]
    else:
        position, size = day.timetuple().tm_yday, 365 + isleap(day.year)
    return ((position - 1) // _WEEK + 1, weekday) in rule.days or (
        -((size - position) // _WEEK) - 1,
        weekday,
    ) in rule.days
