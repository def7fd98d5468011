"""Name time zones and understand the names clients use (RFC 5545, 3.6.5; MS-OXTZID)."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from storage.contentlines import Component
from storage.errors import InvalidObject
from storage.ical_matches import Budget, TooManySteps, matches
from storage.ical_rules import Rule, read_rule
from storage.ical_values import Moment, read_moment, read_offset, value_of

MAX_ONSETS = 2_000
_MAX_STEPS = 30_000
_MAX_NAME = 255
_MOST_PARTS = 3
_NOT_PLACES = frozenset(("factory", "localtime", "posixrules"))
_AREAS = frozenset("Africa America Asia Atlantic Australia Europe Indian Pacific".split())
_FIRST_ONSET, _LAST_ONSET = datetime(1900, 1, 1), datetime(2100, 1, 1)
_COUNTER = re.compile(r" \d{1,2}$", re.ASCII)
_OFFSET_NAME = re.compile(r"\(?(?:(?:UTC|GMT) ?)?([+-])(\d{1,2}):?(?:00)?\)?", re.ASCII | re.IGNORECASE)
_DISPLAYED = re.compile(r"\((?:UTC|GMT)[^)]*\) (.+)", re.IGNORECASE)
_SUMMER = re.compile(r" daylight time$", re.IGNORECASE)
_BETWEEN_CITIES = re.compile(r"\s*[,/;]\s*")
# How Outlook and Exchange show a zone when they write its display name where its identifier belongs.
_DISPLAY_NAMES = {
    "brussels, copenhagen, madrid, paris": "Romance Standard Time",
    "amsterdam, berlin, bern, rome, stockholm, vienna": "W. Europe Standard Time",
    "belgrade, bratislava, budapest, ljubljana, prague": "Central Europe Standard Time",
    "sarajevo, skopje, warsaw, zagreb": "Central European Standard Time",
    "dublin, edinburgh, lisbon, london": "GMT Standard Time",
    "helsinki, kyiv, riga, sofia, tallinn, vilnius": "FLE Standard Time",
    "athens, bucharest": "GTB Standard Time",
    "casablanca": "Morocco Standard Time",
    "west central africa": "W. Central Africa Standard Time",
    "eastern time (us & canada)": "Eastern Standard Time",
    "central time (us & canada)": "Central Standard Time",
    "mountain time (us & canada)": "Mountain Standard Time",
    "pacific time (us & canada)": "Pacific Standard Time",
    "coordinated universal time": "UTC",
}


class Onset(NamedTuple):
    """Hold a change of offset: its instant in UTC without zone, the offsets before and after, the name after it."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str


class ObservedZone(tzinfo):
    """Follow the observances of a VTIMEZONE whose name means nothing to the zone database."""

    def __init__(self, key: str, onsets: tuple[Onset, ...]) -> None:
        """Keep a name and at least one onset, in order."""
        self._key = key
        self._onsets = onsets
        self._instants = [onset.at for onset in onsets]
        # In a gap and the first time round a repeated hour, fold 0 keeps the offset before the change (PEP 495).
        self._walls = (
            [onset.at + max(onset.before, onset.after) for onset in onsets],
            [onset.at + min(onset.before, onset.after) for onset in onsets],
        )

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Return the offset from UTC at a wall-clock time."""
        if moment is None:
            return self._onsets[-1].after
        return self._after(bisect_right(self._walls[moment.fold], moment.replace(tzinfo=None, fold=0)))

    def dst(self, moment: datetime | None) -> timedelta:
        """Return zero: a VTIMEZONE gives offsets, not what part of them is summer."""
        return timedelta(0)

    def tzname(self, moment: datetime | None) -> str:
        """Return the TZID."""
        return self._key

    def fromutc(self, moment: datetime) -> datetime:
        """Return a UTC time on this zone's clock."""
        instant = moment.replace(tzinfo=None)
        index = bisect_right(self._instants, instant)
        offset = self._after(index)
        repeated = index > 0 and instant < self._instants[index - 1] + self._onsets[index - 1].before - offset
        return (moment + offset).replace(fold=int(repeated))

    def _after(self, index: int) -> timedelta:
        return self._onsets[index - 1].after if index else self._onsets[0].before


def windows_zone(name: str) -> str | None:
    """Return the IANA name of a Windows time zone such as "Romance Standard Time", letter case aside."""
    return _windows_names().get(name.strip().lower())


@lru_cache(maxsize=4096)
def resolve(tzid: str) -> ZoneInfo | None:
    """Return the zone a TZID means: an IANA or Windows name, or the disguises clients give them; None if unknown."""
    return _certain(tzid) or _likely(tzid)


def zone_of(tzid: str, root: Component, zone: tzinfo) -> tzinfo:
    """Return the zone of a TZID used in a calendar; an unknown one without a usable VTIMEZONE is read in `zone`.

    A name of the zone database is never read from the VTIMEZONE: Thunderbird sends histories that begin in 1911, others
    send rules that were abolished. A bare offset such as "GMT+0100" or a city is less certain than a VTIMEZONE.
    """
    known = _certain(tzid)
    if known is not None:
        return UTC if known.key in ("UTC", "Etc/UTC") else known
    for component in root.components:
        if component.name == "VTIMEZONE" and component.text("TZID") == tzid:
            observed = _observed(component)
            if observed is not None:
                return observed
    return _likely(tzid) or zone


