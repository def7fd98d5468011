"""Who may do what, told as access control elements that cannot be changed here (RFC 3744, 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from protocols.caldav import paths, privileges
from protocols.caldav.context import Context
from protocols.caldav.names import dav
from protocols.caldav.resources import (
    Calendar,
    Home,
    Item,
    Notification,
    Notifications,
    Person,
    ProxyGroup,
    Resource,
    ScheduleOutbox,
    Trash,
    TrashItem,
)
from protocols.caldav.sharing_properties import grants_of
from protocols.caldav.xml_out import element, href
from storage.model import Admission

Reader = Callable[[Any, Context], str]
Perhaps = Callable[[Any, Context], str | None]
Granted = Callable[[Any, Admission], str]

_OWNER: Final = element(dav("property"), element(dav("owner")))


def has_owner(resource: Resource) -> bool:
    """Whether a person owns a resource, rather than the school."""
    match resource:
        case Calendar():
            return resource.collection.owned
        case Item():
            return resource.calendar.collection.owned
    return isinstance(
        resource, Person | ProxyGroup | Home | ScheduleOutbox | Trash | TrashItem | Notifications | Notification
    )


def _ace(principal: str, granted: str) -> str:
    grant = element(dav("grant"), granted)
    return element(dav("ace"), element(dav("principal"), principal) + grant + element(dav("protected")))


def acl(granted: Reader) -> Perhaps:
    """Return the reader of DAV:acl of resources whose privileges another reader tells (RFC 3744, 5.5).

    Other people are only there to be found: what they may do is not told.
    """

    def read(resource: Any, context: Context) -> str | None:
        if isinstance(resource, Person | ProxyGroup) and resource.principal.id != context.principal.id:
            return None
        return _ace(_OWNER if has_owner(resource) else href(context.own_path), granted(resource, context))

    return read


def home_of(resource: Home | Calendar | ScheduleOutbox) -> Home:
    """Return the home that a resource is or is in."""
    return resource if isinstance(resource, Home) else resource.home


def _home_acl(granted: Granted) -> Reader:
    """Return the reader of DAV:acl in homes: the owner, both groups of delegates, who may be nobody, and shares."""

    def read(resource: Any, context: Context) -> str:
        home = home_of(resource)
        login = home.principal.login
        aces = [
            _ace(_OWNER if has_owner(resource) else href(paths.principal(login)), granted(resource, Admission.OWNER))
        ]
        for access in paths.PROXIES:
            if found := granted(resource, access):
                aces.append(_ace(href(paths.proxy(login, access)), found))
        if home.access is Admission.SERVICE:
            aces.append(_ace(href(context.own_path), privileges.READ))
        if isinstance(resource, Calendar):
            aces.append(_shares(resource, context))
        return "".join(aces)

    return read


def _shares(calendar: Calendar, context: Context) -> str:
    """Return an element for each person and group that an owner's calendar is shared with."""
    return "".join(
        element(
            dav("ace"),
            element(dav("principal"), href(path)) + element(dav("grant"), privileges.granted_to(share.access)),
        )
        for path, share in grants_of(calendar, context)
    )


def restrictions(resource: object, context: Context) -> str:
    """Return that privileges are granted and never denied (RFC 3744, 5.6)."""
    return element(dav("grant-only")) + element(dav("no-invert"))


def nothing(resource: object, context: Context) -> str:
    """Return an empty value: no group, nothing inherited, no other address (RFC 3744, 4 and 5)."""
    return ""


def control(granted: Reader) -> dict[str, Perhaps]:
    """Return the properties of RFC 3744, 5 that depend on nothing but the privileges that a reader tells."""
    return {
        dav("group"): nothing,
        dav("acl"): acl(granted),
        dav("acl-restrictions"): restrictions,
        dav("inherited-acl-set"): nothing,
        dav("current-user-privilege-set"): granted,
    }


def in_home(granted: Granted) -> dict[str, Perhaps]:
    """Return the same properties of what is in homes, where privileges are as one entered the home."""

    def of_asker(resource: Any, context: Context) -> str:
        return granted(resource, home_of(resource).access)

    return control(of_asker) | {dav("acl"): _home_acl(granted)}
