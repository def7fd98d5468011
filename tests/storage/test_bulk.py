"""Many rows at once: the same rows, the same errors and as few statements on either database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import IntegrityError

from storage.bulk import FEW, load
from storage.lessons import NewLesson
from storage.model import CalendarKind, Role
from storage.principals import NewPerson
from storage.schema import calendar_object, identity
from storage.statistics import MANY
from storage.store import Store
from tests.storage.builders import make_school


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Yield the statements sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Connection, _cursor: Any, text: str, *_: Any) -> None:
        sent.append(text)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


@pytest.fixture
def school_id(store: Store) -> int:
    """A school without people."""
    return make_school(store).id


def identities(school_id: int, count: int, value: str = "é\t\\N{}") -> list[dict[str, Any]]:
    """Return rows whose text holds what a COPY writes otherwise."""
    row = {"school_id": school_id, "system": "x", "principal_id": 1, "first_seen": 1, "last_seen": 2}
    return [row | {"value": value.format(number)} for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, FEW - 1, FEW, 3 * FEW])
def test_rows_are_stored_as_they_are_however_many(store: Store, school_id: int, count: int) -> None:
    with store.writing(school_id) as tx:
        load(tx.connection, identity, identities(school_id, count))
    with store.reading(school_id) as tx:
        query = select(identity.c.value).where(identity.c.system == "x")
        assert set(tx.connection.execute(query).scalars()) == {row["value"] for row in identities(school_id, count)}


@pytest.mark.parametrize("count", [2, 3 * FEW])
def test_a_row_that_is_there_already_is_refused_as_by_an_insert_and_nothing_stays(
    store: Store, school_id: int, count: int
) -> None:
    with pytest.raises(IntegrityError), store.writing(school_id) as tx:
        load(tx.connection, identity, [*identities(school_id, count), *identities(school_id, 1)])
    with store.reading(school_id) as tx:
        query = select(func.count()).select_from(identity).where(identity.c.system == "x")
        assert tx.connection.execute(query).scalar_one() == 0


def lessons(calendar_id: int, count: int) -> list[NewLesson]:
    text = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n\\\t\x01"
    return [NewLesson(calendar_id, f"u{each}", "h", each * 3600, each * 3600 + 1800, text) for each in range(count)]


def test_statements_do_not_grow_with_the_lessons_and_their_octets_come_back(store: Store, school_id: int) -> None:
    counts = []
    for key, count in (("few", FEW), ("many", 5 * FEW)):
        with statements(store) as sent, store.writing(school_id) as tx:
            number = tx.lessons.create_calendars(CalendarKind.LESSONS, {key: key})[key]
            tx.lessons.create([lesson_of(key, each) for each in lessons(number, count)])
        counts.append(len(sent))
    assert counts[0] == counts[1]
    with store.reading(school_id) as tx:
        stored = tx.lessons.stored()
        assert len(stored) == 6 * FEW
        texts = tx.lessons.texts([each.id for each in stored])
        assert {text.ical for text in texts.values()} == {lessons(0, 1)[0].ical}


def lesson_of(key: str, lesson: NewLesson) -> NewLesson:
    return NewLesson(
        lesson.calendar_id, f"{key}-{lesson.uid}", lesson.content_hash, lesson.starts, lesson.ends, lesson.ical
    )


def test_people_made_at_once_cost_no_question_each(store: Store, school_id: int) -> None:
    counts = []
    for key, count in (("a", FEW), ("b", 2 * FEW)):
        with statements(store) as sent, store.writing(school_id) as tx:
            tx.principals.create_many([NewPerson(f"{key}{each}", "F", "G", Role.PUPIL) for each in range(count)])
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_the_size_of_a_collection_and_of_large_ones_costs_the_same_questions_whatever_it_shows(
    store: Store, school_id: int
) -> None:
    with store.writing(school_id) as tx:
        made = tx.lessons.create_calendars(CalendarKind.LESSONS, {f"k{each}": "n" for each in range(4)})
        whole = tx.lessons.create_school_collection()
        for key, number in made.items():
            tx.lessons.create([lesson_of(key, each) for each in lessons(number, 10)])
        ahead = {(whole, number): ((5 * 3600, 2**40),) for number in made.values()}
        tx.lessons.feeds.set_windows((), ahead)
        assert tx.collections.count(whole) == 4 * 5
        assert [count for _, count in tx.collections.large(19)] == [20]
        assert tx.collections.large(20) == ()


def test_a_database_looks_at_its_tables_again_after_many_lessons_only(store: Store) -> None:
    told = []
    for written in (MANY - 1, MANY):
        with statements(store) as sent:
            store.settle(written)
        told.append([text.split()[0] for text in sent if text.startswith("ANALYZE")])
    assert told == [[], ["ANALYZE"] if store.engine.dialect.name == "postgresql" else []]


def test_nothing_waits_long_for_somebody_else_who_looks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite keeps no such figures")
    monkeypatch.setattr("storage.statistics.PATIENCE_SECONDS", 0.05)
    with store.engine.connect() as other, other.begin():
        other.exec_driver_sql(f"LOCK TABLE {calendar_object.name} IN ACCESS EXCLUSIVE MODE")
        store.settle(MANY)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() != "50ms"
