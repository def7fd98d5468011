"""PROPPATCH: live properties of calendars, dead ones of whatever is one's own, all or nothing (RFC 4918, 9.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from protocols.caldav import inbox_writable, properties, proxy_members, writable, xml_in, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.names import dav
from protocols.caldav.resources import Calendar, Item, ProxyGroup, Resource, ScheduleInbox, resolve
from protocols.caldav.writable import Outcome, Wanted, Writer, read_values
from protocols.wire import Response
from storage.dead_properties import MAX_OF_PERSON, Place


def instructions(root: etree._Element) -> Iterator[tuple[str, etree._Element | None]]:
    """Yield the properties to set, with their element, and to remove, with None, in the order of the document."""
    for action, node in xml_in.children(root):
        if action not in {dav("set"), dav("remove")}:
            continue
        for name, value in xml_in.children(_prop(node)):
            yield name, value if action == dav("set") else None


def _prop(node: etree._Element) -> etree._Element:
    found = xml_in.child(node, dav("prop"))
    if found is None:
        raise DavError(400, reason="A set or remove holds a prop.")
    return found


def proppatch(context: Context) -> Response:
    """Change properties of a resource; anything that cannot be changed leaves everything unchanged."""
    root = xml_in.parse_root(context.request.body, dav("propertyupdate"))
    resource = resolve(context)
    wishes = tuple(instructions(root))
    if len(wishes) > xml_in.NAME_LIMIT:
        raise DavError(400, reason=f"At most {xml_in.NAME_LIMIT} properties are changed at once.")
    place = properties.place(resource)
    if place is not None and not _writes_properties(resource):
        raise missing_privilege(context.request.path, "write-properties")
    if not wishes:
        raise DavError(400, reason="A propertyupdate sets or removes something.")
    if isinstance(resource, ProxyGroup):
        return _answer(context, resource.path, proxy_members.write(resource, wishes, context))
    if place is None:
        return _answer(context, resource.path, {name: writable.refusal(name) for name, _ in wishes})
    wanted = read_values(wishes, _writers(resource, context), context.dead.of(place))
    check_room(context, wanted)
    if wanted.granted:
        _write(context, resource, place, wanted)
    return _answer(context, resource.path, wanted.outcomes)


def _writers(resource: Resource, context: Context) -> Mapping[str, Writer]:
    """Return how the live properties of a resource are written."""
    match resource:
        case ScheduleInbox():
            return inbox_writable.writers(context)
        case Calendar():
            return writable.writers(resource.collection)
    return {}


def _write(context: Context, resource: Resource, place: Place, wanted: Wanted) -> None:
    if wanted.dead:
        context.tx.dead_properties.write(context.principal.id, place, wanted.dead)
    if isinstance(resource, ScheduleInbox):
        inbox_writable.write(wanted.fields, context)
    elif isinstance(resource, Calendar) and wanted.fields:
        patch = writable.patch_of(wanted, resource.collection)
        context.tx.collections.update(resource.home.principal, resource.collection, patch)


def _writes_properties(resource: Resource) -> bool:
    """Whether the asker may change properties; in the home and on objects there are only the asker's own."""
    match resource:
        case ScheduleInbox():
            return True
        case Calendar():
            return resource.collection.rights.properties or resource.collection.rights.names
        case Item():
            return resource.calendar.collection.rights.properties or resource.calendar.collection.rights.names
    return True


def check_room(context: Context, wanted: Wanted) -> None:
    """Raise DavError 507 when the asker would keep too many dead properties; removing some is always possible."""
    added = sum(value is not None for value in wanted.dead.values())
    if added and context.tx.dead_properties.count(context.principal.id) + added > MAX_OF_PERSON:
        raise DavError(507, reason=f"One person keeps at most {MAX_OF_PERSON} properties.")


def _answer(context: Context, path: str, outcomes: Mapping[str, Outcome]) -> Response:
    if context.minimal and all(outcome.status == 200 for outcome in outcomes.values()):
        return Response(200, context.applied())
    stats = writable.propstats(outcomes)
    return multistatus_response(context, xml_out.multistatus([xml_out.response(path, *stats)]))
