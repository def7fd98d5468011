"""sync-collection: what changed in a calendar since a token (RFC 6578, 3)."""

from __future__ import annotations

from lxml import etree

from protocols.caldav import paths, xml_in, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav
from protocols.caldav.reports import asked
from protocols.caldav.reports.asked import Asked
from protocols.caldav.resources import Calendar
from protocols.wire import Response
from storage.errors import TokenInvalid
from storage.model import ChangePage, Collection, SyncToken
from storage.tokens import format_token, parse_token

MATCHES = xml_out.element(dav("number-of-matches-within-limits"))


def sync_collection(root: etree._Element, resource: Calendar, context: Context) -> Response:
    """Return the changes since a token, or everything without one, and the token that follows.

    The Depth header is not looked at: it should be 0, and Thunderbird sends 1. A calendar has no members below its
    objects, so sync-level infinite is the same as 1.
    """
    wish = asked.parse(root)
    level(root)
    page = context.tx.changes.of(resource.collection, token_of(root, resource.collection, context), limit(root))
    responses = rows(page, wish, resource, context)
    if page.more:
        responses.append(xml_out.status_response(resource.path, 507, MATCHES))
    token = xml_out.element(dav("sync-token"), xml_out.escape(format_token(page.token, context.tx.school_id)))
    return multistatus_response(context, xml_out.multistatus(responses, token))


def rows(page: ChangePage, wish: Asked, holder: Calendar, context: Context) -> list[str]:
    """Return the responses of the objects of a page: what is there as it was asked for, and what is gone."""
    responses = asked.Writer(wish, holder, context).write([each for each in page.changes if each.etag is not None])
    gone = _gone(page, holder, context)
    return [*responses, *(xml_out.status_response(holder.path + paths.encode(name), 404) for name in gone)]


def _gone(page: ChangePage, holder: Calendar, context: Context) -> list[str]:
    """Return the names that lead nowhere now.

    Storage tells objects apart by their item, DAV by their name: a name that another object has taken since is not
    gone, whichever of the two changes comes first.
    """
    names = list(dict.fromkeys(change.href for change in page.changes if change.etag is None))
    taken = context.tx.objects.many(holder.collection, names) if names else {}
    return [name for name in names if name not in taken]


def level(root: etree._Element) -> str:
    """Return the sync-level of a report, 1 when it has none; raises DavError."""
    text = xml_in.text(xml_in.child(root, dav("sync-level"))) or "1"
    if text not in {"1", "infinite"}:
        raise DavError(400, reason="sync-level is 1 or infinite.")
    return text


def limit(root: etree._Element) -> int | None:
    """Return how many results a client wants at most (RFC 5323, 5.17), None when it does not say; raises DavError."""
    node = xml_in.child(root, dav("limit"))
    if node is None:
        return None
    text = xml_in.text(xml_in.child(node, dav("nresults")))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise DavError(400, reason="nresults is a positive number.")
    return int(text)


def token_text(root: etree._Element) -> str:
    """Return the token that a client holds, "" for none."""
    return xml_in.text(xml_in.child(root, dav("sync-token")))


def token_of(root: etree._Element, collection: Collection, context: Context) -> SyncToken:
    """Return the token that a client holds of a collection; raises TokenInvalid for another's."""
    text = token_text(root)
    if not text:
        return SyncToken(collection.id)
    token = parse_token(text, context.tx.school_id)
    if token.collection != collection.id:
        raise TokenInvalid
    return token
