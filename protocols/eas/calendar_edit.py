"""Write what clients send into iCalendar: new events, and patches of stored ones, which are never rebuilt.

What a client does not say stays as it is, character for character: unknown properties, second alarms, RDATE,
attachments (reference/eas.md sections 8.5 and 15.3).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from protocols.eas.attendance import meeting
from protocols.eas.body import one_line
from protocols.eas.calendar import MAX_UID, item
from protocols.eas.codepages import AirSyncBase, Calendar, Tag
from protocols.eas.errors import ItemRefused, NotRepresentable
from protocols.eas.event import MEETING_BIT, NOT_ORGANIZER_BIT, Times, address, floating, master, starts
from protocols.eas.exception_edit import rebased, with_exceptions, with_override, without_occurrence
from protocols.eas.field_edit import MEETING_STATUSES, number, with_fields
from protocols.eas.item import EditContext, ItemContext
from protocols.eas.recurrence import Recurring, from_element, from_rule, same, to_rule
from protocols.eas.representation import occurrence
from protocols.eas.times import compact
from protocols.eas.timing_edit import in_form, new_times, sent_times, with_times
from protocols.eas.vtimezone import with_zone
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, Property, parse, serialise
from storage.ical import moment

PRODUCT = "-//Cadran//Calendar server//EN"
OVERLAY = frozenset({Calendar.Reminder, Calendar.Categories})
_CLEARABLE = (
    Calendar.Subject,
    Calendar.Location,
    AirSyncBase.Body,
    Calendar.Categories,
    Calendar.Reminder,
    Calendar.Recurrence,
    Calendar.Attendees,
)
# These clients push whole items, so that what the user took away is what is absent.
_WHOLE_ITEMS = {
    "aosp": frozenset({Calendar.Reminder, Calendar.Recurrence}),
    "tbsync": frozenset({Calendar.Reminder, Calendar.Recurrence}),
}
_WHOLE = (Calendar.StartTime, Calendar.EndTime, Calendar.BusyStatus)


def new_event(data: Element, context: ItemContext, uid_fallback: str, now: datetime) -> bytes:
    """Write the event of a client's Add; its UID is the client's when it gives one.

    `now` (aware) fills in missing times (MS-ASCAL 3.2.4.4). Raises ItemRefused(6) for an item that cannot be taken.
    """
    uid = one_line(data.value(Calendar.UID) or "").strip() or uid_fallback
    if len(uid) > MAX_UID:
        raise ItemRefused(6, "uid")
    when = new_times(data, context, now)
    stamp = compact(now)
    event = Component(
        "VEVENT",
        (
            Property.of_text("UID", uid),
            Property.make("DTSTAMP", stamp),
            Property.make("CREATED", stamp),
            Property.make("LAST-MODIFIED", stamp),
            in_form("DTSTART", when.starts, None, context),
            in_form("DTEND", when.ends, None, context),
        ),
    )
    head = (Property.make("VERSION", "2.0"), Property.make("PRODID", PRODUCT))
    root = _zoned(Component("VCALENDAR", head, (event,)), when)
    edited = with_fields(event, data, context)
    edited = _with_organizer(edited, data, context)
    edited = _with_recurrence(edited, root, data, context)
    return serialise(with_exceptions(rebased(root, event=edited, context=context), edited, data, context))


def _zoned(root: Component, when: Times) -> Component:
    zone = when.starts.tzinfo if isinstance(when.starts, datetime) else None
    return with_zone(root, zone) if zone else root


def _with_organizer(event: Component, data: Element, context: ItemContext) -> Component:
    """Name the organizer of an event that has guests: whom the client names, or the owner of the account.

    A meeting that the client says is the owner's is that under the address known here: phones write the address that
    the account was set up with.
    """
    if not meeting(event):
        return event
    name = one_line(data.value(Calendar.OrganizerName) or "")
    named = "" if _own_by_status(data) else data.value(Calendar.OrganizerEmail) or ""
    for mail in (named, context.account_email):
        made = Property.make("ORGANIZER", f"mailto:{one_line(mail).strip()}", {"CN": name} if name else {})
        if address(made):
            return event.replaced("ORGANIZER", made)
    if not context.account_path:
        return event
    return event.replaced("ORGANIZER", Property.make("ORGANIZER", context.account_path, {"CN": name} if name else {}))


def _own_by_status(data: Element) -> bool:
    status = number(data, Calendar.MeetingStatus, MEETING_STATUSES)
    return status is not None and bool(status & MEETING_BIT) and not status & NOT_ORGANIZER_BIT


def _first(event: Component, root: Component, context: ItemContext) -> date | datetime:
    """Give the first occurrence in the form recurrences are read in: naive when the event floats."""
    found = starts(event, root, context.zone)
    prop = event.first("DTSTART")
    if isinstance(found, datetime) and prop is not None and floating(prop):
        return found.replace(tzinfo=None)
    return found


def _with_recurrence(event: Component, root: Component, data: Element, context: ItemContext) -> Component:
    element = data.find(Calendar.Recurrence)
    if element is None:
        return event
    if not element.children:
        return event.without("RRULE", "EXRULE", "RDATE")
    first = _first(event, root, context)
    wanted = from_element(element, first, context.zone)
    rules = event.all("RRULE")
    if len(rules) == 1 and _same_rule(rules[0].value, wanted):
        return event
    return event.replaced("RRULE", Property.make("RRULE", to_rule(wanted)))


def _same_rule(text: str, wanted: Recurring) -> bool:
    """Tell whether a stored rule already says what a client wants, FirstDayOfWeek aside where the client says none."""
    stored = from_rule(text, wanted.first)
    if stored is None:
        return False
    silent = replace(wanted, pattern=replace(wanted.pattern, first_day=stored.pattern.first_day))
    return same(stored, wanted) or same(stored, silent)


def patched(ical: bytes, data: Element, context: ItemContext, sent: EditContext) -> bytes:
    """Write a client's Change into a stored event; the very same bytes when it changes nothing.

    Raises ItemRefused(6) for an item that cannot be taken, InvalidObject when the stored text is no calendar object.
    """
    root = parse(ical)
    event = master(root)
    if event is None:
        raise ItemRefused(6, "no-master")
    whole = _with_cleared(data, root, context, sent)
    changed = _edited(root, event, whole, context)
    return ical if changed == root else serialise(dated(changed, root, sent.now))


def _edited(root: Component, event: Component, data: Element, context: ItemContext) -> Component:
    asked = data.find(Calendar.Recurrence)
    series = bool(asked.children) if asked is not None else event.first("RRULE") is not None
    timed = with_times(event, root, sent_times(data), context, series=series)
    root = _with_zone_of(timed, event, root, data, context)
    edited = _with_recurrence(with_fields(timed, data, context), root, data, context)
    if not meeting(event) and event.first("ORGANIZER") is None:
        edited = _with_organizer(edited, data, context)
    renewed = root if edited == event else rebased(root, edited, context)
    return with_exceptions(renewed, edited, data, context, former=root)


def _with_zone_of(
    timed: Component, event: Component, root: Component, data: Element, context: ItemContext
) -> Component:
    """Add the VTIMEZONE that a new DTSTART needs."""
    prop = timed.first("DTSTART")
    if timed is event or prop is None or prop.param("TZID") is None:
        return root
    former = event.first("DTSTART")
    if former is not None and former.param("TZID") == prop.param("TZID"):
        return root
    known = moment(prop, root, context.zone)
    zone = known.tzinfo if isinstance(known, datetime) else None
    return with_zone(root, zone) if zone else root


def _with_cleared(data: Element, root: Component, context: ItemContext, sent: EditContext) -> Element:
    """Say by empty elements what a client took away by leaving it out.

    Only what this device was sent, and either lists as Supported or, for clients that push whole items, would have
    sent again.
    """
    droppable = pushes_whole(data, context, sent)
    absent = [tag for tag in _CLEARABLE if tag in droppable and not data.has(tag)]
    if not absent:
        return data
    try:
        held = {element.tag for element in item(root, context).children}
    except NotRepresentable:
        held = set()
    return replace(data, children=(*data.children, *(E(tag) for tag in absent if tag in held)))


def pushes_whole(data: Element, context: ItemContext, sent: EditContext) -> frozenset[Tag]:
    """Return what a client takes away by leaving it out of this Change."""
    if sent.supported is not None:
        return sent.supported
    whole = all(data.has(tag) for tag in _WHOLE) and not context.modern
    return _WHOLE_ITEMS.get(context.family, frozenset[Tag]()) if whole else frozenset[Tag]()


def dated(changed: Component, former: Component, now: datetime) -> Component:
    """Stamp the events that are no more what they were; SEQUENCE is the organizer's and stays."""
    stamp = compact(now.astimezone(UTC))
    return changed.with_components(
        [
            item
            if item.name != "VEVENT" or item in former.components
            else item.replaced("DTSTAMP", Property.make("DTSTAMP", stamp)).replaced(
                "LAST-MODIFIED", Property.make("LAST-MODIFIED", stamp)
            )
            for item in changed.components
        ]
    )


