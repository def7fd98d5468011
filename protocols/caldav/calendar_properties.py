"""Properties of a calendar collection as the asker sees it (RFC 4791, 5.2)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from protocols.caldav import access, attachment_properties, media, paths, privileges, sharing_properties
from protocols.caldav.collations import COLLATIONS
from protocols.caldav.conditional import quoted
from protocols.caldav.context import Context
from protocols.caldav.names import apple, caldav, calserver, dav
from protocols.caldav.principal_properties import current_user, principal_sets, reports, supported_privileges
from protocols.caldav.push_properties import PUSH
from protocols.caldav.resources import Calendar
from protocols.caldav.xml_out import element, escape, href
from storage import ical, policy, zones
from storage.model import Admission, SyncToken
from storage.policy import READ_ONLY
from storage.tokens import format_token

# The query of the address where POST adds one object (RFC 5995, 3).
ADD_MEMBER: Final = "add-member"
# The years that a date can be computed in; an object that leaves them is refused with the properties' names.
MIN_DATE_TIME: Final = "00010101T000000Z"
MAX_DATE_TIME: Final = "99991231T235959Z"
# One resource never is larger; the school's largest real event with its history of the time zone has 12 kB.
MAX_RESOURCE_SIZE: Final = 1024 * 1024


_TYPE = element(dav("collection")) + element(caldav("calendar"))
_COLLATIONS = "".join(element(caldav("supported-collation"), name) for name in COLLATIONS)
_DATA = "".join(f'<C:calendar-data content-type="{kind}" version="2.0"/>' for kind in (media.ICALENDAR, media.JCAL))
_SCALES = element(caldav("supported-rscale"), "GREGORIAN")


def etag(calendar: Calendar) -> str:
    """Return the bare entity tag of the collection's one .ics, which holds the objects, the name and the colour."""
    collection = calendar.collection
    titles = zlib.crc32(f"{collection.name}\n{collection.colour}".encode())
    return f"{collection.id}-{collection.head}-{titles:08x}"


def owner(calendar: Calendar, context: Context) -> str:
    """Return the owner, empty when it is the school."""
    if calendar.collection.owned:
        return href(paths.principal(calendar.home.principal.login))
    return href(paths.principal(calendar.collection.owner)) if calendar.collection.owner else ""


def _type(calendar: Calendar, context: Context) -> str:
    if calendar.collection.access is not None:
        return _TYPE + element(calserver("shared"))
    return _TYPE + element(calserver("shared-owner")) if calendar.collection.shared else _TYPE


def _name(calendar: Calendar, context: Context) -> str:
    return escape(calendar.collection.name)


def granted(calendar: Calendar, access: Admission) -> str:
    """Return what those who enter the home so may do with the calendar and its objects (RFC 3744, 5.4)."""
    told = privileges.on_calendar(calendar.owner_rights if access.writes else READ_ONLY)
    shares = access is Admission.OWNER and policy.shareable(calendar.collection)
    return told + privileges.SHARES if shares else told


def _etag(calendar: Calendar, context: Context) -> str:
    return escape(f"W/{quoted(etag(calendar))}")


