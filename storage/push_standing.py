"""How far things have gone that somebody is to be told of: with storage/changes.py, where numbers are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from storage.errors import NotFound
from storage.home_changes import home_head
from storage.model import Admission, Client, ClientKind, Principal, SyncToken
from storage.push import HOME, Place, Registration
from storage.schema import subscription
from storage.tokens import format_home_token, format_token

if TYPE_CHECKING:
    from storage.transaction import Transaction

_s = subscription.c
_DAV = Client(ClientKind.DAV)
# The service reader reads for migration and support, and is told of nothing.
_TOLD = frozenset({Admission.WRITE, Admission.READ})


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of the last change of a place and of its properties, and the sync token that says the first."""

    content: int
    properties: int
    token: str


@dataclass(frozen=True, slots=True)
class News:
    """What a registration has not been told; false when there is nothing."""

    content: bool
    properties: bool

    def __bool__(self) -> bool:
        """Tell whether there is something to tell."""
        return self.content or self.properties


class Standings:
    """What one person sees of the places of registrations, read once; nothing of a home the person is not let into."""

    def __init__(self, tx: Transaction, person: Principal) -> None:
        """Ask for a person."""
        self._tx = tx
        self._person = person
        self._homes: dict[int, _Home | None] = {}

    def of(self, place: Place, content: str) -> Standing | None:
        """Return how far a place has gone; None when the person does not see it, or not any more.

        A home has no properties to tell of; it moves with what is in its calendars only where `content` is
        "infinite".
        """
        if place.owner_id not in self._homes:
            self._homes[place.owner_id] = self._home(place.owner_id)
        home = self._homes[place.owner_id]
        return None if home is None else home.standing(place.collection_id, content)

    def _home(self, owner_id: int) -> _Home | None:
        if owner_id == self._person.id:
            return _Home(self._tx, self._person)
        try:
            owner = self._tx.principals.get(owner_id)
        except NotFound:
            return None
        admitted = owner.active and self._tx.delegations.access(self._person, owner) in _TOLD
        return _Home(self._tx, owner) if admitted else None


class _Home:
    """The collections of one home."""

    def __init__(self, tx: Transaction, person: Principal) -> None:
        """Read the collections that its owner sees and when they were named last."""
        self._tx = tx
        self._person = person
        self._visible = tx.collections.visible(person, _DAV)
        query = select(_s.collection_id, func.max(_s.seq)).where(
            _s.school_id == tx.school_id, _s.principal_id == person.id
        )
        self._named: dict[int, int] = dict(tx.connection.execute(query.group_by(_s.collection_id)).all())

    def standing(self, collection_id: int, content: str) -> Standing | None:
        """Return how far a collection or the home has gone; None when it is not here."""
        if collection_id == HOME:
            whole = home_head(self._tx, self._person.id, self._visible)
            number = whole if content == "infinite" else max(self._named.values(), default=0)
            return Standing(number, 0, format_home_token(self._person.id, whole, self._tx.school_id))
        found = next((each for each in self._visible if each.id == collection_id), None)
        if found is None:
            return None
        token = format_token(SyncToken(found.id, found.head), self._tx.school_id)
        return Standing(found.head, self._named.get(found.id, 0), token)


def news(registration: Registration, standing: Standing) -> News:
    """Return what a registration wants to know and has not been told."""
    return News(
        bool(registration.content) and standing.content > registration.told,
        registration.properties and standing.properties > registration.told_properties,
    )


def up_to_date(standings: Standings, registrations: Iterable[Registration]) -> tuple[Registration, ...]:
    """Return those of a person's registrations that have nothing to be told."""
    found = ((each, standings.of(each.place, each.content)) for each in registrations)
    return tuple(each for each, standing in found if standing is not None and not news(each, standing))
