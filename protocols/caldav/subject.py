"""Which object a request is about, where an address can be spelled in two ways."""

from __future__ import annotations

from protocols.caldav import media
from protocols.caldav.context import Context
from protocols.caldav.resources import Calendar
from storage import ical_jcal, spelling
from storage.model import CalendarObject


def text_of(context: Context) -> bytes:
    """Return the iCalendar text that a request writes, which may have come as jCal (RFC 7265); raises InvalidObject."""
    kind = context.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return ical_jcal.text_of(context.request.body) if kind == media.JCAL else context.request.body


def of(context: Context, holder: Calendar) -> CalendarObject | None:
    """Return the object that the path names, None when there is none; raises InvalidObject.

    A PUT at another spelling of an object with another UID is about an object of its own (RFC 4791, 5.3.2.1).
    """
    name, objects = context.target.name, context.tx.objects
    if context.request.method != "PUT":
        return objects.find(holder.collection, [name]).get(name)
    found = objects.many(holder.collection, [name]).get(name)
    if found is not None or not spelling.varies(name):
        return found
    uid = objects.examine(holder.collection, text_of(context)).facts.uid
    return objects.meant(holder.collection, name, uid)
