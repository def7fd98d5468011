"""Whole calendars get another address in their home, or a copy beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, insert, select, update

from storage import policy
from storage.errors import CadranError, NameTaken, NotFound, SchedulingRefused
from storage.model import CalendarKind, CalendarObject, Collection, NewCalendar, Principal
from storage.schema import subscription

if TYPE_CHECKING:
    from storage.transaction import Transaction

# Objects are read, examined and indexed one by one while the school's other writers wait.
MOST_COPIED: Final = 2_000
CHUNK: Final = 200

_s = subscription.c


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that was not copied, and why."""

    href: str
    error: CadranError


def rename(tx: Transaction, person: Principal, collection: Collection, slug: str) -> None:
    """Give a collection another slug in one person's home; others, tokens, tags and ids know nothing of it.

    The old slug ends and the new one begins with one number, so that whoever synchronises the home learns of both.
    Raises NameTaken, and NotFound when the collection has left the person's list.
    """
    tx.lock()
    if slug in policy.RESERVED_SLUGS or any(each.slug == slug for each in tx.collections.subscribed(person)):
        raise NameTaken("collection", slug)
    mine = and_(_s.school_id == tx.school_id, _s.principal_id == person.id, _s.ended.is_(None))
    this = and_(mine, _s.collection_id == collection.id)
    row = tx.connection.execute(select(subscription).where(this)).first()
    if row is None:
        raise NotFound("collection", collection.id)
    seq = tx.tick()[0]
    tx.connection.execute(update(subscription).where(this).values(ended=seq, seq=seq))
    tx.connection.execute(insert(subscription), dict(row._mapping) | {"slug": slug, "born": seq, "seq": seq})


def duplicate(tx: Transaction, person: Principal, collection: Collection, slug: str) -> Collection:
    """Create an empty calendar of a person with the properties of another; raises what `create` does."""
    new = NewCalendar(
        slug,
        collection.name,
        kind=CalendarKind.WEBCAL if collection.kind is CalendarKind.WEBCAL else CalendarKind.SECONDARY,
        colour=collection.colour,
        description=collection.description,
        timezone=collection.timezone,
        components=collection.components,
        transparent=collection.transparent,
    )
    return tx.collections.create(person, new)


def fill(tx: Transaction, source: Collection, made: Collection) -> tuple[Refusal, ...]:
    """Copy what a collection shows, as the person sees it, into a new calendar of theirs; return what was not.

    A meeting has one object in the calendars of a person (RFC 6638, 3.2.4.1), and none begins or ends by a copy.
    """
    refused = []
    for found in _objects(tx, source):
        try:
            if found.schedule_tag:
                raise SchedulingRefused("unique-scheduling-object-resource", found.href)
            tx.attachments.carry(found)
            tx.objects.put(made, found.href, found.ical)
        except CadranError as error:
            refused.append(Refusal(found.href, error))
            continue
        tx.dead_properties.copy((source.id, found.href), (made.id, found.href))
    return tuple(refused)


def _objects(tx: Transaction, source: Collection) -> Iterator[CalendarObject]:
    names = [each.href for each in tx.objects.entries(source)]
    for at in range(0, len(names), CHUNK):
        yield from tx.objects.many(source, names[at : at + CHUNK]).values()
