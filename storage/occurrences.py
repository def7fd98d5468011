"""The occurrence index: when each object happens, so that a time-range query parses nothing.

A row's `reach` is its length class; a query looks, class by class, only as far before its range as that class is long,
so that one long event does not make every query scan the calendar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_

from storage.ical import Span
from storage.schema import occurrence

_DAY: Final = 86_400
REACHES: Final = (_DAY, 8 * _DAY, 64 * _DAY)
HORIZON_SECONDS: Final = 3 * 366 * _DAY


def reach(span: Span) -> int:
    """Return the length class of a span: the first whose length holds it, the last being endless."""
    length = span.ends - span.starts
    return next((number for number, most in enumerate(REACHES) if length <= most), len(REACHES))


def rows(school_id: int, calendar_id: int, object_id: int, spans: Iterable[Span]) -> Iterator[dict[str, Any]]:
    """Yield the index rows of one object."""
    for number, span in enumerate(spans):
        yield {
            "school_id": school_id,
            "calendar_id": calendar_id,
            "object_id": object_id,
            "number": number,
            "reach": reach(span),
            "starts": span.starts,
            "ends": span.ends,
        }


DROP: Final = delete(occurrence).where(
    occurrence.c.school_id == bindparam("school"), occurrence.c.object_id == bindparam("object")
)


def overlapping() -> tuple[ColumnElement[bool], ...]:
    """Return a condition per length class for rows that meet [:start, :end).

    No row meets two of them. One of no length counts where it starts (RFC 4791, 9.9).
    """
    starts, ends = occurrence.c.starts, occurrence.c.ends
    start = bindparam("start", type_=starts.type)
    meets = and_(starts < bindparam("end"), or_(ends > start, and_(starts == ends, starts >= start)))
    bounded = [and_(occurrence.c.reach == each, starts >= start - most, meets) for each, most in enumerate(REACHES)]
    return (*bounded, and_(occurrence.c.reach == len(REACHES), meets))
