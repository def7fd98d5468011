"""A request before anybody is known to have sent it: headers, body, its sender's address and the one it was sent to."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from protocols.wire import Request
from server.config import Network
from server.errors import Refused
from storage.model import Principal

_ABOVE_ASCII: Final = re.compile(rb"[\x80-\xff]")
_HOST: Final = re.compile(r"[A-Za-z0-9._\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP request, wholly read; `path`, `query`, `headers` and `base` are as in `protocols.wire.Request`."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str
    address: str

    def of(self, principal: Principal, *, mails: bool = False) -> Request:
        """Return the request as its protocol gets it."""
        return Request(self.method, self.path, self.query, self.headers, self.body, principal, self.base, mails)


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection and this end of it, as the transport sees them."""

    address: str
    secure: bool
    host: str


def lower_headers(raw: Iterable[tuple[bytes, Sequence[bytes]]]) -> dict[str, str]:
    """Return headers by lower-case name; repeated ones are joined by a comma (RFC 9110, 5.3)."""
    return {
        name.decode("latin-1").lower(): (values[0] if len(values) == 1 else b", ".join(values)).decode("latin-1")
        for name, values in raw
    }


def split_target(target: bytes) -> tuple[str, str]:
    """Return path and query of a request target, of which the absolute form is allowed (RFC 9112, 3.2.2).

    Bytes above ASCII, which a target should not have, stand for their triples.
    """
    text = _ABOVE_ASCII.sub(lambda found: b"%%%02X" % found[0][0], target).decode("ascii")
    if not text.startswith("/") and "://" in text:
        text = "/" + text.partition("://")[2].partition("/")[2]
    path, _, query = text.partition("?")
    return path, query


def believed(peer: Peer, headers: Mapping[str, str], proxies: tuple[Network, ...], public_url: str) -> tuple[str, str]:
    """Return where a request comes from and the scheme and authority it was sent to.

    `X-Forwarded-*` count only from a trusted proxy; the sender is the last address of the chain that is none.
    """
    trusted = _is_proxy(peer.address, proxies)
    forwarded = headers.get("x-forwarded-for", "") if trusted else ""
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    sender = next((hop for hop in reversed(chain) if not _is_proxy(hop, proxies)), chain[0] if chain else peer.address)
    if public_url:
        return sender, public_url
    scheme = headers.get("x-forwarded-proto", "") if trusted else ""
    host = (headers.get("x-forwarded-host", "") if trusted else "") or headers.get("host", "")
    if scheme not in {"http", "https"}:
        scheme = "https" if peer.secure else "http"
    return sender, f"{scheme}://{host if _HOST.fullmatch(host) else peer.host}"


def inflated(incoming: Incoming, limit: int) -> Incoming:
    """Return a request with its body as it was before `Content-Encoding: gzip`; others come back as they are.

    Raises Refused: 415 for another coding, 400 for broken data, 413 beyond `limit` octets (a bomb stops there).
    """
    coding = incoming.headers.get("content-encoding", "").strip().lower()
    if coding in {"", "identity"}:
        return incoming
    if coding not in {"gzip", "x-gzip"}:
        raise Refused(415, (("Accept-Encoding", "gzip"),))
    machine = zlib.decompressobj(GZIP_WINDOW)
    try:
        body = machine.decompress(incoming.body, limit + 1)
    except zlib.error as error:
        raise Refused(400) from error
    if len(body) > limit:
        raise Refused(413)
    if not machine.eof:
        raise Refused(400)
    return replace(incoming, body=body)


@lru_cache(4096)
def _is_proxy(address: str, proxies: tuple[Network, ...]) -> bool:
    # A peer without an address came through a local socket: whoever may open the file is trusted.
    if not address:
        return True
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in proxies if network.version == known.version)
