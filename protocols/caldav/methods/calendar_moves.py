"""COPY and MOVE of whole calendars within one home (RFC 4918, 9.8.3 and 9.9.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from protocols.caldav import calendar_properties, conditional, errors, paths, xml_out
from protocols.caldav.allowed import allow
from protocols.caldav.context import DAV_CLIENT, Context, multistatus_response
from protocols.caldav.destination import destination, overwrites
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.methods.mkcalendar import SLUG_LENGTH
from protocols.caldav.names import caldav
from protocols.caldav.paths import Place
from protocols.caldav.resources import Calendar, ScheduleInbox, calendar, resolve, writable_home
from protocols.wire import Response
from storage import calendar_moves, policy
from storage.calendar_moves import MOST_COPIED, Refusal
from storage.errors import NotFound, PreconditionFailed
from storage.model import Collection


@dataclass(frozen=True, slots=True)
class Journey:
    """A calendar, the name that it or its copy gets in the same home, and what has that name now."""

    source: Calendar
    slug: str
    former: Collection | None

    @property
    def path(self) -> str:
        """The path of what is made."""
        return paths.collection(self.source.home.principal.login, self.slug)

    def answer(self) -> Response:
        """Return 201, or 204 when something was overwritten."""
        return Response(201, (("Location", self.path),)) if self.former is None else Response(204)


def move(context: Context) -> Response:
    """Give a calendar of one's own making another address; whoever has it keeps it, its tokens and its tags."""
    journey = _journey(context)
    if context.depth("infinity") != "infinity":
        raise DavError(400, reason="A calendar is moved with all that is in it.")
    if not journey.source.collection.rights.remove:
        raise missing_privilege(journey.source.path, "unbind")
    _clear(context, journey)
    calendar_moves.rename(context.tx, journey.source.home.principal, journey.source.collection, journey.slug)
    return journey.answer()


def copy(context: Context) -> Response:
    """Make another calendar of the same content and properties; meetings stay where they are, which is told."""
    journey = _journey(context)
    depth = context.depth("infinity")
    if depth == "1":
        raise DavError(400, reason="A calendar is copied with all that is in it, or with nothing.")
    source = journey.source.collection
    if depth == "infinity" and context.tx.collections.count(source.id) > MOST_COPIED:
        raise DavError(507, reason=f"Calendars of more than {MOST_COPIED} objects are not copied at once.")
    _clear(context, journey)
    owner = journey.source.home.principal
    made = calendar_moves.duplicate(context.tx, owner, source, journey.slug)
    context.tx.dead_properties.copy((source.id, ""), (made.id, ""))
    refused = calendar_moves.fill(context.tx, source, made) if depth == "infinity" else ()
    context.tx.usage.check_owner(made)
    if not refused:
        return journey.answer()
    return multistatus_response(context, xml_out.multistatus(_told(refused, journey.path)))


def _told(refused: tuple[Refusal, ...], folder: str) -> Iterator[str]:
    for each in refused:
        path = folder + paths.encode(each.href)
        error = errors.translate(each.error, path)
        precondition = xml_out.element(error.precondition, error.inner) if error.precondition else ""
        yield xml_out.response_of(path, error.status, error.reason, precondition)


def _journey(context: Context) -> Journey:
    """Read what goes where; raises DavError with the status of RFC 4918, 9.8.5 and 9.9.4, and RFC 4791, 5.3.1.1."""
    if context.target.slug in {paths.OUTBOX, paths.NOTIFICATIONS}:
        resolve(context)
        raise DavError(405, reason="Only calendars are copied and moved.", headers=(allow(context.target),))
    source = calendar(context)
    if isinstance(source, ScheduleInbox):
        raise DavError(405, reason="Only calendars are copied and moved.", headers=(allow(context.target),))
    replace, target = overwrites(context), destination(context)
    login = source.home.principal.login
    if target is None or target.place is not Place.COLLECTION or target.login.casefold() != login.casefold():
        raise _elsewhere("Calendars are copied and moved within their home.")
    if target.slug in policy.RESERVED_SLUGS or len(target.slug) > SLUG_LENGTH:
        raise _elsewhere(f"This name is taken, or has more than {SLUG_LENGTH} characters.")
    if target.slug == source.collection.slug:
        raise DavError(403, reason="Source and destination are the same.")
    writable_home(context, "bind")
    conditional.required(context.request.headers, calendar_properties.etag(source))
    return Journey(source, target.slug, _former(context, source, target.slug, replace=replace))


def _former(context: Context, source: Calendar, slug: str, *, replace: bool) -> Collection | None:
    """Return what is to be overwritten; raises PreconditionFailed or DavError where nothing may be.

    A calendar that is only found by this spelling of its slug is another one, and stays.
    """
    try:
        found = context.tx.collections.by_slug(source.home.principal, slug, DAV_CLIENT)
    except NotFound:
        return None
    if found.slug != slug:
        return None
    if not replace:
        raise PreconditionFailed(None)
    if not found.rights.remove:
        raise missing_privilege(paths.collection(source.home.principal.login, slug), "unbind")
    return found


def _clear(context: Context, journey: Journey) -> None:
    """Delete what is overwritten, as DELETE would (RFC 4918, 9.8.4): it goes into the trash."""
    if journey.former is not None:
        context.tx.scheduling.delete_all(journey.former)
        context.tx.collections.delete(journey.source.home.principal, journey.former)


def _elsewhere(reason: str) -> DavError:
    return DavError(403, caldav("calendar-collection-location-ok"), reason=reason)
