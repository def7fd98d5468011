"""The one question every protocol asks: what does this person see through this client, and with which rights?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, func, insert, not_, select, update

from storage import policy, shown, spelling
from storage.errors import Forbidden, LimitReached, NameTaken, NotFound, ReadOnly
from storage.model import (
    DAWN,
    FOREVER,
    Access,
    CalendarKind,
    Client,
    ClientKind,
    Collection,
    CollectionPatch,
    NewCalendar,
    Principal,
    Rights,
    Visibility,
)
from storage.ready import Ready
from storage.reindexing import reindex_calendar
from storage.schema import calendar, calendar_object, feed, occurrence, principal, subscription
from storage.zones import floating_zone

if TYPE_CHECKING:
    from storage.transaction import Transaction

MOST_COLLECTIONS: Final = 250
LAST_POSITION: Final = 2**31 - 1

_s = subscription.c
_owner = principal.alias("owner")
_fed = calendar.alias("fed")
_fed_seq = (
    select(func.max(_fed.c.seq))
    .select_from(feed.join(_fed, and_(_fed.c.school_id == feed.c.school_id, _fed.c.id == feed.c.calendar_id)))
    .where(
        feed.c.school_id == calendar.c.school_id,
        feed.c.collection_id == calendar.c.id,
        feed.c.ended.is_(None),
    )
    .correlate(calendar)
    .scalar_subquery()
)
_seen = (
    select(
        calendar.c.id,
        calendar.c.kind,
        calendar.c.owner_id,
        _s.slug,
        _s.name,
        _s.colour,
        _s.position,
        calendar.c.description,
        calendar.c.timezone,
        calendar.c.components,
        calendar.c.transparent,
        _s.synchronise,
        calendar.c.seq,
        func.coalesce(_fed_seq, 0).label("fed_seq"),
        calendar.c.shared,
        func.coalesce(_owner.c.login, "").label("owner"),
        _s.access,
        _s.remark,
        _s.opaque,
        _s.born,
        calendar.c.created,
    )
    .select_from(
        subscription.join(
            calendar, and_(calendar.c.school_id == _s.school_id, calendar.c.id == _s.collection_id)
        ).outerjoin(_owner, and_(_owner.c.school_id == calendar.c.school_id, _owner.c.id == calendar.c.owner_id))
    )
    .where(_s.school_id == bindparam("school"), _s.principal_id == bindparam("principal"), _s.ended.is_(None))
    .order_by(_s.position, _s.born, _s.collection_id)
)
_SEEN = Ready(_seen)
_SEEN_SLUG = Ready(_seen.where(_s.slug == bindparam("slug")))
_SEEN_OPEN = Ready(_seen.where(_s.spelled.is_(False)))
_SEEN_ID = Ready(_seen.where(_s.collection_id == bindparam("collection")))
# Counted stay by stay and not joined: PostgreSQL has no figures of what an import has just written, and a join then
# goes through all objects of the school for each stay.
_COUNT = select(
    func.coalesce(
        func.sum(
            select(func.count())
            .select_from(calendar_object)
            .where(shown.same_calendar, shown.visible_now)
            .correlate(feed)
            .scalar_subquery()
        ),
        0,
    )
).where(shown.live_feed)
_SIZES = (
    select(calendar_object.c.calendar_id, func.count())
    .where(calendar_object.c.school_id == bindparam("school"), calendar_object.c.ended.is_(None))
    .group_by(calendar_object.c.calendar_id)
)
_PAIRS = select(feed.c.collection_id, feed.c.calendar_id).where(
    feed.c.school_id == bindparam("school"), feed.c.ended.is_(None)
)


def _subscribed(school_id: int, principal_id: int) -> Any:
    return and_(_s.school_id == school_id, _s.principal_id == principal_id, _s.ended.is_(None))


class Collections:
    """What people of one school see, and how each of them names and switches it."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def _seen(self, statement: Ready, principal: Principal, **values: Any) -> list[Collection]:
        named = {"school": self._tx.school_id, "principal": principal.id, **values}
        return [_to_collection(row, principal) for row in statement.rows(self._tx.connection, **named)]

    def _visible(self, collection: Collection, client: Client) -> bool:
        return visibility_of(collection, client, self._tx) is not Visibility.HIDDEN

    def visible(self, principal: Principal, client: Client) -> tuple[Collection, ...]:
        """Return the collections a person sees through a client, in the person's order, each with its head."""
        return tuple(each for each in self.subscribed(principal) if self._visible(each, client))

    def subscribed(self, principal: Principal) -> tuple[Collection, ...]:
        """Return every collection of a person, whatever the client: for settings pages and the command line."""
        return tuple(self._seen(_SEEN, principal))

    def by_slug(self, principal: Principal, slug: str, client: Client) -> Collection:
        """Return the collection a person calls by a slug; raises NotFound, also when the client may not see it.

        Where none has the slug itself, the oldest of those that are open to every spelling may be meant.
        """
        found = next(iter(self._seen(_SEEN_SLUG, principal, slug=slug)), None)
        if found is None and spelling.varies(slug):
            found = _oldest(self._seen(_SEEN_OPEN, principal), slug)
        if found is None or not self._visible(found, client):
            raise NotFound("collection", slug)
        return found

    def respelled(self, principal: Principal, slug: str, client: Client) -> Collection | None:
        """Return the oldest collection of a person that spells a slug in any way."""
        return _oldest(self.visible(principal, client), slug) if spelling.varies(slug) else None

    def open_to_spellings(self, principal: Principal, collection: Collection) -> None:
        """Let every spelling of its slug find a collection of a person, as long as no other collection has it."""
        self._tx.lock()
        this = and_(_subscribed(self._tx.school_id, principal.id), _s.collection_id == collection.id)
        self._tx.connection.execute(update(subscription).where(this).values(spelled=False))

    def by_id(self, principal: Principal, collection_id: int, client: Client) -> Collection:
        """Return a collection of a person by its number; raises NotFound, also when the client may not see it."""
        for each in self._seen(_SEEN_ID, principal, collection=collection_id):
            if self._visible(each, client):
                return each
        raise NotFound("collection", collection_id)

    def count(self, collection_id: int) -> int:
        """Return how many objects a collection shows (R19)."""
        values = {"school": self._tx.school_id, "collection": collection_id}
        return int(self._tx.connection.execute(_COUNT, values).scalar_one())

    def large(self, above: int = policy.SIZE_WARNING_ABOVE) -> tuple[tuple[str, int], ...]:
        """Return the name and the count of collections that show more than `above` objects (R19).

        Whole calendars are summed first, since windows only take away; the few that may be large are then counted.
        """
        school = {"school": self._tx.school_id}
        sizes: dict[int, int] = dict(self._tx.connection.execute(_SIZES, school).all())
        sums: Counter[int] = Counter()
        # Joined here: within the transaction of an import PostgreSQL has no figures yet of what was just written, and
        # would go through all objects once for each of 35 000 stays.
        for collection_id, calendar_id in self._tx.connection.execute(_PAIRS, school):
            sums[collection_id] += sizes.get(calendar_id, 0)
        perhaps = [number for number, size in sorted(sums.items()) if size > above]
        if not perhaps:
            return ()
        named = select(calendar.c.id, calendar.c.name).where(
            calendar.c.school_id == self._tx.school_id, calendar.c.id.in_(perhaps)
        )
        counted = [(row.name, self.count(row.id)) for row in self._tx.connection.execute(named).all()]
        return tuple((name, count) for name, count in counted if count > above)

    def create(self, principal: Principal, new: NewCalendar) -> Collection:
        """Create a calendar for its owner, switched on; raises NameTaken, LimitReached or Forbidden."""
        if not policy.writes(principal.role):
            raise Forbidden
        self._tx.lock()
        if new.slug in policy.RESERVED_SLUGS or self._seen(_SEEN_SLUG, principal, slug=new.slug):
            raise NameTaken("collection", new.slug)
        if len(self.subscribed(principal)) >= MOST_COLLECTIONS:
            raise LimitReached("collection", MOST_COLLECTIONS)
        calendar_id, feed_id, seq = self._tx.tick(3)
        school = {"school_id": self._tx.school_id}
        self._tx.connection.execute(
            insert(calendar),
            school
            | {
                "id": calendar_id,
                "kind": new.kind.value,
                "owner_id": principal.id,
                "name": new.name,
                "description": new.description,
                "timezone": new.timezone,
                "components": ",".join(new.components),
                "transparent": new.transparent,
                "seq": seq,
                "purged": 0,
                "created": self._tx.now(),
            },
        )
        self._tx.connection.execute(insert(feed), school | own_feed(feed_id, calendar_id))
        row = subscription_row(principal.id, calendar_id, new.slug, new.name, seq)
        row |= {"colour": new.colour, "position": new.position or self._next_position(principal)}
        row |= {"spelled": new.spelled}
        self._tx.connection.execute(insert(subscription), school | row)
        return self._seen(_SEEN_SLUG, principal, slug=new.slug)[0]

    def _next_position(self, principal: Principal) -> int:
        most = select(func.max(_s.position)).where(_subscribed(self._tx.school_id, principal.id))
        return min((self._tx.connection.execute(most).scalar() or 0) + 1, LAST_POSITION)

    def update(self, principal: Principal, collection: Collection, patch: CollectionPatch) -> Collection:
        """Set properties: the person's own name, colour, order and switch; the owner's text and zone.

        Raises ReadOnly, and NotFound when the collection has left the person's list.
        """
        self._tx.lock()
        mine = {
            "name": patch.name,
            "colour": patch.colour,
            "position": patch.position,
            "synchronise": patch.synchronised,
        }
        shared = {"description": patch.description, "timezone": patch.timezone, "transparent": patch.transparent}
        if collection.access is not None:
            # What RFC 4791 knows of a calendar as a whole is each sharee's own of another's calendar.
            opaque = None if patch.transparent is None else not patch.transparent
            mine |= {"remark": patch.description, "opaque": opaque}
            shared = {"timezone": patch.timezone}
        mine = {name: value for name, value in mine.items() if value is not None}
        shared = {name: value for name, value in shared.items() if value is not None}
        if shared and not collection.rights.properties:
            raise ReadOnly(collection.id, "write-properties")
        if not mine and not shared:
            return collection
        seq = self._tx.tick()[0]
        this = and_(_subscribed(self._tx.school_id, principal.id), _s.collection_id == collection.id)
        self._tx.connection.execute(update(subscription).where(this).values(seq=seq, **mine))
        if shared:
            row = and_(calendar.c.school_id == self._tx.school_id, calendar.c.id == collection.id)
            self._tx.connection.execute(update(calendar).where(row).values(**shared))
        if patch.timezone is not None and patch.timezone != collection.timezone:
            reindex_calendar(self._tx, collection.id, floating_zone(patch.timezone, self._tx.zone))
        return self._own_view(principal, collection.id)

    def _own_view(self, principal: Principal, collection_id: int) -> Collection:
        """Return a collection of a person, whatever the client; raises NotFound."""
        for each in self._seen(_SEEN_ID, principal, collection=collection_id):
            return each
        raise NotFound("collection", collection_id)

    def switch(self, principal: Principal, slug: str, *, on: bool) -> Collection:
        """Turn synchronisation of one collection on or off for one person (R3); raises NotFound."""
        for each in self._seen(_SEEN_SLUG, principal, slug=slug):
            if each.synchronised == on:
                return each
            return self.update(principal, each, CollectionPatch(synchronised=on))
        raise NotFound("collection", slug)

    def nudge(self, principal_id: int | None = None) -> None:
        """Stamp the list of collections of a person, or of everybody, as if it had changed: phones that wait ask again.

        Of a person's list one entry is stamped, which is enough.
        """
        seq = self._tx.tick()[0]
        everybody = and_(_s.school_id == self._tx.school_id, _s.ended.is_(None))
        where = everybody
        if principal_id is not None:
            where = _subscribed(self._tx.school_id, principal_id)
            where = and_(where, _s.collection_id == select(func.min(_s.collection_id)).where(where).scalar_subquery())
        self._tx.connection.execute(update(subscription).where(where).values(seq=seq))

    def delete(self, principal: Principal, collection: Collection) -> None:
        """End a person's own secondary calendar with its objects; raises ReadOnly for any other."""
        if not collection.rights.remove:
            raise ReadOnly(collection.id, "unbind")
        self._tx.sharing.close(principal, collection)
        seq = self._tx.tick()[0]
        self._tx.trash.keep_calendar(collection)
        school_id = self._tx.school_id
        connection = self._tx.connection
        here = and_(calendar_object.c.school_id == school_id, calendar_object.c.calendar_id == collection.id)
        alive = and_(here, calendar_object.c.ended.is_(None))
        connection.execute(update(calendar_object).where(alive).values(ended=seq, seq=seq, ical=None))
        self._tx.attachments.forget_calendars([collection.id])
        if collection.owner_id is not None:
            self._tx.usage.forget(collection.owner_id)
        indexed = and_(occurrence.c.school_id == school_id, occurrence.c.calendar_id == collection.id)
        connection.execute(delete(occurrence).where(indexed))
        this = and_(calendar.c.school_id == school_id, calendar.c.id == collection.id, calendar.c.ended.is_(None))
        connection.execute(update(calendar).where(this).values(ended=seq, seq=seq))
        stays = and_(feed.c.school_id == school_id, feed.c.calendar_id == collection.id, feed.c.ended.is_(None))
        connection.execute(update(feed).where(stays).values(ended=seq))
        seen = and_(_s.school_id == school_id, _s.collection_id == collection.id, _s.ended.is_(None))
        connection.execute(update(subscription).where(seen).values(ended=seq, seq=seq))
        self._tx.dead_properties.forget_collection(collection.id)
        self._tx.personal.forget(collection=collection.id)

    def erase_owned(self, principal_id: int) -> None:
        """Delete a person's own calendars for good, text and history included: the person leaves (privacy)."""
        self._tx.lock()
        school_id, connection = self._tx.school_id, self._tx.connection
        owned = select(calendar.c.id).where(calendar.c.school_id == school_id, calendar.c.owner_id == principal_id)
        # What others had of it has ended, which their clients have yet to learn.
        others = and_(_s.principal_id != principal_id, _s.ended.is_not(None))
        for table, condition in (
            (occurrence, occurrence.c.calendar_id.in_(owned)),
            (calendar_object, calendar_object.c.calendar_id.in_(owned)),
            (feed, feed.c.collection_id.in_(owned)),
            (subscription, and_(_s.collection_id.in_(owned), not_(others))),
            (calendar, calendar.c.id.in_(owned)),
        ):
            connection.execute(delete(table).where(table.c.school_id == school_id, condition))

    def subscribe(self, principal: Principal, collection_id: int, slug: str, name: str) -> Collection:
        """Add a collection to a person's list, switched on (R17); one already there stays as it is.

        Raises NameTaken when the slug is in use, NotFound when there is no such collection.
        """
        self._tx.lock()
        for each in self._seen(_SEEN_ID, principal, collection=collection_id):
            return each
        if self._seen(_SEEN_SLUG, principal, slug=slug):
            raise NameTaken("collection", slug)
        self._require(collection_id)
        row = subscription_row(principal.id, collection_id, slug, name, self._tx.tick()[0])
        row |= {"position": self._next_position(principal), "school_id": self._tx.school_id}
        self._tx.connection.execute(insert(subscription), row)
        return self._seen(_SEEN_SLUG, principal, slug=slug)[0]

    def _require(self, collection_id: int) -> None:
        """Raise NotFound unless a collection exists."""
        here = and_(calendar.c.school_id == self._tx.school_id, calendar.c.id == collection_id)
        if self._tx.connection.execute(select(calendar.c.id).where(here, calendar.c.ended.is_(None))).first() is None:
            raise NotFound("collection", collection_id)

    def unsubscribe(self, principal: Principal, collection_id: int) -> None:
        """Take a collection off a person's list."""
        this = and_(_subscribed(self._tx.school_id, principal.id), _s.collection_id == collection_id)
        seq = self._tx.tick()[0]
        self._tx.connection.execute(update(subscription).where(this).values(ended=seq, seq=seq))


