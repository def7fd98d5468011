"""Who may read an attachment: whoever may read an event that refers to it, in any protocol, with nothing hidden.

The question begins at the objects that refer to the attachment, so that it costs the same in a calendar of any size.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, false, or_, select, true

from storage import policy, shown
from storage.model import Access, Admission, CalendarKind, Principal
from storage.schema import account, calendar, calendar_object, feed, subscription
from storage.schema_attachments import attachment_use

if TYPE_CHECKING:
    from storage.transaction import Transaction

_u, _o, _s = attachment_use.c, calendar_object.c, subscription.c
_users = select(_u.object_id).where(_u.school_id == bindparam("school"), _u.managed_id == bindparam("managed_id"))
# Named by their numbers, the objects are where a planner begins; it would else walk through whole calendars.
_used = and_(_o.school_id == bindparam("school"), _o.id.in_(_users))
_places = (
    select(feed.c.collection_id, _o.private)
    .select_from(calendar_object.join(feed, shown.same_calendar))
    .where(_used, shown.visible_now, feed.c.ended.is_(None))
    .distinct()
    .subquery("places")
)
_whole = or_(
    calendar.c.owner_id.is_(None),
    calendar.c.owner_id == _s.principal_id,
    and_(_s.access != Access.BUSY.value, _places.c.private == false()),
)
_SEEN = (
    select(_s.principal_id)
    .select_from(
        _places.join(
            subscription,
            and_(_s.school_id == bindparam("school"), _s.collection_id == _places.c.collection_id),
        ).join(calendar, and_(calendar.c.school_id == _s.school_id, calendar.c.id == _s.collection_id))
    )
    .where(_s.ended.is_(None), _whole, _s.principal_id.in_(bindparam("people", expanding=True)))
    .limit(1)
)
_SEEN_OPEN = _SEEN.where(_places.c.private == false())
_HOMES = (
    select(calendar.c.owner_id)
    .select_from(
        calendar_object.join(
            calendar, and_(calendar.c.school_id == _o.school_id, calendar.c.id == _o.calendar_id)
        ).join(account, and_(account.c.school_id == _o.school_id, account.c.principal_id == calendar.c.owner_id))
    )
    .where(_used, _o.ended.is_(None), account.c.active == true(), calendar.c.kind != CalendarKind.INBOX.value)
    .limit(1)
)
# No database takes any number of values in one query.
CHUNK: Final = 500


def may_read(tx: Transaction, person: Principal, managed_id: str) -> bool:
    """Tell whether a person reads an object that refers to an attachment, in their own calendars or a home they enter.

    Whether a calendar is switched on makes no difference. Where the service reader reads, that is traced.
    """
    named = {"school": tx.school_id, "managed_id": managed_id}
    if _any(tx, _SEEN, named, [person.id]):
        return True
    if policy.reads_all_homes(person.role, tx.school.settings):
        return _serviced(tx, person, named)
    owners = tx.delegations.owners(person)
    writing = [each.person.id for each in owners if each.access is Admission.WRITE]
    reading = [each.person.id for each in owners if each.access is Admission.READ]
    return _any(tx, _SEEN, named, writing) or _any(tx, _SEEN_OPEN, named, reading)


def _any(tx: Transaction, query: Any, named: dict[str, Any], people: Several[int]) -> bool:
    listed = list(people)
    chunks = (listed[at : at + CHUNK] for at in range(0, len(listed), CHUNK))
    return any(tx.connection.execute(query, named | {"people": each}).first() is not None for each in chunks)


def _serviced(tx: Transaction, reader: Principal, named: dict[str, Any]) -> bool:
    row = tx.connection.execute(_HOMES, named).first()
    if row is None:
        return False
    tx.delegations.enter(reader, tx.principals.get(row.owner_id), writing=False)
    return True
