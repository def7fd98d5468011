"""What the server hands to a protocol and gets back: a request, a response, or a request to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storage.model import Principal, Watch


@dataclass(frozen=True, slots=True)
class Request:
    """One authenticated HTTP request, wholly read.

    `path` is as on the wire (percent-encoded, without the query); header names are lower case; `base` is scheme and
    authority such as "https://cadran.example"; `query` is raw, without "?"; `mails` tells whether the server has a mail
    server to give letters to.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    principal: Principal
    base: str
    mails: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, wholly built."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Park:
    """Ask to wait without a thread until something watched moves, or for `seconds`.

    `since` is the school's clock the decision was taken at: what moved after it counts. On a move the server answers
    `wake(moved)`, or, when `wake` is None or returns None, handles the request again in a fresh transaction (keeping
    the first deadline). When time runs out, or the server stops, it answers `expired`. A newer request with the same
    `device` (school, person, device) ends an older one with `expired`.
    """

    watch: frozenset[Watch]
    since: int
    seconds: float
    expired: Response
    device: tuple[int, int, str]
    wake: Callable[[frozenset[Watch]], Response | None] | None = None
