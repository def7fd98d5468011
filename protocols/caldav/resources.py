"""What a path stands for once looked up: small values, one type for each kind of resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from protocols.caldav import outbox, paths, privileges, respelled
from protocols.caldav.context import DAV_CLIENT, WRITING, Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.paths import Place
from storage import policy
from storage.errors import NotFound
from storage.groups import Group
from storage.model import Admission, CalendarKind, CalendarObject, Collection, Entry, Principal, Rights
from storage.notices import Notice, read
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
class ProxyGroup:
    """Those who stand in for a person, as readers or as writers: a principal too (caldav-proxy, 5.1)."""

    principal: Principal
    access: Admission
    path: str


@dataclass(frozen=True, slots=True)
class HomeSet:
    """The collection of homes."""

    path: str = paths.HOMES


@dataclass(frozen=True, slots=True)
class Home:
    """One person's calendar home set (RFC 4791, 6.2.1), and as what the asker entered it."""

    principal: Principal
    path: str
    access: Admission
    since: int = 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """A collection of a home as the asker may use it, at its address, and what the home's owner may do with it."""

    collection: Collection
    path: str
    home: Home
    owner_rights: Rights


@dataclass(frozen=True, slots=True)
class Subscribed(Calendar):
    """A note that its owner reads a calendar elsewhere, which each client fetches by itself; it holds nothing."""


@dataclass(frozen=True, slots=True)
class ScheduleInbox(Calendar):
    """A person's inbox of scheduling messages, read like a calendar (RFC 6638, 2.2)."""


@dataclass(frozen=True, slots=True)
class ScheduleOutbox:
    """Where a person asks when others are busy; it holds nothing (RFC 6638, 2.1)."""

    path: str
    home: Home


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
    | ProxyGroup
    | GroupSet
    | GroupPrincipal
    | HomeSet
    | Home
    | Calendar
    | Item
    | Subscribed
    | ScheduleInbox
    | ScheduleOutbox
    | Notifications
    | Notification
    | Trash
    | TrashItem
)


def home(context: Context, privilege: str = "") -> Home:
    """Return the home that the path is in, if the asker is its owner or was let in.

    Raises otherwise: DavError need-privileges to those who may know that the person exists, NotFound to the others.
    """
    asker, owner = context.principal, _named(context)
    if owner is asker:
        return _own_home(asker)
    access = context.tx.delegations.enter(asker, owner, writing=context.request.method in WRITING)
    if access is not None:
        return Home(owner, paths.home(owner.login), access, context.tx.delegations.since(asker, owner))
    if not context.tx.address_book.knows(asker, owner):
        raise NotFound("principal", context.target.login)
    raise missing_privilege(context.request.path, privilege or privileges.NEEDED.get(context.request.method, "read"))


def own(context: Context) -> Principal:
    """Return the asker, if the path is in the asker's own home; raises what `home` does, also to delegates."""
    found = home(context)
    if found.access is not Admission.OWNER:
        raise missing_privilege(context.request.path, "read")
    return found.principal


def writable_home(context: Context, privilege: str) -> Home:
    """Return the home that the path is in, if the asker may change it; raises what `home` does."""
    found = home(context, privilege)
    if not found.access.writes:
        raise missing_privilege(context.request.path, privilege)
    return found


def _named(context: Context) -> Principal:
    """Return the asker, or the active person whom the path names; raises NotFound."""
    asker, login = context.principal, context.target.login
    if login.casefold() == asker.login.casefold():
        return asker
    found = context.tx.principals.by_login(login.casefold())
    if not found.active:
        raise NotFound("principal", login)
    return found


def known(context: Context) -> Principal:
    """Return the person whom the path is about; raises NotFound also for one whom the asker may not know."""
    asker, found = context.principal, _named(context)
    if context.tx.address_book.knows(asker, found):
        return found
    raise NotFound("principal", context.target.login)


def known_people(context: Context) -> tuple[Principal, ...]:
    """Return the asker and everyone whom the asker may know, in order of login."""
    return context.tx.address_book.known(context.principal)


def known_groups(context: Context) -> tuple[Group, ...]:
    """Return the groups that the asker may know: those who work in the school know all, others their own."""
    asker = context.principal
    return context.tx.groups.all() if policy.may_list_members(asker.role) else context.tx.groups.of(asker)


def _group(context: Context) -> GroupPrincipal:
    found = next((each for each in known_groups(context) if each.key == context.target.login), None)
    if found is None:
        raise NotFound("group", context.target.login)
    return GroupPrincipal(found, paths.group(found.key))


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
    return calendar_in(home(context), context)


def calendar_in(within: Home, context: Context) -> Calendar:
    """Return the calendar of a home that the path names or is in; raises NotFound, or DavError about an inbox."""
    owner, slug = within.principal, context.target.slug
    if slug == paths.INBOX:
        _check_schedules(within, context)
        box = context.tx.inbox.of(owner)
        return ScheduleInbox(box, paths.collection(owner.login, slug), within, box.rights)
    if slug == paths.NOTIFICATIONS:
        raise missing_privilege(context.request.path, "write")
    if slug == paths.OUTBOX:
        _check_schedules(within, context)
        raise outbox.refusal(context)
    return placed(respelled.collection(owner, context), within)


