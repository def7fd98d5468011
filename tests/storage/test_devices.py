"""Phones: what is kept of them, two generations of every state, never a stamp on the school's clock."""

from dataclasses import replace

from storage.model import Device, StoredState
from tests.storage.builders import make_person

PHONE = Device(0, "ABC", "iPhone", "Apple-iPhone", "iPhone 15", 7, 8, False, 100, 200, "16.1")


def states(desk, scope="folders", device="ABC"):
    with desk.reading() as tx:
        return tx.devices.states(desk.person.id, device, scope)


def save_states(desk, *generations, scope="folders", device="ABC"):
    with desk.writing() as tx:
        for generation in generations:
            tx.devices.save_state(desk.person.id, device, scope, generation, {"n": generation})


def test_a_device_is_kept_as_it_was_last_saved(desk):
    phone = replace(PHONE, principal_id=desk.person.id)
    with desk.writing() as tx:
        assert tx.devices.get(desk.person.id, "ABC") is None
        tx.devices.save(phone)
        assert tx.devices.get(desk.person.id, "ABC") == phone
        tx.devices.save(replace(phone, policy_key=9, blocked=True))
    with desk.reading() as tx:
        assert tx.devices.get(desk.person.id, "ABC") == replace(phone, policy_key=9, blocked=True)
        assert tx.devices.get(desk.person.id, "abc") is None


def test_devices_are_listed_by_person_or_for_the_school(desk):
    bob = make_person(desk.store, desk.school, "bob")
    with desk.writing() as tx:
        for person in (bob, desk.person):
            tx.devices.save(replace(PHONE, principal_id=person.id))
    with desk.reading() as tx:
        assert [each.principal_id for each in tx.devices.list()] == [desk.person.id, bob.id]
        assert [each.principal_id for each in tx.devices.list(bob.id)] == [bob.id]


def test_two_generations_are_kept_newest_first(desk):
    assert states(desk) == ()
    save_states(desk, 1, 2, 3)
    assert states(desk) == (StoredState(3, {"n": 3}), StoredState(2, {"n": 2}))


def test_going_on_from_the_previous_generation_replaces_the_newest(desk):
    save_states(desk, 1, 2)
    with desk.writing() as tx:
        tx.devices.save_state(desk.person.id, "ABC", "folders", 2, {"again": True})
    assert states(desk) == (StoredState(2, {"again": True}), StoredState(1, {"n": 1}))


def test_starting_again_drops_what_is_neither_this_nor_the_one_before(desk):
    save_states(desk, 5, 6, 1)
    assert states(desk) == (StoredState(1, {"n": 1}),)


def test_scopes_and_devices_do_not_mix(desk):
    save_states(desk, 1, scope="folders")
    save_states(desk, 1, scope="c:7")
    save_states(desk, 1, device="DEF")
    with desk.writing() as tx:
        tx.devices.drop_states(desk.person.id, "ABC", "folders")
    assert states(desk) == ()
    assert len(states(desk, "c:7")) == len(states(desk, device="DEF")) == 1
    with desk.writing() as tx:
        tx.devices.drop_states(desk.person.id, "ABC")
    assert states(desk, "c:7") == ()
    assert len(states(desk, device="DEF")) == 1


def test_a_forgotten_device_starts_from_nothing(desk):
    with desk.writing() as tx:
        tx.devices.save(replace(PHONE, principal_id=desk.person.id))
    save_states(desk, 1)
    with desk.writing() as tx:
        tx.devices.forget(desk.person.id, "ABC")
    with desk.reading() as tx:
        assert tx.devices.list() == ()
    assert states(desk) == ()


def test_devices_never_stamp_the_clock_so_that_no_phone_wakes_another(desk):
    before = desk.clock()
    with desk.writing() as tx:
        tx.devices.save(replace(PHONE, principal_id=desk.person.id))
        tx.devices.save_state(desk.person.id, "ABC", "folders", 1, {})
        tx.devices.forget(desk.person.id, "ABC")
    assert desk.clock() == before
