"""Reminders of one's own and notices: kept by person, gone with the person or with age."""

from __future__ import annotations

from dataclasses import replace

from storage.model import Device, Settings, Watch, Wipe
from storage.refusals import MOST_A_DAY
from storage.transaction import Transaction
from tests.storage.builders import make_person


def test_a_reminder_is_one_persons_and_the_last_one_counts(desk):
    bob = make_person(desk.store, desk.school, "bob")
    with desk.writing() as tx:
        for minutes in (5, None, 10):
            tx.overlays.put((desk.person.id, 7), (1, ""), minutes)
        tx.overlays.put((desk.person.id, 7), (1, "20261124"), None)
        tx.overlays.put((bob.id, 7), (1, ""), 3)
    with desk.reading() as tx:
        assert tx.overlays.of(desk.person.id, 7) == {(1, ""): 10, (1, "20261124"): None}
        assert tx.overlays.of(desk.person.id, 8) == {}
        assert tx.overlays.of(bob.id, 7) == {(1, ""): 3}
    with desk.writing() as tx:
        tx.overlays.drop((desk.person.id, 7), (1, ""))
        assert tx.overlays.of(desk.person.id, 7) == {(1, "20261124"): None}
        tx.overlays.clean()
        assert tx.overlays.of(desk.person.id, 7) == tx.overlays.of(bob.id, 7) == {}


def test_the_same_is_noted_once_for_each_person(desk):
    bob = make_person(desk.store, desk.school, "bob")
    with desk.writing() as tx:
        added = [tx.refusals.add(each, "k", {"a": "b"}) for each in (desk.person.id, desk.person.id, bob.id)]
        assert added == [True, False, True]
        tx.refusals.add(desk.person.id, "k", {"a": "c"})
    with desk.reading() as tx:
        assert [each.data["a"] for each in tx.refusals.of(desk.person.id)] == ["c", "b"]
        assert len(tx.refusals.unmailed(0, 10)) == 3
        first, *rest = tx.refusals.unmailed(0, 10)
    with desk.writing() as tx:
        tx.refusals.mailed([each.id for each in rest])
        assert tx.refusals.unmailed(0, 10) == (first,)
        assert tx.refusals.unmailed(tx.now() + 60, 10) == ()
        tx.refusals.forget(tx.now() + 60)
        assert tx.refusals.of(bob.id) == ()


def test_a_program_that_edits_in_a_loop_is_noted_so_often_a_day_and_no_more(desk, monkeypatch):
    moment = 1_800_000_000
    monkeypatch.setattr(Transaction, "now", lambda tx: moment)
    bob = make_person(desk.store, desk.school, "bob")
    with desk.writing() as tx:
        added = [tx.refusals.add(desk.person.id, "k", {"number": number}) for number in range(MOST_A_DAY + 2)]
        assert added == [True] * MOST_A_DAY + [False] * 2
        assert tx.refusals.add(bob.id, "k", {"number": 0})
    moment += 86_400
    with desk.writing() as tx:
        assert tx.refusals.add(desk.person.id, "k", {"number": MOST_A_DAY})


def test_what_is_kept_of_a_person_and_their_phones_goes_with_them(desk):
    with desk.writing() as tx:
        tx.overlays.put((desk.person.id, 7), (1, ""), 5)
        tx.refusals.add(desk.person.id, "k", {"text": "secret"})
        tx.principals.remove(desk.person.id)
        assert tx.overlays.of(desk.person.id, 7) == {}
        assert tx.refusals.of(desk.person.id) == ()


def test_the_newest_generation_of_every_scope_is_found_at_once(desk):
    phone = Device(desk.person.id, "ABC", "iPhone", quarantined=True, wipe=Wipe.ACCOUNT, policy="p", error="Sync 3")
    with desk.writing() as tx:
        tx.devices.save(phone)
        for scope, generation in (("folders", 1), ("folders", 2), ("ping", 1)):
            tx.devices.save_state(desk.person.id, "ABC", scope, generation, {"n": generation})
    with desk.reading() as tx:
        assert tx.devices.get(desk.person.id, "ABC") == replace(phone)
        assert tx.devices.count(desk.person.id) == 1
        found = {scope: each.data["n"] for scope, each in tx.devices.scopes(desk.person.id, "ABC").items()}
    assert found == {"folders": 2, "ping": 1}


def test_changed_settings_and_a_nudge_wake_those_concerned_and_touch_no_calendar(desk):
    bob = make_person(desk.store, desk.school, "bob")
    with desk.writing() as tx:
        before = tx.changes.clock()
        tx.collections.nudge(bob.id)
        assert tx.changes.moved_since(before).watches == {Watch("home", bob.id)}
        before = tx.changes.clock()
        tx.configure(Settings(eas_devices=3))
        assert tx.school.settings.eas_devices == 3
        watches = tx.changes.moved_since(before).watches
    assert {Watch("home", bob.id), Watch("home", desk.person.id)} <= watches
    assert {each.kind for each in watches} == {"home"}
