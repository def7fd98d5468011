"""Parked requests and who wakes them, with a clock and looks moved by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from twisted.internet.task import Clock

from protocols.wire import Park, Response
from server.parking import Lot, Parked
from server.watcher import GLANCE_INTERVAL, PRECAUTION, SLICE, Sight, Sights, Watcher
from storage.model import Watch

EXPIRED = Response(200, (), b"expired")
WOKEN = Response(200, (), b"woken")
SCHOOL = 1


class School:
    """One school's clock, and a watcher whose looks are answered when the test says so."""

    def __init__(self, **options: Any) -> None:
        self.time = Clock()
        self.lot = Lot(self.time)
        self.seq = 100
        self.log: list[tuple[int, Watch]] = []
        self.pending: list[tuple[Any, Callable[[Sights | None], None]]] = []
        self.looks = 0
        self.slow = False
        self.broken = False
        self.watcher = Watcher(self.lot, self.look, interval=0.25, **options)
        self.answers: dict[str, Response | float] = {}

    def look(self, bases: Any, done: Callable[[Sights | None], None]) -> None:
        """Answer at once what is true now, or keep the answer for `answer_look`."""
        self.looks += 1
        sights = None if self.broken else {school: self.sight(asked) for school, asked in bases.items()}
        if self.slow:
            self.pending.append((sights, done))
        else:
            done(sights)

    def answer_look(self) -> None:
        """Let the oldest slow look end."""
        sights, done = self.pending.pop(0)
        done(sights)

    def sight(self, asked: frozenset[int]) -> Sight:
        """What a look finds now."""
        moved = {base: frozenset(w for seq, w in self.log if seq > base) for base in asked if base < self.seq}
        return Sight(self.seq, moved)

    def move(self, number: int) -> None:
        """Something changes in a collection."""
        self.seq += 1
        self.log.append((self.seq, Watch("collection", number)))

    def wait(self, device: str, *numbers: int, **fields: Any) -> Parked:
        """Park a request of a device that watches collections."""
        self.answers.pop(device, None)
        wake = fields.pop("wake", lambda moved: WOKEN)
        since = fields.pop("since", self.seq)
        seconds = fields.pop("seconds", 60.0)
        watch = frozenset(Watch("collection", number) for number in numbers)
        parked = Parked(
            Park(watch, since, seconds, EXPIRED, (SCHOOL, 7, device), wake),
            self.time.seconds() + seconds,
            lambda response: self.answers.__setitem__(device, response),
            lambda left: self.answers.__setitem__(device, left),
        )
        self.watcher.admit(parked)
        return parked

    def pass_time(self, seconds: float = 0.3) -> None:
        """Let time pass in small steps, as it does."""
        for _ in range(int(seconds / 0.05) + 1):
            self.time.advance(0.05)


@pytest.fixture
def school() -> School:
    return School()


def test_exactly_those_who_watch_what_moved_are_woken(school: School) -> None:
    school.wait("a", 1, 2)
    school.wait("b", 3)
    school.wait("c", 2, 3)
    school.pass_time()
    school.move(2)
    school.pass_time()
    assert school.answers == {"a": WOKEN, "c": WOKEN}
    assert len(school.lot) == 1


def test_wake_is_told_what_moved_and_nothing_it_does_not_watch(school: School) -> None:
    told: list[frozenset[Watch]] = []

    def wake(moved: frozenset[Watch]) -> Response:
        told.append(moved)
        return WOKEN

    school.wait("a", 1, 2, 3, wake=wake)
    school.pass_time()
    school.move(2)
    school.move(9)
    school.pass_time()
    assert told == [frozenset({Watch("collection", 2)})]


def test_a_change_between_the_decision_to_wait_and_the_wait_is_not_lost(school: School) -> None:
    since = school.seq
    school.move(1)
    school.wait("a", 1, since=since)
    school.pass_time()
    assert school.answers == {"a": WOKEN}


def test_a_change_already_looked_at_is_not_lost_on_a_later_comer(school: School) -> None:
    school.wait("other", 5)
    since = school.seq
    school.move(1)
    school.pass_time()
    looks = school.looks
    school.wait("a", 1, since=since)
    assert school.looks == looks + 1
    school.time.advance(0)
    assert school.answers == {"a": WOKEN}


