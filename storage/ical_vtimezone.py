"""Describe a zone of the database as a compact VTIMEZONE (RFC 5545, 3.6.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import groupby

from storage.contentlines import Property, fold
from storage.errors import InvalidObject
from storage.ical_zones import resolve

FIRST_YEAR = 2000
LAST_YEAR = 2045
_BACKDATED_YEAR = 1970
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Change:
    """Hold one change of a zone's offset: `wall` is the time it replaces on the clock before it."""

    instant: datetime
    wall: datetime
    before: timedelta
    after: timedelta
    name: str
    daylight: bool


@dataclass(frozen=True, slots=True)
class _Run:
    """Hold changes of consecutive years that one yearly rule explains."""

    changes: tuple[Change, ...]
    rule: str


def changes(zone: tzinfo, first_year: int, last_year: int) -> tuple[Change, ...]:
    """List a zone's changes of offset that happen in these years, by instant, to the second."""
    found = []
    day = datetime(first_year, 1, 1, tzinfo=UTC)
    stop = datetime(last_year + 1, 1, 1, tzinfo=UTC)
    before = _state(zone, day)
    while day < stop:
        later = day + timedelta(days=1)
        after = _state(zone, later)
        if after != before:
            found.append(_change(zone, day, later))
        day, before = later, after
    return tuple(found)


@lru_cache(maxsize=512)
def vtimezone(tzid: str) -> str:
    """Return the VTIMEZONE text of a zone, CRLF after every line; its TZID is the IANA name that `tzid` means.

    Rules in force in 2000 are written as if they were in 1970; later changes are exact until 2045, after which the last
    rules go on. Raises InvalidObject when nothing is known by that name.
    """
    zone = resolve(tzid)
    if zone is None:
        raise InvalidObject("valid-calendar-data", f"{tzid[:60]!r} is not a time zone")
    runs = _runs(changes(zone, FIRST_YEAR, LAST_YEAR))
    oldest = [run for run in runs if run.changes[0].wall.year == FIRST_YEAR]
    # One rule alone cannot be older than its opposite: the clock would change one way only.
    backdated = oldest if all(len(run.changes) > 1 for run in oldest) else []
    blocks = [] if backdated else list(_base(zone))
    for run in runs:
        blocks += _observance(run, _backdated(run) if run in backdated else run.changes[0].wall)
    lines = ("BEGIN:VTIMEZONE", Property.of_text("TZID", zone.key).line, *blocks, "END:VTIMEZONE")
    return "".join(f"{fold(line)}\r\n" for line in lines)


@lru_cache(maxsize=256)
def between(tzid: str, start: datetime | None, end: datetime | None) -> str:
    """Return a VTIMEZONE that speaks of the time from `start` on, or before `end`, or both (RFC 7808, 3.9).

    Both are aware and not after 2100, `start` not before 1970; TZUNTIL (7.1) says where it ends. Raises InvalidObject.
    """
    zone = resolve(tzid)
    if zone is None:
        raise InvalidObject("valid-calendar-data", f"{tzid[:60]!r} is not a time zone")
    first = (start or datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)).astimezone(UTC)
    last = end.astimezone(UTC) if end else datetime(max(LAST_YEAR, first.year + 2) + 1, 1, 1, tzinfo=UTC)
    inside = [
        change for change in changes(zone, first.year, last.year) if first < change.instant.replace(tzinfo=UTC) < last
    ]
    lines = ["BEGIN:VTIMEZONE", Property.of_text("TZID", zone.key).line]
    lines += [f"TZUNTIL:{_wall(last)}Z"] if end else []
    lines += _base(zone, first)
    for run in _runs(tuple(inside)):
        lines += _observance(run, run.changes[0].wall, ends=end is not None)
    return "".join(f"{fold(line)}\r\n" for line in (*lines, "END:VTIMEZONE"))


def _state(zone: tzinfo, instant: datetime) -> tuple[timedelta, str, bool]:
    local = instant.astimezone(zone)
    offset = local.utcoffset()
    assert offset is not None
    return offset, local.tzname() or "", bool(local.dst())


def _change(zone: tzinfo, low: datetime, high: datetime) -> Change:
    before, after = _state(zone, low), _state(zone, high)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if _state(zone, middle) == before:
            low = middle
        else:
            high, after = middle, _state(zone, middle)
    instant = high.replace(tzinfo=None)
    return Change(instant, instant + before[0], before[0], after[0], after[1], after[2])


