"""Transactions: all or nothing, one snapshot, one writer at a time, durable once acknowledged (invariants 1 to 3)."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import maintenance, migrate
from storage.errors import CadranError, NameTaken, NotFound, PreconditionFailed, StorageFull, WritingRequired
from storage.imports import NewRun
from storage.model import CollectionPatch, Device, Expect, NewCalendar, Role, SyncToken
from storage.principals import NewPerson
from storage.store import Store
from tests.storage.builders import DAV, event_text, lesson, make_person, make_school

ROOT = Path(__file__).parent.parent.parent

WRITES = {
    "put": lambda tx, me, seen: tx.objects.put(seen, "a.ics", event_text("a")),
    "delete": lambda tx, me, seen: tx.objects.delete(seen, "kept.ics"),
    "create": lambda tx, me, seen: tx.collections.create(me, NewCalendar("club", "Club")),
    "update": lambda tx, me, seen: tx.collections.update(me, seen, CollectionPatch(name="X")),
    "switch": lambda tx, me, seen: tx.collections.switch(me, "agenda", on=False),
    "subscribe": lambda tx, me, seen: tx.collections.subscribe(me, 1, "x", "X"),
    "unsubscribe": lambda tx, me, seen: tx.collections.unsubscribe(me, seen.id),
    "person": lambda tx, me, seen: tx.principals.create(NewPerson("bob", "B", "Bob", Role.PUPIL)),
    "person's fields": lambda tx, me, seen: tx.principals.update(me.id, email="a@example.org"),
    "password": lambda tx, me, seen: tx.principals.set_password(me.id, "hash"),
    "removal": lambda tx, me, seen: tx.principals.remove(me.id),
    "identities": lambda tx, me, seen: tx.principals.learn("edt", [("1", me.id)], 0),
    "device": lambda tx, me, seen: tx.devices.save(Device(me.id, "d", "iPhone")),
    "device state": lambda tx, me, seen: tx.devices.save_state(me.id, "d", "folders", 1, {}),
    "forgotten device": lambda tx, me, seen: tx.devices.forget(me.id, "d"),
    "import run": lambda tx, me, seen: tx.imports.start(NewRun("edt", "x", "f", "h")),
    "audit": lambda tx, me, seen: tx.audit.record("a", "b", "c"),
    "lessons": lambda tx, me, seen: tx.lessons.create([lesson(1, "u")]),
    "clock note": lambda tx, me, seen: maintenance.note_clock(tx),
    "purge": lambda tx, me, seen: maintenance.purge(tx, 1),
    "index": lambda tx, me, seen: maintenance.extend_index(tx),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_reading_transaction_refuses_every_write(desk, name):
    desk.put("kept.ics")
    before = desk.clock()
    seen = desk.collection()
    with desk.reading() as tx, pytest.raises(WritingRequired):
        WRITES[name](tx, desk.person, seen)
    assert desk.clock() == before


def test_an_error_in_a_writing_transaction_leaves_nothing(desk):
    before = desk.clock()

    def fail():
        with desk.writing() as tx:
            tx.objects.put(tx.collections.by_slug(desk.person, "agenda", DAV), "a.ics", event_text("a"))
            tx.collections.create(desk.person, NewCalendar("club", "Club"))
            tx.principals.create(NewPerson("bob", "B", "Bob", Role.PUPIL))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert desk.clock() == before
    assert desk.store.directory.account("bob") is None
    with desk.reading() as tx:
        assert tx.objects.entries(desk.collection()) == []
        assert [each.slug for each in tx.collections.subscribed(desk.person)] == [
            "agenda",
            "emploi-du-temps",
            "rendez-vous",
            "taches",
        ]


def test_a_reader_keeps_one_snapshot_while_others_commit(desk):
    desk.put("a.ics")
    seen = desk.collection()
    with desk.reading() as tx:
        head = tx.changes.head(seen.id)
        desk.put("b.ics")
        desk.delete("a.ics")
        assert tx.changes.head(seen.id) == head
        assert tx.changes.clock() == head
        assert [each.href for each in tx.objects.entries(seen)] == ["a.ics"]
        assert [change.href for change in tx.changes.since(SyncToken(seen.id)).changes] == ["a.ics"]
    assert desk.head() > head


def test_a_second_writer_waits_for_the_first_so_that_commit_order_is_number_order(desk):
    done = threading.Event()
    numbers = []

    def second():
        numbers.append(desk.put("second.ics").object.seq)
        done.set()

    waiting = threading.Thread(target=second)
    with desk.writing() as tx:
        first = tx.objects.put(tx.collections.by_slug(desk.person, "agenda", DAV), "first.ics", event_text("1"))
        waiting.start()
        assert not done.wait(0.2)
        assert desk.since(SyncToken(first.object.calendar_id)).changes == ()
    waiting.join()
    assert numbers[0] > first.object.seq


def test_two_schools_write_without_waiting_for_each_other_on_postgresql(desk, dialect):
    if dialect == "sqlite":
        pytest.skip("SQLite has one writer for the whole file")
    other = make_school(desk.store, "0990002Y")
    with desk.writing() as tx:
        tx.tick()
        make_person(desk.store, other, "bob")
    assert desk.store.directory.account("bob") is not None


def race(number, work):
    """Run the same work in several threads that start together; return results and errors."""
    barrier = threading.Barrier(number)

    def run(which):
        barrier.wait()
        try:
            return work(which)
        except CadranError as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def split(results, kind):
    """Results that are errors of a kind, and the others."""
    return [each for each in results if isinstance(each, kind)], [
        each for each in results if not isinstance(each, kind)
    ]


@pytest.mark.parametrize("same_name", [True, False])
def test_of_concurrent_puts_that_expect_nothing_one_wins(desk, same_name):
    def work(which):
        text = event_text("same", f"SUMMARY:{which}")
        return desk.put("a.ics" if same_name else f"{which}.ics", text, Expect(absent=True))

    lost, won = split(race(4, work), CadranError)
    assert (len(lost), len(won)) == (3, 1)
    assert {type(each).__name__ for each in lost} == {"PreconditionFailed" if same_name else "UidConflict"}
    with desk.reading() as tx:
        (entry,) = tx.objects.entries(desk.collection())
    assert entry.etag == won[0].object.etag


def test_of_concurrent_puts_over_the_same_version_one_wins_and_nothing_is_overwritten_unseen(desk):
    etag = desk.put("a.ics").object.etag
    work = lambda which: desk.put("a.ics", event_text("a.ics", f"SUMMARY:{which}"), Expect(etags=(etag,)))  # noqa: E731
    lost, won = split(race(4, work), PreconditionFailed)
    assert (len(lost), len(won)) == (3, 1)
    with desk.reading() as tx:
        assert tx.objects.get(desk.collection(), "a.ics").ical == won[0].object.ical
    assert {each.etag for each in lost} == {won[0].object.etag}


def test_of_concurrent_calendars_of_one_name_one_is_made(desk):
    def work(_which):
        with desk.writing() as tx:
            return tx.collections.create(desk.person, NewCalendar("club", "Club"))

    lost, won = split(race(3, work), NameTaken)
    assert (len(lost), len(won)) == (2, 1)


def test_a_put_into_a_calendar_deleted_meanwhile_is_refused_and_stores_nothing(desk, dialect):
    with desk.writing() as tx:
        seen = tx.collections.create(desk.person, NewCalendar("club", "Club"))
    with desk.writing() as tx:
        tx.collections.delete(desk.person, seen)
    with pytest.raises(NotFound), desk.writing() as tx:
        tx.objects.put(seen, "a.ics", event_text("a"))
    with pytest.raises(NotFound), desk.writing() as tx:
        tx.collections.update(desk.person, seen, CollectionPatch(name="X"))
    with desk.reading() as tx:
        assert tx.changes.since(SyncToken(seen.id)).changes == ()


def test_parallel_first_requests_of_one_phone_are_both_served(desk):
    def work(which):
        with desk.writing() as tx:
            tx.devices.save(Device(desk.person.id, "d", "iPhone", last_seen=which))
            tx.devices.save_state(desk.person.id, "d", "folders", 1, {"which": which})

    assert race(4, work) == [None] * 4
    with desk.reading() as tx:
        assert len(tx.devices.list()) == 1
        assert len(tx.devices.states(desk.person.id, "d", "folders")) == 1


def test_sqlite_syncs_every_commit_to_disk(desk, dialect):
    if dialect != "sqlite":
        pytest.skip("PostgreSQL's own default")
    with desk.store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from storage.store import Store
    from tests.storage.builders import Desk, event_text
    url, login, commits = sys.argv[1:]
    store = Store(url)
    desk = Desk(store, store.directory.schools()[0], store.directory.account(login).principal)
    def die():
        print("there", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    if commits == "yes":
        desk.put("a.ics")
        die()
    with desk.writing() as tx:
        tx.objects.put(desk.collection(), "a.ics", event_text("a"))
        die()
    """
)


@pytest.mark.parametrize("commits", ["yes", "no"])
def test_a_killed_writer_keeps_what_it_acknowledged_and_nothing_else(desk, commits):
    before = desk.clock()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, desk.store.url, desk.person.login, commits],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "there\n"), killed.stderr
    with desk.reading() as tx:
        found = [each.href for each in tx.objects.entries(desk.collection())]
    assert found == (["a.ics"] if commits == "yes" else [])
    assert desk.clock() == before + (commits == "yes")
    assert desk.put("b.ics").object.seq == desk.clock()


def test_a_full_disk_is_told_as_such_and_leaves_nothing(tmp_path):
    url = f"sqlite:///{tmp_path / 'full.sqlite'}"
    migrate.upgrade(url)
    store = Store(url)
    school = store.directory.create_school("0990001X", "École", "Europe/Paris")
    pages = 0
    with store.reading(school.id) as tx:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def crowd():
        with store.writing(school.id) as tx:
            tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
            tx.principals.create_many([NewPerson(f"p{n}", "Petit", "Léa", Role.PUPIL) for n in range(500)])

    with pytest.raises(StorageFull):
        crowd()
    with store.reading(school.id) as tx:
        assert tx.principals.people() == ()
    store.close()
