"""Show a person's own reminders on entries they may not write; nobody else sees them (reference/eas.md section 18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final

from protocols.eas.codepages import Calendar, Tag
from protocols.eas.representation import Instances, Representation, Series
from protocols.eas.wbxml import E, Element
from storage.transaction import Transaction

# A Reminder stands before these (protocols/eas/calendar.py keeps the order AOSP depends on).
_AFTER: Final = frozenset({Calendar.MeetingStatus})


class Reminders:
    """The reminders of one person on one collection, read when the first item is shown."""

    def __init__(self, tx: Transaction, where: tuple[int, int], *, active: bool) -> None:
        """Look for (person, collection); `active` only where the person may not write."""
        self._tx = tx
        self.where = where
        self.active = active

    @cached_property
    def found(self) -> Mapping[tuple[int, str], int | None]:
        """Minutes by item and occurrence."""
        return self._tx.overlays.of(*self.where) if self.active else {}

    def over(self, item: int, form: Representation) -> Representation:
        """Return the form of an item with the person's reminders in place of its own."""
        if not self.found:
            return form
        match form:
            case Series(item=data):
                return Series(self.on((item, ""), data))
            case Instances(items=parts):
                return Instances(tuple((suffix, self.on((item, suffix), data)) for suffix, data in parts))

    def on(self, place: tuple[int, str], data: Element) -> Element:
        """Return the data of an item, or of one occurrence, with the person's reminder."""
        if place not in self.found:
            return data
        return with_reminder(data, self.found[place])


def with_reminder(data: Element, minutes: int | None) -> Element:
    """Put a reminder into an item in place of its own, and of those of its exceptions; None for none."""
    kept = [_without(child) for child in data.children if child.tag != Calendar.Reminder]
    if minutes is None:
        return replace(data, children=tuple(kept))
    at = next((index for index, child in enumerate(kept) if child.tag in _AFTER), len(kept))
    return replace(data, children=(*kept[:at], E(Calendar.Reminder, minutes), *kept[at:]))


def _without(element: Element) -> Element:
    """Let exceptions have the reminder of their series."""
    within: tuple[Tag, ...] = (Calendar.Exceptions, Calendar.Exception)
    if element.tag not in within:
        return element
    return replace(
        element, children=tuple(_without(each) for each in element.children if each.tag != Calendar.Reminder)
    )
