"""sync-collection on a home: which calendars came, went or changed, and with infinite depth what is in them.

RFC 6578, 3.3. A calendar counts as changed when anything in it has, so that a client that asks the home alone knows
where to look.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from protocols.caldav import paths, properties, xml_out
from protocols.caldav.context import DAV_CLIENT, Context, multistatus_response
from protocols.caldav.errors import DavError
from protocols.caldav.names import dav
from protocols.caldav.reports import asked, sync_collection
from protocols.caldav.reports.asked import Asked
from protocols.caldav.resources import Home, placed
from protocols.wire import Response
from storage.home_changes import HomeChanges, MovedCollection, home_changes
from storage.tokens import format_home_token, parse_home_token


def sync_home(root: etree._Element, resource: Home, context: Context) -> Response:
    """Return what changed in the home since a token, or everything without one, and the token that follows.

    An answer is not cut: one that is longer than the client's limit is refused (RFC 6578, 3.7).
    """
    wish = asked.parse(root)
    level, limit = sync_collection.level(root), sync_collection.limit(root)
    changes = _changes(sync_collection.token_text(root), resource, context)
    responses = list(_calendars(changes, wish, resource, context))
    if level == "infinite":
        for moved in changes.moved:
            responses += _objects(moved, wish, resource, context)
    if limit is not None and len(responses) > limit:
        raise DavError(
            507, dav("number-of-matches-within-limits"), reason=f"There are {len(responses)} changes in the home."
        )
    text = format_home_token(resource.principal.id, changes.head, context.tx.school_id)
    token = xml_out.element(dav("sync-token"), xml_out.escape(text))
    return multistatus_response(context, xml_out.multistatus(responses, token))


def _changes(text: str, home: Home, context: Context) -> HomeChanges:
    principal, tx = home.principal, context.tx
    base = parse_home_token(text, principal.id, tx.school_id) if text else 0
    return home_changes(tx, principal.id, tx.collections.visible(principal, DAV_CLIENT), base)


def _calendars(changes: HomeChanges, wish: Asked, home: Home, context: Context) -> Iterator[str]:
    for moved in changes.moved:
        yield properties.response(placed(moved.collection, home), wish.names, context)
    for slug in changes.gone:
        yield xml_out.status_response(f"{home.path}{paths.encode(slug)}/", 404)


def _objects(moved: MovedCollection, wish: Asked, home: Home, context: Context) -> list[str]:
    if moved.since is None:
        return []
    holder = placed(moved.collection, home)
    return sync_collection.rows(context.tx.changes.of(holder.collection, moved.since), wish, holder, context)
