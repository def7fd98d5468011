"""Properties of the scheduling inbox and outbox (RFC 6638, 2 and 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.caldav import access, paths, privileges
from protocols.caldav.calendar_properties import CALENDAR
from protocols.caldav.context import Context
from protocols.caldav.names import caldav, calserver, dav
from protocols.caldav.principal_properties import CONTAINER
from protocols.caldav.resources import ScheduleInbox, ScheduleOutbox
from protocols.caldav.xml_out import element, escape, href
from storage.model import Admission

# What an inbox shares with calendars: it is read and synchronised alike, and nobody names or colours it.
_LIKE_CALENDARS: Final = (
    *map(
        dav, ("displayname", "owner", "getetag", "getcontenttype", "sync-token", "supported-report-set", "resource-id")
    ),
    "{http://calendarserver.org/ns/}getctag",
    *map(caldav, ("supported-calendar-component-set", "supported-calendar-data", "supported-collation-set")),
    caldav("max-resource-size"),
)


def _inbox_type(resource: ScheduleInbox, context: Context) -> str:
    return element(dav("collection")) + element(caldav("schedule-inbox"))


def _outbox_type(resource: ScheduleOutbox, context: Context) -> str:
    return element(dav("collection")) + element(caldav("schedule-outbox"))


def _default(resource: ScheduleInbox, context: Context) -> str | None:
    """Return where new invitations are put (RFC 6638, 9.2)."""
    owner = resource.home.principal
    found = context.tx.preferences.default_calendar(owner)
    return None if found is None else href(paths.collection(owner.login, found.slug))


def _availability(resource: ScheduleInbox, context: Context) -> str | None:
    """Return when the owner can be invited (RFC 7953, 7.2.4)."""
    return escape(context.tx.preferences.availability(resource.home.principal)) or None


def _inbox_granted(resource: ScheduleInbox, access: Admission) -> str:
    return privileges.INBOX if access.writes else ""


def _outbox_granted(resource: ScheduleOutbox, access: Admission) -> str:
    return privileges.OUTBOX if access.writes else ""


def _owner(resource: ScheduleOutbox, context: Context) -> str:
    return href(paths.principal(resource.home.principal.login))


Readers = Mapping[str, Callable[[Any, Context], str | None]]

INBOX: Readers = {
    **CONTAINER,
    **{name: CALENDAR[name] for name in _LIKE_CALENDARS},
    dav("resourcetype"): _inbox_type,
    **access.in_home(_inbox_granted),
    caldav("schedule-default-calendar-URL"): _default,
    caldav("calendar-availability"): _availability,
    calserver("calendar-availability"): _availability,
}

OUTBOX: Readers = {
    **CONTAINER,
    dav("resourcetype"): _outbox_type,
    dav("displayname"): lambda resource, context: paths.OUTBOX,
    dav("owner"): _owner,
    **access.in_home(_outbox_granted),
    caldav("supported-calendar-component-set"): lambda resource, context: '<C:comp name="VFREEBUSY"/>',
    caldav("supported-calendar-data"): CALENDAR[caldav("supported-calendar-data")],
    caldav("max-resource-size"): CALENDAR[caldav("max-resource-size")],
}
