"""PROPPATCH: name, colour, order, description and time zone of a calendar, all or nothing (RFC 4918, 9.2)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from protocols.caldav import paths, writable, xml_in, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.names import dav
from protocols.caldav.resources import Calendar, resolve
from protocols.caldav.writable import Outcome
from protocols.wire import Response
from storage.model import CollectionPatch


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
    """Change properties of a calendar; anything that cannot be changed leaves everything unchanged."""
    root = xml_in.parse_root(context.request.body, dav("propertyupdate"))
    resource = resolve(context)
    wishes = tuple(instructions(root))
    if len(wishes) > xml_in.NAME_LIMIT:
        raise DavError(400, reason=f"At most {xml_in.NAME_LIMIT} properties are changed at once.")
    if not isinstance(resource, Calendar):
        refused = {name: writable.refusal(name) for name, _ in wishes}
        return _answer(context, resource.path, refused)
    if not resource.collection.rights.properties:
        raise missing_privilege(context.request.path, "write-properties")
    outcomes, patch = writable.read_patch(wishes, resource.collection)
    if all(outcome.status == 200 for outcome in outcomes.values()) and patch != CollectionPatch():
        context.tx.collections.update(context.principal, resource.collection, patch)
    return _answer(context, paths.collection(context.principal.login, resource.collection.slug), outcomes)


def _answer(context: Context, path: str, outcomes: dict[str, Outcome]) -> Response:
    if context.minimal and all(outcome.status == 200 for outcome in outcomes.values()):
        return Response(200, context.applied())
    stats = writable.propstats(outcomes)
    return multistatus_response(context, xml_out.multistatus([xml_out.response(path, *stats)]))
