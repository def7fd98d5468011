"""Lists of tasks on phones: folders of their own class, synchronised both ways, filtered by what is still to do."""

from dataclasses import replace

import pytest

from storage.model import NewCalendar
from tests.eas.client import AOSP, TBSYNC
from tests.eas.commands import folder_create, move
from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.eas.wire import IOS
from tests.protocols.eas.harness import LocalPhone, at, event, statuses
from tests.protocols.eas.test_sync_upload import DENTIST

OLD = replace(AOSP, version="12.1")


def task(uid, summary, *more):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VTODO", f"UID:{uid}"]
    lines += ["DTSTAMP:20260901T000000Z", f"SUMMARY:{summary}", *more]
    return "\r\n".join([*lines, "END:VTODO", "END:VCALENDAR", ""]).encode()


def facts(subject, **more):
    """A task as a phone words it."""
    usual = {"Subject": subject, "Importance": 1, "Complete": 0, "Sensitivity": 0, "ReminderSet": 0}
    return [(f"Tasks:{name}", value) for name, value in {**usual, **more}.items()]


def names(phone, folder):
    return sorted(each.value("Tasks:Subject") for each in phone.items[folder].values())


def text(school, person, slug="taches"):
    with school.reading() as tx:
        collection = school.calendar(tx, person, slug)
        return b"".join(tx.objects.texts(collection)).decode()


@pytest.fixture
def tasks(school, ada):
    """The folder of Ada's own tasks."""
    return school.folder(ada, "taches")


def test_the_own_tasks_are_the_default_list_and_calendars_stay_calendars(phone, tasks):
    assert phone.folders[tasks].type == "7"
    assert tasks not in phone.calendars


def test_a_list_made_on_a_phone_is_a_list_of_tasks_only(school, ada, phone):
    assert folder_create(phone, "Chores", 15) == "1"
    made = phone.folder_named("Chores")
    assert phone.folder_sync().updated == []
    phone.sync_all(made)
    with school.reading() as tx:
        (own,) = (each for each in tx.collections.subscribed(ada) if each.name == "Chores")
    assert own.components == ("VTODO",)
    school.put(ada, "a", task("a", "Windows"), own.slug)
    phone.sync_all(made)
    assert names(phone, made) == ["Windows"]
    assert folder_create(phone, "Second", 7) == "3"


@pytest.mark.parametrize("manner", [OLD, TBSYNC, AOSP, IOS], ids=lambda manner: manner.version)
def test_tasks_travel_both_ways(school, ada, tasks, manner):
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect()
    school.put(ada, "a", task("a", "Marks"), "taches")
    result = phone.sync_all(tasks, filter_type=0)
    assert names(phone, tasks) == ["Marks"]
    assert at(result.node).value("AirSync:Class") == ("Tasks" if manner.version == "12.1" else None)
    made = phone.sync(tasks, [add("1", facts("Books", Complete=0))], filter_type=0)
    assert statuses(made.responses) == [("Add", "1")]
    assert "SUMMARY:Books" in text(school, ada)
    assert phone.sync_all(tasks, filter_type=0).quiet
    (theirs,) = (key for key, each in phone.items[tasks].items() if each.value("Tasks:Subject") == "Marks")
    done = facts("Marks", Complete=1, DateCompleted="2026-11-23T10:00:00.000Z")
    assert statuses(phone.sync(tasks, [change(theirs, done)], filter_type=0).responses) == []
    assert "COMPLETED:20261123T100000Z" in text(school, ada)
    phone.sync(tasks, [delete(theirs)], filter_type=0)
    assert "SUMMARY:Marks" not in text(school, ada)


def test_a_lost_answer_makes_no_second_task(school, ada, phone, tasks):
    phone.sync_all(tasks)
    phone.lose_answer = 2
    phone.sync(tasks, [add("1", facts("Books"))])
    assert text(school, ada).count("SUMMARY:Books") == 1


def test_a_task_that_cannot_be_taken_is_refused_alone(phone, tasks):
    phone.sync_all(tasks)
    made = phone.sync(tasks, [add("1", facts("Bad", Importance=9)), add("2", facts("Good"))])
    assert statuses(made.responses) == [("Add", "6"), ("Add", "1")]


def test_a_calendar_that_holds_tasks_too_shows_its_events_alone(school, ada, phone):
    with school.writing() as tx:
        mixed = f"c{tx.collections.create(ada, NewCalendar('chess', 'Chess')).id}"
    school.put(ada, "t", task("t", "Hidden"), "chess")
    school.put(ada, "e", event("e", "Shown"), "chess")
    phone.folder_sync()
    phone.sync_all(mixed)
    assert (phone.folders[mixed].type, len(phone.items[mixed])) == ("13", 1)


@pytest.fixture
def three(school, ada, phone, tasks):
    """Two tasks to do and one done, none of them on the phone yet."""
    school.put(ada, "a", task("a", "Marks"), "taches")
    school.put(ada, "b", task("b", "Books", "DUE;VALUE=DATE:20261001"), "taches")
    school.put(ada, "c", task("c", "Keys", "STATUS:COMPLETED", "COMPLETED:20261001T080000Z"), "taches")


def test_only_what_is_to_do_is_sent_when_the_phone_wants_no_more(phone, tasks, three):
    phone.sync_all(tasks, filter_type=8)
    assert names(phone, tasks) == ["Books", "Marks"]
    assert phone.quiet(tasks, filter_type=8)


