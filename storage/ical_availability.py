"""When people can be invited: VAVAILABILITY read and turned into busy times (RFC 7953, 3 to 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Final

from storage.contentlines import Component, Property, parse
from storage.errors import InvalidObject
from storage.ical_recurrence import occurrences, series
from storage.ical_times import moment, timing
from storage.ical_values import DAWN, FOREVER, epoch

MAX_COMPONENTS: Final = 50
MAX_AVAILABLE: Final = 500
# The longest range of a free-busy request.
ASKED_SECONDS: Final = 400 * 86_400
_BUSY_TYPES: Final = frozenset({"BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE"})
_USUAL: Final = "BUSY-UNAVAILABLE"
_LOWEST: Final = 10

Piece = tuple[int, int, str | None]


@dataclass(frozen=True, slots=True)
class _Availability:
    """One VAVAILABILITY: from when to when it says something, how busy its person is otherwise, and the free times."""

    starts: int
    ends: int
    kind: str
    rank: int
    free: tuple[tuple[Component, ...], ...]


def check(text: str, now: int, zone: tzinfo) -> None:
    """Raise InvalidObject unless a text is one VCALENDAR of VAVAILABILITY components that can be reckoned with.

    `now` is in epoch seconds: what is too much work for the time that anybody asks about from now is refused.
    """
    root = parse(text.encode())
    for each in _read(root, zone):
        for components in each.free:
            _times_given(components)
            occurrences(series(components, root, zone), now, now + ASKED_SECONDS)


def _times_given(components: Iterable[Component]) -> None:
    for each in components:
        _in_a_zone(each, "DTSTART", needed=True)
        _in_a_zone(each, "DTEND")


def unavailable(text: str, start: datetime, end: datetime, zone: tzinfo) -> tuple[tuple[int, int, str], ...]:
    """Return the (starts, ends, FBTYPE) within [start, end) at which a person says not to be available.

    What has the higher PRIORITY (1 the highest, 0 and none the lowest) hides what the others say for as long as it
    lasts. Times that nothing is said of are free. Raises InvalidObject.
    """
    root = parse(text.encode())
    first, last = int(start.timestamp()), int(end.timestamp())
    pieces: list[Piece] = [(first, last, None)]
    for each in sorted(_read(root, zone), key=lambda one: one.rank, reverse=True):
        starts, ends = max(first, each.starts), min(last, each.ends)
        if starts >= ends:
            continue
        pieces = _painted(pieces, (starts, ends, each.kind))
        for free in _free(each, root, (starts, ends), zone):
            pieces = _painted(pieces, (*free, None))
    return tuple((starts, ends, kind) for starts, ends, kind in pieces if kind is not None)


def _free(found: _Availability, root: Component, within: tuple[int, int], zone: tzinfo) -> list[tuple[int, int]]:
    times = [
        (max(one.span.starts, within[0]), min(one.span.ends, within[1]))
        for components in found.free
        for one in occurrences(series(components, root, zone), *within)
    ]
    joined: list[tuple[int, int]] = []
    for starts, ends in sorted(each for each in times if each[0] < each[1]):
        if joined and starts <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((starts, ends))
    return joined


def _painted(pieces: Iterable[Piece], new: Piece) -> list[Piece]:
    """Return consecutive pieces of time with a new one over them."""
    starts, ends, _kind = new
    left = [(a, min(b, starts), kind) for a, b, kind in pieces if a < starts]
    right = [(max(a, ends), b, kind) for a, b, kind in pieces if b > ends]
    return [*left, new, *right]


def _read(root: Component, zone: tzinfo) -> tuple[_Availability, ...]:
    """Read every VAVAILABILITY of a calendar; raises InvalidObject when it holds anything else, or too much."""
    if root.name != "VCALENDAR":
        raise InvalidObject("valid-calendar-data", "no VCALENDAR")
    said = root.children("VAVAILABILITY")
    others = [each.name for each in root.components if each.name not in {"VAVAILABILITY", "VTIMEZONE"}]
    if not said or others:
        raise InvalidObject("valid-calendar-data", "a calendar of VAVAILABILITY components alone is needed")
    if len(said) > MAX_COMPONENTS or sum(len(each.components) for each in said) > MAX_AVAILABLE:
        raise InvalidObject("valid-calendar-data", f"more than {MAX_AVAILABLE} AVAILABLE components")
    return tuple(_one(each, root, zone) for each in said)


def _one(component: Component, root: Component, zone: tzinfo) -> _Availability:
    if not (component.text("UID") or "").strip():
        raise InvalidObject("valid-calendar-data", "VAVAILABILITY has no UID")
    kind = (component.text("BUSYTYPE") or _USUAL).strip().upper()
    starts, ends = _bounds(component, root, zone)
    available = component.children("AVAILABLE")
    return _Availability(
        starts, ends, kind if kind in _BUSY_TYPES else _USUAL, _rank(component), tuple(_by_uid(available))
    )


def _bounds(component: Component, root: Component, zone: tzinfo) -> tuple[int, int]:
    begin, finish = _in_a_zone(component, "DTSTART"), _in_a_zone(component, "DTEND")
    starts = DAWN if begin is None else epoch(moment(begin, root, zone), zone)
    if component.first("DURATION") is not None:
        if begin is None or finish is not None:
            raise InvalidObject("valid-calendar-data", "DURATION stands with DTSTART and without DTEND")
        found = timing(component, root, zone)
        assert found.starts is not None
        return starts, epoch(found.end(found.starts), zone)
    ends = FOREVER if finish is None else epoch(moment(finish, root, zone), zone)
    if ends <= starts:
        raise InvalidObject("valid-calendar-data", "VAVAILABILITY ends before it starts")
    return starts, ends


def _in_a_zone(component: Component, name: str, *, needed: bool = False) -> Property | None:
    """Return a line whose value is a moment in UTC or in a named zone (RFC 7953, 3.1); raises InvalidObject."""
    prop = component.first(name)
    if prop is None:
        if needed:
            raise InvalidObject("valid-calendar-data", f"{component.name} has no {name}")
        return None
    if "T" not in prop.value.upper() or not (prop.param("TZID") or prop.value.strip().upper().endswith("Z")):
        raise InvalidObject("valid-calendar-data", f"{name} of {component.name} is no moment in a time zone")
    return prop


def _by_uid(components: Iterable[Component]) -> Iterator[tuple[Component, ...]]:
    """Yield the AVAILABLE components that are one series together."""

    def key(component: Component) -> str:
        uid = (component.text("UID") or "").strip()
        if not uid:
            raise InvalidObject("valid-calendar-data", "AVAILABLE has no UID")
        return uid

    for _uid, group in groupby(sorted(components, key=key), key):
        yield tuple(group)


def _rank(component: Component) -> int:
    """Return the place of a component, 1 the highest (RFC 7953, 3.2: 0 and nothing are the lowest)."""
    value = (component.text("PRIORITY") or "0").strip()
    number = int(value) if value.isascii() and value.isdecimal() and len(value) == 1 else 0
    return number or _LOWEST
