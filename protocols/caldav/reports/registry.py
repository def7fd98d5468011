"""REPORT: finds the report by the name of its root element (RFC 3253, 3.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from protocols.caldav import xml_in
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav, calserver, dav
from protocols.caldav.report_sets import REPORTS_OF
from protocols.caldav.reports import principals
from protocols.caldav.reports.expand_property import expand_property
from protocols.caldav.reports.free_busy import free_busy_query
from protocols.caldav.reports.multiget import calendar_multiget
from protocols.caldav.reports.query import calendar_query
from protocols.caldav.reports.sync_collection import sync_collection
from protocols.caldav.reports.sync_home import sync_home
from protocols.caldav.reports.sync_notifications import sync_notifications
from protocols.caldav.resources import Calendar, Home, Notifications, resolve
from protocols.wire import Response


def _sync(root: etree._Element, resource: Calendar | Home | Notifications, context: Context) -> Response:
    match resource:
        case Home():
            return sync_home(root, resource, context)
        case Notifications():
            return sync_notifications(root, resource, context)
    return sync_collection(root, resource, context)


REPORTS: Mapping[str, Callable[[etree._Element, Any, Context], Response]] = {
    caldav("calendar-multiget"): calendar_multiget,
    caldav("calendar-query"): calendar_query,
    caldav("free-busy-query"): free_busy_query,
    dav("sync-collection"): _sync,
    dav("expand-property"): expand_property,
    dav("acl-principal-prop-set"): principals.acl_principal_prop_set,
    dav("principal-match"): principals.principal_match,
    dav("principal-property-search"): principals.principal_property_search,
    dav("principal-search-property-set"): principals.principal_search_property_set,
    calserver("calendarserver-principal-search"): principals.calendarserver_principal_search,
}


def report(context: Context) -> Response:
    """Run the report that the body names, if it runs on such a resource (RFC 3253, 3.6)."""
    root = xml_in.parse(context.request.body, xml_in.REPORT_LIMIT)
    resource = resolve(context)
    run = REPORTS.get(str(root.tag))
    if run is None or root.tag not in REPORTS_OF[type(resource)]:
        raise DavError(403, dav("supported-report"), reason=f"The report {root.tag} does not run here.")
    return run(root, resource, context)
