"""Files handed over for import: kept until their retention time, since they hold the names of minors."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, insert, or_, select, update

from storage.errors import NotFound
from storage.identifiers import ordered_id
from storage.imports import GONE
from storage.schema_imports import import_file

if TYPE_CHECKING:
    from storage.transaction import Transaction

_f = import_file.c


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file as listed: `hash` is its SHA-256 in hex, `received` epoch seconds; `kept` until its content is dropped."""

    id: str
    name: str
    hash: str
    size: int
    received: int
    kept: bool


class ImportFiles:
    """The files of one school; none of this stamps the school's clock."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def keep(self, name: str, content: bytes) -> ImportFile:
        """Store a file and return what is known of it."""
        self._tx.require_writing()
        digest = hashlib.sha256(content).hexdigest()
        made = ImportFile(ordered_id(), name, digest, len(content), self._tx.now(), kept=True)
        row = {
            "school_id": self._tx.school_id,
            "id": made.id,
            "name": name,
            "hash": digest,
            "size": made.size,
            "received": made.received,
            "content": zlib.compress(content, 1),
        }
        self._tx.connection.execute(insert(import_file), row)
        return made

    def content(self, file_id: str) -> bytes:
        """Return the bytes of a file; raises NotFound when there is none or its content was dropped."""
        found = self._tx.connection.execute(select(_f.content).where(self._this(file_id))).scalar()
        if found is None:
            raise NotFound("import file", file_id)
        return zlib.decompress(bytes(found))

    def about(self, file_id: str) -> ImportFile:
        """Return what is known of a file; raises NotFound."""
        query = select(_f.id, _f.name, _f.hash, _f.size, _f.received, _f.content.is_not(None))
        row = self._tx.connection.execute(query.where(self._this(file_id))).first()
        if row is None:
            raise NotFound("import file", file_id)
        return ImportFile(row.id, row.name, row.hash, row.size, row.received, bool(row[5]))

    def drop(self, file_id: str) -> None:
        """Forget the content of a file; its name, size and fingerprint stay for the history."""
        self._tx.require_writing()
        self._tx.connection.execute(update(import_file).where(self._this(file_id)).values(content=None))

    def forget(self, before: int) -> int:
        """Forget the files received before a moment (epoch seconds) and return how many.

        Their names go too, also of those whose content was dropped before: one may be somebody's.
        """
        self._tx.require_writing()
        held = or_(_f.content.is_not(None), _f.name != GONE)
        old = and_(_f.school_id == self._tx.school_id, _f.received < before, held)
        return self._tx.connection.execute(update(import_file).where(old).values(content=None, name=GONE)).rowcount

    def _this(self, file_id: str) -> ColumnElement[bool]:
        return and_(_f.school_id == self._tx.school_id, _f.id == file_id)
