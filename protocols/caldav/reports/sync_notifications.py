"""sync-collection on notifications: what came and went since a token (RFC 6578, 3)."""

from __future__ import annotations

from lxml import etree

from protocols.caldav import paths, properties, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.names import dav
from protocols.caldav.reports import asked, sync_collection
from protocols.caldav.resources import Notification, Notifications
from protocols.wire import Response
from storage.notices import read
from storage.tokens import format_token


def sync_notifications(root: etree._Element, resource: Notifications, context: Context) -> Response:
    """Return the notices that changed since a token, or all of them without one, and the token that follows."""
    wish = asked.parse(root)
    sync_collection.level(root)
    token = sync_collection.token_of(root, resource.collection, context)
    page = context.tx.changes.of(resource.collection, token, sync_collection.limit(root))
    there = context.tx.objects.many(resource.collection, [each.href for each in page.changes])
    responses = []
    for name in dict.fromkeys(each.href for each in page.changes):
        path = resource.path + paths.encode(name)
        if name in there:
            found = Notification(there[name], read(there[name].ical), path)
            responses.append(properties.response(found, wish.names, context))
        else:
            responses.append(xml_out.status_response(path, 404))
    if page.more:
        responses.append(xml_out.status_response(resource.path, 507, sync_collection.MATCHES))
    text = xml_out.escape(format_token(page.token, context.tx.school_id))
    return multistatus_response(context, xml_out.multistatus(responses, xml_out.element(dav("sync-token"), text)))
