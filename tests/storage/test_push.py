"""Push registrations in both databases."""

from __future__ import annotations

import pytest

from storage.errors import NotFound, WritingRequired
from storage.model import Watch
from storage.push import HOME, LEASE_SECONDS, PAUSE_SECONDS, Place, Registration, Subscriber, Wanted, topic_of
from storage.push_standing import Standing
from tests.storage.builders import Desk

START = Standing(5, 3, "")


def wanted(desk: Desk, name: str = "a", content: str = "1", until: int = 1_000) -> Wanted:
    with desk.store.reading(desk.school.id) as tx:
        ends = tx.now() + until
    return Wanted(Subscriber(f"https://push.example/{name}", "key", "secret"), content, True, ends)


def register(desk: Desk, place: int = 7, name: str = "a", content: str = "1", until: int = 1_000) -> Registration:
    wish = wanted(desk, name, content, until)
    with desk.store.writing(desk.school.id) as tx:
        return tx.push.register(desk.person.id, Place(desk.person.id, place), wish, START)


def all_of(desk: Desk) -> tuple[Registration, ...]:
    with desk.store.reading(desk.school.id) as tx:
        return tx.push.all()


def test_a_school_has_one_key_for_ever(desk: Desk) -> None:
    with pytest.raises(WritingRequired), desk.store.reading(desk.school.id) as tx:
        _ = tx.push.key
    with desk.store.writing(desk.school.id) as tx:
        made = tx.push.key
    with desk.store.reading(desk.school.id) as tx:
        assert tx.push.key == made
    one, other, homes = Place(1, 7), Place(2, 7), (Place(1, HOME), Place(2, HOME))
    assert topic_of(made, one) == topic_of(made, other)
    assert len({topic_of(made, each) for each in (one, *homes)}) == 3


def test_the_same_subscriber_is_registered_once_for_a_place(desk: Desk) -> None:
    first = register(desk)
    assert (first.told, first.told_properties) == (5, 3)
    with desk.store.writing(desk.school.id) as tx:
        again = tx.push.register(
            desk.person.id, Place(desk.person.id, 7), wanted(desk, content="infinite"), Standing(9, 9, "")
        )
    assert (again.id, again.content, again.told) == (first.id, "infinite", 5)
    assert register(desk, name="b").id != first.id
    assert register(desk, place=8).id != first.id
    with desk.store.reading(desk.school.id) as tx:
        assert tx.push.count(desk.person.id) == len(tx.push.of_person(desk.person.id)) == 3


def test_only_one_process_claims_and_what_was_told_never_goes_back(desk: Desk) -> None:
    one = register(desk)
    with desk.store.writing(desk.school.id) as tx:
        assert tx.push.claim([one.id, "other"]) == {one.id}
        assert tx.push.claim([one.id]) == frozenset()
        (leased,) = tx.push.all()
        assert leased.next_try >= tx.now() + LEASE_SECONDS - 1
        tx.push.tell(one.id, Standing(8, 2, ""), "201 Created")
        (told,) = tx.push.all()
        assert (told.told, told.told_properties, told.last_result) == (8, 3, "201 Created")
        assert told.next_try <= tx.now() + PAUSE_SECONDS
        tx.push.tell(one.id, Standing(6, 6, ""))
        (told,) = tx.push.all()
        assert (told.told, told.told_properties) == (8, 6)


def test_failures_wait_longer_and_longer(desk: Desk) -> None:
    one = found = register(desk)
    waits = []
    for _ in range(12):
        with desk.store.writing(desk.school.id) as tx:
            tx.push.failed(one.id, "503 " + "x" * 1000)
            (found,) = tx.push.all()
            waits.append(found.next_try - found.last_at)
    assert waits[:4] == [10, 20, 40, 80]
    assert waits[-1] == 3600
    assert (found.attempts, len(found.last_result)) == (12, 500)


def test_those_concerned_are_found(desk: Desk) -> None:
    calendar, home = register(desk, place=7), register(desk, place=HOME, content="infinite")
    ended = register(desk, place=7, name="b")
    with desk.store.writing(desk.school.id) as tx:
        tx.push.end(ended.id, "410 Gone")
    own = desk.collection().id
    with desk.store.reading(desk.school.id) as tx:
        questions = {
            "all": (None, {calendar.id, home.id}),
            "nothing": ([], set()),
            "the calendar": ([Watch("collection", 7)], {calendar.id}),
            "a calendar of the home": ([Watch("collection", own)], {home.id}),
            "another calendar": ([Watch("collection", 999_999)], set()),
            "the home": ([Watch("home", desk.person.id)], {calendar.id, home.id}),
            "too many to name": ([Watch("collection", n) for n in range(100_000, 106_000)], {calendar.id, home.id}),
        }
        for moved, found in questions.values():
            assert {each.id for each in tx.push.concerned(moved, ())} == found
        assert [each.id for each in tx.push.concerned((), [home.id])] == [home.id]


def test_what_ended_is_gone_for_clients_and_comes_back_fresh(desk: Desk) -> None:
    one = register(desk)
    with desk.store.writing(desk.school.id) as tx:
        tx.push.end(one.id, "410 Gone")
    with pytest.raises(NotFound), desk.store.writing(desk.school.id) as tx:
        tx.push.remove(desk.person.id, one.id)
    with desk.store.writing(desk.school.id) as tx:
        again = tx.push.register(desk.person.id, Place(desk.person.id, 7), wanted(desk), Standing(9, 9, ""))
        assert (again.told, again.ended, again.last_result) == (9, False, "")
        with pytest.raises(NotFound):
            tx.push.remove(desk.person.id + 1, again.id)
        tx.push.remove(desk.person.id, again.id)
    assert all_of(desk) == ()


def test_what_expired_long_ago_is_dropped_and_so_is_what_belonged_to_who_left(desk: Desk) -> None:
    register(desk, until=-30 * 86_400)
    recent, live = register(desk, name="b", until=-10), register(desk, name="c")
    with desk.store.writing(desk.school.id) as tx:
        assert [each.id for each in tx.push.of_person(desk.person.id)] == [live.id]
        tx.push.trim()
    assert {each.id for each in all_of(desk)} == {recent.id, live.id}
    with desk.store.writing(desk.school.id) as tx:
        tx.push.forget_person(desk.person.id)
    assert all_of(desk) == ()
