"""Threads for requests: a queue in, a call in the reactor's thread out, and nothing between them.

Twisted's own pool asks a coordinator and copies a context for every call, which costs more than a poll's whole work.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

import structlog

Work = Callable[[], Any]
Done = Callable[[bool, Any], object]

PATIENCE_SECONDS: Final = 30.0

_log = structlog.get_logger("threads")


class Pool:
    """At most a number of threads, started when they are needed; `submit` is called from one thread only.

    Results are handed to the reactor in the order they come, and one call fetches all that are there: a burst of
    answers wakes the reactor once.
    """

    def __init__(self, name: str, most: int, call: Callable[[Callable[[], object]], object]) -> None:
        """Name the threads; `call` calls something in the reactor's thread, from any thread."""
        self._name = name
        self._most = most
        self._call = call
        self._queue: SimpleQueue[tuple[Work, Done] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._begun = 0
        self._ended = 0
        self._results: deque[tuple[Done, bool, Any]] = deque()
        self._lock = threading.Lock()
        self._called = False
        self._stopped = False

    @property
    def waiting(self) -> int:
        """How many pieces of work no thread has taken yet."""
        return self._queue.qsize()

    def submit(self, work: Work, done: Done) -> None:
        """Run something in a thread; `done` is told in the reactor's thread whether it succeeded and its result.

        What `work` raises is its result when it did not succeed. Once stopped, nothing is taken any more.
        """
        if self._stopped:
            return
        self._begun += 1
        if self._begun - self._ended > len(self._threads) < self._most:
            self._add()
        self._queue.put((work, done))

    def stop(self) -> None:
        """Let the threads end what they are at and what waits, and wait for them; their results are dropped."""
        self._stopped = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)

    def _add(self) -> None:
        thread = threading.Thread(target=self._run, name=f"{self._name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self) -> None:
        get, put = self._queue.get, self._results.append
        while (taken := get()) is not None:
            work, done = taken
            try:
                outcome, succeeded = work(), True
            except BaseException as error:
                outcome, succeeded = error, False
            put((done, succeeded, outcome))
            # The last request's values are not kept until the next one comes.
            del taken, work, done, outcome
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._called:
                return
            self._called = True
        self._call(self._deliver)

    def _deliver(self) -> None:
        """Hand over what has come; the flag goes down first, so that what comes meanwhile calls again."""
        with self._lock:
            self._called = False
        results = self._results
        while results:
            done, succeeded, outcome = results.popleft()
            self._ended += 1
            try:
                done(succeeded, outcome)
            except Exception:
                _log.exception("answer failed")
