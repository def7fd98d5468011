"""An undone import is gone without a trace ahead: names, items, reminders, members, and tokens that move."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from typing import Any

import pytest

from importers.journal import HeldLesson, Journal, Renamed, unpacked
from importers.run import Options, import_file, silent
from importers.sample import SampleSchool, write_xml
from importers.undo import undo
from storage import maintenance
from storage.model import CalendarKind, Client, ClientKind, School, SyncToken
from storage.store import Store
from storage.transaction import Transaction
from tests.importers.conftest import AUTUMN, imported

DAV = Client(ClientKind.DAV)
INSTANT = int(AUTUMN.timestamp())


def upheaval(sample: SampleSchool) -> SampleSchool:
    """One course of four gone, and one more subject under another label."""
    first, *others = sample.subjects
    courses = tuple(course for number, course in enumerate(sample.courses) if number % 4)
    return replace(sample, courses=courses, subjects=(replace(first, label="SCIENCES NOUVELLES"), *others))


def ahead(store: Store, school: School) -> dict[str, Any]:
    """What storage holds from the instant on, down to the number a phone knows a session by."""
    with store.reading(school.id) as tx:
        stays = [each for each in tx.lessons.feeds.live() if each.window[1] > INSTANT]
        return {
            "sessions": {each[1:] for each in map(told, tx.lessons.stored()) if each[-1] >= INSTANT},
            "courses": tx.lessons.calendars(CalendarKind.COURSE),
            "calendars": tx.lessons.calendars(CalendarKind.LESSONS),
            "members": {(each.collection_id, each.principal_id, each.role) for each in tx.lessons.memberships()},
            "feeds": {(each.collection, each.calendar) for each in stays},
        }


def told(lesson: Any) -> tuple[Any, ...]:
    return lesson.id, lesson.item, lesson.uid, lesson.calendar_id, lesson.content_hash, lesson.starts


def reminders(store: Store, school: School, login: str) -> dict[tuple[int, str], int | None]:
    with store.reading(school.id) as tx:
        person = tx.principals.by_login(login)
        return dict(tx.overlays.of(person.id, timetable(tx, login).id))


def timetable(tx: Transaction, login: str) -> Any:
    return tx.collections.by_slug(tx.principals.by_login(login), "emploi-du-temps", DAV)


def reminded(store: Store, school: School, login: str) -> None:
    """Put a reminder on every session that somebody has ahead."""
    with store.writing(school.id) as tx:
        mine = timetable(tx, login)
        person = tx.principals.by_login(login)
        names = [entry.href for entry in tx.objects.entries(mine)]
        for number, each in enumerate(tx.objects.many(mine, names).values()):
            if each.starts >= INSTANT:
                tx.overlays.put((person.id, mine.id), (each.item, ""), number % 60)


def copy_of(store: Store, school: School, login: str) -> tuple[Any, dict[str, str]]:
    with store.reading(school.id) as tx:
        mine = timetable(tx, login)
        return mine, {entry.href: entry.etag for entry in tx.objects.entries(mine)}


def test_an_undone_upheaval_leaves_names_items_members_and_reminders_as_they_were(
    store: Store, school: School, sample: SampleSchool, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(store, school, sample)
    _teacher, pupil = sample.showcase()
    reminded(store, school, pupil.login)
    before, alarms = ahead(store, school), reminders(store, school, pupil.login)
    made = import_file(store, school, write_xml(upheaval(sample), "2.0"), AUTUMN, Options(force=True))
    assert made.counts.courses_renamed > 0
    changed = ahead(store, school)
    assert {what for what, held in before.items() if held != changed[what]} >= {"sessions", "courses", "calendars"}
    # The night in between sweeps what belongs to nothing.
    with store.writing(school.id) as tx:
        maintenance.trim(tx)
    counts = undo(store, school, made.run_id, AUTUMN, silent)
    assert ahead(store, school) == before
    assert reminders(store, school, pupil.login) == alarms
    assert counts.courses_renamed == made.counts.courses_renamed
    live = {item for item, *_ in before["sessions"]}
    assert {item for item, _ in alarms} <= live


def test_every_client_hears_of_an_undoing_by_its_token(store: Store, school: School, sample: SampleSchool) -> None:
    imported(store, school, sample)
    teacher, _pupil = sample.showcase()
    _mine, first = copy_of(store, school, teacher.login)
    made = import_file(store, school, write_xml(upheaval(sample), "2.0"), AUTUMN, Options(force=True))
    mine, copy = copy_of(store, school, teacher.login)
    token = SyncToken(mine.id, mine.head)
    undo(store, school, made.run_id, AUTUMN, silent)
    back, now = copy_of(store, school, teacher.login)
    assert back.head > mine.head
    with store.reading(school.id) as tx:
        page = tx.changes.since(token)
    for change in page.changes:
        copy.pop(change.href, None)
        if change.etag is not None:
            copy[change.href] = change.etag
    assert copy == now == first


def test_a_course_named_otherwise_since_keeps_its_newer_name(
    store: Store, school: School, sample: SampleSchool
) -> None:
    imported(store, school, sample)
    made = import_file(store, school, write_xml(upheaval(sample), "2.0"), AUTUMN, Options(force=True))
    with store.writing(school.id) as tx:
        found = tx.lessons.calendars(CalendarKind.COURSE)
        key = next(key for key, (_, name) in found.items() if name.startswith("SCIENCES NOUVELLES"))
        tx.lessons.rename_calendars({found[key][0]: "Sciences du club"})
    undo(store, school, made.run_id, AUTUMN, silent)
    with store.reading(school.id) as tx:
        names = {key: name for key, (_, name) in tx.lessons.calendars(CalendarKind.COURSE).items()}
    assert names.pop(key) == "Sciences du club"
    assert not [name for name in names.values() if name.startswith("SCIENCES NOUVELLES")]


def test_who_has_left_since_gets_nothing_back_and_the_others_everything(
    store: Store, school: School, sample: SampleSchool
) -> None:
    imported(store, school, sample)
    teacher, pupil = sample.showcase()
    _, first = copy_of(store, school, pupil.login)
    made = import_file(store, school, write_xml(upheaval(sample), "2.0"), AUTUMN, Options(force=True))
    with store.writing(school.id) as tx:
        gone = tx.principals.by_login(teacher.login).id
        tx.principals.remove(gone)
    undo(store, school, made.run_id, AUTUMN, silent)
    assert copy_of(store, school, pupil.login)[1] == first
    with store.reading(school.id) as tx:
        assert gone not in {each.principal_id for each in tx.lessons.memberships()}


def test_a_journal_of_before_names_and_items_were_kept_is_still_read() -> None:
    held = HeldLesson("[]", "u", "h", 1, 2, b"BEGIN:VEVENT", 7)
    journal = Journal(ended=(held,), renamed=(Renamed("course", "k", "a", "b"),))
    assert unpacked(journal.packed()) == journal
    data = json.loads(zlib.decompress(journal.packed()))
    del data["renamed"], data["ended"][0][-1]
    assert unpacked(zlib.compress(json.dumps(data).encode())) == Journal(ended=(replace(held, item=0),))
