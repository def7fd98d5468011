"""DELETE: an object, or a calendar of one's own making (RFC 4918, 9.6)."""

from __future__ import annotations

from protocols.caldav import calendar_properties, conditional, paths, preconditions, schedule_headers
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.methods import push_register, trash
from protocols.caldav.names import caldav
from protocols.caldav.paths import Place
from protocols.caldav.resources import ScheduleInbox, calendar, own, resolve
from protocols.wire import Response
from storage.model import CalendarKind


def delete(context: Context) -> Response:
    """Delete what the path names; the four calendars everyone has stay."""
    match context.target.place:
        case Place.OBJECT if context.target.slug == paths.NOTIFICATIONS:
            expect = conditional.expectation(context.request.headers)
            context.tx.notices.remove(own(context), context.target.name, expect)
            return Response(204)
        case Place.OBJECT:
            holder = calendar(context)
            preconditions.check(context, holder)
            expect = conditional.expectation(context.request.headers)
            if isinstance(holder, ScheduleInbox):
                context.tx.scheduling.remove_message(holder.home.principal, context.target.name, expect)
                return Response(204)
            wish = schedule_headers.wish(context.request.headers, expect)
            context.tx.scheduling.delete(holder.collection, context.target.name, wish)
            return Response(204)
        case Place.COLLECTION:
            return _collection(context)
        case Place.REGISTRATION:
            return push_register.remove(context)
        case Place.TRASHED:
            return trash.erase(context)
    resolve(context)
    raise missing_privilege(context.request.path, "unbind")


def _collection(context: Context) -> Response:
    if context.target.slug in {paths.OUTBOX, paths.NOTIFICATIONS}:
        resolve(context)
        raise missing_privilege(context.request.path, "unbind")
    holder = calendar(context)
    if context.depth("infinity") != "infinity":
        raise DavError(400, reason="A calendar is deleted with all that is in it.")
    if holder.collection.access is not None:
        if not holder.home.access.writes:
            raise missing_privilege(context.request.path, "unbind")
        conditional.required(context.request.headers, calendar_properties.etag(holder))
        context.tx.sharing.leave(holder.home.principal, holder.collection)
        return Response(204)
    if holder.collection.kind is CalendarKind.DEFAULT and holder.home.access.writes:
        # RFC 6638, 9.2: invitations need a place to go to.
        raise DavError(403, caldav("default-calendar-needed"), reason="Everyone has this calendar.")
    if not holder.collection.rights.remove:
        raise missing_privilege(context.request.path, "unbind")
    conditional.required(context.request.headers, calendar_properties.etag(holder))
    context.tx.scheduling.delete_all(holder.collection)
    context.tx.collections.delete(holder.home.principal, holder.collection)
    return Response(204)
