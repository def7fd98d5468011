"""The properties of a calendar that clients write: how each is read, and how refusals are told.

One table serves PROPPATCH (RFC 4918, 9.2), MKCALENDAR (RFC 4791, 5.3.1) and extended MKCOL (RFC 5689).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from protocols.caldav import dead, xml_in, xml_out
from protocols.caldav.calendar_properties import CALENDAR
from protocols.caldav.item_properties import ITEM
from protocols.caldav.names import apple, caldav, dav
from protocols.caldav.principal_properties import HOME, PERSON
from storage import zones
from storage.dead_properties import MAX_OF_RESOURCE
from storage.errors import InvalidObject
from storage.model import Collection, CollectionPatch

NAME_LENGTH = 255
DESCRIPTION_LENGTH = 10_000
TIMEZONE_LENGTH = 100_000
ORDER_LIMIT = 2**31
# The longest history of a zone that a client sends has about 20 000 characters.
TIMEZONE_LENGTH = 64 * 1024
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
# The names of HTML 4, which some clients write; what reads colours here reads numbers.
_COLOUR_NAMES = {
    "aqua": "#00FFFF",
    "black": "#000000",
    "blue": "#0000FF",
    "fuchsia": "#FF00FF",
    "gray": "#808080",
    "green": "#008000",
    "lime": "#00FF00",
    "maroon": "#800000",
    "navy": "#000080",
    "olive": "#808000",
    "purple": "#800080",
    "red": "#FF0000",
    "silver": "#C0C0C0",
    "teal": "#008080",
    "white": "#FFFFFF",
    "yellow": "#FFFF00",
}
_ORDER = re.compile(r"[+-]?\d{1,10}")


Wishes = Iterable[tuple[str, etree._Element | None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one property: a status, and the Clark name of the precondition it broke, if any."""

    status: int
    precondition: str = ""


DONE = Outcome(200)
UNFIT = Outcome(409)
PROTECTED = Outcome(403, dav("cannot-modify-protected-property"))
UNKNOWN = Outcome(403)
FULL = Outcome(507)
DEPENDENT = Outcome(424)

_NEVER_WRITTEN = map(dav, ("creationdate", "lockdiscovery", "supportedlock"))
_PROTECTED = frozenset({*CALENDAR, *ITEM, *HOME, *PERSON, *_NEVER_WRITTEN})


class Unfit(ValueError):
    """A value that the property cannot take."""

    def __init__(self, outcome: Outcome = UNFIT) -> None:
        """Keep what the client is told."""
        super().__init__(outcome)
        self.outcome = outcome


def _text(node: etree._Element, limit: int) -> str:
    value = xml_in.text(node)
    if len(value) > limit:
        raise Unfit
    return value


def _name(node: etree._Element) -> str:
    return _text(node, NAME_LENGTH)


def _description(node: etree._Element) -> str:
    return _text(node, DESCRIPTION_LENGTH)


def _colour(node: etree._Element) -> str:
    value = _text(node, NAME_LENGTH)
    named = _COLOUR_NAMES.get(value.lower(), value)
    if named and not _COLOUR.fullmatch(named):
        raise Unfit
    return named


def _order(node: etree._Element) -> int:
    value = _text(node, NAME_LENGTH)
    if not _ORDER.fullmatch(value) or not -ORDER_LIMIT <= int(value) < ORDER_LIMIT:
        raise Unfit
    return int(value)


def _timezone(node: etree._Element) -> str:
    """Return an iCalendar object with exactly one VTIMEZONE (RFC 4791, 5.2.2)."""
    value = _text(node, TIMEZONE_LENGTH)
    if not value:
        return ""
    if len(value) > TIMEZONE_LENGTH:
        raise Unfit(Outcome(403, caldav("valid-calendar-data")))
    try:
        zones.declared_zone(value)
    except InvalidObject as error:
        raise Unfit(Outcome(403, caldav("valid-calendar-data"))) from error
    return value


def _timezone_id(node: etree._Element) -> str:
    """Return the iCalendar object of a zone's name: each of the two properties sets both (RFC 7809, 5.2)."""
    value = _text(node, NAME_LENGTH)
    if not value:
        return ""
    try:
        return zones.timezone_text(value)
    except InvalidObject as error:
        raise Unfit(Outcome(403, caldav("valid-timezone"))) from error


