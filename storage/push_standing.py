"""How far things have gone that somebody is to be told of: with storage/changes.py, where numbers are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from storage.home_changes import home_head
from storage.model import Client, ClientKind, Principal, SyncToken
from storage.push import HOME, Registration
from storage.schema import subscription
from storage.tokens import format_home_token, format_token

if TYPE_CHECKING:
    from storage.transaction import Transaction

_s = subscription.c
_DAV = Client(ClientKind.DAV)


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
    """What one person sees of the places of registrations, read once."""

    def __init__(self, tx: Transaction, person: Principal) -> None:
        """Read the collections that the person sees and when they were named last."""
        self._tx = tx
        self._person = person
        self._visible = tx.collections.visible(person, _DAV)
        query = select(_s.collection_id, func.max(_s.seq)).where(
            _s.school_id == tx.school_id, _s.principal_id == person.id
        )
        self._named: dict[int, int] = dict(tx.connection.execute(query.group_by(_s.collection_id)).all())

    def of(self, collection_id: int, content: str) -> Standing | None:
        """Return how far a place has gone; None when the person does not see it any more.

        A home has no properties to tell of; it moves with what is in its calendars only where `content` is
        "infinite".
        """
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
    found = ((each, standings.of(each.collection_id, each.content)) for each in registrations)
    return tuple(each for each, standing in found if standing is not None and not news(each, standing))
