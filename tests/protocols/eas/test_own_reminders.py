"""Reminders on read-only entries, and the text of refused edits: both are the person's own (reference/eas.md 18)."""

from __future__ import annotations

import pytest

from storage import maintenance
from storage.lessons import NewLesson
from storage.model import DAWN, FOREVER, Settings
from tests.eas.client import TBSYNC
from tests.eas.items import TBSYNC_ORDER, add, change, delete
from tests.eas.items import event as item
from tests.eas.wire import IOS
from tests.protocols.eas.conftest import NOON
from tests.protocols.eas.harness import LocalPhone, event, instance, of, statuses

TIMES = {"StartTime": "20261124T120000Z", "EndTime": "20261124T130000Z"}
LESSON = {**TIMES, "Subject": "Maths", "BusyStatus": 2, "UID": "m", "AllDayEvent": 0}


def minutes(phone, folder, subject):
    return phone.items[folder][of(phone, folder, subject)].value("Calendar:Reminder")


def notices(school, person):
    with school.reading() as tx:
        return tx.refusals.of(person.id)


@pytest.mark.parametrize("lost", [0, 2])
def test_a_reminder_alone_is_kept_for_the_person(school, ada, loaded, folder, lost):
    with school.reading() as tx:
        before = school.calendar(tx, ada, "emploi-du-temps").head
    loaded.lose_answer = lost
    result = loaded.sync(folder, [change(of(loaded, folder, "Maths"), item({**LESSON, "Reminder": 15}))])
    assert statuses(result.responses) == [("Change", "1")]
    assert result.quiet
    assert loaded.quiet(folder)
    loaded.sync(folder, key="0")
    loaded.sync_all(folder)
    assert (minutes(loaded, folder, "Maths"), minutes(loaded, folder, "Physics")) == ("15", None)
    with school.reading() as tx:
        assert school.calendar(tx, ada, "emploi-du-temps").head == before
    assert notices(school, ada) == ()


def test_the_persons_other_phone_shows_the_reminder_and_nobody_elses_does(school, ada, loaded, folder, timetable):
    bob = school.person("bob")
    with school.writing() as tx:
        shown = {(tx.lessons.timetables()[bob.id], number): [(DAWN, FOREVER)] for number in timetable.calendars}
        tx.lessons.feeds.set_windows([], shown)
    tablet, other = LocalPhone(school.store, ada, "TABLET"), LocalPhone(school.store, bob, "BOBS")
    for each in (tablet, other):
        each.connect()
    tablet.sync_all(folder)
    other.sync_all(school.folder(bob, "emploi-du-temps"))
    tablet.ping([folder], 480)
    assert tablet.parked
    loaded.sync(folder, [change(of(loaded, folder, "Maths"), item({**LESSON, "Reminder": 15}))])
    assert tablet.ping([folder], 480) == ("2", [folder])
    result = tablet.sync(folder)
    assert result.changed == [of(tablet, folder, "Maths")]
    assert minutes(tablet, folder, "Maths") == "15"
    assert tablet.quiet(folder)
    assert other.quiet(school.folder(bob, "emploi-du-temps"))


def test_the_reminder_stays_when_the_lesson_moves_and_goes_with_it(school, ada, loaded, folder, timetable, clock):
    server_id = of(loaded, folder, "Maths")
    loaded.sync(folder, [change(server_id, item({**LESSON, "Reminder": 15}))])
    timetable.replace(timetable.lesson("m", "Maths B", NOON + 90_000, calendar=1))
    loaded.sync(folder)
    assert minutes(loaded, folder, "Maths B") == "15"
    timetable.end("m")
    loaded.sync(folder)
    with school.writing() as tx:
        maintenance.trim(tx)
        # An import that is undone would bring the lesson back.
        assert len(tx.overlays.of(ada.id, int(folder[1:]))) == 1
        maintenance.purge(tx, tx.changes.clock() + 1)
        maintenance.trim(tx)
        assert tx.overlays.of(ada.id, int(folder[1:])) == {}


