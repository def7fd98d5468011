"""calendar-multiget: objects by their addresses (RFC 4791, 7.9)."""

from __future__ import annotations

from lxml import etree

from protocols.caldav import paths, xml_in, xml_out
from protocols.caldav.candidates import CHUNK
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav
from protocols.caldav.paths import Place
from protocols.caldav.reports import asked
from protocols.caldav.resources import Calendar, Item
from protocols.wire import Response


def calendar_multiget(root: etree._Element, resource: Calendar | Item, context: Context) -> Response:
    """Return the objects asked for, in that order; 404 for those that are not in this calendar."""
    wish = asked.parse(root)
    holder = resource.calendar if isinstance(resource, Item) else resource
    hrefs = dict.fromkeys(xml_in.text(node) for tag, node in xml_in.children(root) if tag == dav("href"))
    if not hrefs:
        raise DavError(400, reason="A calendar-multiget names at least one object.")
    wanted = {href: _name(href, resource, context) for href in hrefs}
    writer = asked.Writer(wish, holder, context)
    found: dict[str, str] = {}
    names = list(dict.fromkeys(name for name in wanted.values() if name is not None))
    for at in range(0, len(names), CHUNK):
        objects = context.tx.objects.many(holder.collection, names[at : at + CHUNK])
        found.update(zip(objects, writer.write_objects(objects.values()), strict=True))
    responses = (found[name] if name in found else xml_out.status_response(href, 404) for href, name in wanted.items())
    return multistatus_response(context, xml_out.multistatus(responses))


def _name(href: str, resource: Calendar | Item, context: Context) -> str | None:
    """Return the name of the object that an href means in this calendar, None when it means something else."""
    target = paths.parse_href(href)
    if target is None or target.place is not Place.OBJECT:
        return None
    if target.login.casefold() != context.target.login.casefold() or target.slug != context.target.slug:
        return None
    return None if isinstance(resource, Item) and target.name != resource.entry.href else target.name