def only_reminder_differs(ical: bytes, data: Element, context: ItemContext, wanted: str | None = None) -> bool:
    """Tell whether an item differs from the stored event in nothing but Reminder or Categories, or in nothing at all.

    Such a Change of a read-only event can be kept as a personal overlay (reference/eas.md section 18). `wanted` is the
    suffix when the item is one occurrence.
    """
    bare = replace(data, children=tuple(_without_overlay(child) for child in data.children if child.tag not in OVERLAY))
    sent = EditContext(supported=frozenset())
    try:
        if wanted is not None:
            return patched_occurrence(ical, wanted, bare, context, sent) == ical
        return patched(ical, bare, context, sent) == ical
    except ItemRefused:
        return False


def _without_overlay(element: Element) -> Element:
    if element.tag not in (Calendar.Exceptions, Calendar.Exception):
        return element
    kept = (child for child in element.children if child.tag not in OVERLAY)
    return replace(element, children=tuple(_without_overlay(child) for child in kept))


def patched_occurrence(ical: bytes, wanted: str, data: Element, context: ItemContext, sent: EditContext) -> bytes:
    """Write a client's Change of one occurrence, sent to it as an item of its own, as an override of its series.

    `wanted` is the suffix `representation` gave it. Raises ItemRefused(8) when there is no such occurrence any more.
    """
    root = parse(ical)
    found = occurrence(root, context.zone, wanted)
    if found is None:
        raise ItemRefused(8, "no-such-occurrence")
    plain = replace(data, children=tuple(child for child in data.children if child.tag != Calendar.Recurrence))
    if found.component.first("RECURRENCE-ID") is not None and master(root) is None:
        edited = with_fields(
            with_times(found.component, root, sent_times(plain), context, series=False), plain, context
        )
        changed = root.with_components([edited if one is found.component else one for one in root.components])
    elif _says_same(found.component, Times(found.starts, found.ends), plain, root, context):
        return ical
    else:
        start = found.starts if found.recurrence is None else found.recurrence
        changed = with_override(root, start, plain, plain.value(Calendar.Timezone), context)
    return ical if changed == root else serialise(dated(changed, root, sent.now))


