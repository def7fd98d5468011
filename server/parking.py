"""Requests that wait without a thread: who waits for what, until when, and for which device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from protocols.wire import Park, Response
from storage.model import Watch

Device = tuple[int, int, str]


class Timer(Protocol):
    """A call to come that can be called off (Twisted's IDelayedCall)."""

    def active(self) -> bool:
        """Tell whether the call is still to come."""

    def cancel(self) -> None:
        """Call it off."""


class Clock(Protocol):
    """The part of the reactor that tells and keeps time (Twisted's IReactorTime)."""

    def seconds(self) -> float:
        """Return the time in seconds."""

    def callLater(self, delay: float, callable: Callable[..., object], *args: object) -> Timer:
        """Call something after `delay` seconds."""


@dataclass(slots=True, eq=False)
class Parked:
    """One waiting request: `answer` ends it, `again` handles it anew with the seconds it has left."""

    park: Park
    deadline: float
    answer: Callable[[Response], object]
    again: Callable[[float], object]
    timer: Timer | None = None

    @property
    def school_id(self) -> int:
        """Return the school whose clock it waits for."""
        return self.park.device[0]


class Lot:
    """Every parked request of this process; used from the reactor's thread only.

    A request is *fresh* until the watcher has looked past its `since`; then it stands in the index by what it watches.
    """

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self.clock = clock
        self._closed = False
        self._devices: dict[Device, Parked] = {}
        self._fresh: dict[int, set[Parked]] = {}
        self._index: dict[int, dict[Watch, set[Parked]]] = {}

    def __len__(self) -> int:
        """Return how many requests wait."""
        return len(self._devices)

    def admit(self, parked: Parked) -> None:
        """Let a request wait; an older one of the same device is answered `expired`, as is this one when closed."""
        if self._closed or parked.deadline <= self.clock.seconds():
            parked.answer(parked.park.expired)
            return
        older = self._devices.get(parked.park.device)
        if older is not None:
            self.expire(older)
        self._devices[parked.park.device] = parked
        self._fresh.setdefault(parked.school_id, set()).add(parked)
        parked.timer = self.clock.callLater(parked.deadline - self.clock.seconds(), self.expire, parked)

    def expire(self, parked: Parked) -> None:
        """End a waiting request with its `expired` answer; one that no longer waits is left alone."""
        if self.leave(parked):
            parked.answer(parked.park.expired)

    def leave(self, parked: Parked) -> bool:
        """Forget a request, telling whether it was waiting."""
        if self._devices.get(parked.park.device) is not parked:
            return False
        del self._devices[parked.park.device]
        if parked.timer is not None and parked.timer.active():
            parked.timer.cancel()
        parked.timer = None
        fresh = self._fresh.get(parked.school_id)
        if fresh is not None and parked in fresh:
            fresh.discard(parked)
            if not fresh:
                del self._fresh[parked.school_id]
            return True
        self._unindex(parked)
        return True

    @property
    def unsettled(self) -> bool:
        """Tell whether somebody waits whom the watcher has not looked at."""
        return bool(self._fresh)

    def schools(self) -> tuple[int, ...]:
        """Return the schools somebody waits in."""
        return tuple(self._fresh.keys() | self._index.keys())

    def fresh(self, school_id: int) -> tuple[Parked, ...]:
        """Return the requests of a school that the watcher has not looked at."""
        return tuple(self._fresh.get(school_id, ()))

    def settle(self, arrivals: Iterable[Parked]) -> None:
        """Put fresh requests into the index: nothing they watch moved up to what the watcher saw."""
        for parked in arrivals:
            fresh = self._fresh.get(parked.school_id)
            if fresh is None or parked not in fresh:
                continue
            fresh.discard(parked)
            if not fresh:
                del self._fresh[parked.school_id]
            index = self._index.setdefault(parked.school_id, {})
            for watch in parked.park.watch:
                index.setdefault(watch, set()).add(parked)

    def concerned(self, school_id: int, moved: frozenset[Watch]) -> dict[Parked, set[Watch]]:
        """Return the indexed requests of a school that watch something moved, and what of it."""
        index = self._index.get(school_id, {})
        found: dict[Parked, set[Watch]] = {}
        for watch in moved & index.keys() if len(moved) < len(index) else index.keys() & moved:
            for parked in index[watch]:
                found.setdefault(parked, set()).add(watch)
        return found

    def waiting(self, parked: Parked) -> bool:
        """Tell whether a request still waits."""
        return self._devices.get(parked.park.device) is parked

    def close(self) -> None:
        """Answer every waiting request `expired`, and every later one at once."""
        self._closed = True
        for parked in tuple(self._devices.values()):
            self.expire(parked)

    def __iter__(self) -> Iterator[Parked]:
        """Go through the waiting requests."""
        return iter(tuple(self._devices.values()))

    def _unindex(self, parked: Parked) -> None:
        index = self._index.get(parked.school_id)
        if index is None:
            return
        for watch in parked.park.watch:
            waiting = index.get(watch)
            if waiting is None:
                continue
            waiting.discard(parked)
            if not waiting:
                del index[watch]
        if not index:
            del self._index[parked.school_id]
