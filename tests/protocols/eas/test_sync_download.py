"""Sync towards the device: first load, changes, deletions, pages, polls."""

import pytest

from tests.protocols.eas.harness import event, subjects


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
