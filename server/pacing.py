"""A cap on how often one device may ask: phones in a tight loop are told to come back later (RFC 9110, 10.2.3).

Counted in each process for itself: a phone keeps its connection, so that another process sees it only when it begins
anew. An honest phone that loads a large calendar in small pieces stays far below the cap, and a request that comes
again because its answer was lost counts like any other.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from threading import Lock
from typing import Final

KEPT: Final = 50_000

Device = tuple[str, str]


class Pace:
    """How many requests each device has left; may be asked from any thread."""

    def __init__(self, rate: float, burst: int) -> None:
        """Allow `burst` requests at once, and `rate` a second in the long run; a rate of 0 allows everything."""
        self._rate = rate
        self._burst = burst
        self._lock = Lock()
        self._left: OrderedDict[Device, tuple[float, float]] = OrderedDict()

    def pause(self, device: Device, now: float) -> int:
        """Count a request of (account, device id) and return the seconds it has to wait, 0 when it is welcome.

        `now` is a monotonic time in seconds. What is asked too early does not make the wait longer.
        """
        if not self._rate:
            return 0
        with self._lock:
            left, since = self._left.pop(device, (float(self._burst), now))
            left = min(self._burst, left + (now - since) * self._rate)
            welcome = left >= 1
            self._left[device] = (left - 1 if welcome else left, now)
            while len(self._left) > KEPT:
                self._left.popitem(last=False)
        # Whoever has used everything up is given time for a tenth of it to come back.
        return 0 if welcome else max(1, math.ceil((self._burst / 10 - left) / self._rate))
