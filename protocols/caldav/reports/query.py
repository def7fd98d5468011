"""calendar-query: objects by a filter (RFC 4791, 7.8).

What the filter says about kind and time is answered from the occurrence index; texts are read only if it says more,
or if the client wants them.
"""

from __future__ import annotations

from datetime import tzinfo

from lxml import etree

from protocols.caldav import filters, matching, xml_out
from protocols.caldav.candidates import Search
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.filters import CompFilter
from protocols.caldav.query_zone import asked_zone
from protocols.caldav.reports import asked
from protocols.caldav.resources import Calendar, Home, Item, Subscribed, calendars
from protocols.wire import Response
from storage import ical
from storage.errors import InvalidObject


def calendar_query(root: etree._Element, resource: Home | Calendar | Item, context: Context) -> Response:
    """Return the objects that satisfy the filter.

    On a calendar the objects in it are meant whatever the Depth: some clients send none, which would mean 0 and find
    nothing. In a home they are two levels down, where only Depth infinity reaches.
    """
    wish = asked.parse(root)
    wanted = filters.parse(root)
    responses: list[str] = []
    for holder in holders(resource, context):
        zone = asked_zone(root, holder, context)
        search = Search(holder, context, zone)
        rows = search.candidates(wanted)
        if isinstance(resource, Item):
            rows = [row for row in rows if row.href == resource.entry.href]
        writer = asked.Writer(wish, holder, context, zone)
        if not needs_texts(wanted):
            responses += writer.write(rows)
            continue
        for chunk in search.objects(rows):
            responses += writer.write_objects(each for each in chunk if _matches(wanted, each.ical, zone))
    return multistatus_response(context, xml_out.multistatus(responses))


def holders(resource: Home | Calendar | Item, context: Context) -> tuple[Calendar, ...]:
    """Return the calendars whose objects a report on a resource means (RFC 4791, 7.8 and 7.10)."""
    match resource:
        case Item():
            return (resource.calendar,)
        case Home():
            deep = context.depth("0") == "infinity"
            return tuple(each for each in calendars(resource, context) if not isinstance(each, Subscribed) and deep)
    return (resource,)


def _matches(wanted: CompFilter, text: bytes, zone: tzinfo) -> bool:
    """Tell whether a text satisfies a filter; one whose occurrences leave the years there are is not hidden."""
    try:
        return matching.matches(wanted, text, zone)
    except InvalidObject:
        return True


def needs_texts(wanted: CompFilter) -> bool:
    """Whether a filter asks for more than the kind of objects and the time they happen."""
    return bool(wanted.absent or wanted.props) or any(
        comp.absent or comp.props or comp.comps or comp.name not in ical.KINDS for comp in wanted.comps
    )
