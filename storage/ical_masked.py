"""Private events as others may see them: when, and nothing else (RFC 5545, 3.8.1.3)."""

from __future__ import annotations

from typing import Final

from storage.contentlines import Component, Property, parse, serialise
from storage.errors import InvalidObject

_KEPT: Final = frozenset(
    {
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "EXRULE", "RDATE", "EXDATE"),
        *("RECURRENCE-ID", "STATUS", "TRANSP", "CLASS"),
    }
)
_OF_CALENDAR: Final = frozenset({"VERSION", "PRODID", "CALSCALE"})
_PARAMS: Final = frozenset({"TZID", "VALUE", "RANGE"})
_OPEN: Final = frozenset({"", "PUBLIC"})


def private(text: bytes) -> bool:
    """Tell whether an object is not for everybody: any of its components has another CLASS than PUBLIC.

    A CLASS that nobody knows counts as private, and so does a text that cannot be read.
    """
    if b"CLASS" not in text.replace(b"\r\n ", b"").replace(b"\n ", b"").upper():
        return False
    try:
        root = parse(text)
    except InvalidObject:
        return True
    return any((each.text("CLASS") or "").strip().upper() not in _OPEN for each in root.components)


def masked(text: bytes, summary: str = "") -> bytes:
    """Return an object with its times and its UID alone; `summary` is what stands for its title, if anything.

    Time zones stay. Raises InvalidObject for a text that cannot be read.
    """
    root = parse(text)
    title = (Property.of_text("SUMMARY", summary),) if summary else ()
    kept = tuple(prop for prop in root.properties if prop.name in _OF_CALENDAR)
    components = tuple(each if each.name == "VTIMEZONE" else _bare(each, title) for each in root.components)
    return serialise(Component(root.name, kept, components))


def _bare(component: Component, title: tuple[Property, ...]) -> Component:
    kept = tuple(_plain(prop) for prop in component.properties if prop.name in _KEPT)
    return Component(component.name, (*kept, *title))


def _plain(prop: Property) -> Property:
    """Return a line with none but the parameters that times need."""
    if all(name in _PARAMS for name, _ in prop.params):
        return prop
    return Property.make(prop.name, prop.value, {name: held for name, held in prop.params if name in _PARAMS})
