"""Devices that ask for the same again and again: smaller answers, the item in the way, and patience (8.11, 9)."""

from __future__ import annotations

import pytest

from protocols.eas.inventory import carried
from tests.protocols.eas.harness import LocalPhone, event, subjects


@pytest.fixture
def full(school, ada, phone, agenda):
    """Ada's phone, primed, before a calendar of forty entries."""
    for number in range(40):
        school.put(ada, f"e{number}", event(f"e{number}", f"E{number:02}"))
    phone.sync(agenda)
    return phone


def asked_again(phone, agenda, times, **options):
    """Send the same key so many times, each answer lost, and return the number of items in the last answer."""
    result = None
    for _ in range(times):
        key, held = phone.keys[agenda], dict(phone.items.get(agenda, {}))
        result = phone.sync(agenda, window=100, **options)
        phone.keys[agenda], phone.items[agenda] = key, held
    return result


@pytest.mark.parametrize(("times", "sent"), [(1, 40), (2, 40), (3, 25), (5, 25), (6, 1), (8, 1)])
def test_the_oftener_a_key_comes_the_smaller_is_the_answer(full, agenda, times, sent):
    assert len(asked_again(full, agenda, times).added) == sent


def test_after_ten_minutes_it_is_no_loop(full, agenda, clock):
    asked_again(full, agenda, 5)
    clock.now += 601
    assert len(asked_again(full, agenda, 1).added) == 40


def test_a_device_that_gets_on_is_served_as_ever(full, agenda):
    asked_again(full, agenda, 6)
    assert len(full.sync(agenda, window=100).added) == 1
    assert len(full.sync(agenda, window=100).added) == 39


def test_the_item_in_the_way_is_kept_from_the_device_until_it_changes(school, ada, full, agenda):
    (first,) = asked_again(full, agenda, 8).added
    (second,) = asked_again(full, agenda, 1).added
    assert second != first
    full.sync_all(agenda, window=100)
    assert len(full.items[agenda]) == 39
    assert first not in full.items[agenda]
    with school.reading() as tx:
        (folder,) = [each for each in carried(tx.devices.scopes(ada.id, "PHONE1")) if each.folder == agenda]
        (notice,) = tx.refusals.of(ada.id)
    assert (folder.entries, folder.hidden, folder.complete) == (39, (int(first.split(":")[1]),), True)
    assert notice.kind == "hidden-from-phone"
    assert notice.data["subject"] not in subjects(full.items[agenda])
    full.sync(agenda, key="0")
    full.sync_all(agenda, window=100)
    assert len(full.items[agenda]) == 39
    name = "e" + str(int(notice.data["subject"][1:]))
    school.put(ada, name, event(name, "Changed"))
    assert full.sync(agenda).added == [first]
    assert len(full.items[agenda]) == 40


def test_a_lost_answer_is_repeated_as_it_was_and_nothing_is_doubled(full, agenda):
    full.lose_answer = 1
    full.sync_all(agenda, window=100)
    assert len(full.items[agenda]) == 40


def test_a_phone_that_is_told_of_changes_and_does_not_fetch_them_is_told_less_and_less(school, ada, phone, agenda):
    phone.sync_all(agenda)
    school.put(ada, "a", event("a", "Physics"))
    for _ in range(3):
        assert phone.ping([agenda], 480) == ("2", [agenda])
    assert not phone.parked
    writes = phone.writes
    assert phone.ping([agenda], 480) == ("2", [agenda])
    assert len(phone.parked) == 1
    assert phone.writes == writes
    school.put(ada, "b", event("b", "Maths"))
    assert phone.ping([agenda], 480) == ("2", [agenda])
    assert len(phone.parked) == 1
    phone.sync_all(agenda)
    assert phone.ping([agenda], 480) == ("1", [])


def test_a_phone_that_asks_for_folders_nobody_told_it_of_waits_for_the_others(phone, agenda):
    phone.sync_all(agenda)
    assert phone.ping([agenda, "outbox", "InvalidTaskID"], 480) == ("1", [])
    assert len(phone.parked) == 1
    assert phone.ping(["outbox"], 480) == ("7", [])


def test_two_devices_have_loops_of_their_own(school, ada, full, agenda):
    other = LocalPhone(school.store, ada, "PHONE2")
    other.connect()
    other.sync(agenda)
    asked_again(full, agenda, 6)
    assert len(asked_again(other, agenda, 1).added) == 40
