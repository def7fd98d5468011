"""What sharees keep of shared objects for themselves: texts and tags of a shared calendar as one of them sees it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, insert, select, update

from storage import ical_personal, masking
from storage.errors import InvalidObject
from storage.masking import RowT
from storage.model import CalendarObject, Collection, Mask
from storage.schema import calendar_object
from storage.schema_sharing import personal

if TYPE_CHECKING:
    from storage.transaction import Transaction

MOST_OCTETS: Final = 64 * 1024

_p = personal.c
_of_viewer = and_(_p.school_id == bindparam("school"), _p.principal_id == bindparam("viewer"))
_PARTS = select(_p.item, _p.ical).where(_of_viewer, _p.item.in_(bindparam("items", expanding=True)))
_ALL_PARTS = select(_p.item, _p.ical).where(_of_viewer, _p.collection_id == bindparam("collection"))
_TAGS = select(_p.item, _p.tag).where(_of_viewer, _p.collection_id == bindparam("collection"))


class Personal:
    """The personal parts of one school; what is nobody else's calendar passes as it is."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def seen(self, found: CalendarObject, collection: Collection) -> CalendarObject:
        """Return an object as a person sees it: masked, or with what is the person's own."""
        if not collection.viewer:
            return masking.seen(found, collection.mask)
        return self.seen_all((found,), collection)[0]

    def viewer(self, collection: Collection) -> Callable[[CalendarObject], CalendarObject]:
        """Return what shows the objects of a collection as a person sees them, asking for the parts of all at once."""
        parts = self._parts(collection, None) if collection.viewer else {}

        def view(found: CalendarObject) -> CalendarObject:
            shown = masking.seen(found, collection.mask)
            return self._with(shown, parts.get(shown.item, b"")) if collection.viewer else shown

        return view

    def seen_all(self, found: Sequence[CalendarObject], collection: Collection) -> list[CalendarObject]:
        """Return objects as a person sees them."""
        shown = [masking.seen(each, collection.mask) for each in found]
        if not collection.viewer or all(each.masked for each in shown):
            return shown
        parts = self._parts(collection, [each.item for each in shown])
        return [self._with(each, parts.get(each.item, b"")) for each in shown]

    def seen_rows(self, rows: Iterable[RowT], collection: Collection) -> list[RowT]:
        """Return rows of a listing as a person sees them; of shared objects the length is UNTOLD."""
        if not collection.viewer:
            return masking.seen_rows(rows, collection.mask)
        listed = masking.seen_rows(rows, collection.mask)
        if collection.mask is Mask.ALL:
            return listed
        named = {"school": self._tx.school_id, "viewer": collection.viewer, "collection": collection.id}
        tags: dict[int, str] = dict(map(tuple, self._tx.connection.execute(_TAGS, named)))
        return [self._row(each, tags.get(each.item)) for each in listed]

    def _row(self, row: RowT, tag: str | None) -> RowT:
        if row.size == masking.UNTOLD:
            return row
        etag = row.etag if tag is None or row.etag is None else _combined(row.etag, tag)
        return row._replace(etag=etag, size=masking.UNTOLD)

    def _parts(self, collection: Collection, items: Sequence[int] | None) -> dict[int, bytes]:
        named: dict[str, Any] = {"school": self._tx.school_id, "viewer": collection.viewer}
        if items is None:
            found = self._tx.connection.execute(_ALL_PARTS, named | {"collection": collection.id})
        else:
            found = self._tx.connection.execute(_PARTS, named | {"items": list(items)})
        return {item: bytes(part) for item, part in found}

    def _with(self, found: CalendarObject, part: bytes) -> CalendarObject:
        if found.masked:
            return found
        text = ical_personal.with_part(found.ical, part, self._tx.zone)
        return replace(found, ical=text, etag=_combined(found.etag, _tag(part)) if part else found.etag)

    def split(self, collection: Collection, current: CalendarObject | None, text: bytes) -> tuple[bytes, bytes]:
        """Return what a sharee's text says to everybody and the sharee's own part of it; raises InvalidObject.

        What is its owner's own stays in the object; nobody else's is in a new one.
        """
        part = ical_personal.part_of(text, self._tx.zone)
        if len(part) > MOST_OCTETS:
            raise InvalidObject("max-resource-size", f"alarms of more than {MOST_OCTETS} bytes")
        before = b"" if current is None else current.ical
        if current is not None and ical_personal.same(before, text):
            return before, part
        owners = ical_personal.part_of(before, self._tx.zone) if before else b""
        return ical_personal.with_part(text, owners, self._tx.zone), part

    def keep(self, collection: Collection, item: int, part: bytes) -> bool:
        """Store a sharee's part of an object; tell whether it is another one than before."""
        before = self._parts(collection, [item]).get(item, b"")
        if before == part:
            return False
        here = and_(_p.school_id == self._tx.school_id, _p.principal_id == collection.viewer, _p.item == item)
        self._tx.connection.execute(delete(personal).where(here))
        if part:
            row: dict[str, Any] = {"school_id": self._tx.school_id, "principal_id": collection.viewer, "item": item}
            row |= {"collection_id": collection.id, "tag": _tag(part), "ical": part}
            self._tx.connection.execute(insert(personal), row)
        return True

    def carry(self, old: int, new: CalendarObject) -> None:
        """Let everybody's parts of an object that is moved go along."""
        here = and_(_p.school_id == self._tx.school_id, _p.item == old)
        values = {"item": new.item, "collection_id": new.calendar_id}
        self._tx.connection.execute(update(personal).where(here).values(values))

    def clean(self) -> None:
        """Drop the parts of objects that were purged; until then an import that is undone brings them back."""
        self._tx.require_writing()
        kept = select(calendar_object.c.item).where(calendar_object.c.school_id == self._tx.school_id)
        gone = and_(_p.school_id == self._tx.school_id, _p.item.not_in(kept))
        self._tx.connection.execute(delete(personal).where(gone))

    def forget(self, *, item: int | None = None, collection: int | None = None, person: int | None = None) -> None:
        """Drop everybody's parts of an object or of a calendar that is gone, or all that a person kept."""
        self._tx.lock()
        pairs = ((_p.item, item), (_p.collection_id, collection), (_p.principal_id, person))
        meant = [column == value for column, value in pairs if value is not None]
        self._tx.connection.execute(delete(personal).where(_p.school_id == self._tx.school_id, *meant))


def _tag(part: bytes) -> str:
    return hashlib.sha256(part).hexdigest()[:32]


def _combined(etag: str, tag: str) -> str:
    """Return the entity tag of an object together with a personal part."""
    return hashlib.sha256(f"personal {etag} {tag}".encode()).hexdigest()[:32]
