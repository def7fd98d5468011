"""calendar-multiget: objects by their addresses (RFC 4791, 7.9)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from protocols.caldav import paths, xml_in, xml_out
from protocols.caldav.candidates import CHUNK
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav
from protocols.caldav.paths import Place
from protocols.caldav.reports import asked
from protocols.caldav.reports.asked import Asked
from protocols.caldav.resources import Calendar, Home, Item, calendars
from protocols.wire import Response


def calendar_multiget(root: etree._Element, resource: Home | Calendar | Item, context: Context) -> Response:
    """Return the objects asked for, in that order; 404 for those that are not in what is asked."""
    wish = asked.parse(root)
    hrefs = dict.fromkeys(xml_in.text(node) for tag, node in xml_in.children(root) if tag == dav("href"))
    if not hrefs:
        raise DavError(400, reason="A calendar-multiget names at least one object.")
    wanted = {href: _place(href, resource, context) for href in hrefs}
    places = list(dict.fromkeys(place for place in wanted.values() if place is not None))
    found: dict[tuple[str, str], str] = {}
    for holder in _holders(resource, {slug for slug, _ in places}, context):
        slug = holder.collection.slug if isinstance(resource, Home) else context.target.slug
        names = [name for within, name in places if within == slug]
        found |= {(slug, name): text for name, text in _responses(wish, holder, names, context)}
    responses = (
        found[place] if place in found else xml_out.status_response(href, 404) for href, place in wanted.items()
    )
    return multistatus_response(context, xml_out.multistatus(responses))


def _responses(wish: Asked, holder: Calendar, names: list[str], context: Context) -> Iterator[tuple[str, str]]:
    writer = asked.Writer(wish, holder, context)
    for at in range(0, len(names), CHUNK):
        objects = context.tx.objects.many(holder.collection, names[at : at + CHUNK])
        yield from zip(objects, writer.write_objects(objects.values()), strict=True)


def _holders(resource: Home | Calendar | Item, slugs: set[str], context: Context) -> tuple[Calendar, ...]:
    match resource:
        case Item():
            return (resource.calendar,)
        case Home():
            return tuple(each for each in calendars(resource, context) if each.collection.slug in slugs)
    return (resource,)


def _place(href: str, resource: Home | Calendar | Item, context: Context) -> tuple[str, str] | None:
    """Return the calendar and the name that an href means in the resource, None when it means something else."""
    target = paths.parse_href(href)
    if target is None or target.place is not Place.OBJECT:
        return None
    if target.login.casefold() != context.target.login.casefold():
        return None
    if not isinstance(resource, Home) and target.slug != context.target.slug:
        return None
    if isinstance(resource, Item) and target.name != resource.entry.href:
        return None
    return target.slug, target.name
