"""The actions: what the service can do, which zones there are, one zone, leap seconds (RFC 7808, 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from protocols.tzdist import parameters, pattern
from protocols.tzdist.problems import Problem
from storage import zone_database
from storage.ical_jcal import jcal
from storage.ical_vtimezone import between, changes, vtimezone
from storage.zone_database import NamedZone

CALENDAR: Final = "text/calendar"
JCAL: Final = "application/calendar+json"

_VERSION = re.compile(r"\d{4}[a-z]{1,2}", re.ASCII)
_HEAD: Final = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Cadran//Cadran//EN\r\n"
_TEMPLATE: Final = "{/service-prefix,data-prefix}"


def _action(name: str, template: str, *wanted: tuple[str, bool]) -> dict[str, Any]:
    told = [{"name": each, "required": required, "multi": False} for each, required in wanted]
    return {"name": name, "uri-template": _TEMPLATE + template, "parameters": told}


ACTIONS: Final = (
    _action("capabilities", "/capabilities"),
    _action("list", "/zones{?changedsince}", ("changedsince", False)),
    _action("get", "/zones{/tzid}{?start,end}", ("start", False), ("end", False)),
    _action(
        "expand",
        "/zones{/tzid}/observances{?start,end,changedsince}",
        *(("start", True), ("end", True), ("changedsince", False)),
    ),
    _action("find", "/zones{?pattern}", ("pattern", True)),
    _action("leapseconds", "/leapseconds"),
)


@lru_cache(maxsize=1)
def capabilities() -> bytes:
    """Return what this service is and does."""
    info = {
        "primary-source": f"IANA:{zone_database.version()}",
        "formats": [CALENDAR, JCAL],
        "truncated": {"any": True, "untruncated": True},
        "contacts": [],
    }
    return _json({"version": 1, "info": info, "actions": ACTIONS})


def synctoken() -> str:
    """Return the token of the whole data, which changes with the version of the zone database."""
    return zone_database.version()


def check_token(values: Mapping[str, str]) -> bool:
    """Tell whether the client has this version already; raises Problem for what never was a token of this service."""
    text = values.get("changedsince")
    if text is None:
        return False
    if not _VERSION.fullmatch(text) or text > synctoken():
        raise Problem("invalid-changedsince")
    return text == synctoken()


@lru_cache(maxsize=2)
def listed(*, unchanged: bool) -> bytes:
    """Return all zones, or none to a client that has them."""
    return _list(() if unchanged else zone_database.zones())


def found(text: str) -> bytes:
    """Return the zones one of whose names matches a pattern; raises Problem."""
    matches = pattern.matcher(text)
    return _list(tuple(zone for zone in zone_database.zones() if any(map(matches, (zone.tzid, *zone.aliases)))))


def _list(zones: tuple[NamedZone, ...]) -> bytes:
    return _json({"synctoken": synctoken(), "timezones": [_told(each) for each in zones]})


def _told(zone: NamedZone) -> dict[str, Any]:
    told = {
        "tzid": zone.tzid,
        "etag": zone_database.version(),
        "last-modified": _rfc3339(zone_database.installed()),
        "publisher": "IANA",
        "version": zone_database.version(),
    }
    return told | {"aliases": zone.aliases} if zone.aliases else told


def known(tzid: str) -> str:
    """Return a name that there is; raises Problem."""
    if tzid not in zone_database.known():
        raise Problem("tzid-not-found")
    return tzid


def zone(tzid: str, values: Mapping[str, str], *, as_json: bool) -> bytes:
    """Return an iCalendar object with the VTIMEZONE of a zone, truncated if so wished; raises Problem."""
    start, end = parameters.period(values)
    text = between(tzid, start, end) if start or end else vtimezone(tzid)
    target = zone_database.alias_of(tzid)
    if target is not None:
        first, _, rest = text.partition(f"TZID:{tzid}\r\n")
        text = f"{first}TZID:{tzid}\r\nTZID-ALIAS-OF:{target}\r\n{rest}"
    whole = f"{_HEAD}{text}END:VCALENDAR\r\n".encode()
    return jcal(whole) if as_json else whole


def observances(tzid: str, values: Mapping[str, str]) -> bytes:
    """Return the changes of a zone between two times, and what was so at the first; raises Problem."""
    start, end = parameters.period(values)
    if start is None or end is None:
        raise Problem("invalid-start" if start is None else "invalid-end")
    unchanged = check_token(values)
    head = {"tzid": tzid, "start": _rfc3339(start), "end": _rfc3339(end)}
    return _json(head | {"observances": [] if unchanged else _observances(tzid, start, end)})


@lru_cache(maxsize=128)
def _observances(tzid: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    place = ZoneInfo(tzid)
    local = start.astimezone(place)
    seconds = _seconds(local.utcoffset())
    told = [_observance(local.tzname() or tzid, start, seconds, seconds)]
    for change in changes(place, start.year, end.year):
        instant = change.instant.replace(tzinfo=start.tzinfo)
        if start < instant < end:
            told.append(_observance(change.name, instant, _seconds(change.before), _seconds(change.after)))
        elif instant == start:
            told[0] = _observance(change.name, start, _seconds(change.before), _seconds(change.after))
    return told


def _observance(name: str, onset: datetime, before: int, after: int) -> dict[str, Any]:
    return {"name": name, "onset": _rfc3339(onset), "utc-offset-from": before, "utc-offset-to": after}


def _seconds(offset: Any) -> int:
    return int(offset.total_seconds()) if offset is not None else 0


@lru_cache(maxsize=1)
def leap_seconds() -> bytes:
    """Return the leap seconds and until when the list is certain."""
    leaps = zone_database.leap_seconds()
    offsets = [{"utc-offset": offset, "onset": _day(day)} for day, offset in leaps.offsets]
    head = {"expires": _day(leaps.expires), "publisher": "IANA", "version": zone_database.version()}
    return _json(head | {"leapseconds": offsets})


def _day(day: date) -> str:
    return day.isoformat()


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