def _transparent(node: etree._Element) -> bool:
    """Return whether a calendar's events leave their owner free (RFC 6638, 9.1)."""
    match xml_in.names(node):
        case (name,) if name in {caldav("opaque"), caldav("transparent")}:
            return name == caldav("transparent")
    raise Unfit


@dataclass(frozen=True, slots=True)
class Writer:
    """How a property is read, the field of a patch it goes to, and what takes its place once removed."""

    field: str
    read: Callable[[etree._Element], Any]
    removed: Any


WRITERS: Mapping[str, Writer] = {
    dav("displayname"): Writer("name", _name, None),
    caldav("calendar-description"): Writer("description", _description, ""),
    caldav("calendar-timezone"): Writer("timezone", _timezone, ""),
    caldav("calendar-timezone-id"): Writer("timezone", _timezone_id, ""),
    caldav("schedule-calendar-transp"): Writer("transparent", _transparent, False),
    apple("calendar-color"): Writer("colour", _colour, ""),
    apple("calendar-order"): Writer("position", _order, 0),
}


def writers(collection: Collection) -> Mapping[str, Writer]:
    """Return what a person may write of a calendar: of another's all but the zone, each sharee for themself."""
    if collection.rights.properties:
        return WRITERS
    return {name: writer for name, writer in WRITERS.items() if writer.field != "timezone"}


def refusal(name: str) -> Outcome:
    """Return why a property that has no writer is not written."""
    return PROTECTED if name in _PROTECTED else UNKNOWN


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants to write: the outcome of each property, fields of the resource, and dead properties."""

    outcomes: Mapping[str, Outcome]
    fields: Mapping[str, Any]
    dead: Mapping[str, str | None]

    @property
    def granted(self) -> bool:
        """Whether everything is to be written."""
        return all(outcome is DONE for outcome in self.outcomes.values())


def read_values(wishes: Wishes, writers: Mapping[str, Writer], kept: Mapping[str, str]) -> Wanted:
    """Return what is to be written, in the order of the wishes; if one is refused, the others are dependent.

    `kept` are the dead properties that the resource has: there is room for so many.
    """
    outcomes: dict[str, Outcome] = {}
    fields: dict[str, Any] = {}
    dead_ones: dict[str, str | None] = {}
    for name, node in wishes:
        writer = writers.get(name)
        if writer is None:
            outcomes[name] = _read_dead(name, node, dead_ones)
            continue
        try:
            fields[writer.field] = writer.removed if node is None else writer.read(node)
            outcomes.setdefault(name, DONE)
        except Unfit as error:
            outcomes[name] = error.outcome
    if len(kept.keys() | {name for name, value in dead_ones.items() if value is not None}) > MAX_OF_RESOURCE:
        outcomes |= {name: FULL for name, value in dead_ones.items() if value is not None}
    return Wanted(settled(outcomes), fields, dead_ones)


def _read_dead(name: str, node: etree._Element | None, found: dict[str, str | None]) -> Outcome:
    """Keep a property that nobody here understands, if it may be kept."""
    if name in _PROTECTED or not dead.can_be(name):
        return refusal(name)
    found[name] = None if node is None else dead.element(node)
    return FULL if node is not None and found[name] is None else DONE


def settled(outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    """Return outcomes in which nothing is done if anything is refused (RFC 4918, 9.2: all or nothing)."""
    if all(outcome is DONE for outcome in outcomes.values()):
        return outcomes
    return {name: DEPENDENT if outcome is DONE else outcome for name, outcome in outcomes.items()}


def patch_of(wanted: Wanted, collection: Collection) -> CollectionPatch:
    """Return the fields as a patch; a calendar whose name is removed is called by its slug."""
    fields = dict(wanted.fields)
    if "name" in fields:
        fields["name"] = fields["name"] or collection.slug
    return CollectionPatch(**fields)


def propstats(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Return a propstat for each outcome there is."""
    return [
        xml_out.propstat(
            outcome.status,
            xml_out.empty_elements([name for name, each in outcomes.items() if each == outcome]),
            xml_out.element(outcome.precondition) if outcome.precondition else "",
        )
        for outcome in dict.fromkeys(outcomes.values())
    ]
