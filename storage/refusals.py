"""What a person is to be told, kept until it is old: the same is noted once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, insert, select, update

from storage.identifiers import ordered_id
from storage.schema_phones import notice

if TYPE_CHECKING:
    from storage.transaction import Transaction

_n = notice.c

# Nobody reads more than that of one day; a program that edits in a loop writes no more.
MOST_A_DAY: Final = 100
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: `kind` says what happened, `data` are its facts, `moment` epoch seconds."""

    id: str
    principal_id: int
    kind: str
    moment: int
    data: Mapping[str, Any]


class Refusals:
    """What was not taken from one school's people."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _person(self, principal_id: int) -> Any:
        return and_(_n.school_id == self._tx.school_id, _n.principal_id == principal_id)

    def add(self, principal_id: int, kind: str, data: Mapping[str, Any]) -> bool:
        """Note something for a person; False for one that stands there already, or MOST_A_DAY in 24 hours."""
        self._tx.lock()
        text = json.dumps([kind, dict(data)], sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()
        same = select(_n.id).where(self._person(principal_id), _n.key == key)
        if self._tx.connection.execute(same).first() is not None:
            return False
        today = and_(self._person(principal_id), _n.moment > self._tx.now() - _DAY)
        if self._tx.connection.execute(select(func.count()).where(today)).scalar_one() >= MOST_A_DAY:
            return False
        row = {"school_id": self._tx.school_id, "id": ordered_id(), "principal_id": principal_id, "key": key}
        row |= {"kind": kind, "moment": self._tx.now(), "mailed": False, "data": dict(data)}
        self._tx.connection.execute(insert(notice), row)
        return True

    def of(self, principal_id: int) -> tuple[Notice, ...]:
        """Return a person's notices, newest first."""
        query = select(_n.id, _n.principal_id, _n.kind, _n.moment, _n.data).where(self._person(principal_id))
        return tuple(Notice(*row) for row in self._tx.connection.execute(query.order_by(_n.id.desc())))

    def unmailed(self, since: int, limit: int) -> tuple[Notice, ...]:
        """Return the oldest notices since a moment that have not been mailed."""
        here = and_(_n.school_id == self._tx.school_id, _n.mailed.is_(False), _n.moment >= since)
        query = select(_n.id, _n.principal_id, _n.kind, _n.moment, _n.data).where(here).order_by(_n.id).limit(limit)
        return tuple(Notice(*row) for row in self._tx.connection.execute(query))

    def mailed(self, identifiers: Sequence[str]) -> None:
        """Record that notices have been handed to the post, or need not be."""
        self._tx.require_writing()
        here = and_(_n.school_id == self._tx.school_id, _n.id.in_(identifiers))
        self._tx.connection.execute(update(notice).where(here).values(mailed=True))

    def forget(self, before: int) -> None:
        """Delete what was noted before a moment: it holds what people write."""
        self._tx.require_writing()
        self._tx.connection.execute(delete(notice).where(_n.school_id == self._tx.school_id, _n.moment < before))

    def forget_person(self, principal_id: int) -> None:
        """Delete all that was noted for a person."""
        self._tx.require_writing()
        self._tx.connection.execute(delete(notice).where(self._person(principal_id)))
