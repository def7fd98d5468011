"""Notices to people about what others share with them, and about what became of what they share.

They are kept as objects of a collection of their own, one for each person, so that they have tokens and tags like
everything else; what they say is plain data, which protocols word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, insert, select, update

from storage.collections import own_feed
from storage.errors import NotFound, WritingRequired
from storage.model import CalendarKind, CalendarObject, Collection, Expect, Principal, Rights
from storage.schema import calendar, calendar_object, feed

if TYPE_CHECKING:
    from storage.transaction import Transaction

SLUG: Final = "notifications"
# Whoever has not read a notice after three months will not.
KEPT_SECONDS: Final = 90 * 86_400
COMPONENT: Final = "NOTICE"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: `kind` "invite" or "reply", the invitation's `uid`, its status, and who shares what as whom.

    `sender` and `recipient` are (login, name), `calendar` the owner's slug of it; `at` is epoch seconds.
    """

    kind: str
    uid: str
    status: str
    access: str
    owner: tuple[str, str]
    sharee: tuple[str, str]
    calendar: str
    summary: str
    components: tuple[str, ...]
    at: int

    @property
    def href(self) -> str:
        """The name under which it is kept: of one invitation each person has one notice of a kind."""
        return f"{self.uid}.xml" if self.kind == "invite" else f"{self.uid}-{self.kind}.xml"

    @property
    def data(self) -> bytes:
        """What is stored."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()


def read(data: bytes) -> Notice:
    """Return a notice from what is stored."""
    fields: Mapping[str, Any] = json.loads(data)
    pairs = {name: tuple(fields[name]) for name in ("owner", "sharee", "components")}
    return Notice(**{**fields, **pairs})


class Notices:
    """The notices of one school; a person's collection is made when it is first needed."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def of(self, person: Principal) -> Collection:
        """Return a person's collection; raises WritingRequired in a reading transaction when there is none yet."""
        found = self._find(person)
        if found is None:
            if not self._tx.writable:
                raise WritingRequired
            self._tx.lock()
            found = self._find(person) or self._make(person)
        return found

    def all(self, person: Principal) -> tuple[tuple[CalendarObject, Notice], ...]:
        """Return a person's notices, oldest first."""
        box = self.of(person)
        names = [entry.href for entry in self._tx.objects.entries(box)]
        found = sorted(self._tx.objects.many(box, names).values(), key=lambda each: each.seq)
        return tuple((each, read(each.ical)) for each in found)

    def add(self, person: Principal, notice: Notice) -> None:
        """Tell a person something, in place of what the same invitation said before."""
        box = self.of(person)
        self._forget(box)
        self._tx.objects.keep(box.id, notice.href, COMPONENT, notice.data)

    def remove(self, person: Principal, href: str, expect: Expect | None = None) -> None:
        """Delete a notice that has been read; raises NotFound or PreconditionFailed."""
        self._tx.objects.delete(_collection(person, self.of(person).id, 0, Rights(write=True)), href, expect)

    def drop(self, person: Principal, href: str) -> None:
        """Delete a notice that says nothing any more, if it is there."""
        try:
            self.remove(person, href)
        except NotFound:
            return

    def _find(self, person: Principal) -> Collection | None:
        query = select(calendar.c.id, calendar.c.seq).where(
            calendar.c.school_id == self._tx.school_id,
            calendar.c.owner_id == person.id,
            calendar.c.kind == CalendarKind.NOTIFICATIONS.value,
        )
        row = self._tx.connection.execute(query).first()
        return None if row is None else _collection(person, row.id, row.seq)

    def _make(self, person: Principal) -> Collection:
        number, feed_id = self._tx.tick(2)
        school = {"school_id": self._tx.school_id}
        row = {"id": number, "kind": CalendarKind.NOTIFICATIONS.value, "owner_id": person.id, "name": SLUG}
        row |= {"description": "", "timezone": "", "components": COMPONENT, "seq": number, "purged": 0}
        self._tx.connection.execute(insert(calendar), school | row)
        self._tx.connection.execute(insert(feed), school | own_feed(feed_id, number))
        return _collection(person, number, number)

    def _forget(self, box: Collection) -> None:
        o = calendar_object.c
        here = and_(o.school_id == self._tx.school_id, o.calendar_id == box.id, o.ended.is_(None))
        old = and_(here, o.modified < self._tx.now() - KEPT_SECONDS)
        if self._tx.connection.execute(select(o.id).where(old).limit(1)).first() is not None:
            seq = self._tx.tick()[0]
            self._tx.connection.execute(update(calendar_object).where(old).values(ended=seq, seq=seq, ical=None))
            this = and_(calendar.c.school_id == self._tx.school_id, calendar.c.id == box.id)
            self._tx.connection.execute(update(calendar).where(this).values(seq=seq))


def _collection(person: Principal, number: int, head: int, rights: Rights | None = None) -> Collection:
    return Collection(
        id=number,
        kind=CalendarKind.NOTIFICATIONS,
        owner_id=person.id,
        slug=SLUG,
        name=SLUG,
        colour="",
        position=0,
        description="",
        timezone="",
        components=(COMPONENT,),
        rights=rights or Rights(),
        synchronised=True,
        owned=True,
        head=head,
    )
