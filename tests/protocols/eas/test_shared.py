"""Calendars of others on phones: only where the school lets them, and with what is private hidden."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.model import Access, Role, Settings
from storage.sharing import Offer
from tests.eas.commands import move, respond
from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.eas.wire import AOSP, IOS
from tests.protocols.eas.harness import LocalPhone, School, event, of, statuses, subjects

SOON, LATER = "20261201T080000Z", "20261201T090000Z"
EDIT = {"StartTime": "20261124T090000Z", "EndTime": "20261124T100000Z", "Subject": "Mine", "BusyStatus": 2}


@pytest.fixture
def owner(school):
    """A teacher with a public and a private event."""
    person = school.person("olga", Role.TEACHER)
    school.put(person, "plain", event("plain", "Conseil"))
    school.put(person, "secret", event("secret", "Médecin", "20261124T080000Z", "20261124T090000Z", "CLASS:PRIVATE"))
    return person


@pytest.fixture
def allowed(school):
    """The school lets shared calendars go to phones."""
    school.store.directory.configure(school.id, Settings(eas_shared_calendars=True))


def shared(school: School, owner, ada, access: Access = Access.READ) -> str:
    """Share the owner's calendar and return its folder."""
    with school.writing() as tx:
        mine = school.calendar(tx, owner)
        tx.sharing.offer(owner, mine, ada, Offer(access, "olga", settled=True))
    return f"c{mine.id}"


def hidden(phone: LocalPhone, folder: str) -> str:
    """Return the one item that has no subject."""
    (only,) = (key for key, node in phone.items[folder].items() if not node.value("Calendar:Subject"))
    return only


@pytest.mark.req("R12")
def test_shared_calendars_stay_off_phones_unless_the_school_allows_them(school, owner, ada, phone):
    folder = shared(school, owner, ada)
    phone.folder_sync()
    assert folder not in phone.folders
    school.store.directory.configure(school.id, replace(Settings(), eas_shared_calendars=True))
    phone.folder_sync()
    assert folder in phone.folders


def test_a_private_event_comes_as_a_busy_block(school, owner, ada, phone, allowed):
    folder = shared(school, owner, ada)
    phone.folder_sync()
    phone.sync_all(folder)
    assert subjects(phone.items[folder]) == ["", "Conseil"]
    assert phone.items[folder][hidden(phone, folder)].value("Calendar:StartTime") == "20261124T080000Z"


def test_who_sees_busy_times_gets_no_subjects_and_starts_again_when_that_changes(school, owner, ada, phone, allowed):
    folder = shared(school, owner, ada)
    phone.folder_sync()
    phone.sync_all(folder)
    shared(school, owner, ada, Access.BUSY)
    result = phone.sync(folder)
    assert result.status == "3"
    phone.sync_all(folder)
    assert subjects(phone.items[folder]) == ["", ""]


def test_who_may_write_changes_what_is_public_and_nothing_hidden(school, owner, ada, phone, allowed):
    folder = shared(school, owner, ada, Access.WRITE)
    phone.folder_sync()
    phone.sync_all(folder)
    plain, secret = of(phone, folder, "Conseil"), hidden(phone, folder)
    assert statuses(phone.sync(folder, [change(plain, item({**EDIT, "UID": "plain"}))]).responses) == []
    result = phone.sync(folder, [change(secret, item({**EDIT, "UID": "secret"}))])
    assert statuses(result.responses) == [("Change", "7")]
    assert statuses(phone.sync(folder, [delete(secret)]).responses) == [("Delete", "7")]
    again = phone.sync(folder, [add("9", item({**EDIT, "UID": "secret"}))])
    assert statuses(again.responses) == [("Add", "6")]
    private = phone.sync(folder, [add("10", item({**EDIT, "UID": "new", "Sensitivity": 2}))])
    assert statuses(private.responses) == [("Add", "6")]
    with school.reading() as tx:
        own = school.calendar(tx, owner)
        assert b"Mine" in tx.objects.get(own, "plain.ics").ical
        assert b"decin" in tx.objects.get(own, "secret.ics").ical


def test_who_may_read_has_edits_undone(school, owner, ada, phone, allowed):
    folder = shared(school, owner, ada)
    phone.folder_sync()
    phone.sync_all(folder)
    result = phone.sync(folder, [change(of(phone, folder, "Conseil"), item({**EDIT, "UID": "plain"}))])
    assert statuses(result.responses) == [("Change", "7")]
    assert "Conseil" in subjects(phone.items[folder])


def test_an_ended_share_takes_the_folder_away(school, owner, ada, phone, allowed):
    folder = shared(school, owner, ada)
    phone.folder_sync()
    assert folder in phone.folders
    with school.writing() as tx:
        tx.sharing.withdraw(owner, school.calendar(tx, owner), ada, "olga")
    phone.folder_sync()
    assert folder not in phone.folders


