"""Collections that every person has one of and that the server fills: made when they are first needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update

from storage.collections import own_feed
from storage.errors import WritingRequired
from storage.model import CalendarKind, Collection, Expect, Principal, Rights
from storage.schema import calendar, calendar_object, feed

if TYPE_CHECKING:
    from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Box:
    """A kind of such collections: its slug, the components it holds and how many seconds its objects are kept."""

    kind: CalendarKind
    slug: str
    components: tuple[str, ...]
    kept_seconds: int

    def of(self, tx: Transaction, person: Principal) -> Collection:
        """Return a person's one; raises WritingRequired in a reading transaction when there is none yet."""
        found = self._find(tx, person)
        if found is None:
            if not tx.writable:
                raise WritingRequired
            tx.lock()
            found = self._find(tx, person) or self._make(tx, person)
        return found

    def forget(self, tx: Transaction, box: Collection) -> None:
        """End the objects of a person's one that are older than they are kept, and stamp it if there were any."""
        o = calendar_object.c
        here = and_(o.school_id == tx.school_id, o.calendar_id == box.id, o.ended.is_(None))
        old = and_(here, o.modified < tx.now() - self.kept_seconds)
        if tx.connection.execute(select(o.id).where(old).limit(1)).first() is not None:
            seq = tx.tick()[0]
            tx.connection.execute(update(calendar_object).where(old).values(ended=seq, seq=seq, ical=None))
            stamp(tx, box, seq)

    def remove(self, tx: Transaction, person: Principal, href: str, expect: Expect | None = None) -> None:
        """Delete an object that its person has read; raises NotFound or PreconditionFailed."""
        tx.objects.delete(replace(self.of(tx, person), rights=Rights(write=True)), href, expect)

    def _find(self, tx: Transaction, person: Principal) -> Collection | None:
        query = select(calendar.c.id, calendar.c.seq).where(
            calendar.c.school_id == tx.school_id,
            calendar.c.owner_id == person.id,
            calendar.c.kind == self.kind.value,
        )
        row = tx.connection.execute(query).first()
        return None if row is None else self._collection(person, row.id, row.seq)

    def _make(self, tx: Transaction, person: Principal) -> Collection:
        number, feed_id = tx.tick(2)
        school = {"school_id": tx.school_id}
        row = {"id": number, "kind": self.kind.value, "owner_id": person.id, "name": self.slug, "description": ""}
        row |= {"timezone": "", "components": ",".join(self.components), "seq": number, "purged": 0}
        tx.connection.execute(insert(calendar), school | row)
        tx.connection.execute(insert(feed), school | own_feed(feed_id, number))
        return self._collection(person, number, number)

    def _collection(self, person: Principal, number: int, head: int) -> Collection:
        return Collection(
            id=number,
            kind=self.kind,
            owner_id=person.id,
            slug=self.slug,
            name=self.slug,
            colour="",
            position=0,
            description="",
            timezone="",
            components=self.components,
            rights=Rights(),
            synchronised=True,
            owned=True,
            head=head,
        )


def stamp(tx: Transaction, box: Collection, seq: int) -> None:
    """Say that what a collection holds, or what it tells of its person, changed with a number."""
    here = and_(calendar.c.school_id == tx.school_id, calendar.c.id == box.id)
    tx.connection.execute(update(calendar).where(here).values(seq=seq))
