"""Errors of the server itself, answered as plain HTTP."""

from __future__ import annotations


class Refused(Exception):
    """The request cannot be given to a protocol; answered with `status` and `headers`."""

    def __init__(self, status: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Keep the status and the headers that go with it."""
        super().__init__(status)
        self.status = status
        self.headers = headers
