"""FolderSync: which calendars a phone sees, switches, families, keys."""

import pytest

from protocols.eas.families import client_of, family_of
from storage.model import Admission, ClientKind, CollectionPatch, NewCalendar, Role, Settings
from tests.eas.client import TBSYNC
from tests.protocols.eas.harness import LocalPhone, event, subjects

TIMETABLE = "emploi-du-temps"


def names(phone):
    return sorted((folder.name, folder.type) for folder in phone.calendars.values())


@pytest.mark.req("R9")
def test_a_phone_sees_its_owners_calendars(phone):
    assert names(phone) == [("Emploi du temps", "13"), ("Mon agenda", "8"), ("Rendez-vous", "13")]


def test_a_phone_is_given_an_inbox_and_thunderbird_is_not(school, ada, phone):
    assert sorted(folder.type for folder in phone.folders.values()) == ["13", "13", "2", "4", "5", "7", "8"]
    bird = LocalPhone(school.store, ada, "MZTB1", manner=TBSYNC)
    bird.connect(provision=False)
    assert sorted(folder.type for folder in bird.folders.values()) == ["13", "13", "7", "8"]


def test_mail_folders_are_empty_and_cost_nothing(phone):
    (inbox,) = (key for key, folder in phone.folders.items() if folder.type == "2")
    before = phone.writes
    assert phone.sync(inbox).status == "1"
    assert phone.sync(inbox).empty
    assert phone.estimate(inbox) == ("1", 0)
    assert phone.writes == before


def test_without_news_the_key_stays_and_nothing_is_written(phone):
    before, key = phone.writes, phone.folder_key
    changes = phone.folder_sync()
    assert (changes.added, changes.updated, changes.deleted) == ([], [], [])
    assert (phone.folder_key, phone.writes) == (key, before)


@pytest.mark.req("R3", "R9")
def test_a_calendar_switched_off_goes_and_comes_back_under_its_id(school, ada, phone):
    school.put(ada, "a", event("a", "Physics"))
    folder = school.folder(ada, TIMETABLE)
    phone.sync_all(folder)
    school.switch(ada, TIMETABLE, on=False)
    assert phone.sync(folder).status == "12"
    assert phone.folder_sync().deleted == [folder]
    school.switch(ada, TIMETABLE, on=True)
    assert phone.folder_sync().added == [folder]
    assert phone.sync_all(folder).status == "1"


def test_the_state_of_a_calendar_that_went_is_forgotten(school, ada, phone):
    folder = school.folder(ada, TIMETABLE)
    phone.sync_all(folder)
    key = phone.keys[folder]
    school.switch(ada, TIMETABLE, on=False)
    phone.folder_sync()
    school.switch(ada, TIMETABLE, on=True)
    phone.folder_sync()
    assert phone.sync(folder, key=key).status == "3"


def test_without_the_default_another_own_calendar_takes_its_place(school, ada, phone):
    school.switch(ada, "agenda", on=False)
    phone.folder_sync()
    assert names(phone) == [("Emploi du temps", "8"), ("Rendez-vous", "13")]


