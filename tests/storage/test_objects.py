"""Writing objects: preconditions, conflicts, rights, and the text as the client sent it (invariant 10)."""

from dataclasses import replace

import pytest

from storage import ical, occurrences
from storage.errors import InvalidObject, NotFound, PreconditionFailed, ReadOnly, UidConflict
from storage.model import Expect, NewCalendar, SyncToken
from storage.objects import content_etag
from storage.schema import occurrence
from tests.storage.builders import DAV, component, counted, event_text, lesson, make_person, moment, task_text

ODD = component(
    "VEVENT",
    "UID:odd",
    "DTSTAMP:20261101T000000Z",
    "DTSTART;TZID=Europe/Paris:20261123T080000",
    'X-UNKNOWN;X-PARAM="a;b":kept as it is',
    "ATTENDEE;CN=Zoé;X-NUM-GUESTS=0:mailto:zoe@example.org",
    "SUMMARY;LANGUAGE=fr:été\\, cours à l'",
    " étage",
)


def indexed(desk):
    with desk.store.engine.connect() as connection:
        return connection.execute(occurrence.select()).all()


@pytest.mark.parametrize("text", [ODD, ODD.replace(b"\r\n", b"\n")])
def test_text_is_kept_byte_for_byte(desk, text):
    written = desk.put("odd.ics", text)
    with desk.reading() as tx:
        stored = tx.objects.get(desk.collection(), "odd.ics")
    assert stored.ical == text
    assert stored == written.object
    assert (stored.uid, stored.component, stored.etag) == ("odd", "VEVENT", content_etag(text))


def test_a_write_tells_what_it_did(desk):
    first = desk.put("a.ics")
    again = desk.put("a.ics")
    changed = desk.put("a.ics", event_text("a.ics", "SUMMARY:b"))
    assert [(each.created, each.changed) for each in (first, again, changed)] == [
        (True, True),
        (False, False),
        (False, True),
    ]
    assert again.object == first.object
    assert changed.object.item == first.object.item
    assert changed.object.born == first.object.born
    assert changed.object.seq > first.object.seq
    with desk.reading() as tx:
        assert tx.objects.get(desk.collection(), "a.ics") == changed.object


def test_the_entity_tag_depends_on_the_bytes_alone(desk):
    bob = make_person(desk.store, desk.school, "bob")
    one = desk.put("a.ics", event_text("u")).object
    with desk.writing() as tx:
        other = tx.objects.put(tx.collections.by_slug(bob, "agenda", DAV), "b.ics", event_text("u")).object
    assert one.etag == other.etag == content_etag(event_text("u"))
    assert desk.put("a.ics", event_text("u", "SUMMARY:b")).object.etag != one.etag
    assert desk.put("a.ics", event_text("u")).object.etag == one.etag


@pytest.mark.parametrize(
    ("exists", "expect", "fails"),
    [
        (False, Expect(), False),
        (True, Expect(), False),
        (False, Expect(absent=True), False),
        (True, Expect(absent=True), True),
        (False, Expect(present=True), True),
        (True, Expect(present=True), False),
        (False, Expect(etags=("x",)), True),
        (True, Expect(etags=("x",)), True),
        (True, Expect(etags=("x", "ETAG")), False),
    ],
)
@pytest.mark.parametrize("work", ["put", "delete"])
def test_preconditions(desk, exists, expect, fails, work):
    etag = desk.put("a.ics").object.etag if exists else None
    expect = replace(expect, etags=tuple(str(etag) if each == "ETAG" else each for each in expect.etags))
    before = desk.clock()
    arguments = (event_text("a.ics", "SUMMARY:b"),) if work == "put" else ()
    if work == "delete" and not exists:
        with pytest.raises(NotFound):
            desk.delete("a.ics", expect)
    elif fails:
        with pytest.raises(PreconditionFailed) as caught:
            getattr(desk, work)("a.ics", *arguments, expect)
        assert caught.value.etag == etag
    else:
        getattr(desk, work)("a.ics", *arguments, expect)
        before += 1
    assert desk.clock() == before


def test_a_uid_lives_under_one_name_of_a_calendar(desk):
    desk.put("a.ics", event_text("u"))
    with pytest.raises(UidConflict) as caught:
        desk.put("b.ics", event_text("u"))
    assert (caught.value.uid, caught.value.href) == ("u", "a.ics")
    with pytest.raises(UidConflict):
        desk.put("a.ics", event_text("other"))
    desk.delete("a.ics")
    assert desk.put("b.ics", event_text("u")).created


def test_the_same_uid_and_name_may_live_in_two_calendars(desk):
    with desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar("club", "Club"))
    one = desk.put("a.ics", event_text("u")).object
    other = desk.put("a.ics", event_text("u", "SUMMARY:club"), slug="club").object
    desk.delete("a.ics")
    with desk.reading() as tx:
        assert tx.objects.get(desk.collection("club"), "a.ics") == other
        with pytest.raises(NotFound):
            tx.objects.get(desk.collection(), "a.ics")
        with pytest.raises(NotFound):
            tx.objects.get_item(desk.collection("club"), one.item)


