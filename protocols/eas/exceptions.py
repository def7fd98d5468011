"""Write the changed and removed occurrences of a series as Exceptions (MS-ASCAL 2.2.2.21; reference/eas.md 15.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise

from protocols.eas.attendance import attendees_only, meeting_status
from protocols.eas.body import body
from protocols.eas.codepages import Calendar, Tag
from protocols.eas.errors import NotRepresentable
from protocols.eas.event import Times, alarm, busy_status, meant, overrides, sensitivity, starts, times, values
from protocols.eas.fields import category_list, location, reminder, stamp, subject
from protocols.eas.item import ItemContext
from protocols.eas.modern import place
from protocols.eas.recurrence import Recurring, instants
from protocols.eas.times import compact, instant
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, Property

MAX_EXCEPTIONS = 256
# Elements whose absence in an override must be said, for an omitted child is inherited; empty means cleared.
_CLEARABLE: tuple[tuple[Tag, Callable[[Component], list[Element]]], ...] = (
    (Calendar.Subject, subject),
    (Calendar.Location, location),
    (Calendar.Categories, category_list),
)


def exceptions(root: Component, event: Component, series: Recurring, context: ItemContext) -> Element | None:
    """Build the Exceptions of a series; None when it has none.

    Raises NotRepresentable for what EAS cannot say: more than 256 of them, an override of no occurrence or of all
    later ones, one moved beyond its neighbour.
    """
    first = starts(event, root, context.zone)
    # Instants of whole days are those of the device's form, so that an exception is named as its occurrence starts.
    zone = context.zone if isinstance(first, datetime) or not context.modern else UTC
    removed = {instant(meant(prop, first, root, zone), zone) for prop in values(event, "EXDATE")}
    replaced = {instant(meant(_identity(item), first, root, zone), zone): item for item in overrides(root)}
    if not removed and not replaced:
        return None
    _check_days(root, first, context)
    moved = {start: instant(starts(item, root, context.zone), zone) for start, item in replaced.items()}
    known = list(instants(series, zone, max((*removed, *replaced, *moved.values()))))
    if not replaced.keys() <= set(known):
        raise NotRepresentable("override-of-nothing")
    _check_order(moved, set(known) - removed)
    gone = sorted(removed & set(known) - replaced.keys())
    if len(gone) + len(replaced) > MAX_EXCEPTIONS:
        raise NotRepresentable("exceptions")
    listed = [(start, _deleted(start)) for start in gone]
    listed += [(start, _changed(start, override, root, context)) for start, override in replaced.items()]
    elements = [element for _, element in sorted(listed, key=lambda pair: pair[0])]
    return E(Calendar.Exceptions, *elements) if elements else None


def _identity(override: Component) -> Property:
    prop = override.first("RECURRENCE-ID")
    if prop is None or prop.param("RANGE") is not None:
        raise NotRepresentable("range")
    return prop


def _check_days(root: Component, first: date | datetime, context: ItemContext) -> None:
    """Refuse an override of whole days in a timed series, or the reverse, which 16.0 and later do not have."""
    days = {isinstance(starts(item, root, context.zone), datetime) for item in overrides(root)}
    if context.modern and not days <= {isinstance(first, datetime)}:
        raise NotRepresentable("all-day")


def _check_order(moved: dict[datetime, datetime], known: set[datetime]) -> None:
    """Refuse a series in which an occurrence was moved to or past its neighbour (MS-ASCAL 2.2.2.37)."""
    actual = [moved.get(start, start) for start in sorted(known | moved.keys())]
    if any(one >= other for one, other in pairwise(actual)):
        raise NotRepresentable("order")


def _deleted(start: datetime) -> Element:
    return E(Calendar.Exception, E(Calendar.Deleted, 1), E(Calendar.ExceptionStartTime, compact(start)))


def _changed(start: datetime, override: Component, root: Component, context: ItemContext) -> Element:
    event = next(item for item in root.children("VEVENT") if item.first("RECURRENCE-ID") is None)
    when: Times = times(override, root, context.zone)
    return E(
        Calendar.Exception,
        E(Calendar.ExceptionStartTime, compact(start)),
        stamp(override),
        E(Calendar.StartTime, compact(context.instant(when.starts))),
        E(Calendar.EndTime, compact(context.instant(when.ends))),
        *_clearable(override, event, context),
        _description(override, event, context),
        E(Calendar.Sensitivity, sensitivity(override)),
        E(Calendar.BusyStatus, busy_status(override, elsewhere=context.modern)),
        E(Calendar.AllDayEvent, when.all_day),
        *_reminder(override, event, context),
        E(Calendar.MeetingStatus, meeting_status(override, context)),
        *_attendees(override, event, context),
    )


def _clearable(override: Component, event: Component, context: ItemContext) -> list[Element]:
    elements: list[Element] = []
    for tag, build in _CLEARABLE:
        if tag == Calendar.Location and context.modern:
            # A place is more than its name.
            here = place(override)
            elements += [here] if here != place(event) else []
            continue
        own, inherited = build(override), build(event)
        if own != inherited:
            elements += own or [E(tag)]
    return elements


def _description(override: Component, event: Component, context: ItemContext) -> Element | None:
    own, inherited = override.text("DESCRIPTION") or "", event.text("DESCRIPTION") or ""
    if own == inherited:
        return None
    # An empty Data is trouble for clients up to 14.1; a space clears as well.
    return body(own or " ", context.body)


def _reminder(override: Component, event: Component, context: ItemContext) -> list[Element]:
    """Say the override's own alarm; that it has none can be said from 14.1 on, and AOSP would read it as 0."""
    if reminder(override):
        return [] if reminder(override) == reminder(event) else reminder(override)
    sayable = context.version >= "14.1" and context.family not in ("aosp", "tbsync")
    return [E(Calendar.Reminder)] if alarm(event) and sayable else []


def _attendees(override: Component, event: Component, context: ItemContext) -> list[Element]:
    own = attendees_only(override)
    return own if context.version >= "14.0" and own != attendees_only(event) else []