def _says_same(event: Component, when: Times, data: Element, root: Component, context: ItemContext) -> bool:
    """Tell whether an item only repeats what the client was sent of an occurrence."""
    alone = event.without("DTEND", "DURATION", "RRULE", "RDATE", "EXDATE")
    placed = alone.replaced(
        "DTSTART",
        in_form("DTSTART", when.starts, event.first("DTSTART"), context),
        in_form("DTEND", when.ends, event.first("DTSTART"), context),
    )
    timed = with_times(placed, root, sent_times(data), context, series=False)
    return with_fields(timed, data, context) == placed


def without_one(ical: bytes, wanted: str, context: ItemContext, sent: EditContext) -> bytes | None:
    """Write a client's Delete of one occurrence as an EXDATE; None when nothing of the event is left.

    Raises ItemRefused(8) when there is no such occurrence any more.
    """
    root = parse(ical)
    found = occurrence(root, context.zone, wanted)
    if found is None:
        raise ItemRefused(8, "no-such-occurrence")
    if master(root) is None:
        kept = [one for one in root.components if one != found.component]
        changed = root.with_components(kept)
        return serialise(changed) if changed.children("VEVENT") else None
    start = found.starts if found.recurrence is None else found.recurrence
    return serialise(dated(without_occurrence(root, start, context), root, sent.now))


__all__ = [
    "EditContext",
    "new_event",
    "only_reminder_differs",
    "patched",
    "patched_occurrence",
    "pushes_whole",
    "without_one",
]
