"""Writing the occurrence index of stored objects again: when time has passed, or when their zone has changed."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, insert, select, update

from storage import ical, occurrences
from storage.errors import InvalidObject
from storage.model import FOREVER
from storage.schema import calendar_object, occurrence

if TYPE_CHECKING:
    from storage.transaction import Transaction

CHUNK: Final = 500

_o = calendar_object.c


def reindex(tx: Transaction, row: Any, zone: tzinfo, horizon: int) -> bool:
    """Index one object (id, calendar_id, ical) up to a horizon; tells whether that could be done."""
    try:
        facts, spans = ical.inspect(row.ical, zone), ical.spans(row.ical, zone, horizon)
    except InvalidObject:
        return False
    tx.connection.execute(occurrences.DROP, {"school": tx.school_id, "object": row.id})
    index = list(occurrences.rows(tx.school_id, row.calendar_id, row.id, spans))
    if index:
        tx.connection.execute(insert(occurrence), index)
    reach = horizon if facts.recurring and facts.ends > horizon else FOREVER
    this = and_(_o.school_id == tx.school_id, _o.id == row.id)
    values = {"starts": facts.starts, "ends": facts.ends, "indexed_until": reach}
    tx.connection.execute(update(calendar_object).where(this).values(**values))
    return True


def reindex_calendar(tx: Transaction, calendar_id: int, zone: tzinfo) -> None:
    """Index a calendar anew: its floating times are read in another zone (RFC 4791, 5.2.2)."""
    horizon = tx.now() + occurrences.HORIZON_SECONDS
    here = and_(_o.school_id == tx.school_id, _o.calendar_id == calendar_id, _o.ended.is_(None))
    query = select(_o.id, _o.calendar_id, _o.ical).where(here).order_by(_o.id).limit(CHUNK)
    last = 0
    while rows := tx.connection.execute(query.where(_o.id > last)).all():
        for row in rows:
            reindex(tx, row, zone, horizon)
        last = rows[-1].id
