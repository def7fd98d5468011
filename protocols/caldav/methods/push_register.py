"""POST of a push-register to a calendar or the home, and DELETE of the registration (draft-bitfire-webdav-push)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from protocols.caldav import paths, push_in, push_properties
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.names import push
from protocols.caldav.resources import Calendar, Home, resolve
from protocols.wire import Request, Response
from storage.push import LONGEST_SECONDS, MOST_OF_PERSON, Wanted
from storage.push_standing import Standings

_KINDS = frozenset({"application/xml", "text/xml"})
_BEGINNING = 2048


def meant(request: Request) -> bool:
    """Whether a POST is about push: its body is XML and begins with a registration."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or kind not in _KINDS:
        return False
    parts = request.path.strip("/").split("/")
    beginning = request.body[:_BEGINNING]
    return parts[:2] == ["dav", "calendars"] and parts[-1] != paths.OUTBOX and b"push-register" in beginning


def register(context: Context) -> Response:
    """Make or renew a registration and tell where it is and when it ends."""
    resource = resolve(context)
    root = push_in.parse(context.request.body)
    if not isinstance(resource, Calendar | Home) or not push_properties.available(resource):
        raise _unavailable("Nobody can be told of this.")
    triggers = push_in.triggers(root)
    home = isinstance(resource, Home)
    content = triggers.content if home or not triggers.content else "1"
    properties = triggers.properties and not home
    if not content and not properties:
        raise DavError(403, push("no-supported-trigger"), reason="Nothing that can be told of here was asked for.")
    now = context.tx.now()
    ends = min(push_in.expires(root, now) or now + LONGEST_SECONDS, now + LONGEST_SECONDS)
    wanted = Wanted(push_in.subscriber(root), content, properties, ends)
    if not context.tx.writable:
        # Every registration comes here first: nobody waits for a name server with the school's turn to write.
        push_in.check_address(wanted.subscriber, context.principal)
    return _registered(context, resource, wanted)


def _registered(context: Context, resource: Calendar | Home, wanted: Wanted) -> Response:
    place, tx = push_properties.place(resource), context.tx
    standing = Standings(tx, context.principal).of(place, wanted.content)
    if standing is None:
        raise _unavailable("Nobody can be told of this.")
    tx.lock()
    mine = tx.push.of_person(context.principal.id)
    known = any((each.place, each.resource) == (place, wanted.subscriber.resource) for each in mine)
    if not known and len(mine) >= MOST_OF_PERSON:
        raise _unavailable(f"One person may have {MOST_OF_PERSON} registrations.")
    made = tx.push.register(context.principal.id, place, wanted, standing)
    location = context.request.base.rstrip("/") + paths.registration(made.id)
    ends = format_datetime(datetime.fromtimestamp(made.expires, UTC), usegmt=True)
    return Response(204, (("Location", location), ("Expires", ends), ("Cache-Control", "no-store")))


def remove(context: Context) -> Response:
    """End a registration of the asker; others' look as if they were not there."""
    context.tx.push.remove(context.principal.id, context.target.name)
    return Response(204)


def _unavailable(reason: str) -> DavError:
    return DavError(403, push("push-not-available"), reason=reason)