def test_with_everything_off_the_default_is_shown_empty_and_fills_again(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    school.put(ada, "s", event("s", "Swimming", "20260901T080000Z", "20260901T090000Z", "RRULE:FREQ=DAILY"))
    phone.sync_all(agenda)
    for slug in ("agenda", TIMETABLE, "rendez-vous"):
        school.switch(ada, slug, on=False)
    phone.folder_sync()
    assert names(phone) == [("Mon agenda", "8")]
    assert phone.sync_all(agenda).status == "1"
    assert phone.items[agenda] == {}
    assert phone.quiet(agenda)
    school.switch(ada, "agenda", on=True)
    phone.folder_sync()
    phone.sync_all(agenda)
    assert subjects(phone.items[agenda]) == ["Physics", "Swimming"]
    assert phone.quiet(agenda)


def test_a_renamed_calendar_keeps_its_id(school, ada, phone, agenda):
    with school.writing() as tx:
        tx.collections.update(ada, school.calendar(tx, ada), CollectionPatch(name="Agenda"))
    assert phone.folder_sync().updated == [agenda]
    assert phone.folders[agenda].name == "Agenda"


def test_a_calendar_comes_and_goes_with_its_owner(school, ada, phone):
    with school.writing() as tx:
        calendar = tx.collections.create(ada, NewCalendar("club", "Club", components=("VEVENT",)))
    assert phone.folder_sync().added == [f"c{calendar.id}"]
    with school.writing() as tx:
        tx.collections.delete(ada, school.calendar(tx, ada, "club"))
    assert phone.folder_sync().deleted == [f"c{calendar.id}"]


def test_calendars_of_one_name_are_told_apart(school, ada, phone):
    with school.writing() as tx:
        tx.collections.create(ada, NewCalendar("club", "Mon agenda", components=("VEVENT",)))
    phone.folder_sync()
    assert names(phone) == [
        ("Emploi du temps", "13"),
        ("Mon agenda", "8"),
        ("Mon agenda (2)", "13"),
        ("Rendez-vous", "13"),
    ]


def test_every_calendar_has_a_name_of_its_own_that_is_one_short_line(school, ada, phone):
    given = ["Sport", "Sport (2)", "sport", "Sport", "Two\nlines\x01", "", "L" * 2000, "L" * 2000, "Boîte de réception"]
    with school.writing() as tx:
        for number, name in enumerate(given):
            new = NewCalendar(slug=f"slug{number}", name=name, components=("VEVENT",))
            tx.collections.create(ada, new)
    phone.folder_sync()
    shown = [folder.name for folder in phone.calendars.values()][3:]
    assert shown[:6] == ["Sport", "Sport (2)", "sport (3)", "Sport (4)", "Two lines", "slug5"]
    assert shown[6:] == ["L" * 255, "L" * 251 + " (2)", "Boîte de réception (2)"]
    assert phone.folder_sync().status == "1"


def test_calendars_of_one_name_keep_theirs_when_they_are_put_in_another_order(school, ada, phone):
    with school.writing() as tx:
        for slug in ("first", "second"):
            tx.collections.create(ada, NewCalendar(slug, "Club", components=("VEVENT",)))
    phone.folder_sync()
    with school.writing() as tx:
        for position, slug in enumerate(("second", "first")):
            tx.collections.update(ada, school.calendar(tx, ada, slug), CollectionPatch(position=position))
    assert phone.folder_sync().updated == []


def test_a_calendar_that_is_called_as_a_number_would_call_another_keeps_its_name(school, ada, phone):
    with school.writing() as tx:
        for slug, name in (("first", "Club"), ("second", "club"), ("third", "Club (2)")):
            tx.collections.create(ada, NewCalendar(slug, name, components=("VEVENT",)))
    phone.folder_sync()
    assert {"Club", "club (3)", "Club (2)"} <= {each.name for each in phone.folders.values()}
    with school.writing() as tx:
        tx.collections.update(ada, school.calendar(tx, ada, "first"), CollectionPatch(name="Chess"))
    phone.folder_sync()
    assert {"Chess", "club", "Club (2)"} <= {each.name for each in phone.folders.values()}


def test_a_shared_calendar_of_the_same_name_says_whose_it_is(school, ada):
    bob = school.person("bob", Role.TEACHER)
    school.store.directory.configure(school.id, Settings(eas_shared_calendars=True))
    with school.writing() as tx:
        tx.collections.subscribe(ada, school.calendar(tx, bob).id, "bobs", "Mon agenda")
    phone = LocalPhone(school.store, ada)
    phone.connect()
    assert ("Mon agenda – Ada Bob", "13") in names(phone)


@pytest.mark.req("R8")
def test_a_shared_calendar_stays_off_phones(school, ada, phone):
    bob = school.person("bob", Role.TEACHER)
    with school.writing() as tx:
        tx.collections.subscribe(ada, school.calendar(tx, bob).id, "bobs", "Bob")
    assert phone.folder_sync().added == []


@pytest.mark.req("R10", "R13")
def test_other_families_see_only_the_default_when_the_administrator_says_so(school, ada, phone):
    school.store.directory.configure(school.id, Settings(eas_others_allowed=False))
    phone.folder_sync()
    assert names(phone) == [("Mon agenda", "8")]
    apple = LocalPhone(school.store, ada, "APPLE", device_type="iPhone", user_agent="Apple-iPhone14C2/2004.1")
    apple.connect()
    assert len(names(apple)) == 3


def test_a_lost_answer_is_given_again(school, ada, phone):
    folder, key = school.folder(ada, TIMETABLE), phone.folder_key
    school.switch(ada, TIMETABLE, on=False)
    phone.lose_answer = 2
    assert phone.folder_sync().deleted == [folder]
    assert phone.folder_sync().status == "1"
    school.switch(ada, TIMETABLE, on=True)
    phone.folder_sync()
    assert phone.folder_sync(key).status == "9"


@pytest.mark.parametrize("key", ["1", "nonsense", "00000000-1", "é", "0" * 200])
def test_an_unknown_key_is_status_9(phone, key):
    assert phone.folder_sync(key).status == "9"


def test_more_folders_than_a_device_may_have_are_refused_not_cut(school, ada, phone, agenda, monkeypatch):
    monkeypatch.setattr("protocols.eas.folder_sync.MAX_FOLDERS", len(phone.folders) - 1)
    key = phone.folder_key
    assert phone.folder_sync("0").status == "151"
    assert phone.folder_sync(key).status == "151"
    assert phone.sync_all(agenda).status == "1"
    monkeypatch.setattr("protocols.eas.folder_sync.MAX_FOLDERS", len(phone.folders))
    assert phone.folder_sync(key).status == "1"


def test_a_request_without_key_is_status_10(phone):
    answer = phone.post("FolderSync", ("FolderHierarchy:FolderSync", []))
    assert answer.value("FolderHierarchy:Status") == "10"


def test_the_first_answer_repeats_what_options_says(phone):
    answer = phone.post("FolderSync", ("FolderHierarchy:FolderSync", [("FolderHierarchy:SyncKey", "0")]))
    assert answer.headers["ms-asprotocolversions"] == answer.headers["x-ms-rp"] == "12.1,14.0,14.1"
    assert "FolderSync" in answer.headers["ms-asprotocolcommands"].split(",")


@pytest.mark.parametrize(
    ("agent", "kind", "family"),
    [
        ("Apple-iPhone14C2/2004.81", "iPhone", "ios"),
        ("Apple-iPad", "x", "ios"),
        ("", "iPad", "ios"),
        ("Thunderbird ActiveSync", "TbSync", "tbsync"),
        ("Android-Mail/2023", "Android", "android"),
        ("Android/12-EAS-2.0", "", "android"),
        ("SAMSUNG-SM-G991B/101.12", "SamsungDevice", "samsung"),
        ("Outlook/16.0", "WindowsOutlook15", "outlook"),
        ("MSFT-WIN-4/10.0.19041", "WindowsMail", "windows"),
        ("MSFT-WP/8.10", "WP8", "windows"),
        ("curl/8", "thing", "other"),
        ("", "", "other"),
    ],
)
def test_families_are_told_by_name(agent, kind, family):
    assert family_of(agent, kind) == family
    assert (client_of(family).kind is ClientKind.EAS_IOS) == (family == "ios")


def test_a_delegate_has_only_their_own_calendars_on_a_phone(school):
    owner, delegate = school.person("amy", Role.TEACHER), school.person("ben", Role.TEACHER)
    with school.writing() as tx:
        tx.delegations.give("test", owner, delegate, Admission.WRITE)
    phone = LocalPhone(school.store, delegate)
    phone.connect()
    assert names(phone) == [("Emploi du temps", "13"), ("Mon agenda", "8"), ("Rendez-vous", "13")]
    assert school.folder(owner) not in phone.folders
