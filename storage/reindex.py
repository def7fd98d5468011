"""Move the occurrence index of a calendar to another time zone: what floats is elsewhere now (RFC 4791, 5.2.2)."""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from storage import ical, occurrences
from storage.errors import InvalidObject
from storage.model import FOREVER
from storage.schema import calendar_object, occurrence

if TYPE_CHECKING:
    from storage.transaction import Transaction

AT_ONCE: Final = 500

# A time or a day without zone; one with a zone that happens to look like it costs a reading and no more.
_FLOATS = re.compile(rb"^(?:DTSTART|DTEND|DUE)[^\r\n]*:\d{8}(?:T\d{6})?\r?$", re.MULTILINE | re.IGNORECASE)
_o = calendar_object.c
_TEXTS = (
    select(_o.id, _o.ical)
    .where(
        _o.school_id == bindparam("school"),
        _o.calendar_id == bindparam("calendar"),
        _o.ended.is_(None),
        _o.id > bindparam("after"),
    )
    .order_by(_o.id)
    .limit(AT_ONCE)
)
_REPLACE = (
    update(calendar_object)
    .where(_o.school_id == bindparam("b_school"), _o.id == bindparam("b_id"))
    .values(starts=bindparam("b_starts"), ends=bindparam("b_ends"), indexed_until=bindparam("b_until"))
)


def reindex(tx: Transaction, calendar_id: int, zone: tzinfo) -> int:
    """Index anew the objects of a calendar whose times float, now read in `zone`, and return how many there are.

    Nothing is stamped: their texts and entity tags are the same. One that can no longer be listed keeps its index.
    """
    tx.lock()
    done = last = 0
    while rows := tx.connection.execute(_TEXTS, {**_key(tx, calendar_id), "after": last}).all():
        done += sum(_moved(tx, calendar_id, row, zone) for row in rows if _FLOATS.search(row.ical))
        last = rows[-1].id
    return done


def _key(tx: Transaction, calendar_id: int) -> dict[str, int]:
    return {"school": tx.school_id, "calendar": calendar_id}


def _moved(tx: Transaction, calendar_id: int, row: Any, zone: tzinfo) -> bool:
    horizon = tx.now() + occurrences.HORIZON_SECONDS
    try:
        facts, spans = ical.inspect(row.ical, zone), ical.spans(row.ical, zone, horizon)
    except InvalidObject:
        return False
    until = horizon if facts.recurring and facts.ends > horizon else FOREVER
    values = {"b_school": tx.school_id, "b_id": row.id, "b_starts": facts.starts, "b_ends": facts.ends}
    tx.connection.execute(_REPLACE, values | {"b_until": until})
    tx.connection.execute(occurrences.DROP, {"school": tx.school_id, "object": row.id})
    index = list(occurrences.rows(tx.school_id, calendar_id, row.id, spans))
    if index:
        tx.connection.execute(insert(occurrence), index)
    return True
