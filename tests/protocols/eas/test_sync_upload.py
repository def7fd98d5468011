"""Sync from the device: Adds, Changes, Deletes, conflicts, and answers that got lost."""

import pytest

from storage.model import Expect
from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.protocols.eas.harness import LocalPhone, event, statuses, subjects

DENTIST = {
    "StartTime": "20261124T090000Z",
    "EndTime": "20261124T100000Z",
    "Subject": "Dentist",
    "BusyStatus": 2,
    "AllDayEvent": 0,
    "DtStamp": "20261101T000000Z",
    "UID": "dentist-1",
}


def texts(school, person):
    with school.reading() as tx:
        return sorted(text.decode() for text in tx.objects.texts(school.calendar(tx, person)))


def summaries(school, person):
    lines = (line for text in texts(school, person) for line in text.splitlines())
    return sorted(line.removeprefix("SUMMARY:") for line in lines if line.startswith("SUMMARY:"))


def test_an_event_added_on_the_phone_is_stored_once_and_not_sent_back(school, ada, phone, agenda):
    phone.sync_all(agenda)
    result = phone.sync(agenda, [add("1", item(DENTIST))])
    assert statuses(result.responses) == [("Add", "1")]
    assert result.quiet
    assert summaries(school, ada) == ["Dentist"]
    assert phone.quiet(agenda)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_lost_answer_does_not_make_the_event_twice(school, ada, phone, agenda, times):
    phone.sync_all(agenda)
    phone.lose_answer = times
    result = phone.sync(agenda, [add("1", item({**DENTIST, "UID": ""})), add("2", item({**DENTIST, "UID": ""}))])
    assert statuses(result.responses) == [("Add", "1"), ("Add", "1")]
    assert len(phone.items[agenda]) == 2
    assert summaries(school, ada) == ["Dentist", "Dentist"]
    assert phone.quiet(agenda)


def again(phone, folder, key, *commands, **options):
    """Send a request anew whose answer was lost: nothing of it reached the phone."""
    phone.items[folder].clear()
    phone.keys[folder] = key
    return phone.sync(folder, list(commands), **options)


@pytest.mark.parametrize("uid", ["", "dentist-1"])
def test_an_event_edited_after_a_lost_answer_is_stored_as_edited(school, ada, phone, agenda, uid):
    phone.sync_all(agenda)
    key = phone.keys[agenda]
    dentist, surgeon = ({**DENTIST, "UID": uid, "Subject": name} for name in ("Dentist", "Surgeon"))
    first = phone.sync(agenda, [add("1", item(dentist))])
    second = again(phone, agenda, key, add("1", item(surgeon)))
    third = again(phone, agenda, key, add("1", item(surgeon)))
    named = [[each.value("AirSync:ServerId") for each in result.responses] for result in (first, second, third)]
    assert named[0] == named[1] == named[2]
    assert statuses(second.responses) == [("Add", "1")]
    assert second.quiet
    assert third.key == second.key != first.key
    assert summaries(school, ada) == ["Surgeon"]
    again(phone, agenda, key, add("1", item(dentist)))
    assert summaries(school, ada) == ["Dentist"]
    assert subjects(phone.items[agenda]) == ["Dentist"]
    assert phone.quiet(agenda)


@pytest.mark.parametrize(("conflict", "winner"), [(1, "Server"), (0, "Phone")])
def test_an_event_edited_on_both_sides_after_a_lost_answer_is_a_conflict(school, ada, phone, agenda, conflict, winner):
    phone.sync_all(agenda)
    key = phone.keys[agenda]
    phone.sync(agenda, [add("1", item(DENTIST))])
    with school.writing() as tx:
        calendar = school.calendar(tx, ada)
        found = tx.objects.by_uid(calendar, "dentist-1")
        tx.objects.put(calendar, found.href, found.ical.replace(b"Dentist", b"Server"))
    edited = add("1", item({**DENTIST, "Subject": "Phone"}))
    for _ in range(2):
        result = again(phone, agenda, key, edited, conflict=conflict)
        assert statuses(result.responses) == [("Add", "1")]
        assert summaries(school, ada) == [winner]
    with school.reading() as tx:
        kept = [(each.kind, each.data["subject"]) for each in tx.refusals.of(ada.id)]
    assert kept == ([("refused-change", "Phone")] if conflict else [])
    phone.sync_all(agenda)
    assert subjects(phone.items[agenda]) == [winner]
    assert phone.quiet(agenda)


