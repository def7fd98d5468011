"""Undoing an import: what is ahead becomes what it was, for every client, and the past stays."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from importers.errors import ImportRefused
from importers.journal import Journal, unpacked
from importers.run import Options, import_file, silent
from importers.sample import next_export, write_xml
from importers.undo import newest, undo
from storage.imports import NewRun
from storage.model import CalendarKind, Client, ClientKind, SyncToken
from storage.schema import calendar, feed
from tests.importers.conftest import AUTUMN, BEFORE, imported

DAV = Client(ClientKind.DAV)
LATER = datetime(2026, 12, 9, 12, tzinfo=UTC)


def seen(store, school, since: datetime = AUTUMN):
    """What every ninth person sees ahead of an instant: texts by login and name."""
    found = {}
    with store.reading(school.id) as tx:
        for person in tx.principals.people()[::9]:
            collection = tx.collections.by_slug(person, "emploi-du-temps", DAV)
            entries = tx.objects.entries(collection)
            for name, each in tx.objects.many(collection, [entry.href for entry in entries]).items():
                if each.starts >= since.timestamp():
                    found[person.login, name] = each.ical
    return found


@pytest.mark.req("R171")
def test_the_last_import_undone_leaves_what_was_there_before(store, school, sample):
    imported(store, school, sample)
    before = seen(store, school)
    report = import_file(store, school, write_xml(next_export(sample, 20, 4, AUTUMN.date()), "2.0"), AUTUMN)
    assert seen(store, school) != before
    counts = undo(store, school, report.run_id, AUTUMN, silent)
    assert seen(store, school) == before
    assert (counts.events_deleted, counts.events_created) == (
        report.counts.events_created,
        report.counts.events_deleted,
    )
    with store.reading(school.id) as tx:
        kinds = [(run.kind, run.status) for run in tx.imports.history()]
    assert kinds == [("undo", "done"), ("manual", "undone"), ("manual", "done")]


def test_a_client_that_syncs_by_token_follows_an_undone_import(store, school, sample):
    imported(store, school, sample)
    teacher, _ = sample.showcase()

    def look():
        with store.reading(school.id) as tx:
            collection = tx.collections.by_slug(tx.principals.by_login(teacher.login), "emploi-du-temps", DAV)
            return collection, {entry.href: entry.etag for entry in tx.objects.entries(collection)}

    collection, copy = look()
    first = copy.copy()
    token = SyncToken(collection.id, collection.head)
    report = import_file(store, school, write_xml(next_export(sample, 20, 4, AUTUMN.date()), "2.0"), AUTUMN)
    undo(store, school, report.run_id, AUTUMN, silent)
    with store.reading(school.id) as tx:
        page = tx.changes.since(token)
    for change in page.changes:
        copy.pop(change.href, None)
        if change.etag is not None:
            copy[change.href] = change.etag
    assert copy == look()[1]
    assert copy.keys() == first.keys()


def test_what_has_been_taught_meanwhile_stays(store, school, sample):
    imported(store, school, sample)
    changed = write_xml(next_export(sample, 20, 4, AUTUMN.date()), "2.0")
    report = import_file(store, school, changed, AUTUMN)
    with store.reading(school.id) as tx:
        after = {lesson.uid: lesson for lesson in tx.lessons.stored()}
    undo(store, school, report.run_id, LATER, silent)
    with store.reading(school.id) as tx:
        back = {lesson.uid: lesson for lesson in tx.lessons.stored()}
    passed = {uid for uid, lesson in after.items() if lesson.starts < LATER.timestamp()}
    assert {uid: back[uid] for uid in passed} == {uid: after[uid] for uid in passed}
    assert {uid for uid in after if uid not in passed} != {uid for uid in back if uid not in passed}


@pytest.fixture
def two(store, school, sample):
    """The run ids of an import and the one after it."""
    first = imported(store, school, sample)
    second = import_file(store, school, write_xml(next_export(sample, 5, 4, AUTUMN.date()), "2.0"), AUTUMN)
    return first.run_id, second.run_id


@pytest.mark.parametrize(("which", "reason"), [(0, "not-last"), (1, "already-running")])
def test_what_cannot_be_undone_is_refused_and_nothing_changes(store, school, two, which, reason):
    with store.reading(school.id) as tx:
        before = tx.lessons.stored()
    with ExitStack() as held:
        if reason == "already-running":
            held.enter_context(store.turn(school.id))
        with pytest.raises(ImportRefused) as refused:
            undo(store, school, two[which], AUTUMN, silent)
    assert refused.value.reason == reason
    with store.reading(school.id) as tx:
        assert tx.lessons.stored() == before


def test_an_import_is_undone_once(store, school, two):
    undo(store, school, two[1], AUTUMN, silent)
    with pytest.raises(ImportRefused) as refused:
        undo(store, school, two[1], AUTUMN, silent)
    assert refused.value.reason == "not-done"


def test_imports_are_undone_one_after_the_other_down_to_nothing(store, school, sample):
    first = imported(store, school, sample)
    second = import_file(store, school, write_xml(next_export(sample, 5, 4, AUTUMN.date()), "2.0"), BEFORE)
    undo(store, school, second.run_id, BEFORE, silent)
    undo(store, school, first.run_id, BEFORE, silent)
    assert seen(store, school, BEFORE) == {}
    again = import_file(store, school, write_xml(sample, "2.0"), BEFORE, Options(file_name="again.xml"))
    assert again.counts.events_created == first.counts.events_created


def test_an_import_that_changed_nothing_is_not_undone_and_stands_in_nobodys_way(store, school, sample):
    imported(store, school, sample)
    before = seen(store, school)
    data = write_xml(next_export(sample, 5, 4, AUTUMN.date()), "2.0")
    report = import_file(store, school, data, AUTUMN)
    idle = import_file(store, school, data, AUTUMN)
    assert idle.counts.events_created == idle.counts.events_deleted == 0
    with pytest.raises(ImportRefused) as refused:
        undo(store, school, idle.run_id, AUTUMN, silent)
    assert refused.value.reason == "changed-nothing"
    undo(store, school, report.run_id, AUTUMN, silent)
    assert seen(store, school) == before


def test_one_import_at_a_time(store, school, sample):
    with store.turn(school.id) as free:
        assert free
        with pytest.raises(ImportRefused) as refused:
            imported(store, school, sample)
    assert refused.value.reason == "already-running"
    assert imported(store, school, sample).counts.events_created > 0


def test_a_journal_survives_storage():
    assert unpacked(Journal().packed()) == Journal()


@pytest.mark.parametrize("kind", [CalendarKind.COURSE, CalendarKind.LESSONS])
def test_what_needs_courses_or_calendars_put_away_since_is_not_undone_and_nothing_changes(store, school, two, kind):
    with store.writing(school.id) as tx:
        tx.connection.execute(update(calendar).where(calendar.c.kind == kind.value).values(key=None, ended=1))
        if kind is CalendarKind.LESSONS:
            tx.connection.execute(update(feed).values(ended=1))
    with store.reading(school.id) as tx:
        clock = tx.changes.clock()
    with pytest.raises(ImportRefused) as refused:
        undo(store, school, two[1], AUTUMN, silent)
    assert refused.value.reason == "parts-gone"
    assert refused.value.data["count"] != 0
    with store.reading(school.id) as tx:
        assert (tx.changes.clock(), tx.imports.run(two[1]).status) == (clock, "done")


def test_somebody_deleted_since_is_left_out_of_an_undoing(store, school, two, sample):
    teacher, _pupil = sample.showcase()
    with store.writing(school.id) as tx:
        tx.principals.remove(tx.principals.by_login(teacher.login).id)
    undo(store, school, two[1], AUTUMN, silent)
    with store.reading(school.id) as tx:
        assert tx.imports.run(two[1]).status == "undone"


def test_an_import_that_waits_is_carried_out_after_an_undoing(store, school, two):
    with store.writing(school.id) as tx:
        waits = tx.imports.queue(NewRun("automatic", "edt", "next.xml", "h"))
    undo(store, school, two[1], AUTUMN, silent)
    with store.reading(school.id) as tx:
        assert [run.id for run in tx.imports.waiting()] == [waits]


def test_the_newest_that_may_be_undone_changed_something_and_stands(store, school, two):
    last = newest(_history(store, school))
    assert last is not None
    assert last.id == two[1]
    undo(store, school, two[1], AUTUMN, silent)
    found = newest(_history(store, school))
    assert found is not None
    assert found.id == two[0]


def _history(store, school):
    with store.reading(school.id) as tx:
        return tx.imports.history()
