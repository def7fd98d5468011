"""expand-property: properties, and those of the resources that they name, in one answer (RFC 3253, 3.8)."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace

from lxml import etree

from protocols.caldav import paths, xml_in, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav
from protocols.caldav.properties import LIVE, PROPERTIES, dead_properties, propstats
from protocols.caldav.resources import Resource, resolve
from protocols.wire import Response
from storage.errors import NotFound

DEPTH_LIMIT = 4
EXPANSION_LIMIT = 1_000
_HREF = re.compile(r"<D:href>([^<]*)</D:href>")


@dataclass(frozen=True, slots=True)
class Wish:
    """A property, and what is wanted of each resource that its value names."""

    name: str
    inner: tuple[Wish, ...]


def expand_property(root: etree._Element, resource: Resource, context: Context) -> Response:
    """Return the properties asked for, hrefs in their values replaced by what is asked of what they name."""
    wishes = _wishes(root, DEPTH_LIMIT)
    return multistatus_response(context, xml_out.multistatus([_Expansion(context).response(resource, wishes)]))


def _wishes(node: etree._Element, depth: int) -> tuple[Wish, ...]:
    if depth == 0:
        raise DavError(400, reason=f"Properties are expanded {DEPTH_LIMIT} times at most.")
    asked = [child for tag, child in xml_in.children(node) if tag == dav("property")]
    if len(asked) > xml_in.NAME_LIMIT:
        raise DavError(400, reason=f"At most {xml_in.NAME_LIMIT} properties are answered.")
    return tuple(_wish(child, depth) for child in asked)


def _wish(node: etree._Element, depth: int) -> Wish:
    name = node.get("name", "")
    if not re.fullmatch(r"[^\W\d][\w.-]*", name):
        raise DavError(400, reason="A property has a name.")
    inner = _wishes(node, depth - 1) if len(node) else ()
    return Wish(f"{{{node.get('namespace', 'DAV:')}}}{name}", inner)


class _Expansion:
    """Expands the properties of one answer, so many resources at most."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._left = EXPANSION_LIMIT

    def response(self, resource: Resource, wishes: tuple[Wish, ...]) -> str:
        """Return the DAV:response of a resource."""
        readers = PROPERTIES[type(resource)]
        dead = dead_properties(resource, self._context) if any(wish.name not in LIVE for wish in wishes) else {}
        found, missing = [], []
        for wish in wishes:
            value = readers[wish.name](resource, self._context) if wish.name in readers else None
            if value is not None:
                found.append(xml_out.element(wish.name, self._expanded(value, wish)))
            elif wish.name in dead:
                found.append(dead[wish.name])
            else:
                missing.append(wish.name)
        unknown = xml_out.empty_elements(missing)
        return xml_out.response(resource.path, *propstats("".join(found), unknown, minimal=self._context.minimal))

    def _expanded(self, value: str, wish: Wish) -> str:
        if not wish.inner:
            return value
        return _HREF.sub(lambda found: self._named(html.unescape(found[1]), wish.inner), value)

    def _named(self, href: str, wishes: tuple[Wish, ...]) -> str:
        self._left -= 1
        if self._left < 0:
            raise DavError(507, dav("number-of-matches-within-limits"), reason="Too many properties to expand.")
        target = paths.parse_href(href)
        if target is None:
            return xml_out.href(href)
        try:
            return self.response(resolve(replace(self._context, target=target)), wishes)
        except (NotFound, DavError):
            return xml_out.status_response(href, 404)
