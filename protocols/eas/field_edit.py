"""Read the simple elements a client sent into the properties of an event (MS-ASCAL 2.2.2; reference/eas.md section 11).

Each function takes the event and the item and gives the event back, itself when the item says nothing new. An element
that is present and empty clears its property.
"""

from __future__ import annotations

from protocols.eas.attendance import mine, with_attendees
from protocols.eas.body import echoes, one_line, received_text
from protocols.eas.codepages import Calendar, Tag
from protocols.eas.errors import ItemRefused
from protocols.eas.event import (
    BUSY_PROPERTY,
    CANCELLED_BIT,
    FREE,
    PERSONAL,
    SENSITIVITY_PROPERTY,
    TENTATIVE,
    alarm,
    busy_status,
    cancelled,
    categories,
    sensitivity,
)
from protocols.eas.item import ItemContext
from protocols.eas.modern import with_place
from protocols.eas.wbxml import Element
from storage.contentlines import Component, Property, escaped

MAX_CATEGORIES = 300
MAX_REMINDER = 999_999_999
MEETING_STATUSES = 15
_CLASSES = {0: "PUBLIC", 1: "PRIVATE", 2: "PRIVATE", 3: "CONFIDENTIAL"}
_BUSY_NAMES = {0: "FREE", 1: "TENTATIVE", 2: "BUSY", 3: "OOF", 4: "WORKINGELSEWHERE"}
_PLAIN_BUSY = frozenset({0, 1, 2})
_RICH_DESCRIPTIONS = ("X-ALT-DESC", "STYLED-DESCRIPTION")


def with_fields(event: Component, data: Element, context: ItemContext) -> Component:
    """Put every simple element of an item into an event; raises ItemRefused(6) for values out of range."""
    event = with_text(event, data, Calendar.Subject, "SUMMARY")
    event = with_text(event, data, Calendar.Location, "LOCATION")
    event = with_place(event, data)
    event = with_description(event, data, context)
    event = with_categories(event, data, Calendar.Categories, Calendar.Category)
    event = with_sensitivity(event, data, Calendar.Sensitivity)
    event = _with_busy_status(event, data, own=mine(event, context))
    event = _with_cancellation(event, data)
    event = _with_reminder(event, data)
    return with_attendees(event, data)


def number(data: Element, tag: Tag, highest: int) -> int | None:
    """Read an unsigned number; None when absent or empty. Raises ItemRefused(6) for anything else."""
    text = (data.value(tag) or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(highest)) and int(text) <= highest):
        raise ItemRefused(6, tag.name)
    return int(text)


def with_text(event: Component, data: Element, tag: Tag, name: str) -> Component:
    """Put a text of one line into a property."""
    value = data.value(tag)
    if value is None or one_line(value) == one_line(event.text(name) or ""):
        return event
    return event.replaced(name, Property.of_text(name, one_line(value))) if value.strip() else event.without(name)


def with_description(event: Component, data: Element, context: ItemContext) -> Component:
    """Put the Body into DESCRIPTION, unless it only repeats what the client was sent of it."""
    text = received_text(data)
    stored = event.text("DESCRIPTION") or ""
    if text is None or echoes(text, stored, context.body):
        return event
    # The rich forms of the old text would now say something else.
    bare = event.without(*_RICH_DESCRIPTIONS)
    return bare.replaced("DESCRIPTION", Property.of_text("DESCRIPTION", text)) if text else bare.without("DESCRIPTION")


def with_categories(event: Component, data: Element, tag: Tag, each: Tag) -> Component:
    """Put the categories of a container into CATEGORIES; raises ItemRefused(6) for more than 300."""
    container = data.find(tag)
    if container is None:
        return event
    listed = container.all(each)
    if len(listed) > MAX_CATEGORIES:
        raise ItemRefused(6, "categories")
    names = tuple(dict.fromkeys(name for element in listed if (name := one_line(element.content).strip())))
    if names == tuple(one_line(name) for name in categories(event)):
        return event
    if not names:
        return event.without("CATEGORIES")
    return event.replaced("CATEGORIES", Property.make("CATEGORIES", ",".join(escaped(name) for name in names)))


def with_sensitivity(event: Component, data: Element, tag: Tag) -> Component:
    """Put the Sensitivity into CLASS; raises ItemRefused(6) for one that is none."""
    wanted = number(data, tag, max(_CLASSES))
    if wanted is None or wanted == sensitivity(event):
        return event
    bare = event.without(SENSITIVITY_PROPERTY)
    marked = bare.replaced("CLASS", Property.make("CLASS", _CLASSES[wanted]))
    if wanted == PERSONAL:
        return marked.replaced(SENSITIVITY_PROPERTY, Property.make(SENSITIVITY_PROPERTY, str(PERSONAL)))
    return marked


def _with_busy_status(event: Component, data: Element, *, own: bool) -> Component:
    """Put whether one is busy into an event; the STATUS of an event is its organizer's to say."""
    wanted = number(data, Calendar.BusyStatus, max(_BUSY_NAMES))
    if wanted is None or wanted in (busy_status(event), busy_status(event, elsewhere=True)):
        return event
    transparent = "TRANSPARENT" if wanted == FREE else "OPAQUE"
    event = event.replaced("TRANSP", Property.make("TRANSP", transparent))
    if wanted not in _PLAIN_BUSY or event.first(BUSY_PROPERTY) is not None or (wanted == TENTATIVE and not own):
        event = event.replaced(BUSY_PROPERTY, Property.make(BUSY_PROPERTY, _BUSY_NAMES[wanted]))
    if not own:
        return event
    status = (event.text("STATUS") or "").upper()
    if wanted == TENTATIVE and status != "CANCELLED":
        return event.replaced("STATUS", Property.make("STATUS", "TENTATIVE"))
    if status == "TENTATIVE":
        return event.replaced("STATUS", Property.make("STATUS", "CONFIRMED"))
    return event


def _with_cancellation(event: Component, data: Element) -> Component:
    """Mark an event cancelled when the client says so; never the reverse, for AOSP makes MeetingStatus up."""
    status = number(data, Calendar.MeetingStatus, MEETING_STATUSES)
    if status is None or not status & CANCELLED_BIT or cancelled(event):
        return event
    return event.replaced("STATUS", Property.make("STATUS", "CANCELLED"))


def _with_reminder(event: Component, data: Element) -> Component:
    if not data.has(Calendar.Reminder):
        return event
    minutes = number(data, Calendar.Reminder, MAX_REMINDER)
    found = alarm(event)
    if (found[1] if found else None) == minutes:
        return event
    if found is None:
        return event.with_components((*event.components, _alarm(event, minutes or 0)))
    index = found[0]
    kept = () if minutes is None else (_moved(event.components[index], minutes),)
    return event.with_components((*event.components[:index], *kept, *event.components[index + 1 :]))


def _trigger(minutes: int) -> Property:
    return Property.make("TRIGGER", f"-PT{minutes}M" if minutes else "PT0S")


def _moved(component: Component, minutes: int) -> Component:
    return component.replaced("TRIGGER", _trigger(minutes))


def _alarm(event: Component, minutes: int) -> Component:
    # RFC 5545 requires a text; apps show the event's own title anyway.
    text = Property.of_text("DESCRIPTION", event.text("SUMMARY") or "Reminder")
    return Component("VALARM", (Property.make("ACTION", "DISPLAY"), text, _trigger(minutes)))
