"""Who may do what, told as access control elements that cannot be changed here (RFC 3744, 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from protocols.caldav import privileges
from protocols.caldav.context import Context
from protocols.caldav.names import dav
from protocols.caldav.resources import Calendar, Home, Item, Notification, Notifications, Person, Resource
from protocols.caldav.sharing_properties import grants_of
from protocols.caldav.xml_out import element, href

Reader = Callable[[Any, Context], str]
Perhaps = Callable[[Any, Context], str | None]

_OWNER: Final = element(dav("principal"), element(dav("property"), element(dav("owner"))))


def has_owner(resource: Resource) -> bool:
    """Whether the asker owns a resource, rather than the school."""
    match resource:
        case Calendar():
            return resource.collection.owned
        case Item():
            return resource.calendar.collection.owned
    return isinstance(resource, Person | Home | Notifications | Notification)


def acl(granted: Reader) -> Perhaps:
    """Return the reader of DAV:acl of resources whose privileges another reader tells (RFC 3744, 5.5).

    Other people are only there to be found: what they may do is not told.
    """

    def read(resource: Any, context: Context) -> str | None:
        if isinstance(resource, Person) and resource.principal.id != context.principal.id:
            return None
        principal = _OWNER if has_owner(resource) else element(dav("principal"), href(context.own_path))
        grant = element(dav("grant"), granted(resource, context))
        own = element(dav("ace"), principal + grant + element(dav("protected")))
        return own + (_shares(resource, context) if isinstance(resource, Calendar) else "")

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