@pytest.mark.parametrize("manner_facts", [{}, {"Reminder": ""}])
def test_a_reminder_is_taken_away_again_by_clients_that_push_whole_items(school, ada, loaded, folder, manner_facts):
    server_id = of(loaded, folder, "Maths")
    loaded.sync(folder, [change(server_id, item({**LESSON, "Reminder": 15}))])
    result = loaded.sync(folder, [change(server_id, item({**LESSON, **manner_facts}))])
    assert statuses(result.responses) == [("Change", "1")]
    loaded.sync(folder, key="0")
    loaded.sync_all(folder)
    assert minutes(loaded, folder, "Maths") is None


def test_a_changed_category_beside_the_reminder_is_put_back(loaded, folder):
    server_id = of(loaded, folder, "Maths")
    labelled = {**LESSON, "Reminder": 15, "Categories": [("Calendar:Category", "Mine")]}
    result = loaded.sync(folder, [change(server_id, item(labelled))])
    assert statuses(result.responses) == [("Change", "1")]
    assert result.changed == [server_id]
    shown = loaded.items[folder][server_id]
    assert (shown.value("Calendar:Reminder"), shown.find("Calendar:Categories")) == ("15", None)
    assert shown.names()[0] != "Calendar:Attendees"


def test_a_reminder_with_another_edit_is_refused(loaded, folder):
    server_id = of(loaded, folder, "Maths")
    result = loaded.sync(folder, [change(server_id, item({**LESSON, "Subject": "Mine", "Reminder": 15}))])
    assert statuses(result.responses) == [("Change", "7")]
    assert minutes(loaded, folder, "Maths") is None


@pytest.mark.parametrize("lost", [0, 2])
def test_the_text_typed_into_a_refused_edit_is_kept_once(school, ada, loaded, folder, lost):
    loaded.lose_answer = lost
    typed = {**LESSON, "Subject": "Maths", "Location": "Lab", "Body": "Bring the compasses."}
    loaded.sync(folder, [change(of(loaded, folder, "Maths"), item(typed)), add("1", item({**typed, "UID": "x"}))])
    found = {each.kind: each.data for each in notices(school, ada)}
    assert set(found) == {"refused-change", "refused-add"}
    assert found["refused-change"] == {
        "device": "PHONE1",
        "calendar": "Emploi du temps",
        "location": "Lab",
        "text": "Bring the compasses.",
        "starts": "20261124T120000Z",
        "ends": "20261124T130000Z",
    }
    assert found["refused-add"]["subject"] == "Maths"
    assert len(notices(school, ada)) == 2


def test_an_edit_without_new_text_is_noted_when_it_is_tried_the_third_time(school, ada, loaded, folder, clock):
    for _ in range(3):
        assert notices(school, ada) == ()
        loaded.sync(folder, [delete(of(loaded, folder, "Maths"))])
    (found,) = notices(school, ada)
    assert (found.kind, found.data["subject"]) == ("refused-often", "Maths")
    loaded.sync(folder, [delete(of(loaded, folder, "Maths"))])
    assert len(notices(school, ada)) == 1


def test_notices_are_kept_for_thirty_days(school, ada, loaded, folder, clock):
    loaded.sync(folder, [add("1", item(LESSON))])
    for days, left in ((29, 1), (2, 0)):
        clock.pass_days(days)
        with school.writing() as tx:
            maintenance.trim(tx)
        assert len(notices(school, ada)) == left


def test_thunderbird_keeps_a_reminder_too(school, ada, timetable, folder):
    bird = LocalPhone(school.store, ada, "MZTB1", manner=TBSYNC)
    bird.connect(provision=False)
    bird.sync_all(folder)
    facts = {**LESSON, "Reminder": 5}
    result = bird.sync(folder, [change(of(bird, folder, "Maths"), item(facts, TBSYNC_ORDER))])
    assert statuses(result.responses) == [("Change", "1")]


