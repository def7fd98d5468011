"""The interval algebra as SQL: a stay meets a life, and a collection shows their intersection.

Every question about what a collection shows is built from these expressions; none is written twice.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.selectable import Exists

from storage.schema import calendar_object, feed

END = 2**62
_END: ColumnElement[int] = literal_column(str(END), BigInteger)


class greatest(GenericFunction[int]):
    """The greatest of several numbers."""

    type = BigInteger()
    inherit_cache = True


class least(GenericFunction[int]):
    """The least of several numbers."""

    type = BigInteger()
    inherit_cache = True


@compiles(greatest, "sqlite")
def _greatest_sqlite(element: greatest, compiler: Any, **options: Any) -> str:
    """SQLite calls it max, with several arguments."""
    return f"max({compiler.process(element.clauses, **options)})"


@compiles(least, "sqlite")
def _least_sqlite(element: least, compiler: Any, **options: Any) -> str:
    """SQLite calls it min, with several arguments."""
    return f"min({compiler.process(element.clauses, **options)})"


in_window: ColumnElement[bool] = and_(
    calendar_object.c.starts >= feed.c.shows_from, calendar_object.c.starts < feed.c.shows_until
)
_kept: ColumnElement[bool] = or_(
    feed.c.narrowed.is_(None),
    and_(calendar_object.c.starts >= feed.c.keeps_from, calendar_object.c.starts < feed.c.keeps_until),
)
_narrowed: ColumnElement[int] = case((_kept, _END), else_=feed.c.narrowed)

born: ColumnElement[int] = greatest(feed.c.born, calendar_object.c.born)
ended: ColumnElement[int] = least(
    func.coalesce(feed.c.ended, _END), func.coalesce(calendar_object.c.ended, _END), _narrowed
)

live_feed: ColumnElement[bool] = and_(
    feed.c.school_id == bindparam("school"), feed.c.collection_id == bindparam("collection"), feed.c.ended.is_(None)
)
same_calendar: ColumnElement[bool] = and_(
    calendar_object.c.school_id == feed.c.school_id, calendar_object.c.calendar_id == feed.c.calendar_id
)
visible_now: ColumnElement[bool] = and_(calendar_object.c.ended.is_(None), in_window, _kept)


def fed() -> Exists:
    """Hold for objects that the collection `:collection` shows now; for look-ups that know the object."""
    return select(feed.c.id).where(live_feed, same_calendar, visible_now).correlate(calendar_object).exists()
