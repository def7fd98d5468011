"""Write and read TimeZone blobs, the 172 bytes of a Windows time zone (MS-ASDTYPE 2.7; reference/eas.md section 12).

A blob holds one rule without a year: an offset, and for zones with summer time the two yearly changes. A real zone is
turned into the rule of the event's own year, and back into the zone it most probably came from.
"""

import base64
import binascii
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from protocols.eas.transitions import (
    LAST_WEEK,
    Change,
    Rule,
    fits,
    holds,
    offset_at,
    rule_of,
    year_of,
    zone_transitions,
)
from protocols.eas.windows_zones import IANA, WINDOWS

__all__ = ["SIZE", "Blob", "blob", "holds", "pack", "read", "unpack"]

SIZE: Final = 172
_LAYOUT: Final = struct.Struct("<i64s8Hi64s8Hi")
_NAME_BYTES: Final = 64
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_NO_DATE: Final = (0,) * 8


class Blob(NamedTuple):
    """The rule and the two names of a blob."""

    rule: Rule
    standard_name: str = ""
    daylight_name: str = ""


def blob(zone: tzinfo, moment: datetime) -> str:
    """Return the base64 blob of a zone for an event at an aware moment, under its Windows names where it has any.

    A zone without a weekly rule in that year is told by its offset at the moment; `holds` tells whether a series may
    rely on the blob. UTC is always named, for 172 zero bytes mean an unknown zone.
    """
    rule = rule_of(zone, moment)
    standard = WINDOWS.get(getattr(zone, "key", "")) or ("UTC" if rule == Rule(timedelta()) else "")
    daylight = standard.replace("Standard", "Daylight")
    return base64.b64encode(pack(Blob(rule, standard, daylight))).decode("ascii")


def read(text: str, former: tzinfo | None, default: tzinfo, moment: datetime | None = None) -> tzinfo | None:
    """Return the zone a base64 blob means, None when it tells nothing (all zero, wrong length, not base64).

    In this order: the zone it names, if the offsets agree; the item's former zone, then the default one, if their
    rules are the blob's; the first zone with these rules; a fixed offset. A Windows name stands for several zones:
    among them the former and the default come first, so that Brussels does not become Paris. `moment` is the event's
    start, whose year the rules are compared in; the present year when it is not given.
    """
    found = unpack(text)
    if found is None:
        return None
    at = moment or datetime.now(UTC)
    rule = found.rule
    known = [zone for zone in (former, default) if zone is not None and fits(rule, zone, at)]
    named = _named(found, at)
    if named is not None and named.key == found.standard_name:
        return named
    if named is not None:
        group = WINDOWS.get(named.key)
        return next((zone for zone in known if WINDOWS.get(getattr(zone, "key", ""), "") == group), named)
    if known:
        return known[0]
    return _search(rule, year_of(UTC, at), at.month) or timezone(rule.offset(at))


def pack(content: Blob) -> bytes:
    """Return the 172 bytes; offsets are rounded to minutes, names cut to 31 characters."""
    rule = content.rule
    summer = rule.daylight - rule.standard if rule.daylight is not None else timedelta()
    return _LAYOUT.pack(
        -round(rule.standard / _MINUTE),
        _name_bytes(content.standard_name),
        *_date(rule.ends),
        0,
        _name_bytes(content.daylight_name),
        *_date(rule.begins),
        -round(summer / _MINUTE),
    )


def unpack(text: str) -> Blob | None:
    """Return what a base64 blob says, None when it says nothing.

    A blob with a bias but no dates has no summer time, nor has one with dates that no calendar has.
    """
    try:
        raw = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != SIZE or not any(raw):
        return None
    fields = _LAYOUT.unpack(raw)
    bias, standard_bias, daylight_bias = fields[0], fields[10], fields[20]
    standard, daylight = -(bias + standard_bias) * _MINUTE, -(bias + daylight_bias) * _MINUTE
    if not (-_DAY < standard < _DAY and -_DAY < daylight < _DAY):
        return None
    ends, begins = _change(fields[2:10]), _change(fields[12:20])
    rule = Rule(standard, daylight, begins, ends) if ends and begins and standard != daylight else Rule(standard)
    return Blob(rule, _name(fields[1]), _name(fields[11]))


def _date(change: Change | None) -> tuple[int, ...]:
    """Return a SYSTEMTIME in its relative form: year 0, and the week in the place of the day."""
    if change is None:
        return _NO_DATE
    milliseconds = change.time // timedelta(milliseconds=1)
    seconds, rest = divmod(milliseconds, 1000)
    return (0, change.month, change.weekday, change.week, seconds // 3600, seconds // 60 % 60, seconds % 60, rest)


def _change(fields: tuple[int, ...]) -> Change | None:
    """Return the yearly date of a SYSTEMTIME, None for an absolute or an impossible one."""
    year, month, weekday, week, hour, minute, second, millisecond = fields
    limits = ((month, 1, 12), (weekday, 0, 6), (week, 1, LAST_WEEK), (hour, 0, 23), (minute, 0, 59), (second, 0, 59))
    if year or millisecond > 999 or not all(low <= number <= high for number, low, high in limits):
        return None
    time = timedelta(hours=hour, minutes=minute, seconds=second, milliseconds=millisecond)
    return Change(month, weekday, week, time)


def _name_bytes(name: str) -> bytes:
    return name[: _NAME_BYTES // 2 - 1].encode("utf-16-le")


def _name(raw: bytes) -> str:
    return raw.decode("utf-16-le", "replace").partition("\0")[0].strip()


def _named(found: Blob, moment: datetime) -> ZoneInfo | None:
    """Return the zone a blob names, by a Windows or an IANA name, if it has the blob's offsets that year."""
    zone = _zone(IANA.get(found.standard_name) or IANA.get(found.daylight_name.replace("Daylight", "Standard")) or "")
    zone = zone or _zone(found.standard_name)
    if zone is None:
        return None
    transitions = zone_transitions(zone, year_of(zone, moment))
    offsets = {offset_at(zone, moment)}.union(*((t.before, t.after) for t in transitions))
    rule = found.rule
    return zone if offsets >= {rule.standard, rule.standard if rule.daylight is None else rule.daylight} else None


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone(name: str) -> ZoneInfo | None:
    if name not in _known_zones():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=1024)
def _search(rule: Rule, year: int, month: int) -> tzinfo | None:
    """Return the first zone with that rule: the main zones first, then every one in alphabetical order."""
    at = datetime(year, month, 15, tzinfo=UTC)
    probes = (datetime(year, 1, 15, tzinfo=UTC), datetime(year, 7, 15, tzinfo=UTC), at)
    offsets = [rule.offset(probe) for probe in probes]
    for zone in _zones():
        if [offset_at(zone, probe) for probe in probes] == offsets and fits(rule, zone, at):
            return zone
    return None


def _zones() -> Iterator[ZoneInfo]:
    names = (*IANA.values(), *sorted(name for name in _known_zones() if "/" in name and not name.startswith("Etc/")))
    return (zone for name in names if (zone := _zone(name)) is not None)
