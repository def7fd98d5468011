"""COPY and MOVE of calendar object resources between one's own calendars (RFC 4918, 9.8 and 9.9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.caldav import conditional, errors, paths, preconditions, schedule_headers
from protocols.caldav.allowed import allow
from protocols.caldav.context import Context
from protocols.caldav.destination import destination, overwrites
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.methods import calendar_moves, trash
from protocols.caldav.paths import Place
from protocols.caldav.resources import Calendar, calendar, calendar_at, resolve
from protocols.wire import Response
from storage import spelling
from storage.errors import UidConflict
from storage.model import Collection, Written
from storage.scheduling import NOTHING


@dataclass(frozen=True, slots=True)
class Journey:
    """Where an object is, where it is to go, and whether what is there may be overwritten."""

    source: Calendar
    name: str
    destination: Calendar
    new_name: str
    replace: bool

    @property
    def old(self) -> tuple[Collection, str]:
        """The address it has, for storage."""
        return self.source.collection, self.name

    @property
    def new(self) -> tuple[Collection, str]:
        """The address it gets, for storage."""
        return self.destination.collection, self.new_name

    @property
    def path(self) -> str:
        """The path it gets."""
        return self.destination.path + paths.encode(self.new_name)


def copy(context: Context) -> Response:
    """Write the text of an object under another name; in one calendar that is a second object of its UID: refused."""
    if context.target.place is Place.COLLECTION:
        return calendar_moves.copy(context)
    journey = _journey(context)
    conditional.required(context.request.headers, context.tx.objects.get(*journey.old).etag)
    wish = schedule_headers.wish(context.request.headers, NOTHING)
    return _answer(
        context, journey, lambda: context.tx.scheduling.copy(journey.old, journey.new, wish, replace=journey.replace)
    )


def move(context: Context) -> Response:
    """Give an object another name, in its calendar or in another one, or take it out of the trash."""
    if context.target.place is Place.TRASHED:
        return trash.restore(context, destination(context))
    if context.target.place is Place.COLLECTION:
        return calendar_moves.move(context)
    journey = _journey(context)
    if journey.source.home.principal.id != journey.destination.home.principal.id:
        raise DavError(403, reason="Objects do not move to another person: copy it.")
    source, there = journey.source.collection, journey.destination.collection
    if source.access is not None and source.id != there.id:
        # Nothing leaves its owner's calendar by another's hand (caldav-sharing, 5.5.5).
        raise missing_privilege(journey.source.path, "unbind")
    preconditions.check(context, journey.source)
    wish = schedule_headers.wish(context.request.headers, conditional.expectation(context.request.headers))
    return _answer(
        context, journey, lambda: context.tx.scheduling.move(journey.old, journey.new, wish, replace=journey.replace)
    )


def _answer(context: Context, journey: Journey, write: Callable[[], Written]) -> Response:
    """Return 201 or 204; a conflict is about the calendar that is written to, not the one of the request."""
    try:
        written = write()
    except UidConflict as error:
        raise errors.translate(error, journey.path) from error
    context.tx.usage.check_owner(journey.destination.collection)
    tags = (("ETag", conditional.quoted(written.object.etag)), *schedule_headers.tag(written.object))
    return Response(201, (("Location", journey.path), *tags)) if written.created else Response(204, tags)


def _journey(context: Context) -> Journey:
    """Read where an object goes; raises DavError with the status of RFC 4918, 9.8.5 and 9.9.4."""
    if context.target.place is not Place.OBJECT:
        resolve(context)
        raise DavError(405, reason="Only objects are copied and moved.", headers=(allow(context.target),))
    source = calendar(context)
    replace = overwrites(context)
    target = destination(context)
    if target is None or target.place is not Place.OBJECT:
        raise DavError(403, reason="Objects are in calendars only.")
    there = calendar_at(context, target)
    if there.collection.id == source.collection.id and _same(context, source, target.name):
        raise DavError(403, reason="Source and destination are the same.")
    if not there.collection.rights.write:
        raise missing_privilege(there.path, "bind")
    return Journey(source, context.target.name, there, target.name, replace)


def _same(context: Context, source: Calendar, name: str) -> bool:
    """Whether a name in the source's calendar is the source; only a MOVE gives a thing another spelling of its name."""
    own = context.target.name
    if own == name or not spelling.same(own, name):
        return own == name
    found = context.tx.objects.find(source.collection, [own, name])
    if own not in found:
        return False
    if context.request.method == "MOVE":
        return found[own].href == name
    return name not in found or found[own].item == found[name].item
