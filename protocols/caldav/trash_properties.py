"""Properties of the trash and of what is in it; those that no standard names are in a namespace of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Final

from protocols.caldav import access, item_properties, paths, privileges
from protocols.caldav.conditional import quoted
from protocols.caldav.context import Context
from protocols.caldav.names import cadran, dav
from protocols.caldav.principal_properties import CONTAINER
from protocols.caldav.resources import Trash, TrashItem
from protocols.caldav.xml_out import element, escape, href
from storage.trash import CALENDAR

_NAME: Final = "Corbeille"


def _type(resource: Trash, context: Context) -> str:
    return element(dav("collection")) + element(cadran("trash"))


def _name(resource: Trash, context: Context) -> str:
    return _NAME


def _owner(resource: Trash | TrashItem, context: Context) -> str:
    return href(paths.principal(resource.principal.login))


def _privileges(resource: Trash | TrashItem, context: Context) -> str:
    return privileges.TRASH


def _days(resource: Trash, context: Context) -> str:
    return str(context.tx.school.settings.trash_days)


def _item_type(item: TrashItem, context: Context) -> str:
    return element(cadran("deleted-calendar")) if item.found.kind == CALENDAR else ""


def _title(item: TrashItem, context: Context) -> str | None:
    return escape(item.found.title) or None


def _etag(item: TrashItem, context: Context) -> str:
    return quoted(item.found.etag)


def _content_type(item: TrashItem, context: Context) -> str | None:
    return None if item.found.kind == CALENDAR else item_properties.content_type(item.found.component)


def _size(item: TrashItem, context: Context) -> str | None:
    return None if item.found.kind == CALENDAR else str(item.found.size)


def _modified(item: TrashItem, context: Context) -> str:
    return formatdate(item.found.deleted, usegmt=True)


def _deleted(item: TrashItem, context: Context) -> str:
    return datetime.fromtimestamp(item.found.deleted, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _original(item: TrashItem, context: Context) -> str | None:
    """Return where the thing was; None when the calendar of an object is gone too."""
    found, login = item.found, item.principal.login
    if found.kind == CALENDAR:
        return href(paths.collection(login, found.name))
    return href(paths.collection(login, found.slug) + paths.encode(found.name)) if found.slug else None


def _calendar(item: TrashItem, context: Context) -> str | None:
    return escape(item.found.calendar) or None


Readers = Mapping[str, Callable[[Any, Context], str | None]]

TRASH: Readers = {
    **CONTAINER,
    dav("resourcetype"): _type,
    dav("displayname"): _name,
    dav("owner"): _owner,
    **access.control(_privileges),
    cadran("kept-days"): _days,
}

ITEM: Readers = {
    **CONTAINER,
    dav("resourcetype"): _item_type,
    dav("displayname"): _title,
    dav("owner"): _owner,
    **access.control(_privileges),
    dav("getetag"): _etag,
    dav("getcontenttype"): _content_type,
    dav("getcontentlength"): _size,
    dav("getlastmodified"): _modified,
    cadran("deleted-at"): _deleted,
    cadran("original-location"): _original,
    cadran("original-calendar"): _calendar,
}
