"""Turn a FilterType into a moment before which items are left out (MS-ASCMD 2.2.3.68; reference/eas.md section 8.4)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from storage.model import DAWN

EVERYTHING: Final = 0
INCOMPLETE: Final = 8
# Tasks are not left out by their age; this bound, below which nothing lies, tells the one filter they have from none.
UNFINISHED: Final = DAWN + 1
# 1 to 3 mean days and a week of mail: for a calendar they are read as the shortest span it has.
_DAYS: Final = {1: 14, 2: 14, 3: 14, 4: 14, 5: 31, 6: 92, 7: 183}
AHEAD: Final = timedelta(days=400)


def valid(filter_type: int, *, tasks: bool) -> bool:
    """Tell whether a FilterType is one a calendar or a list of tasks has, leniently."""
    return filter_type == EVERYTHING or filter_type in _DAYS or (tasks and filter_type == INCOMPLETE)


def task_cutoff(filter_type: int) -> int:
    """Return what stands for the filter of a list of tasks: finished ones are left out or not; mail's are ignored."""
    return UNFINISHED if filter_type == INCOMPLETE else DAWN


def cutoff(filter_type: int, now: int, zone: tzinfo) -> int:
    """Return the epoch second up to which an item has ended too long ago; it moves once a day, at midnight."""
    days = _DAYS.get(filter_type)
    if days is None:
        return DAWN
    day = datetime.fromtimestamp(now, zone).date() - timedelta(days=days)
    return int(datetime.combine(day, time(), zone).timestamp())


def occurrence_window(moment: int, now: int, zone: tzinfo) -> tuple[date, date]:
    """Return the days whose occurrences are sent of a series that no item can say; it moves once a month.

    `moment` is the cut-off, which may lie within the window.
    """
    month = datetime.fromtimestamp(now, zone).date().replace(day=1)
    first = month - AHEAD
    if moment > datetime.combine(first, time(), zone).timestamp():
        kept = datetime.fromtimestamp(min(moment, now), zone).date()
        first = max(first, kept.replace(day=1))
    return first, month + AHEAD
