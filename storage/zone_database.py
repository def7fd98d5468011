"""The zone database as it is published: its version, its names and their aliases, the leap seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

_DATA: Final = files("tzdata") / "zoneinfo"
_NOT_PLACES: Final = frozenset({"Factory", "localtime", "posixrules"})
_LEAP = re.compile(r"^Leap\s+(\d{4})\s+(\w{3})\s+(\d{1,2})\s+\S+\s+([+-])", re.ASCII | re.MULTILINE)
_EXPIRES = re.compile(r"^#expires\s+(\d+)", re.ASCII | re.MULTILINE)
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
# TAI was ten seconds ahead of UTC when leap seconds began.
_FIRST_LEAP: Final = (date(1972, 1, 1), 10)


@dataclass(frozen=True, slots=True)
class NamedZone:
    """A zone and the other names it has."""

    tzid: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeapSeconds:
    """How many seconds TAI is ahead of UTC from each day on, and when the list ends being certain."""

    offsets: tuple[tuple[date, int], ...]
    expires: date


@lru_cache(maxsize=1)
def version() -> str:
    """Return the version of the database, such as "2026f"."""
    return _read("tzdata.zi").partition("\n")[0].rpartition(" ")[2]


@lru_cache(maxsize=1)
def zones() -> tuple[NamedZone, ...]:
    """Return every zone in alphabetical order."""
    there = available_timezones() - _NOT_PLACES
    aliases: dict[str, list[str]] = {}
    for alias, target in _links().items():
        if alias in there:
            aliases.setdefault(target, []).append(alias)
    own = sorted(there - _links().keys())
    return tuple(NamedZone(tzid, tuple(sorted(aliases.get(tzid, ())))) for tzid in own)


def alias_of(tzid: str) -> str | None:
    """Return the zone that another name stands for, None for a zone's own name."""
    return _links().get(tzid)


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Return all names of zones, exactly as they are written."""
    return frozenset(available_timezones() - _NOT_PLACES)


@lru_cache(maxsize=1)
def installed() -> datetime:
    """Return when this version came to this machine, to the second."""
    return datetime.fromtimestamp(int(Path(str(_DATA / "tzdata.zi")).stat().st_mtime), UTC)


@lru_cache(maxsize=1)
def leap_seconds() -> LeapSeconds:
    """Return the leap seconds so far (RFC 7808, 5.6)."""
    return LeapSeconds(tuple(_offsets()), _expiry().date())


def _offsets() -> Iterator[tuple[date, int]]:
    day, offset = _FIRST_LEAP
    yield day, offset
    for year, month, number, sign in _LEAP.findall(_read("leapseconds")):
        offset += 1 if sign == "+" else -1
        yield date(int(year), _MONTHS.index(month) + 1, int(number)) + timedelta(days=1), offset


def _expiry() -> datetime:
    found = _EXPIRES.search(_read("leapseconds"))
    return datetime.fromtimestamp(int(found[1]) if found else 0, UTC)


@lru_cache(maxsize=1)
def _links() -> dict[str, str]:
    lines = (line.split() for line in _read("tzdata.zi").splitlines() if line.startswith("L "))
    found = {parts[2]: parts[1] for parts in lines}
    return {alias: _end(found, target) for alias, target in found.items()}


def _end(links: dict[str, str], name: str) -> str:
    for _ in range(len(links)):
        if name not in links:
            break
        name = links[name]
    return name


def _read(name: str) -> str:
    return (_DATA / name).read_text("utf-8")
