"""The access log: one line for each request, written by hand because the hottest answers cost little more than it.

The lines of one turn of the reactor are written together: an import wakes thousands of phones in a few turns. Never
more at once than a pipe takes whole, so that processes that share one do not write into each other's lines.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final, TextIO

_EVENT: Final = "request"
# PIPE_BUF of POSIX systems, above which a write may be torn.
_AT_ONCE: Final = 4096


class AccessLog:
    """Writes a line for each answered request; never bodies, credentials, tokens or query strings."""

    def __init__(
        self,
        stream: TextIO,
        later: Callable[[Callable[[], object]], object],
        *,
        as_json: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Write to a stream, as JSON or as lines for people; `clock` tells epoch seconds.

        `later` calls what it is given once this turn of the reactor is over.
        """
        self._stream = stream
        self._later = later
        self._lines: list[str] = []
        self._as_json = as_json
        self._clock = clock
        self._second = 0
        self._date = ""

    def tell(self, method: str, path: str, status: int, octets: int, ms: float, address: str) -> None:
        """Note one line; `octets` of body were sent after `ms` milliseconds."""
        if self._as_json:
            values = {"method": method, "path": path, "status": status, "octets": octets, "ms": ms, "address": address}
            line = json.dumps({**values, "event": _EVENT, "level": "info", "timestamp": self._now()})
        else:
            shown = path if path.isprintable() and " " not in path else ascii(path)
            line = (
                f"{self._now()} [info     ] {_EVENT} {status} {method} {shown} "
                f"octets={octets} ms={ms} address={address or '-'}"
            )
        if not self._lines:
            self._later(self.write)
        self._lines.append(line + "\n")

    def write(self) -> None:
        """Write the lines noted since the last time."""
        lines, self._lines = self._lines, []
        run: list[str] = []
        octets = 0
        for line in lines:
            length = len(line.encode("utf-8", "replace"))
            if run and octets + length > _AT_ONCE:
                self._put(run)
                run, octets = [], 0
            run.append(line)
            octets += length
        if run:
            self._put(run)

    def _put(self, lines: list[str]) -> None:
        self._stream.write("".join(lines))
        self._stream.flush()

    def _now(self) -> str:
        """Return the time in UTC (ISO 8601), whose seconds are worded once."""
        second, part = divmod(self._clock(), 1)
        if second != self._second:
            self._second = int(second)
            self._date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._date}.{int(part * 1_000_000):06d}Z"
