"""Slowing down those who guess passwords: an exponential pause by account and by address, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Final, Literal

Kind = Literal["account", "address"]
CAPACITY: Final = 20_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Failures allowed before the first pause, the pauses' bounds and how long failures are remembered (seconds)."""

    account: int = 5
    address: int = 50
    first: float = 1.0
    longest: float = 300.0
    remembered: float = 3600.0


@dataclass(slots=True)
class _Record:
    failures: int
    last: float
    digest: bytes


class Throttle:
    """Failed logins of this process by account and address; safe to call from any thread."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic, capacity: int = CAPACITY) -> None:
        """Start with nothing remembered; `capacity` bounds the number of accounts plus addresses kept."""
        self._limits = limits
        self._clock = clock
        self._capacity = capacity
        self._records: OrderedDict[tuple[Kind, str], _Record] = OrderedDict()
        self._lock = Lock()

    def pause(self, account: str, address: str) -> float:
        """Return for how many seconds this account or address has still to wait, 0 when it may try."""
        with self._lock:
            return max(self._wait("account", account), self._wait("address", address))

    def failed(self, account: str, address: str, digest: bytes) -> None:
        """Count a failed login.

        The same wrong password again (`digest`) is not a new guess at the account: a phone that still holds the old
        password must not lock its owner's other devices out. It does count against the address.
        """
        with self._lock:
            self._count("account", account, digest, repeated=False)
            self._count("address", address, digest, repeated=True)

    def succeeded(self, account: str) -> None:
        """Forget the failures of an account, not those of the address it came from."""
        with self._lock:
            self._records.pop(("account", account), None)

    def __len__(self) -> int:
        """Return how many accounts and addresses are remembered."""
        return len(self._records)

    def _wait(self, kind: Kind, name: str) -> float:
        record = self._records.get((kind, name))
        allowed = self._limits.account if kind == "account" else self._limits.address
        if record is None or record.failures < allowed:
            return 0.0
        pause = min(self._limits.longest, self._limits.first * 2.0 ** min(record.failures - allowed, 30))
        return max(0.0, record.last + pause - self._clock())

    def _count(self, kind: Kind, name: str, digest: bytes, *, repeated: bool) -> None:
        now = self._clock()
        record = self._records.get((kind, name))
        if record is None or now - record.last > self._limits.remembered:
            record = _Record(0, now, b"")
        if repeated or record.digest != digest:
            record.failures += 1
            record.last = now
        record.digest = digest
        self._records[kind, name] = record
        self._records.move_to_end((kind, name))
        while len(self._records) > self._capacity:
            self._records.popitem(last=False)
