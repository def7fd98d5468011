"""Manual imports that were begun and not yet launched: they survive a restart (R114 to R160)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, select, update

from storage.errors import NotFound
from storage.identifiers import ordered_id
from storage.schema_people import import_draft

if TYPE_CHECKING:
    from storage.transaction import Transaction

_d = import_draft.c


@dataclass(frozen=True, slots=True)
class ImportDraft:
    """A draft: the kept file it is about and what was chosen so far (importers.wizard)."""

    id: str
    file_id: str
    file_name: str
    started: int
    changed: int
    data: Mapping[str, Any]


class ImportDrafts:
    """The drafts of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def begin(self, file_id: str, file_name: str, data: Mapping[str, Any]) -> ImportDraft:
        """Keep a new draft and return it."""
        self._tx.require_writing()
        now = self._tx.now()
        made = ImportDraft(ordered_id(), file_id, file_name, now, now, dict(data))
        row = {"school_id": self._tx.school_id, "id": made.id, "file_id": file_id, "file_name": file_name}
        row |= {"started": now, "changed": now, "data": dict(data)}
        self._tx.connection.execute(insert(import_draft), row)
        return made

    def all(self) -> tuple[ImportDraft, ...]:
        """Return the drafts, newest first."""
        columns = (_d.id, _d.file_id, _d.file_name, _d.started, _d.changed, _d.data)
        query = select(*columns).where(_d.school_id == self._tx.school_id).order_by(_d.id.desc())
        return tuple(ImportDraft(*row) for row in self._tx.connection.execute(query))

    def get(self, draft_id: str) -> ImportDraft:
        """Return a draft by its id or its beginning; raises NotFound."""
        found = [draft for draft in self.all() if draft.id.startswith(draft_id)]
        if len(found) != 1:
            raise NotFound("import-draft", draft_id)
        return found[0]

    def change(self, draft_id: str, data: Mapping[str, Any]) -> None:
        """Keep what was chosen in place of what was chosen before."""
        self._tx.require_writing()
        this = and_(_d.school_id == self._tx.school_id, _d.id == draft_id)
        values = {"data": dict(data), "changed": self._tx.now()}
        self._tx.connection.execute(update(import_draft).where(this).values(**values))

    def expire(self, before: int) -> tuple[ImportDraft, ...]:
        """Forget the drafts that nobody touched since a moment (epoch seconds), and return them."""
        gone = tuple(draft for draft in self.all() if draft.changed < before)
        for draft in gone:
            self.drop(draft.id)
        return gone

    def drop(self, draft_id: str) -> None:
        """Forget a draft; its file stays until its retention time."""
        self._tx.require_writing()
        this = and_(_d.school_id == self._tx.school_id, _d.id == draft_id)
        self._tx.connection.execute(delete(import_draft).where(this))
