"""calendar-multiget: objects by their addresses (RFC 4791, 7.9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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
from storage import spelling


def calendar_multiget(root: etree._Element, resource: Home | Calendar | Item, context: Context) -> Response:
    """Return the objects asked for, in that order; 404 for those that are not in what is asked."""
    wish = asked.parse(root)
    hrefs = dict.fromkeys(xml_in.text(node) for tag, node in xml_in.children(root) if tag == dav("href"))
    if not hrefs:
        raise DavError(400, reason="A calendar-multiget names at least one object.")
    wanted = _places(hrefs, resource, context)
    places = list(dict.fromkeys(place for place in wanted.values() if place is not None))
    found: dict[tuple[str, str], str] = {}
    for holder, slugs in _holders(resource, {slug for slug, _ in places}, context):
        names = [place for place in places if place[0] in slugs]
        found |= dict(_responses(wish, holder, names, context))
    # Two hrefs may mean one object, which is told once (RFC 4918, 14.24).
    responses = dict.fromkeys(
        found[place] if place in found else xml_out.status_response(href, 404) for href, place in wanted.items()
    )
    return multistatus_response(context, xml_out.multistatus(responses))


def _responses(
    wish: Asked, holder: Calendar, places: list[tuple[str, str]], context: Context
) -> Iterator[tuple[tuple[str, str], str]]:
    writer = asked.Writer(wish, holder, context)
    for at in range(0, len(places), CHUNK):
        part = places[at : at + CHUNK]
        objects = context.tx.objects.find(holder.collection, list(dict.fromkeys(name for _, name in part)))
        texts = dict(zip(objects, writer.write_objects(objects.values()), strict=True))
        yield from ((place, texts[place[1]]) for place in part if place[1] in texts)


def _holders(
    resource: Home | Calendar | Item, slugs: set[str], context: Context
) -> Iterator[tuple[Calendar, frozenset[str]]]:
    """Yield the calendars that are asked, each with the slugs that mean it: its own, and others where nothing has them.

    What is asked for has been found to be in the resource, so that only a home's calendars have to be told apart.
    """
    if not isinstance(resource, Home):
        yield (resource.calendar if isinstance(resource, Item) else resource), frozenset(slugs)
        return
    known = {each.collection.slug: each for each in calendars(resource, context)}
    youngest_first = sorted(known, key=lambda slug: known[slug].collection.id, reverse=True)
    texts = {spelling.plain(slug): slug for slug in youngest_first}
    meant: dict[str, set[str]] = {}
    for slug in slugs:
        own = slug if slug in known else texts.get(spelling.plain(slug))
        if own is not None:
            meant.setdefault(own, set()).add(slug)
    yield from ((known[own], frozenset(spelled)) for own, spelled in meant.items())


def _places(
    hrefs: Iterable[str], resource: Home | Calendar | Item, context: Context
) -> dict[str, tuple[str, str] | None]:
    """Return the calendar and the name that each href means in the resource, None for one that means something else."""
    found = {href: _place(href, context) for href in hrefs}
    if isinstance(resource, Home):
        return found
    places = {place for place in found.values() if place is not None}
    slugs = _slugs(places, resource.calendar if isinstance(resource, Item) else resource, context)
    if not isinstance(resource, Item):
        return {href: place if place and place[0] in slugs else None for href, place in found.items()}
    names = _names({name for slug, name in places if slug in slugs}, resource, context)
    return {href: place if place and place[0] in slugs and place[1] in names else None for href, place in found.items()}


def _place(href: str, context: Context) -> tuple[str, str] | None:
    target = paths.parse_href(href)
    if target is None or target.place is not Place.OBJECT:
        return None
    return (target.slug, target.name) if target.login.casefold() == context.target.login.casefold() else None


def _slugs(places: set[tuple[str, str]], holder: Calendar, context: Context) -> set[str]:
    """Return which slugs mean the calendar that is asked: other spellings of its own where nothing else has them.

    vdirsyncer spells anew whatever it was told, and who asks this calendar means it.
    """
    own = context.target.slug
    others = {slug for slug, _ in places if slug != own and spelling.same(slug, own)}
    if others:
        others -= {each.collection.slug for each in calendars(holder.home, context)} - {holder.collection.slug}
    return {own, *others}


def _names(names: set[str], resource: Item, context: Context) -> set[str]:
    """Return which names mean the object that is asked."""
    near = [name for name in names if spelling.same(name, resource.entry.href)]
    found = context.tx.objects.find(resource.calendar.collection, near) if near else {}
    return {name for name, each in found.items() if each.item == resource.entry.item}
