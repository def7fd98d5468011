"""free-busy-query: when someone is busy, without saying why (RFC 4791, 7.10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lxml import etree

from protocols.caldav import timeranges, xml_in
from protocols.caldav.candidates import CHUNK
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav, dav
from protocols.caldav.query_zone import own_zone
from protocols.caldav.reports.query import holders
from protocols.caldav.resources import Calendar, Home
from protocols.caldav.timeranges import TimeRange
from protocols.wire import Response
from storage import contentlines, ical
from storage.availability import merged
from storage.contentlines import Component, Property

PERIOD_LIMIT = 50_000
RANGE_LIMIT = 3 * 366 * 86_400
PRODUCT = "-//Cadran//CalDAV//EN"


def free_busy_query(root: etree._Element, resource: Home | Calendar, context: Context) -> Response:
    """Return the busy times of a calendar in a range as one VFREEBUSY; of a home with Depth infinity, of all in it."""
    node = xml_in.child(root, caldav("time-range"))
    if node is None:
        raise DavError(400, reason="A free-busy-query has a time range.")
    within = timeranges.parse(node, closed=True)
    if within.ends - within.starts > RANGE_LIMIT:
        raise DavError(
            507, dav("number-of-matches-within-limits"), reason="Busy times are told for three years at most."
        )
    periods = [each for holder in holders(resource, context) for each in _periods(within, holder, context)]
    body = contentlines.serialise(_calendar(within, merged(periods), context.tx.now()))
    return Response(200, (("Content-Type", "text/calendar; charset=utf-8"),), body)


def _periods(within: TimeRange, holder: Calendar, context: Context) -> list[tuple[int, int, str]]:
    zone = own_zone(holder, context)
    hits = context.tx.objects.in_range(holder.collection, within.starts, within.ends, ("VEVENT",))
    names = [row.href for row in (*hits.entries, *hits.unsure)]
    periods: list[tuple[int, int, str]] = []
    for at in range(0, len(names), CHUNK):
        for found in context.tx.objects.many(holder.collection, names[at : at + CHUNK]).values():
            periods += ical.busy(found.ical, within.first, within.last, zone)
            if len(periods) > PERIOD_LIMIT:
                raise DavError(
                    507, dav("number-of-matches-within-limits"), reason=f"There are over {PERIOD_LIMIT} busy times."
                )
    return [(max(a, within.starts), min(b, within.ends), kind) for a, b, kind in periods]


def _calendar(within: TimeRange, periods: Iterable[tuple[int, int, str]], now: int) -> Component:
    times = (
        Property.make("FREEBUSY", f"{_instant(starts)}/{_instant(ends)}", FBTYPE=kind) for starts, ends, kind in periods
    )
    busy = Component(
        "VFREEBUSY",
        (
            Property.make("UID", f"free-busy-{within.starts}-{within.ends}@cadran"),
            Property.make("DTSTAMP", _instant(now)),
            Property.make("DTSTART", _instant(within.starts)),
            Property.make("DTEND", _instant(within.ends)),
            *times,
        ),
    )
    return Component("VCALENDAR", (Property.make("VERSION", "2.0"), Property.make("PRODID", PRODUCT)), (busy,))


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")
