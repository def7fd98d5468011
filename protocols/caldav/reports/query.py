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
from protocols.caldav.resources import Calendar, Item
from protocols.wire import Response
from storage import ical
from storage.errors import InvalidObject


def calendar_query(root: etree._Element, resource: Calendar | Item, context: Context) -> Response:
    """Return the objects that satisfy the filter.

    On a calendar the objects in it are meant whatever the Depth: some clients send none, which would mean 0 and find
    nothing.
    """
    wish = asked.parse(root)
    wanted = filters.parse(root)
    holder = resource.calendar if isinstance(resource, Item) else resource
    zone = asked_zone(root, holder, context)
    writer = asked.Writer(wish, holder, context, zone)
    search = Search(holder, context, zone)
    rows = search.candidates(wanted)
    if isinstance(resource, Item):
        rows = [row for row in rows if row.href == resource.entry.href]
    if not needs_texts(wanted):
        return multistatus_response(context, xml_out.multistatus(writer.write(rows)))
    responses: list[str] = []
    for chunk in search.objects(rows):
        responses += writer.write_objects(each for each in chunk if _matches(wanted, each.ical, zone))
    return multistatus_response(context, xml_out.multistatus(responses))


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
