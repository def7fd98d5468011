"""The night's work: what is purged and what is raised, and how a retention time becomes a number."""

import threading
from dataclasses import replace

import pytest

from storage import ical, maintenance, occurrences
from storage.errors import TokenExpired
from storage.lessons import StoredMembership
from storage.model import CalendarKind, NewCalendar, Role
from storage.schema import metadata
from storage.transaction import Transaction
from tests.storage.builders import ALWAYS, DAY, event_text, lesson, make_person, make_school, outcome


def purge(desk, below):
    with desk.writing() as tx:
        return maintenance.purge(tx, below)


def sizes(desk):
    with desk.store.engine.connect() as connection:
        return {
            table.name: connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar()
            for table in metadata.sorted_tables
        }


def purged(desk):
    with desk.store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, purged FROM calendar WHERE purged > 0").all()
    return {row.id: row.purged for row in rows}


def night(desk, monkeypatch, moment):
    monkeypatch.setattr(Transaction, "now", lambda tx: moment)
    with desk.writing() as tx:
        return maintenance.trim(tx)


def test_what_ended_before_the_number_goes_and_the_rest_stays(desk):
    for href in ("a.ics", "b.ics", "c.ics"):
        desk.put(href)
    first, second = desk.delete("a.ics"), desk.delete("b.ics")
    assert purge(desk, first) == 0
    assert purged(desk) == {}
    assert purge(desk, second) == 1
    assert purged(desk) == {desk.collection().id: first}
    assert purge(desk, second) == 0
    assert sizes(desk)["calendar_object"] == 2


def test_ones_own_part_of_an_object_goes_with_the_object_not_before(desk, monkeypatch):
    for href in ("a.ics", "b.ics"):
        desk.put(href)
    shared = replace(desk.collection(), viewer=make_person(desk.store, desk.school, "bob").id)
    with desk.writing() as tx:
        items = [tx.objects.get(desk.collection(), href).item for href in ("a.ics", "b.ics")]
        for item in items:
            tx.personal.keep(shared, item, b"own")
        start = tx.now()
    with desk.store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE calendar_object SET ended = 1 WHERE item = {items[0]}")

    def kept():
        with desk.store.engine.connect() as connection:
            return set(connection.exec_driver_sql("SELECT item FROM personal").scalars())

    night(desk, monkeypatch, start + DAY)
    assert kept() == set(items)
    night(desk, monkeypatch, start + DAY + maintenance.RETENTION_SECONDS + DAY)
    assert kept() == {items[1]}


def test_purged_never_goes_back(desk):
    for href in ("a.ics", "b.ics"):
        desk.put(href)
        desk.delete(href)
        purge(desk, desk.clock() + 1)
    number = purged(desk)
    assert purge(desk, desk.clock() + 1) == 0
    assert purged(desk) == number == {desk.collection().id: desk.clock()}


def test_a_purge_raises_the_calendars_and_the_collections_that_lost_something_alone(desk):
    quiet, busy = desk.lesson_calendars("quiet", "busy")
    desk.show(quiet)
    desk.show(busy)
    desk.teach(lesson(quiet, "q"), lesson(busy, "b"))
    with desk.writing() as tx:
        tx.lessons.end([each for each in tx.lessons.stored() if each.uid == "b"])
    ended = desk.clock()
    desk.show(quiet, ())
    left = desk.clock()
    assert purge(desk, left + 1) == 2
    assert purged(desk) == {busy: ended, desk.collection("emploi-du-temps").id: left}


def test_a_purge_does_not_wake_anybody(desk):
    desk.put("a.ics")
    desk.delete("a.ics")
    before = desk.clock()
    head = desk.head()
    purge(desk, before + 1)
    assert (desk.clock(), desk.head()) == (before, head)


def test_everything_of_a_deleted_calendar_goes_in_the_end(desk):
    before = sizes(desk)
    with desk.writing() as tx:
        made = tx.collections.create(desk.person, NewCalendar("club", "Club"))
    desk.put("a.ics", event_text("a", "RRULE:FREQ=DAILY;COUNT=4"), slug="club")
    with desk.writing() as tx:
        tx.collections.delete(desk.person, made)
        tx.trash.erase(desk.person, made.id)
    assert purge(desk, desk.clock() + 1) == 4
    assert sizes(desk) == before


