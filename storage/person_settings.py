"""What people have set for themselves, by name, as plain JSON data; nothing of it is stamped, no client follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, select

from storage.schema_person_settings import person_setting

if TYPE_CHECKING:
    from storage.transaction import Transaction

_p = person_setting.c


class PersonSettings:
    """The settings of one school's people."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _one(self, principal_id: int, name: str) -> Any:
        return and_(_p.school_id == self._tx.school_id, _p.principal_id == principal_id, _p.name == name)

    def get(self, principal_id: int, name: str) -> Mapping[str, Any] | None:
        """Return what a person has set under a name, None when nothing."""
        query = select(_p.value).where(self._one(principal_id, name))
        found: Mapping[str, Any] | None = self._tx.connection.execute(query).scalar()
        return found

    def set(self, principal_id: int, name: str, value: Mapping[str, Any]) -> None:
        """Keep a value under a name, in place of the one before; limits are the caller's to check."""
        if self.get(principal_id, name) == value:
            return
        self._tx.lock()
        self._tx.connection.execute(delete(person_setting).where(self._one(principal_id, name)))
        row = {"school_id": self._tx.school_id, "principal_id": principal_id, "name": name, "value": dict(value)}
        self._tx.connection.execute(insert(person_setting), row)

    def forget_person(self, principal_id: int) -> None:
        """Drop all that a person has set."""
        self._tx.require_writing()
        here = and_(_p.school_id == self._tx.school_id, _p.principal_id == principal_id)
        self._tx.connection.execute(delete(person_setting).where(here))
