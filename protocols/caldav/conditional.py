"""Conditional requests: what a client expects of the state of a resource (RFC 9110, 13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from protocols.caldav.errors import DavError
from storage.model import Expect

_TAG = re.compile(r'\s*(?:(?:W/)?"([^"]*)"|([^\s",]+))\s*(?:,|$)')


def quoted(etag: str) -> str:
    """Return a stored entity tag as it stands in a header or a property."""
    return f'"{etag}"'


def etags(header: str) -> tuple[str, ...]:
    """Return the opaque tags of a list; raises DavError when the header is malformed.

    A weak tag counts as the strong one: objects have strong ones, which a proxy that compressed the body weakens;
    collections, files of links and jCal have weak ones, which are compared as they were sent.
    """
    found, position = [], 0
    while position < len(header):
        match = _TAG.match(header, position)
        if match is None:
            raise DavError(400, reason="The list of entity tags is malformed.")
        found.append(match[1] if match[1] is not None else match[2])
        position = match.end()
    return tuple(found)


def expectation(headers: Mapping[str, str]) -> Expect:
    """Return what a writer expects of the object: If-Match and If-None-Match: *."""
    wanted = headers.get("if-match", "").strip()
    unwanted = headers.get("if-none-match", "").strip()
    return Expect(
        etags=() if wanted == "*" else etags(wanted),
        absent=unwanted == "*",
        present=wanted == "*",
    )


def excluded(headers: Mapping[str, str], etag: str) -> bool:
    """Whether If-None-Match names the tag that the resource has."""
    unwanted = headers.get("if-none-match", "").strip()
    return unwanted == "*" or etag in etags(unwanted)


def required(headers: Mapping[str, str], etag: str) -> None:
    """Raise DavError unless If-Match is absent or names the tag that the resource has."""
    wanted = headers.get("if-match", "").strip()
    if wanted and wanted != "*" and etag not in etags(wanted):
        raise DavError(412, reason="The resource has another entity tag.", headers=(("ETag", quoted(etag)),))


def _date(header: str) -> int | None:
    """Return an HTTP date in epoch seconds; one that cannot be read counts as not given (RFC 9110, 13.1.3)."""
    try:
        found = parsedate_to_datetime(header)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def unmodified(headers: Mapping[str, str], modified: int) -> None:
    """Raise DavError 412 when what If-Unmodified-Since expects is not so; If-Match, where there is one, decides."""
    if "if-match" in headers or "if-unmodified-since" not in headers:
        return
    limit = _date(headers["if-unmodified-since"])
    if limit is not None and modified > limit:
        raise DavError(412, reason="The resource was written later than that.")


def not_modified_since(headers: Mapping[str, str], modified: int) -> bool:
    """Whether If-Modified-Since says that the client has what there is; If-None-Match, where there is one, decides."""
    if "if-none-match" in headers or "if-modified-since" not in headers:
        return False
    limit = _date(headers["if-modified-since"])
    return limit is not None and modified <= limit
