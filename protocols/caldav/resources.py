"""What a path stands for once looked up: small values, one type for each kind of resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from protocols.caldav import paths
from protocols.caldav.context import DAV_CLIENT, Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.paths import Place
from storage import policy
from storage.errors import NotFound
from storage.model import CalendarKind, CalendarObject, Collection, Entry, Principal
from storage.trash import OBJECT, Trashed


@dataclass(frozen=True, slots=True)
class Root:
    """`/dav/` itself."""

    path: str = paths.PREFIX


@dataclass(frozen=True, slots=True)
class PrincipalSet:
    """The collection of people."""

    path: str = paths.PRINCIPALS


@dataclass(frozen=True, slots=True)
class Person:
    """One person as a principal resource (RFC 3744, 2)."""

    principal: Principal
    path: str


@dataclass(frozen=True, slots=True)
class HomeSet:
    """The collection of homes."""

    path: str = paths.HOMES


@dataclass(frozen=True, slots=True)
class Home:
    """One person's calendar home set (RFC 4791, 6.2.1)."""

    principal: Principal
    path: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """A collection at its address."""

    collection: Collection
    path: str


@dataclass(frozen=True, slots=True)
class Subscribed(Calendar):
    """A note that its owner reads a calendar elsewhere, which each client fetches by itself; it holds nothing."""


@dataclass(frozen=True, slots=True)
class ScheduleInbox(Calendar):
    """A person's inbox of scheduling messages, read like a calendar (RFC 6638, 2.2)."""


@dataclass(frozen=True, slots=True)
class ScheduleOutbox:
    """Where a person asks when others are busy; it holds nothing (RFC 6638, 2.1)."""

    principal: Principal
    path: str


class Row(Protocol):
    """What every listing knows of an object: an Entry, a Change or a Loaded."""

    @property
    def href(self) -> str:
        """Its name in the collection, decoded."""

    @property
    def etag(self) -> str | None:
        """Its bare entity tag."""

    @property
    def component(self) -> str:
        """Its main component, such as VEVENT."""

    @property
    def size(self) -> int:
        """Its length in bytes."""

    @property
    def modified(self) -> int:
        """When it was last written, in epoch seconds."""

    @property
    def schedule_tag(self) -> str:
        """Its bare Schedule-Tag, "" when it is no meeting."""


@dataclass(frozen=True, slots=True)
class Item:
    """A calendar object resource and the calendar it is in."""

    calendar: Calendar
    entry: Entry
    path: str


@dataclass(frozen=True, slots=True)
class Trash:
    """What a person deleted and may restore; no calendar, and no client synchronises it."""

    principal: Principal
    path: str


@dataclass(frozen=True, slots=True)
class TrashItem:
    """One thing in a trash."""

    principal: Principal
    found: Trashed
    path: str


Resource = (
    Root
    | PrincipalSet
    | Person
    | HomeSet
    | Home
    | Calendar
    | Item
    | Subscribed
    | ScheduleInbox
    | ScheduleOutbox
    | Trash
    | TrashItem
)


def own(context: Context) -> Principal:
    """Return the asker, if the path is about the asker.

    Raises otherwise: DavError need-privileges to those who may know that the person exists, NotFound to the others.
    """
    principal, login = context.principal, context.target.login
    if login.casefold() == principal.login.casefold():
        return principal
    known(context)
    raise missing_privilege(context.request.path, "read")


def known(context: Context) -> Principal:
    """Return the person whom the path is about; raises NotFound also for one whom the asker may not know."""
    principal, login = context.principal, context.target.login
    if login.casefold() == principal.login.casefold():
        return principal
    found = context.tx.principals.by_login(login.casefold())
    if not found.active or not policy.knows(principal.role, found.role):
        raise NotFound("principal", login)
    return found


def known_people(context: Context) -> tuple[Principal, ...]:
    """Return the asker and everyone whom the asker may know, in order of login."""
    asker = context.principal
    return tuple(
        each
        for each in context.tx.principals.people()
        if each.id == asker.id or (each.active and policy.knows(asker.role, each.role))
    )


def calendar(context: Context) -> Calendar:
    """Return the calendar that the path names or is in; raises NotFound."""
    principal = own(context)
    slug = context.target.slug
    if slug == paths.INBOX:
        return ScheduleInbox(context.tx.inbox.of(principal), paths.collection(principal.login, slug))
    collection = context.tx.collections.by_slug(principal, slug, DAV_CLIENT)
    return calendar_of(collection, paths.collection(principal.login, collection.slug))


