"""Waking parked requests: one look at the clocks of the schools, then exactly those that watch what moved.

The look is taken in a thread, by polling, and only while somebody waits; sooner than its time where a glance at the
database can tell that something was committed. Requests are woken in the reactor, a slice at a time, so that ten
thousand phones neither queue for threads nor hold up other requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import structlog

from server.parking import Clock, Lot, Parked, Timer
from storage.model import Watch
from storage.store import Store

INTERVAL: Final = 0.25
GLANCE_INTERVAL: Final = 0.05
# Where glances tell of every commit, a look that finds nothing new is taken all the same, this seldom.
PRECAUTION: Final = 5.0
SLICE: Final = 200

_log = structlog.get_logger("watcher")

Bases = Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look found in one school: its clock, and by each number asked about what moved since."""

    head: int
    moved: Mapping[int, frozenset[Watch]]


Sights = Mapping[int, Sight]
Look = Callable[[Bases, Callable[[Sights | None], None]], None]


def look(store: Store, bases: Bases) -> dict[int, Sight]:
    """Return what moved in each school since each number asked about; one query when nothing did."""
    clocks = store.directory.clocks()
    return {
        school_id: _look_closer(store, school_id, asked)
        if any(base < clocks[school_id] for base in asked)
        else Sight(clocks[school_id], {})
        for school_id, asked in bases.items()
        if school_id in clocks
    }


def _look_closer(store: Store, school_id: int, asked: frozenset[int]) -> Sight:
    with store.reading(school_id) as tx:
        head = tx.changes.clock()
        return Sight(head, {base: tx.changes.moved_since(base).watches for base in asked if base < head})


