"""The trash: reading what was deleted, restoring it by MOVE, erasing it for good by DELETE."""

from __future__ import annotations

from protocols.caldav import conditional, errors, item_properties, paths
from protocols.caldav.allowed import allow
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.paths import Place, Target
from protocols.caldav.resources import TrashItem, calendar_at, resolve
from protocols.wire import Response
from storage.errors import NameTaken, PreconditionFailed, UidConflict
from storage.trash import CALENDAR


def _item(context: Context) -> TrashItem:
    found = resolve(context)
    if not isinstance(found, TrashItem):
        raise DavError(405, reason="The trash itself stays.", headers=(allow(context.target),))
    return found


def read(context: Context) -> Response:
    """Return the text of a deleted object."""
    item = _item(context)
    if item.found.kind == CALENDAR:
        raise DavError(405, reason="A deleted calendar is restored whole.", headers=(allow(context.target),))
    kind = ("Content-Type", item_properties.content_type(item.found.component))
    tag = ("ETag", conditional.quoted(item.found.etag))
    fixed = (kind, tag, ("Cache-Control", "private, no-cache"))
    return Response(200, fixed, context.tx.trash.text(item.found))


def erase(context: Context) -> Response:
    """Erase something for good."""
    item = _item(context)
    conditional.required(context.request.headers, item.found.etag)
    context.tx.trash.erase(item.principal, item.found.id)
    return Response(204)


def restore(context: Context, target: Target | None) -> Response:
    """Put something back where the Destination says, which has to be free."""
    item = _item(context)
    conditional.required(context.request.headers, item.found.etag)
    wanted = Place.COLLECTION if item.found.kind == CALENDAR else Place.OBJECT
    if target is None or target.place is not wanted:
        raise DavError(403, reason="Objects are restored into calendars, calendars into the home.")
    return _calendar(context, item, target) if wanted is Place.COLLECTION else _object(context, item, target)


def _object(context: Context, item: TrashItem, target: Target) -> Response:
    holder = calendar_at(context, target)
    if not (holder.collection.owned and holder.collection.rights.write):
        raise missing_privilege(holder.path, "bind")
    path = holder.path + paths.encode(target.name)
    try:
        written = context.tx.trash.restore(item.principal, item.found.id, (holder.collection, target.name))
    except UidConflict as error:
        raise errors.translate(error, path) from error
    return Response(201, (("Location", path), ("ETag", conditional.quoted(written.object.etag))))


def _calendar(context: Context, item: TrashItem, target: Target) -> Response:
    if target.login.casefold() != item.principal.login.casefold():
        raise missing_privilege(paths.home(target.login), "bind")
    try:
        made = context.tx.trash.restore_calendar(item.principal, item.found.id, target.slug)
    except NameTaken as error:
        raise PreconditionFailed(None) from error
    return Response(201, (("Location", paths.collection(item.principal.login, made.slug)),))
