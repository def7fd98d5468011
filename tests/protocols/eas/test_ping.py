"""Ping and hanging Sync: waiting without a thread, waking, remembered parameters."""

import pytest

from protocols.wire import Response
from storage.model import Watch
from tests.eas.items import add
from tests.eas.items import event as item
from tests.eas.wbxml import decode
from tests.protocols.eas.harness import LocalPhone, event
from tests.protocols.eas.test_sync_download import counted
from tests.protocols.eas.test_sync_upload import DENTIST


@pytest.fixture
def synced(phone, agenda):
    """A phone that holds its agenda."""
    phone.sync_all(agenda)
    return phone


def document(response):
    assert isinstance(response, Response)
    return decode(response.body)


def moved(school, since):
    with school.reading() as tx:
        return tx.changes.moved_since(since).watches


def test_a_ping_without_news_waits_for_its_folders_and_the_list_of_them(school, ada, synced, agenda):
    assert synced.ping([agenda], 600) == ("1", [])
    (park,) = synced.parked
    assert park.watch == {Watch("collection", int(agenda[1:])), Watch("home", ada.id)}
    assert park.seconds == 600
    assert park.device == (school.id, ada.id, "PHONE1")


def test_a_ping_asks_as_much_of_a_large_calendar_as_of_a_small_one(school, ada, synced, agenda):
    synced.ping([agenda], 600)
    with counted(school.store) as small:
        synced.ping([agenda], 600)
    for number in range(40):
        school.put(ada, f"e{number}", event(f"e{number}", "More"))
    synced.sync_all(agenda)
    with counted(school.store) as large:
        synced.ping([agenda], 600)
    assert len(synced.parked) == 3
    assert len(small) == len(large) <= 9


def test_a_waiting_ping_is_woken_with_the_folder_that_moved(school, ada, synced, agenda):
    synced.ping([agenda], 600)
    (park,) = synced.parked
    school.put(ada, "a", event("a", "Physics"))
    answer = document(park.wake(moved(school, park.since)))
    assert answer.value("Ping:Status") == "2"
    assert [each.text for each in answer.find("Ping:Folders").children] == [agenda]


def test_a_waiting_ping_is_asked_again_when_the_list_of_folders_moved(school, ada, synced, agenda):
    synced.ping([agenda], 600)
    (park,) = synced.parked
    school.switch(ada, "rendez-vous", on=False)
    assert park.wake(moved(school, park.since)) is None
    assert synced.ping([agenda], 600) == ("7", [])
    synced.folder_sync()
    assert synced.ping([agenda], 600) == ("1", [])


def test_a_ping_tells_at_once_of_what_changed_before_it(school, ada, synced, agenda):
    timetable = school.folder(ada, "emploi-du-temps")
    synced.sync_all(timetable)
    school.put(ada, "a", event("a", "Physics"))
    assert synced.ping([agenda, timetable], 600) == ("2", [agenda])
    synced.sync_all(agenda)
    assert synced.ping([agenda, timetable], 600) == ("1", [])


def test_a_ping_tells_of_a_load_that_is_not_finished(school, ada, phone, agenda):
    for number in range(3):
        school.put(ada, f"e{number}", event(f"e{number}", "E"))
    phone.sync(agenda)
    phone.sync(agenda, window=1)
    assert phone.ping([agenda], 600) == ("2", [agenda])


def test_a_folder_never_synchronised_is_reported_as_changed(phone, agenda):
    assert phone.ping([agenda], 600) == ("2", [agenda])


def test_what_the_phone_itself_wrote_does_not_wake_it(synced, agenda):
    synced.sync(agenda, [add("1", item(DENTIST))])
    assert synced.ping([agenda], 600) == ("1", [])


def test_changes_that_are_nothing_to_this_phone_do_not_wake_it_twice(school, ada, synced, agenda):
    old = event("old", "Old", "20200101T080000Z", "20200101T090000Z")
    school.put(ada, "old", old)
    assert synced.ping([agenda], 600) == ("2", [agenda])
    assert synced.sync(agenda).empty
    assert synced.ping([agenda], 600) == ("1", [])
    assert synced.quiet(agenda)


def test_parameters_are_remembered(synced, agenda):
    synced.ping([agenda], 600)
    before = synced.writes
    assert synced.ping(None) == ("1", [])
    assert synced.ping((), 600) == ("1", [])
    assert synced.writes == before
    assert [park.seconds for park in synced.parked] == [600, 600, 600]
    assert synced.ping((), 900) == ("1", [])
    assert synced.parked[-1].seconds == 900


