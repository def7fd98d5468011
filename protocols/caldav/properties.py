"""Which properties each kind of resource has: names and functions, no branches.

A function gets the resource and the context and returns escaped XML, or None where this one has no such property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from protocols.caldav import (
    allowed,
    calendar_properties,
    dead,
    item_properties,
    notifications,
    principal_properties,
    schedule_properties,
    subscribed_properties,
    trash_properties,
    xml_out,
)
from protocols.caldav.context import Context
from protocols.caldav.names import dav
from protocols.caldav.resources import (
    Calendar,
    GroupPrincipal,
    GroupSet,
    Home,
    HomeSet,
    Item,
    Notification,
    Notifications,
    Person,
    PrincipalSet,
    ProxyGroup,
    Resource,
    Root,
    ScheduleInbox,
    ScheduleOutbox,
    Subscribed,
    Trash,
    TrashItem,
)
from storage.dead_properties import Place
from storage.model import Admission

Reader = Callable[[Any, Context], str | None]

_OWN: Mapping[type[Resource], Mapping[str, Reader]] = {
    Root: principal_properties.ROOT,
    PrincipalSet: principal_properties.PRINCIPALS,
    HomeSet: principal_properties.HOMES,
    Person: principal_properties.PERSON,
    ProxyGroup: principal_properties.PROXY,
    Home: principal_properties.HOME,
    Calendar: calendar_properties.CALENDAR,
    Subscribed: subscribed_properties.SUBSCRIBED,
    ScheduleInbox: schedule_properties.INBOX,
    ScheduleOutbox: schedule_properties.OUTBOX,
    Item: item_properties.ITEM,
    Trash: trash_properties.TRASH,
    TrashItem: trash_properties.ITEM,
    GroupSet: principal_properties.GROUPS,
    GroupPrincipal: principal_properties.GROUP,
    Notifications: notifications.COLLECTION,
    Notification: notifications.RESOURCE,
}


def _described(readers: Mapping[str, Reader]) -> Mapping[str, Reader]:
    """Add the properties that tell which properties and methods a resource has (RFC 3253, 3.1.3 and 3.1.4)."""
    told = allowed.live_properties((*readers, allowed.METHODS, allowed.PROPERTIES))
    return {**readers, allowed.METHODS: allowed.method_set, allowed.PROPERTIES: lambda resource, context: told}


PROPERTIES: Mapping[type[Resource], Mapping[str, Reader]] = {kind: _described(each) for kind, each in _OWN.items()}

# A name that is live anywhere is dead nowhere.
LIVE = frozenset(name for readers in PROPERTIES.values() for name in readers)

# What allprop returns: the properties of RFC 4918 and what a client may have set; the others only by name
# (RFC 4918, 9.1; RFC 4791, 5.2: calendar properties SHOULD NOT be returned by allprop).
ALLPROP = frozenset(
    {
        *map(dav, ("creationdate", "displayname", "getcontentlength", "getcontenttype", "getetag")),
        *map(dav, ("getlastmodified", "resourcetype")),
        *calendar_properties.SET_BY_CLIENTS,
    }
)


def place(resource: Resource) -> Place | None:
    """Return where the dead properties of a resource are kept; None of those that have none."""
    match resource:
        case Home(access=Admission.OWNER):
            return dead.home()
        case Calendar():
            return resource.collection.id, ""
        case Item():
            return resource.calendar.collection.id, resource.entry.href
    return None


def dead_properties(resource: Resource, context: Context) -> Mapping[str, str]:
    """Return the dead properties of a resource as elements, by name."""
    found = place(resource)
    return {} if found is None else context.dead.of(found)


def defined(resource: Resource, context: Context) -> tuple[str, ...]:
    """Return the names of the properties that a resource has."""
    readers = PROPERTIES[type(resource)]
    alive = (name for name, read in readers.items() if read(resource, context) is not None)
    return (*alive, *dead_properties(resource, context))


def of_allprop(kind: type[Resource], include: Iterable[str]) -> tuple[str, ...]:
    """Return the names that allprop asks of a kind of resource."""
    asked = [name for name in PROPERTIES[kind] if name in ALLPROP]
    return tuple(dict.fromkeys((*asked, *include)))


def response(resource: Resource, names: Iterable[str], context: Context) -> str:
    """Return the DAV:response with the values of the asked properties and the names of the missing ones."""
    readers = PROPERTIES[type(resource)]
    found, missing = [], []
    for name in names:
        value = readers[name](resource, context) if name in readers else None
        if value is not None:
            found.append(xml_out.element(name, value))
        elif name not in LIVE and name in dead_properties(resource, context):
            found.append(dead_properties(resource, context)[name])
        else:
            missing.append(name)
    unknown = xml_out.empty_elements(missing)
    return xml_out.response(resource.path, *propstats("".join(found), unknown, minimal=context.minimal))


def propstats(found: str, missing: str, *, minimal: bool) -> list[str]:
    """Return the propstats of what was found and of what was not (RFC 8144, 2.1: the latter only if wanted)."""
    stats = [xml_out.propstat(200, found)] if found or minimal or not missing else []
    if missing and not minimal:
        stats.append(xml_out.propstat(404, missing))
    return stats
