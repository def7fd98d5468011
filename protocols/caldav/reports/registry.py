"""REPORT: finds the report by the name of its root element (RFC 3253, 3.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lxml import etree

from protocols.caldav import xml_in
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav, dav
from protocols.caldav.reports.free_busy import free_busy_query
from protocols.caldav.reports.multiget import calendar_multiget
from protocols.caldav.reports.query import calendar_query
from protocols.caldav.reports.sync_collection import sync_collection
from protocols.caldav.resources import Calendar, Item, resolve
from protocols.wire import Response

REPORTS: Mapping[str, Callable[[etree._Element, Calendar | Item, Context], Response]] = {
    caldav("calendar-multiget"): calendar_multiget,
    caldav("calendar-query"): calendar_query,
    caldav("free-busy-query"): free_busy_query,
    dav("sync-collection"): sync_collection,
}


def report(context: Context) -> Response:
    """Run the report that the body names, on a calendar or on one object of it."""
    root = xml_in.parse(context.request.body, xml_in.REPORT_LIMIT)
    resource = resolve(context)
    run = REPORTS.get(str(root.tag))
    if run is None or not isinstance(resource, Calendar | Item):
        raise DavError(403, dav("supported-report"), reason=f"The report {root.tag} does not run here.")
    return run(root, resource, context)
