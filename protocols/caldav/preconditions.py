"""What a request expects of an object before it is changed, beyond what storage checks (RFC 9110, 13.1)."""

from __future__ import annotations

from protocols.caldav import conditional, subject
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.resources import Calendar

_LOOKED_AT = ("if-none-match", "if-unmodified-since")


def check(context: Context, holder: Calendar) -> None:
    """Honour an If-None-Match that lists tags, and If-Unmodified-Since, which storage does not know."""
    headers = context.request.headers
    if not any(headers.get(name, "").strip() not in {"", "*"} for name in _LOOKED_AT):
        return
    if context.tx.writable:
        context.tx.lock()
    found = subject.of(context, holder)
    if found is None:
        return
    unwanted = headers.get("if-none-match", "").strip()
    if unwanted not in {"", "*"} and conditional.excluded(headers, found.etag):
        raise DavError(412, reason="The resource has a tag that the request excludes.")
    conditional.unmodified(headers, found.modified)
