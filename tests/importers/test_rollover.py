"""A new school year: courses keep their past, the next import is by hand, and all of it can be taken back before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from importers import rollover
from importers.errors import ImportRefused
from importers.run import AUTOMATIC, Options, import_file
from importers.sample import regenerate_idpn, write_xml
from importers.windows import Window, Windows, united
from storage.model import CalendarKind, School
from storage.store import Store
from tests.importers.conftest import AUTUMN, BEFORE, imported


def courses(store: Store, school: School) -> dict[str, tuple[int, str]]:
    with store.reading(school.id) as tx:
        return tx.lessons.calendars(CalendarKind.COURSE)


def shown(store: Store, school: School) -> dict[tuple[int, int], Windows]:
    found: dict[tuple[int, int], list[Window]] = {}
    with store.reading(school.id) as tx:
        for stay in tx.lessons.feeds.live(CalendarKind.COURSE):
            found.setdefault((stay.collection, stay.calendar), []).append(stay.window)
    return {pair: united(windows) for pair, windows in found.items()}


@pytest.mark.req("R75", "R213")
def test_courses_are_archived_with_their_past_and_new_ones_come_by_hand(store, school, sample):
    imported(store, school, sample)
    before = courses(store, school)
    with store.writing(school.id) as tx:
        assert rollover.begin(tx, AUTUMN) == len(before)
    assert courses(store, school) == {}
    with store.reading(school.id) as tx:
        assert tx.lessons.memberships() == ()
        assert {each.year for each in tx.course_archive.all()} == {"2026-2027"}
    assert {until for windows in shown(store, school).values() for _, until in windows} == {int(AUTUMN.timestamp())}
    renumbered = write_xml(regenerate_idpn(sample, 3), "2.0")
    with pytest.raises(ImportRefused, match="no-manual-import"):
        import_file(store, school, renumbered, AUTUMN, Options(kind=AUTOMATIC))
    report = import_file(store, school, renumbered, AUTUMN, Options())
    after = courses(store, school)
    assert report.counts.courses_created == len(after) > 0
    assert not {number for number, _ in after.values()} & {number for number, _ in before.values()}
    import_file(store, school, renumbered, AUTUMN + timedelta(hours=1), Options(kind=AUTOMATIC, accepted=True))
    with store.writing(school.id) as tx, pytest.raises(ImportRefused, match="year-not-begun"):
        rollover.undo(tx)


def test_it_is_undone_as_long_as_nothing_was_imported(store, school, sample):
    imported(store, school, sample)
    before, seen = courses(store, school), shown(store, school)
    with store.reading(school.id) as tx:
        members = set(tx.lessons.memberships())
    with store.writing(school.id) as tx:
        rollover.begin(tx, AUTUMN)
    with store.writing(school.id) as tx:
        with pytest.raises(ImportRefused, match="year-begun"):
            rollover.begin(tx, AUTUMN)
        assert rollover.undo(tx) == len(before)
    assert courses(store, school) == before
    assert shown(store, school) == seen
    with store.reading(school.id) as tx:
        assert set(tx.lessons.memberships()) == members
        assert not rollover.pending(tx)
    assert imported(store, school, sample, BEFORE).counts.courses_created == 0


def test_a_school_without_courses_may_begin_a_year(store, school):
    with store.writing(school.id) as tx:
        assert rollover.begin(tx, datetime(2026, 7, 8, tzinfo=UTC)) == 0
        assert rollover.pending(tx)
        assert rollover.undo(tx) == 0
