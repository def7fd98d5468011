"""A person's own copy of an event, found by its UID in whichever of their calendars it is, or was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select

from storage import policy
from storage.listings import WHOLE
from storage.model import CalendarObject, Collection, Principal
from storage.schema import calendar, calendar_object

if TYPE_CHECKING:
    from storage.transaction import Transaction

_o = calendar_object.c
_joined = calendar_object.join(calendar, and_(calendar.c.school_id == _o.school_id, calendar.c.id == _o.calendar_id))


def find(tx: Transaction, person: Principal, uid: str) -> tuple[Collection, CalendarObject] | None:
    """Return the event and the calendar it is in; the copy that schedules, if there are two."""
    query = (
        select(*WHOLE)
        .select_from(_joined)
        .where(_own(tx, person, uid), _o.ended.is_(None))
        .order_by(_o.schedule_tag.desc(), _o.id)
    )
    row = tx.connection.execute(query).first()
    if row is None:
        return None
    found = CalendarObject(*row)
    here = next((each for each in tx.collections.subscribed(person) if each.id == found.calendar_id), None)
    return None if here is None else (here, found)


def existed(tx: Transaction, person: Principal, uid: str) -> bool:
    """Tell whether a person has, or had and deleted, an event of that UID."""
    query = select(_o.id).select_from(_joined).where(_own(tx, person, uid)).limit(1)
    return tx.connection.execute(query).first() is not None


def _own(tx: Transaction, person: Principal, uid: str) -> Any:
    kinds = sorted(each.value for each in policy.WRITABLE)
    mine = and_(calendar.c.owner_id == person.id, calendar.c.kind.in_(kinds))
    return and_(_o.school_id == tx.school_id, _o.uid == uid, mine)
