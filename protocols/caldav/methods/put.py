"""PUT: write one calendar object as the client wrote it (RFC 4791, 5.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.message import Message

from protocols.caldav import (
    bulk,
    calendar_properties,
    conditional,
    item_properties,
    media,
    paths,
    preconditions,
    schedule_headers,
    subject,
)
from protocols.caldav.allowed import allow, methods
from protocols.caldav.calendar_properties import MAX_RESOURCE_SIZE
from protocols.caldav.context import REPRESENTED, Context
from protocols.caldav.errors import DavError, missing_privilege
from protocols.caldav.names import caldav
from protocols.caldav.paths import Place
from protocols.caldav.resources import Calendar, calendar_in, home, resolve
from protocols.wire import Response
from storage import ical_written
from storage.errors import InvalidObject, NotFound, PreconditionFailed, ReadOnly
from storage.model import Written

_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


def put(context: Context) -> Response:
    """Create or replace an object; the entity tag is strong, since the text is kept as sent."""
    if context.target.place is Place.COLLECTION and "PUT" in methods(context.target):
        return whole(context)
    if context.target.place is not Place.OBJECT:
        resolve(context)
        raise DavError(405, reason="Only objects in a calendar are written.", headers=(allow(context.target),))
    holder = _holder(context)
    if not holder.collection.rights.write:
        return _own_part(context, holder)
    check_content(context)
    preconditions.check(context, holder)
    expect = conditional.expectation(context.request.headers)
    try:
        # Schedule-Reply speaks of deletions (RFC 6638, 8.1): a changed answer is always told.
        wish = replace(schedule_headers.wish(context.request.headers, expect), reply=True)
        written = context.tx.scheduling.put(holder.collection, context.target.name, object_of(context), wish)
    except PreconditionFailed:
        return _current(context, holder)
    context.tx.usage.check_owner(holder.collection)
    return represented(context, written, schedule_headers.tags(written, context))


def _own_part(context: Context, holder: Calendar) -> Response:
    """Keep what is a reader's own of a shared object; whoever changes anything else lacks the privilege."""
    missing = missing_privilege(context.request.path, "write-content")
    if not holder.collection.viewer or not holder.home.access.writes:
        raise missing
    check_content(context)
    preconditions.check(context, holder)
    expect = conditional.expectation(context.request.headers)
    try:
        found = subject.of(context, holder)
        name = context.target.name if found is None else found.href
        written = context.tx.objects.put_own(holder.collection, name, subject.text_of(context), expect)
    except (ReadOnly, InvalidObject) as error:
        raise missing from error
    return represented(context, written, schedule_headers.tags(written, context))


def whole(context: Context) -> Response:
    """Write all objects of a file into a calendar."""
    holder = _holder(context)
    if not holder.collection.rights.write:
        raise missing_privilege(context.request.path, "bind")
    check_headers(context.request.headers)
    conditional.required(context.request.headers, calendar_properties.etag(holder))
    request = replace(context.request, body=subject.text_of(context))
    return bulk.write_all(replace(context, request=request), holder)


def represented(context: Context, written: Written, headers: tuple[tuple[str, str], ...]) -> Response:
    """Return 201 or 204, or the object itself to a client that wants to see it (RFC 7240, 4.2)."""
    if not context.wants_representation:
        return Response(201 if written.created else 204, headers)
    kind = ("Content-Type", item_properties.content_type(written.object.component))
    return Response(201 if written.created else 200, (*headers, kind, REPRESENTED), context.shape(written.object.ical))


def _current(context: Context, holder: Calendar) -> Response:
    """Return 412 with what there is, which spares the client a GET (RFC 8144, 3.2); raises it bare otherwise."""
    found = subject.of(context, holder)
    if found is None or not context.wants_representation:
        raise PreconditionFailed(None if found is None else found.etag)
    path = holder.path + paths.encode(found.href)
    kind = ("Content-Type", item_properties.content_type(found.component))
    tag = ("ETag", conditional.quoted(found.etag))
    return Response(412, (kind, tag, ("Content-Location", path), REPRESENTED), context.shape(found.ical))


def _holder(context: Context) -> Calendar:
    """Return the calendar to write to; raises DavError 409 when it is not there (RFC 4918, 9.7.1)."""
    within = home(context, "write-content")
    try:
        return calendar_in(within, context)
    except NotFound as error:
        raise DavError(409, reason=f"There is no calendar {context.target.slug}.") from error


def check_content(context: Context) -> None:
    """Refuse what is not one whole, plain iCalendar text of bearable size; raises DavError."""
    check_headers(context.request.headers)
    if len(context.request.body) > MAX_RESOURCE_SIZE:
        raise DavError(
            403,
            caldav("max-resource-size"),
            reason=f"The object has {len(context.request.body)} bytes; at most {MAX_RESOURCE_SIZE} are kept.",
        )


def object_of(context: Context) -> bytes:
    """Return the text of the one object that a request writes; raises InvalidObject for what nobody may write."""
    text = subject.text_of(context)
    ical_written.check_written(text)
    return text


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what is not a whole, plain iCalendar text (RFC 4791, 5.3.2.1; RFC 9110, 14.5)."""
    if "content-range" in headers:
        raise DavError(400, reason="Objects are written whole.")
    if headers.get("content-encoding", "identity").strip().lower() not in {"identity", ""}:
        raise DavError(415, reason="Objects are written without content encoding.")
    kind = headers.get("content-type", "").strip()
    if not kind:
        return
    header = Message()
    header["Content-Type"] = kind.replace("\r", " ").replace("\n", " ")
    charset = str(header.get_param("charset") or "").strip("'\"").lower()
    if header.get_content_type() not in {media.ICALENDAR, media.JCAL} or charset not in _CHARSETS:
        raise DavError(403, caldav("supported-calendar-data"), reason="Objects are text/calendar in UTF-8.")
