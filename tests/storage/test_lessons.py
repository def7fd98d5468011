"""The imported timetable in storage: calendars, lessons, memberships, the whole-school collection."""

import pytest

from storage.errors import ReadOnly
from storage.lessons import StoredMembership
from storage.model import FOREVER, CalendarKind, Role
from storage.objects import content_etag
from storage.schema import calendar_object, occurrence
from tests.storage.builders import ALWAYS, DAV, DAY, counted, event_text, lesson, moment

TIMETABLE = "emploi-du-temps"


def stored(desk):
    with desk.reading() as tx:
        return {each.uid: each for each in tx.lessons.stored()}


def index(desk):
    with desk.store.engine.connect() as connection:
        rows = connection.execute(occurrence.select().order_by(occurrence.c.starts)).all()
    return [(row.calendar_id, row.object_id, row.starts, row.ends) for row in rows]


def test_calendars_are_found_by_kind_and_key(desk):
    maths, latin = desk.lesson_calendars("maths", "latin")
    with desk.writing() as tx:
        assert tx.lessons.create_calendars(CalendarKind.COURSE, {}) == {}
        course = tx.lessons.create_calendars(CalendarKind.COURSE, {"maths": "MATHS 4B"})["maths"]
        tx.lessons.rename_calendars({maths: "Maths"})
    with desk.reading() as tx:
        assert tx.lessons.calendars(CalendarKind.LESSONS) == {"maths": (maths, "Maths"), "latin": (latin, "Latin")}
        assert tx.lessons.calendars(CalendarKind.COURSE) == {"maths": (course, "MATHS 4B")}
        assert list(tx.lessons.timetables()) == [desk.person.id]


def test_a_lesson_is_stored_as_an_object_with_its_index(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.show(calendar)
    new = lesson(calendar, "u", moment(2026, 11, 23, 8))
    desk.teach(new)
    found = stored(desk)["u"]
    assert (found.calendar_id, found.content_hash, found.starts) == (calendar, "a", new.starts)
    with desk.reading() as tx:
        whole = tx.objects.get(desk.collection(TIMETABLE), "u.ics")
    assert (whole.ical, whole.etag, whole.starts, whole.ends) == (
        new.ical,
        content_etag(new.ical),
        new.starts,
        new.ends,
    )
    assert index(desk) == [(calendar, found.id, new.starts, new.ends)]


def test_lessons_are_told_in_the_order_in_which_they_were_given(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(*(lesson(calendar, uid) for uid in ("c", "a", "b")))
    assert sorted(stored(desk), key=lambda uid: stored(desk)[uid].id) == ["c", "a", "b"]


def test_a_changed_lesson_keeps_its_item_and_its_birth(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.show(calendar)
    desk.teach(lesson(calendar, "u"), lesson(calendar, "v"))
    before = stored(desk)["u"]
    with desk.writing() as tx:
        tx.lessons.replace([(before, lesson(calendar, "u", content="b"))])
    after = stored(desk)["u"]
    assert (after.id, after.item, after.content_hash) == (before.id, before.item, "b")
    with desk.reading() as tx:
        assert b"SUMMARY:b" in tx.objects.get(desk.collection(TIMETABLE), "u.ics").ical
    assert len(index(desk)) == 2


def test_a_lesson_that_moves_to_another_calendar_keeps_its_item_and_leaves_no_text_behind(desk):
    first, second = desk.lesson_calendars("first", "second")
    desk.teach(lesson(first, "u"))
    before = stored(desk)["u"]
    with desk.writing() as tx:
        tx.lessons.replace([(before, lesson(second, "u"))])
    after = stored(desk)["u"]
    assert after.item == before.item
    assert (after.calendar_id, after.id != before.id) == (second, True)
    assert [row[:2] for row in index(desk)] == [(second, after.id)]
    with desk.store.engine.connect() as connection:
        rows = {row.id: row for row in connection.execute(calendar_object.select())}
    assert (rows[before.id].ical, rows[before.id].ended) == (None, after.id)


def test_ended_lessons_are_gone_from_lists_and_index(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(lesson(calendar, "u"), lesson(calendar, "v"))
    with desk.writing() as tx:
        tx.lessons.end([stored(desk)["u"]])
    assert list(stored(desk)) == ["v"]
    assert len(index(desk)) == 1


def test_empty_work_takes_no_number(desk):
    before = desk.clock()
    with desk.writing() as tx:
        tx.lessons.create([])
        tx.lessons.replace([])
        tx.lessons.end([])
        tx.lessons.set_memberships([], [])
        tx.lessons.feeds.set_windows((), {})
    assert desk.clock() == before


def test_a_thousand_lessons_take_as_many_statements_as_one(desk):
    (calendar,) = desk.lesson_calendars("l")
    counts = []
    for number in (1, 1000):
        with counted(desk.store) as seen:
            desk.teach(*(lesson(calendar, f"{number}-{each}") for each in range(number)))
        counts.append(len([each for each in seen if not each.startswith(("INSERT", "COPY"))]))
    assert counts[0] == counts[1]


def test_memberships_begin_end_and_begin_again(desk):
    with desk.writing() as tx:
        course = tx.lessons.create_calendars(CalendarKind.COURSE, {"c": "C"})["c"]
        half = StoredMembership(course, desk.person.id, Role.TEACHER, (0, 10 * DAY))
        tx.lessons.set_memberships([], [half])
        assert tx.lessons.memberships() == (half,)
        whole = StoredMembership(course, desk.person.id, Role.TEACHER, ALWAYS[0])
        tx.lessons.set_memberships([(course, desk.person.id)], [whole])
        assert tx.lessons.memberships() == (whole,)
        tx.lessons.set_memberships([(course, desk.person.id)], [])
        assert tx.lessons.memberships() == ()


def test_a_lesson_moves_with_the_course_it_belongs_to_and_people_see_it_once(desk):
    first, second = desk.lesson_calendars("first", "second")
    desk.show(first)
    desk.teach(lesson(first, "u"))
    with desk.writing() as tx:
        tx.lessons.replace([(stored(desk)["u"], lesson(second, "u"))])
    seen = desk.collection(TIMETABLE)
    with desk.reading() as tx:
        assert tx.objects.entries(seen) == []
    desk.show(second)
    with desk.reading() as tx:
        assert [each.href for each in tx.objects.entries(seen)] == ["u.ics"]


def test_the_whole_school_collection_is_made_once_and_read_only(desk):
    with desk.writing() as tx:
        assert tx.lessons.school_collection() is None
        number = tx.lessons.create_school_collection()
        tx.collections.subscribe(desk.person, number, "etablissement", "Établissement")
    seen = desk.collection("etablissement")
    assert (seen.id, seen.kind, seen.owned) == (number, CalendarKind.SCHOOL, False)
    with desk.writing() as tx:
        assert tx.lessons.school_collection() == number
        with pytest.raises(ReadOnly):
            tx.objects.put(tx.collections.by_slug(desk.person, "etablissement", DAV), "a.ics", event_text("a"))


def test_a_lesson_index_is_whole_at_once(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(lesson(calendar, "u"))
    with desk.store.engine.connect() as connection:
        assert [row.indexed_until for row in connection.execute(calendar_object.select())] == [FOREVER]