def calendar_of(collection: Collection, path: str) -> Calendar:
    """Return a collection as the kind of resource it is."""
    kind = Subscribed if collection.kind is CalendarKind.WEBCAL else Calendar
    return kind(collection, path)


def calendars(context: Context) -> Iterator[Calendar]:
    """Yield the calendars of the asker in their order."""
    principal = context.principal
    for collection in context.tx.collections.visible(principal, DAV_CLIENT):
        yield calendar_of(collection, paths.collection(principal.login, collection.slug))


def stored(context: Context, holder: Calendar) -> CalendarObject:
    """Return the object that the path names; raises NotFound."""
    return context.tx.objects.get(holder.collection, context.target.name)


def entry(found: CalendarObject) -> Entry:
    """Return what a listing would say of an object."""
    return Entry(
        found.item,
        found.href,
        found.etag,
        found.component,
        len(found.ical),
        found.modified,
        found.starts,
        found.ends,
        found.schedule_tag,
    )


_FIXED: Mapping[Place, Callable[[], Resource]] = {
    Place.ROOT: Root,
    Place.PRINCIPALS: PrincipalSet,
    Place.HOMES: HomeSet,
}


def resolve(context: Context) -> Resource:
    """Return what the path stands for; raises NotFound or DavError."""
    match context.target.place:
        case Place.ROOT | Place.PRINCIPALS | Place.HOMES:
            return _FIXED[context.target.place]()
        case Place.PRINCIPAL:
            return _person(known(context))
        case Place.HOME:
            return _home(own(context))
        case Place.COLLECTION if context.target.slug == paths.OUTBOX:
            return ScheduleOutbox(owner := own(context), paths.collection(owner.login, paths.OUTBOX))
        case Place.COLLECTION:
            return calendar(context)
        case Place.OBJECT:
            return _item(context, calendar(context))
        case Place.REGISTRATION:
            raise no_such_member(context.request.path)
        case Place.TRASH | Place.TRASHED:
            return _trash(context)


def members(resource: Resource, context: Context) -> Iterator[Resource]:
    """Yield what a collection resource holds for the asker; objects of a calendar are listed elsewhere, as rows."""
    match resource:
        case Root():
            yield from (PrincipalSet(), HomeSet())
        case PrincipalSet():
            yield _person(context.principal)
        case HomeSet():
            yield _home(context.principal)
        case Home():
            yield from calendars(context)
        case Trash():
            for found in context.tx.trash.of(resource.principal):
                yield _in_trash(resource.principal, found)


def calendar_at(context: Context, target: paths.Target) -> Calendar:
    """Return the calendar that a Destination is in; raises DavError 409 when it is not there (RFC 4918, 9.8.5)."""
    try:
        return calendar(replace(context, target=target))
    except NotFound as error:
        raise DavError(409, reason="There is no such calendar to write to.") from error


def _trash(context: Context) -> Trash | TrashItem:
    """Return the trash, or what a name in it stands for: `<number>.ics` an object, `<number>` a calendar."""
    owner, name = own(context), context.target.name
    if context.target.place is Place.TRASH:
        return Trash(owner, paths.collection(owner.login, paths.TRASH))
    number = name.removesuffix(".ics")
    if not (number.isascii() and number.isdecimal() and len(number) < 18):
        raise NotFound("trashed", name)
    found = context.tx.trash.get(owner, int(number))
    if (found.kind == OBJECT) is not name.endswith(".ics"):
        raise NotFound("trashed", name)
    return _in_trash(owner, found)


def _in_trash(owner: Principal, found: Trashed) -> TrashItem:
    ending = ".ics" if found.kind == OBJECT else ""
    return TrashItem(owner, found, f"{paths.collection(owner.login, paths.TRASH)}{found.id}{ending}")


def _person(principal: Principal) -> Person:
    return Person(principal, paths.principal(principal.login))


def _home(principal: Principal) -> Home:
    return Home(principal, paths.home(principal.login))


def _item(context: Context, holder: Calendar) -> Item:
    found = entry(stored(context, holder))
    return Item(holder, found, holder.path + paths.encode(found.href))


def no_such_member(path: str) -> DavError:
    """Return the error of a path that names nothing and cannot be made to."""
    return DavError(404, reason=f"There is nothing at {path}.")
