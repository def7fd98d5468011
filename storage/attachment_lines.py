"""Managed attachments in the text of an object: which there are, and adding, replacing and removing one (RFC 8607, 3).

Only ATTACH lines change, and instances of a series get a component of their own where one is spoken of alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storage import itip
from storage.contentlines import Component, Property, parse
from storage.errors import AttachmentRefused
from storage.ical_values import epoch, read_moment
from storage.itip import KINDS, Key, Scheduled

MANAGED_ID: Final = "MANAGED-ID"
MASTER: Final = "M"
MOST_INSTANCES: Final = 100
DEFAULT_TYPE: Final = "application/octet-stream"
_NAME_LENGTH: Final = 200
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,99}/[A-Za-z0-9][\w!#$&^.+-]{0,99}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of a file besides its content: a name without folders and a media type without parameters."""

    name: str
    media_type: str

    @classmethod
    def of(cls, name: str, media_type: str) -> Label:
        """Return what a client says of a file, without what could harm others."""
        last = _CONTROL.sub("", name).replace("\\", "/").rpartition("/")[2].strip().strip(".")
        plain = media_type.partition(";")[0].strip().lower()
        return cls(last[:_NAME_LENGTH], plain if _MEDIA_TYPE.fullmatch(plain) else DEFAULT_TYPE)


def ids(text: bytes) -> frozenset[str]:
    """Return the managed ids that an object refers to; a text without attachments is not read for that.

    Property names are never folded so early in a line. Raises InvalidObject.
    """
    if b"ATTACH" not in text and b"ATTACH" not in text.upper():
        return frozenset()
    return ids_of(parse(text))


def ids_of(root: Component) -> frozenset[str]:
    """Return the managed ids that the components of an object refer to."""
    found = (prop.param(MANAGED_ID) for each in root.components if each.name in KINDS for prop in each.all("ATTACH"))
    return frozenset(filter(None, found))


def line(managed_id: str, label: Label, size: int, uri: str) -> Property:
    """Return the ATTACH property of a managed attachment (RFC 8607, 4)."""
    params = {MANAGED_ID: managed_id, "FMTTYPE": label.media_type, "SIZE": str(size), "FILENAME": label.name}
    return Property.make("ATTACH", uri, {name: value for name, value in params.items() if value})


def instances(found: Scheduled, listed: str) -> tuple[Key, ...]:
    """Return what a `rid` parameter names: the master, or instances by their RECURRENCE-ID (RFC 8607, 3.2.2).

    Raises AttachmentRefused(`valid-rid`) for what the object has no instance of.
    """
    words = listed.split(",")
    if len(words) > MOST_INSTANCES:
        raise AttachmentRefused("valid-rid", f"more than {MOST_INSTANCES} instances")
    keys = tuple(dict.fromkeys(_key(found, word.strip()) for word in words))
    for key in keys:
        if key not in found.parts and (key is None or itip.instance(found, key) is None):
            raise AttachmentRefused("valid-rid", listed)
    return keys


def _key(found: Scheduled, word: str) -> Key:
    if word.upper() == MASTER:
        return None
    try:
        value = read_moment(word)
    except ValueError:
        raise AttachmentRefused("valid-rid", word[:80]) from None
    if isinstance(value, datetime) and value.tzinfo is None:
        # A time without a zone is meant in the zone of the series.
        starts = found.timing(found.any).starts
        local = starts.tzinfo if isinstance(starts, datetime) else None
        value = value.replace(tzinfo=local or found.zone)
    return epoch(value, found.zone)


def added(found: Scheduled, new: Property, keys: Iterable[Key] | None) -> Scheduled:
    """Return an object with an attachment in the named instances, in all components when none is named."""
    return _edited(found, keys, lambda each: Component(each.name, (*each.properties, new), each.components))


def removed(found: Scheduled, managed_id: str, keys: Iterable[Key] | None) -> Scheduled:
    """Return an object without an attachment in the named instances, or anywhere when none is named.

    Raises AttachmentRefused(`valid-managed-id`) when what is named does not have it.
    """
    named = tuple(found.parts) if keys is None else tuple(keys)
    bearers = [each for key in named if (each := _component(found, key)) is not None]
    has = [_has(each, managed_id) for each in bearers]
    if not (any(has) if keys is None else all(has)):
        raise AttachmentRefused("valid-managed-id", managed_id[:80])
    return _edited(found, keys, lambda each: _without(each, managed_id))


def replaced(found: Scheduled, managed_id: str, new: Property) -> Scheduled:
    """Return an object with another attachment wherever one was; raises AttachmentRefused(`valid-managed-id`)."""
    if managed_id not in ids_of(found.root):
        raise AttachmentRefused("valid-managed-id", managed_id[:80])

    def edit(each: Component) -> Component:
        lines = tuple(new if _is(prop, managed_id) else prop for prop in each.properties)
        return Component(each.name, lines, each.components)

    return _edited(found, None, edit)


def _edited(found: Scheduled, keys: Iterable[Key] | None, edit: Callable[[Component], Component]) -> Scheduled:
    parts = dict(found.parts)
    for key in tuple(parts) if keys is None else keys:
        here = _component(found, key)
        if here is not None:
            parts[key] = edit(here)
    return found.with_parts(parts.values())


def _component(found: Scheduled, key: Key) -> Component | None:
    return found.parts.get(key) or (None if key is None else itip.instance(found, key))


def _has(component: Component, managed_id: str) -> bool:
    return any(_is(prop, managed_id) for prop in component.properties)


def _is(prop: Property, managed_id: str) -> bool:
    return prop.name == "ATTACH" and prop.param(MANAGED_ID) == managed_id


def _without(component: Component, managed_id: str) -> Component:
    lines = tuple(prop for prop in component.properties if not _is(prop, managed_id))
    return Component(component.name, lines, component.components)


def unmanaged(root: Component, known: frozenset[str]) -> Component:
    """Return a tree in which attachments whose managed id is not among the known are links like any other."""
    return root.with_components(
        [
            Component(each.name, tuple(_unmanaged(prop, known) for prop in each.properties), each.components)
            if each.name in KINDS
            else each
            for each in root.components
        ]
    )


def _unmanaged(prop: Property, known: frozenset[str]) -> Property:
    if prop.name != "ATTACH" or (named := prop.param(MANAGED_ID)) is None or named in known:
        return prop
    return Property.make(prop.name, prop.value, {name: held for name, held in prop.params if name != MANAGED_ID})
