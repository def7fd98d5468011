"""Answers on the wire: plain refusals, compression and the head of a response."""

from __future__ import annotations

import math
import time
import zlib
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from protocols.wire import Response

COMPRESS_FROM: Final = 1024
GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
# Level 1: most of the gain for a fifth of the time; a first listing is megabytes.
GZIP_LEVEL: Final = 1
REALM: Final = 'Basic realm="Cadran", charset="UTF-8"'

_ALREADY_SMALL: Final = ("image/", "application/zip", "application/pdf", "application/gzip")
_ALWAYS: Final = (
    b"Server: Cadran\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
)
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus} | {449: "Retry After Provisioning"}
_NO_BODY: Final = frozenset({204, 304})
_LINE_BREAKS: Final = {ord("\r"): None, ord("\n"): None, 0: None}


def plain(status: int, *headers: tuple[str, str]) -> Response:
    """Return an answer that says its status in words and nothing else."""
    text = f"{status} {_REASONS.get(status, 'Error')}\n".encode()
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"), *headers), text)


def challenge(*headers: tuple[str, str]) -> Response:
    """Return the answer that asks for a login and a password (RFC 7617), with more headers if there are any."""
    return plain(401, ("WWW-Authenticate", REALM), *headers)


def slow_down(seconds: float) -> Response:
    """Return the answer to somebody who guesses passwords."""
    return plain(429, ("Retry-After", str(max(1, math.ceil(seconds)))))


def redirect(location: str) -> Response:
    """Return a permanent redirection to an absolute address."""
    return plain(301, ("Location", location))


def compressed(response: Response, accepted: str) -> Response:
    """Return an answer gzipped when the client takes gzip and it is worth it.

    What has a strong entity tag stays as it is: that tag is of these octets (RFC 9110, 8.8.3.3), and CalDAV clients
    send it back in If-Match.
    """
    if len(response.body) <= COMPRESS_FROM or any(_keeps_form(*each) for each in response.headers):
        return response
    varying = replace(response, headers=(*response.headers, ("Vary", "Accept-Encoding")))
    return _packed(varying) if _accepts_gzip(accepted) else varying


def _keeps_form(name: str, value: str) -> bool:
    match name.lower():
        case "content-encoding":
            return True
        case "content-type":
            return value.startswith(_ALREADY_SMALL)
        case "etag":
            return not value.startswith("W/")
    return False


def _packed(response: Response) -> Response:
    machine = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    body = machine.compress(response.body) + machine.flush()
    headers = tuple(pair for pair in response.headers if pair[0].lower() != "content-length")
    return replace(response, headers=(*headers, ("Content-Encoding", "gzip")), body=body)


def head(response: Response, *, close: bool) -> bytes:
    """Return the status line and the headers of an answer, up to and with the empty line."""
    fixed, dated = _fixed_head(response.status, response.headers, len(response.body), close)
    return b"".join((fixed, b"" if dated else _DATE.line(), _ALWAYS, b"\r\n"))


# Thousands of phones are woken with the same few answers.
@lru_cache(1024)
def _fixed_head(status: int, headers: tuple[tuple[str, str], ...], length: int, close: bool) -> tuple[bytes, bool]:
    """Return the part of a head that does not depend on the time, and whether it has a Date of its own."""
    names = {name.lower() for name, _ in headers}
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\n"]
    lines += [f"{name.translate(_LINE_BREAKS)}: {value.translate(_LINE_BREAKS)}\r\n" for name, value in headers]
    if "content-length" not in names and status not in _NO_BODY:
        lines.append(f"Content-Length: {length}\r\n")
    if "cache-control" not in names:
        lines.append("Cache-Control: private, no-cache\r\n")
    if close:
        lines.append("Connection: close\r\n")
    return "".join(lines).encode("utf-8"), "date" in names


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() in {"gzip", "x-gzip"}:
            return weight.replace(" ", "").rstrip("0").rstrip(".") != "q="
    return False


class _Date:
    """The Date header, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._line = b""

    def line(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
            self._second = second
        return self._line


_DATE: Final = _Date()
