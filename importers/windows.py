"""Windows of time: tuples of disjoint, sorted [from, until) pairs in epoch seconds, and their small algebra."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo

Window = tuple[int, int]
Windows = tuple[Window, ...]

# The same sentinels as the spans of storage.ical: before everything and after everything.
DAWN, FOREVER = -(2**53), 2**53
ALWAYS: Windows = ((DAWN, FOREVER),)
NEVER: Windows = ()


def united(windows: Iterable[Window]) -> Windows:
    """Return the union, overlapping and touching windows merged, empty ones dropped."""
    merged: list[Window] = []
    for start, end in sorted(windows):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def before(windows: Windows, instant: int) -> Windows:
    """Return the part of some windows that lies before an instant."""
    return tuple((start, min(end, instant)) for start, end in windows if start < instant)


def since(windows: Windows, instant: int) -> Windows:
    """Return the part of some windows that lies at or after an instant."""
    return tuple((max(start, instant), end) for start, end in windows if end > instant)


def between(windows: Windows, first: int, last: int) -> Windows:
    """Return the part of some windows that lies from an instant on and before another."""
    return before(since(windows, first), last)


def midnight(day: date, zone: tzinfo) -> int:
    """Return the first instant of a day in a zone, in epoch seconds."""
    return int(datetime.combine(day, time(), zone).timestamp())


def days(first: date | None, last: date | None, zone: tzinfo) -> Window:
    """Return the window of a stay whose first and last days are both included; a missing day leaves that side open."""
    start = DAWN if first is None else midnight(first, zone)
    end = FOREVER if last is None or last == date.max else midnight(last + timedelta(days=1), zone)
    return start, end
