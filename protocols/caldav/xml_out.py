"""XML out: bodies built as text from escaped parts, encoded once at the end.

A row of a long multistatus costs one formatting this way; an element tree costs a hundred times that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from protocols.caldav.names import PREFIXES, split

CONTENT_TYPE = ("Content-Type", "application/xml; charset=utf-8")
STATUS_LINES = {
    200: "HTTP/1.1 200 OK",
    201: "HTTP/1.1 201 Created",
    204: "HTTP/1.1 204 No Content",
    403: "HTTP/1.1 403 Forbidden",
    404: "HTTP/1.1 404 Not Found",
    409: "HTTP/1.1 409 Conflict",
    412: "HTTP/1.1 412 Precondition Failed",
    424: "HTTP/1.1 424 Failed Dependency",
    507: "HTTP/1.1 507 Insufficient Storage",
}

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_NAMESPACES = "".join(f' xmlns:{prefix}="{namespace}"' for namespace, prefix in PREFIXES.items())
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Return text as XML character data or attribute value; characters XML 1.0 cannot carry are dropped."""
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub("", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


@lru_cache(maxsize=1024)
def tags(name: str) -> tuple[str, str, str]:
    """Return the opening, closing and empty tag of a Clark name, declaring its namespace if it is not a known one."""
    namespace, local = split(name)
    prefix = PREFIXES.get(namespace)
    if prefix is not None:
        return f"<{prefix}:{local}>", f"</{prefix}:{local}>", f"<{prefix}:{local}/>"
    if not namespace:
        return f"<{local}>", f"</{local}>", f"<{local}/>"
    declared = f'x:{local} xmlns:x="{escape(namespace)}"'
    return f"<{declared}>", f"</x:{local}>", f"<{declared}/>"


def element(name: str, inner: str = "") -> str:
    """Return an element around XML that is already escaped."""
    opening, closing, empty = tags(name)
    return f"{opening}{inner}{closing}" if inner else empty


def href(path: str) -> str:
    """Return a DAV:href of a path that is already percent-encoded."""
    return f"<D:href>{escape(path)}</D:href>"


def propstat(status: int, properties: str, error: str = "") -> str:
    """Return a DAV:propstat of properties that share a status, with the precondition they broke, if any."""
    reason = f"<D:error>{error}</D:error>" if error else ""
    line = STATUS_LINES[status]
    return f"<D:propstat><D:prop>{properties}</D:prop><D:status>{line}</D:status>{reason}</D:propstat>"


def response(path: str, *propstats: str) -> str:
    """Return a DAV:response made of propstats."""
    return f"<D:response>{href(path)}{''.join(propstats)}</D:response>"


def status_response(path: str, status: int, error: str = "") -> str:
    """Return a DAV:response that is only a status, as for what is gone (RFC 6578, 3.5)."""
    reason = f"<D:error>{error}</D:error>" if error else ""
    return f"<D:response>{href(path)}<D:status>{STATUS_LINES[status]}</D:status>{reason}</D:response>"


def response_of(path: str, status: int, description: str, error: str = "") -> str:
    """Return a DAV:response that is a status with words for people (RFC 4918, 14.24)."""
    reason = f"<D:error>{error}</D:error>" if error else ""
    words = f"<D:responsedescription>{escape(description)}</D:responsedescription>"
    return f"<D:response>{href(path)}<D:status>{STATUS_LINES[status]}</D:status>{reason}{words}</D:response>"


def document(name: str, inner: str) -> bytes:
    """Return a whole document whose root declares the known namespaces."""
    opening, closing, _ = tags(name)
    return f"{_DECLARATION}{opening[:-1]}{_NAMESPACES}>{inner}{closing}".encode()


def multistatus(responses: Iterable[str], tail: str = "") -> bytes:
    """Return a DAV:multistatus; `tail` is what follows the responses, such as a sync-token."""
    return document("{DAV:}multistatus", "".join(responses) + tail)


def error_document(precondition: str, inner: str = "", reason: str = "") -> bytes:
    """Return a DAV:error with a precondition element (RFC 4918, 16) and, for people, the reason in a comment."""
    comment = f"<!-- {re.sub('-(?=-)', '- ', escape(reason)).rstrip('-')} -->" if reason else ""
    return document("{DAV:}error", (element(precondition, inner) if precondition else "") + comment)


def empty_elements(names: Sequence[str]) -> str:
    """Return names as empty elements."""
    return "".join(tags(name)[2] for name in names)
