"""Cut a whole calendar file into calendar object resources, one for each UID (RFC 4791, 4.1)."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from storage.contentlines import Component, Property, parse, serialise
from storage.errors import InvalidObject

MAX_OBJECTS = 20_000
_NAMESPACE = uuid.UUID("0e5a4b52-9a0c-4d6f-8d0c-3a6f2f1d7c55")
# What belongs to the file and not to each object in it: METHOD would make them messages, the others name the calendar.
_OF_FILE = frozenset({"METHOD", "NAME", "DESCRIPTION", "COLOR", "URL", "SOURCE", "REFRESH-INTERVAL", "LAST-MODIFIED"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One object of a file: its UID, the summary that people know it by, and its text."""

    uid: str
    summary: str
    text: bytes


def split(data: bytes) -> tuple[Piece, ...]:
    """Return the objects of a VCALENDAR in order, each with the time zones that it names.

    What has no UID gets one that depends on its content, so that the same file again makes no second copy. Raises
    InvalidObject when the file as a whole cannot be read, or holds more than 20 000 objects.
    """
    root = parse(data)
    zones = {zone.text("TZID") or "": zone for zone in root.children("VTIMEZONE")}
    groups: dict[str, list[Component]] = {}
    for found in root.components:
        if found.name != "VTIMEZONE" and not found.name.startswith("X-"):
            named = _identified(found)
            groups.setdefault(named.text("UID") or "", []).append(named)
    if len(groups) > MAX_OBJECTS:
        raise InvalidObject("max-resource-size", f"more than {MAX_OBJECTS} objects in one file")
    head = tuple(prop for prop in root.properties if prop.name not in _OF_FILE and not prop.name.startswith("X-WR-"))
    return tuple(_piece(uid, parts, head, zones) for uid, parts in groups.items())


def _identified(component: Component) -> Component:
    if (component.text("UID") or "").strip():
        return component
    uid = uuid.uuid5(_NAMESPACE, serialise(component).decode())
    bare = component.without("UID")
    return replace(bare, properties=(Property.of_text("UID", str(uid)), *bare.properties))


def _piece(uid: str, parts: list[Component], head: tuple[Property, ...], zones: dict[str, Component]) -> Piece:
    used = dict.fromkeys(tzid for part in parts for tzid in _named_zones(part))
    needed = tuple(zones[tzid] for tzid in used if tzid in zones)
    text = serialise(Component("VCALENDAR", head, (*needed, *parts)))
    return Piece(uid, parts[0].text("SUMMARY") or "", text)


def _named_zones(component: Component) -> Iterator[str]:
    for prop in component.properties:
        tzid = prop.param("TZID") if prop.params else None
        if tzid:
            yield tzid
    for child in component.components:
        yield from _named_zones(child)
