"""Which methods run at which kind of address: told by OPTIONS, by every 405 and as a property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from protocols.caldav import paths
from protocols.caldav.context import Context
from protocols.caldav.names import dav
from protocols.caldav.paths import Place, Target
from protocols.caldav.xml_out import element

METHODS: Final = dav("supported-method-set")
PROPERTIES: Final = dav("supported-live-property-set")

_COMMON: Final = ("OPTIONS", "PROPFIND", "PROPPATCH", "REPORT")

ALLOWED: Final[Mapping[Place, tuple[str, ...]]] = {
    Place.ROOT: _COMMON,
    Place.PRINCIPALS: _COMMON,
    Place.PRINCIPAL: _COMMON,
    Place.PROXY: _COMMON,
    Place.GROUPS: _COMMON,
    Place.GROUP: _COMMON,
    Place.HOMES: _COMMON,
    Place.HOME: (*_COMMON, "POST"),
    Place.COLLECTION: (*_COMMON, "GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "MOVE", "MKCALENDAR", "MKCOL", "ACL"),
    Place.REGISTRATION: ("OPTIONS", "DELETE"),
    Place.OBJECT: (*_COMMON, "GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "MOVE"),
    Place.ATTACHMENT: ("OPTIONS", "GET", "HEAD"),
    Place.TRASH: ("OPTIONS", "PROPFIND", "REPORT"),
    Place.TRASHED: ("OPTIONS", "PROPFIND", "REPORT", "GET", "HEAD", "DELETE", "MOVE"),
}
# Collections of every home that are no calendars, or not like the others (RFC 6638, 2; caldav-sharing, 4).
_BOXES: Final[Mapping[tuple[Place, str], tuple[str, ...]]] = {
    (Place.COLLECTION, paths.INBOX): (*_COMMON, "GET", "HEAD"),
    (Place.COLLECTION, paths.OUTBOX): (*_COMMON, "POST"),
    (Place.COLLECTION, paths.NOTIFICATIONS): _COMMON,
    (Place.OBJECT, paths.NOTIFICATIONS): (*_COMMON, "GET", "HEAD", "DELETE"),
}


def methods(target: Target) -> tuple[str, ...]:
    """Return the methods that may succeed at an address, whether or not there is something yet."""
    return _BOXES.get((target.place, target.slug)) or ALLOWED[target.place]


def allow(target: Target) -> tuple[str, str]:
    """Return the Allow header of an address."""
    return "Allow", ", ".join(methods(target))


def method_set(resource: Any, context: Context) -> str | None:
    """Return the same as a property (RFC 3253, 3.1.3)."""
    target = paths.parse(resource.path)
    return None if target is None else _told(methods(target))


def method_set_of_members(calendar: Any, context: Context) -> str | None:
    """Return the same of what a calendar holds."""
    target = paths.parse(calendar.path)
    return None if target is None else _told(methods(replace(target, place=Place.OBJECT)))


def _told(names: Iterable[str]) -> str:
    return "".join(f'<D:supported-method name="{name}"/>' for name in names)


def live_properties(names: Iterable[str]) -> str:
    """Return names as the value of supported-live-property-set (RFC 3253, 3.1.4)."""
    return "".join(element(dav("supported-live-property"), element(dav("prop"), element(name))) for name in names)
