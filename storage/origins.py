"""What a resource is, whatever its address: numbers that survive a move (RFC 5842, 3.1)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, delete, exists, insert, select

from storage import shown
from storage.schema import calendar_object, feed
from storage.schema_delegations import object_origin

if TYPE_CHECKING:
    from storage.transaction import Transaction

_NAMESPACE: Final = uuid.UUID("8c5f2a0e-6d0b-5c1b-9a37-1f6f2f0d4e11")

_o = object_origin.c
_ORIGIN = select(_o.origin).where(_o.school_id == bindparam("school"), _o.item == bindparam("item"))
_AMONG = (
    select(_o.item, _o.origin)
    .select_from(
        feed.join(calendar_object, shown.same_calendar).join(
            object_origin, and_(_o.school_id == calendar_object.c.school_id, _o.item == calendar_object.c.item)
        )
    )
    .where(shown.live_feed, shown.visible_now)
)
_GONE = delete(object_origin).where(
    _o.school_id == bindparam("b_school"),
    ~exists().where(
        calendar_object.c.school_id == _o.school_id,
        calendar_object.c.item == _o.item,
        calendar_object.c.ended.is_(None),
    ),
)


class Origins:
    """Where the moved objects of one school come from; an object that never moved is its own origin."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def of(self, item: int) -> int:
        """Return the item that an object was before its first move."""
        found = self._tx.connection.execute(_ORIGIN, {"school": self._tx.school_id, "item": item}).scalar()
        return item if found is None else int(found)

    def among(self, collection_id: int) -> dict[int, int]:
        """Return the origins of the objects of a collection that moved, by item."""
        values = {"school": self._tx.school_id, "collection": collection_id}
        return {row.item: row.origin for row in self._tx.connection.execute(_AMONG, values)}

    def carry(self, old: int, new: int) -> None:
        """Make what is now one item the same thing as what was another one."""
        origin = self.of(old)
        here = and_(_o.school_id == self._tx.school_id, _o.item.in_((old, new)))
        self._tx.connection.execute(delete(object_origin).where(here))
        row = {"school_id": self._tx.school_id, "item": new, "origin": origin}
        self._tx.connection.execute(insert(object_origin), row)

    def forget_gone(self) -> None:
        """Drop the origins of objects that are no longer there."""
        self._tx.require_writing()
        self._tx.connection.execute(_GONE, {"b_school": self._tx.school_id})

    def of_object(self, origin: int) -> str:
        """Return the URI of an object by its origin."""
        return self._uri("object", origin)

    def of_collection(self, collection_id: int) -> str:
        """Return the URI of a collection."""
        return self._uri("collection", collection_id)

    def _uri(self, kind: str, number: int) -> str:
        return uuid.uuid5(_NAMESPACE, f"{self._tx.school.code}/{kind}/{number}").urn
