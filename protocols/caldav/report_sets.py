"""Which reports run on which kind of resource (RFC 3253, 3.1.5): the one table, told to clients and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocols.caldav.names import caldav, calserver, dav
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
from protocols.caldav.xml_out import element

_ANYWHERE: Final = (dav("expand-property"), dav("acl-principal-prop-set"))
_COLLECTION: Final = (
    *_ANYWHERE,
    dav("principal-match"),
    dav("principal-property-search"),
    dav("principal-search-property-set"),
)

_PEOPLE: Final = (*_COLLECTION, calserver("calendarserver-principal-search"))

_CALENDARS: Final = (
    caldav("calendar-multiget"),
    caldav("calendar-query"),
    caldav("free-busy-query"),
    dav("sync-collection"),
)

REPORTS_OF: Final[Mapping[type[Resource], tuple[str, ...]]] = {
    Root: _PEOPLE,
    PrincipalSet: _PEOPLE,
    HomeSet: _COLLECTION,
    Person: _COLLECTION,
    ProxyGroup: _ANYWHERE,
    Home: (*_CALENDARS, *_COLLECTION),
    Calendar: (*_CALENDARS, *_COLLECTION),
    ScheduleInbox: (
        caldav("calendar-multiget"),
        caldav("calendar-query"),
        dav("sync-collection"),
        *_COLLECTION,
    ),
    ScheduleOutbox: _COLLECTION,
    Subscribed: _ANYWHERE,
    GroupSet: _PEOPLE,
    GroupPrincipal: _COLLECTION,
    Notifications: (dav("sync-collection"), *_COLLECTION),
    Notification: _ANYWHERE,
    Item: (caldav("calendar-multiget"), caldav("calendar-query"), *_ANYWHERE),
    Trash: _ANYWHERE,
    TrashItem: _ANYWHERE,
}


def _told(names: tuple[str, ...]) -> str:
    return "".join(element(dav("supported-report"), element(dav("report"), element(name))) for name in names)


TOLD: Final[Mapping[type[Resource], str]] = {kind: _told(names) for kind, names in REPORTS_OF.items()}
