"""Which time zone a collection reads floating times in."""

from __future__ import annotations

import re
from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from storage import contentlines
from storage.contentlines import Component
from storage.errors import InvalidObject
from storage.ical_vtimezone import vtimezone
from storage.ical_zones import resolve, zone_of
from storage.model import Collection

_TZID = re.compile(r"^TZID:(.+?)\s*$", re.MULTILINE)


def floating_zone(timezone: str, default: ZoneInfo) -> tzinfo:
    """Return the zone that a VTIMEZONE text means, or the default when there is none that is known."""
    return _meant(timezone, default) if timezone else default


@lru_cache(maxsize=256)
def _meant(timezone: str, default: ZoneInfo) -> tzinfo:
    match = _TZID.search(timezone)
    known = resolve(match[1]) if match else None
    if known is not None:
        return known
    try:
        return declared_zone(timezone)
    except InvalidObject:
        return default


def collection_zone(collection: Collection, default: ZoneInfo) -> tzinfo:
    """Return the zone of calendar-timezone (RFC 4791, 5.2.2), or the school's."""
    return floating_zone(collection.timezone, default)


def declared_zone(text: str) -> tzinfo:
    """Return the zone of an iCalendar object that holds one VTIMEZONE and nothing else (RFC 4791, 5.2.2 and 9.8).

    Raises InvalidObject(`valid-calendar-data`) when the text is anything else, or describes no zone.
    """
    root = contentlines.parse(text.encode())
    zones = root.children("VTIMEZONE")
    if len(zones) != 1 or len(root.components) != 1:
        raise InvalidObject("valid-calendar-data", "a time zone is told by one VTIMEZONE alone")
    tzid = zones[0].text("TZID")
    found = _described(tzid, root) if tzid else None
    if found is None:
        raise InvalidObject("valid-calendar-data", "the VTIMEZONE describes no time zone")
    return found


def _described(tzid: str, root: Component) -> tzinfo | None:
    observed = any(each.name in {"STANDARD", "DAYLIGHT"} for zone in root.components for each in zone.components)
    nowhere = ZoneInfo("Factory")
    found = zone_of(tzid, root, nowhere)
    return None if found is nowhere or not observed else found


def known_zone(name: str) -> ZoneInfo | None:
    """Return the zone of an identifier, None when it is unknown here (RFC 7809, 5.1)."""
    return resolve(name) if name else None


def zone_name(timezone: str) -> str:
    """Return the TZID of a VTIMEZONE text, "" when there is none."""
    match = _TZID.search(timezone)
    return match[1] if match else ""


def timezone_text(name: str) -> str:
    """Return an iCalendar object with the VTIMEZONE of an identifier; raises InvalidObject when it is unknown."""
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cadran//Cadran//EN", "")
    return "\r\n".join(lines) + vtimezone(name) + "END:VCALENDAR\r\n"
