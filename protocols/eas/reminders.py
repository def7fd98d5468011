"""Show a person's own reminders on entries they may not write; nobody else sees them (reference/eas.md section 18)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Final

from protocols.eas.codepages import AirSyncBase, Calendar, Tag
from protocols.eas.item import ItemContext
from protocols.eas.representation import Instances, Representation, Series
from protocols.eas.times import compact
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

    @cached_property
    def _of_occurrences(self) -> Mapping[int, Mapping[str, int | None]]:
        places: dict[int, dict[str, int | None]] = {}
        for (item, suffix), minutes in self.found.items():
            if suffix:
                places.setdefault(item, {})[suffix] = minutes
        return places

    def put(self, place: tuple[int, str], minutes: int | None) -> None:
        """Keep a reminder on (item, occurrence)."""
        self._tx.overlays.put(self.where, place, minutes)
        for name in ("found", "_of_occurrences"):
            vars(self).pop(name, None)

    def over(
        self, item: int, form: Representation, single: Callable[[str], Element | None], context: ItemContext
    ) -> Representation:
        """Return the form of an item with the person's reminders in place of its own.

        `single` gives one occurrence by its suffix: one that is told with its series becomes an exception of it.
        """
        if not self.found:
            return form
        match form:
            case Series(item=data):
                whole = self.on((item, ""), data)
                for suffix, minutes in sorted(self._of_occurrences.get(item, {}).items()):
                    whole = _with_exception(whole, suffix, minutes, single(suffix), context)
                return Series(whole)
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


def start_of(suffix: str, context: ItemContext) -> str:
    """Return how an exception of the occurrence a suffix names is named on a device."""
    if "T" in suffix:
        return suffix
    day = datetime.strptime(suffix, "%Y%m%d").date()
    return compact(context.instant(day)) if not context.modern else f"{suffix}T000000Z"


def _with_exception(
    data: Element, suffix: str, minutes: int | None, shown: Element | None, context: ItemContext
) -> Element:
    """Put a reminder on one occurrence of a series; nothing for one that is no more."""
    if shown is None or not data.has(Calendar.Recurrence):
        return data
    tag = AirSyncBase.InstanceId if context.modern else Calendar.ExceptionStartTime
    start, listed = start_of(suffix, context), data.find(Calendar.Exceptions)
    known = list(listed.children) if listed is not None else []
    same = next((each for each in known if each.value(tag) == start), None)
    times = (E(each, shown.value(each) or "") for each in (Calendar.StartTime, Calendar.EndTime))
    made = with_reminder(same or E(Calendar.Exception, E(tag, start), *times), minutes)
    if minutes is None and context.version >= "14.1":
        # From here on an empty element says that there is none.
        made = replace(made, children=(*made.children, E(Calendar.Reminder)))
    ordered = sorted((made, *(each for each in known if each is not same)), key=lambda each: each.value(tag) or "")
    kept = [each for each in data.children if each is not listed]
    return replace(data, children=(*kept, E(Calendar.Exceptions, *ordered)))


def _without(element: Element) -> Element:
    """Let exceptions have the reminder of their series."""
    within: tuple[Tag, ...] = (Calendar.Exceptions, Calendar.Exception)
    if element.tag not in within:
        return element
    return replace(
        element, children=tuple(_without(each) for each in element.children if each.tag != Calendar.Reminder)
    )
