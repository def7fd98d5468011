"""The properties of a calendar in Radicale's words, read from and written to ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from protocols.radicale import names
from protocols.radicale.errors import Refused, forbidden
from storage import contentlines, spelling
from storage.errors import InvalidObject
from storage.model import Collection, CollectionPatch, NewCalendar

TAG: Final = "VCALENDAR"
COMPONENTS: Final = ("VEVENT", "VTODO", "VJOURNAL")
NAME_LENGTH: Final = 255
DESCRIPTION_LENGTH: Final = 10_000
ORDER_LIMIT: Final = 2**31
SLUG_LENGTH: Final = 128

_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
_ORDER: Final = re.compile(r"[+-]?\d{1,10}")
_COMPONENT_SET: Final = "C:supported-calendar-component-set"

# Sent by DAVx5 and by Apple with every creation, and without effect here, as in our own engine.
_PASSED_OVER: Final = frozenset({"tag", "C:calendar-timezone-id", "C:schedule-calendar-transp"})


def _text(limit: int) -> Callable[[str], str]:
    def read(value: str) -> str:
        if len(value) > limit:
            raise Refused(f"longer than {limit} characters")
        return value

    return read


def _colour(value: str) -> str:
    if value and not _COLOUR.fullmatch(value):
        raise Refused("a colour is written #RRGGBB or #RRGGBBAA")
    return value


def _order(value: str) -> int:
    if not value:
        return 0
    if not _ORDER.fullmatch(value) or not -ORDER_LIMIT <= int(value) < ORDER_LIMIT:
        raise Refused("an order is a whole number")
    return int(value)


def _timezone(value: str) -> str:
    if not value:
        return ""
    try:
        zones = contentlines.parse(value.encode()).children("VTIMEZONE")
    except InvalidObject as error:
        raise Refused(error.reason) from error
    if len(zones) != 1:
        raise Refused("a time zone is one VTIMEZONE")
    return value


@dataclass(frozen=True, slots=True)
class _Property:
    """The field of ours, and how it is read; "" is what a property that is not there reads as."""

    field: str
    read: Callable[[str], Any]


_PROPERTIES: Final[Mapping[str, _Property]] = {
    "D:displayname": _Property("name", _text(NAME_LENGTH)),
    "C:calendar-description": _Property("description", _text(DESCRIPTION_LENGTH)),
    "C:calendar-timezone": _Property("timezone", _timezone),
    "ICAL:calendar-color": _Property("colour", _colour),
    "ICAL:calendar-order": _Property("position", _order),
}


def described(collection: Collection) -> dict[str, str]:
    """Return the properties of a calendar; empty ones are left out."""
    values = {name: str(getattr(collection, each.field)) for name, each in _PROPERTIES.items()}
    found = {name: value for name, value in values.items() if value}
    return found | {"tag": TAG, _COMPONENT_SET: ",".join(collection.components)}


def patch(props: Mapping[str, str], collection: Collection) -> CollectionPatch:
    """Return what makes a calendar's properties those given: Radicale hands over all of them, new and old.

    Raises Refused for a value that does not fit, and for a property that is not kept.
    """
    known = _PROPERTIES.keys() | {"tag", _COMPONENT_SET}
    for name in props.keys() - known:
        raise forbidden(f"the property {name} is not kept")
    if props.get("tag", TAG) != TAG or _asked(props, collection.components) != collection.components:
        raise forbidden("what a calendar holds does not change")
    fields = {each.field: each.read(props.get(name, "")) for name, each in _PROPERTIES.items()}
    fields["name"] = fields["name"] or spelling.plain(collection.slug)
    changed = {name: value for name, value in fields.items() if value != getattr(collection, name)}
    return CollectionPatch(**changed)


def new_calendar(slug: str, props: Mapping[str, str]) -> NewCalendar:
    """Return the calendar that properties describe; raises Refused for anything else, address books included."""
    if props.get("tag") != TAG:
        raise forbidden("only calendars are kept")
    address = names.kept(slug)
    if len(address) > SLUG_LENGTH:
        raise forbidden(f"at most {SLUG_LENGTH} characters make a name")
    for name in props.keys() - _PROPERTIES.keys() - _PASSED_OVER - {_COMPONENT_SET}:
        raise forbidden(f"the property {name} is not kept")
    fields = {each.field: each.read(props[name]) for name, each in _PROPERTIES.items() if props.get(name)}
    components = _asked(props, NewCalendar("", "").components)
    if not set(components) <= set(COMPONENTS):
        raise forbidden(f"calendars hold {', '.join(COMPONENTS)}")
    return NewCalendar(address, **{"name": slug, **fields}, components=components)


def _asked(props: Mapping[str, str], default: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip().upper() for name in props.get(_COMPONENT_SET, "").split(",") if name))
    return names or default