@pytest.mark.parametrize("window", [1, 100])
def test_a_changed_task_filter_takes_away_and_brings_back(phone, tasks, three, window):
    phone.sync_all(tasks, filter_type=0, window=window)
    narrowed = phone.sync_all(tasks, filter_type=8, window=window)
    assert (len(narrowed.soft_deleted), narrowed.deleted, narrowed.changed) == (1, [], [])
    assert phone.estimate(tasks, 8) == ("1", 0)
    assert phone.estimate(tasks, 0) == ("1", 1)
    widened = phone.sync_all(tasks, filter_type=0, window=window)
    assert (len(widened.added), widened.changed) == (1, [])
    assert names(phone, tasks) == ["Books", "Keys", "Marks"]
    assert phone.estimate(tasks, 8) == ("1", 1)
    assert phone.quiet(tasks, filter_type=0)


def test_a_task_done_elsewhere_leaves_a_phone_that_wants_what_is_to_do(school, ada, phone, tasks, three):
    phone.sync_all(tasks, filter_type=8)
    school.put(ada, "a", task("a", "Marks", "STATUS:COMPLETED"), "taches")
    assert len(phone.sync_all(tasks, filter_type=8).soft_deleted) == 1
    school.put(ada, "a", task("a", "Marks"), "taches")
    assert len(phone.sync_all(tasks, filter_type=8).added) == 1


def test_a_filter_of_tasks_is_none_of_a_calendar(phone, agenda, tasks):
    phone.sync_all(agenda)
    phone.sync_all(tasks, filter_type=4)
    assert phone.sync(agenda, filter_type=8).status == "4"
    assert phone.estimate(agenda, 8)[0] != "1"


def test_age_does_not_hide_tasks(school, ada, phone, tasks):
    school.put(ada, "a", task("a", "Old", "DUE;VALUE=DATE:20200101"), "taches")
    phone.sync_all(tasks, filter_type=4)
    assert names(phone, tasks) == ["Old"]


def test_a_task_moves_to_another_list_and_not_into_a_calendar(school, ada, phone, tasks, agenda):
    folder_create(phone, "Chores", 15)
    chores = phone.folder_named("Chores")
    school.put(ada, "a", task("a", "Marks"), "taches")
    for folder in (tasks, chores, agenda):
        phone.sync_all(folder)
    (held,) = phone.items[tasks]
    assert move(phone, (held, tasks, agenda))[0][0] == "2"
    ((status, moved),) = move(phone, (held, tasks, chores))
    assert (status, moved.split(":")[0]) == ("3", chores)
    assert phone.sync(tasks).empty
    assert phone.sync(chores).empty


def test_a_task_is_fetched_by_itself_with_its_class(school, ada, phone, tasks):
    school.put(ada, "a", task("a", "Marks"), "taches")
    phone.sync_all(tasks)
    (held,) = phone.items[tasks]
    status, properties = phone.item_operations_fetch(tasks, held)
    assert (status, at(properties).value("Tasks:Subject")) == ("1", "Marks")
    assert phone.traffic[-1].answer.value("ItemOperations:Response", "ItemOperations:Fetch", "AirSync:Class") == "Tasks"


def test_a_calendar_item_put_into_a_list_of_tasks_is_a_task_without_its_times(school, ada, phone, tasks):
    phone.sync_all(tasks)
    made = phone.sync(tasks, [add("1", item(DENTIST))])
    assert statuses(made.responses) == [("Add", "1")]
    assert "VEVENT" not in text(school, ada)


def test_a_series_with_a_done_occurrence_is_worked_off_one_by_one(school, ada, phone, tasks):
    override = ["END:VTODO", "BEGIN:VTODO", "UID:s", "DTSTAMP:20260901T000000Z", "SUMMARY:Water"]
    override += ["RECURRENCE-ID;VALUE=DATE:20261123", "DTSTART;VALUE=DATE:20261123", "STATUS:COMPLETED"]
    series = task("s", "Water", "DTSTART;VALUE=DATE:20261123", "RRULE:FREQ=WEEKLY;COUNT=3", *override)
    school.put(ada, "s", series, "taches")
    phone.sync_all(tasks, filter_type=8)
    assert sorted(key.split(":")[2] for key in phone.items[tasks]) == ["20261130", "20261207"]
    held = min(phone.items[tasks])
    assert statuses(phone.sync(tasks, [change(held, facts("Water", Complete=1))], filter_type=8).responses) == []
    assert text(school, ada).count("STATUS:COMPLETED") == 2
    phone.sync(tasks, [delete(max(phone.items[tasks]))], filter_type=8)
    assert "EXDATE;VALUE=DATE:20261207" in text(school, ada)


def test_text_typed_into_a_task_that_somebody_else_changed_is_kept(school, ada, phone, tasks):
    school.put(ada, "a", task("a", "Marks", "DESCRIPTION:As before"), "taches")
    phone.sync_all(tasks)
    (name,) = phone.items[tasks]
    school.put(ada, "a", task("a", "Marks of all", "DESCRIPTION:As before"), "taches")
    body = [("AirSyncBase:Body", [("AirSyncBase:Type", 1), ("AirSyncBase:Data", "As before")])]
    due = {"UtcDueDate": "2026-11-30T00:00:00.000Z", "DueDate": "2026-11-30T00:00:00.000Z"}
    result = phone.sync(tasks, [change(name, [*body, *facts("Marks of 6eB", **due)])])
    assert statuses(result.responses) == [("Change", "7")]
    assert names(phone, tasks) == ["Marks of all"]
    with school.reading() as tx:
        (kept,) = tx.refusals.of(ada.id)
    assert (kept.kind, kept.data.get("subject"), kept.data.get("text")) == ("refused-change", "Marks of 6eB", None)
    assert kept.data.get("ends") == due["DueDate"]
