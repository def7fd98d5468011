"""What a school decided about its imports: thresholds, what is left out, who is who; named JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, select

from storage.schema_imports import import_choice

if TYPE_CHECKING:
    from storage.transaction import Transaction


class ImportChoices:
    """The choices of one school; they outlive every import (R212, R213)."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def get(self, name: str) -> Any:
        """Return the value of a choice, None when nothing was chosen."""
        this = and_(import_choice.c.school_id == self._tx.school_id, import_choice.c.name == name)
        return self._tx.connection.execute(select(import_choice.c.value).where(this)).scalar()

    def all(self) -> dict[str, Any]:
        """Return every choice by name."""
        here = import_choice.c.school_id == self._tx.school_id
        return dict(self._tx.connection.execute(select(import_choice.c.name, import_choice.c.value).where(here)).all())

    def set(self, name: str, value: Any) -> None:
        """Keep a choice in place of what was chosen before; None takes it back."""
        self._tx.require_writing()
        this = and_(import_choice.c.school_id == self._tx.school_id, import_choice.c.name == name)
        self._tx.connection.execute(delete(import_choice).where(this))
        if value is not None:
            row = {"school_id": self._tx.school_id, "name": name, "value": value}
            self._tx.connection.execute(insert(import_choice), row)