def test_ended_memberships_and_subscriptions_are_purged_and_live_ones_kept(desk):
    with desk.writing() as tx:
        course = tx.lessons.create_calendars(CalendarKind.COURSE, {"c": "C"})["c"]
        tx.collections.subscribe(desk.person, course, "c", "C")
        place = StoredMembership(course, desk.person.id, Role.TEACHER, ALWAYS[0])
        tx.lessons.set_memberships([], [place])
        tx.lessons.set_memberships([(course, desk.person.id)], [place])
        tx.collections.unsubscribe(desk.person, course)
    assert purge(desk, desk.clock() + 1) == 2
    with desk.reading() as tx:
        assert tx.lessons.memberships() == (place,)
        assert len(tx.collections.subscribed(desk.person)) == 4


def test_a_purge_keeps_to_its_school(desk):
    other = make_school(desk.store, "0990002Y")
    desk.put("a.ics")
    desk.delete("a.ics")
    with desk.store.writing(other.id) as tx:
        assert maintenance.purge(tx, 10**6) == 0
    assert purged(desk) == {}


def test_a_moment_becomes_the_number_last_noted_before_it(desk, monkeypatch):
    numbers: dict[int, int] = {}
    for moment in (100, 200, 200):
        monkeypatch.setattr(Transaction, "now", lambda tx, moment=moment: moment)
        desk.put(f"{len(numbers)}-{desk.clock()}.ics")
        with desk.writing() as tx:
            maintenance.note_clock(tx)
        numbers[moment] = desk.clock()
    with desk.reading() as tx:
        found = [maintenance.number_at(tx, moment) for moment in (99, 100, 199, 200, 10**6)]
    assert found == [0, numbers[100], numbers[100], numbers[200], numbers[200]]


def test_the_night_purges_what_ended_before_the_retention_time_and_not_sooner(desk, monkeypatch):
    desk.put("a.ics")
    token = desk.token()
    start = 1_800_000_000
    assert night(desk, monkeypatch, start) == 0
    desk.delete("a.ics")
    desk.put("b.ics")
    assert night(desk, monkeypatch, start + DAY) == 0
    assert night(desk, monkeypatch, start + DAY + maintenance.RETENTION_SECONDS - 1) == 0
    assert outcome(desk.since(token)) == [("a.ics", "gone"), ("b.ics", "new")]
    assert night(desk, monkeypatch, start + DAY + maintenance.RETENTION_SECONDS) == 1
    with pytest.raises(TokenExpired):
        desk.since(token)


def test_indexing_waits_for_a_write_under_way_and_indexes_what_it_wrote(desk, monkeypatch):
    written = desk.put("e.ics", event_text("e", "RRULE:FREQ=WEEKLY")).object.modified
    monkeypatch.setattr(Transaction, "now", lambda tx: written + 300 * DAY)
    spans, entered, seen = ical.spans, threading.Event(), []

    def noted(text, zone, horizon):
        seen.append(text)
        return spans(text, zone, horizon)

    def extend():
        entered.set()
        with desk.writing() as tx:
            maintenance.extend_index(tx)

    worker = threading.Thread(target=extend)
    changed = event_text("e", "RRULE:FREQ=MONTHLY")
    with desk.writing() as tx:
        tx.lock()
        worker.start()
        entered.wait()
        tx.objects.put(desk.collection(), "e.ics", changed)
        monkeypatch.setattr(ical, "spans", noted)
    worker.join()
    assert set(seen) <= {changed}
    with desk.reading() as tx:
        assert tx.objects.get(desk.collection(), "e.ics").ical == changed
        wanted = spans(changed, tx.zone, written + 300 * DAY + occurrences.HORIZON_SECONDS)
    assert sizes(desk)["occurrence"] == len(wanted)
