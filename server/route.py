"""What the server knows of a protocol: how it handles a request and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from protocols.wire import Park, Request, Response
from storage.transaction import Transaction

SMALL: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Route:
    """One protocol: how it handles a request, whether it will write, and the methods whose bodies may be large.

    With `atomic`, what was written before an answer of 400 or more is undone. `device` names the device that sends a
    request of this query and these headers, "" for none: its requests are paced.
    """

    name: str
    handle: Callable[[Request, Transaction], Response | Park]
    writes: Callable[[Request], bool]
    large: frozenset[str]
    atomic: bool = False
    device: Callable[[str, Mapping[str, str]], str] | None = None

    def limit(self, method: str, largest: int) -> int:
        """Return how many octets a request body of this method may have."""
        return largest if method in self.large else min(largest, SMALL)
