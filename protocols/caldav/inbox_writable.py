"""What people write about being invited, as properties of their inbox (RFC 6638, 9.2; RFC 7953, 7.2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lxml import etree

from protocols.caldav import paths, xml_in
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav, calserver, dav
from protocols.caldav.paths import Place
from protocols.caldav.resources import calendar, home
from protocols.caldav.writable import Outcome, Unfit, Writer
from storage import ical_availability
from storage.errors import InvalidObject, NotFound

_AVAILABILITY_LENGTH: Final = 64 * 1024


def writers(context: Context) -> Mapping[str, Writer]:
    """Return how each of them is read; Apple's programs write the availability under a name of their own."""

    def availability(node: etree._Element) -> str:
        text = xml_in.text(node)
        if not text:
            return ""
        if len(text) > _AVAILABILITY_LENGTH:
            raise Unfit(Outcome(403, caldav("max-resource-size")))
        try:
            ical_availability.check(text, context.tx.now(), context.tx.zone)
        except InvalidObject as error:
            raise Unfit(Outcome(403, caldav("valid-calendar-data"))) from error
        return text

    def default_calendar(node: etree._Element) -> int:
        return _chosen(node, context)

    said = Writer("availability", availability, "")
    return {
        caldav("calendar-availability"): said,
        calserver("calendar-availability"): said,
        caldav("schedule-default-calendar-URL"): Writer("default_calendar", default_calendar, None),
    }


def _chosen(node: etree._Element, context: Context) -> int:
    """Return the calendar of one's own that an href names; raises Unfit (RFC 6638, 9.2)."""
    found = xml_in.child(node, dav("href"))
    target = None if found is None else paths.parse_href(xml_in.text(found))
    unfit = Unfit(Outcome(403, caldav("valid-schedule-default-calendar-URL")))
    if target is None or target.place is not Place.COLLECTION:
        raise unfit
    try:
        holder = calendar(replace(context, target=target))
    except (NotFound, DavError) as error:
        raise unfit from error
    if not context.tx.preferences.takes_invitations(holder.collection):
        raise unfit
    return holder.collection.id


def write(fields: Mapping[str, Any], context: Context) -> None:
    """Keep what was read."""
    preferences, owner = context.tx.preferences, home(context).principal
    if fields:
        context.tx.inbox.touch(owner)
    if "availability" in fields:
        preferences.set_availability(owner, fields["availability"])
    if "default_calendar" in fields:
        preferences.set_default_calendar(owner, fields["default_calendar"])
