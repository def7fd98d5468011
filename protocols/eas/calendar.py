"""Write stored events as ApplicationData of the Calendar class (MS-ASCAL; reference/eas.md section 11)."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from protocols.eas import zones
from protocols.eas.attendance import attendance, meeting_status, organizer
from protocols.eas.body import PLAIN, BodyPreference, body
from protocols.eas.codepages import AirSync, AirSyncBase, Calendar
from protocols.eas.errors import NotRepresentable
from protocols.eas.event import Times, busy_status, master, sensitivity, times
from protocols.eas.exceptions import exceptions
from protocols.eas.fields import category_list, location, reminder, stamp, subject
from protocols.eas.item import EditContext, ItemContext
from protocols.eas.modern import outgoing
from protocols.eas.recurrence import to_element
from protocols.eas.series import series_of
from protocols.eas.times import compact, instant
from protocols.eas.vtimezone import is_utc
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, parse

__all__ = ["BodyPreference", "EditContext", "ItemContext", "application_data", "item", "plain_item"]

MAX_UID = 300
NAMED_UTC = ZoneInfo("UTC")


def application_data(ical: bytes, context: ItemContext) -> Element:
    """Write a stored event as one item, its recurrence and exceptions included.

    Raises NotRepresentable when one item cannot say it (`representation.representation` then gives the occurrences),
    InvalidObject when the text is no calendar object.
    """
    return item(parse(ical), context)


def item(root: Component, context: ItemContext) -> Element:
    """Do as `application_data` for a parsed object."""
    event = master(root)
    if event is None:
        raise NotRepresentable("no-master")
    series = series_of(event, root, context)
    when = times(event, root, context.zone)
    if series is None:
        return _formed(_fields(event, when, context), event, context)
    zone = UTC if when.all_day and context.modern else context.zone
    recurrence = to_element(series, zone, context.version)
    listed = exceptions(root, event, series, context)
    fields = _fields(event, when, context, recurrence=recurrence)
    return _formed([*fields, *([listed] if listed else [])], event, context)


def _formed(fields: list[Element], event: Component, context: ItemContext) -> Element:
    data = E(AirSync.ApplicationData, *fields)
    return outgoing(data, event) if context.modern else data


def plain_item(event: Component, when: Times, uid: str, context: ItemContext) -> Element:
    """Write one occurrence as an item of its own, under a UID of its own."""
    return _formed(_fields(event, when, context, uid=uid), event, context)


def _fields(
    event: Component, when: Times, context: ItemContext, *, uid: str | None = None, recurrence: Element | None = None
) -> list[Element]:
    """Build the elements in the order AOSP depends on: StartTime before AllDayEvent, Attendees never first."""
    description = event.text("DESCRIPTION") or ""
    names = uid if uid is not None else event.text("UID") or ""
    elements: list[Element | None] = [
        E(Calendar.Timezone, zone_blob(when, context, recurring=recurrence is not None)),
        stamp(event),
        E(Calendar.StartTime, compact(context.instant(when.starts))),
        *subject(event),
        E(Calendar.UID, names[:MAX_UID]),
        *organizer(event, context),
        *attendance(event, context),
        *location(event),
        E(Calendar.EndTime, compact(context.instant(when.ends))),
        recurrence,
        body(description, context.body) if description else None,
        *category_list(event),
        E(Calendar.Sensitivity, sensitivity(event)),
        E(Calendar.BusyStatus, busy_status(event, elsewhere=context.modern)),
        E(Calendar.AllDayEvent, when.all_day),
        *reminder(event),
        E(Calendar.MeetingStatus, meeting_status(event, context)),
        E(AirSyncBase.NativeBodyType, PLAIN) if description else None,
    ]
    return [element for element in elements if element is not None]


def zone_blob(when: Times, context: ItemContext, *, recurring: bool) -> str:
    """Give the TimeZone blob of an event: its own zone's rule in its own year, the user's for whole days.

    A zero blob is read as "unknown", so UTC is named for a series, and stands back for the user's zone elsewhere.
    """
    starts = when.starts
    zone: tzinfo = context.zone
    if isinstance(starts, datetime) and starts.tzinfo is not None:
        zone = starts.tzinfo
    if is_utc(zone):
        zone = NAMED_UTC if recurring else context.zone
    return zones.blob(zone, instant(starts, context.zone))