def test_another_event_under_the_id_of_a_lost_one_replaces_nothing(school, ada, phone, agenda):
    phone.sync_all(agenda)
    key = phone.keys[agenda]
    phone.sync(agenda, [add("1", item(DENTIST))])
    surgeon = add("1", item({**DENTIST, "UID": "surgeon-1", "Subject": "Surgeon"}))
    result = again(phone, agenda, key, surgeon, add("2", item(DENTIST)))
    assert statuses(result.responses) == [("Add", "1"), ("Add", "1")]
    assert summaries(school, ada) == ["Dentist", "Surgeon"]
    phone.sync_all(agenda)
    assert subjects(phone.items[agenda]) == ["Dentist", "Surgeon"]
    assert phone.quiet(agenda)


def test_an_edit_after_a_lost_answer_that_cannot_be_taken_leaves_the_event(school, ada, phone, agenda):
    phone.sync_all(agenda)
    key = phone.keys[agenda]
    phone.sync(agenda, [add("1", item(DENTIST))])
    result = again(phone, agenda, key, add("1", item({**DENTIST, "EndTime": "20261124T080000Z"})))
    assert statuses(result.responses) == [("Add", "6")]
    assert len(result.added) == 1
    assert subjects(phone.items[agenda]) == ["Dentist"]
    assert phone.quiet(agenda)


def test_an_id_given_to_two_new_events_of_one_request_is_refused_to_the_second(school, ada, phone, agenda):
    phone.sync_all(agenda)
    key = phone.keys[agenda]
    commands = [add("1", item({**DENTIST, "UID": name, "Subject": name})) for name in ("One", "Two")]
    for _ in range(2):
        result = again(phone, agenda, key, *commands)
        assert statuses(result.responses) == [("Add", "1"), ("Add", "6")]
        assert summaries(school, ada) == ["One"]


def test_an_event_added_in_a_lost_answer_and_deleted_since_goes_from_the_phone(school, ada, phone, agenda):
    phone.sync_all(agenda)
    key = phone.keys[agenda]
    commands = [add("1", item(DENTIST))]
    phone.sync(agenda, commands)
    phone.items[agenda].clear()
    phone.keys[agenda] = key
    with school.writing() as tx:
        calendar = school.calendar(tx, ada)
        tx.objects.delete(calendar, tx.objects.entries(calendar)[0].href)
    result = phone.sync(agenda, commands)
    assert statuses(result.responses) == [("Add", "1")]
    assert phone.items[agenda] == {}
    assert phone.quiet(agenda)


