"""Why an outbox is no calendar: nothing is kept there, and nothing is written, deleted or moved in (RFC 6638, 2.1)."""

from __future__ import annotations

from protocols.caldav.allowed import allow
from protocols.caldav.context import WRITING, Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.paths import Place


def refusal(context: Context) -> DavError:
    """Return the error for whoever treats an outbox as a calendar."""
    if context.request.method in WRITING:
        return missing_privilege(context.request.path, "bind")
    if context.target.place is Place.OBJECT:
        return DavError(404, reason=f"There is nothing at {context.request.path}.")
    return DavError(405, reason="An outbox is only posted to.", headers=(allow(context.target),))