@pytest.mark.parametrize(("on", "status"), [(True, "3"), (False, "0")])
def test_a_school_may_have_lessons_shown_as_invitations(school, ada, phone, folder, agenda, *, on, status):
    school.store.directory.configure(school.id, Settings(eas_timetable_as_invitations=on))
    school.put(ada, "own", event("own", "Dentist"))
    phone.sync_all(folder)
    phone.sync_all(agenda)
    shown = phone.items[folder][of(phone, folder, "Maths")]
    assert shown.value("Calendar:MeetingStatus") == status
    assert shown.value("Calendar:OrganizerEmail") == ("timetable@school.example" if on else None)
    assert phone.items[agenda][of(phone, agenda, "Dentist")].value("Calendar:MeetingStatus") == "0"
    server_id = of(phone, folder, "Maths")
    result = phone.sync(folder, [change(server_id, item({**LESSON, "Reminder": 15}))])
    assert statuses(result.responses) == [("Change", "1")]


def test_a_move_out_of_the_timetable_is_refused_and_nothing_is_lost(phone, loaded, folder, agenda):
    server_id = of(loaded, folder, "Maths")
    move = [("Move:SrcMsgId", server_id), ("Move:SrcFldId", folder), ("Move:DstFldId", agenda)]
    answer = loaded.post("MoveItems", ("Move:MoveItems", [("Move:Move", move)]))
    assert answer.value("Move:Response", "Move:Status") == "5"
    assert loaded.sync(folder, [delete(server_id)]).added == [server_id]


def test_a_reminder_on_one_occurrence_shown_by_itself_is_that_ones_alone(school, ada, timetable, phone, folder):
    text = event("r", "Choir", "20261124T090000Z", "20261124T100000Z", "RRULE:FREQ=MONTHLY;BYMONTHDAY=10,24;COUNT=4")
    with school.writing() as tx:
        start = NOON + 86_400
        tx.lessons.create([NewLesson(timetable.calendars[0], "r", "Choir", start, start + 3600, text)])
    phone.sync_all(folder)
    ids = sorted(key for key in phone.items[folder] if key.count(":") == 2)
    assert len(ids) > 1
    facts = {"Subject": "Choir", "Reminder": 20, "BusyStatus": 2}
    result = phone.sync(folder, [change(ids[0], item(facts))])
    assert statuses(result.responses) == [("Change", "1")]
    phone.sync(folder, key="0")
    phone.sync_all(folder)
    assert [phone.items[folder][each].value("Calendar:Reminder") for each in ids] == ["20"] + [None] * (len(ids) - 1)


@pytest.mark.parametrize("value", ["soon", "-5", "9" * 12])
def test_a_reminder_that_is_none_is_refused(loaded, folder, value):
    server_id = of(loaded, folder, "Maths")
    result = loaded.sync(folder, [change(server_id, item({**LESSON, "Reminder": value}))])
    assert statuses(result.responses) == [("Change", "7")]
    assert minutes(loaded, folder, "Maths") is None


@pytest.fixture
def apple(school, ada):
    """Ada's iPhone, which speaks of single occurrences."""
    found = LocalPhone(school.store, ada, "APPLE", manner=IOS)
    found.connect()
    return found


@pytest.fixture
def weekly(school, timetable, folder):
    """A weekly lesson, imported as one series; gives the folder it is in."""
    text = event("w", "Choir", "20261124T090000Z", "20261124T100000Z", "RRULE:FREQ=WEEKLY;COUNT=4")
    start = NOON + 75_600
    with school.writing() as tx:
        tx.lessons.create([NewLesson(timetable.calendars[0], "w", "Choir", start, start + 3600, text)])
    return folder


SECOND = "20261201T090000Z"


