"""Answer what the rest of Cadran asks about iCalendar text: is it storable, when does it happen, who is busy.

Everything here takes and returns text as the client wrote it; dates are resolved, never rewritten (RFC 5545, RFC 4791).
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

from storage.contentlines import Component, parse
from storage.errors import InvalidObject
from storage.ical_lessons import Lesson, lesson
from storage.ical_merge import merge
from storage.ical_recurrence import MAX_OCCURRENCES, Series, life, occurrences, series
from storage.ical_times import Span, moment, undated_span
from storage.ical_values import DAWN, FOREVER, Moment
from storage.ical_vtimezone import vtimezone

__all__ = [
    "DAWN",
    "FOREVER",
    "MAX_OCCURRENCES",
    "Facts",
    "Instance",
    "Lesson",
    "Span",
    "busy",
    "expand",
    "happens",
    "inspect",
    "lesson",
    "merge",
    "moment",
    "spans",
    "vtimezone",
]

KINDS = frozenset(("VEVENT", "VTODO", "VJOURNAL"))
MAX_UID = 512
# A whole year of a large school can be invited; the text with them all stays below the greatest size.
MAX_ATTENDEES = 1_000
_REMEMBERED_BYTES = 32 * 1024
_ONCE = frozenset(
    (
        "COMPLETED",
        "CREATED",
        "DTEND",
        "DTSTART",
        "DUE",
        "DURATION",
        "RECURRENCE-ID",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "UID",
    )
)
_BUSY_TYPES = {"TENTATIVE": "BUSY-TENTATIVE"}


@dataclass(frozen=True, slots=True)
class Facts:
    """Hold what is indexed about an object: `starts` and `ends` bound its whole life in epoch seconds."""

    uid: str
    component: str
    starts: int
    ends: int
    recurring: bool
    summary: str


@dataclass(frozen=True, slots=True)
class Instance:
    """Hold one occurrence: its RECURRENCE-ID (None if it stands alone), its times and the component that tells it."""

    recurrence: Moment | None
    starts: Moment
    ends: Moment
    component: Component


@dataclass(frozen=True, slots=True)
class _Read:
    root: Component
    components: tuple[Component, ...]
    series: Series

    @property
    def undated(self) -> bool:
        return self.series.master is not None and self.series.master.starts is None


def inspect(data: bytes, zone: tzinfo) -> Facts:
    """Check that text can be stored as one calendar object resource, and return what is indexed about it.

    `zone` is where floating times and dates are read. Raises InvalidObject with the precondition of RFC 4791, 5.3.2.1.
    """
    read = _read(data, zone)
    if read.root.first("METHOD") is not None:
        raise InvalidObject("valid-calendar-object-resource", "METHOD is for messages, not for stored objects")
    main = read.components[0] if read.series.master is None else read.series.master.component
    span = (undated_span(main, read.root, zone) or Span(DAWN, DAWN)) if read.undated else life(read.series)
    return Facts(
        uid=main.text("UID") or "",
        component=main.name,
        starts=span.starts,
        ends=span.ends,
        recurring=read.series.recurring,
        summary=main.text("SUMMARY") or "",
    )


def spans(data: bytes, zone: tzinfo, horizon: int) -> tuple[Span, ...]:
    """List when the object happens, by start, for the occurrences that start before `horizon`.

    Cancelled overrides stay, excluded dates go; tasks and journals follow RFC 4791, 9.9. Raises InvalidObject, with
    `max-instances` beyond 5 000 occurrences.
    """
    read = _read(data, zone)
    if read.undated:
        span = undated_span(read.components[0], read.root, zone)
        return () if span is None or span.starts >= horizon else (span,)
    return tuple([one.span for one in occurrences(read.series, DAWN, horizon)])


def expand(root: Component, start: datetime, end: datetime, zone: tzinfo) -> tuple[Instance, ...]:
    """List the occurrences that overlap [start, end), in order; a task without dates takes the whole range.

    Raises InvalidObject, with `max-instances` beyond 5 000 occurrences.
    """
    read = _checked(root, zone)
    first, last = int(start.timestamp()), int(end.timestamp())
    if read.undated:
        span = undated_span(read.components[0], root, zone)
        found = span is not None and span.meets(first, last)
        return (Instance(None, start, end, read.components[0]),) if found else ()
    return tuple(
        Instance(one.recurrence, one.starts, one.ends, one.component)
        for one in occurrences(read.series, first, last)
        if one.span.meets(first, last)
    )


def happens(root: Component, start: datetime, end: datetime, zone: tzinfo) -> bool:
    """Say whether an occurrence overlaps [start, end); a series with too many to list there does.

    Raises InvalidObject for what cannot be read.
    """
    try:
        return bool(expand(root, start, end, zone))
    except InvalidObject as error:
        if error.precondition != "max-instances":
            raise
        return True


def busy(data: bytes, start: datetime, end: datetime, zone: tzinfo) -> tuple[tuple[int, int, str], ...]:
    """List the (starts, ends, FBTYPE) of one object within [start, end), cut to that range (RFC 4791, 7.10).

    Only events count, neither transparent nor cancelled nor without length; those after the last year there is do not.
    """
    read = _read(data, zone)
    if read.components[0].name != "VEVENT":
        return ()
    first, last = int(start.timestamp()), int(end.timestamp())
    found = []
    with suppress(InvalidObject):
        for one in occurrences(read.series, first, last):
            kind = _busy_type(one.component)
            starts, ends = max(one.span.starts, first), min(one.span.ends, last)
            if kind is not None and starts < ends:
                found.append((starts, ends, kind))
    return tuple(found)


def _busy_type(component: Component) -> str | None:
    status = (component.text("STATUS") or "").upper()
    if status == "CANCELLED" or (component.text("TRANSP") or "").upper() == "TRANSPARENT":
        return None
    if (component.text("X-MICROSOFT-CDO-BUSYSTATUS") or "").upper() == "OOF":
        return "BUSY-UNAVAILABLE"
    return _BUSY_TYPES.get(status, "BUSY")


def _read(data: bytes, zone: tzinfo) -> _Read:
    # A write inspects and then indexes the same text: the second reading is free.
    return _remembered(data, zone) if len(data) <= _REMEMBERED_BYTES else _checked(parse(data), zone)


@lru_cache(maxsize=8)
def _remembered(data: bytes, zone: tzinfo) -> _Read:
    return _checked(parse(data), zone)


def _checked(root: Component, zone: tzinfo) -> _Read:
    for name, fits in _CALENDAR_RULES:
        prop = root.first(name)
        if prop is not None and prop.value.strip().upper() != fits:
            raise InvalidObject("supported-calendar-data", f"{name} is not {fits}")
    components = _stored(root)
    _check_identity(components)
    read = series(components, root, zone)
    _check_overrides(read)
    return _Read(root, components, read)


_CALENDAR_RULES = (("VERSION", "2.0"), ("CALSCALE", "GREGORIAN"))


def _stored(root: Component) -> tuple[Component, ...]:
    """Return the components that make the object: at least one, of one supported kind."""
    found = tuple([one for one in root.components if one.name != "VTIMEZONE" and not one.name.startswith("X-")])
    kinds = {one.name for one in found}
    if not kinds:
        raise InvalidObject("valid-calendar-object-resource", "no VEVENT, VTODO or VJOURNAL")
    if len(kinds) > 1:
        raise InvalidObject(
            "valid-calendar-object-resource", f"several kinds of components: {', '.join(sorted(kinds))}"
        )
    if not kinds <= KINDS:
        raise InvalidObject("supported-calendar-component", f"{found[0].name} is not stored here")
    return found


def _check_identity(components: Iterable[Component]) -> None:
    uids = set()
    masters = 0
    for component in components:
        names = [prop.name for prop in component.properties]
        if len(names) != len(set(names)):
            _check_once(component.name, names)
        uid = component.text("UID")
        if not uid or not uid.strip():
            raise InvalidObject("valid-calendar-object-resource", f"{component.name} has no UID")
        if len(uid) > MAX_UID:
            raise InvalidObject("valid-calendar-object-resource", f"UID is longer than {MAX_UID} characters")
        if names.count("ATTENDEE") > MAX_ATTENDEES:
            raise InvalidObject("max-attendees-per-instance", f"more than {MAX_ATTENDEES} attendees")
        uids.add(uid)
        masters += "RECURRENCE-ID" not in names
    if len(uids) > 1:
        raise InvalidObject("valid-calendar-object-resource", "components have different UIDs")
    if masters > 1:
        raise InvalidObject("valid-calendar-object-resource", "several components without RECURRENCE-ID")


def _check_once(kind: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1 and name in _ONCE:
            raise InvalidObject("valid-calendar-data", f"{kind} has {times} {name} lines")


def _check_overrides(read: Series) -> None:
    seen: set[int] = set()
    for override in read.overrides:
        if override.key in seen:
            shown = override.recurrence.isoformat()
            raise InvalidObject("valid-calendar-object-resource", f"RECURRENCE-ID {shown} is given twice")
        seen.add(override.key)
