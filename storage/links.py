"""Secret links: an address that shows one collection of one person to whoever has it, until it is revoked.

A token is kept as its hash alone: what leaks from a database opens nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, delete, func, insert, select

from storage import policy
from storage.errors import Forbidden, LimitReached, NotFound
from storage.identifiers import ordered_id
from storage.model import Client, ClientKind, Collection, Principal
from storage.schema_links import secret_link

if TYPE_CHECKING:
    from storage.transaction import Transaction

MOST_LINKS: Final = 100
_SECRET_OCTETS: Final = 24
# The number of the school, so that it is found without crossing schools, and 192 random bits.
_TOKEN: Final = re.compile(r"([1-9][0-9]{0,8})-[A-Za-z0-9_-]{32}", re.ASCII)
_EVERYTHING: Final = Client(ClientKind.WEB)

_l = secret_link.c
_COLUMNS: Final = (_l.id, _l.principal_id, _l.collection_id, _l.busy, _l.created, _l.expires)
_BY_HASH = select(*_COLUMNS).where(_l.school_id == bindparam("school"), _l.token_hash == bindparam("hash"))


@dataclass(frozen=True, slots=True)
class Link:
    """One secret link: with `busy` it shows when and never what; times in epoch seconds, `expires` None for never."""

    id: str
    principal_id: int
    collection_id: int
    busy: bool
    created: int
    expires: int | None


def school_of(token: str) -> int | None:
    """Return the school whose link a token may be, None when it has not the form of one."""
    found = _TOKEN.fullmatch(token)
    return int(found[1]) if found else None


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Links:
    """The secret links of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def make(self, owner: Principal, collection: Collection, *, busy: bool = False, expires: int | None = None) -> str:
        """Return the token of a new link, which nobody can be told again.

        Raises LimitReached, and Forbidden when strangers may not be shown this, such as what is shared with the person.
        """
        if not policy.linkable(collection, owner.role):
            raise Forbidden
        self._tx.lock()
        mine = and_(_l.school_id == self._tx.school_id, _l.principal_id == owner.id)
        if self._tx.connection.execute(select(func.count()).where(mine)).scalar_one() >= MOST_LINKS:
            raise LimitReached("link", MOST_LINKS)
        token = f"{self._tx.school_id}-{secrets.token_urlsafe(_SECRET_OCTETS)}"
        row = {"school_id": self._tx.school_id, "token_hash": _hashed(token), "id": ordered_id()}
        row |= {"principal_id": owner.id, "collection_id": collection.id, "busy": busy}
        self._tx.connection.execute(insert(secret_link), row | {"created": self._tx.now(), "expires": expires})
        return token

    def of(self, owner: Principal) -> tuple[Link, ...]:
        """Return the links of a person, oldest first."""
        mine = and_(_l.school_id == self._tx.school_id, _l.principal_id == owner.id)
        return tuple(Link(*row) for row in self._tx.connection.execute(select(*_COLUMNS).where(mine).order_by(_l.id)))

    def revoke(self, owner: Principal, collection_id: int) -> int:
        """End all links of a person to one collection at once; return how many there were."""
        self._tx.lock()
        these = and_(_l.school_id == self._tx.school_id, _l.principal_id == owner.id, _l.collection_id == collection_id)
        return self._tx.connection.execute(delete(secret_link).where(these)).rowcount

    def opened(self, token: str) -> tuple[Link, Collection]:
        """Return a link and the collection it shows, as its owner sees that.

        Raises NotFound for a token that is unknown, revoked or out of date, and when its owner's account is closed,
        the collection has left the owner's list or is not the owner's to show: who has a link learns nothing of the
        reason.
        """
        row = self._tx.connection.execute(_BY_HASH, {"school": self._tx.school_id, "hash": _hashed(token)}).first()
        link = None if row is None else Link(*row)
        if link is None or (link.expires is not None and link.expires <= self._tx.now()):
            raise NotFound("link", "")
        owner = self._tx.principals.get(link.principal_id)
        if not owner.active:
            raise NotFound("link", "")
        shown = self._tx.collections.by_id(owner, link.collection_id, _EVERYTHING)
        if not policy.linkable(shown, owner.role):
            raise NotFound("link", "")
        return link, shown

    def trim(self) -> int:
        """Forget the links that are out of date; return how many."""
        old = and_(_l.school_id == self._tx.school_id, _l.expires <= self._tx.now())
        return self._tx.connection.execute(delete(secret_link).where(old)).rowcount

    def forget_person(self, principal_id: int) -> None:
        """End the links of a person who leaves."""
        mine = and_(_l.school_id == self._tx.school_id, _l.principal_id == principal_id)
        self._tx.connection.execute(delete(secret_link).where(mine))
