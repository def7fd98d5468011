"""The throttle on failed logins, with a clock of its own."""

from __future__ import annotations

from server.throttle import Limits, Throttle


class Hands:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def throttle(clock: Hands, **limits: float) -> Throttle:
    return Throttle(Limits(**{"account": 3, "address": 100, "first": 1.0, "longest": 60.0, **limits}), clock)  # type: ignore[arg-type]


def fail(subject: Throttle, times: int, account: str = "paul", address: str = "10.0.0.1") -> None:
    for number in range(times):
        subject.failed(account, address, b"%d" % number)


def test_a_few_failures_are_forgiven() -> None:
    subject = throttle(Hands())
    fail(subject, 2)
    assert subject.pause("paul", "10.0.0.1") == 0


def test_each_further_failure_doubles_the_pause_up_to_the_longest() -> None:
    clock = Hands()
    pauses = []
    subject = throttle(clock)
    for number in range(12):
        subject.failed("paul", "10.0.0.1", b"%d" % number)
        pauses.append(subject.pause("paul", "10.0.0.1"))
    assert pauses == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_the_pause_passes() -> None:
    clock = Hands()
    subject = throttle(clock)
    fail(subject, 3)
    clock.now += 1.0
    assert subject.pause("paul", "10.0.0.1") == 0


def test_success_forgets_the_account_and_not_the_address() -> None:
    subject = throttle(Hands(), address=3)
    fail(subject, 3)
    subject.succeeded("paul")
    assert subject.pause("paul", "10.0.0.2") == 0
    assert subject.pause("paul", "10.0.0.1") > 0


def test_one_address_cannot_try_many_accounts() -> None:
    subject = throttle(Hands(), address=5)
    for number in range(5):
        subject.failed(f"account{number}", "10.0.0.1", b"same")
    assert subject.pause("another", "10.0.0.1") > 0
    assert subject.pause("another", "10.0.0.2") == 0


def test_a_phone_with_the_old_password_does_not_lock_its_owner_out() -> None:
    subject = throttle(Hands())
    for _ in range(50):
        subject.failed("paul", "10.0.0.1", b"old password")
    assert subject.pause("paul", "10.0.0.2") == 0


def test_failures_are_forgotten_in_the_end() -> None:
    clock = Hands()
    subject = throttle(clock, remembered=100.0)
    fail(subject, 2)
    clock.now += 101
    fail(subject, 2)
    assert subject.pause("paul", "10.0.0.1") == 0


def test_memory_is_bounded() -> None:
    subject = Throttle(Limits(), Hands(), capacity=10)
    for number in range(100):
        subject.failed(f"account{number}", f"10.0.0.{number}", b"x")
    assert len(subject) == 10
