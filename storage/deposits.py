"""Deposited files: each is kept and queued in one transaction, a later one replacing one that waits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, func, insert, select

from storage.accesses import Access
from storage.imports import DISCARDED, NewRun
from storage.schema import import_run
from storage.schema_deposit import import_untold
from storage.schema_imports import import_file

if TYPE_CHECKING:
    from storage.transaction import Transaction

AUTOMATIC: Final = "automatic"
EMPTY: Final = "empty-file"
SECOND: Final = "second-file"
LISTED: Final = 100
# A deposit is recognised when its turn comes, not while its sender waits.
UNREAD: Final = "?"
# EDT may send a second file in the same minute, for Pronote alone; another ENT's log shows it refused every time.
_SECOND: Final = re.compile(r"edt_pronote", re.IGNORECASE)

_r = import_run.c
_f = import_file.c


@dataclass(frozen=True, slots=True)
class Deposited:
    """A file as its depositor may list it: `hash` is its SHA-256 in hex, `received` epoch seconds."""

    name: str
    size: int
    hash: str
    received: int


class Deposits:
    """What was deposited into one school; none of this stamps the school's clock."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def take(self, access: Access, name: str, content: bytes) -> bool:
        """Keep a file and queue its import; True when nothing of this name was deposited by this access before.

        An empty file, or the second one that EDT sends for Pronote alone, is put aside with a word in the history.
        """
        self._tx.require_writing()
        new = self.named(access, name) is None
        kept = self._tx.import_files.keep(name, content)
        run = NewRun(AUTOMATIC, UNREAD, name, kept.hash, kept.id, access.id)
        run_id = self._tx.imports.queue(run)
        self._tx.accesses.note_use(access.id)
        aside = SECOND if _SECOND.match(name) else "" if content else EMPTY
        if aside:
            self._tx.imports.finish(run_id, DISCARDED, {"reason": aside})
            return new
        self._tx.connection.execute(insert(import_untold), {"school_id": self._tx.school_id, "run_id": run_id})
        self._tx.imports.supersede(AUTOMATIC, run_id)
        return new

    def listed(self, access: Access) -> tuple[Deposited, ...]:
        """Return what was deposited by an access, by name the latest file, newest first."""
        found: dict[str, Deposited] = {}
        for each in self._select(access, LISTED):
            found.setdefault(each.name, each)
        return tuple(found.values())

    def named(self, access: Access, name: str) -> Deposited | None:
        """Return the latest file of a name deposited by an access, None when there is none."""
        return next(iter(self._select(access, 1, name)), None)

    def _select(self, access: Access, limit: int, name: str | None = None) -> tuple[Deposited, ...]:
        file = and_(_f.school_id == _r.school_id, _f.id == _r.file_id)
        here = and_(_r.school_id == self._tx.school_id, _r.kind == AUTOMATIC, _r.access_id == access.id)
        query = select(_f.name, _f.size, _f.hash, _f.received).select_from(import_run.join(import_file, file))
        query = query.where(here if name is None else and_(here, _r.file_name == name)).order_by(_r.id.desc())
        return tuple(Deposited(*row) for row in self._tx.connection.execute(query.limit(limit)))

    def claim_untold(self, run_id: str) -> bool:
        """Tell whether nobody was told of a run yet, and note that they are now."""
        self._tx.require_writing()
        this = and_(import_untold.c.school_id == self._tx.school_id, import_untold.c.run_id == run_id)
        return self._tx.connection.execute(delete(import_untold).where(this)).rowcount > 0

    def untold(self) -> int:
        """Return of how many runs nobody was told yet, those that wait included."""
        query = select(func.count()).where(import_untold.c.school_id == self._tx.school_id)
        return int(self._tx.connection.execute(query).scalar_one())