@lru_cache(maxsize=4096)
def _certain(tzid: str) -> ZoneInfo | None:
    name = tzid.strip().strip("\"'").replace("\\", "").strip()
    if not name or len(name) > _MAX_NAME:
        return None
    for candidate in _candidates(name):
        if key := _iana_names().get(candidate.lower()) or windows_zone(candidate):
            return ZoneInfo(key)
    return None


def _candidates(name: str) -> Iterator[str]:
    yield name
    yield _COUNTER.sub("", name)
    yield _SUMMER.sub(" Standard Time", name)
    yield _DISPLAY_NAMES.get(", ".join(_cities(name)), "")
    if " / " in name:
        yield name.replace(" / ", "/")
    if name.lower() == "tzone://microsoft/utc":
        yield "UTC"
    # Evolution, old Mozilla and Citadel put a path before: /freeassociation.sourceforge.net/Tzfile/Europe/Paris.
    parts = name.split("/")
    for size in range(min(_MOST_PARTS, len(parts) - 1), 1, -1):
        yield "/".join(parts[-size:])


def _cities(name: str) -> list[str]:
    """Return the places of a display name such as "(GMT+01:00) Brussels, Paris", in lower case."""
    found = _DISPLAYED.fullmatch(name)
    return _BETWEEN_CITIES.split((found[1] if found else name).strip().lower())


def _likely(tzid: str) -> ZoneInfo | None:
    """Return the zone of a bare offset, or of places that all have the zone's city among them."""
    found = _by_offset(tzid)
    if found is not None or len(tzid) > _MAX_NAME or not (_DISPLAYED.fullmatch(tzid.strip()) or tzid.isalpha()):
        return found
    keys = {key for city in _cities(tzid.strip()) if (key := _of_cities().get(city.replace(" ", "_")))}
    return ZoneInfo(keys.pop()) if len(keys) == 1 else None


@lru_cache(maxsize=1)
def _of_cities() -> dict[str, str]:
    """Return the zone of each city that is the last part of one name only, or of one spelling of it."""
    found: dict[str, set[str]] = {}
    for key in _iana_names().values():
        area, _, city = key.rpartition("/")
        if area in _AREAS:
            found.setdefault(city.lower(), set()).add(key)
    return {city: keys.pop() for city, keys in found.items() if len(keys) == 1}


def _by_offset(tzid: str) -> ZoneInfo | None:
    found = _OFFSET_NAME.fullmatch(tzid.strip())
    if found is None:
        return None
    if int(found[2]) == 0:
        return ZoneInfo("Etc/GMT")
    # The signs of Etc/GMT names are those of POSIX: west is positive.
    key = _iana_names().get(f"etc/gmt{'-' if found[1] == '+' else '+'}{int(found[2])}")
    return ZoneInfo(key) if key else None


@lru_cache(maxsize=1)
def _iana_names() -> dict[str, str]:
    return {key.lower(): key for key in available_timezones() if key.lower() not in _NOT_PLACES}


@lru_cache(maxsize=1)
def _windows_names() -> dict[str, str]:
    return {name.lower(): key for name, key in WINDOWS_TO_OLSON.items()}


@lru_cache(maxsize=256)
def _observed(component: Component) -> tzinfo | None:
    """Return the zone a VTIMEZONE describes, None when it describes nothing readable."""
    onsets: list[Onset] = []
    budget = Budget(_MAX_STEPS)
    try:
        for observance in component.components:
            if observance.name in ("STANDARD", "DAYLIGHT"):
                onsets.extend(_onsets(observance, budget))
                if len(onsets) > MAX_ONSETS:
                    return None
    except (InvalidObject, TooManySteps, OverflowError):
        return None
    return ObservedZone(component.text("TZID") or "", tuple(sorted(onsets))) if onsets else None


def _onsets(observance: Component, budget: Budget) -> list[Onset]:
    starts, before, after = (observance.first(name) for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"))
    if starts is None or after is None:
        return []
    to = value_of(after, read_offset)
    old = value_of(before, read_offset) if before is not None else to
    first = _wall(value_of(starts, read_moment), old)
    walls = {first}
    for prop in observance.all("RRULE"):
        rule = value_of(prop, read_rule)
        for found in matches(_local(rule, old), first, _FIRST_ONSET, _LAST_ONSET, budget):
            walls.add(found)
            if len(walls) > MAX_ONSETS:
                raise TooManySteps
    for prop in observance.all("RDATE"):
        walls.update(_wall(moment, old) for moment in value_of(prop, _listed))
    if len(walls) > MAX_ONSETS:
        raise TooManySteps
    return [Onset(wall - old, old, to, observance.name) for wall in walls]


def _listed(text: str) -> list[Moment]:
    return [read_moment(item.partition("/")[0]) for item in text.split(",")]


def _wall(moment: Moment, offset: timedelta) -> datetime:
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day)
    return moment if moment.tzinfo is None else moment.replace(tzinfo=None) + offset


def _local(rule: Rule, offset: timedelta) -> Rule:
    if not isinstance(rule.until, datetime) or rule.until.tzinfo is None:
        return rule
    return replace(rule, until=rule.until.replace(tzinfo=None) + offset)