def _oldest(collections: Iterable[Collection], slug: str) -> Collection | None:
    same = (each for each in collections if spelling.same(each.slug, slug))
    return min(same, key=lambda each: each.id, default=None)


def visibility_of(collection: Collection, client: Client, tx: Transaction) -> Visibility:
    """Return what a client may do with a collection of its user, by the school's settings."""
    if collection.kind is CalendarKind.WEBCAL and client.kind is not ClientKind.DAV:
        return Visibility.HIDDEN
    return policy.visibility(
        client,
        tx.school.settings,
        synchronised=collection.synchronised,
        owned=collection.owned,
        default=collection.kind is CalendarKind.DEFAULT,
    )


def _to_collection(row: Sequence[Any], person: Principal) -> Collection:
    number, kind_name, owner_id, slug, name, colour, position, description, timezone, *rest = row
    components, transparent, on, seq, fed, shared, owner, granted, remark, opaque, born, created = rest
    kind, owned = CalendarKind(kind_name), owner_id == person.id
    access = Access(granted) if granted and not owned else None
    # A share marks the calendar with the number at which it begins; other subscriptions begin unmarked.
    marked = access is not None or (owner_id is not None and not owned and max(seq, fed) >= born)
    return Collection(
        id=number,
        # Another's default calendar is nobody else's default one.
        kind=CalendarKind.SECONDARY if kind is CalendarKind.DEFAULT and not owned else kind,
        owner_id=owner_id,
        slug=slug,
        name=name,
        colour=colour,
        position=position,
        description=description if remark is None else remark,
        timezone=timezone,
        components=tuple(components.split(",")),
        rights=_rights(kind, access, person, owned=owned),
        synchronised=on,
        owned=owned,
        head=max(seq, fed),
        transparent=transparent if access is None else not opaque,
        owner=owner,
        access=access,
        since=born if marked else 0,
        shared=shared,
        mask=policy.mask(owned=owned or owner_id is None, access=access),
        viewer=person.id if access is not None else 0,
        created=created,
    )


