"""Automatic imports: in order, one per school, within the window, told once, and safe with several processes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from importers import automatic
from importers import run as importing
from importers.run import Options, import_file
from server import jobs
from storage.accesses import NewAccess
from storage.imports import INTERRUPTED, QUEUED, RUNNING, NewRun
from storage.principals import NewPerson
from storage.transaction import Transaction
from tests.jobs.conftest import Desk

HOUR = 3600
CHANGED = {"counts": {"events_created": 3}}


@pytest.mark.req("R82", "R184", "R214")
def test_the_first_import_is_made_by_hand(desk: Desk):
    desk.deposit(desk.file())
    desk.work()
    (run,) = desk.runs()
    assert (run.status, run.report["reason"]) == ("rejected", "no-manual-import")
    assert desk.lessons() == {}
    desk.by_hand()
    desk.deposit(desk.file(1))
    desk.work()
    assert desk.statuses()[0] == "done"


@pytest.mark.req("R183", "R213")
def test_a_deposit_is_imported_when_the_server_looks(desk: Desk):
    desk.by_hand()
    before = desk.lessons()
    desk.deposit(desk.file(1))
    assert desk.lessons() == before
    desk.work()
    run = desk.runs()[0]
    assert (run.kind, run.status, run.access_id) == ("automatic", "done", desk.access.id)
    assert desk.lessons() != before


def test_the_bytes_of_the_last_import_are_done_at_once_and_leave_the_window_open(desk: Desk, monkeypatch):
    desk.by_hand()
    monkeypatch.setattr(automatic, "import_file", None)
    for _ in range(6):
        desk.deposit(desk.file())
        desk.work()
    assert set(desk.statuses()) == {"done"}
    assert desk.runs()[0].report == {"counts": {}, "idle": True}
    with desk.store.reading(desk.school.id) as tx:
        assert automatic.shut(tx) is None


def test_the_same_bytes_are_imported_again_for_people_who_came_meanwhile(desk: Desk):
    with desk.store.writing(desk.school.id) as tx:
        gone = tx.principals.by_login(desk.sample.accounts[0].login)
        tx.principals.remove(gone.id)
    desk.by_hand()
    with desk.store.writing(desk.school.id) as tx:
        fields = (gone.login, gone.family, gone.given, gone.role, gone.source, gone.birth, gone.usual)
        tx.principals.create(NewPerson(*fields))
    desk.deposit(desk.file())
    desk.work()
    report = desk.runs()[0].report
    assert "idle" not in report
    assert report["counts"]["memberships_created"] > 0


@pytest.mark.req("R231", "R235")
def test_an_upheaval_is_rejected_and_leaves_everything(desk: Desk):
    desk.by_hand()
    before = desk.lessons()
    desk.deposit(desk.file(70))
    desk.work()
    run = desk.runs()[0]
    assert (run.status, run.report["reason"]) == ("rejected", "thresholds")
    assert desk.lessons() == before


@pytest.mark.parametrize("content", [b"\x00\x01", b"<no/>", b"not xml at all"])
def test_what_is_no_timetable_becomes_a_rejected_run_with_its_report(desk: Desk, content):
    desk.by_hand()
    desk.deposit(content)
    desk.work()
    assert desk.runs()[0].status == "rejected"
    assert desk.runs()[0].report["reason"]


def test_another_schools_file_becomes_a_rejected_run(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(1).replace(b"0990001X", b"0990009Y"))
    desk.work()
    assert desk.runs()[0].report["reason"] == "wrong-school"


@pytest.mark.req("R182")
def test_a_deposit_beyond_the_limit_waits_and_a_newer_one_replaces_it(desk: Desk, monkeypatch):
    desk.by_hand()
    start = int(datetime.now(UTC).timestamp())
    with desk.store.writing(desk.school.id) as tx:
        for hours in (1, 2, 3, 4):
            monkeypatch.setattr(Transaction, "now", lambda tx, hours=hours: start - 23 * HOUR + hours * HOUR)
            tx.imports.finish(tx.imports.queue(NewRun("automatic", "edt", "a.xml", "h")), "done", CHANGED)
    monkeypatch.setattr(Transaction, "now", lambda tx: start)
    desk.deposit(desk.file(2))
    desk.work()
    desk.deposit(desk.file(1), "newer.xml")
    desk.work()
    assert desk.statuses()[:2] == ["queued", "superseded"]
    with desk.store.reading(desk.school.id) as tx:
        assert automatic.shut(tx) == automatic.Shut(start + 2 * HOUR, automatic.LIMIT, 4)
    monkeypatch.setattr(Transaction, "now", lambda tx: start + 2 * HOUR)
    desk.work()
    newest = desk.runs()[0]
    assert (newest.file_name, newest.status) == ("newer.xml", "done")


def test_a_school_may_allow_more(desk: Desk):
    with desk.store.writing(desk.school.id) as tx:
        for _ in range(4):
            tx.imports.finish(tx.imports.queue(NewRun("automatic", "edt", "a.xml", "h")), "done", CHANGED)
        assert automatic.shut(tx) is not None
    desk.store.directory.configure(desk.school.id, replace(desk.school.settings, automatic_imports_per_day=5))
    with desk.store.reading(desk.school.id) as tx:
        assert automatic.shut(tx) is None


@pytest.mark.req("R182", "R231")
def test_bad_mornings_do_not_stop_the_good_one(desk: Desk):
    desk.by_hand()
    for content in (desk.file(70), b"<no/>", b"not xml at all", desk.file(70, seed=9)):
        desk.deposit(content)
        desk.work()
    assert desk.statuses()[:4] == ["rejected"] * 4
    desk.deposit(desk.file(1))
    desk.work()
    assert desk.statuses()[0] == "done"


@pytest.mark.req("R182")
def test_exports_in_which_nothing_changed_do_not_use_up_the_imports_of_a_day(desk: Desk):
    nothing = {"counts": {"events_created": 0, "events_frozen": 600}}
    with desk.store.writing(desk.school.id) as tx:
        for _ in range(automatic.TRIES * 4 - 1):
            tx.imports.finish(tx.imports.queue(NewRun("automatic", "edt", "a.xml", "h")), "done", nothing)
        assert automatic.shut(tx) is None


@pytest.mark.req("R182")
def test_a_flood_of_bad_files_is_bounded_in_number_and_in_what_is_kept_of_it(desk: Desk):
    desk.by_hand()
    for number in range(automatic.TRIES * 4 + 2):
        desk.deposit(f"<no{number}/>".encode())
        desk.work()
    assert desk.statuses().count("rejected") == automatic.TRIES * 4
    with desk.store.reading(desk.school.id) as tx:
        shut = automatic.shut(tx)
        kept = [run.status for run in desk.runs() if tx.import_files.about(run.file_id or "").kept]
    assert shut is not None
    assert (shut.reason, shut.most) == (automatic.TRIED, automatic.TRIES * 4)
    # Those refused last may still be read and applied; the newest deposit waits, the file imported by hand stays.
    assert kept == ["queued"] + ["rejected"] * 4 + ["done"]


def test_the_file_of_a_refused_deposit_that_was_imported_by_hand_stays(desk: Desk):
    desk.deposit(desk.file())
    desk.work()
    refused = desk.runs()[0]
    assert refused.report["reason"] == "no-manual-import"
    options = Options(force=True, file_id=refused.file_id, file_name=refused.file_name)
    import_file(desk.store, desk.school, desk.file(), datetime.now(UTC), options)
    for number in range(6):
        desk.deposit(f"<no{number}/>".encode())
        desk.work()
    with desk.store.reading(desk.school.id) as tx:
        assert tx.import_files.content(refused.file_id or "") == desk.file()


def test_a_run_whose_process_died_is_told_as_interrupted(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(1))
    with desk.store.writing(desk.school.id) as tx:
        tx.imports.begin(tx.imports.waiting()[0].id)
    with desk.store.turn(desk.school.id) as free:
        assert free
        jobs.end_lost(desk.store)
        assert desk.statuses()[0] == RUNNING
    desk.work()
    assert desk.statuses()[0] == INTERRUPTED


def test_a_school_that_imports_by_hand_lets_its_deposit_wait_and_others_go_on(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(1))
    with desk.store.turn(desk.school.id):
        desk.work()
        assert desk.statuses()[0] == QUEUED
    desk.work()
    assert desk.statuses()[0] == "done"


def test_no_more_imports_at_once_than_places(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(1))
    with desk.store.import_place(1) as free:
        assert free
        desk.work()
        assert desk.statuses()[0] == QUEUED


def test_a_program_error_in_one_run_is_kept_and_holds_nobody_else_up(desk: Desk, monkeypatch):
    desk.by_hand()
    desk.deposit(desk.file(1))

    def failing(*_arguments):
        raise RuntimeError

    monkeypatch.setattr(importing, "_prepare", failing)
    desk.work()
    assert (desk.runs()[0].status, desk.runs()[0].report) == ("failed", {"reason": "RuntimeError"})


@pytest.mark.parametrize("stage", ["reading", "expanding", "planning", "feeds", "sessions", "memberships"])
def test_a_server_that_stops_undoes_the_import_under_way_and_it_waits_again(desk: Desk, monkeypatch, stage):
    desk.by_hand()
    before = desk.lessons()
    desk.deposit(desk.file(1))
    stopping = Event()
    told = jobs._Told.__call__

    def stop_at(self, name, done, total):
        if name == stage:
            stopping.set()
        told(self, name, done, total)

    monkeypatch.setattr(jobs._Told, "__call__", stop_at)
    jobs.work(desk.store, desk.config, stopping)
    assert stopping.is_set()
    assert desk.statuses()[0] == QUEUED
    assert desk.lessons() == before
    monkeypatch.setattr(jobs._Told, "__call__", told)
    desk.work()
    assert desk.statuses()[0] == "done"


@pytest.mark.req("R162", "R163", "R170", "R173")
def test_stages_are_recorded_while_a_run_runs(desk: Desk, monkeypatch):
    desk.by_hand()
    desk.deposit(desk.file(1))
    seen = []
    told = jobs._Told.__call__

    def look(self, name, done, total):
        told(self, name, done, total)
        if name in {"reading", "expanding"}:
            seen.append((desk.runs()[0].status, desk.runs()[0].report.get("stage")))

    monkeypatch.setattr(jobs._Told, "__call__", look)
    desk.work()
    assert seen == [("running", "reading"), ("running", "expanding")]


def test_threads_of_several_processes_carry_a_run_out_once(desk: Desk):
    desk.by_hand()
    desk.deposit(desk.file(1))
    threads = [Thread(target=desk.work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.statuses() == ["done", "done"]
    with desk.store.reading(desk.school.id) as tx:
        assert len(tx.outbox.latest()) == 1


def test_a_running_server_carries_out_what_is_deposited(desk: Desk):
    desk.by_hand()
    running = jobs.Jobs(desk.store, desk.config)
    running.start()
    try:
        desk.deposit(desk.file(1))
        running.wake()
        for _ in range(600):
            if desk.statuses()[0] == "done":
                break
            Event().wait(0.05)
    finally:
        running.ask_to_stop()
        assert running.join(60)
    assert desk.statuses()[0] == "done"


def test_a_running_server_knows_which_paths_may_deposit(desk: Desk):
    with desk.store.writing(desk.school.id) as tx:
        access, secret = tx.accesses.add(NewAccess(desk.access.principal_id, "Roc"))
    path = f"/webdav/{desk.school.code}/{secret}/export.xml"

    def known(which: str) -> bool:
        running = jobs.Jobs(desk.store, desk.config)
        assert running.known(which)
        running.remember()
        return running.known(which)

    assert known(path)
    assert not known(path.replace(secret, "0" * 40))
    with desk.store.writing(desk.school.id) as tx:
        tx.accesses.revoke(access.id)
    assert not known(path)
