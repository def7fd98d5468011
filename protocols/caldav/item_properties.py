"""Properties of a calendar object resource: some are its own, the others it shares with every object beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, Final

from protocols.caldav import access, allowed, calendar_properties, principal_properties, report_sets
from protocols.caldav.context import Context
from protocols.caldav.listed import Row
from protocols.caldav.names import caldav, dav
from protocols.caldav.resources import Calendar, Item
from protocols.caldav.xml_out import href
from storage import masking

SCHEDULE_TAG: Final = caldav("schedule-tag")
RESOURCE_ID: Final = dav("resource-id")
LENGTH: Final = dav("getcontentlength")


def content_type(component: str) -> str:
    """Return the media type of an object, which names its component (RFC 5545, 8.1)."""
    return f"text/calendar; charset=utf-8; component={component.lower()}"


def etag(row: Row) -> str:
    """Return the entity tag; the quotes need no escape in character data."""
    return f'"{row.etag}"'


def modified(row: Row) -> str:
    """Return when the object was last written, as HTTP says it."""
    return formatdate(row.modified, usegmt=True)


def created(row: Row) -> str:
    """Return when the object was made, as RFC 3339 says it (RFC 4918, 15.1)."""
    return calendar_properties.instant(row.created)


def _content_type(row: Row) -> str:
    return content_type(row.component)


def _size(row: Row) -> str:
    return str(row.size)


def _no_type(calendar: Calendar, context: Context) -> str:
    return ""


def schedule_tag(row: Row) -> str:
    """Return the Schedule-Tag of a meeting (RFC 6638, 3.2.10)."""
    return f'"{row.schedule_tag}"'


def _schedule_tag(item: Item, context: Context) -> str | None:
    return schedule_tag(item.entry) if item.entry.schedule_tag else None


def _resource_id(item: Item, context: Context) -> str:
    origins = context.tx.origins
    return href(origins.of_object(origins.of(item.entry.item)))


def resource_ids(calendar: Calendar, context: Context) -> Callable[[Row], str]:
    """Return the reader of what the objects of a calendar are, whatever their addresses (RFC 5842, 3.1)."""
    origins = context.tx.origins
    moved = origins.among(calendar.collection.id)
    return lambda row: href(origins.of_object(moved.get(row.item, row.item)))


def _reports(calendar: Calendar, context: Context) -> str:
    return report_sets.TOLD[Item]


def _length(item: Item, context: Context) -> str | None:
    return None if item.entry.size == masking.UNTOLD else str(item.entry.size)


OF_ROW: Mapping[str, Callable[[Row], str]] = {
    dav("getetag"): etag,
    dav("getcontenttype"): _content_type,
    LENGTH: _size,
    dav("getlastmodified"): modified,
    dav("creationdate"): created,
}

SHARED: Mapping[str, Callable[[Any, Context], str | None]] = {
    dav("resourcetype"): _no_type,
    dav("owner"): calendar_properties.owner,
    dav("current-user-principal"): principal_properties.current_user,
    dav("principal-collection-set"): principal_properties.principal_sets,
    **access.in_home(calendar_properties.granted),
    dav("supported-privilege-set"): principal_properties.supported_privileges,
    dav("supported-report-set"): _reports,
    allowed.METHODS: allowed.method_set_of_members,
    allowed.PROPERTIES: lambda calendar, context: _LIVE,
}


def _of_row(read: Callable[[Row], str]) -> Callable[[Item, Context], str]:
    return lambda item, context: read(item.entry)


def _shared(read: Callable[[Any, Context], str | None]) -> Callable[[Item, Context], str | None]:
    return lambda item, context: read(item.calendar, context)


ITEM: Mapping[str, Callable[[Any, Context], str | None]] = {
    **{name: _shared(read) for name, read in SHARED.items()},
    **{name: _of_row(read) for name, read in OF_ROW.items()},
    LENGTH: _length,
    SCHEDULE_TAG: _schedule_tag,
    RESOURCE_ID: _resource_id,
}

_LIVE: Final[str] = allowed.live_properties(ITEM)
