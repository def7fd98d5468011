"""Imports change many calendars at once, and a phone that waits for them is woken once."""

from __future__ import annotations

import pytest

from protocols.wire import Response
from server.watcher import look
from storage.model import Client, ClientKind, NewCalendar, Watch
from storage.store import Store
from tests.server.conftest import EVENT
from tests.server.test_watcher import WOKEN, School

WEB = Client(ClientKind.WEB)


@pytest.mark.parametrize("window", [0.0, 5.0])
def test_one_commit_that_moves_a_hundred_collections_wakes_a_phone_once(window: float) -> None:
    school, told = School(window=window), list[frozenset[Watch]]()

    def wake(moved: frozenset[Watch]) -> Response:
        told.append(moved)
        return WOKEN

    school.wait("phone", *range(100), wake=wake)
    school.pass_time()
    for number in range(100):
        school.move(number)
    school.pass_time(6)
    assert [len(each) for each in told] == [100]
    assert school.answers == {"phone": WOKEN}


def test_commits_that_follow_each_other_within_the_window_wake_a_phone_once() -> None:
    school, told = School(window=5.0), list[frozenset[Watch]]()

    def wake(moved: frozenset[Watch]) -> Response:
        told.append(moved)
        return WOKEN

    school.wait("phone", *range(10), wake=wake)
    school.pass_time()
    for number in range(10):
        school.move(number)
        school.pass_time(0.4)
    school.pass_time(3)
    assert [len(each) for each in told] == [10]


def test_one_look_at_the_database_sees_all_that_one_commit_moved(store: Store) -> None:
    account = store.directory.account("amelie")
    assert account is not None
    person = account.principal
    with store.writing(person.school_id) as tx:
        made = [tx.collections.create(person, NewCalendar(f"c{n}", f"C{n}")) for n in range(100)]
    since = store.directory.clocks()[person.school_id]
    with store.writing(person.school_id) as tx:
        for each in made:
            tx.objects.put(tx.collections.by_slug(person, each.slug, WEB), "a.ics", EVENT.format(uid="a").encode())
    sight = look(store, {person.school_id: frozenset({since})})[person.school_id]
    assert {each.id for each in sight.moved[since] if each.kind == "collection"} == {each.id for each in made}
