"""What the answers of secret links share: the request, its conditions, the headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocols.wire import Response

PRODUCT: Final = "-//Cadran//Feeds//EN"
# What is read with a secret is for nobody's cache but the reader's own, and for no search engine.
_FIXED: Final = (("Cache-Control", "private, no-cache"), ("X-Robots-Tag", "noindex, nofollow"))


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody who shows no credentials; `headers` by lower-case name, `query` raw, without "?"."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


class Unfit(ValueError):
    """A query that cannot be answered; its text says why."""


def headers(etag: str) -> tuple[tuple[str, str], ...]:
    """Return the headers of every answer with content; the tag is weak, for one file is sent compressed and plain."""
    return ("ETag", f'W/"{etag}"'), *_FIXED


def known(asked: Asked, etag: str) -> Response | None:
    """Return 304 when the reader has this state already (RFC 9110, 13.1.2)."""
    tags = [part.strip().removeprefix("W/") for part in asked.headers.get("if-none-match", "").split(",")]
    return Response(304, headers(etag)) if f'"{etag}"' in tags or "*" in tags else None
