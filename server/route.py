"""What the server knows of a protocol: how it handles a request and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from protocols.wire import Park, Request, Response
from server.incoming import Incoming
from server.scanning import Verdict
from storage.transaction import Transaction

SMALL: Final = 1024 * 1024


def _never(_incoming: Incoming) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Files:
    """How a protocol takes files that others will open: which requests bring one, and how each finding is told."""

    carried: Callable[[Request], bool]
    refusals: Mapping[Verdict, Callable[[Request], Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One protocol: how it handles a request, whether it will write, and the methods whose bodies may be large.

    With `atomic`, what was written before an answer of 400 or more is undone. The contents of `files` are looked at
    before any transaction begins. `advertised` are headers that tell what is served here to those who have not said yet
    who they are. With `secret`, the path itself says who asks. `most` is what a large body may have in octets, 0 for
    what the configuration says. `device` names the device that sends a request of this query and these headers, "" for
    none: its requests are paced. A `light` request reads a few rows, whatever the calendar holds.
    """

    name: str
    handle: Callable[[Request, Transaction], Response | Park]
    writes: Callable[[Request], bool]
    large: frozenset[str]
    atomic: bool = False
    files: Files | None = None
    advertised: Callable[[], tuple[tuple[str, str], ...]] = tuple
    secret: bool = False
    most: int = 0
    device: Callable[[str, Mapping[str, str]], str] | None = None
    light: Callable[[Incoming], bool] = _never

    def limit(self, method: str, largest: int) -> int:
        """Return how many octets a request body of this method may have."""
        if method in self.large:
            return self.most or largest
        return min(largest or SMALL, SMALL)
