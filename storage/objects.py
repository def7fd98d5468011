"""Calendar object resources: read through what a collection shows, written to the calendar that stores them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import and_, bindparam, insert, select, update

from storage import ical, ical_personal, masking, occurrences, policy, spelling
from storage.errors import InvalidObject, NotFound, PreconditionFailed, ReadOnly, UidConflict
from storage.examined import Examined, examine
from storage.ical import Facts, Span
from storage.listings import WHOLE, Listings
from storage.model import FOREVER, CalendarKind, CalendarObject, Collection, Expect, Written
from storage.schema import calendar, calendar_object, occurrence
from storage.zones import collection_zone

# Who only reads keeps a few alarms with each object, at the owner's expense.
MOST_OF_READER: Final = 4096

_o = calendar_object.c
_school = and_(_o.school_id == bindparam("school"), _o.ended.is_(None))
_STORED_BY_HREF = select(*WHOLE).where(_school, _o.calendar_id == bindparam("calendar"), _o.href == bindparam("href"))
_UID_HOLDER = select(_o.href).where(_school, _o.calendar_id == bindparam("calendar"), _o.uid == bindparam("uid"))
_STAMP_CALENDAR = (
    update(calendar)
    .where(
        calendar.c.school_id == bindparam("b_school"),
        calendar.c.id == bindparam("b_calendar"),
        calendar.c.ended.is_(None),
    )
    .values(seq=bindparam("b_seq"))
)
_REWRITE = update(calendar_object).where(_o.school_id == bindparam("b_school"), _o.id == bindparam("b_id"))
_REPLACE = _REWRITE.values(
    {name: bindparam(f"b_{name}") for name in ("component", "etag", "size", "starts", "ends", "recurring", "private")}
    | {name: bindparam(f"b_{name}") for name in ("indexed_until", "modified", "seq", "ical", "schedule_tag")}
)
_TOUCH = _REWRITE.values(seq=bindparam("b_seq"))
_BEGAN = _REWRITE.values(created=bindparam("b_created"))
_END = _REWRITE.values(ended=bindparam("b_seq"), seq=bindparam("b_seq"), ical=None)


def content_etag(text: bytes) -> str:
    """Return the entity tag of a text: the same bytes have the same tag, whoever wrote them."""
    return hashlib.sha256(text).hexdigest()[:32]


def indexed_until(facts: Facts, horizon: int) -> int:
    """Return how far the occurrence index of an object reaches; FOREVER when it is whole."""
    return horizon if facts.recurring and facts.ends > horizon else FOREVER


def _check(current: CalendarObject | None, expect: Expect) -> None:
    """Raise PreconditionFailed unless what is stored is what the writer expects (RFC 9110, 13.1)."""
    etag = current.etag if current else None
    if expect.absent and current is not None:
        raise PreconditionFailed(etag)
    if (expect.present or expect.etags) and current is None:
        raise PreconditionFailed(None)
    if expect.etags and etag not in expect.etags:
        raise PreconditionFailed(etag)


def _check_hidden(collection: Collection, current: CalendarObject | None, text: bytes | None = None) -> None:
    """Raise ReadOnly where the writer cannot see what is there, or could not see what is to be written."""
    private = (current is not None and current.private) or (text is not None and masking.is_private(text))
    if policy.hides(collection.mask, private=private):
        raise ReadOnly(collection.id, "write-content")


class Objects(Listings):
    """Objects of collections: everything that can be read, and the two ways to write."""

    def put(
        self,
        collection: Collection,
        href: str,
        text: bytes,
        expect: Expect | None = None,
        schedule_tag: str | None = None,
    ) -> Written:
        """Store one object under a name; the same bytes again change nothing.

        Where nothing has the name, the object of that UID under another spelling of it is what is written. Without a
        new `schedule_tag` the object keeps the one it has (RFC 6638, 3.2.10). Raises ReadOnly (also for what the writer
        may not see), PreconditionFailed, UidConflict (RFC 4791, 5.3.2.1) or InvalidObject; NotFound when the
        calendar was deleted meanwhile.
        """
        if not collection.rights.write:
            raise ReadOnly(collection.id, "write-content")
        found = self.examine(collection, text)
        self._tx.lock()
        current = self._meant(collection.id, href, found.facts.uid)
        href = href if current is None else current.href
        _check_hidden(collection, current, text)
        _check(self._as_seen(collection, current), expect or Expect())
        if not collection.viewer:
            return self._put(collection, href, found, (current, schedule_tag))
        shared, part = self._tx.personal.split(collection, current, text)
        written = self._put(collection, href, self.examine(collection, shared), (current, schedule_tag))
        kept = self._tx.personal.keep(collection, written.object.item, part)
        stored = self._touch(written.object) if kept and not written.changed else written.object
        seen = self._tx.personal.seen(stored, collection)
        return Written(seen, created=written.created, changed=written.changed or kept)

    def put_own(self, collection: Collection, href: str, text: bytes, expect: Expect | None = None) -> Written:
        """Keep a reader's own alarms and transparency of an object that others write; everybody else's stay.

        Raises ReadOnly unless the text says of everything else what is stored, in a calendar that people write;
        and PreconditionFailed or InvalidObject.
        """
        if not collection.viewer or collection.kind not in policy.WRITABLE:
            raise ReadOnly(collection.id, "write-content")
        self.examine(collection, text)
        self._tx.lock()
        current = self._stored(collection.id, href)
        _check_hidden(collection, current, text)
        if current is None or not ical_personal.same_to_reader(current.ical, text, self._tx.zone):
            raise ReadOnly(collection.id, "write-content")
        _check(self._as_seen(collection, current), expect or Expect())
        part = ical_personal.part_of(text, self._tx.zone)
        if len(part) > MOST_OF_READER:
            raise InvalidObject("max-resource-size", f"alarms of more than {MOST_OF_READER} bytes")
        kept = self._tx.personal.keep(collection, current.item, part)
        stored = self._touch(current) if kept else current
        return Written(self._tx.personal.seen(stored, collection), created=False, changed=kept)

    def _as_seen(self, collection: Collection, current: CalendarObject | None) -> CalendarObject | None:
        """Return what is stored with the entity tag that the writer knows."""
        return current if current is None else self._tx.personal.seen(current, collection)

    def _touch(self, current: CalendarObject) -> CalendarObject:
        """Stamp an object of which somebody sees another text than before, though what is stored is the same."""
        seq = self._tx.tick()[0]
        values = {"b_school": self._tx.school_id, "b_id": current.id, "b_seq": seq}
        self._tx.connection.execute(_TOUCH, values)
        self._stamp(current.calendar_id, seq)
        return replace(current, seq=seq)

    def _put(
        self, collection: Collection, href: str, found: Examined, former: tuple[CalendarObject | None, str | None]
    ) -> Written:
        """Store a text in place of the current object, with its new Schedule-Tag if it gets one."""
        facts, spans, horizon, text = found.facts, found.spans, found.horizon, found.text
        current, schedule_tag = former
        self._check_uid(collection.id, href, facts.uid, current)
        before = None if current is None else current.ical
        if current is not None and before == text:
            return Written(current, created=False, changed=False)
        named, unnamed = self._tx.attachments.check(collection.owner_id, text, current)
        values = self._content(facts, text, horizon)
        values["schedule_tag"] = schedule_tag if schedule_tag is not None else current.schedule_tag if current else ""
        stored = self._insert(collection.id, href, facts, values) if current is None else self._replace(current, values)
        if current is not None:
            self._tx.connection.execute(occurrences.DROP, {"school": self._tx.school_id, "object": stored.id})
        self._index(stored, spans)
        self._tx.attachments.refer(stored.id, named, unnamed)
        self._count(collection, len(text) - len(before or b""))
        return Written(stored, created=current is None, changed=True)

    def _count(self, collection: Collection, octets: int) -> None:
        if collection.owner_id is not None and collection.kind is not CalendarKind.INBOX:
            self._tx.usage.grow(collection.owner_id, octets)

    def examine(self, collection: Collection, text: bytes) -> Examined:
        """Return what there is to know of a text before it is written here; raises InvalidObject."""
        zone = collection_zone(collection, self._tx.zone)
        found = examine(text, zone, lambda: self._tx.now() + occurrences.HORIZON_SECONDS)
        if found.facts.component not in collection.components:
            raise InvalidObject("supported-calendar-component", f"{found.facts.component} is not kept in this calendar")
        return found

    def _index(self, stored: CalendarObject, spans: Iterable[Span]) -> None:
        index = list(occurrences.rows(self._tx.school_id, stored.calendar_id, stored.id, spans))
        if index:
            self._tx.connection.execute(insert(occurrence), index)

    def file(self, calendar_id: int, href: str, message: bytes, content: bytes) -> CalendarObject:
        """Store a scheduling message whose METHOD aside `content` is: an inbox may hold several of one UID."""
        zone, horizon = self._tx.zone, self._tx.now() + occurrences.HORIZON_SECONDS
        facts = replace(ical.inspect(content, zone), uid=href)
        values = self._content(facts, message, horizon) | {"schedule_tag": ""}
        stored = self._insert(calendar_id, href, facts, values)
        self._index(stored, ical.spans(content, zone, horizon))
        return stored

    def keep(self, calendar_id: int, href: str, kind: str, data: bytes) -> CalendarObject:
        """Store data that is no iCalendar text, such as a notice, under a name; it happens at no time."""
        self._tx.lock()
        facts = Facts(uid=href, component=kind, starts=0, ends=0, recurring=False, summary="")
        values = self._content(facts, data, self._tx.now()) | {"schedule_tag": "", "private": False}
        current = self._stored(calendar_id, href)
        return self._insert(calendar_id, href, facts, values) if current is None else self._replace(current, values)

    def move(
        self, old: tuple[Collection, str], new: tuple[Collection, str], expect: Expect, *, replace: bool
    ) -> Written:
        """Delete one (collection, name) that is as expected and store its text under another, or do nothing.

        Raises what `delete` and `put` raise; without `replace`, PreconditionFailed when the new name is taken.
        """
        if not old[0].rights.write:
            raise ReadOnly(old[0].id, "unbind")
        self._tx.lock()
        with self._tx.connection.begin_nested():
            found = self.get(*old)
            old = (old[0], found.href)
            self._tx.attachments.carry(found)
            self._end(*old, expect)
            written = self.put(*new, found.ical, Expect(absent=not replace), found.schedule_tag)
            self._tx.dead_properties.move((old[0].id, old[1]), (new[0].id, written.object.href))
            self._tx.origins.carry(found.item, written.object.item)
            self._tx.personal.carry(found.item, written.object)
            # RFC 4918, 15.1: what is moved was not made anew.
            began = {"b_school": self._tx.school_id, "b_id": written.object.id, "b_created": found.created}
            self._tx.connection.execute(_BEGAN, began)
            return written

    def _stored(self, calendar_id: int, href: str) -> CalendarObject | None:
        values = {"school": self._tx.school_id, "calendar": calendar_id, "href": href}
        row = self._tx.connection.execute(_STORED_BY_HREF, values).first()
        return None if row is None else CalendarObject(*row)

    def _meant(self, calendar_id: int, href: str, uid: str) -> CalendarObject | None:
        current = self._stored(calendar_id, href)
        if current is not None or not spelling.varies(href):
            return current
        holder = self._holder(calendar_id, uid)
        return self._stored(calendar_id, holder) if holder is not None and spelling.same(holder, href) else None

    def _holder(self, calendar_id: int, uid: str) -> str | None:
        values = {"school": self._tx.school_id, "calendar": calendar_id, "uid": uid}
        return self._tx.connection.execute(_UID_HOLDER, values).scalar()

    def _check_uid(self, calendar_id: int, href: str, uid: str, current: CalendarObject | None) -> None:
        """Raise UidConflict when another name holds the UID, or this name holds another UID."""
        if current is not None and current.uid != uid:
            raise UidConflict(current.uid, href)
        holder = self._holder(calendar_id, uid)
        if holder is not None and holder != href:
            raise UidConflict(uid, holder)

    def _content(self, facts: Facts, text: bytes, horizon: int) -> dict[str, Any]:
        """Return the columns that depend on the text alone."""
        return {
            "component": facts.component,
            "etag": content_etag(text),
            "size": len(text),
            "starts": facts.starts,
            "ends": facts.ends,
            "recurring": facts.recurring,
            "indexed_until": indexed_until(facts, horizon),
            "modified": self._tx.now(),
            "ical": text,
            "private": masking.is_private(text),
        }

    def _stamp(self, calendar_id: int, seq: int) -> None:
        """Stamp a calendar; raises NotFound when it ended between the request's first look and its turn to write."""
        values = {"b_school": self._tx.school_id, "b_calendar": calendar_id, "b_seq": seq}
        if self._tx.connection.execute(_STAMP_CALENDAR, values).rowcount == 0:
            raise NotFound("collection", calendar_id)

    def _insert(self, calendar_id: int, href: str, facts: Facts, values: dict[str, Any]) -> CalendarObject:
        seq = self._tx.tick()[0]
        row: dict[str, Any] = {
            "id": seq,
            "item": seq,
            "calendar_id": calendar_id,
            "href": href,
            "uid": facts.uid,
        } | values
        row |= {"school_id": self._tx.school_id, "born": seq, "seq": seq, "created": self._tx.now()}
        self._tx.connection.execute(insert(calendar_object), row)
        self._stamp(calendar_id, seq)
        named: dict[str, Any] = {column.name: row[column.name] for column in WHOLE}
        return CalendarObject(**named)

    def _replace(self, current: CalendarObject, values: dict[str, Any]) -> CalendarObject:
        seq = self._tx.tick()[0]
        named = {f"b_{name}": value for name, value in values.items()}
        named |= {"b_school": self._tx.school_id, "b_id": current.id, "b_seq": seq}
        self._tx.connection.execute(_REPLACE, named)
        self._stamp(current.calendar_id, seq)
        kept: dict[str, Any] = {column.name: getattr(current, column.name) for column in WHOLE}
        return CalendarObject(**kept | {name: value for name, value in values.items() if name in kept} | {"seq": seq})

    def delete(self, collection: Collection, href: str, expect: Expect | None = None, *, trash: bool = True) -> int:
        """End one object and return the number that stamps it; raises ReadOnly, NotFound or PreconditionFailed.

        It is kept in its owner's trash, unless the caller deletes it only to put it elsewhere.
        """
        gone, seq, attached = self._end(collection, href, expect)
        if trash:
            self._tx.trash.keep(collection, gone, attached)
        self._tx.dead_properties.forget_object((collection.id, href))
        self._tx.personal.forget(item=gone.item)
        return seq

    def _end(
        self, collection: Collection, href: str, expect: Expect | None
    ) -> tuple[CalendarObject, int, frozenset[str]]:
        """End one object and return it as it was, the number that stamps its end, and what it referred to."""
        if not collection.rights.write:
            raise ReadOnly(collection.id, "unbind")
        self._tx.lock()
        current = self._stored(collection.id, href)
        if current is None:
            raise NotFound("object", href)
        _check_hidden(collection, current)
        _check(self._as_seen(collection, current), expect or Expect())
        seq = self._tx.tick()[0]
        self._tx.connection.execute(_END, {"b_school": self._tx.school_id, "b_id": current.id, "b_seq": seq})
        self._tx.connection.execute(occurrences.DROP, {"school": self._tx.school_id, "object": current.id})
        self._stamp(current.calendar_id, seq)
        attached = self._tx.attachments.uses(current)
        self._tx.attachments.refer(current.id, (), attached)
        self._count(collection, -len(current.ical))
        return current, seq, attached
