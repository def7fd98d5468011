"""Push registrations: who is to be told of which collection, through which push service, and what they were told.

What a registration was told is a number of the school's clock, kept here, so that nothing is lost when the server
stops: what is above it has still to be told.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection as Several
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from storage.errors import NotFound, WritingRequired
from storage.model import Watch
from storage.push_keys import PushKey, new_key
from storage.schema import subscription
from storage.schema_push import push_key, push_registration
from storage.shown import greatest

if TYPE_CHECKING:
    from storage.push_standing import Standing
    from storage.transaction import Transaction

# The place of a registration of the home, which is no collection.
HOME: Final = 0
MOST_OF_PERSON: Final = 200
LONGEST_SECONDS: Final = 14 * 86_400
# While one process sends a message, the others leave the registration alone for so long.
LEASE_SECONDS: Final = 60
# A burst of changes makes one message: after one was taken, the next waits for so long.
PAUSE_SECONDS: Final = 3
FIRST_WAIT: Final = 10
LONGEST_WAIT: Final = 3600
# More than these are not named one by one in a query.
MOST_NAMED: Final = 5_000
# What has ended is shown for so long with what the push service said.
SHOWN_SECONDS: Final = 7 * 86_400

_r = push_registration.c
_COLUMNS: Final = [column for column in _r if column.name not in {"school_id", "resource_hash"}]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Where messages go and how they are sealed: key and secret in base64url (RFC 8291, 2)."""

    resource: str
    public_key: str
    secret: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants to know, and until when: `content` is "" for nothing, "1" or "infinite" (RFC 6578, 3.3)."""

    subscriber: Subscriber
    content: str
    properties: bool
    expires: int


@dataclass(frozen=True, slots=True)
class Place:
    """What somebody is told of: a collection of a person's home, or that home; the asker's own, or another's."""

    owner_id: int
    collection_id: int


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration; times are epoch seconds, `told` numbers of the clock, `last_result` words.

    `owner_id` is whose home it stands for: the person's own, or another's in whose home the person is let.
    """

    id: str
    principal_id: int
    collection_id: int
    resource: str
    public_key: str
    secret: str
    content: str
    properties: bool
    created: int
    expires: int
    told: int
    told_properties: int
    attempts: int
    next_try: int
    ended: bool
    last_at: int
    last_result: str
    owner_id: int

    @property
    def place(self) -> Place:
        """What it stands for."""
        return Place(self.owner_id, self.collection_id)


def topic_of(key: PushKey, place: Place) -> str:
    """Return the push topic of a collection or of a person's home: the same for all who see it."""
    whole = place.collection_id == HOME
    return key.topic(f"home:{place.owner_id}" if whole else f"collection:{place.collection_id}")


