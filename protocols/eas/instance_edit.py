"""Carry out commands on one occurrence of a series, named by InstanceId (MS-ASCMD 2.2.3.87; reference/eas.md 15.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from protocols.eas.calendar_edit import OVERLAY, dated
from protocols.eas.codepages import Calendar
from protocols.eas.errors import ItemRefused
from protocols.eas.event import master, starts
from protocols.eas.exception_edit import original_start, with_override, without_occurrence
from protocols.eas.item import EditContext, ItemContext
from protocols.eas.times import compact, read_compact
from protocols.eas.times import instant as moment
from protocols.eas.wbxml import Element
from storage.contentlines import Component, parse, serialise

_OF_THE_SERIES = (Calendar.Timezone, Calendar.Recurrence, Calendar.Exceptions)


def patched_instance(ical: bytes, instance: str, data: Element, context: ItemContext, sent: EditContext) -> bytes:
    """Write a client's Change of one occurrence; the very same bytes when it changes nothing.

    Raises ItemRefused(8) when there is no such occurrence, and (6) when the event does not recur, or for what only a
    series has: a zone, a recurrence, another kind of day.
    """
    root, event, start = _place(ical, instance, context)
    if start is None:
        raise ItemRefused(8, "no-such-occurrence")
    if any(data.has(tag) for tag in _OF_THE_SERIES):
        raise ItemRefused(6, "of-the-series")
    days = not isinstance(starts(event, root, context.zone), datetime)
    if data.value(Calendar.AllDayEvent) in ("0", "1") and (data.value(Calendar.AllDayEvent) == "1") != days:
        raise ItemRefused(6, "all-day-flag")
    changed = with_override(root, start, data, None, context)
    return ical if changed == root else serialise(dated(changed, root, sent.now))


def only_reminder_of_instance(ical: bytes, instance: str, data: Element, context: ItemContext) -> str | None:
    """Return the suffix of an occurrence of which a Change says nothing new but Reminder or Categories, else None.

    Raises ItemRefused as `patched_instance` does.
    """
    root, _, start = _place(ical, instance, context)
    if start is None:
        return None
    bare = replace(data, children=tuple(each for each in data.children if each.tag not in OVERLAY))
    same = replace(data, children=())
    if with_override(root, start, bare, None, context) != with_override(root, start, same, None, context):
        return None
    return compact(moment(start, context.zone)) if isinstance(start, datetime) else f"{start:%Y%m%d}"


def without_instance(ical: bytes, instance: str, context: ItemContext, sent: EditContext) -> bytes:
    """Write a client's Delete of one occurrence; the very same bytes when it is gone already.

    Raises ItemRefused(6) when the event does not recur.
    """
    root, _, start = _place(ical, instance, context)
    changed = root if start is None else without_occurrence(root, start, context)
    return ical if changed == root else serialise(dated(changed, root, sent.now))


def _place(ical: bytes, instance: str, context: ItemContext) -> tuple[Component, Component, date | datetime | None]:
    root = parse(ical)
    event = master(root)
    if event is None or event.first("RRULE") is None:
        raise ItemRefused(6, "not-recurring")
    return root, event, original_start(root, read_compact(instance), context)
