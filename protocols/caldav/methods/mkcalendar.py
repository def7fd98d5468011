"""MKCALENDAR (RFC 4791, 5.3.1) and extended MKCOL (RFC 5689): a new calendar of one's own."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from protocols.caldav import paths, writable, xml_in, xml_out
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.methods import proppatch
from protocols.caldav.names import caldav, dav
from protocols.caldav.paths import Place
from protocols.caldav.resources import own
from protocols.caldav.writable import DEPENDENT, Outcome, Wishes
from protocols.wire import Response
from storage.model import NewCalendar

SLUG_LENGTH = 128
COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL")
_COMPONENT_SET = caldav("supported-calendar-component-set")


def mkcalendar(context: Context) -> Response:
    """Create a calendar with the properties asked for, or nothing."""
    wishes = _wishes(context, caldav("mkcalendar"))
    return _create(context, [each for each in wishes if each[0] != dav("resourcetype")], caldav("mkcalendar-response"))


def mkcol(context: Context) -> Response:
    """Create a calendar by extended MKCOL; nothing else can be made here."""
    wishes = _wishes(context, dav("mkcol"))
    types = {tag for name, node in wishes if name == dav("resourcetype") for tag in xml_in.names(node)}
    if types != {dav("collection"), caldav("calendar")}:
        raise DavError(403, dav("valid-resourcetype"), reason="Only calendars can be created here.")
    return _create(context, [each for each in wishes if each[0] != dav("resourcetype")], dav("mkcol-response"))


def _wishes(context: Context, root_name: str) -> list[tuple[str, etree._Element | None]]:
    body = context.request.body
    if not body.strip():
        return []
    wishes = list(proppatch.instructions(xml_in.parse_root(body, root_name)))
    if len(wishes) > xml_in.NAME_LIMIT or any(node is None for _, node in wishes):
        raise DavError(400, reason="The properties of a new calendar are set, and not too many.")
    return wishes


def _create(context: Context, wishes: Wishes, answer: str) -> Response:
    own(context)
    if context.target.place is not Place.COLLECTION:
        raise DavError(403, caldav("calendar-collection-location-ok"), reason="Calendars are made in one's home.")
    if context.target.slug in {paths.INBOX, paths.OUTBOX, paths.NOTIFICATIONS}:
        raise DavError(405, dav("resource-must-be-null"), reason="This name is taken in every home.")
    if len(context.target.slug) > SLUG_LENGTH:
        raise DavError(
            403, caldav("calendar-collection-location-ok"), reason=f"At most {SLUG_LENGTH} characters make a name."
        )
    wishes = list(wishes)
    wanted = writable.read_values((each for each in wishes if each[0] != _COMPONENT_SET), writable.WRITERS, {})
    if not wanted.granted:
        told = {name: DEPENDENT for name, _ in wishes if name == _COMPONENT_SET}
        return _refused(context, {**wanted.outcomes, **told}, answer)
    proppatch.check_room(context, wanted)
    components = _components(next((node for name, node in wishes if name == _COMPONENT_SET), None))
    slug = context.target.slug
    fields = {"name": slug} | {name: value for name, value in wanted.fields.items() if value not in {"", None}}
    new = NewCalendar(slug, **fields)
    made = context.tx.collections.create(context.principal, replace(new, components=components) if components else new)
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
