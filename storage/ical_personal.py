"""What of a shared object is each person's own: alarms, whether it makes them busy, and notes about snoozing.

Pure: a text is split into what everybody sees and one person's part, and put together again (caldav-sharing, 5.5.4).
A part is a calendar object too: for each instance a component with nothing but RECURRENCE-ID and what is personal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from storage import contentlines, itip
from storage.contentlines import Component, Property
from storage.itip import KINDS, Key

_PROPERTIES: Final = ("TRANSP",)
# Thunderbird notes with the event when an alarm was dismissed or put off.
_NOTES: Final = ("X-MOZ-LASTACK", "X-MOZ-SNOOZE")
_ALARM: Final = "VALARM"
# What programs renew with every writing, and says nothing of the event.
_RENEWED: Final = frozenset({"DTSTAMP", "LAST-MODIFIED", "CREATED", "X-MOZ-GENERATION"})
# Property names are never folded so early in a line.
_SIGNS: Final = (b"VALARM", b"TRANSP", b"X-MOZ-LASTACK", b"X-MOZ-SNOOZE")

Parts = Mapping[Key, Component]


def mentions(text: bytes) -> bool:
    """Tell whether a text may hold something personal; one that does not need not be read."""
    upper = text.upper()
    return any(sign in upper for sign in _SIGNS)


def part_of(text: bytes, zone: tzinfo) -> bytes:
    """Return one person's part of a text, b"" when it holds nothing personal; raises InvalidObject."""
    if not mentions(text):
        return b""
    found = itip.read(text, zone)
    own = [_own(key, each) for key, each in found.parts.items()]
    if not any(each.components or _told(each) for each in own):
        return b""
    return contentlines.serialise(Component("VCALENDAR", (), tuple(own)))


def _own(key: Key, component: Component) -> Component:
    named = () if key is None else (Property.make("RECURRENCE-ID", itip.instant(key)),)
    lines = tuple(each for each in component.properties if _personal(each))
    return Component(component.name, (*named, *lines), component.children(_ALARM))


def _told(component: Component) -> bool:
    return any(_personal(each) for each in component.properties)


def _personal(prop: Property) -> bool:
    return prop.name in _PROPERTIES or prop.name.startswith(_NOTES)


def with_part(text: bytes, part: bytes, zone: tzinfo) -> bytes:
    """Return a text with one person's part in place of what it holds of another's; raises InvalidObject.

    An instance that the part does not know has what the series has.
    """
    if not part and not mentions(text):
        return text
    parts = itip.read(part, zone).parts if part else {}
    root = contentlines.parse(text)
    made = root.with_components([_with(each, _of(each, root, parts, zone)) for each in root.components])
    return text if made == root else contentlines.serialise(made)


def _of(component: Component, root: Component, parts: Parts, zone: tzinfo) -> Component | None:
    if component.name not in KINDS or not parts:
        return None
    key = itip.key_of(component, root, zone)
    return parts.get(key) or parts.get(None)


def _with(component: Component, own: Component | None) -> Component:
    if component.name not in KINDS:
        return component
    lines = tuple(each for each in component.properties if not _personal(each))
    inner = tuple(each for each in component.components if each.name != _ALARM)
    if own is not None:
        lines += tuple(each for each in own.properties if _personal(each))
        inner += own.children(_ALARM)
    return Component(component.name, lines, inner)


def same(one: bytes, other: bytes) -> bool:
    """Tell whether two texts differ in nothing but what is personal; raises InvalidObject."""
    return one == other or _shared(one) == _shared(other)


def same_to_reader(stored: bytes, text: bytes, zone: tzinfo) -> bool:
    """Tell whether a program that may only change what is personal changed nothing else; raises InvalidObject.

    Programs write an object in their own order and hand, with zones described, and renew their stamps.
    """
    one, other = itip.read(stored, zone).parts, itip.read(text, zone).parts
    return one.keys() == other.keys() and all(_told_by(one[key]) == _told_by(other[key]) for key in one)


def _told_by(component: Component) -> Any:
    lines = sorted(
        (each.name, tuple(sorted((name, values) for name, values in each.params)), each.text)
        for each in component.properties
        if not _personal(each) and each.name not in _RENEWED
    )
    inner = sorted(contentlines.serialise(each) for each in component.components if each.name != _ALARM)
    return component.name, lines, inner


def _shared(text: bytes) -> Component:
    root = contentlines.parse(text)
    return root.with_components([_with(each, None) for each in root.components])
