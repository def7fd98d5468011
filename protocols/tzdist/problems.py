"""How requests are refused: problem details with the names of RFC 7808, 6.1."""

from __future__ import annotations

import json
from typing import Final

from protocols.wire import Response

_TYPE: Final = "urn:ietf:params:tzdist:error:"
_TITLES: Final = {
    "invalid-action": (400, "The request is none of the actions of this service"),
    "invalid-changedsince": (400, "The changedsince parameter is no synctoken of this service"),
    "tzid-not-found": (404, "There is no such time zone here"),
    "invalid-format": (406, "Time zones come as text/calendar or application/calendar+json"),
    "invalid-start": (400, "The start parameter is no UTC time that can be used"),
    "invalid-end": (400, "The end parameter is no UTC time that can be used"),
    "invalid-pattern": (400, "The pattern parameter is no pattern"),
}


class Problem(Exception):
    """A request that is refused; `name` is one of the errors of RFC 7808, 6.1."""

    def __init__(self, name: str) -> None:
        """Keep the error's name."""
        super().__init__(name)
        self.name = name


def answer(problem: Problem) -> Response:
    """Return the refusal."""
    status, title = _TITLES[problem.name]
    body = json.dumps({"type": _TYPE + problem.name, "title": title, "status": status}).encode()
    return Response(status, (("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")), body)


def wrong_method() -> Response:
    """Return the refusal of a method that reads nothing."""
    return Response(405, (("Allow", "GET, HEAD"), ("Content-Type", "text/plain; charset=utf-8")), b"GET or HEAD\n")
