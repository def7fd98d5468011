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


def _class(number: int, length: int) -> ColumnElement[bool]:
    return and_(occurrence.c.reach == number, occurrence.c.starts >= bindparam("start") - length)


def overlapping() -> ColumnElement[bool]:
    """Hold for rows that meet [:start, :end); a zero-length one counts where it starts (RFC 4791, 9.9)."""
    near = or_(*(_class(number, length) for number, length in enumerate(REACHES)), occurrence.c.reach == len(REACHES))
    return and_(
        near,
        occurrence.c.starts < bindparam("end"),
        or_(
            occurrence.c.ends > bindparam("start"),
            and_(occurrence.c.starts == occurrence.c.ends, occurrence.c.starts >= bindparam("start")),
        ),
    )
