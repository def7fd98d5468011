"""Reminders that a person has put on entries they may not write: theirs alone, beside the shared text.

No calendar is stamped by one: it is shown on that person's phones only, whose states are marked by who writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, select

from storage.schema import calendar_object
from storage.schema_phones import reminder_overlay

if TYPE_CHECKING:
    from storage.transaction import Transaction

_r = reminder_overlay.c


class Overlays:
    """The reminders of one school's people."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def of(self, principal_id: int, collection_id: int) -> Mapping[tuple[int, str], int | None]:
        """Return minutes before the start, None for no reminder, by item and occurrence ("" for the whole item)."""
        here = and_(self._person(principal_id), _r.collection_id == collection_id)
        rows = self._tx.connection.execute(select(_r.item, _r.suffix, _r.minutes).where(here))
        return {(row.item, row.suffix): row.minutes for row in rows}

    def _person(self, principal_id: int) -> Any:
        return and_(_r.school_id == self._tx.school_id, _r.principal_id == principal_id)

    def put(self, where: tuple[int, int], item: tuple[int, str], minutes: int | None) -> None:
        """Keep a reminder for (person, collection) on (item, occurrence)."""
        self.drop(where, item)
        row = dict(zip(("principal_id", "collection_id", "item", "suffix"), (*where, *item), strict=True))
        self._tx.connection.execute(
            insert(reminder_overlay), row | {"school_id": self._tx.school_id, "minutes": minutes}
        )

    def drop(self, where: tuple[int, int], item: tuple[int, str]) -> None:
        """Take a reminder back: the entry's own counts again."""
        self._tx.lock()
        (principal_id, collection_id), (number, suffix) = where, item
        entry = and_(_r.collection_id == collection_id, _r.item == number, _r.suffix == suffix)
        self._tx.connection.execute(delete(reminder_overlay).where(self._person(principal_id), entry))

    def clean(self) -> None:
        """Drop the reminders of entries that were purged; until then an import that is undone brings them back."""
        self._tx.require_writing()
        kept = select(calendar_object.c.item).where(calendar_object.c.school_id == self._tx.school_id)
        gone = and_(_r.school_id == self._tx.school_id, _r.item.not_in(kept))
        self._tx.connection.execute(delete(reminder_overlay).where(gone))

    def forget_person(self, principal_id: int) -> None:
        """Drop all of a person's reminders."""
        self._tx.require_writing()
        self._tx.connection.execute(delete(reminder_overlay).where(self._person(principal_id)))
