"""Name zones in iCalendar text and describe them as VTIMEZONE, for events that phones make (RFC 5545, 3.6.5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from storage.contentlines import Component, Property, parse
from storage.ical import vtimezone
from storage.ical_zones import resolve

_HOUR = timedelta(hours=1)
_MAX_ETC = 12
_UTC_KEYS = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Etc/UCT", "Zulu"})


def is_utc(zone: tzinfo) -> bool:
    """Tell whether times of this zone are written with a Z."""
    return zone is UTC or getattr(zone, "key", "") in _UTC_KEYS


def tzid(zone: tzinfo) -> str:
    """Name a zone: its IANA name, `Etc/GMT-3` for whole hours east, `Offset+0545` for any other fixed offset."""
    key = getattr(zone, "key", None)
    if isinstance(key, str):
        return key
    offset = _fixed(zone)
    hours, rest = divmod(offset, _HOUR)
    if not rest and abs(hours) <= _MAX_ETC:
        # The signs of Etc names are those of POSIX: west is positive.
        return f"Etc/GMT{-hours:+d}"
    return f"Offset{_written(offset)}"


def with_zone(root: Component, zone: tzinfo) -> Component:
    """Add the VTIMEZONE of a zone to a calendar that lacks it, before everything else; UTC needs none."""
    name = tzid(zone)
    if is_utc(zone) or any((known.text("TZID") or "") == name for known in root.children("VTIMEZONE")):
        return root
    return root.with_components((_described(name, zone), *root.components))


def _described(name: str, zone: tzinfo) -> Component:
    if resolve(name) is None:
        return _observance(name, _fixed(zone))
    wrapped = f"BEGIN:VCALENDAR\r\n{vtimezone(name)}END:VCALENDAR\r\n"
    return parse(wrapped.encode()).children("VTIMEZONE")[0]


def _observance(name: str, offset: timedelta) -> Component:
    properties = (
        Property.make("DTSTART", "19700101T000000"),
        Property.make("TZOFFSETFROM", _written(offset)),
        Property.make("TZOFFSETTO", _written(offset)),
    )
    return Component("VTIMEZONE", (Property.make("TZID", name),), (Component("STANDARD", properties),))


def _fixed(zone: tzinfo) -> timedelta:
    return datetime(2000, 1, 1, tzinfo=zone).utcoffset() or timedelta()


def _written(offset: timedelta) -> str:
    minutes = round(abs(offset) / timedelta(minutes=1))
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02d}{minutes % 60:02d}"
