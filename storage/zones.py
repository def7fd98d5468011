"""Which time zone a collection reads floating times in."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from storage.ical_zones import resolve
from storage.model import Collection

_TZID = re.compile(r"^TZID:(.+?)\s*$", re.MULTILINE)


def floating_zone(timezone: str, default: ZoneInfo) -> ZoneInfo:
    """Return the zone that a VTIMEZONE text names, or the default when there is none that is known."""
    match = _TZID.search(timezone) if timezone else None
    return (resolve(match[1]) if match else None) or default


def collection_zone(collection: Collection, default: ZoneInfo) -> ZoneInfo:
    """Return the zone of calendar-timezone (RFC 4791, 5.2.2), or the school's."""
    return floating_zone(collection.timezone, default)
