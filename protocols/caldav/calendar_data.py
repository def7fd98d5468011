"""The text that a report sends for an object: whole, or as the client asked for it (RFC 4791, 9.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo

from lxml import etree

from protocols.caldav import media, timeranges, xml_in, xml_out
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav, dav
from protocols.caldav.timeranges import TimeRange
from storage import contentlines, ical
from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.ical import Instance
from storage.ical_jcal import jcal

# What one report may make of recurring events; a week of ten thousand daily series is below.
INSTANCE_LIMIT = 100_000
DEPTH_LIMIT = 8
_OPENING, _CLOSING, _ = xml_out.tags(caldav("calendar-data"))
_JSON_OPENING = f'{_OPENING[:-1]} content-type="{media.JCAL}" version="2.0">'
_RECURRING = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "DTSTART", "DTEND", "DUE", "DURATION")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which parts of a component are wanted; None stands for all of them, and `bare` names come without value."""

    name: str
    props: frozenset[str] | None = None
    bare: frozenset[str] = frozenset()
    comps: tuple[Selection, ...] | None = None


@dataclass(frozen=True, slots=True)
class DataWish:
    """How the texts are wanted: recurrences expanded, or overrides limited, to a range; a selection of parts."""

    expand: TimeRange | None = None
    limit: TimeRange | None = None
    selection: Selection | None = None
    as_json: bool = False

    @property
    def plain(self) -> bool:
        """Whether the texts go out as they are."""
        return self == DataWish()

    @property
    def whole(self) -> bool:
        """Whether nothing is left out of the texts and nothing expanded, whatever their form."""
        return self.expand is None and self.limit is None and self.selection is None


def parse(node: etree._Element) -> DataWish:
    """Read a calendar-data element of a request; raises DavError."""
    kind, version = node.get("content-type", media.ICALENDAR).strip().lower(), node.get("version", "2.0")
    if kind not in {media.ICALENDAR, media.JCAL} or version.strip() != "2.0":
        raise DavError(403, caldav("supported-calendar-data"), reason="Objects are text/calendar, version 2.0.")
    expand = xml_in.child(node, caldav("expand"))
    limit = xml_in.child(node, caldav("limit-recurrence-set"))
    if expand is not None and limit is not None:
        raise DavError(400, reason="Recurrences are expanded or limited, not both.")
    busy = xml_in.child(node, caldav("limit-freebusy-set"))
    if busy is not None:
        # It limits VFREEBUSY components, of which none is stored here: nothing is left to do but to read it.
        timeranges.parse(busy, closed=True)
    comp = xml_in.child(node, caldav("comp"))
    return DataWish(
        None if expand is None else timeranges.parse(expand, closed=True),
        None if limit is None else timeranges.parse(limit, closed=True),
        None if comp is None else _selection(comp, DEPTH_LIMIT),
        kind == media.JCAL,
    )


def _selection(node: etree._Element, depth: int) -> Selection:
    if depth == 0:
        raise DavError(400, reason="Components are nested too deep.")
    parts = list(xml_in.children(node))
    if not parts:
        # RFC 4791, 7.8.1 shows that a component of which nothing is said comes whole.
        return Selection(node.get("name", "").upper())
    tags = {tag for tag, _ in parts}
    props = [child for tag, child in parts if tag == caldav("prop")]
    comps = tuple(_selection(child, depth - 1) for tag, child in parts if tag == caldav("comp"))
    return Selection(
        node.get("name", "").upper(),
        None if caldav("allprop") in tags else frozenset(each.get("name", "").upper() for each in props),
        frozenset(each.get("name", "").upper() for each in props if each.get("novalue") == "yes"),
        None if caldav("allcomp") in tags else comps,
    )


def renderer(wish: DataWish, zone: tzinfo, shape: Callable[[bytes], bytes]) -> Callable[[bytes], str]:
    """Return what turns a stored text into a calendar-data element; its work is bounded over one whole report.

    `shape` gives the text the time zones that the client wants in it.
    """
    if wish.plain:
        return lambda text: _OPENING + xml_out.escape(_decoded(shape(text))) + _CLOSING
    left = INSTANCE_LIMIT

    def render(text: bytes) -> str:
        nonlocal left
        text = shape(text)
        if wish.whole:
            return _element(text, wish)
        root = contentlines.parse(text)
        if wish.expand is not None:
            root = _unless_beyond(expanded, root, wish.expand, zone)
            left -= len(root.components)
            if left < 0:
                raise DavError(
                    507, dav("number-of-matches-within-limits"), reason=f"There are over {INSTANCE_LIMIT} occurrences."
                )
        if wish.limit is not None:
            root = _unless_beyond(limited, root, wish.limit, zone)
        if wish.selection is not None:
            root = selected(root, wish.selection)
        return _element(contentlines.serialise(root), wish)

    return render


