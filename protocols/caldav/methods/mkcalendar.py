"""MKCALENDAR (RFC 4791, 5.3.1) and extended MKCOL (RFC 5689): a new calendar of one's own."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from protocols.caldav import paths, writable, xml_in, xml_out
from protocols.caldav.allowed import allow
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.methods import proppatch
from protocols.caldav.names import caldav, calserver, dav
from protocols.caldav.paths import Place
from protocols.caldav.resources import Calendar, Home, calendar_in, resolve, writable_home
from protocols.caldav.writable import DEPENDENT, Outcome, Wishes
from protocols.wire import Response
from storage import spelling
from storage.errors import NameTaken, NotFound
from storage.model import CalendarKind, NewCalendar

SLUG_LENGTH = 128
COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL")
_COMPONENT_SET = caldav("supported-calendar-component-set")
_NO_CALENDAR = Outcome(403, dav("valid-resourcetype"))
_OF_HOMES = frozenset({Place.HOME, Place.COLLECTION, Place.OBJECT, Place.TRASH, Place.TRASHED})
# What may be made. Apple's programs keep their subscriptions with the server, so that all devices have them.
_KINDS = {
    frozenset({dav("collection"), caldav("calendar")}): CalendarKind.SECONDARY,
    frozenset({dav("collection"), calserver("subscribed")}): CalendarKind.WEBCAL,
}


def mkcalendar(context: Context) -> Response:
    """Create a calendar with the properties asked for, or nothing."""
    _check_place(context)
    wishes = _wishes(context, caldav("mkcalendar"))
    kind = CalendarKind.WEBCAL if calserver("subscribed") in _types(wishes) else CalendarKind.SECONDARY
    return _create(context, wishes, caldav("mkcalendar-response"), kind)


def mkcol(context: Context) -> Response:
    """Create a calendar, or a subscription to one elsewhere, by extended MKCOL; nothing else can be made here."""
    _check_place(context)
    wishes = _wishes(context, dav("mkcol"))
    kind = _KINDS.get(_types(wishes))
    if kind is None and wishes:
        told = {name: DEPENDENT for name, _ in wishes}
        return _refused(context, {**told, dav("resourcetype"): _NO_CALENDAR}, dav("mkcol-response"))
    if kind is None:
        raise DavError(403, _NO_CALENDAR.precondition, reason="Only calendars can be created here.")
    return _create(context, wishes, dav("mkcol-response"), kind)


def _check_place(context: Context) -> None:
    """Raise DavError unless a calendar can be made at the path (RFC 4791, 5.3.1.1; RFC 4918, 9.3.1)."""
    place = context.target.place
    if place in _OF_HOMES:
        within = writable_home(context, "bind")
        if place is Place.OBJECT:
            _check_parent(within, context)
    try:
        found = resolve(context)
    except NotFound:
        if place is Place.COLLECTION:
            return
        raise DavError(
            403, caldav("calendar-collection-location-ok"), reason="Calendars are made in one's home."
        ) from None
    # Under another spelling of this address: each of them may have a calendar of its own.
    if isinstance(found, Calendar) and found.path != paths.collection(found.home.principal.login, context.target.slug):
        return
    raise _taken(context)


def _check_parent(within: Home, context: Context) -> None:
    try:
        calendar_in(within, context)
    except NotFound as error:
        raise DavError(409, reason="What is to hold this is not there.") from error


def _taken(context: Context) -> DavError:
    """Return the error of an address where there is something: MKCOL has a status of its own for it."""
    status = 405 if context.request.method == "MKCOL" else 403
    headers = (allow(context.target),) if status == 405 else ()
    return DavError(status, dav("resource-must-be-null"), reason="There is something at this address.", headers=headers)


def _types(wishes: Wishes) -> frozenset[str]:
    return frozenset(tag for name, node in wishes if name == dav("resourcetype") for tag in xml_in.names(node))


def _wishes(context: Context, root_name: str) -> list[tuple[str, etree._Element | None]]:
    body = context.request.body
    if not body.strip():
        return []
    kind = context.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and not kind.endswith("xml"):
        raise DavError(415, reason="The properties of what is made are XML.")
    wishes = list(proppatch.instructions(xml_in.parse_root(body, root_name)))
    if len(wishes) > xml_in.NAME_LIMIT or any(node is None for _, node in wishes):
        raise DavError(400, reason="The properties of a new calendar are set, and not too many.")
    return wishes


def _create(context: Context, wishes: Wishes, answer: str, kind: CalendarKind) -> Response:
    within = writable_home(context, "bind")
    if len(context.target.slug) > SLUG_LENGTH:
        raise DavError(
            403, caldav("calendar-collection-location-ok"), reason=f"At most {SLUG_LENGTH} characters make a name."
        )
    wishes = [each for each in wishes if each[0] != dav("resourcetype")]
    wanted = writable.read_values((each for each in wishes if each[0] != _COMPONENT_SET), writable.WRITERS, {})
    if not wanted.granted:
        told = {name: DEPENDENT for name, _ in wishes if name == _COMPONENT_SET}
        return _refused(context, {**wanted.outcomes, **told}, answer)
    proppatch.check_room(context, wanted)
    try:
        components = _components(next((node for name, node in wishes if name == _COMPONENT_SET), None))
    except DavError as error:
        if answer != dav("mkcol-response"):
            raise
        told = {name: DEPENDENT for name, _ in wishes}
        return _refused(context, {**told, _COMPONENT_SET: Outcome(error.status, error.precondition)}, answer)
    slug = context.target.slug
    given = {name: value for name, value in wanted.fields.items() if value not in {"", None}}
    fields = {"name": spelling.plain(slug)} | given
    new = NewCalendar(slug, kind=kind, spelled=True, **fields)
    try:
        made = context.tx.collections.create(
            within.principal, replace(new, components=components) if components else new
        )
    except NameTaken as error:
        raise _taken(context) from error
    if wanted.dead:
        context.tx.dead_properties.write(context.principal.id, (made.id, ""), wanted.dead)
    return Response(201, (("Cache-Control", "no-cache"), *context.applied()))


def _components(node: etree._Element | None) -> tuple[str, ...]:
    """Return the kinds of objects to hold, all when none is named; raises DavError for others (RFC 4791, 5.2.3)."""
    if node is None:
        return COMPONENTS
    asked = dict.fromkeys(comp.get("name", "").upper() for tag, comp in xml_in.children(node) if tag == caldav("comp"))
    if not asked.keys() <= set(COMPONENTS):
        raise DavError(
            403, caldav("supported-calendar-component"), reason=f"Calendars hold {', '.join(COMPONENTS)} here."
        )
    return tuple(asked)


def _refused(context: Context, outcomes: dict[str, Outcome], answer: str) -> Response:
    """Return which properties were refused (RFC 5689, 3); RFC 4791 asks for a multistatus, which old clients expect."""
    stats = "".join(writable.propstats(outcomes))
    if answer == dav("mkcol-response"):
        return Response(403, (xml_out.CONTENT_TYPE,), xml_out.document(answer, stats))
    body = xml_out.multistatus([xml_out.response(context.request.path, stats)])
    return Response(207, (xml_out.CONTENT_TYPE,), body)
