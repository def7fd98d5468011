"""A deposit folder as its depositor sees it: subfolders and probe files for a day, exports by name only.

WebDAV clients make a folder, write a file, read it back and delete it before they trust a server. What they try with is
kept here and never becomes an import; of an export there is only what a listing tells, for its content never comes out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from storage.accesses import Access
from storage.errors import LimitReached, NotFound
from storage.schema_deposit import import_access
from storage.schema_deposit_folder import PATH_LENGTH, deposit_entry

if TYPE_CHECKING:
    from storage.transaction import Transaction

__all__ = ["DEPTH", "FOLDERS", "PATH_LENGTH", "PROBES", "PROBE_OCTETS", "DepositFolder", "Entry"]

DEPTH: Final = 4
FOLDERS: Final = 16
PROBES: Final = 32
PROBE_OCTETS: Final = 64 * 1024
EXPORTS: Final = 100
DAY_SECONDS: Final = 86_400
EXPORT_SECONDS: Final = 30 * DAY_SECONDS

_e = deposit_entry.c


@dataclass(frozen=True, slots=True)
class Entry:
    """What a name below a deposit address stands for: `path` has slashes inside only, `received` is epoch seconds.

    `hash` is the SHA-256 in hex of a file, "" of a folder; only a `probe` has a content that may be read back.
    """

    path: str
    folder: bool
    size: int
    hash: str
    received: int
    probe: bool


class DepositFolder:
    """The deposit folders of one school, each access its own; none of this stamps the school's clock."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def entry(self, access: Access, path: str) -> Entry | None:
        """Return what a path stands for, None when nothing is there."""
        return next(iter(self._select(access, _e.path == path)), None)

    def below(self, access: Access, path: str = "") -> tuple[Entry, ...]:
        """Return everything below a folder, however deep, by path; "" is the deposit address itself."""
        return self._select(access, *([_under(path)] if path else []))

    def content(self, access: Access, path: str) -> bytes:
        """Return the bytes of a probe file; raises NotFound for everything else."""
        found = self._tx.connection.execute(select(_e.content).where(self._live(access, _e.path == path))).scalar()
        if found is None:
            raise NotFound("probe file", path)
        return bytes(found)

    def make(self, access: Access, path: str) -> None:
        """Make a subfolder where nothing is; raises LimitReached("deposit folders")."""
        self._tidy(access)
        if sum(each.folder for each in self.below(access)) >= FOLDERS:
            raise LimitReached("deposit folders", FOLDERS)
        self._put(access, path, folder=True)

    def keep(self, access: Access, path: str, content: bytes) -> bool:
        """Keep a probe file for a day and tell whether its name is new; raises LimitReached("probe files")."""
        self._tidy(access)
        others = [each for each in self.below(access) if each.probe and each.path != path]
        if len(others) >= PROBES:
            raise LimitReached("probe files", PROBES)
        new = self.entry(access, path) is None
        self._put(access, path, content=content, size=len(content), hash=hashlib.sha256(content).hexdigest())
        return new

    def show(self, access: Access, path: str, size: int, digest: str) -> bool:
        """List an export by its name, in the place of whatever had it; tell whether the name is new."""
        self._tidy(access)
        new = self.entry(access, path) is None
        seconds = DAY_SECONDS if "/" in path else EXPORT_SECONDS
        self._put(access, path, seconds, size=size, hash=digest)
        exports = [each for each in self.below(access) if not each.folder and not each.probe]
        oldest = sorted((each for each in exports if each.path != path), key=lambda each: each.received)
        self._drop(access, (each.path for each in oldest[: max(0, len(exports) - EXPORTS)]))
        return new

    def remove(self, access: Access, path: str) -> None:
        """Take a name away, and everything below it; the import of an export that had it goes on."""
        self._tidy(access)
        gone = and_(self._of(access), or_(_e.path == path, _under(path)))
        self._tx.connection.execute(delete(deposit_entry).where(gone))

    def trim(self) -> None:
        """Forget what has expired, and what accesses left that are no more."""
        self._tx.require_writing()
        here = _e.school_id == self._tx.school_id
        held = select(import_access.c.id).where(
            import_access.c.school_id == self._tx.school_id, import_access.c.revoked.is_(None)
        )
        over = or_(_e.expires <= self._tx.now(), _e.access_id.not_in(held))
        self._tx.connection.execute(delete(deposit_entry).where(here, over))

    def _tidy(self, access: Access) -> None:
        """Begin to write: one writer at a time, and what has expired makes room."""
        self._tx.lock()
        over = and_(self._of(access), _e.expires <= self._tx.now())
        self._tx.connection.execute(delete(deposit_entry).where(over))

    def _put(self, access: Access, path: str, seconds: int = DAY_SECONDS, **values: Any) -> None:
        """Write an entry in the place of the one that had its path; the folders above it last as long as a new one."""
        self._drop(access, [path])
        now = self._tx.now()
        empty: dict[str, Any] = {"folder": False, "size": 0, "hash": "", "content": None}
        key = {"school_id": self._tx.school_id, "access_id": access.id, "path": path}
        self._tx.connection.execute(
            insert(deposit_entry), {**key, **empty, "received": now, "expires": now + seconds, **values}
        )
        parts = path.split("/")[:-1]
        above = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        if above:
            longer = update(deposit_entry).where(self._of(access), _e.path.in_(above))
            self._tx.connection.execute(longer.values(expires=now + DAY_SECONDS))

    def _drop(self, access: Access, paths: Iterable[str]) -> None:
        self._tx.connection.execute(delete(deposit_entry).where(self._of(access), _e.path.in_(list(paths))))

    def _of(self, access: Access) -> ColumnElement[bool]:
        return and_(_e.school_id == self._tx.school_id, _e.access_id == access.id)

    def _live(self, access: Access, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(self._of(access), _e.expires > self._tx.now(), *conditions)

    def _select(self, access: Access, *conditions: ColumnElement[bool]) -> tuple[Entry, ...]:
        query = select(_e.path, _e.folder, _e.size, _e.hash, _e.received, _e.content.is_not(None))
        rows = self._tx.connection.execute(query.where(self._live(access, *conditions)).order_by(_e.path))
        return tuple(Entry(row[0], bool(row[1]), row[2], row[3], row[4], bool(row[5])) for row in rows)


def _under(path: str) -> ColumnElement[bool]:
    # Not LIKE: to SQLite it is the same for a and A.
    return func.substr(_e.path, 1, len(path) + 1) == path + "/"
