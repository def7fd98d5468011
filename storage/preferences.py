"""What people say about being invited: when they can be (RFC 7953), and where invitations go (RFC 6638, 9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, select

from storage.model import CalendarKind, Collection, Principal
from storage.schema_preferences import scheduling_preference

if TYPE_CHECKING:
    from storage.transaction import Transaction

# Kinds that take invitations: calendars whose owner writes them and that hold events.
TAKING: Final = frozenset({CalendarKind.DEFAULT, CalendarKind.SECONDARY})

_p = scheduling_preference.c
_OF = select(_p.availability, _p.default_calendar).where(
    _p.school_id == bindparam("school"), _p.principal_id == bindparam("principal")
)


class Preferences:
    """The scheduling preferences of one school's people."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _of(self, principal_id: int) -> tuple[str, int | None]:
        values = {"school": self._tx.school_id, "principal": principal_id}
        row = self._tx.connection.execute(_OF, values).first()
        return ("", None) if row is None else (row.availability, row.default_calendar)

    def availability(self, person: Principal) -> str:
        """Return a person's VCALENDAR with VAVAILABILITY components as it was written, "" when there is none."""
        return self._of(person.id)[0]

    def set_availability(self, person: Principal, text: str) -> None:
        """Keep a person's availability, "" for none; its validity is the caller's to check."""
        self._write(person.id, availability=text)

    def default_calendar(self, person: Principal) -> Collection | None:
        """Return where invitations to a person are put: where the person wants them, else the default calendar."""
        wanted = self._of(person.id)[1]
        fit = [each for each in self._tx.collections.subscribed(person) if self.takes_invitations(each)]
        chosen = next((each for each in fit if each.id == wanted), None)
        return chosen or next((each for each in fit if each.kind is CalendarKind.DEFAULT), None)

    def takes_invitations(self, collection: Collection) -> bool:
        """Tell whether invitations may be put into a collection: one's own, writable, for events."""
        right = collection.owned and collection.rights.write and collection.kind in TAKING
        return right and "VEVENT" in collection.components

    def set_default_calendar(self, person: Principal, collection_id: int | None) -> None:
        """Choose where invitations to a person are put, None for the default calendar."""
        self._write(person.id, default_calendar=collection_id)

    def _write(self, principal_id: int, **changed: Any) -> None:
        self._tx.lock()
        availability, default_calendar = self._of(principal_id)
        key = {"school_id": self._tx.school_id, "principal_id": principal_id}
        row = key | {"availability": availability, "default_calendar": default_calendar} | changed
        self.forget_person(principal_id)
        self._tx.connection.execute(insert(scheduling_preference), row)

    def forget_person(self, principal_id: int) -> None:
        """Forget what a person said: the person leaves."""
        mine = (_p.school_id == self._tx.school_id, _p.principal_id == principal_id)
        self._tx.connection.execute(delete(scheduling_preference).where(*mine))
