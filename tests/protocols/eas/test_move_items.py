"""Events moved on a phone between calendars: told in the answer, and in no Sync of that phone."""

import pytest

from storage.model import NewCalendar
from tests.eas.commands import move
from tests.eas.items import change
from tests.eas.items import event as item
from tests.protocols.eas.harness import LocalPhone, Timetable, event, statuses, subjects
from tests.protocols.eas.test_sync_upload import DENTIST

SERIES = ("RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=6",)


@pytest.fixture
def chess(school, ada):
    """The folder of a second calendar of Ada's."""
    with school.writing() as tx:
        return f"c{tx.collections.create(ada, NewCalendar('chess', 'Chess')).id}"


@pytest.fixture
def synced(school, ada, chess, agenda):
    """A phone that holds an event in one calendar and none in the other."""
    school.put(ada, "a", event("a", "Physics"))
    phone = LocalPhone(school.store, ada)
    phone.connect()
    phone.sync_all(agenda)
    phone.sync_all(chess)
    return phone


def only(phone, folder):
    (found,) = phone.items[folder]
    return found


def test_a_moved_event_is_neither_deleted_nor_added_by_the_next_sync(synced, agenda, chess):
    ((status, moved),) = move(synced, (only(synced, agenda), agenda, chess))
    assert status == "3"
    assert moved.startswith(f"{chess}:")
    assert synced.sync(agenda).empty
    assert synced.sync(chess).empty
    assert subjects(synced.items[chess]) == ["Physics"]
    result = synced.sync(chess, [change(moved, item({**DENTIST, "UID": "a"}))])
    assert statuses(result.responses) == []
    assert synced.estimate(chess) == ("1", 0)
    assert synced.estimate(agenda) == ("1", 0)


def test_another_phone_sees_it_go_and_come(school, ada, synced, agenda, chess):
    other = LocalPhone(school.store, ada, "PHONE2")
    other.connect()
    other.sync_all(agenda)
    other.sync_all(chess)
    ((_, moved),) = move(synced, (only(synced, agenda), agenda, chess))
    assert len(other.sync(agenda).deleted) == 1
    assert other.sync(chess).added == [moved]


def test_a_lost_answer_is_given_again(synced, agenda, chess):
    synced.lose_answer = 1
    name = only(synced, agenda)
    ((status, moved),) = move(synced, (name, agenda, chess))
    assert status == "3"
    assert move(synced, (name, agenda, chess)) == [("3", moved)]
    assert synced.sync(agenda).empty
    assert synced.sync(chess).empty
    assert move(synced, (moved, chess, agenda))[0][0] == "3"
    assert subjects(synced.items[agenda]) == ["Physics"]
    # What went elsewhere since cannot be answered as before.
    assert move(synced, (name, agenda, chess)) == [("1", None)]


def test_a_move_into_a_calendar_the_phone_never_synchronised(school, ada, agenda, chess):
    school.put(ada, "a", event("a", "Physics"))
    phone = LocalPhone(school.store, ada)
    phone.connect()
    phone.sync_all(agenda)
    ((_, moved),) = move(phone, (only(phone, agenda), agenda, chess))
    phone.sync_all(chess)
    assert list(phone.items[chess]) == [moved]


def test_a_move_while_an_answer_of_a_sync_is_lost(school, ada, synced, agenda, chess):
    school.put(ada, "b", event("b", "Maths"))
    key = synced.keys[agenda]
    name = only(synced, agenda)
    synced.post("Sync", ("AirSync:Sync", []))
    synced.sync(agenda)
    synced.keys[agenda] = key
    move(synced, (name, agenda, chess))
    synced.strict = False
    synced.sync_all(agenda)
    synced.sync_all(chess)
    assert subjects(synced.items[agenda]) == ["Maths"]
    assert subjects(synced.items[chess]) == ["Physics"]