def reminders_of(phone, folder):
    """What a phone shows on the series and on its exceptions, by their start."""
    series = phone.items[folder][of(phone, folder, "Choir")]
    listed = series.find("Calendar:Exceptions")
    names = ("AirSyncBase:InstanceId", "Calendar:ExceptionStartTime")
    found = {next(filter(None, map(each.value, names))): each for each in (listed.children if listed else ())}
    return series.value("Calendar:Reminder"), {key: each.value("Calendar:Reminder") for key, each in found.items()}


@pytest.mark.parametrize("lost", [0, 2])
def test_a_reminder_on_one_occurrence_of_a_read_only_series_is_kept_for_the_person(
    school, ada, phone, apple, weekly, lost
):
    folder = weekly
    phone.sync_all(folder)
    apple.sync_all(folder)
    with school.reading() as tx:
        before = school.calendar(tx, ada, "emploi-du-temps").head
    series = of(apple, folder, "Choir")
    apple.lose_answer = lost
    result = apple.sync(folder, [instance("Change", series, SECOND, [("Calendar:Reminder", "20")])])
    assert {status for _, status in statuses(result.responses)} <= {"1"}
    assert result.quiet
    assert apple.quiet(folder)
    assert phone.sync(folder).changed == [series]
    assert reminders_of(phone, folder) == (None, {SECOND: "20"})
    apple.sync(folder, key="0")
    apple.sync_all(folder)
    assert reminders_of(apple, folder) == (None, {SECOND: "20"})
    with school.reading() as tx:
        assert school.calendar(tx, ada, "emploi-du-temps").head == before
    assert notices(school, ada) == ()


def test_a_reminder_on_the_series_and_one_on_an_occurrence_stand_side_by_side(apple, folder, weekly):
    apple.sync_all(folder)
    series = of(apple, folder, "Choir")
    apple.sync(folder, [instance("Change", series, SECOND, [("Calendar:Reminder", "20")])])
    apple.sync(folder, [change(series, [("Calendar:Reminder", "5")])])
    apple.sync(folder, key="0")
    apple.sync_all(folder)
    assert reminders_of(apple, folder) == ("5", {SECOND: "20"})
    apple.sync(folder, [instance("Change", series, SECOND, [("Calendar:Reminder", None)])])
    apple.sync(folder, key="0")
    apple.sync_all(folder)
    assert reminders_of(apple, folder) == ("5", {SECOND: ""})


def test_text_typed_into_one_occurrence_of_a_read_only_series_is_kept_as_a_notice(school, ada, apple, folder, weekly):
    apple.sync_all(folder)
    series = of(apple, folder, "Choir")
    typed = [("Calendar:Subject", "Sing the Requiem"), ("Calendar:Reminder", "20")]
    result = apple.sync(folder, [instance("Change", series, SECOND, typed)])
    assert statuses(result.responses) == [("Change", "7")]
    assert result.changed == [series]
    assert reminders_of(apple, folder) == (None, {})
    (found,) = notices(school, ada)
    assert (found.kind, found.data["subject"]) == ("refused-change", "Sing the Requiem")


def test_an_occurrence_deleted_three_times_from_a_read_only_series_is_noted(school, ada, apple, folder, weekly):
    apple.sync_all(folder)
    series = of(apple, folder, "Choir")
    for _ in range(3):
        assert notices(school, ada) == ()
        result = apple.sync(folder, [instance("Delete", series, SECOND)])
        assert statuses(result.responses) == [("Delete", "7")]
    (found,) = notices(school, ada)
    assert (found.kind, found.data["subject"]) == ("refused-often", "Choir")


def test_a_reminder_on_no_occurrence_changes_nothing(school, ada, apple, folder, weekly):
    apple.sync_all(folder)
    series = of(apple, folder, "Choir")
    for moment in ("20261202T090000Z", "soon"):
        result = apple.sync(folder, [instance("Change", series, moment, [("Calendar:Reminder", "20")])])
        assert statuses(result.responses) == [("Change", "7")]
    with school.reading() as tx:
        assert tx.overlays.of(ada.id, int(folder[1:])) == {}
