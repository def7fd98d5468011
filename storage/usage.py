"""How much each person keeps here: the texts of their calendars and the attachments they added (RFC 4331, 2 and 3).

A counter for each person moves in the transaction that writes. One that is not there is counted afresh when somebody
asks, so whatever deletes in bulk forgets the counter instead of adjusting it, and so does the night.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from storage.errors import QuotaExceeded, TooMuch
from storage.model import CalendarKind, Collection
from storage.ready import Ready
from storage.schema import calendar, calendar_object
from storage.schema_attachments import attachment, attachment_content, kept

if TYPE_CHECKING:
    from storage.transaction import Transaction

# The place of the school's own counter: what its attachments take, each content once.
SCHOOL: Final = 0

_k = kept.c
_o = calendar_object.c
_GROW = (
    update(kept)
    .where(_k.school_id == bindparam("b_school"), _k.principal_id == bindparam("b_principal"))
    .values(octets=_k.octets + bindparam("b_octets"))
)
_READ = Ready(select(_k.octets).where(_k.school_id == bindparam("school"), _k.principal_id == bindparam("principal")))
_own = select(calendar.c.id).where(
    calendar.c.school_id == bindparam("school"),
    calendar.c.owner_id == bindparam("principal"),
    calendar.c.kind != CalendarKind.INBOX.value,
)
_TEXTS = select(func.coalesce(func.sum(_o.size), 0)).where(
    _o.school_id == bindparam("school"), _o.ended.is_(None), _o.calendar_id.in_(_own)
)
_ATTACHED = select(func.coalesce(func.sum(attachment.c.size), 0)).where(
    attachment.c.school_id == bindparam("school"),
    attachment.c.owner_id == bindparam("principal"),
    attachment.c.unused_since.is_(None),
)
_CONTENTS = select(func.coalesce(func.sum(attachment_content.c.size), 0)).where(
    attachment_content.c.school_id == bindparam("school")
)


class Usage:
    """Counters of one school, and their limits."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx
        self._stored: dict[int, int] = {}
        self._pending: dict[int, int] = {}
        self._growth: dict[int, int] = {}

    def grow(self, principal_id: int, octets: int) -> None:
        """Count octets that were just written or, below zero, deleted."""
        self._pending[principal_id] = self._pending.get(principal_id, 0) + octets
        self._growth[principal_id] = self._growth.get(principal_id, 0) + octets

    def settle(self) -> None:
        """Write what was counted: one statement for each person, at the end of the transaction."""
        for principal_id, octets in sorted(self._pending.items()):
            if octets:
                values = {"b_school": self._tx.school_id, "b_principal": principal_id, "b_octets": octets}
                self._tx.connection.execute(_GROW, values)
        self._stored.clear()
        self._pending.clear()

    def of(self, principal_id: int) -> int:
        """Return how many octets a person keeps, or the attachments of the SCHOOL."""
        if principal_id not in self._stored:
            self._stored[principal_id] = self._read(principal_id)
        return self._stored[principal_id] + self._pending.get(principal_id, 0)

    def _read(self, principal_id: int) -> int:
        """Return a counter as it is stored; one that is not there is counted, with what this transaction wrote."""
        if self._tx.writable:
            self._tx.lock()
        found = _READ.rows(self._tx.connection, school=self._tx.school_id, principal=principal_id)
        if found:
            return int(found[0][0])
        if self._tx.longest:
            # The sum grows with the calendars: not at a glance.
            raise TooMuch("usage")
        counted = self._counted(principal_id)
        self._pending.pop(principal_id, None)
        if self._tx.writable:
            row = {"school_id": self._tx.school_id, "principal_id": principal_id, "octets": counted}
            self._tx.connection.execute(insert(kept), row)
        return counted

    def _counted(self, principal_id: int) -> int:
        values = {"school": self._tx.school_id, "principal": principal_id}
        statements = (_CONTENTS,) if principal_id == SCHOOL else (_TEXTS, _ATTACHED)
        return sum(int(self._tx.connection.execute(each, values).scalar_one()) for each in statements)

    def limit(self, principal_id: int) -> int:
        """Return how many octets there may be."""
        return self._tx.limits.school if principal_id == SCHOOL else self._tx.limits.person

    def check(self, principal_id: int) -> None:
        """Raise QuotaExceeded when this transaction made too much of what a person keeps, or of a SCHOOL's.

        Who is beyond the limit may still delete and shorten.
        """
        if self._growth.get(principal_id, 0) <= 0:
            return
        limit = self.limit(principal_id)
        if self.of(principal_id) > limit:
            raise QuotaExceeded(limit, whole_school=principal_id == SCHOOL)

    def check_owner(self, collection: Collection) -> None:
        """Raise QuotaExceeded when this transaction made too much of what the owner of a collection keeps.

        Whoever writes there, a sharee or a delegate, has the owner's room and no more.
        """
        if collection.owner_id is not None:
            self.check(collection.owner_id)

    def forget(self, principal_id: int | None = None) -> None:
        """Forget one counter or all of them: what is asked next is counted afresh."""
        these = _k.school_id == self._tx.school_id
        if principal_id is None:
            self._stored.clear()
            self._pending.clear()
        else:
            these = these & (_k.principal_id == principal_id)
            self._stored.pop(principal_id, None)
            self._pending.pop(principal_id, None)
        self._tx.connection.execute(delete(kept).where(these))
