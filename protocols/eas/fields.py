"""Write the simple elements that items and exceptions share (MS-ASCAL 2.2.2)."""

from __future__ import annotations

from datetime import UTC, datetime

from protocols.eas.body import one_line
from protocols.eas.codepages import Calendar, Tag
from protocols.eas.event import alarm, categories
from protocols.eas.times import compact
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component


def stamp(event: Component) -> Element | None:
    """Give the DtStamp; None when the event has no readable stamp."""
    for name in ("DTSTAMP", "LAST-MODIFIED"):
        digits = (event.text(name) or "").strip()
        try:
            return E(Calendar.DtStamp, compact(datetime.strptime(digits, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)))
        except ValueError:
            continue
    return None


def subject(event: Component) -> list[Element]:
    """Give the Subject, on one line; nothing when there is none."""
    return _text(Calendar.Subject, event, "SUMMARY")


def location(event: Component) -> list[Element]:
    """Give the Location, on one line; nothing when there is none."""
    return _text(Calendar.Location, event, "LOCATION")


def _text(tag: Tag, event: Component, name: str) -> list[Element]:
    text = one_line(event.text(name) or "")
    return [E(tag, text)] if text else []


def category_list(event: Component) -> list[Element]:
    """Give the Categories, at most 300; nothing when there are none."""
    names = categories(event)[:300]
    return [E(Calendar.Categories, *(E(Calendar.Category, one_line(name)) for name in names))] if names else []


def reminder(event: Component) -> list[Element]:
    """Give the Reminder of the alarm a phone can show; nothing when there is none."""
    found = alarm(event)
    return [E(Calendar.Reminder, found[1])] if found else []