def placed(collection: Collection, within: Home) -> Calendar:
    """Return a collection of the owner of a home as the asker finds it there."""
    path = paths.collection(within.principal.login, collection.slug)
    kind = Subscribed if collection.kind is CalendarKind.WEBCAL else Calendar
    return kind(policy.as_seen(collection, within.access, within.since), path, within, collection.rights)


def calendars(within: Home, context: Context) -> Iterator[Calendar]:
    """Yield the calendars of a home in its owner's order."""
    for collection in context.tx.collections.visible(within.principal, DAV_CLIENT):
        yield placed(collection, within)


def _check_schedules(within: Home, context: Context) -> None:
    """Raise DavError unless the asker schedules in the name of the owner of a home."""
    if not within.access.writes:
        raise missing_privilege(context.request.path, "read")


def _outbox(context: Context) -> ScheduleOutbox:
    within = home(context)
    _check_schedules(within, context)
    return ScheduleOutbox(paths.collection(within.principal.login, paths.OUTBOX), within)


def proxy_group(context: Context) -> ProxyGroup:
    """Return the group of delegates that the path names; raises NotFound, or DavError for who is not concerned."""
    owner = known(context)
    if context.tx.delegations.access(context.principal, owner) in {None, Admission.SERVICE}:
        raise missing_privilege(context.request.path, "read")
    return next(each for each in proxy_groups(owner) if each.path.endswith(f"/{context.target.slug}/"))


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
        created=found.created,
    )


def resolve(context: Context) -> Resource:
    """Return what the path stands for; raises NotFound or DavError."""
    return _FOUND[context.target.place](context)


def _collection(context: Context) -> Resource:
    if context.target.slug == paths.OUTBOX:
        return _outbox(context)
    return notifications(context) if context.target.slug == paths.NOTIFICATIONS else calendar(context)


def _object(context: Context) -> Resource:
    if context.target.slug == paths.NOTIFICATIONS:
        return notification(context)
    return _item(context, calendar(context))


def _unregistered(context: Context) -> Resource:
    raise no_such_member(context.request.path)


def _attachment(context: Context) -> Resource:
    """Refuse: an attachment is the same for everyone, and who may read it asks for it with GET."""
    raise DavError(405, reason="Attachments are read only.", headers=(("Allow", "OPTIONS, GET, HEAD"),))


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
            yield from _homes(context)
        case Person() if resource.principal.id == context.principal.id:
            yield from proxy_groups(resource.principal)
        case Home():
            yield from calendars(resource, context)
        case Trash():
            for found in context.tx.trash.of(resource.principal):
                yield _in_trash(resource.principal, found)


def calendar_at(context: Context, target: paths.Target) -> Calendar:
    """Return the calendar that a Destination is in; raises DavError 409 when it is not there (RFC 4918, 9.8.5)."""
    path = paths.collection(target.login, target.slug)
    there = replace(context, target=target, request=replace(context.request, path=path))
    try:
        return calendar_in(home(there, "bind"), there)
    except NotFound as error:
        raise DavError(409, reason="There is no such calendar to write to.") from error


def _trash(context: Context) -> Trash | TrashItem:
    """Return the trash, or what a name in it stands for: `<number>.ics` an object, `<number>` a calendar.

    What was deleted is for its owner alone: whoever else was let into the home meets a refusal.
    """
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


def proxy_groups(owner: Principal) -> tuple[ProxyGroup, ...]:
    """Return both groups of a person's delegates."""
    return tuple(ProxyGroup(owner, access, paths.proxy(owner.login, access)) for access in paths.PROXIES)


def _home(principal: Principal, access: Admission) -> Home:
    return Home(principal, paths.home(principal.login), access)


def _own_home(asker: Principal) -> Home:
    return _home(asker, Admission.OWNER if policy.writes(asker.role) else Admission.SERVICE)


def _homes(context: Context) -> Iterator[Home]:
    """Yield the asker's home and, to a service reader, those of all others who can log in."""
    asker, people = context.principal, context.tx.principals
    yield _own_home(asker)
    if context.tx.delegations.list_homes(asker):
        yield from (_home(each, Admission.SERVICE) for each in people.people() if each.active and each.id != asker.id)


def _item(context: Context, holder: Calendar) -> Item:
    found = entry(stored(context, holder))
    return Item(holder, found, holder.path + paths.encode(found.href))


def no_such_member(path: str) -> DavError:
    """Return the error of a path that names nothing and cannot be made to."""
    return DavError(404, reason=f"There is nothing at {path}.")


# A table: in Python 3.11 a match on members of an enumeration costs more than the look-up of a calendar.
_FOUND: Mapping[Place, Callable[[Context], Resource]] = {
    Place.ROOT: lambda _: Root(),
    Place.PRINCIPALS: lambda _: PrincipalSet(),
    Place.GROUPS: lambda _: GroupSet(),
    Place.GROUP: _group,
    Place.HOMES: lambda _: HomeSet(),
    Place.PRINCIPAL: lambda context: _person(known(context)),
    Place.PROXY: proxy_group,
    Place.HOME: home,
    Place.COLLECTION: _collection,
    Place.OBJECT: _object,
    Place.REGISTRATION: _unregistered,
    Place.TRASH: _trash,
    Place.TRASHED: _trash,
    Place.ATTACHMENT: _attachment,
}
