"""OPTIONS: what this server is, and what each kind of resource allows (RFC 4918, 10.1; RFC 4791, 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocols.caldav import paths
from protocols.caldav.context import Context
from protocols.caldav.paths import Place
from protocols.outside import OUTSIDE
from protocols.wire import Response

# No "2": nothing is locked. With auto-schedule clients leave invitations to the server.
COMPLIANCE: Final = (
    "1, 3, access-control, calendar-access, calendar-auto-schedule, calendar-availability,"
    " calendar-managed-attachments, calendar-no-timezone, calendar-proxy, calendarserver-sharing, extended-mkcol"
)

_COMMON = ("OPTIONS", "PROPFIND", "PROPPATCH", "REPORT")

ALLOWED: Mapping[Place, tuple[str, ...]] = {
    Place.ROOT: _COMMON,
    Place.PRINCIPALS: _COMMON,
    Place.PRINCIPAL: _COMMON,
    Place.PROXY: _COMMON,
    Place.GROUPS: _COMMON,
    Place.GROUP: _COMMON,
    Place.HOMES: _COMMON,
    Place.HOME: (*_COMMON, "POST"),
    Place.COLLECTION: (*_COMMON, "GET", "HEAD", "PUT", "POST", "DELETE", "MKCALENDAR", "MKCOL", "ACL"),
    Place.REGISTRATION: ("OPTIONS", "DELETE"),
    Place.OBJECT: (*_COMMON, "GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "MOVE"),
    Place.ATTACHMENT: ("OPTIONS", "GET", "HEAD"),
    Place.TRASH: ("OPTIONS", "PROPFIND", "REPORT"),
    Place.TRASHED: ("OPTIONS", "PROPFIND", "REPORT", "GET", "HEAD", "DELETE", "MOVE"),
}


def compliance() -> tuple[str, str]:
    """Return the DAV header."""
    return "DAV", f"{COMPLIANCE}, webdav-push" if OUTSIDE.policy.enabled else COMPLIANCE


def allow(place: Place) -> tuple[str, str]:
    """Return the Allow header of a kind of resource."""
    return "Allow", ", ".join(ALLOWED[place])


def options(context: Context) -> Response:
    """Answer what is allowed, whether or not there is something at the path yet."""
    if context.target.place is Place.COLLECTION and context.target.slug == paths.OUTBOX:
        return Response(200, (("Allow", paths.OUTBOX_METHODS),))
    return Response(200, (allow(context.target.place),))