def test_after_a_second_answer_to_one_key_the_phone_may_go_on_from_either(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    start, held = phone.keys[agenda], dict(phone.items[agenda])
    school.put(ada, "b", event("b", "Maths"))
    phone.sync(agenda)
    first_key, first_items = phone.keys[agenda], dict(phone.items[agenda])
    school.put(ada, "c", event("c", "Latin"))
    phone.keys[agenda], phone.items[agenda] = start, held
    phone.sync(agenda)
    second_key = phone.keys[agenda]
    assert second_key != first_key
    assert subjects(phone.items[agenda]) == ["Latin", "Maths", "Physics"]
    phone.keys[agenda], phone.items[agenda] = first_key, first_items
    phone.sync(agenda)
    assert subjects(phone.items[agenda]) == ["Latin", "Maths", "Physics"]
    assert phone.sync(agenda, key=second_key).status == "3"


def test_the_same_answer_again_keeps_its_key_and_writes_nothing(school, ada, phone, agenda):
    phone.sync_all(agenda)
    school.put(ada, "a", event("a", "Physics"))
    key = phone.keys[agenda]
    phone.sync(agenda)
    after = phone.keys[agenda]
    phone.items[agenda].clear()
    phone.sync(agenda, key=key)
    assert phone.keys[agenda] == after


def test_a_change_on_the_phone_is_stored_and_not_sent_back(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics", "20261124T090000Z", "20261124T100000Z", "X-KEPT:1"))
    phone.sync_all(agenda)
    (server_id,) = phone.items[agenda]
    result = phone.sync(agenda, [change(server_id, item({**DENTIST, "UID": "a", "Subject": "Moved"}))])
    assert result.quiet
    assert result.responses == []
    assert summaries(school, ada) == ["Moved"]
    assert "X-KEPT:1" in texts(school, ada)[0]
    assert phone.quiet(agenda)


def test_a_lost_answer_to_a_change_is_no_conflict(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    (server_id,) = phone.items[agenda]
    phone.lose_answer = 2
    result = phone.sync(agenda, [change(server_id, item({**DENTIST, "UID": "a", "Subject": "Moved"}))])
    assert result.responses == []
    assert result.quiet
    assert summaries(school, ada) == ["Moved"]


@pytest.mark.parametrize(("conflict", "winner"), [(None, "Server"), (1, "Server"), (0, "Phone")])
def test_a_conflict_is_won_by_whom_the_phone_names(school, ada, phone, agenda, conflict, winner):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    (server_id,) = phone.items[agenda]
    school.put(ada, "a", event("a", "Server"))
    options = {} if conflict is None else {"conflict": conflict}
    result = phone.sync(agenda, [change(server_id, item({**DENTIST, "UID": "a", "Subject": "Phone"}))], **options)
    assert statuses(result.responses) == ([("Change", "7")] if winner == "Server" else [])
    assert summaries(school, ada) == [winner]
    assert subjects(phone.items[agenda]) == [winner]
    assert phone.quiet(agenda, **options)


def test_a_deletion_of_what_somebody_else_changed_brings_it_back(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    (server_id,) = phone.items[agenda]
    school.put(ada, "a", event("a", "Chemistry"))
    result = phone.sync(agenda, [delete(server_id)])
    assert statuses(result.responses) == [("Delete", "7")]
    assert result.added == [server_id]
    assert subjects(phone.items[agenda]) == ["Chemistry"]
    assert phone.quiet(agenda)


def test_a_change_of_what_somebody_else_deleted_is_told_so(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    (server_id,) = phone.items[agenda]
    school.delete(ada, "a")
    result = phone.sync(agenda, [change(server_id, item({**DENTIST, "UID": "a"}))])
    assert statuses(result.responses) == [("Change", "8")]
    assert phone.items[agenda] == {}


def test_events_deleted_on_the_phone_are_deleted(school, ada, phone, agenda):
    for name in "abc":
        school.put(ada, name, event(name, name))
    phone.sync_all(agenda)
    phone.lose_answer = 1
    result = phone.sync(agenda, [delete(each) for each in list(phone.items[agenda])[:2]])
    assert result.responses == []
    assert len(summaries(school, ada)) == 1
    assert phone.quiet(agenda)


def test_a_uid_that_is_known_updates_its_event(school, ada, phone, agenda):
    number = school.put(ada, "a", event("dentist-1", "Old"))
    phone.sync_all(agenda)
    result = phone.sync(agenda, [add("1", item(DENTIST))])
    assert statuses(result.responses) == [("Add", "1")]
    assert result.responses[0].value("AirSync:ServerId") == f"{agenda}:{number}"
    assert summaries(school, ada) == ["Dentist"]
    assert phone.sync(agenda).changed == [f"{agenda}:{number}"]
    assert phone.quiet(agenda)


def test_an_event_that_ends_before_it_starts_is_refused_alone(school, ada, phone, agenda):
    phone.sync_all(agenda)
    wrong = {**DENTIST, "EndTime": "20261124T080000Z", "UID": "wrong"}
    result = phone.sync(agenda, [add("1", item(wrong)), add("2", item(DENTIST))])
    assert statuses(result.responses) == [("Add", "6"), ("Add", "1")]
    assert summaries(school, ada) == ["Dentist"]


def test_items_of_other_folders_and_people_are_unknown(school, ada, phone, agenda):
    bob = school.person("bob")
    number = school.put(bob, "b", event("b", "Bob's"))
    phone.sync_all(agenda)
    for server_id in (f"{agenda}:{number}", f"{school.folder(bob)}:{number}", "nonsense", f"{agenda}:999999"):
        result = phone.sync(agenda, [change(server_id, item(DENTIST)), delete(server_id)])
        assert statuses(result.responses) == [("Change", "8"), ("Delete", "8")]
        phone.items[agenda].clear()
    assert phone.sync(school.folder(bob), key="0").status == "8"
    assert summaries(school, bob) == ["Bob's"]


def test_a_phone_that_does_not_want_changes_is_not_sent_any(school, ada, phone, agenda):
    phone.sync_all(agenda)
    school.put(ada, "a", event("a", "Physics"))
    result = phone.sync(agenda, [add("1", item(DENTIST))], get_changes=False)
    assert result.quiet
    assert subjects(phone.items[agenda]) == ["Dentist"]
    assert phone.sync(agenda).added != []
    assert subjects(phone.items[agenda]) == ["Dentist", "Physics"]


def test_what_one_phone_adds_reaches_the_other(school, ada, phone, agenda):
    other = LocalPhone(school.store, ada, "PHONE2")
    other.connect()
    other.sync_all(agenda)
    phone.sync_all(agenda)
    phone.sync(agenda, [add("1", item(DENTIST))])
    assert len(other.sync(agenda).added) == 1
    assert subjects(other.items[agenda]) == ["Dentist"]
    assert phone.quiet(agenda)


def test_an_event_added_by_the_phone_and_changed_elsewhere_comes_as_a_change(school, ada, phone, agenda):
    phone.sync_all(agenda)
    phone.sync(agenda, [add("1", item(DENTIST))], get_changes=False)
    with school.writing() as tx:
        calendar = school.calendar(tx, ada)
        found = tx.objects.by_uid(calendar, "dentist-1")
        text = found.ical.replace(b"Dentist", b"Surgeon")
        tx.objects.put(calendar, found.href, text, Expect(present=True))
    result = phone.sync(agenda)
    assert (len(result.added), len(result.changed)) == (0, 1)
    assert subjects(phone.items[agenda]) == ["Surgeon"]


@pytest.mark.parametrize(
    "rule",
    [
        [("Calendar:Type", 0), ("Calendar:Interval", 1), ("Calendar:Until", "20261125T090000Z")],
        [("Calendar:Type", 1), ("Calendar:Interval", 1), ("Calendar:DayOfWeek", 4), ("Calendar:Occurrences", 2)],
    ],
    ids=["cut-short", "other-days"],
)
def test_a_series_is_redrawn_though_its_phone_still_sends_the_exceptions_that_fall_away(
    school, ada, phone, agenda, rule
):
    every_day = [("Calendar:Type", 0), ("Calendar:Interval", 1), ("Calendar:Occurrences", 6)]
    moved = {"ExceptionStartTime": "20261127T090000Z", "Subject": "Moved"}
    listed = [("Calendar:Exception", [(f"Calendar:{name}", value) for name, value in moved.items()])]
    facts = {**DENTIST, "Recurrence": every_day, "Exceptions": listed}
    phone.sync_all(agenda)
    phone.sync(agenda, [add("1", item(facts))])
    (server_id,) = phone.items[agenda]
    assert summaries(school, ada) == ["Dentist", "Moved"]
    result = phone.sync(agenda, [change(server_id, item({**facts, "Recurrence": rule}))])
    assert statuses(result.responses) == []
    assert summaries(school, ada) == ["Dentist"]
    assert phone.items[agenda][server_id].find("Calendar:Exceptions") is None
    never = [("Calendar:Exception", [("Calendar:ExceptionStartTime", "20270101T090000Z"), ("Calendar:Subject", "No")])]
    result = phone.sync(agenda, [change(server_id, item({**facts, "Recurrence": rule, "Exceptions": never}))])
    assert statuses(result.responses) == [("Change", "6")]
