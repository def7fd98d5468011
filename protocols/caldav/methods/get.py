"""GET and HEAD: one object as it was written or as jCal, or a whole calendar as one .ics (RFC 4791, 5.3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from protocols.caldav import (
    calendar_properties,
    conditional,
    item_properties,
    media,
    notifications,
    paths,
    schedule_headers,
)
from protocols.caldav.allowed import allow
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.methods import attachments, trash
from protocols.caldav.paths import Place
from protocols.caldav.resources import calendar, entry, notification, resolve, stored
from protocols.wire import Response
from storage import ical
from storage.errors import InvalidObject
from storage.ical_jcal import jcal
from storage.model import Collection

# Shared caches must not keep what one person may read; each use asks again.
_CACHE = ("Cache-Control", "private, no-cache")


def get(context: Context) -> Response:
    """Return an object or a calendar; 304 when the client has it already."""
    match context.target.place:
        case Place.OBJECT if context.target.slug == paths.NOTIFICATIONS:
            return _notification(context)
        case Place.OBJECT:
            return _object(context)
        case Place.COLLECTION if context.target.slug not in {paths.OUTBOX, paths.NOTIFICATIONS}:
            return _collection(context)
        case Place.TRASHED:
            return trash.read(context)
        case Place.ATTACHMENT:
            return attachments.download(context)
    resolve(context)
    raise DavError(405, reason="There is nothing to read here.", headers=(allow(context.target),))


def head(context: Context) -> Response:
    """Return what GET would, with its length; the door takes the body off every answer to HEAD."""
    whole = get(context)
    return replace(whole, headers=(*whole.headers, ("Content-Length", str(len(whole.body)))))


def _object(context: Context) -> Response:
    found = stored(context, calendar(context))
    as_json = media.prefers_jcal(context.request.headers.get("accept", ""))
    tag = conditional.quoted(found.etag)
    fixed = (
        # The same state in another form: whoever writes goes by the form that is stored.
        ("ETag", f"W/{tag}" if as_json else tag),
        ("Last-Modified", item_properties.modified(entry(found))),
        ("Vary", "Accept, CalDAV-Timezones"),
        _CACHE,
        *schedule_headers.tag(found),
    )
    conditional.unmodified(context.request.headers, found.modified)
    unwritten = conditional.not_modified_since(context.request.headers, found.modified)
    if unwritten or _unchanged(context.request.headers, found.etag):
        return Response(304, fixed)
    text = context.shape(found.ical)
    if as_json:
        return Response(200, (("Content-Type", f"{media.JCAL}; charset=utf-8"), *fixed), _jcal(text))
    return Response(200, (("Content-Type", item_properties.content_type(found.component)), *fixed), text)


def _notification(context: Context) -> Response:
    found = notification(context)
    fixed = (("ETag", conditional.quoted(found.stored.etag)), _CACHE)
    if _unchanged(context.request.headers, found.stored.etag):
        return Response(304, fixed)
    return Response(200, (("Content-Type", notifications.TYPE), *fixed), notifications.document(found.notice))


def _jcal(text: bytes) -> bytes:
    try:
        return jcal(text)
    except InvalidObject as error:
        raise DavError(406, reason=f"There is only text/calendar of this object: {error.reason}.") from error


def _collection(context: Context) -> Response:
    holder = calendar(context)
    etag = calendar_properties.etag(holder)
    # Sent compressed to those who take it, so the tag is weak; objects have strong ones and are sent as they are.
    fixed = (("ETag", f"W/{conditional.quoted(etag)}"), ("Vary", "CalDAV-Timezones"), _CACHE)
    if _unchanged(context.request.headers, etag):
        return Response(304, fixed)
    body = ical.merge(map(context.shape, context.tx.objects.texts(holder.collection)), _titles(holder.collection))
    return Response(200, (("Content-Type", "text/calendar; charset=utf-8"), *fixed), body)


def _unchanged(headers: Mapping[str, str], etag: str) -> bool:
    conditional.required(headers, etag)
    return bool(headers.get("if-none-match")) and conditional.excluded(headers, etag)


def _titles(collection: Collection) -> list[tuple[str, str]]:
    """Return the properties by which programs that import the file name and colour the calendar (RFC 7986, 5)."""
    titles = [("NAME", collection.name), ("X-WR-CALNAME", collection.name)]
    if collection.colour:
        titles.append(("X-APPLE-CALENDAR-COLOR", collection.colour))
    return titles