class Push:
    """The registrations of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    @cached_property
    def key(self) -> PushKey:
        """The school's key, made when it is first needed; raises WritingRequired then in a reading transaction."""
        query = select(push_key.c.private, push_key.c.public).where(push_key.c.school_id == self._tx.school_id)
        row = self._tx.connection.execute(query).first()
        if row is None:
            self._tx.lock()
            row = self._tx.connection.execute(query).first()
        if row is not None:
            return PushKey(row.private, row.public)
        made = new_key()
        values = {"school_id": self._tx.school_id, "private": made.private, "public": made.public}
        self._tx.connection.execute(insert(push_key).values(**values, created=self._tx.now()))
        return made

    def register(self, principal_id: int, place: Place, wanted: Wanted, standing: Standing) -> Registration:
        """Make a registration, or renew the one that the same subscriber has for the same place.

        A new one is up to date with `standing`; a renewed one is still told what it was not. Limits are the caller's.
        """
        self._tx.lock()
        # Whoever sends only reads: the key has to be there.
        _ = self.key
        hashed = hashlib.sha256(wanted.subscriber.resource.encode()).hexdigest()
        here = and_(_r.collection_id == place.collection_id, _r.owner_id == place.owner_id)
        same = self._here(_r.principal_id == principal_id, here, _r.resource_hash == hashed)
        old = next(iter(self._some(same)), None)
        values: dict[str, Any] = {
            "resource": wanted.subscriber.resource,
            "public_key": wanted.subscriber.public_key,
            "secret": wanted.subscriber.secret,
            "content": wanted.content,
            "properties": wanted.properties,
            "expires": wanted.expires,
            "ended": False,
        }
        if old is None or old.ended or old.expires <= self._tx.now():
            fresh = {"told": standing.content, "told_properties": standing.properties, "attempts": 0, "next_try": 0}
            values |= fresh | {"last_at": 0, "last_result": ""}
        if old is not None:
            self._tx.connection.execute(update(push_registration).where(same).values(**values))
        else:
            row = {"school_id": self._tx.school_id, "id": secrets.token_urlsafe(18), "principal_id": principal_id}
            row |= {"collection_id": place.collection_id, "owner_id": place.owner_id}
            row |= {"resource_hash": hashed, "created": self._tx.now()}
            self._tx.connection.execute(insert(push_registration).values(**row, **values))
        return self._some(same)[0]

    def count(self, principal_id: int) -> int:
        """Return how many live registrations a person has."""
        query = select(func.count()).where(self._live(), _r.principal_id == principal_id)
        return int(self._tx.connection.execute(query).scalar_one())

    def remove(self, principal_id: int, registration_id: str) -> None:
        """Forget a person's registration; raises NotFound, also when it has ended."""
        if not self._tx.writable:
            raise WritingRequired
        mine = and_(self._live(), _r.principal_id == principal_id, _r.id == registration_id)
        if self._tx.connection.execute(delete(push_registration).where(mine)).rowcount == 0:
            raise NotFound("push registration", registration_id)

    def of_person(self, principal_id: int) -> tuple[Registration, ...]:
        """Return a person's live registrations."""
        return self._some(and_(self._live(), _r.principal_id == principal_id))

    def anybody(self) -> bool:
        """Tell whether the school has any live registration."""
        return self._tx.connection.execute(select(_r.id).where(self._live()).limit(1)).first() is not None

    def concerned(self, moved: Iterable[Watch] | None, waiting: Several[str]) -> tuple[Registration, ...]:
        """Return the live registrations that something moved for, or that are named; None means all."""
        if moved is None:
            return self._some(self._live())
        watches = tuple(moved)
        if len(watches) + len(waiting) > MOST_NAMED:
            return self._some(self._live())
        collections = [watch.id for watch in watches if watch.kind == "collection"]
        people = [watch.id for watch in watches if watch.kind == "home"]
        seers = select(subscription.c.principal_id).where(
            subscription.c.school_id == self._tx.school_id,
            subscription.c.collection_id.in_(collections),
            subscription.c.ended.is_(None),
        )
        any_of = or_(
            _r.collection_id.in_(collections),
            _r.owner_id.in_(people),
            and_(_r.collection_id == HOME, _r.content == "infinite", _r.owner_id.in_(seers)),
            _r.id.in_(tuple(waiting)),
        )
        return self._some(and_(self._live(), any_of))

    def claim(self, registration_ids: Several[str]) -> frozenset[str]:
        """Take those of some registrations that are due for this process to tell."""
        self._tx.lock()
        due = and_(self._live(), _r.id.in_(tuple(registration_ids)), _r.next_try <= self._tx.now())
        leased = update(push_registration).where(due).values(next_try=self._tx.now() + LEASE_SECONDS)
        return frozenset(self._tx.connection.execute(leased.returning(_r.id)).scalars())

    def tell(self, registration_id: str, standing: Standing, result: str | None = None) -> None:
        """Record what a registration knows now: because a message was taken, or without one (`result` None)."""
        values: dict[str, Any] = {
            "told": greatest(_r.told, standing.content),
            "told_properties": greatest(_r.told_properties, standing.properties),
        }
        if result is not None:
            values |= {"attempts": 0, "next_try": self._tx.now() + PAUSE_SECONDS}
            values |= {"last_at": self._tx.now(), "last_result": result}
        self._set(registration_id, values)

    def failed(self, registration_id: str, result: str, wait: int = 0) -> None:
        """Record that a message was not taken; it is tried again after `wait` seconds, or after longer and longer."""
        mine = self._here(_r.id == registration_id)
        attempts = int(self._tx.connection.execute(select(_r.attempts).where(mine)).scalar() or 0)
        pause = min(LONGEST_WAIT, wait or FIRST_WAIT * 2 ** min(attempts, 20))
        values = {"attempts": attempts + 1, "next_try": self._tx.now() + pause}
        self._set(registration_id, values | {"last_at": self._tx.now(), "last_result": result[:500]})

    def end(self, registration_id: str, result: str) -> None:
        """Record that a registration is over, and in words why."""
        self._set(registration_id, {"ended": True, "last_at": self._tx.now(), "last_result": result[:500]})

    def _set(self, registration_id: str, values: dict[str, Any]) -> None:
        self._tx.require_writing()
        self._tx.connection.execute(
            update(push_registration).where(self._here(_r.id == registration_id)).values(**values)
        )

    def all(self) -> tuple[Registration, ...]:
        """Return every registration, those that ended too."""
        return self._some(self._here())

    def forget_person(self, principal_id: int) -> None:
        """Drop a person's registrations, and those of others that stand for the person's home."""
        theirs = or_(_r.principal_id == principal_id, _r.owner_id == principal_id)
        self._tx.connection.execute(delete(push_registration).where(self._here(theirs)))

    def forget_home(self, principal_id: int, owner_id: int) -> None:
        """Drop what a person registered for another's home: the person is let into it no more."""
        there = self._here(_r.principal_id == principal_id, _r.owner_id == owner_id)
        self._tx.connection.execute(delete(push_registration).where(there))

    def trim(self) -> None:
        """Drop what expired or ended some time ago."""
        self._tx.require_writing()
        before = self._tx.now() - SHOWN_SECONDS
        old = or_(_r.expires < before, and_(_r.ended, _r.last_at < before))
        self._tx.connection.execute(delete(push_registration).where(self._here(old)))

    def _here(self, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(_r.school_id == self._tx.school_id, *conditions)

    def _live(self) -> ColumnElement[bool]:
        return self._here(_r.ended.is_(False), _r.expires > self._tx.now())

    def _some(self, condition: ColumnElement[bool]) -> tuple[Registration, ...]:
        query = select(*_COLUMNS).where(condition).order_by(_r.principal_id, _r.created, _r.id)
        return tuple(Registration(*row) for row in self._tx.connection.execute(query))