def test_each_move_has_its_status(school, ada, synced, agenda, chess):
    bob = school.person("bob")
    number = school.put(bob, "b", event("b", "Bob's"))
    theirs, name = school.folder(bob), only(synced, agenda)
    said = move(
        synced,
        (f"{agenda}:999999", agenda, chess),
        ("nonsense", agenda, chess),
        (name, chess, agenda),
        (name, agenda, agenda),
        (name, agenda, "c999"),
        (name, agenda, "m4"),
        (name, agenda, theirs),
        (name, "m2", chess),
        (f"{theirs}:{number}", theirs, chess),
        (f"{agenda}:{number}", agenda, chess),
        ("", "", ""),
        (name, agenda, chess),
        (name, agenda, chess),
    )
    assert [status for status, _ in said] == "1 1 1 4 2 2 2 1 1 1 1 3 3".split()
    assert said[-1] == said[-2]


def test_what_may_not_be_written_is_neither_left_nor_entered(school, ada, synced, agenda, chess):
    timetable = Timetable(school, ada)
    timetable.create(timetable.lesson("l", "Lesson", 1_795_510_800))
    lessons = synced.folder_named("Emploi du temps")
    synced.sync_all(lessons)
    assert move(synced, (only(synced, lessons), lessons, agenda)) == [("5", None)]
    assert move(synced, (only(synced, agenda), agenda, lessons)) == [("5", None)]
    assert synced.quiet(lessons)
    assert synced.quiet(agenda)


def test_a_uid_that_is_there_already_locks_the_move(school, ada, synced, agenda, chess):
    school.put(ada, "other", event("a", "The same"), "chess")
    assert move(synced, (only(synced, agenda), agenda, chess)) == [("5", None)]
    assert subjects(synced.items[agenda]) == ["Physics"]


def test_a_name_that_is_taken_does_not_stop_a_move(school, ada, synced, agenda, chess):
    school.put(ada, "a", event("b", "Another"), "chess")
    assert move(synced, (only(synced, agenda), agenda, chess))[0][0] == "3"
    synced.sync_all(chess)
    assert subjects(synced.items[chess]) == ["Another", "Physics"]


def test_one_occurrence_shown_by_itself_stays_with_its_series(school, ada, phone, agenda, chess):
    school.put(ada, "s", event("s", "Club", "20261201T080000Z", "20261201T090000Z", *SERIES))
    phone.folder_sync()
    phone.sync_all(agenda)
    occurrence = next(iter(phone.items[agenda]))
    assert occurrence.count(":") == 2
    assert move(phone, (occurrence, agenda, chess)) == [("5", None)]


@pytest.mark.parametrize("moves", [[], [("Move:Move", [])] * 201])
def test_no_move_and_too_many_are_refused_whole(phone, moves):
    assert phone.post("MoveItems", ("Move:MoveItems", moves)).value("Move:Status") == "103"


def test_a_move_that_says_a_thing_twice_is_refused(synced, agenda, chess):
    parts = [("Move:SrcMsgId", only(synced, agenda)), ("Move:SrcFldId", agenda), ("Move:DstFldId", chess)]
    for twice in parts:
        root = synced.post("MoveItems", ("Move:MoveItems", [("Move:Move", [*parts, twice])])).root
        assert root.value("Move:Response", "Move:Status") == "1"


@pytest.mark.parametrize("flag", ["0", "1", None])
def test_deletes_as_moves_is_accepted_and_means_nothing(school, ada, synced, agenda, flag):
    gone = ("AirSync:Commands", [("AirSync:Delete", [("AirSync:ServerId", only(synced, agenda))])])
    parts = [("AirSync:SyncKey", synced.keys[agenda]), ("AirSync:CollectionId", agenda)]
    listed = [("AirSync:Collection", [*parts, ("AirSync:DeletesAsMoves", flag), gone])]
    root = synced.post("Sync", ("AirSync:Sync", [("AirSync:Collections", listed)])).root
    assert root.value("AirSync:Collections", "AirSync:Collection", "AirSync:Status") == "1"
    with school.reading() as tx:
        assert tx.objects.by_uid(school.calendar(tx, ada), "a") is None