class Watcher:
    """Looks while somebody waits and wakes those concerned; used from the reactor's thread only."""

    def __init__(
        self,
        lot: Lot,
        look: Look,
        stirred: Callable[[], bool | None] | None = None,
        *,
        interval: float = INTERVAL,
        window: float = 0.0,
    ) -> None:
        """Watch for a lot; `look(bases, done)` calls `done` later in the reactor's thread, with None when it failed.

        `stirred`, where there is one, tells at next to no cost whether anything was committed since it was last asked,
        None when it cannot tell.
        `window` is how long to gather changes after the first one before waking anybody, in seconds.
        """
        self._lot = lot
        self._clock: Clock = lot.clock
        self._look = look
        self._stirred = stirred
        self._interval = interval
        self._window = window
        self._looked_at = 0.0
        self._failed = False
        self._seen: dict[int, int] = {}
        self._looking = False
        self._again = False
        self._stopped = False
        self._timer: Timer | None = None
        self._waking = False
        self._queue: dict[Parked, frozenset[Watch]] = {}

    def admit(self, parked: Parked) -> None:
        """Let a request wait; what moved after its `since` is never lost, even if it was already looked at."""
        self._lot.admit(parked)
        if self._stopped or not self._lot.waiting(parked):
            return
        if parked.park.since < self._seen.get(parked.school_id, 0):
            self._tick()
        elif self._timer is None and not self._looking:
            self._rest()

    def stop(self) -> None:
        """Stop looking and answer everybody `expired`."""
        self._stopped = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self._queue.clear()
        self._lot.close()

    def _rest(self) -> None:
        """Look again when the interval is over; where there are glances, when one shows something or a look is owed."""
        if self._stirred is None:
            self._timer = self._clock.callLater(self._interval, self._tick)
        else:
            self._timer = self._clock.callLater(GLANCE_INTERVAL, self._glance, self._stirred)

    def _glance(self, stirred: Callable[[], bool | None]) -> None:
        self._timer = None
        try:
            told = stirred()
        except Exception:
            # Said once: without glances every look is taken in its time.
            _log.exception("glance failed")
            self._stirred = told = None
        # What cannot be read is not asked for more often than without glances.
        owed = told is None or self._failed or self._lot.unsettled
        due = self._looked_at + (self._interval if owed else PRECAUTION)
        if (told and not self._failed) or self._clock.seconds() >= due:
            self._tick()
        else:
            self._rest()

    def _tick(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        if self._looking:
            self._again = True
            return
        arrivals = {school_id: self._lot.fresh(school_id) for school_id in self._lot.schools()}
        self._seen = {school_id: seen for school_id, seen in self._seen.items() if school_id in arrivals}
        if not arrivals or self._stopped:
            return
        self._looking = True
        self._looked_at = self._clock.seconds()
        self._look(
            {school_id: self._bases(school_id, fresh) for school_id, fresh in arrivals.items()},
            lambda sights: self._looked(arrivals, sights),
        )

    def _bases(self, school_id: int, fresh: Iterable[Parked]) -> frozenset[int]:
        seen = self._seen.get(school_id)
        known = frozenset() if seen is None else frozenset((seen,))
        return known | {parked.park.since for parked in fresh}

    def _looked(self, arrivals: Mapping[int, tuple[Parked, ...]], sights: Sights | None) -> None:
        self._looking = False
        self._failed = sights is None
        if self._stopped:
            return
        woken = False
        for school_id, sight in (sights or {}).items():
            woken |= self._gather(school_id, arrivals.get(school_id, ()), sight)
        if woken and not self._waking:
            self._waking = True
            self._clock.callLater(self._window, self._wake)
        if self._again:
            self._again = False
            self._tick()
        elif self._timer is None and len(self._lot):
            self._rest()

    def _gather(self, school_id: int, fresh: tuple[Parked, ...], sight: Sight) -> bool:
        """Queue the requests of a school that something moved for; the other fresh ones are now up to date."""
        moved = sight.moved.get(self._seen.get(school_id, sight.head), frozenset())
        for parked, watches in self._lot.concerned(school_id, moved).items():
            self._enqueue(parked, frozenset(watches))
        for since, group in groupby(sorted(fresh, key=_since), key=_since):
            self._meet(tuple(group), sight.moved.get(since, frozenset()))
        self._seen[school_id] = sight.head
        return bool(self._queue)

    def _meet(self, arrivals: tuple[Parked, ...], moved: frozenset[Watch]) -> None:
        for parked in arrivals:
            watches = parked.park.watch & moved
            if watches:
                self._enqueue(parked, watches)
        self._lot.settle(arrivals)

    def _enqueue(self, parked: Parked, watches: frozenset[Watch]) -> None:
        self._queue[parked] = self._queue.get(parked, frozenset()) | watches

    def _wake(self) -> None:
        for _ in range(min(SLICE, len(self._queue))):
            parked, watches = self._queue.popitem()
            if self._lot.leave(parked):
                self._rouse(parked, watches)
        self._waking = bool(self._queue)
        if self._waking:
            self._clock.callLater(0, self._wake)

    def _rouse(self, parked: Parked, watches: frozenset[Watch]) -> None:
        """Answer one request; an error of its own `wake` must not keep the others asleep."""
        try:
            response = parked.park.wake(watches) if parked.park.wake is not None else None
        except Exception:
            _log.exception("wake failed", device=parked.park.device[2])
            response = None
        if response is not None:
            parked.answer(response)
            return
        parked.again(max(0.0, parked.deadline - self._clock.seconds()))


def _since(parked: Parked) -> int:
    return parked.park.since


def look_in_thread(
    store: Store, run: Callable[[Callable[[], dict[int, Sight]], Callable[[bool, object], None]], None]
) -> Look:
    """Return a `Look` that asks in a thread; `run(work, done)` calls `done(succeeded, result)` in the reactor."""

    def asked(bases: Bases, done: Callable[[Sights | None], None]) -> None:
        def finished(succeeded: bool, result: object) -> None:
            if not succeeded or not isinstance(result, dict):
                _log.error("clocks cannot be read", error=str(result))
                done(None)
                return
            done(result)

        run(lambda: look(store, bases), finished)

    return asked
