"""A meeting that comes back from the trash: what its attendees were told is over, they are invited to anew."""

from __future__ import annotations

from typing import Final

from storage import addresses, contentlines, itip
from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.model import Principal

# The cancellation had one more than the meeting: what comes after it has to be later (RFC 5546, 2.1.4).
_LATER: Final = 2


def anew(text: bytes, owner: Principal) -> bytes:
    """Return the text to store again: of an organizer's meeting with a later SEQUENCE and attendees who have to answer.

    Anything else is returned as it is, byte for byte.
    """
    try:
        root = contentlines.parse(text)
    except InvalidObject:
        return text
    mine = addresses.of(owner)
    again = [_again(each, mine) for each in root.components]
    return text if tuple(again) == root.components else contentlines.serialise(root.with_components(again))


def _again(component: Component, mine: frozenset[str]) -> Component:
    by = component.first("ORGANIZER")
    if by is None or addresses.resolved(by.value) not in mine or not component.all("ATTENDEE"):
        return component
    number = Property.make("SEQUENCE", str(itip.sequence(component) + _LATER))
    asked = (_asked(prop, mine) for prop in component.all("ATTENDEE"))
    return component.replaced("SEQUENCE", number).replaced("ATTENDEE", *asked)


def _asked(prop: Property, mine: frozenset[str]) -> Property:
    if addresses.resolved(prop.value) in mine or itip.agent(prop) != "SERVER":
        return prop
    return itip.with_params(prop, PARTSTAT=itip.NEEDS_ACTION, SCHEDULE_STATUS=None)
