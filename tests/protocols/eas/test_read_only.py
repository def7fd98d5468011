"""Edits of an imported timetable: undone in the same answer, on that device alone (reference/eas.md section 18)."""

import pytest

from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.protocols.eas.conftest import NOON
from tests.protocols.eas.harness import LocalPhone, of, statuses, subjects

LESSON = {
    "StartTime": "20261124T090000Z",
    "EndTime": "20261124T100000Z",
    "Subject": "Mine",
    "BusyStatus": 2,
    "UID": "mine",
}


def head(school, ada):
    with school.reading() as tx:
        return school.calendar(tx, ada, "emploi-du-temps").head


@pytest.mark.req("R206")
@pytest.mark.parametrize("lost", [0, 2])
def test_a_changed_lesson_is_put_back(school, ada, loaded, folder, lost):
    server_id, before = of(loaded, folder, "Maths"), head(school, ada)
    loaded.lose_answer = lost
    result = loaded.sync(folder, [change(server_id, item(LESSON))])
    assert statuses(result.responses) == [("Change", "7")]
    assert result.changed == [server_id]
    assert subjects(loaded.items[folder]) == ["Maths", "Physics"]
    assert head(school, ada) == before
    assert loaded.quiet(folder)


@pytest.mark.req("R206")
def test_a_lesson_sent_back_does_not_begin_with_its_attendees(loaded, folder):
    server_id = of(loaded, folder, "Maths")
    result = loaded.sync(folder, [change(server_id, item(LESSON))])
    names = result.node.find("AirSync:Commands", "AirSync:Change", "AirSync:ApplicationData").names()
    assert names[0] != "Calendar:Attendees"
    assert next(name for name in names if name != "Calendar:DtStamp") != "Calendar:Attendees"


@pytest.mark.req("R206")
@pytest.mark.parametrize("lost", [0, 2])
def test_an_added_lesson_is_taken_away_again(school, ada, loaded, folder, lost):
    loaded.lose_answer = lost
    result = loaded.sync(folder, [add("1", item(LESSON))])
    assert statuses(result.responses) == [("Add", "1")]
    assert result.deleted == [result.responses[0].value("AirSync:ServerId")]
    assert subjects(loaded.items[folder]) == ["Maths", "Physics"]
    assert loaded.quiet(folder)


@pytest.mark.req("R206")
@pytest.mark.parametrize("lost", [0, 2])
def test_a_deleted_lesson_comes_back_under_its_id(loaded, folder, lost):
    server_id = of(loaded, folder, "Maths")
    loaded.lose_answer = lost
    result = loaded.sync(folder, [delete(server_id)])
    assert statuses(result.responses) == [("Delete", "7")]
    assert result.added == [server_id]
    assert loaded.quiet(folder)


def test_an_undone_edit_is_no_news_to_the_other_phone(school, ada, loaded, folder):
    other = LocalPhone(school.store, ada, "PHONE2")
    other.connect()
    other.sync_all(folder)
    loaded.sync(folder, [change(of(loaded, folder, "Maths"), item(LESSON))])
    assert other.quiet(folder)


def test_the_undoing_comes_even_when_the_phone_wants_no_changes(loaded, folder):
    server_id = of(loaded, folder, "Maths")
    result = loaded.sync(folder, [change(server_id, item(LESSON)), add("1", item(LESSON))], get_changes=False)
    assert result.changed == [server_id]
    assert len(result.deleted) == 1


def test_a_lesson_that_moves_between_calendars_is_one_change(loaded, folder, timetable):
    timetable.replace(timetable.lesson("m", "Maths B", NOON + 86_400, calendar=1))
    result = loaded.sync(folder)
    assert (len(result.added), len(result.changed), len(result.deleted)) == (0, 1, 0)
    assert subjects(loaded.items[folder]) == ["Maths B", "Physics"]