def _kind(change: Change) -> tuple[object, ...]:
    return change.before, change.after, change.name, change.daylight


def _runs(found: tuple[Change, ...]) -> list[_Run]:
    runs: list[_Run] = []
    for _, group in groupby(sorted(found, key=lambda one: (str(_kind(one)), one.instant)), key=_kind):
        pending: list[Change] = []
        for change in group:
            if pending and not (_follows(pending[-1], change) and _rule([*pending, change])):
                runs.append(_Run(tuple(pending), _rule(pending)))
                pending = []
            pending.append(change)
        runs.append(_Run(tuple(pending), _rule(pending)))
    return sorted(runs, key=lambda run: run.changes[0].instant)


def _follows(old: Change, new: Change) -> bool:
    return (
        new.wall.year == old.wall.year + 1
        and new.wall.month == old.wall.month
        and new.wall.weekday() == old.wall.weekday()
        and new.wall.time() == old.wall.time()
    )


def _rule(run: list[Change]) -> str:
    """Return the yearly rule that gives exactly these changes, empty when there is none."""
    walls = [change.wall for change in run]
    days = [wall.day for wall in walls]
    low, high = min(days), max(days)
    weekday, month = _WEEKDAYS[walls[0].weekday()], walls[0].month
    if all((wall + timedelta(days=_WEEK)).month != month for wall in walls):
        return f"FREQ=YEARLY;BYMONTH={month};BYDAY=-1{weekday}"
    if (low - 1) // _WEEK == (high - 1) // _WEEK:
        return f"FREQ=YEARLY;BYMONTH={month};BYDAY={(low - 1) // _WEEK + 1}{weekday}"
    if high - low < _WEEK:
        listed = ",".join(str(day) for day in range(low, min(low + _WEEK, high + 1)))
        return f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={listed};BYDAY={weekday}"
    return ""


def _observance(run: _Run, start: datetime, *, ends: bool = False) -> Iterator[str]:
    first, last = run.changes[0], run.changes[-1]
    kind = "DAYLIGHT" if first.daylight else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{_wall(start)}"
    if len(run.changes) > 1:
        until = "" if last.wall.year >= LAST_YEAR and not ends else f";UNTIL={_wall(last.instant)}Z"
        yield f"RRULE:{run.rule}{until}"
    yield from _offsets(first.before, first.after, first.name)
    yield f"END:{kind}"


def _backdated(run: _Run) -> datetime:
    """Return when the rule of a run would have applied in 1970."""
    first = run.changes[0].wall
    start = first.replace(year=_BACKDATED_YEAR, day=1)
    month = [start + timedelta(days=day) for day in range(31) if (start + timedelta(days=day)).month == first.month]
    same = [day for day in month if day.weekday() == first.weekday()]
    if "BYDAY=-1" in run.rule:
        return same[-1]
    if "BYMONTHDAY=" in run.rule:
        low = min(change.wall.day for change in run.changes)
        return next(day for day in same if day.day >= low)
    return same[(first.day - 1) // _WEEK]


def _base(zone: tzinfo, since: datetime | None = None) -> Iterator[str]:
    """Describe what was so before the first change: from an instant on, or as if it had been so in 1970."""
    offset, name, daylight = _state(zone, since or datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
    start = since.replace(tzinfo=None) + offset if since else datetime(_BACKDATED_YEAR, 1, 1)
    kind = "DAYLIGHT" if daylight else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{_wall(start)}"
    yield from _offsets(offset, offset, name)
    yield f"END:{kind}"


def _offsets(before: timedelta, after: timedelta, name: str) -> Iterator[str]:
    yield f"TZOFFSETFROM:{_offset(before)}"
    yield f"TZOFFSETTO:{_offset(after)}"
    yield f"TZNAME:{name}"


def _wall(wall: datetime) -> str:
    return f"{wall.year:04}{wall.month:02}{wall.day:02}T{wall.hour:02}{wall.minute:02}{wall.second:02}"


def _offset(offset: timedelta) -> str:
    seconds = int(offset.total_seconds())
    sign, size = "-" if seconds < 0 else "+", abs(seconds)
    rest = f"{size % 60:02}" if size % 60 else ""
    return f"{sign}{size // 3600:02}{size // 60 % 60:02}{rest}"
