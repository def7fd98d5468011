"""Which devices come in: quarantine, blocks, limits, policies that change, and devices to be wiped."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from protocols.eas.answers import ROOTS
from protocols.eas.refusals import note
from protocols.eas.wbxml import E, encode
from storage import maintenance
from storage.model import Settings, Wipe
from tests.eas.client import AOSP, TBSYNC, WP
from tests.eas.tokens import PAGES
from tests.eas.wbxml import Pair
from tests.protocols.eas.harness import LocalPhone, at, event, subjects

OLD = replace(AOSP, version="12.1")
NEW = replace(AOSP, version="16.1", user_agent="Apple-iPhone15C2/2101.1", device_type="iPhone")
OUTLOOK = replace(WP, user_agent="Outlook/15.0 (15.0.4567.1506; MSI; x86)", device_type="WindowsOutlook15")
FOLDERS = ("FolderHierarchy:FolderSync", [("FolderHierarchy:SyncKey", "0")])
ASK: Pair = ("Provision:Provision", [])
KIND = "MS-EAS-Provisioning-WBXML"


def settle(school, **settings):
    school.store.directory.configure(school.id, Settings(**settings))


def device(school, person, device_id="PHONE1"):
    with school.reading() as tx:
        return tx.devices.get(person.id, device_id)


def change(school, person, **values):
    with school.writing() as tx:
        tx.devices.save(replace(tx.devices.get(person.id, "PHONE1"), **values))


def refused(phone, status):
    """Tell whether a FolderSync is refused with a status as the phone's version says it."""
    answer = phone.post("FolderSync", FOLDERS)
    if phone.version < "14.0":
        return (answer.status, answer.root) == ({"130": 403, "129": 403}.get(status, 449), None)
    return answer.value("FolderHierarchy:Status") == status


def acknowledged(tag, status):
    return ("Provision:Provision", [(f"Provision:{tag}", [("Provision:Status", status)])])


@pytest.mark.parametrize("manner", [OLD, AOSP])
@pytest.mark.parametrize(("choice", "status"), [("quarantine", "130"), ("block", "129")])
def test_an_unknown_device_is_kept_out_where_the_school_says_so(school, ada, phone, manner, choice, status):
    settle(school, eas_unknown_devices=choice)
    stranger = LocalPhone(school.store, ada, "PHONE2", manner=manner)
    assert refused(stranger, status)
    assert stranger.post("Provision", ASK).status == (403 if manner is OLD else 200)
    found = device(school, ada, "PHONE2")
    assert (found.quarantined, found.blocked) == (choice == "quarantine", choice == "block")
    assert phone.folder_sync().status == "1"
    with school.writing() as tx:
        tx.devices.save(replace(found, quarantined=False, blocked=False))
    stranger.connect()


def test_the_device_that_is_one_too_many_takes_the_place_of_none(school, ada, phone):
    settle(school, eas_devices=1)
    assert refused(LocalPhone(school.store, ada, "PHONE2"), "177")
    assert phone.folder_sync().status == "1"
    assert device(school, ada, "PHONE2") is None


@pytest.mark.parametrize(("manner", "status"), [(AOSP, "142"), (OLD, "142"), (TBSYNC, "142"), (OUTLOOK, None)])
def test_a_device_without_a_policy_is_sent_to_fetch_one_where_it_is_required(school, ada, manner, status):
    settle(school, eas_policy_required=True, eas_password=6, eas_lock_minutes=5, eas_history=5)
    phone = LocalPhone(school.store, ada, manner=manner)
    if status is None:
        assert phone.folder_sync("0").status == "1"
        return
    assert refused(phone, status)
    asked = {each.name: each.text for each in at(phone.provision(), "Provision:Data").children[0].children}
    assert asked == {
        "Provision:DevicePasswordEnabled": "1",
        "Provision:AttachmentsEnabled": "1",
        "Provision:MinDevicePasswordLength": "6",
        "Provision:MaxInactivityTimeDeviceLock": "300",
        "Provision:AllowSimpleDevicePassword": "1",
        "Provision:MaxCalendarAgeFilter": "5",
    }
    assert phone.folder_sync("0").status == "1"


