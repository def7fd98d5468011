"""Turn RRULE text into one of the six EAS shapes and back, the end of the series left aside (RFC 5545, 3.3.10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from protocols.eas.pattern import (
    DAY_CODES,
    EVERY_DAY,
    GROUP_MASKS,
    LAST,
    MONDAY,
    Kind,
    Pattern,
    codes,
    mask_of,
)

_BY_DAY = re.compile(r"([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)")
_SHAPED_BY = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST", "COUNT", "UNTIL"})
MAX_INTERVAL = 999
MONTHS = 12


@dataclass(frozen=True, slots=True)
class _Rule:
    """The parts of a rule that shape it, read; ordinals are 0 where a day has none."""

    freq: str
    interval: int
    days: tuple[tuple[int, int], ...]
    month_days: tuple[int, ...]
    months: tuple[int, ...]
    position: tuple[int, ...]
    first_day: int

    @property
    def mask(self) -> int:
        """The days as a DayOfWeek mask, ordinals forgotten."""
        return sum({1 << number for _, number in self.days})

    @property
    def plain_days(self) -> bool:
        """Whether days are named and none has an ordinal."""
        return bool(self.days) and not any(ordinal for ordinal, _ in self.days)


def parts(text: str) -> Mapping[str, str]:
    """Split RRULE text into its parts, names and values upper case."""
    pairs = (part.partition("=") for part in text.strip().upper().split(";") if part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def shape(rule: Mapping[str, str], start: date) -> Pattern | None:
    """Find the EAS shape of a rule that starts on a date; None when no shape can say it.

    What the rule leaves implicit is filled in from the start. The answer is a candidate: verify it by expansion.
    """
    read = _read(rule)
    if read is None:
        return None
    match read.freq:
        case "DAILY":
            return _daily(read)
        case "WEEKLY":
            return _weekly(read, start)
        case "MONTHLY":
            return _monthly(read, start)
        case "YEARLY":
            return _yearly(read, start)
    return None


def _read(rule: Mapping[str, str]) -> _Rule | None:
    if not rule.keys() <= _SHAPED_BY:
        return None
    try:
        days = tuple(_by_day(item) for item in _items(rule, "BYDAY"))
        read = _Rule(
            freq=rule.get("FREQ", ""),
            interval=int(rule.get("INTERVAL", "1")),
            days=days,
            month_days=tuple(int(item) for item in _items(rule, "BYMONTHDAY")),
            months=tuple(int(item) for item in _items(rule, "BYMONTH")),
            position=tuple(int(item) for item in _items(rule, "BYSETPOS")),
            first_day=DAY_CODES.index(rule.get("WKST", DAY_CODES[MONDAY])),
        )
    except ValueError:
        return None
    return read if 1 <= read.interval <= MAX_INTERVAL else None


def _items(rule: Mapping[str, str], name: str) -> list[str]:
    return [item.strip() for item in rule[name].split(",")] if name in rule else []


def _by_day(item: str) -> tuple[int, int]:
    found = _BY_DAY.fullmatch(item)
    if not found:
        raise ValueError(item)
    return int(found[1] or 0), DAY_CODES.index(found[2])


def _daily(rule: _Rule) -> Pattern | None:
    if rule.month_days or rule.months or rule.position:
        return None
    if not rule.days:
        return Pattern(Kind.DAILY, rule.interval)
    if rule.interval == 1 and rule.plain_days:
        return Pattern(Kind.WEEKLY, days=rule.mask, first_day=rule.first_day)
    return None


def _weekly(rule: _Rule, start: date) -> Pattern | None:
    if rule.month_days or rule.months or rule.position or (rule.days and not rule.plain_days):
        return None
    return Pattern(Kind.WEEKLY, rule.interval, days=rule.mask or mask_of(start), first_day=rule.first_day)


def _monthly(rule: _Rule, start: date) -> Pattern | None:
    if rule.months:
        # A month named in a monthly rule makes it yearly.
        return _in_month(rule, start, rule.months[0]) if rule.interval == 1 and len(rule.months) == 1 else None
    if rule.plain_days and not rule.position and not rule.month_days and rule.interval == 1:
        return Pattern(Kind.WEEKLY, days=rule.mask)
    if rule.days:
        days, week = _nth(rule)
        return Pattern(Kind.MONTHLY_NTH, rule.interval, days=days, week=week) if week else None
    match _month_day(rule, start):
        case None:
            return None
        case -1:
            return Pattern(Kind.MONTHLY_NTH, rule.interval, days=EVERY_DAY, week=LAST)
        case day:
            return Pattern(Kind.MONTHLY, rule.interval, day=day)


def _yearly(rule: _Rule, start: date) -> Pattern | None:
    if len(rule.months) > 1 or (not rule.months and (rule.days or rule.month_days)):
        return None
    return _in_month(rule, start, rule.months[0] if rule.months else start.month)


def _in_month(rule: _Rule, start: date, month: int) -> Pattern | None:
    if not 1 <= month <= MONTHS:
        return None
    if rule.days:
        days, week = _nth(rule)
        return Pattern(Kind.YEARLY_NTH, rule.interval, days=days, week=week, month=month) if week else None
    match _month_day(rule, start):
        case None:
            return None
        case -1:
            return Pattern(Kind.YEARLY_NTH, rule.interval, days=EVERY_DAY, week=LAST, month=month)
        case day:
            return Pattern(Kind.YEARLY, rule.interval, day=day, month=month)


def _month_day(rule: _Rule, start: date) -> int | None:
    """Give the one day of the month a rule names, -1 for the last; None when it is not one such day."""
    if rule.position or len(rule.month_days) > 1:
        return None
    day = rule.month_days[0] if rule.month_days else start.day
    return day if day == -1 or 1 <= day <= 31 else None


def _nth(rule: _Rule) -> tuple[int, int]:
    """Give mask and WeekOfMonth of an n-th day; week 0 when the rule is not one."""
    if rule.month_days:
        return 0, 0
    if not rule.position and len(rule.days) == 1:
        return rule.mask, _week(rule.days[0][0])
    if rule.plain_days and len(rule.position) == 1 and (len(rule.days) == 1 or rule.mask in GROUP_MASKS):
        return rule.mask, _week(rule.position[0])
    return 0, 0


def _week(ordinal: int) -> int:
    if ordinal == -1:
        return LAST
    return ordinal if 1 <= ordinal < LAST else 0


def rule_text(pattern: Pattern) -> str:
    """Write a shape as RRULE text without COUNT or UNTIL; the implicit is spelled out."""
    head = f"FREQ={_frequency(pattern)}"
    interval = f";INTERVAL={pattern.interval}" if pattern.interval > 1 else ""
    return head + interval + _by_parts(pattern)


def _frequency(pattern: Pattern) -> str:
    match pattern.kind:
        case Kind.DAILY:
            return "DAILY"
        case Kind.WEEKLY:
            return "WEEKLY"
        case Kind.MONTHLY | Kind.MONTHLY_NTH:
            return "MONTHLY"
        case _:
            return "YEARLY"


def _by_parts(pattern: Pattern) -> str:
    days = ",".join(codes(pattern.days))
    month = f";BYMONTH={pattern.month}" if pattern.month else ""
    match pattern.kind:
        case Kind.DAILY:
            return ""
        case Kind.WEEKLY:
            week_start = f";WKST={DAY_CODES[pattern.first_day]}" if pattern.first_day != MONDAY else ""
            return f";BYDAY={days}{week_start}"
        case Kind.MONTHLY | Kind.YEARLY:
            return f"{month};BYMONTHDAY={pattern.day}"
    nth = -1 if pattern.week == LAST else pattern.week
    if pattern.days == EVERY_DAY:
        return f"{month};BYMONTHDAY={nth}"
    if "," in days:
        return f"{month};BYDAY={days};BYSETPOS={nth}"
    return f"{month};BYDAY={nth}{days}"