def _element(text: bytes, wish: DataWish) -> str:
    """Return a text in the form that is wanted; as iCalendar, which the element then says, where jCal cannot say it."""
    try:
        if wish.as_json:
            return _JSON_OPENING + xml_out.escape(jcal(text).decode()) + _CLOSING
    except InvalidObject:
        pass
    return _OPENING + xml_out.escape(_decoded(text)) + _CLOSING


def _decoded(text: bytes) -> str:
    """Return a text as it is, or folded anew where it was folded inside a character, which XML cannot carry."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return contentlines.serialise(contentlines.parse(text)).decode()


def _unless_beyond(
    change: Callable[[Component, TimeRange, tzinfo], Component], root: Component, within: TimeRange, zone: tzinfo
) -> Component:
    """Return a changed object, or all of it where its occurrences leave the years there are: others wait for theirs."""
    try:
        return change(root, within, zone)
    except InvalidObject as error:
        if error.precondition != "max-date-time":
            raise
        return root


def expanded(root: Component, within: TimeRange, zone: tzinfo) -> Component:
    """Return an object with one component for each occurrence in the range, in UTC (RFC 4791, 9.6.5)."""
    instances = ical.expand(root, within.first, within.last, zone)
    return root.with_components(tuple(_occurrence(each) for each in instances))


def _occurrence(instance: Instance) -> Component:
    own = instance.component
    starts, due = own.first("DTSTART") is not None, own.first("DUE") is not None
    if not starts and not due:
        return own
    times = [] if instance.recurrence is None else [_moment("RECURRENCE-ID", instance.recurrence)]
    if starts:
        times.append(_moment("DTSTART", instance.starts))
    # A journal entry of a day has no property that says when it ends (RFC 5545, 3.6.3).
    if due or (instance.ends != instance.starts and own.name != "VJOURNAL"):
        times.append(_moment("DUE" if own.name == "VTODO" else "DTEND", instance.ends))
    kept = own.without(*_RECURRING)
    return replace(kept, properties=(*kept.properties, *times))


def _moment(name: str, value: date | datetime) -> Property:
    if isinstance(value, datetime):
        return Property.make(name, value.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))
    return Property.make(name, value.strftime("%Y%m%d"), VALUE="DATE")


def limited(root: Component, within: TimeRange, zone: tzinfo) -> Component:
    """Return an object without the overrides that touch nothing in the range (RFC 4791, 9.6.6)."""
    instances = ical.expand(root, within.first, within.last, zone)
    shown = {id(each.component) for each in instances}
    return root.with_components(
        tuple(
            child for child in root.components if child.first("RECURRENCE-ID") is None or _touches(child, shown, within)
        )
    )


def _touches(override: Component, shown: set[int], within: TimeRange) -> bool:
    """Whether an override happens in the range, or may hide an occurrence that would (RANGE=THISANDFUTURE does)."""
    if id(override) in shown:
        return True
    replaced = override.first("RECURRENCE-ID")
    if replaced is None or replaced.param("RANGE"):
        return True
    # A day's margin covers every zone's offset: sending an override too many is harmless, one too few is not.
    day = replaced.value[:8]
    return f"{within.first:%Y%m%d}" <= _shifted(day, 1) and _shifted(day, -1) <= f"{within.last:%Y%m%d}"


def _shifted(day: str, days: int) -> str:
    try:
        return (date(int(day[:4]), int(day[4:6]), int(day[6:8])) + days * (date.resolution)).strftime("%Y%m%d")
    except (ValueError, OverflowError):
        return day


def selected(component: Component, wanted: Selection) -> Component:
    """Return the asked parts of a component; what makes it a component at all is its caller's to ask for."""
    properties = [
        Property.make(prop.name, "") if prop.name in wanted.bare else prop
        for prop in component.properties
        if wanted.props is None or prop.name in wanted.props
    ]
    if wanted.comps is None:
        return replace(component, properties=tuple(properties))
    choices = {each.name: each for each in wanted.comps}
    inner = tuple(selected(child, choices[child.name]) for child in component.components if child.name in choices)
    return replace(component, properties=tuple(properties), components=inner)
