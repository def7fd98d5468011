"""POST to a calendar: one new object whose name the server chooses (RFC 5995), or all objects of a file.

POST to an object manages its attachments.
"""

from __future__ import annotations

from protocols.caldav import bulk, paths, schedule_headers
from protocols.caldav.allowed import allow
from protocols.caldav.calendar_properties import ADD_MEMBER
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.methods import attachments, push_register, put, schedule_post, share_post
from protocols.caldav.paths import Place
from protocols.caldav.resources import calendar, resolve
from protocols.wire import Response
from storage.model import Expect


def post(context: Context) -> Response:
    """Add one object at the address that add-member tells, or a whole file at the calendar's own."""
    if push_register.meant(context.request):
        return push_register.register(context)
    if context.target.place is Place.COLLECTION and context.target.slug == paths.OUTBOX:
        return schedule_post.free_busy(context)
    if context.target.place is Place.OBJECT:
        return attachments.manage(context)
    if context.target.place in {Place.COLLECTION, Place.HOME} and share_post.is_xml(context):
        return share_post.post(context)
    if context.target.place is not Place.COLLECTION:
        resolve(context)
        raise DavError(405, reason="Objects are added to calendars only.", headers=(allow(context.target),))
    if context.request.query not in {"", ADD_MEMBER}:
        raise DavError(400, reason="The query of the address means nothing here.")
    return _member(context) if context.request.query else put.whole(context)


def _member(context: Context) -> Response:
    holder = calendar(context)
    if not holder.collection.rights.write:
        raise missing_privilege(holder.path, "bind")
    put.check_content(context)
    name = bulk.fresh_name()
    wish = schedule_headers.wish(context.request.headers, Expect(absent=True))
    written = context.tx.scheduling.put(holder.collection, name, put.object_of(context), wish)
    context.tx.usage.check_owner(holder.collection)
    path = holder.path + paths.encode(name)
    tags = schedule_headers.tags(written, context)
    return put.represented(context, written, (("Location", path), ("Content-Location", path), *tags))