def test_a_change_the_request_already_knows_does_not_wake_it(school: School) -> None:
    school.wait("other", 5)
    school.pass_time()
    school.move(1)
    school.wait("a", 1)
    school.pass_time()
    assert school.answers == {}
    school.move(1)
    school.pass_time()
    assert school.answers == {"a": WOKEN}


def test_one_who_comes_during_a_look_is_seen_by_the_next(school: School) -> None:
    school.slow = True
    school.wait("other", 5)
    school.pass_time()
    since = school.seq
    school.move(1)
    school.wait("a", 1, since=since)
    school.answer_look()
    school.pass_time()
    school.answer_look()
    school.time.advance(0)
    assert school.answers == {"a": WOKEN}


def test_nobody_looks_while_nobody_waits(school: School) -> None:
    school.pass_time(2)
    assert school.looks == 0
    school.wait("a", 1, seconds=1.0)
    school.pass_time(3)
    looks = school.looks
    school.pass_time(5)
    assert school.answers == {"a": EXPIRED}
    assert school.looks == looks
    assert school.time.getDelayedCalls() == []


def test_a_wait_ends_when_its_time_is_over(school: School) -> None:
    school.wait("a", 1, seconds=5.0)
    school.pass_time(4.5)
    assert school.answers == {}
    school.pass_time(0.6)
    assert school.answers == {"a": EXPIRED}


def test_a_newer_request_of_a_device_ends_the_older_one(school: School) -> None:
    answered: list[str] = []
    first = school.wait("a", 1)
    first.answer = lambda response: answered.append(response.body.decode())
    school.wait("a", 1)
    assert answered == ["expired"]
    assert len(school.lot) == 1
    school.move(1)
    school.pass_time()
    assert school.answers == {"a": WOKEN}
    assert answered == ["expired"]


def test_the_end_of_an_older_request_does_not_end_the_newer_one(school: School) -> None:
    first = school.wait("a", 1)
    school.wait("a", 1)
    school.answers.clear()
    school.lot.leave(first)
    school.lot.expire(first)
    assert school.answers == {}
    assert len(school.lot) == 1


@pytest.mark.parametrize("wake", [None, lambda moved: None])
def test_without_an_answer_of_its_own_a_request_is_handled_again_with_the_time_left(school: School, wake: Any) -> None:
    school.wait("a", 1, wake=wake, seconds=60.0)
    school.pass_time(10)
    school.move(1)
    school.pass_time()
    left = school.answers["a"]
    assert isinstance(left, float)
    assert 49 < left < 50


def test_a_wake_that_fails_keeps_nobody_else_asleep(school: School) -> None:
    def wake(moved: frozenset[Watch]) -> Response:
        raise RuntimeError

    school.wait("a", 1, wake=wake)
    school.wait("b", 1)
    school.pass_time()
    school.move(1)
    school.pass_time()
    assert school.answers["b"] == WOKEN
    assert isinstance(school.answers["a"], float)


