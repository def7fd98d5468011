"""calendar-query: objects by a filter (RFC 4791, 7.8).

What the filter says about kind and time is answered from the occurrence index; texts are read only if it says more,
or if the client wants them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from lxml import etree

from protocols.caldav import filters, matching, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.filters import CompFilter
from protocols.caldav.reports import asked
from protocols.caldav.resources import Calendar, Item
from protocols.caldav.timeranges import TimeRange
from protocols.wire import Response
from storage import contentlines, ical
from storage.model import FOREVER, CalendarObject, Entry
from storage.zones import collection_zone


def calendar_query(root: etree._Element, resource: Calendar | Item, context: Context) -> Response:
    """Return the objects that satisfy the filter.

    On a calendar the objects in it are meant whatever the Depth: some clients send none, which would mean 0 and find
    nothing.
    """
    wish = asked.parse(root)
    wanted = filters.parse(root)
    holder = resource.calendar if isinstance(resource, Item) else resource
    writer = asked.Writer(wish, holder, context)
    rows = candidates(wanted, holder, context)
    if isinstance(resource, Item):
        rows = [row for row in rows if row.href == resource.entry.href]
    if not needs_texts(wanted):
        return multistatus_response(context, xml_out.multistatus(writer.write(rows)))
    zone = collection_zone(holder.collection, context.tx.zone)
    responses: list[str] = []
    for chunk in _objects(rows, holder, context):
        responses += writer.write_objects(each for each in chunk if matching.matches(wanted, each.ical, zone))
    return multistatus_response(context, xml_out.multistatus(responses))


def needs_texts(wanted: CompFilter) -> bool:
    """Whether a filter asks for more than the kind of objects and the time they happen."""
    return bool(wanted.absent or wanted.props) or any(
        comp.absent or comp.props or comp.comps or comp.name not in ical.KINDS for comp in wanted.comps
    )


def candidates(wanted: CompFilter, holder: Calendar, context: Context) -> list[Entry]:
    """Return the objects that satisfy what a filter says about kinds and times, from listings and the index."""
    kinds = {comp.name for comp in wanted.comps if not comp.absent and comp.name in ical.KINDS}
    ranges = [comp.within for comp in wanted.comps if comp.within is not None and not comp.absent]
    if len(kinds) > 1:
        return []
    rows = in_range(ranges[0], holder, context) if ranges else context.tx.objects.entries(holder.collection)
    for more in ranges[1:]:
        also = {row.item for row in in_range(more, holder, context)}
        rows = [row for row in rows if row.item in also]
    return [row for row in rows if not kinds or row.component in kinds]


def in_range(within: TimeRange, holder: Calendar, context: Context) -> list[Entry]:
    """Return the objects that happen in a range; endless series beyond the indexed years are expanded here."""
    hits = context.tx.objects.in_range(holder.collection, within.starts, within.ends)
    if not hits.unsure or within.ends == FOREVER:
        return [*hits.entries, *hits.unsure]
    zone = collection_zone(holder.collection, context.tx.zone)
    happening = [
        each.href for chunk in _objects(hits.unsure, holder, context) for each in chunk if _happens(each, within, zone)
    ]
    kept = set(happening)
    return [*hits.entries, *(row for row in hits.unsure if row.href in kept)]


def _happens(found: CalendarObject, within: TimeRange, zone: tzinfo) -> bool:
    return ical.happens(contentlines.parse(found.ical), within.first, within.last, zone)


def _objects(rows: Sequence[Entry], holder: Calendar, context: Context) -> Iterator[list[CalendarObject]]:
    """Yield the objects of rows with their texts, by chunks."""
    for at in range(0, len(rows), asked.CHUNK):
        names = [row.href for row in rows[at : at + asked.CHUNK]]
        found = context.tx.objects.many(holder.collection, names)
        yield [found[name] for name in names if name in found]
