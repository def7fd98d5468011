"""Deposited files: each is kept and queued in one transaction, a later one replacing one that waits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, delete, func, insert, select

from storage.accesses import Access
from storage.imports import DISCARDED, NewRun
from storage.schema_deposit import import_untold

if TYPE_CHECKING:
    from storage.transaction import Transaction

AUTOMATIC: Final = "automatic"
EMPTY: Final = "empty-file"
SECOND: Final = "second-file"
# A deposit is recognised when its turn comes, not while its sender waits.
UNREAD: Final = "?"
# EDT may send a second file in the same minute, for Pronote alone; another ENT's log shows it refused every time.
_SECOND: Final = re.compile(r"edt_pronote", re.IGNORECASE)


class Deposits:
    """What was deposited into one school; none of this stamps the school's clock."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def take(self, access: Access, path: str, content: bytes) -> bool:
        """Keep a file and queue its import; True when this access deposited nothing of this path that is still listed.

        An empty file, or the second one that EDT sends for Pronote alone, is put aside with a word in the history.
        """
        self._tx.require_writing()
        name = path.rpartition("/")[2]
        kept = self._tx.import_files.keep(name, content)
        run = NewRun(AUTOMATIC, UNREAD, name, kept.hash, kept.id, access.id)
        run_id = self._tx.imports.queue(run)
        self._tx.accesses.note_use(access.id)
        new = self._tx.deposit_folder.show(access, path, kept.size, kept.hash)
        aside = SECOND if is_second(name) else "" if content else EMPTY
        if aside:
            self._tx.imports.finish(run_id, DISCARDED, {"reason": aside})
            return new
        self._tx.connection.execute(insert(import_untold), {"school_id": self._tx.school_id, "run_id": run_id})
        self._tx.imports.supersede(AUTOMATIC, run_id)
        return new

    def claim_untold(self, run_id: str) -> bool:
        """Tell whether nobody was told of a run yet, and note that they are now."""
        self._tx.require_writing()
        this = and_(import_untold.c.school_id == self._tx.school_id, import_untold.c.run_id == run_id)
        return self._tx.connection.execute(delete(import_untold).where(this)).rowcount > 0

    def untold(self) -> int:
        """Return of how many runs nobody was told yet, those that wait included."""
        query = select(func.count()).where(import_untold.c.school_id == self._tx.school_id)
        return int(self._tx.connection.execute(query).scalar_one())


def is_second(name: str) -> bool:
    """Tell whether a file is the one that EDT sends for Pronote alone."""
    return _SECOND.match(name) is not None