def test_many_are_woken_a_slice_at_a_time(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    # A clock moved by hand runs what was put off to its next turn in the same turn: put it off a little further.
    later = school.time.callLater
    monkeypatch.setattr(school.time, "callLater", lambda delay, call, *args: later(max(delay, 0.06), call, *args))
    for number in range(SLICE * 2 + 1):
        school.wait(f"phone{number}", 1)
    school.pass_time()
    school.move(1)
    turns: list[int] = []
    for _ in range(20):
        school.time.advance(0.1)
        if len(school.answers) != sum(turns):
            turns.append(len(school.answers) - sum(turns))
    assert turns == [SLICE, SLICE, 1]


def test_a_gathering_window_wakes_once_for_several_changes() -> None:
    school = School(window=2.0)
    told: list[frozenset[Watch]] = []

    def wake(moved: frozenset[Watch]) -> Response:
        told.append(moved)
        return WOKEN

    school.wait("a", 1, 2, wake=wake)
    school.pass_time()
    school.move(1)
    school.pass_time(1)
    assert told == []
    school.move(2)
    school.pass_time(2)
    assert told == [frozenset({Watch("collection", 1), Watch("collection", 2)})]


def test_an_unreadable_database_is_looked_at_again(school: School) -> None:
    school.wait("a", 1)
    school.pass_time()
    school.broken = True
    school.move(1)
    school.pass_time(1)
    assert school.answers == {}
    school.broken = False
    school.pass_time()
    assert school.answers == {"a": WOKEN}


def test_stopping_answers_everybody_and_those_who_come_later(school: School) -> None:
    school.wait("a", 1)
    school.wait("b", 2)
    school.watcher.stop()
    school.wait("c", 3)
    assert school.answers == {"a": EXPIRED, "b": EXPIRED, "c": EXPIRED}
    assert school.time.getDelayedCalls() == []


def test_a_request_that_has_left_is_not_woken(school: School) -> None:
    parked = school.wait("a", 1)
    school.pass_time()
    school.move(1)
    school.lot.leave(parked)
    school.pass_time()
    assert school.answers == {}
    assert len(school.lot) == 0


class Glanced(School):
    """A school where a glance tells that something was committed, unless it is `blind`, `dark` or in `trouble`."""

    def __init__(self) -> None:
        self.glanced = -1
        self.blind = False
        self.dark = False
        self.trouble: Exception | None = None
        super().__init__(stirred=self.stirred)

    def stirred(self) -> bool | None:
        """Tell whether the school's clock moved since the last glance."""
        if self.trouble is not None:
            raise self.trouble
        before, self.glanced = self.glanced, self.seq
        return None if self.dark else not self.blind and before != self.seq


@pytest.fixture
def glanced() -> Glanced:
    return Glanced()


def test_a_glance_wakes_long_before_the_next_look_is_due(glanced: Glanced) -> None:
    glanced.wait("a", 1)
    glanced.pass_time(1)
    glanced.move(1)
    glanced.time.advance(GLANCE_INTERVAL)
    glanced.time.advance(0)
    assert glanced.answers == {"a": WOKEN}


def test_nobody_looks_while_glances_show_nothing(glanced: Glanced) -> None:
    glanced.wait("a", 1)
    glanced.pass_time(0.5)
    looks = glanced.looks
    glanced.pass_time(PRECAUTION - 1)
    assert glanced.looks == looks
    glanced.pass_time(PRECAUTION + 1)
    assert looks < glanced.looks <= looks + 2


def test_a_change_no_glance_shows_is_found_in_the_end(glanced: Glanced) -> None:
    glanced.wait("a", 1)
    glanced.pass_time(0.5)
    glanced.blind = True
    glanced.move(1)
    glanced.pass_time(PRECAUTION + 1)
    assert glanced.answers == {"a": WOKEN}


def test_one_who_comes_while_glances_show_nothing_is_looked_at_in_time(glanced: Glanced) -> None:
    glanced.wait("other", 5)
    glanced.pass_time(1)
    since = glanced.seq
    glanced.move(1)
    glanced.glanced = glanced.seq
    glanced.wait("a", 1, since=since)
    glanced.pass_time(0.5)
    assert glanced.answers == {"a": WOKEN}


def test_a_failed_look_is_taken_again_though_nothing_more_is_committed(glanced: Glanced) -> None:
    glanced.wait("a", 1)
    glanced.pass_time()
    glanced.broken = True
    glanced.move(1)
    glanced.pass_time()
    assert glanced.answers == {}
    glanced.broken = False
    glanced.pass_time(0.5)
    assert glanced.answers == {"a": WOKEN}


@pytest.mark.parametrize("trouble", [None, AttributeError("gone")])
def test_when_glances_cannot_tell_looks_are_taken_as_without_them(glanced: Glanced, trouble: Exception | None) -> None:
    glanced.wait("a", 1)
    glanced.pass_time(0.5)
    glanced.dark, glanced.trouble = True, trouble
    looks = glanced.looks
    with structlog.testing.capture_logs() as said:
        glanced.pass_time(4)
    assert [each["event"] for each in said] == (["glance failed"] if trouble else [])
    assert looks + 10 <= glanced.looks <= looks + 17
    glanced.move(1)
    glanced.pass_time(0.5)
    assert glanced.answers == {"a": WOKEN}
    glanced.wait("b", 1)
    glanced.move(1)
    glanced.pass_time(0.5)
    assert glanced.answers["b"] == WOKEN


def test_a_database_that_cannot_be_read_is_not_asked_at_each_glance(glanced: Glanced) -> None:
    glanced.wait("a", 1)
    glanced.pass_time(0.5)
    glanced.broken = True
    looks = glanced.looks
    for _ in range(40):
        glanced.move(2)
        glanced.time.advance(0.1)
    assert glanced.looks <= looks + 17
