"""Sync towards the device: first load, changes, deletions, pages, polls."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event as sql

from protocols.eas.calendar import item as written
from storage.errors import InvalidObject
from storage.maintenance import purge
from tests.eas.items import add
from tests.eas.items import event as item
from tests.protocols.eas.harness import event, subjects
from tests.protocols.eas.test_sync_upload import DENTIST


def test_a_first_sync_brings_the_calendar(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    result = phone.sync_all(agenda)
    assert result.status == "1"
    assert subjects(phone.items[agenda]) == ["Physics"]


def test_changes_and_deletions_reach_the_phone_as_such(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    school.put(ada, "b", event("b", "Maths"))
    phone.sync_all(agenda)
    school.put(ada, "a", event("a", "Chemistry"))
    school.put(ada, "c", event("c", "Latin"))
    school.delete(ada, "b")
    result = phone.sync(agenda)
    assert (len(result.added), len(result.changed), len(result.deleted)) == (1, 1, 1)
    assert subjects(phone.items[agenda]) == ["Chemistry", "Latin"]


def test_a_poll_without_news_is_empty_and_writes_nothing(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    assert phone.quiet(agenda)
    assert phone.quiet(agenda)


@pytest.mark.parametrize("window", [1, 7, 100])
def test_every_item_comes_once_whatever_the_window(school, ada, phone, agenda, window):
    for number in range(23):
        school.put(ada, f"e{number}", event(f"e{number}", f"Event {number:02}"))
    result = phone.sync_all(agenda, window=window)
    assert len(result.added) == 23
    assert result.changed == []


@contextmanager
def counted(store):
    """Count the statements sent to the database."""
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    sql.listen(store.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sql.remove(store.engine, "before_cursor_execute", note)


def test_a_poll_asks_as_much_of_a_large_calendar_as_of_a_small_one(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    with counted(school.store) as small:
        assert phone.quiet(agenda)
    for number in range(40):
        school.put(ada, f"e{number}", event(f"e{number}", "More"))
    phone.sync_all(agenda)
    with counted(school.store) as large:
        assert phone.quiet(agenda)
    assert len(small) == len(large) <= 9


def test_an_answer_has_room_for_some_long_texts_only(school, ada, phone, agenda):
    for number in range(12):
        text = f"DESCRIPTION:{number}{'long ' * 50_000}"
        school.put(ada, f"e{number}", event(f"e{number}", "Essay", "20261123T080000Z", "20261123T090000Z", text))
    phone.sync(agenda)
    first = phone.sync(agenda)
    assert 0 < len(first.added) < 12
    assert first.more
    phone.sync_all(agenda)
    assert len(phone.items[agenda]) == 12
    assert phone.quiet(agenda)


def test_one_event_whose_text_cannot_be_shown_does_not_stop_the_others(school, ada, phone, agenda, monkeypatch):
    for name in "ab":
        school.put(ada, name, event(name, name))

    def fussy(root, *rest):
        if root.children("VEVENT")[0].text("SUMMARY") == "a":
            raise InvalidObject("valid-calendar-data", "fussy")
        return written(root, *rest)

    monkeypatch.setattr("protocols.eas.representation.item", fussy)
    phone.sync_all(agenda)
    assert subjects(phone.items[agenda]) == ["b"]
    assert phone.quiet(agenda)


def test_a_token_whose_past_was_purged_starts_the_folder_again(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    school.delete(ada, "a")
    with school.writing() as tx:
        purge(tx, tx.changes.clock() + 1)
    assert phone.sync(agenda, [add("1", item(DENTIST))]).status == "3"
    with school.reading() as tx:
        assert tx.objects.entries(school.calendar(tx, ada)) == []
    phone.sync_all(agenda)
    assert phone.items[agenda] == {}
