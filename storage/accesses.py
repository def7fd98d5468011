"""Access accounts: who may deposit timetable files for a school, each by a long secret path (R216 to R221)."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from storage.errors import LimitReached, NotFound
from storage.identifiers import ordered_id
from storage.schema import principal
from storage.schema_deposit import import_access
from storage.schema_deposit_folder import deposit_entry

if TYPE_CHECKING:
    from storage.transaction import Transaction

MOST: Final = 5
SECRET_OCTETS: Final = 20
_SECRET: Final = re.compile(r"[0-9a-f]{40}")
_NAME_LENGTH: Final = 40

_a = import_access.c


@dataclass(frozen=True, slots=True)
class Access:
    """One access account: `identifier` such as "emp.vincent.123456789", `language` that of its letters.

    `used` is when something was last deposited by it (epoch seconds). The secret itself is not kept.
    """

    id: str
    principal_id: int
    identifier: str
    password_hash: str
    notify: bool
    language: str
    created: int
    used: int | None
    login: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class NewAccess:
    """An access to make; an empty `password_hash` asks for no password beside the secret path."""

    principal_id: int
    name: str
    password_hash: str = ""
    notify: bool = False
    language: str = "fr"


class Accesses:
    """The access accounts of one school; none of this stamps the school's clock."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def add(self, new: NewAccess) -> tuple[Access, str]:
        """Make an access and return it with its secret, which cannot be had again; raises LimitReached (R219).

        One person may hold several (R221).
        """
        self._tx.lock()
        if len(self.all()) >= MOST:
            raise LimitReached("access", MOST)
        number, secret = ordered_id(), secrets.token_hex(SECRET_OCTETS)
        row = {
            "school_id": self._tx.school_id,
            "id": number,
            "principal_id": new.principal_id,
            "identifier": f"emp.{_plain(new.name)}.{secrets.randbelow(9 * 10**8) + 10**8}",
            "secret_hash": hashed(secret),
            "password_hash": new.password_hash,
            "notify": new.notify,
            "language": new.language,
            "created": self._tx.now(),
        }
        self._tx.connection.execute(insert(import_access), row)
        return self.get(number), secret

    def all(self) -> tuple[Access, ...]:
        """Return the accesses that are not revoked, oldest first."""
        return self._select(_a.revoked.is_(None))

    def get(self, name: str) -> Access:
        """Return an access that is not revoked by its id or identifier; raises NotFound."""
        found = self._select(_a.revoked.is_(None), (_a.id == name) | (_a.identifier == name))
        if not found:
            raise NotFound("access", name)
        return found[0]

    def by_secret(self, secret: str) -> Access:
        """Return the access of a secret path; raises NotFound when it is unknown or revoked."""
        if _SECRET.fullmatch(secret):
            found = self._select(_a.revoked.is_(None), _a.secret_hash == hashed(secret))
            if found:
                return found[0]
        raise NotFound("access", "")

    def revoke(self, access_id: str) -> None:
        """Make the secret path of an access worthless at once."""
        self._set(_a.id == access_id, revoked=self._tx.now())

    def forget_of(self, principal_id: int) -> None:
        """Delete the accesses of a person who leaves the server, with their folders: identifiers hold a name."""
        self._tx.require_writing()
        theirs = and_(_a.school_id == self._tx.school_id, _a.principal_id == principal_id)
        here, held = deposit_entry.c.school_id == self._tx.school_id, select(_a.id).where(theirs)
        self._tx.connection.execute(delete(deposit_entry).where(here, deposit_entry.c.access_id.in_(held)))
        self._tx.connection.execute(delete(import_access).where(theirs))

    def set_notify(self, access_id: str, *, notify: bool) -> None:
        """Choose whether the holder of an access is told of each import (R222)."""
        self._set(_a.id == access_id, notify=notify)

    def note_use(self, access_id: str) -> None:
        """Remember that something was deposited now."""
        self._set(_a.id == access_id, used=self._tx.now())

    def _set(self, which: ColumnElement[bool], **values: Any) -> None:
        self._tx.require_writing()
        here = and_(_a.school_id == self._tx.school_id, which)
        self._tx.connection.execute(update(import_access).where(here).values(**values))

    def _select(self, *conditions: ColumnElement[bool]) -> tuple[Access, ...]:
        holder = and_(principal.c.school_id == _a.school_id, principal.c.id == _a.principal_id)
        own = (_a.id, _a.principal_id, _a.identifier, _a.password_hash, _a.notify, _a.language, _a.created, _a.used)
        query = (
            select(*own, principal.c.login, principal.c.name, principal.c.email)
            .select_from(import_access.join(principal, holder))
            .where(_a.school_id == self._tx.school_id, *conditions)
            .order_by(_a.id)
        )
        return tuple(Access(*row) for row in self._tx.connection.execute(query))


def hashed(secret: str) -> str:
    """Return the form in which a secret is kept: 160 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _plain(name: str) -> str:
    """Return a name in small ASCII letters, as identifiers show it."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z]+", "-", bare).strip("-")[:_NAME_LENGTH] or "acces"