def test_nothing_leaves_its_owners_calendar_by_another_hand(school, owner, ada, phone, allowed, agenda):
    folder = shared(school, owner, ada, Access.WRITE)
    phone.folder_sync()
    phone.sync_all(folder)
    phone.sync_all(agenda)
    ((status, _),) = move(phone, (of(phone, folder, "Conseil"), folder, agenda))
    assert status == "5"
    assert phone.sync(folder).empty
    assert phone.sync(agenda).empty


def test_a_meeting_is_not_moved_into_the_calendar_of_somebody_else(school, owner, ada, phone, allowed, agenda):
    folder = shared(school, owner, ada, Access.WRITE)
    told = ("ORGANIZER:mailto:prof@school.example", "ATTENDEE:mailto:ada@school.example")
    school.person("prof", Role.TEACHER)
    with school.writing() as tx:
        prof = tx.principals.by_login("prof")
        tx.scheduling.put(school.calendar(tx, prof), "m.ics", event("m", "Réunion", SOON, LATER, *told))
    phone.folder_sync()
    phone.sync_all(folder)
    phone.sync_all(agenda)
    ((status, _),) = move(phone, (of(phone, agenda, "Réunion"), agenda, folder))
    assert status == "5"
    assert phone.sync(agenda).empty
    assert phone.sync(folder).empty


def test_declining_in_a_shared_calendar_does_not_call_off_its_owners_meeting(school, owner, allowed):
    prof = school.person("prof", Role.TEACHER)
    folder = shared(school, owner, prof, Access.WRITE)
    told = ("ORGANIZER:mailto:olga@school.example", "ATTENDEE:mailto:prof@school.example")
    with school.writing() as tx:
        tx.scheduling.put(school.calendar(tx, owner), "m.ics", event("m", "Réunion", SOON, LATER, *told))
    phone = LocalPhone(school.store, prof)
    phone.connect()
    phone.sync_all(folder)
    assert respond(phone, 3, CollectionId=folder, RequestId=of(phone, folder, "Réunion")) == ("2", None)
    with school.reading() as tx:
        assert tx.objects.by_uid(school.calendar(tx, owner), "m") is not None
        assert tx.objects.by_uid(school.calendar(tx, prof), "m") is not None


@pytest.mark.parametrize("manner", [AOSP, IOS], ids=["14.1", "16.1"])
def test_a_meeting_that_only_its_owner_may_cancel_comes_back_when_it_is_deleted(school, owner, ada, allowed, manner):
    bob = school.person("bob", Role.TEACHER)
    meeting = ("ORGANIZER:mailto:olga@school.example", f"ATTENDEE:mailto:{bob.email}")
    with school.writing() as tx:
        mine = school.calendar(tx, owner)
        tx.scheduling.put(mine, "m.ics", event("m", "Council", SOON, LATER, *meeting, "RRULE:FREQ=DAILY;COUNT=3"))
    folder = shared(school, owner, ada, Access.WRITE)
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    phone.sync_all(folder)
    result = phone.sync(folder, [delete(of(phone, folder, "Council"))])
    assert statuses(result.responses) == [("Delete", "7")]
    phone.sync_all(folder)
    assert "Council" in subjects(phone.items[folder])
    with school.reading() as tx:
        assert tx.objects.by_uid(school.calendar(tx, owner), "m") is not None


def test_an_occurrence_of_a_meeting_that_only_its_owner_may_change_comes_back(school, owner, ada, allowed):
    meeting = ("ORGANIZER:mailto:olga@school.example", f"ATTENDEE:mailto:{school.person('bob').email}")
    with school.writing() as tx:
        mine = school.calendar(tx, owner)
        text = event("m", "Council", SOON, LATER, *meeting, "RRULE:FREQ=DAILY;COUNT=3")
        stored = tx.scheduling.put(mine, "m.ics", text).object.ical
    folder = shared(school, owner, ada, Access.WRITE)
    phone = LocalPhone(school.store, ada, manner=IOS)
    phone.connect()
    phone.sync_all(folder)
    held = of(phone, folder, "Council")
    gone = ("AirSync:Delete", [("AirSync:ServerId", held), ("AirSyncBase:InstanceId", "20261202T080000Z")])
    for _ in range(3):
        assert statuses(phone.sync(folder, [gone]).responses) == [("Delete", "7")]
    with school.reading() as tx:
        assert tx.objects.by_uid(school.calendar(tx, owner), "m").ical == stored
        assert [each.kind for each in tx.refusals.of(ada.id)] == ["refused-often"]
