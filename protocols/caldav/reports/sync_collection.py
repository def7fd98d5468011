"""sync-collection: what changed in a calendar since a token (RFC 6578, 3)."""

from __future__ import annotations

from lxml import etree

from protocols.caldav import paths, xml_in, xml_out
from protocols.caldav.context import Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav
from protocols.caldav.reports import asked
from protocols.caldav.resources import Calendar
from protocols.wire import Response
from storage.errors import TokenInvalid
from storage.model import ChangePage, SyncToken
from storage.tokens import format_token, parse_token

_MATCHES = xml_out.element(dav("number-of-matches-within-limits"))


def sync_collection(root: etree._Element, resource: Calendar, context: Context) -> Response:
    """Return the changes since a token, or everything without one, and the token that follows.

    The Depth header is not looked at: it should be 0, and Thunderbird sends 1. A calendar has no members below its
    objects, so sync-level infinite is the same as 1.
    """
    wish = asked.parse(root)
    _check_level(xml_in.text(xml_in.child(root, dav("sync-level"))))
    limit = _limit(xml_in.child(root, dav("limit")))
    page = context.tx.changes.since(_token(root, resource, context), limit)
    writer = asked.Writer(wish, resource, context)
    responses = writer.write([change for change in page.changes if change.etag is not None])
    responses += [
        xml_out.status_response(resource.path + paths.encode(name), 404) for name in _gone(page, resource, context)
    ]
    if page.more:
        responses.append(xml_out.status_response(resource.path, 507, _MATCHES))
    token = xml_out.element(dav("sync-token"), xml_out.escape(format_token(page.token, context.tx.school_id)))
    return multistatus_response(context, xml_out.multistatus(responses, token))


def _gone(page: ChangePage, holder: Calendar, context: Context) -> list[str]:
    """Return the names that lead nowhere now.

    Storage tells objects apart by their item, DAV by their name: a name that another object has taken since is not
    gone, whichever of the two changes comes first.
    """
    names = list(dict.fromkeys(change.href for change in page.changes if change.etag is None))
    taken = context.tx.objects.many(holder.collection, names) if names else {}
    return [name for name in names if name not in taken]


def _check_level(level: str) -> None:
    if level not in {"", "1", "infinite"}:
        raise DavError(400, reason="sync-level is 1 or infinite.")


def _limit(node: etree._Element | None) -> int | None:
    if node is None:
        return None
    text = xml_in.text(xml_in.child(node, dav("nresults")))
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise DavError(400, reason="nresults is a positive number.")
    return int(text)


def _token(root: etree._Element, holder: Calendar, context: Context) -> SyncToken:
    text = xml_in.text(xml_in.child(root, dav("sync-token")))
    if not text:
        return SyncToken(holder.collection.id)
    token = parse_token(text, context.tx.school_id)
    if token.collection != holder.collection.id:
        raise TokenInvalid
    return token
