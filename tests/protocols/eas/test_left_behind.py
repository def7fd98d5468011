"""What once left a phone with an older copy than the server's; each was found by the play of reference clients."""

from __future__ import annotations

import pytest

from storage.model import NewCalendar
from tests.eas.commands import move
from tests.eas.items import change
from tests.eas.items import event as item
from tests.eas.wire import IOS
from tests.protocols.eas.conftest import NOON
from tests.protocols.eas.harness import LocalPhone, Timetable, event, statuses, subjects

WEEKLY = ("LOCATION:Lab", "RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE:20261207T080000Z")
TWICE = ("20261201T090000Z", "20261201T100000Z", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=6")


@pytest.fixture
def club(school, ada):
    """The folder of a second calendar of Ada's."""
    with school.writing() as tx:
        tx.collections.create(ada, NewCalendar("club", "Club"))
    return school.folder(ada, "club")


@pytest.mark.parametrize("lost", [False, True])
def test_an_event_moved_before_its_change_was_told_comes_as_it_is(school, ada, phone, agenda, club, lost):
    school.put(ada, "a", event("a", "Physics"), "club")
    phone.folder_sync()
    phone.sync_all(club)
    phone.sync_all(agenda)
    (held,) = phone.items[club]
    school.put(ada, "a", event("a", "Chemistry"), "club")
    if lost:
        key, items = phone.keys[club], dict(phone.items[club])
        phone.sync(club)
        phone.keys[club], phone.items[club] = key, items
    ((status, moved),) = move(phone, (held, club, agenda))
    assert status == "3"
    assert subjects(phone.items[agenda]) == ["Physics"]
    assert phone.sync(agenda).changed == [moved]
    assert subjects(phone.items[agenda]) == ["Chemistry"]
    assert phone.quiet(agenda)


@pytest.mark.parametrize("lost", [0, 1])
def test_what_others_changed_beside_an_edit_that_wins_is_told(school, ada, agenda, lost):
    school.put(ada, "a", event("a", "Physics", "20261123T080000Z", "20261123T090000Z", "LOCATION:Lab"))
    phone = LocalPhone(school.store, ada, "APPLE", manner=IOS)
    phone.connect()
    phone.sync_all(agenda)
    (held,) = phone.items[agenda]
    school.put(ada, "a", event("a", "Physics", "20261123T080000Z", "20261123T090000Z", "LOCATION:Hall"))
    phone.lose_answer = lost
    result = phone.sync(agenda, [change(held, [("Calendar:Subject", "Maths")])], conflict=0)
    assert statuses(result.responses) == []
    assert result.changed == [held]
    assert phone.items[agenda][held].value("AirSyncBase:Location", "AirSyncBase:DisplayName") == "Hall"
    assert phone.quiet(agenda, conflict=0)


@pytest.mark.parametrize("lost", [0, 1])
def test_a_redrawn_series_comes_back_with_what_became_of_its_exceptions(school, ada, phone, agenda, lost):
    school.put(ada, "a", event("a", "Physics", "20261123T080000Z", "20261123T090000Z", *WEEKLY))
    phone.sync_all(agenda)
    (held,) = phone.items[agenda]
    facts = {"StartTime": "20261123T100000Z", "EndTime": "20261123T110000Z", "Subject": "Physics", "BusyStatus": 2}
    recurrence = [
        ("Calendar:Type", 1),
        ("Calendar:Interval", 1),
        ("Calendar:DayOfWeek", 2),
        ("Calendar:Occurrences", 5),
    ]
    phone.lose_answer = lost
    result = phone.sync(agenda, [change(held, item({**facts, "Recurrence": recurrence}))])
    assert result.changed == [held]
    exceptions = phone.items[agenda][held].find("Calendar:Exceptions")
    assert [each.value("Calendar:ExceptionStartTime") for each in exceptions.children] == ["20261207T100000Z"]
    assert phone.quiet(agenda)


@pytest.mark.parametrize("lost", [0, 1])
def test_an_occurrence_moved_to_where_the_phone_does_not_look_leaves_it(school, ada, phone, agenda, lost):
    school.put(ada, "a", event("a", "Choir", *TWICE))
    phone.sync_all(agenda, filter_type=4)
    first = min(phone.items[agenda])
    facts = {"StartTime": "20260301T090000Z", "EndTime": "20260301T100000Z", "Subject": "Choir", "BusyStatus": 2}
    phone.lose_answer = lost
    phone.sync(agenda, [change(first, item(facts))], filter_type=4)
    phone.sync_all(agenda, filter_type=4)
    assert first not in phone.items[agenda]
    assert phone.quiet(agenda, filter_type=4)


def test_news_of_a_series_in_occurrences_is_told_in_the_month_in_which_their_span_moves(
    school, ada, phone, agenda, clock
):
    school.put(ada, "a", event("a", "Choir", *TWICE))
    phone.sync_all(agenda)
    school.put(ada, "a", event("a", "Orchestra", *TWICE))
    clock.pass_days(10)
    phone.sync_all(agenda)
    phone.sync_all(agenda)
    assert set(subjects(phone.items[agenda])) == {"Orchestra"}
    assert phone.quiet(agenda)


def test_a_lesson_that_changed_calendars_before_it_was_first_told_is_told(school, ada, phone):
    timetable = Timetable(school, ada)
    folder = school.folder(ada, "emploi-du-temps")
    phone.sync(folder)
    timetable.create(timetable.lesson("l", "Physics", NOON + 86_400))
    timetable.replace(timetable.lesson("l", "Chemistry", NOON + 86_400, calendar=1))
    timetable.replace(timetable.lesson("l", "Biology", NOON + 86_400, calendar=1))
    phone.sync_all(folder)
    assert subjects(phone.items[folder]) == ["Biology"]
    assert phone.quiet(folder)
