"""PROPFIND: properties of a resource and of what it holds (RFC 4918, 9.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from lxml import etree

from protocols.caldav import paths, properties, xml_in, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav
from protocols.caldav.resources import Calendar, Item, Notification, Resource, TrashItem, members, resolve
from protocols.caldav.rows import RowWriter
from protocols.wire import Response

REMEMBERED_OCTETS: Final = 4096
_KINDS: Final = {dav(kind): kind for kind in ("prop", "allprop", "propname")}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a PROPFIND asks: given names, or all values (with what to include), or only the names there are."""

    kind: str
    names: tuple[str, ...] = ()

    def of(self, kind: type[Resource]) -> tuple[str, ...]:
        """Return the names whose values are wanted of a kind of resource."""
        match self.kind:
            case "prop":
                return self.names
            case "allprop":
                return properties.of_allprop(kind, self.names)
        return tuple(properties.PROPERTIES[kind])


def parse(body: bytes) -> Wish:
    """Read the body; an empty one asks for all."""
    return _remembered(body) if len(body) <= REMEMBERED_OCTETS else _parsed(body)


def _parsed(body: bytes) -> Wish:
    if not body.strip():
        return Wish("allprop")
    root = xml_in.parse_root(body, dav("propfind"))
    kinds = [(kind, node) for tag, node in xml_in.children(root) if (kind := _KINDS.get(tag))]
    if len(kinds) != 1:
        raise DavError(400, reason="A propfind holds one of prop, allprop and propname.")
    kind, found = kinds[0]
    return Wish(kind, xml_in.names(_named(kind, root, found)))


# A client asks the same each time it polls; what is wrong is not remembered.
_remembered = lru_cache(256)(_parsed)


def _named(kind: str, root: etree._Element, found: etree._Element) -> etree._Element | None:
    return found if kind == "prop" else xml_in.child(root, dav("include"))


def propfind(context: Context) -> Response:
    """Answer PROPFIND at Depth 0 or 1; of a collection infinity, which is also what no Depth means, is refused."""
    depth = context.depth("infinity")
    wish = parse(context.request.body)
    resource = resolve(context)
    if depth == "infinity" and not isinstance(resource, Item | Notification | TrashItem):
        raise DavError(403, dav("propfind-finite-depth"), reason="Depth is 0 or 1.")
    deep = depth == "1"
    responses = [] if deep and context.without_root else [_response(resource, wish, context)]
    if deep:
        responses += _members(resource, wish, context)
    return multistatus_response(context, xml_out.multistatus(responses))


def _response(resource: Resource, wish: Wish, context: Context) -> str:
    match wish.kind:
        case "prop":
            return properties.response(resource, wish.names, context)
        case "allprop":
            there = {*properties.defined(resource, context), *wish.names}
            alive = [name for name in wish.of(type(resource)) if name in there]
            asked = dict.fromkeys((*alive, *properties.dead_properties(resource, context)))
            return properties.response(resource, asked, context)
    names = xml_out.empty_elements(properties.defined(resource, context))
    return xml_out.response(resource.path, xml_out.propstat(200, names))


def _members(resource: Resource, wish: Wish, context: Context) -> Iterable[str]:
    if not isinstance(resource, Calendar):
        return [_response(member, wish, context) for member in members(resource, context)]
    entries = context.tx.objects.entries(resource.collection)
    if wish.kind == "prop":
        return RowWriter(resource, wish.names, context).write_all(entries)
    special = {*context.dead.of_objects(resource.collection.id)}
    if wish.kind == "propname":
        special = {each.href for each in entries}
    alike = RowWriter(resource, wish.of(Item), context).write_all(each for each in entries if each.href not in special)
    items = (Item(resource, each, resource.path + paths.encode(each.href)) for each in entries if each.href in special)
    return [*alike, *(_response(item, wish, context) for item in items)]