@pytest.mark.parametrize("manner", [AOSP, OLD])
def test_a_changed_policy_is_fetched_once_and_the_old_key_is_worth_nothing(school, ada, manner):
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    settle(school, eas_password=4)
    assert refused(phone, "143")
    former = phone.policy_key
    phone.provision()
    assert phone.policy_key != former
    assert phone.folder_sync().status == "1"
    phone.policy_key = former
    assert refused(phone, "144")


@pytest.mark.parametrize("status", ["2", "3"])
def test_a_device_that_cannot_do_what_the_policy_asks_is_told_so(school, ada, status):
    settle(school, eas_policy_required=True, eas_password=4)
    phone = LocalPhone(school.store, ada)
    policy = [("Provision:PolicyType", KIND)]
    first = ("Provision:Provision", [("Provision:Policies", [("Provision:Policy", policy)])])
    given = phone.post("Provision", first).value("Provision:Policies", "Provision:Policy", "Provision:PolicyKey")
    said = [*policy, ("Provision:PolicyKey", given), ("Provision:Status", status)]
    second = ("Provision:Provision", [("Provision:Policies", [("Provision:Policy", said)])])
    assert phone.post("Provision", second).value("Provision:Status") == "139"
    assert refused(phone, "142")


@pytest.mark.parametrize("manner", [OLD, AOSP, TBSYNC])
@pytest.mark.parametrize(("answer", "outcome"), [("1", Wipe.DONE), ("2", Wipe.FAILED)])
def test_a_device_to_be_wiped_does_nothing_else_and_is_wiped_once(school, ada, agenda, manner, answer, outcome):
    school.put(ada, "a", event("a", "Physics"))
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    phone.sync_all(agenda)
    change(school, ada, wipe=Wipe.DEVICE)
    assert refused(phone, "140")
    for _ in range(2):  # the order is given again until it is acknowledged
        order = phone.post("Provision", ASK).root
        assert order.value("Provision:Status") == "1"
        assert order.find("Provision:RemoteWipe") is not None
        assert (order.find("Provision:Policies") is not None) == (manner is not TBSYNC)
    assert refused(phone, "140")
    for _ in range(2):  # the acknowledgement may come again
        assert phone.post("Provision", acknowledged("RemoteWipe", answer)).value("Provision:Status") == "1"
    found = device(school, ada)
    assert (found.wipe, found.blocked, found.policy_key) == (outcome, True, 0)
    assert refused(phone, "129")
    again = phone.post("Provision", ASK)
    assert (again.status, again.value("Provision:RemoteWipe")) == (403 if manner is OLD else 200, None)
    with school.reading() as tx:
        assert tx.devices.scopes(ada.id, "PHONE1") == {}
        assert next((each.action, each.detail["outcome"]) for each in tx.audit.trail()) == ("device-wiped", outcome)


def test_a_wiped_device_comes_in_again_once_it_is_allowed(school, ada, phone):
    change(school, ada, wipe=Wipe.DONE, blocked=True, policy_key=0, pending_key=0)
    assert refused(phone, "129")
    change(school, ada, wipe=Wipe.NONE, blocked=False)
    phone.policy_key = 0
    phone.connect()


def test_a_device_that_says_it_was_wiped_unasked_changes_nothing(school, ada, phone):
    before = device(school, ada)
    assert phone.post("Provision", acknowledged("RemoteWipe", "1")).value("Provision:Status") == "1"
    assert device(school, ada) == before
    assert phone.folder_sync().status == "1"


def status_of_all(phone):
    """Send every command but Provision and return the statuses it is refused with."""
    found = set()
    for command, (root, status) in ROOTS.items():
        if command != "Provision":
            answer = phone.post(command, encode(E(root)))
            assert answer.status == 200, command
            found.add(answer.value(f"{PAGES[status.page][0]}:{status.name}"))
    return found


WIPES = [(Wipe.ACCOUNT, "AccountOnlyRemoteWipe"), (Wipe.DEVICE, "RemoteWipe")]
ENDS = [(0, "1", Wipe.DONE), (1, "1", Wipe.DONE), (0, "2", Wipe.FAILED)]


