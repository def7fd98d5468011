"""Conditional requests: what a client expects of the state of a resource (RFC 9110, 13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from protocols.caldav.errors import DavError
from storage.model import Expect

_TAG = re.compile(r'\s*(?:(?:W/)?"([^"]*)"|([^\s",]+))\s*(?:,|$)')


def quoted(etag: str) -> str:
    """Return a stored entity tag as it stands in a header or a property."""
    return f'"{etag}"'


def etags(header: str) -> tuple[str, ...]:
    """Return the opaque tags of a list; raises DavError when the header is malformed.

    A weak tag counts as the strong one: we send strong ones only, so a proxy that compressed the body weakened it.
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