def instant(moment: int) -> str:
    """Return a time in epoch seconds as RFC 3339 says it (RFC 4918, 15.1)."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _created(calendar: Calendar, context: Context) -> str | None:
    """Return when the calendar was made; nobody knows of those from before that was noted."""
    return instant(calendar.collection.created) if calendar.collection.created else None


def _content_type(calendar: Calendar, context: Context) -> str:
    return "text/calendar; charset=utf-8"


def _ctag(calendar: Calendar, context: Context) -> str:
    return str(calendar.collection.head)


def sync_token(calendar: Calendar, context: Context) -> str:
    """Return the token that says that everything up to now is known (RFC 6578, 4)."""
    collection = calendar.collection
    return escape(format_token(SyncToken(collection.id, collection.head), context.tx.school_id))


def _components(calendar: Calendar, context: Context) -> str:
    return "".join(f'<C:comp name="{escape(name)}"/>' for name in calendar.collection.components)


def _data(calendar: Calendar, context: Context) -> str:
    return _DATA


def _collations(calendar: Calendar, context: Context) -> str:
    return _COLLATIONS


def _scales(calendar: Calendar, context: Context) -> str:
    """Return the calendars in which rules may count: the Gregorian alone (RFC 7529, 8)."""
    return _SCALES


def _max_size(calendar: Calendar, context: Context) -> str:
    return str(MAX_RESOURCE_SIZE)


def _min_date_time(calendar: Calendar, context: Context) -> str:
    return MIN_DATE_TIME


def _max_date_time(calendar: Calendar, context: Context) -> str:
    return MAX_DATE_TIME


def _max_instances(calendar: Calendar, context: Context) -> str:
    return str(ical.MAX_OCCURRENCES)


def _max_attendees(calendar: Calendar, context: Context) -> str:
    return str(ical.MAX_ATTENDEES)


def _add_member(calendar: Calendar, context: Context) -> str | None:
    return href(f"{calendar.path}?{ADD_MEMBER}") if calendar.collection.rights.write else None


def _resource_id(calendar: Calendar, context: Context) -> str:
    """Return what the calendar is, in whosever home it is seen (RFC 5842, 3.1)."""
    return href(context.tx.origins.of_collection(calendar.collection.id))


def _colour(calendar: Calendar, context: Context) -> str | None:
    return escape(calendar.collection.colour) or None


def _order(calendar: Calendar, context: Context) -> str:
    return str(calendar.collection.position)


def _description(calendar: Calendar, context: Context) -> str | None:
    return escape(calendar.collection.description) or None


def _timezone(calendar: Calendar, context: Context) -> str | None:
    return escape(calendar.collection.timezone) or None


def _timezone_id(calendar: Calendar, context: Context) -> str | None:
    """Return the name of the zone of calendar-timezone, if it has one (RFC 7809, 5.2)."""
    return escape(zones.zone_name(calendar.collection.timezone)) or None


def _transparency(calendar: Calendar, context: Context) -> str:
    """Return whether the calendar's events count when others ask when its owner is busy (RFC 6638, 9.1)."""
    counts = calendar.collection.owned or calendar.collection.access is not None
    opaque = counts and not calendar.collection.transparent
    return element(caldav("opaque" if opaque else "transparent"))


SET_BY_CLIENTS: Final = (
    caldav("calendar-description"),
    apple("calendar-color"),
    apple("calendar-order"),
)

CALENDAR: Mapping[str, Callable[[Any, Context], str | None]] = {
    dav("resourcetype"): _type,
    dav("displayname"): _name,
    dav("owner"): owner,
    dav("current-user-principal"): current_user,
    dav("principal-collection-set"): principal_sets,
    **access.in_home(granted),
    dav("supported-privilege-set"): supported_privileges,
    dav("supported-report-set"): reports,
    dav("getetag"): _etag,
    dav("creationdate"): _created,
    dav("getcontenttype"): _content_type,
    dav("add-member"): _add_member,
    dav("resource-id"): _resource_id,
    dav("sync-token"): sync_token,
    calserver("getctag"): _ctag,
    caldav("supported-calendar-component-set"): _components,
    caldav("supported-calendar-data"): _data,
    caldav("supported-collation-set"): _collations,
    caldav("supported-rscale-set"): _scales,
    caldav("max-resource-size"): _max_size,
    caldav("min-date-time"): _min_date_time,
    caldav("max-date-time"): _max_date_time,
    caldav("max-instances"): _max_instances,
    caldav("max-attendees-per-instance"): _max_attendees,
    caldav("calendar-description"): _description,
    caldav("calendar-timezone"): _timezone,
    caldav("calendar-timezone-id"): _timezone_id,
    caldav("schedule-calendar-transp"): _transparency,
    apple("calendar-color"): _colour,
    apple("calendar-order"): _order,
    **PUSH,
    **attachment_properties.CALENDAR,
    **sharing_properties.OF_CALENDAR,
}