@pytest.mark.parametrize(("wiped", "ended"), list(product(WIPES, ENDS)))
def test_a_wipe_goes_before_everything_else_and_the_device_stays_out_after_it(school, ada, agenda, wiped, ended):
    (wish, order), (lost, answer, outcome) = wiped, ended
    phone = LocalPhone(school.store, ada, manner=NEW)
    phone.connect()
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    change(school, ada, wipe=wish)
    assert status_of_all(phone) == {"140"}
    phone.lose_answer = lost
    told = phone.post("Provision", ASK).root
    assert told.value("Provision:Status") == "1"
    orders = {each.name for each in told.children} & {"Provision:AccountOnlyRemoteWipe", "Provision:RemoteWipe"}
    assert orders == {f"Provision:{order}"}
    assert at(told, f"Provision:{order}").children == []
    # Until it says that it did, it has nothing else, and no policy to go on with.
    assert status_of_all(phone) == {"140"}
    policies = ("Provision:Policies", [("Provision:Policy", [("Provision:PolicyType", KIND)])])
    again = phone.post("Provision", ("Provision:Provision", [policies])).root
    assert again.find(f"Provision:{order}") is not None
    assert again.find("Provision:Policies", "Provision:Policy", "Provision:Data") is None
    phone.lose_answer = lost
    assert phone.post("Provision", acknowledged(order, answer)).value("Provision:Status") == "1"
    found = device(school, ada)
    assert (found.wipe, found.blocked, found.policy_key) == (outcome, True, 0)
    assert status_of_all(phone) == {"129"}
    with school.reading() as tx:
        assert tx.devices.scopes(ada.id, "PHONE1") == {}


@pytest.mark.parametrize("manner", [OLD, AOSP, replace(NEW, version="16.0")])
def test_before_16_1_the_account_is_shut_out_and_the_device_never_wiped(school, ada, manner):
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    change(school, ada, wipe=Wipe.ACCOUNT)
    assert refused(phone, "129")
    answer = phone.post("Provision", ASK)
    assert (answer.status, answer.value("Provision:RemoteWipe")) == (403 if manner is OLD else 200, None)


def test_the_last_refusal_is_noted_once_an_hour(school, ada, phone, clock):
    phone.policy_key = 4711
    for _ in range(3):
        phone.post("FolderSync", FOLDERS)
    found = device(school, ada)
    assert (found.error, found.error_at) == ("FolderSync 144", clock.now)
    writes = phone.writes
    phone.post("FolderSync", FOLDERS)
    assert phone.writes == writes


def test_a_device_of_the_same_id_is_another_persons_own(school, ada, phone, agenda):
    bob = school.person("bob")
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    other = LocalPhone(school.store, bob, "PHONE1")
    other.connect()
    for key in (phone.keys[agenda], phone.folder_key):
        assert other.sync(agenda, key=key).status == "8"
        assert other.folder_sync(key).status == "9"
    change(school, bob, wipe=Wipe.DEVICE)
    assert refused(other, "140")
    assert phone.quiet(agenda)
    assert phone.folder_sync().status == "1"


def test_a_phone_whose_past_was_purged_starts_again_and_its_administrator_sees_why(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    school.delete(ada, "a")
    school.put(ada, "b", event("b", "Maths"))
    with school.writing() as tx:
        maintenance.purge(tx, tx.changes.clock() + 1)
    assert phone.sync(agenda).status == "3"
    assert device(school, ada).error == "Sync 3"
    phone.sync_all(agenda)
    assert subjects(phone.items[agenda]) == ["Maths"]
    assert phone.quiet(agenda)


@pytest.mark.parametrize(("status", "noted"), [(118, ""), (120, "SendMail 120"), (129, ""), (103, "")])
def test_only_what_somebody_can_do_something_about_is_noted(school, ada, phone, status, noted):
    with school.writing() as tx:
        note((ada.id, "PHONE1"), "SendMail", status, tx)
    assert device(school, ada).error == noted
