"""What changed in a person's home since a number: with storage/changes.py, the place that compares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from storage.errors import TokenExpired, TokenInvalid
from storage.maintenance import RETENTION_SECONDS, number_at
from storage.model import Collection, SyncToken
from storage.schema import subscription

if TYPE_CHECKING:
    from storage.transaction import Transaction

_s = subscription.c
_STAMPS: Final = select(_s.collection_id, _s.slug, _s.born, _s.seq, _s.ended).where(
    _s.school_id == bindparam("school"), _s.principal_id == bindparam("principal")
)


@dataclass(frozen=True, slots=True)
class MovedCollection:
    """A collection that is new, or that changed, and since when its objects have to be told; None when none has."""

    collection: Collection
    since: SyncToken | None


@dataclass(frozen=True, slots=True)
class HomeChanges:
    """What happened to a home: collections that moved, slugs that lead nowhere now, and the number reached."""

    head: int
    moved: tuple[MovedCollection, ...]
    gone: tuple[str, ...]


def home_changes(tx: Transaction, principal_id: int, visible: Sequence[Collection], base: int) -> HomeChanges:
    """Return what changed in the list of collections that a person sees, and in which of them; base 0 means all.

    Raises TokenInvalid for a number from the future, and TokenExpired for one so old that the end of a subscription
    may have been purged since.
    """
    if base > tx.changes.clock():
        raise TokenInvalid
    if base and base < number_at(tx, tx.now() - RETENTION_SECONDS):
        raise TokenExpired
    stamps = _stamps(tx, principal_id)
    live = {row.collection_id: row for row in stamps if row.ended is None}
    moved = tuple(
        MovedCollection(each, _since(each, live[each.id], base))
        for each in visible
        if max(each.head, live[each.id].seq) > base
    )
    here, names = {each.id for each in visible}, {each.slug for each in visible}
    left = (
        row for row in stamps if row.born <= base < row.seq and (row.ended is not None or row.collection_id not in here)
    )
    gone = tuple(sorted({row.slug for row in left} - names))
    return HomeChanges(_head(stamps, visible), moved, gone)


def home_head(tx: Transaction, principal_id: int, visible: Sequence[Collection]) -> int:
    """Return the number of the last change that a person could see in the home or below it."""
    return _head(_stamps(tx, principal_id), visible)


def _stamps(tx: Transaction, principal_id: int) -> Sequence[Any]:
    return tx.connection.execute(_STAMPS, {"school": tx.school_id, "principal": principal_id}).all()


def _head(stamps: Sequence[Any], visible: Sequence[Collection]) -> int:
    return max((*(row.seq for row in stamps), *(each.head for each in visible)), default=0)


def _since(collection: Collection, row: Any, base: int) -> SyncToken | None:
    if row.born > base:
        return SyncToken(collection.id)
    return SyncToken(collection.id, base) if collection.head > base else None
