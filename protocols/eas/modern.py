"""Turn events between the forms of 14.1 and of 16.0 and later (MS-ASCAL 2.2.2; reference/eas.md 3.5, 13, 15.2).

Everything else here knows one form, that of 14.1. What differs from 16.0 on: whole days are dates without a zone, a
place is a container, an exception is named by InstanceId, and what the server knows better the client may not say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from protocols.eas import attachments
from protocols.eas.body import one_line
from protocols.eas.codepages import AirSyncBase, Calendar, Tag
from protocols.eas.errors import ItemRefused
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, Property

# What a place has besides its name and its position, in the order in which it is told.
_PARTS: Final = (
    AirSyncBase.Annotation,
    AirSyncBase.Street,
    AirSyncBase.City,
    AirSyncBase.State,
    AirSyncBase.Country,
    AirSyncBase.PostalCode,
    AirSyncBase.Accuracy,
    AirSyncBase.Altitude,
    AirSyncBase.AltitudeAccuracy,
    AirSyncBase.LocationUri,
)
_NAMED: Final[Mapping[str, Tag]] = {tag.name: tag for tag in _PARTS}
_ADDRESS: Final = (
    AirSyncBase.Street,
    AirSyncBase.PostalCode,
    AirSyncBase.City,
    AirSyncBase.State,
    AirSyncBase.Country,
)
PLACE: Final = "X-CADRAN-PLACE"
MAX_PART: Final = 1024
# The server's to say: who organizes, who answered what, when it was written, and which event it is.
_OURS: Final = frozenset(
    {Calendar.UID, Calendar.OrganizerName, Calendar.OrganizerEmail, Calendar.DtStamp, AirSyncBase.Attachments}
)


def outgoing(item: Element, event: Component) -> Element:
    """Give an event's item its form of 16.0; `event` is where the position of its place is."""
    children = [_outgoing(each, event) for each in item.children]
    if item.value(Calendar.AllDayEvent) == "1":
        children = [each for each in children if each.tag != Calendar.Timezone]
    files = attachments.listed(event)
    return replace(item, children=(*children, files) if files else tuple(children))


def _outgoing(element: Element, event: Component | None) -> Element:
    match element.tag:
        case Calendar.Location:
            return _place(element.content, event)
        case Calendar.ExceptionStartTime:
            return E(AirSyncBase.InstanceId, element.content)
        case Calendar.Exceptions | Calendar.Exception:
            return replace(element, children=tuple(_outgoing(each, None) for each in element.children))
    return element


def place(event: Component) -> Element:
    """Give the place of an event, or of one changed occurrence; an empty one says that there is none."""
    return _place(one_line(event.text("LOCATION") or ""), event)


def _place(name: str, event: Component | None) -> Element:
    if not name:
        return E(AirSyncBase.Location)
    position = _position(event) if event is not None else None
    known = _known(event, name) if event is not None else {}
    parts = {_NAMED[key]: value for key, value in known.items() if key in _NAMED}
    if position is not None:
        parts |= dict(zip((AirSyncBase.Latitude, AirSyncBase.Longitude), position, strict=True))
    ordered = (*_PARTS[:6], AirSyncBase.Latitude, AirSyncBase.Longitude, *_PARTS[6:])
    return E(AirSyncBase.Location, E(AirSyncBase.DisplayName, name), *(E(t, parts[t]) for t in ordered if t in parts))


def _position(event: Component) -> tuple[str, str] | None:
    """Give latitude and longitude as GEO has them, None when it has no such numbers."""
    prop = event.first("GEO")
    parts = prop.value.split(";") if prop else []
    return (parts[0].strip(), parts[1].strip()) if len(parts) == 2 and all(map(_degrees, parts)) else None


def _degrees(text: str) -> bool:
    try:
        return abs(float(text)) <= 180
    except ValueError:
        return False


def _known(event: Component, name: str) -> dict[str, str]:
    """Return what a phone said of a place beside its name, while the name is still that one."""
    try:
        data = json.loads(event.text(PLACE) or "{}")
    except ValueError:
        return {}
    if not isinstance(data, dict) or data.get("") != name:
        return {}
    return {key: value for key, value in data.items() if isinstance(value, str)}


def incoming(data: Element) -> Element:
    """Give what a client of 16.0 sent its form of 14.1; its AirSyncBase Location stays for `with_place`."""
    days = data.value(Calendar.AllDayEvent) == "1"
    children: list[Element] = []
    for each in data.children:
        if each.tag in _OURS or (days and each.tag == Calendar.Timezone):
            continue
        children += _incoming(each)
    return replace(data, children=tuple(children))


def _incoming(element: Element) -> list[Element]:
    match element.tag:
        case AirSyncBase.Location:
            return [E(Calendar.Location, place_name(element)), element]
        case Calendar.ClientUid:
            return [E(Calendar.UID, element.content)]
        case AirSyncBase.InstanceId:
            return [E(Calendar.ExceptionStartTime, element.content)]
        case Calendar.Attendees | Calendar.Attendee | Calendar.Exceptions | Calendar.Exception:
            kept = [child for child in element.children if child.tag != Calendar.AttendeeStatus]
            return [replace(element, children=tuple(new for child in kept for new in _incoming(child)))]
    return [element]


def place_name(place: Element) -> str:
    """Give the one line that says a place: its name, or else its address."""
    name = one_line(place.value(AirSyncBase.DisplayName) or "").strip()
    parts = (one_line(place.value(tag) or "").strip() for tag in _ADDRESS)
    return name or ", ".join(part for part in parts if part)


def with_place(event: Component, data: Element) -> Component:
    """Keep what a client says of a place besides its name: its position in GEO, the rest in a property of our own.

    Raises ItemRefused(6) for a position that is none.
    """
    place = data.find(AirSyncBase.Location)
    if place is None or _says(_place(place_name(place), event)) == _says(place):
        return event
    said = {tag.name: one_line(text) for tag in _PARTS if (text := place.value(tag))}
    if any(len(text) > MAX_PART for text in said.values()):
        raise ItemRefused(6, "place")
    bare = event.without(PLACE, "GEO")
    position = [place.value(tag) or "" for tag in (AirSyncBase.Latitude, AirSyncBase.Longitude)]
    if any(position):
        if not all(map(_degrees, position)):
            raise ItemRefused(6, "position")
        bare = bare.replaced("GEO", Property.make("GEO", ";".join(position)))
    if not said:
        return bare
    text = json.dumps({"": place_name(place), **said}, ensure_ascii=False)
    return bare.replaced(PLACE, Property.of_text(PLACE, text))


def _says(place: Element) -> frozenset[tuple[Tag, str]]:
    return frozenset((each.tag, each.content) for each in place.children if each.content)


def with_attachments(data: Element) -> bool:
    """Tell whether a client sends attachments, which events have not: it must be told that they were not kept."""
    return data.has(AirSyncBase.Attachments)
