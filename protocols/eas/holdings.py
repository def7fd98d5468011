"""What a device holds of one collection, as kept between its requests.

The set of items is kept besides the sync token because the token alone cannot say whether a device holds an item that
changed: one may have been left out by the filter, or not been reached while the first load was under way, and an item
added by the device itself is no news to it. So `Add` is sent if and only if the device does not hold the item.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from protocols.eas.body import BodyPreference
from protocols.eas.codepages import Tag
from storage.model import Collection, SyncToken
from storage.transaction import Transaction

_MORE, _BITS = 0x80, 0x7F


def packed(items: Iterable[int]) -> str:
    """Write a set of numbers as short text: about a byte for each when they lie close together."""
    out, last = bytearray(), 0
    for item in sorted(items):
        gap, last = item - last, item
        while gap > _BITS:
            out.append(gap & _BITS | _MORE)
            gap >>= 7
        out.append(gap)
    return base64.b64encode(zlib.compress(bytes(out), 1)).decode() if out else ""


def unpacked(text: str) -> set[int]:
    """Read what `packed` wrote."""
    if not text:
        return set()
    items, item, gap, shift = set(), 0, 0, 0
    for byte in zlib.decompress(base64.b64decode(text)):
        gap |= (byte & _BITS) << shift
        shift += 7
        if not byte & _MORE:
            item += gap
            items.add(item)
            gap = shift = 0
    return items


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a device asks of a collection and need not repeat (MS-ASCMD 2.2.3.125); `conflict` 0 lets the client win."""

    filter_type: int = 0
    body: tuple[BodyPreference, ...] = ()
    conflict: int = 1
    supported: frozenset[Tag] | None = None

    def to_json(self) -> dict[str, Any]:
        """Give plain data."""
        supported = None if self.supported is None else sorted([tag.page, tag.token] for tag in self.supported)
        body = [[each.type, each.truncation_size, each.all_or_none] for each in self.body]
        return {"filter": self.filter_type, "body": body, "conflict": self.conflict, "supported": supported}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Wishes:
        """Read plain data."""
        supported = data["supported"]
        return cls(
            data["filter"],
            tuple(BodyPreference(*each) for each in data["body"]),
            data["conflict"],
            None if supported is None else frozenset(Tag(*each) for each in supported),
        )


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """How far the first load came: items born by `top`, nearest to `pivot` first, after a (distance, item) place."""

    top: int
    pivot: int
    distance: int = -1
    item: int = -1


@dataclass(frozen=True, slots=True)
class Part:
    """An item sent as single occurrences: which of them the device holds, and which of those are out of date."""

    held: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """One collection on one device.

    `cutoffs` are two moments: all that ends after the second is held, nothing that ends before the first; they differ
    while a changed filter is being carried out. `written` are changes the device made itself, by item with their
    number, which it need not be told. `due` are items to look at again; `hidden` those kept from the device, by item
    with the number of the revision that it could not take.
    """

    token: SyncToken
    cutoffs: tuple[int, int]
    window: tuple[date, date]
    wishes: Wishes = field(default_factory=Wishes)
    first: FirstLoad | None = None
    items: str = ""
    parts: Mapping[int, Part] = field(default_factory=dict)
    due: frozenset[int] = frozenset()
    written: Mapping[int, int] = field(default_factory=dict)
    hidden: Mapping[int, int] = field(default_factory=dict)

    def settled(self, head: int) -> bool:
        """Tell whether the device holds everything up to a collection's head."""
        at_head = self.token.top is None and self.token.base == head
        return at_head and self.first is None and not self.due and self.cutoffs[0] == self.cutoffs[1]

    def to_json(self) -> dict[str, Any]:
        """Give plain data, the same for the same holding."""
        first = self.first
        return {
            "token": [self.token.base, self.token.top, self.token.seq, self.token.row],
            "cutoffs": list(self.cutoffs),
            "window": [day.isoformat() for day in self.window],
            "wishes": self.wishes.to_json(),
            "first": None if first is None else [first.top, first.pivot, first.distance, first.item],
            "items": self.items,
            "parts": {str(item): [list(part.held), list(part.stale)] for item, part in sorted(self.parts.items())},
            "due": sorted(self.due),
            "written": {str(item): seq for item, seq in sorted(self.written.items())},
            **({"hidden": {str(item): seq for item, seq in sorted(self.hidden.items())}} if self.hidden else {}),
        }


def read_holding(collection_id: int, data: Mapping[str, Any]) -> Holding:
    """Read what `Holding.to_json` wrote."""
    base, top, seq, row = data["token"]
    low, high = data["cutoffs"]
    begin, end = map(date.fromisoformat, data["window"])
    return Holding(
        token=SyncToken(collection_id, base, top, seq, row),
        cutoffs=(low, high),
        window=(begin, end),
        wishes=Wishes.from_json(data["wishes"]),
        first=None if data["first"] is None else FirstLoad(*data["first"]),
        items=data["items"],
        parts={int(item): Part(tuple(held), tuple(stale)) for item, (held, stale) in data["parts"].items()},
        due=frozenset(data["due"]),
        written={int(item): seq for item, seq in data["written"].items()},
        hidden={int(item): seq for item, seq in data.get("hidden", {}).items()},
    )


def changed_since(tx: Transaction, collection: Collection, holding: Holding) -> dict[int, int]:
    """Return the items that changed since a device was last told, with the number of each change.

    Raises TokenInvalid or TokenExpired.
    """
    since = tx.changes.of
    page = since(collection, holding.token)
    changes = page.changes
    if holding.token.top is not None:
        changes += since(collection, SyncToken(page.token.collection, page.token.base)).changes
    return {each.item: each.seq for each in changes}