def test_a_name_used_again_is_another_item(desk):
    first = desk.put("a.ics").object
    desk.delete("a.ics")
    second = desk.put("a.ics")
    assert second.created
    assert second.object.item != first.item


@pytest.mark.parametrize(
    ("slug", "text"),
    [
        ("agenda", task_text("t")),
        ("agenda", component("VJOURNAL", "UID:j", "DTSTAMP:20261101T000000Z")),
        ("taches", event_text("e")),
    ],
)
def test_a_calendar_refuses_components_it_does_not_support(desk, slug, text):
    with pytest.raises(InvalidObject) as caught:
        desk.put("a.ics", text, slug=slug)
    assert caught.value.precondition == "supported-calendar-component"


def test_a_task_belongs_in_the_tasks(desk):
    assert desk.put("t.ics", task_text("t", "DUE:20261201T100000Z"), slug="taches").object.component == "VTODO"


@pytest.mark.req("R206")
@pytest.mark.parametrize("slug", ["emploi-du-temps", "rendez-vous"])
def test_imported_and_booked_calendars_are_read_only(desk, slug):
    before = desk.clock()
    with pytest.raises(ReadOnly):
        desk.put("a.ics", slug=slug)
    with pytest.raises(ReadOnly):
        desk.delete("a.ics", slug=slug)
    assert desk.clock() == before


@pytest.mark.req("R206")
def test_a_lesson_shown_in_a_timetable_cannot_be_changed_or_removed(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.show(calendar)
    desk.teach(lesson(calendar, "u"))
    seen = desk.collection("emploi-du-temps")
    for work in (
        lambda tx: tx.objects.put(seen, "u.ics", event_text("u")),
        lambda tx: tx.objects.delete(seen, "u.ics"),
    ):
        with pytest.raises(ReadOnly) as caught, desk.writing() as tx:
            work(tx)
        assert caught.value.collection_id == seen.id


def test_what_cannot_be_stored_changes_nothing(desk):
    kept = desk.put("a.ics").object
    before = desk.clock()
    for text in (
        b"",
        b"no calendar",
        event_text("a.ics", "METHOD:X", start=""),
        event_text("a.ics", start="DTSTART:x"),
    ):
        with pytest.raises(InvalidObject):
            desk.put("a.ics", text)
    assert desk.clock() == before
    with desk.reading() as tx:
        assert tx.objects.get(desk.collection(), "a.ics") == kept


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=1", "FREQ=SECONDLY;COUNT=100000"])
def test_a_bomb_is_refused_when_it_is_written(desk, rule):
    with pytest.raises(InvalidObject) as caught:
        desk.put("bomb.ics", event_text("bomb", f"RRULE:{rule}"))
    assert caught.value.precondition == "max-instances"
    assert indexed(desk) == []
    assert desk.since(SyncToken(desk.collection().id)).changes == ()


def test_the_index_follows_the_text(desk):
    desk.put("a.ics", event_text("a", "RRULE:FREQ=DAILY;COUNT=3"))
    starts = moment(2026, 11, 23, 8)
    assert sorted(row.starts for row in indexed(desk)) == [starts + number * 86_400 for number in range(3)]
    desk.put("a.ics", event_text("a", start="DTSTART:20261201T100000Z"))
    assert [(row.starts, row.ends) for row in indexed(desk)] == [(moment(2026, 12, 1, 10), moment(2026, 12, 1, 11))]
    desk.delete("a.ics")
    assert indexed(desk) == []


def test_a_deleted_object_leaves_no_text(desk):
    desk.put("a.ics", event_text("a", "SUMMARY:private"))
    desk.delete("a.ics")
    with desk.store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT ical, ended FROM calendar_object").all()
    assert [row.ical for row in rows] == [None]
    assert rows[0].ended == desk.clock()


def test_floating_times_are_read_in_the_calendars_own_zone(desk):
    zone = "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nEND:VTIMEZONE"
    with desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar("ny", "NY", timezone=zone))
    text = event_text("f", start="DTSTART:20261123T080000")
    assert desk.put("f.ics", text).object.starts == moment(2026, 11, 23, 7)
    assert desk.put("f.ics", text, slug="ny").object.starts == moment(2026, 11, 23, 13)


def statements(desk, href):
    with counted(desk.store) as seen:
        desk.put(href, event_text(href, f"SUMMARY:{href}"))
    return len(seen)


def test_a_put_takes_as_many_statements_however_full_the_calendar(desk):
    few = statements(desk, "first.ics")
    with desk.writing() as tx:
        for number in range(60):
            tx.objects.put(desk.collection(), f"{number}.ics", event_text(str(number)))
    assert statements(desk, "last.ics") == few


def test_an_object_is_listed_as_endless_until_its_whole_index_is_known(desk):
    endless = desk.put("e.ics", event_text("e", "RRULE:FREQ=WEEKLY")).object
    assert endless.ends == ical.FOREVER
    assert max(row.starts for row in indexed(desk)) <= endless.modified + occurrences.HORIZON_SECONDS
