"""Automatic imports at work: in threads of their own, the oldest deposit first, a bounded number on the whole server.

Every process looks; a school's turn and the places for imports are held in the database, so that no two of them carry
out the same run and what a killed process held is free again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final

import structlog

from importers import automatic
from importers.errors import ImportRefused, Interrupted
from importers.run import AUTOMATIC, Options
from protocols.deposit import paths
from server import notices, partner_keys
from server.config import Config
from storage.accesses import hashed
from storage.errors import NotFound
from storage.imports import ImportRun
from storage.model import School
from storage.store import Store

LOOK_SECONDS: Final = 5.0
TELL_SECONDS: Final = 1.0
DONE_STAGE: Final = "done"
# What may be written while the import's own transaction is open: on SQLite nothing.
_BEFORE_WRITING: Final = frozenset({"reading", "expanding", "planning"})

_log = structlog.get_logger("jobs")


class Jobs:
    """The threads of one process that carry out automatic imports."""

    def __init__(self, store: Store, config: Config) -> None:
        """Prepare; nothing runs before `start`."""
        self._store = store
        self._config = config
        self._stopping = Event()
        self._woken = Event()
        self._known: frozenset[str] | None = None
        # Imports may take long: who may deposit is read beside them.
        targets = [self._keep_remembering, *[self._run] * config.imports.at_once]
        self._threads = [
            Thread(target=target, name=f"imports-{place}", daemon=True) for place, target in enumerate(targets)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Look at once: something was deposited."""
        self._woken.set()

    def known(self, path: str) -> bool:
        """Tell, without asking the database, whether a deposit path is one that was known at the last look.

        Strangers may not send large bodies.
        """
        try:
            secret = paths.parse(path).secret
        except paths.BadPath:
            return False
        return self._known is None or hashed(secret) in self._known

    def ask_to_stop(self) -> None:
        """Begin nothing more; an import under way is undone at its next stage and waits again, unless it just ends."""
        self._stopping.set()
        self._woken.set()

    def join(self, seconds: float) -> bool:
        """Wait for the threads to end and tell whether they did."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def remember(self) -> None:
        """Read which paths may deposit now."""
        self._known = self._store.import_queue.secret_hashes()

    def _keep_remembering(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS if self._known is not None else 0.0):
            try:
                self.remember()
            except Exception:
                _log.exception("accesses not read")
                self._stopping.wait(LOOK_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                work(self._store, self._config, self._stopping)
            except Exception:
                _log.exception("automatic imports failed")
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()


def work(store: Store, config: Config, stopping: Event) -> None:
    """Mark runs whose process died, carry out those that may run now, tell of those that have ended."""
    end_lost(store)
    try:
        while not stopping.is_set() and _one(store, config, stopping):
            notices.tell(store, config)
    except Interrupted:
        _log.info("automatic import put back")
    notices.tell(store, config)


def end_lost(store: Store) -> None:
    """Say of runs that nobody carries out any more that they were interrupted."""
    for school_id in sorted({place.school_id for place in store.import_queue.running()}):
        with store.turn(school_id) as free:
            if not free:
                continue
            with store.writing(school_id) as tx:
                lost = tx.imports.interrupt_lost()
        if lost:
            _log.warning("import interrupted", school=school_id, runs=lost)


def _one(store: Store, config: Config, stopping: Event) -> bool:
    """Carry out the first run that may; tell whether there was one."""
    for school, run in _due(store):
        with store.import_place(config.imports.at_once) as free:
            if not free:
                return False
            try:
                keys = partner_keys.load(config, school.code)
                options = Options(keys=keys, progress=_Told(store, school, run, stopping))
                automatic.carry_out(store, school, run, datetime.now(UTC), options)
            except NotFound:
                # Another process was faster.
                continue
            except ImportRefused:
                # The school's turn is taken, by somebody who imports by hand perhaps.
                continue
            except Interrupted:
                raise
            except Exception:
                # What can be known of it is in the history; the other schools' imports go on.
                _log.exception("automatic import failed", school=school.code, run=run.id)
                continue
        _log.info("automatic import ended", school=school.code, run=run.id)
        return True
    return False


def _due(store: Store) -> Iterator[tuple[School, ImportRun]]:
    """Yield the runs that may be carried out now, the oldest first: one of each school, its newest deposit."""
    seen: set[int] = set()
    schools: dict[int, School] = {}
    for place in store.import_queue.waiting():
        if place.school_id in seen:
            continue
        seen.add(place.school_id)
        schools = schools or {school.id: school for school in store.directory.schools()}
        run = _newest(store, place.school_id)
        if run is not None:
            yield schools[place.school_id], run


def _newest(store: Store, school_id: int) -> ImportRun | None:
    """Return the newest deposit of a school if its window is open; older ones are replaced by it."""
    with store.reading(school_id) as tx:
        waiting = [run for run in tx.imports.waiting() if run.kind == AUTOMATIC]
        closed = automatic.shut(tx) is not None
    if not waiting:
        return None
    newest = max(waiting, key=lambda run: run.id)
    if len(waiting) > 1:
        with store.writing(school_id) as tx:
            tx.imports.supersede(AUTOMATIC, newest.id)
    return None if closed else newest


class _Told:
    """A progress function that records stages for the history, and ends the import when the server stops."""

    def __init__(self, store: Store, school: School, run: ImportRun, stopping: Event) -> None:
        self._store = store
        self._school = school
        self._run = run
        self._stopping = stopping
        self._stage = ""
        self._last = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == DONE_STAGE:
            return
        if self._stopping.is_set():
            raise Interrupted
        now = time.monotonic()
        news = stage != self._stage or now - self._last > TELL_SECONDS
        if not news or not (self._store.many_writers or (stage in _BEFORE_WRITING and stage != self._stage)):
            return
        self._stage, self._last = stage, now
        with self._store.writing(self._school.id) as tx:
            tx.imports.note(self._run.id, stage, done, total)