def _rights(kind: CalendarKind, access: Access | None, person: Principal, *, owned: bool) -> Rights:
    if access is not None:
        return policy.shared_rights(kind, access, person.role)
    return policy.rights(kind, owned=owned and policy.writes(person.role))


def own_feed(feed_id: int, calendar_id: int) -> dict[str, Any]:
    """Return the row by which a calendar feeds itself, for all time."""
    return feed_row(feed_id, calendar_id, calendar_id, (DAWN, FOREVER))


def feed_row(feed_id: int, collection_id: int, calendar_id: int, window: tuple[int, int]) -> dict[str, Any]:
    """Return the row of a new stay: what of a calendar a collection shows, for objects starting in the window."""
    return {
        "id": feed_id,
        "collection_id": collection_id,
        "calendar_id": calendar_id,
        "shows_from": window[0],
        "shows_until": window[1],
        "keeps_from": window[0],
        "keeps_until": window[1],
        "narrowed": None,
        "born": feed_id,
        "ended": None,
    }


def subscription_row(principal_id: int, collection_id: int, slug: str, name: str, seq: int) -> dict[str, Any]:
    """Return the row of a new subscription, switched on."""
    return {
        "principal_id": principal_id,
        "collection_id": collection_id,
        "slug": slug,
        "name": name,
        "colour": "",
        "position": 0,
        "synchronise": True,
        "born": seq,
        "seq": seq,
        "ended": None,
    }
