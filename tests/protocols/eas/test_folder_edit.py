"""Calendars made, renamed and removed on a phone; everything else of the folder list stays as it is."""

from dataclasses import replace

import pytest

from storage.model import Settings
from tests.eas.client import AOSP
from tests.eas.commands import folder_create, folder_delete, folder_update
from tests.protocols.eas.harness import LocalPhone, event, subjects

OLD = replace(AOSP, version="12.1")


def slugs(school, person):
    with school.reading() as tx:
        return [each.name for each in tx.collections.subscribed(person)]


@pytest.mark.parametrize("manner", [OLD, AOSP])
def test_a_calendar_made_on_a_phone_is_there_and_is_not_told_again(school, ada, manner):
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    assert folder_create(phone, "Chess") == "1"
    made = phone.folder_named("Chess")
    assert "Chess" in slugs(school, ada)
    changes = phone.folder_sync()
    assert (changes.added, changes.updated, changes.deleted) == ([], [], [])
    phone.sync_all(made)
    with school.reading() as tx:
        slug = next(each.slug for each in tx.collections.subscribed(ada) if each.name == "Chess")
    school.put(ada, "a", event("a", "Open game"), slug)
    assert subjects(phone.items[made]) == []
    assert phone.sync(made).added
    assert subjects(phone.items[made]) == ["Open game"]


def test_another_phone_learns_of_it(school, ada, phone):
    other = LocalPhone(school.store, ada, "PHONE2")
    other.connect()
    folder_create(phone, "Chess")
    made = phone.folder_named("Chess")
    assert other.folder_sync().added == [made]
    folder_update(phone, made, "Échecs")
    assert other.folder_sync().updated == [made]
    assert other.folders[made].name == "Échecs"
    folder_delete(phone, made)
    assert other.folder_sync().deleted == [made]


def test_a_calendar_is_renamed_and_removed_with_what_is_in_it(school, ada, phone):
    folder_create(phone, "Chess")
    made = phone.folder_named("Chess")
    phone.sync_all(made)
    assert folder_update(phone, made, "Games") == "1"
    assert "Games" in slugs(school, ada)
    assert folder_update(phone, made, "Games") == "1"
    assert folder_delete(phone, made) == "1"
    assert "Games" not in slugs(school, ada)
    assert phone.folder_sync().deleted == []
    assert phone.sync(made, key="0").status == "8"


def test_a_lost_answer_makes_nothing_twice(school, ada, phone):
    phone.lose_answer = 1
    assert folder_create(phone, "Chess") == "1"
    assert slugs(school, ada).count("Chess") == 1
    made = phone.folder_named("Chess")
    phone.lose_answer = 1
    assert folder_update(phone, made, "Games") == "1"
    phone.lose_answer = 1
    assert folder_delete(phone, made) == "1"
    assert phone.folder_sync().status == "1"
    assert phone.folder_sync("0").status == "1"


def test_a_name_that_another_folder_has_is_refused(school, ada, phone):
    assert folder_create(phone, "Chess") == "1"
    assert folder_create(phone, "chess") == "2"
    assert folder_create(phone, "Mon agenda") == "2"
    assert folder_create(phone, "boîte de réception") == "2"
    assert folder_update(phone, phone.folder_named("Chess"), "Mon agenda") == "2"
    assert folder_update(phone, phone.folder_named("Chess"), "CHESS") == "1"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *((special, "3") for special in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 17, 18, 19)),
        *((nonsense, "10") for nonsense in (0, 20, 99, "x", "-1", "", "１３")),
    ],
)
def test_only_calendars_can_be_made(school, ada, phone, kind, status):
    before = slugs(school, ada)
    assert folder_create(phone, "Chess", kind) == status
    assert slugs(school, ada) == before


