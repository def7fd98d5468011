"""What a secret link shows: `/feeds/<token>.ics` and `/freebusy/<token>.ifb`, read by anybody who has the address.

Whatever leads nowhere is the same 404, whether the token never was, was revoked, or is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from protocols.feeds.busy import busy_times
from protocols.feeds.events import events
from protocols.feeds.shown import Asked, Unfit
from protocols.wire import Response
from storage.errors import NotFound
from storage.links import school_of
from storage.transaction import Transaction

__all__ = ["PREFIXES", "Asked", "about", "handle", "school", "shown_path"]

PREFIXES: Final = ("/feeds/", "/freebusy/")
_PATH: Final = re.compile(r"/(feeds|freebusy)/([A-Za-z0-9_-]{1,64})\.(ics|ifb)", re.ASCII)
_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_PLAIN: Final = ("Content-Type", "text/plain; charset=utf-8")

_KINDS: Final[Mapping[tuple[str, str], Callable[..., Response]]] = {
    ("feeds", "ics"): events,
    ("freebusy", "ifb"): busy_times,
}


@dataclass(frozen=True, slots=True)
class _Address:
    answer: Callable[..., Response]
    token: str


def about(path: str) -> bool:
    """Tell whether a path is an address of secret links."""
    return path.startswith(PREFIXES)


def shown_path(path: str) -> str:
    """Return a path as a log may show it: without the secret, which is all that somebody needs to read a calendar."""
    if not about(path):
        return path
    return f"{next(each for each in PREFIXES if path.startswith(each))}…"


def _address(path: str) -> _Address | None:
    found = _PATH.fullmatch(path)
    answer = _KINDS.get((found[1], found[3])) if found else None
    return _Address(answer, found[2]) if found and answer else None


def school(path: str) -> int | None:
    """Return the school whose link a path may be, None when it cannot be any."""
    address = _address(path)
    return None if address is None else school_of(address.token)


def handle(asked: Asked, tx: Transaction | None) -> Response:
    """Answer a request in a transaction on the school that `school` told, None when it told none."""
    if asked.method not in _METHODS:
        return Response(405, (("Allow", ", ".join(_METHODS)), _PLAIN), b"405 Method Not Allowed\n")
    address = _address(asked.path)
    if asked.method == "OPTIONS":
        return Response(204, (("Allow", ", ".join(_METHODS)),))
    if address is None or tx is None:
        return _nothing()
    try:
        link, collection = tx.links.opened(address.token)
    except NotFound:
        return _nothing()
    try:
        return address.answer(asked, tx, link, collection)
    except Unfit as error:
        return Response(400, (_PLAIN,), f"400 {error}\n".encode())


def _nothing() -> Response:
    return Response(404, (_PLAIN,), b"404 Not Found\n")