def test_without_remembered_parameters_the_phone_is_asked_for_them(synced, agenda):
    assert synced.ping(None) == ("3", [])
    assert synced.ping([agenda]) == ("3", [])
    assert synced.ping((), 600) == ("3", [])


@pytest.mark.parametrize(("asked", "offered"), [(1, "60"), (59, "60"), (3541, "3540"), (99_999, "3540")])
def test_an_interval_out_of_range_is_answered_with_the_nearest(synced, agenda, asked, offered):
    parts = [("Ping:HeartbeatInterval", asked), ("Ping:Folders", [("Ping:Folder", [("Ping:Id", agenda)])])]
    answer = synced.post("Ping", ("Ping:Ping", parts))
    assert (answer.value("Ping:Status"), answer.value("Ping:HeartbeatInterval")) == ("5", offered)


def test_too_many_folders_are_answered_with_the_bound(synced):
    assert synced.ping([f"c{number}" for number in range(1, 300)], 600)[0] == "6"


def test_an_unknown_folder_means_a_stale_list(school, synced):
    bob = school.person("bob")
    assert synced.ping([school.folder(bob)], 600) == ("7", [])
    assert synced.ping(["nonsense"], 600) == ("7", [])


@pytest.mark.parametrize("wait", [("AirSync:Wait", 5), ("AirSync:HeartbeatInterval", 300)])
def test_a_sync_may_wait(school, ada, synced, agenda, wait):
    assert synced.sync(agenda, extra=[wait]).empty
    (park,) = synced.parked
    assert park.seconds == 300
    assert park.watch == {Watch("collection", int(agenda[1:])), Watch("home", ada.id)}
    school.put(ada, "a", event("a", "Physics"))
    assert park.watch & moved(school, park.since)
    assert len(synced.sync(agenda, extra=[wait]).added) == 1


def test_a_waiting_sync_ends_when_the_list_of_folders_moved(school, ada, synced, agenda):
    school.switch(ada, "rendez-vous", on=False)
    assert synced.sync(agenda, extra=[("AirSync:Wait", 5)]).status == "12"


@pytest.mark.parametrize(
    ("extra", "status", "limit"),
    [
        ([("AirSync:Wait", 60)], "14", "59"),
        ([("AirSync:Wait", 0)], "14", "1"),
        ([("AirSync:HeartbeatInterval", 30)], "14", "60"),
        ([("AirSync:HeartbeatInterval", 9999)], "14", "3540"),
        ([("AirSync:Wait", 5), ("AirSync:HeartbeatInterval", 300)], "4", None),
    ],
)
def test_a_wait_out_of_range_is_answered_with_the_nearest(synced, agenda, extra, status, limit):
    result = synced.sync(agenda, extra=extra)
    assert (result.status, result.node.value("AirSync:Limit")) == (status, limit)


def test_an_empty_sync_repeats_the_one_before(school, ada, synced, agenda):
    assert synced.post("Sync").value("AirSync:Status") == "13"
    synced.sync(agenda, extra=[("AirSync:Wait", 5)])
    before = synced.writes
    assert synced.post("Sync").root is None
    assert synced.writes == before
    assert [park.seconds for park in synced.parked] == [300, 300]
    school.put(ada, "a", event("a", "Physics"))
    answer = synced.post("Sync").root
    assert len(answer.find("AirSync:Collections", "AirSync:Collection", "AirSync:Commands").children) == 1


def test_a_partial_sync_replaces_what_it_names(synced, agenda):
    synced.sync(agenda, extra=[("AirSync:Wait", 5)])
    assert synced.post("Sync", ("AirSync:Sync", [("AirSync:Wait", 9), ("AirSync:Partial", None)])).root is None
    assert [park.seconds for park in synced.parked] == [300, 540]
    heartbeat = ("AirSync:HeartbeatInterval", 120)
    assert synced.post("Sync", ("AirSync:Sync", [heartbeat, ("AirSync:Partial", None)])).root is None
    assert synced.parked[-1].seconds == 120


def test_a_sync_that_does_not_wait_is_not_repeated_by_an_empty_one(synced, agenda):
    synced.sync(agenda, extra=[("AirSync:Wait", 5)])
    synced.sync(agenda)
    assert synced.post("Sync").value("AirSync:Status") == "13"


def test_two_devices_wait_apart(school, ada, synced, agenda):
    other = LocalPhone(school.store, ada, "PHONE2")
    other.connect()
    other.sync_all(agenda)
    synced.ping([agenda], 600)
    other.ping([agenda], 600)
    assert synced.parked[0].device != other.parked[0].device
