"""What a path stands for once looked up: small values, one type for each kind of resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from protocols.caldav import paths
from protocols.caldav.context import DAV_CLIENT, Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.paths import Place
from storage import policy
from storage.errors import NotFound
from storage.groups import Group
from storage.model import CalendarObject, Collection, Entry, Principal
from storage.notices import Notice, read


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
class GroupSet:
    """The collection of groups."""

    path: str = paths.GROUPS


@dataclass(frozen=True, slots=True)
class GroupPrincipal:
    """A group of people as a principal resource (RFC 3744, 2)."""

    group: Group
    path: str


@dataclass(frozen=True, slots=True)
class Notifications:
    """A person's notices about sharing (caldav-sharing, 4)."""

    collection: Collection
    path: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One notice: what is stored, what it says, and where it is."""

    stored: CalendarObject
    notice: Notice
    path: str


Resource = (
    Root
    | PrincipalSet
    | Person
    | GroupSet
    | GroupPrincipal
    | HomeSet
    | Home
    | Calendar
    | Item
    | ScheduleInbox
    | ScheduleOutbox
    | Notifications
    | Notification
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


def known_groups(context: Context) -> tuple[Group, ...]:
    """Return the groups that the asker may know: those who work in the school know all, others their own."""
    asker = context.principal
    return context.tx.groups.all() if policy.may_list_members(asker.role) else context.tx.groups.of(asker)


def _group(context: Context) -> GroupPrincipal:
    key = context.target.login
    for each in known_groups(context):
        if each.key == key:
            return GroupPrincipal(each, paths.group(key))
    raise NotFound("group", key)


def notifications(context: Context) -> Notifications:
    """Return the notices of the person whose home the path is in; raises what `own` raises."""
    person = own(context)
    return Notifications(context.tx.notices.of(person), paths.collection(person.login, paths.NOTIFICATIONS))


def notification(context: Context) -> Notification:
    """Return the notice that the path names; raises NotFound."""
    holder = notifications(context)
    found = context.tx.objects.get(holder.collection, context.target.name)
    return Notification(found, read(found.ical), holder.path + paths.encode(found.href))


def calendar(context: Context) -> Calendar:
    """Return the calendar that the path names or is in; raises NotFound."""
    principal = own(context)
    slug = context.target.slug
    if slug == paths.INBOX:
        return ScheduleInbox(context.tx.inbox.of(principal), paths.collection(principal.login, slug))
    if slug == paths.NOTIFICATIONS:
        raise missing_privilege(context.request.path, "write")
    collection = context.tx.collections.by_slug(principal, slug, DAV_CLIENT)
    return Calendar(collection, paths.collection(principal.login, collection.slug))


def calendars(context: Context) -> Iterator[Calendar]:
    """Yield the calendars of the asker in their order."""
    principal = context.principal
    for collection in context.tx.collections.visible(principal, DAV_CLIENT):
        yield Calendar(collection, paths.collection(principal.login, collection.slug))


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


_FIXED: Mapping[Place, Resource] = {
    Place.ROOT: Root(),
    Place.PRINCIPALS: PrincipalSet(),
    Place.GROUPS: GroupSet(),
    Place.HOMES: HomeSet(),
}


def resolve(context: Context) -> Resource:
    """Return what the path stands for; raises NotFound or DavError."""
    match context.target.place:
        case Place.PRINCIPAL:
            return _person(known(context))
        case Place.GROUP:
            return _group(context)
        case Place.HOME:
            return _home(own(context))
        case Place.COLLECTION:
            return _collection(context)
        case Place.OBJECT if context.target.slug == paths.NOTIFICATIONS:
            return notification(context)
        case Place.OBJECT:
            return _item(context, calendar(context))
    return _FIXED[context.target.place]


def _collection(context: Context) -> Resource:
    match context.target.slug:
        case paths.OUTBOX:
            return ScheduleOutbox(owner := own(context), paths.collection(owner.login, paths.OUTBOX))
        case paths.NOTIFICATIONS:
            return notifications(context)
    return calendar(context)


def members(resource: Resource, context: Context) -> Iterator[Resource]:
    """Yield what a collection resource holds for the asker; objects of a calendar are listed elsewhere, as rows."""
    match resource:
        case Root():
            yield from (PrincipalSet(), GroupSet(), HomeSet())
        case GroupSet():
            yield from (GroupPrincipal(each, paths.group(each.key)) for each in known_groups(context))
        case Notifications():
            for stored, notice in context.tx.notices.all(own(context)):
                yield Notification(stored, notice, resource.path + paths.encode(stored.href))
        case PrincipalSet():
            yield _person(context.principal)
        case HomeSet():
            yield _home(context.principal)
        case Home():
            yield from calendars(context)


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
