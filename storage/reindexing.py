"""Writing the occurrence index of stored objects again: when time has passed, or when their zone has changed."""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, insert, select, update

from storage import ical, occurrences
from storage.errors import InvalidObject
from storage.model import DAWN, FOREVER
from storage.schema import calendar_object, occurrence

if TYPE_CHECKING:
    from storage.transaction import Transaction

CHUNK: Final = 500
AT_ONCE: Final = 50
# A time without zone and without Z, or a date.
_FLOATING: Final = re.compile(
    rb"^(?:DTSTART|DTEND|DUE|RDATE|EXDATE|RECURRENCE-ID)(?![^:\r\n]*TZID=)[^:\r\n]*:[0-9]{8}(?:T[0-9]{6})?\r?$",
    re.MULTILINE | re.IGNORECASE,
)

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
    """Index a calendar anew where its floating times are now read in another zone (RFC 4791, 5.2.2).

    Only the first few objects are done at once. The others lose their place in the index, so that queries expand them,
    until the night's work has indexed them: a writer must not hold up the school.
    """
    horizon = tx.now() + occurrences.HORIZON_SECONDS
    here = and_(_o.school_id == tx.school_id, _o.calendar_id == calendar_id, _o.ended.is_(None))
    query = select(_o.id, _o.calendar_id, _o.ical).where(here).order_by(_o.id).limit(CHUNK)
    last = done = 0
    while rows := tx.connection.execute(query.where(_o.id > last)).all():
        for row in rows:
            if not _FLOATING.search(row.ical):
                continue
            if done < AT_ONCE:
                reindex(tx, row, zone, horizon)
            else:
                _postpone(tx, row.id)
            done += 1
        last = rows[-1].id


def _postpone(tx: Transaction, object_id: int) -> None:
    tx.connection.execute(occurrences.DROP, {"school": tx.school_id, "object": object_id})
    this = and_(_o.school_id == tx.school_id, _o.id == object_id)
    tx.connection.execute(update(calendar_object).where(this).values(indexed_until=DAWN))
