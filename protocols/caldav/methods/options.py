"""OPTIONS: what this server is, and what each kind of resource allows (RFC 4918, 10.1; RFC 4791, 5.1)."""

from __future__ import annotations

from typing import Final

from protocols.caldav.allowed import allow
from protocols.caldav.context import Context
from protocols.outside import OUTSIDE
from protocols.wire import Response

# No "2": nothing is locked. With auto-schedule clients leave invitations to the server.
COMPLIANCE: Final = (
    "1, 3, access-control, calendar-access, calendar-auto-schedule, calendar-availability,"
    " calendar-managed-attachments, calendar-no-timezone, calendar-proxy, calendarserver-sharing, extended-mkcol"
)


def compliance() -> tuple[str, str]:
    """Return the DAV header."""
    return "DAV", f"{COMPLIANCE}, webdav-push" if OUTSIDE.policy.enabled else COMPLIANCE


def options(context: Context) -> Response:
    """Answer what is allowed, whether or not there is something at the path yet."""
    return Response(200, (allow(context.target),))
