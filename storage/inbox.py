"""Schedule inboxes: the messages that a person's meetings brought, for clients that show them (RFC 6638, 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, insert, select, update

from storage import contentlines, ical, itip_apply
from storage.collections import own_feed
from storage.errors import InvalidObject, WritingRequired
from storage.identifiers import ordered_id
from storage.itip import Message
from storage.model import CalendarKind, Collection, Expect, Principal, Rights
from storage.schema import calendar, calendar_object, feed

if TYPE_CHECKING:
    from storage.transaction import Transaction

SLUG: Final = "inbox"
# Messages are acted on when they come; who has not read one after a month will not.
KEPT_SECONDS: Final = 30 * 86_400


class Inbox:
    """The inboxes of one school; one is made when it is first needed."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def of(self, person: Principal) -> Collection:
        """Return a person's inbox; raises WritingRequired in a reading transaction when there is none yet."""
        found = self._find(person)
        if found is None:
            if not self._tx.writable:
                raise WritingRequired
            self._tx.lock()
            found = self._find(person) or self._make(person)
        return found

    def _find(self, person: Principal) -> Collection | None:
        query = select(calendar.c.id, calendar.c.seq).where(
            calendar.c.school_id == self._tx.school_id,
            calendar.c.owner_id == person.id,
            calendar.c.kind == CalendarKind.INBOX.value,
        )
        row = self._tx.connection.execute(query).first()
        return None if row is None else _collection(person, row.id, row.seq)

    def _make(self, person: Principal) -> Collection:
        number, feed_id = self._tx.tick(2)
        school = {"school_id": self._tx.school_id}
        row = {"id": number, "kind": CalendarKind.INBOX.value, "owner_id": person.id, "name": SLUG, "description": ""}
        row |= {"timezone": "", "components": "VEVENT,VTODO,VJOURNAL", "seq": number, "purged": 0}
        self._tx.connection.execute(insert(calendar), school | row)
        self._tx.connection.execute(insert(feed), school | own_feed(feed_id, number))
        return _collection(person, number, number)

    def drop(self, person: Principal, message: Message) -> None:
        """Put a message into a person's inbox and take out what is older than a month."""
        content = contentlines.serialise(itip_apply.bare(message))
        try:
            ical.inspect(content, self._tx.zone)
        except InvalidObject:
            # An answer need not say when what it answers takes place; such a message has no place in a calendar.
            return
        box = self.of(person)
        self._tx.objects.file(box.id, f"{ordered_id()}.ics", contentlines.serialise(message.calendar), content)
        self._forget(box)

    def _forget(self, box: Collection) -> None:
        o = calendar_object.c
        old = and_(
            o.school_id == self._tx.school_id,
            o.calendar_id == box.id,
            o.ended.is_(None),
            o.modified < self._tx.now() - KEPT_SECONDS,
        )
        if self._tx.connection.execute(select(o.id).where(old).limit(1)).first() is not None:
            seq = self._tx.tick()[0]
            self._tx.connection.execute(update(calendar_object).where(old).values(ended=seq, seq=seq, ical=None))
            here = and_(calendar.c.school_id == self._tx.school_id, calendar.c.id == box.id)
            self._tx.connection.execute(update(calendar).where(here).values(seq=seq))

    def touch(self, person: Principal) -> None:
        """Stamp a person's inbox: what it tells of the person has changed."""
        number = self.of(person).id
        here = and_(calendar.c.school_id == self._tx.school_id, calendar.c.id == number)
        self._tx.connection.execute(update(calendar).where(here).values(seq=self._tx.tick()[0]))

    def remove(self, person: Principal, href: str, expect: Expect) -> None:
        """Delete a message that its recipient has read; raises NotFound or PreconditionFailed."""
        number, head = (box := self.of(person)).id, box.head
        self._tx.objects.delete(_collection(person, number, head, Rights(write=True)), href, expect)


def _collection(person: Principal, number: int, head: int, rights: Rights | None = None) -> Collection:
    return Collection(
        id=number,
        kind=CalendarKind.INBOX,
        owner_id=person.id,
        slug=SLUG,
        name=SLUG,
        colour="",
        position=0,
        description="",
        timezone="",
        components=("VEVENT", "VTODO", "VJOURNAL"),
        rights=rights or Rights(),
        synchronised=True,
        owned=True,
        head=head,
    )
