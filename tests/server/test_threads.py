"""The threads of requests: all that is given is done and told once, in the reactor's thread; stopping waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from queue import Queue
from typing import Any

import pytest

from server.threads import Pool

PATIENCE = 10.0


class Loop:
    """A reactor in small: calls come from any thread and are run in this one."""

    def __init__(self) -> None:
        self.calls: Queue[Callable[[], object]] = Queue()
        self.seen: list[tuple[bool, Any]] = []

    def run_until(self, count: int) -> list[tuple[bool, Any]]:
        """Run calls until so many results were told."""
        while len(self.seen) < count:
            self.calls.get(timeout=PATIENCE)()
        return self.seen

    def note(self, succeeded: bool, outcome: Any) -> None:
        """Keep a result, told in the thread that runs the calls."""
        assert not threading.current_thread().name.startswith("t-")
        self.seen.append((succeeded, outcome))


@pytest.fixture
def loop() -> Loop:
    """A reactor in small."""
    return Loop()


def test_every_piece_of_work_is_told_once(loop):
    pool = Pool("t", 3, loop.calls.put)
    for number in range(500):
        pool.submit(partial(int, number), loop.note)
    assert sorted(outcome for _, outcome in loop.run_until(500)) == list(range(500))
    pool.stop()
    assert len(loop.seen) == 500


def test_what_is_raised_is_told_and_the_thread_lives_on(loop):
    pool = Pool("t", 1, loop.calls.put)
    failure = SystemExit("unforeseen")

    def fail() -> None:
        raise failure

    pool.submit(fail, loop.note)
    pool.submit(lambda: "well", loop.note)
    assert loop.run_until(2) == [(False, failure), (True, "well")]
    pool.stop()


def test_a_result_whose_receiver_fails_does_not_hold_the_others_up(loop):
    pool = Pool("t", 1, loop.calls.put)

    def refuse(_succeeded: bool, _outcome: object) -> None:
        raise ValueError

    pool.submit(lambda: 1, refuse)
    pool.submit(lambda: 2, loop.note)
    assert loop.run_until(1) == [(True, 2)]
    pool.stop()


def test_no_more_threads_run_than_are_allowed_and_what_waits_is_counted(loop):
    gate = threading.Event()
    entered: Queue[str] = Queue()
    pool = Pool("t", 2, loop.calls.put)

    def hold() -> None:
        entered.put(threading.current_thread().name)
        assert gate.wait(PATIENCE)

    for _ in range(5):
        pool.submit(hold, loop.note)
    names = {entered.get(timeout=PATIENCE), entered.get(timeout=PATIENCE)}
    assert names == {"t-0", "t-1"}
    assert pool.waiting == 3
    gate.set()
    loop.run_until(5)
    pool.stop()


def test_one_thread_serves_requests_that_come_one_after_the_other(loop):
    pool = Pool("t", 8, loop.calls.put)
    for number in range(1, 20):
        pool.submit(lambda: threading.current_thread().name, loop.note)
        loop.run_until(number)
    assert {outcome for _, outcome in loop.seen} == {"t-0"}
    pool.stop()


def test_stopping_lets_work_end_and_takes_no_more(loop):
    done: list[int] = []
    pool = Pool("t", 1, loop.calls.put)
    for number in range(20):
        pool.submit(partial(done.append, number), loop.note)
    pool.stop()
    assert done == list(range(20))
    pool.submit(lambda: done.append(-1), loop.note)
    assert pool.waiting == 0
    assert -1 not in done


def test_a_pool_that_never_worked_stops(loop):
    Pool("t", 4, loop.calls.put).stop()
    assert loop.calls.empty()