def test_a_calendar_has_no_place_but_the_root(phone, agenda):
    assert folder_create(phone, "Chess", parent=agenda) == "3"
    assert folder_create(phone, "Chess", parent="m2") == "3"
    assert folder_create(phone, "Chess", parent="c999") == "5"
    assert folder_create(phone, "Chess", parent="nonsense") == "5"
    folder_create(phone, "Chess")
    assert folder_update(phone, phone.folder_named("Chess"), "Chess", parent=agenda) == "3"
    assert folder_update(phone, phone.folder_named("Chess"), "Chess", parent="c999") == "5"


@pytest.mark.parametrize("key", ["0", "1", "00000000-1", "x", "é" * 20])
def test_an_unknown_key_sends_the_phone_to_a_new_folder_list(phone, agenda, key):
    assert folder_create(phone, "Chess", key=key) == "9"
    assert folder_update(phone, agenda, "Chess", key=key) == "9"
    assert folder_delete(phone, agenda, key=key) == "9"


def test_what_is_wanting_or_repeated_is_malformed(phone, agenda):
    asked = [("SyncKey", phone.folder_key), ("ServerId", agenda), ("ParentId", "0"), ("DisplayName", "X"), ("Type", 13)]
    needed = {
        "FolderCreate": {"SyncKey", "ParentId", "DisplayName", "Type"},
        "FolderUpdate": {"SyncKey", "ServerId", "ParentId", "DisplayName"},
        "FolderDelete": {"SyncKey", "ServerId"},
    }
    before = phone.writes
    for command, names in needed.items():
        whole = [(f"FolderHierarchy:{name}", value) for name, value in asked if name in names]
        for at in range(len(whole)):
            for parts in (
                whole[:at] + whole[at + 1 :],
                [*whole, whole[at]],
                [*whole[:at], (whole[at][0], ""), *whole[at + 1 :]],
            ):
                answer = phone.post(command, (f"FolderHierarchy:{command}", parts))
                assert answer.value("FolderHierarchy:Status") == "10", (command, parts)
    assert folder_create(phone, "x" * 256) == "10"
    assert folder_create(phone, "\x01\x02") == "10"
    assert phone.writes == before


def test_folders_that_everyone_has_are_refused_and_told_again(school, ada, phone, agenda):
    timetable, own = phone.folder_named("Emploi du temps"), phone.folders[agenda].name
    for folder in (agenda, timetable):
        name = phone.folders[folder].name
        assert folder_update(phone, folder, "Mine") == "3"
        phone.folders[folder].name = "Mine"  # a phone that renames first and asks then
        assert phone.folder_sync().updated == [folder]
        assert phone.folders[folder].name == name
        assert folder_delete(phone, folder) == "3"
        assert phone.folder_sync().added == [folder]
    assert phone.folders[agenda].name == own
    assert folder_update(phone, "m2", "Mine") == "3"
    assert folder_delete(phone, "m4") == "3"
    assert phone.folder_sync().status == "1"
    phone.sync_all(timetable)
    assert phone.quiet(timetable)


def test_folders_of_others_do_not_exist(school, ada, phone):
    bob = school.person("bob")
    theirs = school.folder(bob)
    names = slugs(school, bob)
    for folder in (theirs, "c999", "nonsense", "c0"):
        assert folder_update(phone, folder, "Mine") == "4"
        assert folder_delete(phone, folder) == "4"
    assert slugs(school, bob) == names


def test_a_phone_that_may_see_one_calendar_only_makes_no_other(school, ada, phone):
    school.store.directory.configure(school.id, Settings(eas_others_allowed=False))
    phone.folder_sync()
    before = slugs(school, ada)
    assert folder_create(phone, "Chess") == "3"
    assert slugs(school, ada) == before


def test_up_to_12_1_a_refusal_has_the_same_status(school, ada):
    phone = LocalPhone(school.store, ada, manner=OLD)
    phone.connect()
    assert folder_create(phone, "Chess", 12) == "3"
    assert folder_delete(phone, "c999") == "4"
