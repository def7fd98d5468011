"""No request reads the calendar it is about, but for the listings: the plans of SQLite say which index each uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from storage import attachment_readers
from storage.model import Collection, SyncToken
from storage.transaction import Transaction
from tests.storage.builders import DAY, Desk, event_text

WIDE = ("(school_id=?)", "(school_id=? AND calendar_id=?)")
EXPLAINED = ("SELECT", "UPDATE", "DELETE", "WITH")


@pytest.fixture
def dialect() -> str:
    """PostgreSQL plans by the sizes of its tables, which are tiny here."""
    return "sqlite"


def steps(tx: Transaction, ask: Callable[[Transaction], object]) -> list[str]:
    """Return the steps of the plans of everything that is asked."""
    told: list[str] = []
    cursor = tx.connection.connection.cursor()
    cursor.connection.set_trace_callback(told.append)
    ask(tx)
    cursor.connection.set_trace_callback(None)
    asked = [each for each in told if each.startswith(EXPLAINED)]
    assert asked
    return [row[3] for each in asked for row in cursor.execute(f"EXPLAIN QUERY PLAN {each}")]


def whole_calendar(found: Sequence[str]) -> list[str]:
    """Return the steps that read all objects of a calendar, of a school, or of the database."""
    wide = [step for step in found if "calendar_object" in step and step.startswith(("SCAN", "SEARCH"))]
    return [
        step
        for step in wide
        if step.startswith("SCAN") or step.endswith(("(school_id=?)", "(school_id=? AND calendar_id=?)"))
    ]


Ask = Callable[[Transaction, Collection, SyncToken], object]
READING: dict[str, Ask] = {
    "name": lambda tx, seen, _: tx.objects.get(seen, "1.ics"),
    "names": lambda tx, seen, _: tx.objects.many(seen, ["1.ics", "2.ics"]),
    "UID": lambda tx, seen, _: tx.objects.by_uid(seen, "1.ics"),
    "first page": lambda tx, seen, _: tx.changes.since(SyncToken(seen.id), 2),
    "next page": lambda tx, seen, _: tx.changes.since(tx.changes.since(SyncToken(seen.id), 2).token, 2),
    "empty sync": lambda tx, _, token: tx.changes.since(token, 2),
    "head": lambda tx, seen, _: tx.changes.head(seen.id),
    "day": lambda tx, seen, _: tx.objects.in_range(seen, 0, DAY),
    "attachment": lambda tx, seen, _: attachment_readers.may_read(tx, tx.principals.get(seen.owner_id or 0), "none"),
}
WRITING: dict[str, Ask] = {
    "new": lambda tx, seen, _: tx.scheduling.put(seen, "new.ics", event_text("new")),
    "change": lambda tx, seen, _: tx.scheduling.put(seen, "1.ics", event_text("1.ics", "SUMMARY:x")),
    "delete": lambda tx, seen, _: tx.scheduling.delete(seen, "1.ics"),
}


def filled(desk: Desk) -> tuple[Collection, SyncToken]:
    """Return a calendar of a few objects and its token."""
    for number in range(5):
        desk.put(f"{number}.ics")
    return desk.collection(), desk.token()


@pytest.mark.parametrize("name", READING)
def test_no_question_reads_the_whole_calendar(desk, name):
    seen, token = filled(desk)
    with desk.reading() as tx:
        found = steps(tx, lambda tx: READING[name](tx, seen, token))
    assert whole_calendar(found) == []


@pytest.mark.parametrize("name", WRITING)
def test_no_write_reads_the_whole_calendar(desk, name):
    seen, token = filled(desk)
    with desk.writing() as tx:
        found = steps(tx, lambda tx: WRITING[name](tx, seen, token))
    assert whole_calendar(found) == []


def test_pages_of_a_first_sync_are_read_in_order_and_not_sorted(desk):
    seen, token = filled(desk)
    with desk.reading() as tx:
        found = steps(tx, lambda tx: READING["next page"](tx, seen, token))
    assert [step for step in found if "TEMP B-TREE" in step] == []
