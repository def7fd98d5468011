"""What is left of a private object for those who may only know when it is: the one place that hides it.

Listings, single objects and changes pass through here for the person who sees them, so that the text, the entity tag
and what is searched are the same in every protocol.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, TypeVar

from storage import contentlines, policy
from storage.contentlines import Component, Property
from storage.model import CalendarObject, Change, Entry, Mask

# A length that is told to nobody: that of a hidden text.
UNTOLD: Final = -1

_FOLD: Final = re.compile(rb"\r?\n[ \t]")
# RFC 5545, 3.8.1.3: whatever is not known to be public is private. The second name is Apple's older one.
_PRIVATE: Final = re.compile(
    rb"^(?:CLASS|X-CALENDARSERVER-ACCESS)(?:;[^:\n]*)?:(?![ \t]*PUBLIC[ \t]*\r?$)", re.MULTILINE | re.IGNORECASE
)
_OF_CALENDAR: Final = frozenset({"VERSION", "PRODID", "CALSCALE"})
_OF_COMPONENT: Final = frozenset(
    {
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "DURATION", "SEQUENCE", "TRANSP"),
        *("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"),
    }
)
_PARAMETERS: Final = frozenset({"TZID", "VALUE", "RANGE"})
# States that change whether somebody is busy; the others say how far a task is, which is nobody's business.
_STATES: Final = frozenset({"CANCELLED", "TENTATIVE"})
_CLASS: Final = Property.make("CLASS", "PRIVATE")

RowT = TypeVar("RowT", Entry, Change)


def is_private(text: bytes) -> bool:
    """Tell whether any component of a text is not public (RFC 5545, 3.8.1.3)."""
    return _PRIVATE.search(_FOLD.sub(b"", text)) is not None


def masked_text(text: bytes, title: str = "") -> bytes:
    """Return what tells when an object is and nothing else; raises InvalidObject when the text cannot be read.

    `title` stands for the summary, where programs need one.
    """
    root = contentlines.parse(text)
    more = (Property.of_text("SUMMARY", title), _CLASS) if title else (_CLASS,)
    kept = tuple(each for each in root.properties if each.name in _OF_CALENDAR)
    parts = tuple(each if each.name == "VTIMEZONE" else _masked(each, more) for each in root.components)
    return contentlines.serialise(Component(root.name, kept, parts))


def _masked(component: Component, more: tuple[Property, ...]) -> Component:
    kept = [_bare(each) for each in component.properties if _tells_when(each)]
    return Component(component.name, (*kept, *more))


def _tells_when(prop: Property) -> bool:
    return prop.name in _OF_COMPONENT or (prop.name == "STATUS" and prop.value.strip().upper() in _STATES)


def _bare(prop: Property) -> Property:
    """Return a property with the parameters that say what its time means."""
    if all(name in _PARAMETERS for name, _ in prop.params):
        return prop
    return Property.make(prop.name, prop.value, {name: values for name, values in prop.params if name in _PARAMETERS})


def masked_etag(etag: str) -> str:
    """Return the entity tag of what is left of an object; it changes whenever the object does."""
    return hashlib.sha256(b"masked " + etag.encode()).hexdigest()[:32]


def seen(found: CalendarObject, mask: Mask) -> CalendarObject:
    """Return an object as a person sees it."""
    if not policy.hides(mask, private=found.private):
        return found
    return replace(
        found, ical=masked_text(found.ical), etag=masked_etag(found.etag), schedule_tag="", private=True, masked=True
    )


def seen_rows(rows: Iterable[RowT], mask: Mask) -> list[RowT]:
    """Return rows of a listing as a person sees them; of hidden objects the length is UNTOLD."""
    if mask is Mask.NONE:
        return list(rows)
    return [_hidden(row) if policy.hides(mask, private=row.private) else row for row in rows]


def _hidden(row: RowT) -> RowT:
    tag = None if row.etag is None else masked_etag(row.etag)
    return row._replace(etag=tag, size=UNTOLD, schedule_tag="", private=True)
