"""Headers of scheduling: Schedule-Tag, If-Schedule-Tag-Match and Schedule-Reply (RFC 6638, 8)."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.caldav import conditional
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from storage.model import CalendarObject, Expect, Written
from storage.scheduling import Wish


def wish(headers: Mapping[str, str], expect: Expect) -> Wish:
    """Return what a writer asks besides the text; raises DavError for a header that is malformed."""
    wanted = headers.get("if-schedule-tag-match", "").strip()
    tags = conditional.etags(wanted) if wanted else ()
    if wanted and len(tags) != 1:
        raise DavError(400, reason="If-Schedule-Tag-Match names one tag.")
    reply = headers.get("schedule-reply", "T").strip().upper()
    if reply not in {"T", "F"}:
        raise DavError(400, reason="Schedule-Reply is T or F.")
    return Wish(expect, tags[0] if tags else None, reply == "T")


def tag(found: CalendarObject) -> tuple[tuple[str, str], ...]:
    """Return the Schedule-Tag header of a meeting, nothing for other objects."""
    return (("Schedule-Tag", conditional.quoted(found.schedule_tag)),) if found.schedule_tag else ()


def tags(written: Written, context: Context) -> tuple[tuple[str, str], ...]:
    """Return the tags of what was written: no ETag where GET would not give the text as sent (RFC 4791, 5.3.4).

    Scheduling may have changed it, or time zones are added to it or left out of it for this client (RFC 7809).
    """
    as_sent = context.shape(written.object.ical) == context.request.body
    etag = (("ETag", conditional.quoted(written.object.etag)),) if as_sent else ()
    return (*etag, *tag(written.object))
