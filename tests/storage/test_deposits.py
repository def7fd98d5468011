"""Access accounts and deposited files: secrets are kept hashed, a later deposit replaces one that waits."""

import pytest

from storage import maintenance
from storage.accesses import NewAccess
from storage.errors import LimitReached, NotFound
from storage.imports import NewRun, Work
from storage.schema_deposit import import_access
from storage.transaction import Transaction
from tests.storage.builders import make_school


def access(desk, **fields):
    with desk.writing() as tx:
        return tx.accesses.add(NewAccess(desk.person.id, "Amélie d'Été", **fields))


def deposit(desk, held, name="export.xml", content=b"<xml/>"):
    with desk.writing() as tx:
        return tx.deposits.take(held, name, content)


def statuses(desk):
    with desk.reading() as tx:
        return [(run.file_name, run.status) for run in tx.imports.history()]


@pytest.mark.req("R219", "R221")
def test_a_school_has_at_most_five_accesses_and_one_person_may_hold_several(desk):
    made = [access(desk)[0] for _ in range(5)]
    assert len({each.identifier for each in made}) == 5
    assert all(each.identifier.startswith("emp.amelie-d-ete.") for each in made)
    with pytest.raises(LimitReached):
        access(desk)
    with desk.writing() as tx:
        tx.accesses.revoke(made[0].id)
        assert len(tx.accesses.all()) == 4
    access(desk)


def test_a_secret_is_long_and_not_kept(desk):
    held, secret = access(desk)
    assert len(bytes.fromhex(secret)) >= 16
    with desk.reading() as tx:
        row = tx.connection.execute(import_access.select()).one()
        assert secret not in map(str, row)
        assert tx.accesses.by_secret(secret) == held


@pytest.mark.parametrize("wrong", ["", "x", "0" * 40, "é" * 40, "0" * 100_000, "%00"])
def test_a_wrong_secret_is_nobodys(desk, wrong):
    access(desk)
    with desk.reading() as tx, pytest.raises(NotFound):
        tx.accesses.by_secret(wrong)


def test_a_revoked_access_and_that_of_another_school_are_nobodys(desk):
    other = make_school(desk.store, "0990002Y")
    held, secret = access(desk)
    with desk.store.reading(other.id) as tx, pytest.raises(NotFound):
        tx.accesses.by_secret(secret)
    with desk.writing() as tx:
        tx.accesses.revoke(held.id)
    with desk.reading() as tx, pytest.raises(NotFound):
        tx.accesses.by_secret(secret)


def test_accesses_and_unmatched_names_go_with_their_person(desk):
    held, _ = access(desk)
    deposit(desk, held)
    people = [{"family": "Été", "given": "Amélie"}, {"family": "Roc", "given": "Bo"}]
    with desk.writing() as tx:
        tx.principals.update(desk.person.id, family="ÉTÉ", given="amélie")
        run = tx.imports.waiting()[0]
        tx.imports.finish(run.id, "rejected", {"planned": {"unmatched": people}, "unmatched": people})
        tx.principals.remove(desk.person.id)
    with desk.reading() as tx:
        assert tx.connection.execute(import_access.select()).all() == []
        report = tx.imports.run(run.id).report
    assert report == {"planned": {"unmatched": people[1:]}, "unmatched": people[1:]}


def test_a_deposit_is_kept_and_waits_and_moves_no_clock(desk):
    held, _ = access(desk)
    before = desk.clock()
    assert deposit(desk, held)
    with desk.reading() as tx:
        (run,) = tx.imports.waiting()
        assert (run.kind, run.access_id, run.file_name) == ("automatic", held.id, "export.xml")
        assert tx.import_files.content(run.file_id) == b"<xml/>"
        assert tx.accesses.get(held.id).used is not None
        assert tx.deposit_folder.below(held)[0].size == 6
    assert desk.clock() == before
    assert [place.run_id for place in desk.store.import_queue.waiting()] == [run.id]
    assert desk.store.import_queue.untold() == ()


@pytest.mark.req("R182")
def test_a_later_deposit_replaces_one_that_waits_and_its_file_is_forgotten(desk):
    held, _ = access(desk)
    assert deposit(desk, held)
    assert not deposit(desk, held, content=b"newer")
    assert deposit(desk, held, "other.xml", b"newest")
    assert statuses(desk) == [("other.xml", "queued"), ("export.xml", "superseded"), ("export.xml", "superseded")]
    with desk.reading() as tx:
        files = [tx.import_files.about(run.file_id).kept for run in tx.imports.history()]
    assert files == [True, False, False]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("EDT_PRONOTE2013_0990001X.xml", b"<xml/>", "second-file"), ("export.xml", b"", "empty-file")],
)
def test_what_is_no_timetable_is_put_aside_and_replaces_nothing(desk, name, content, reason):
    held, _ = access(desk)
    deposit(desk, held, "first.xml")
    deposit(desk, held, name, content)
    assert statuses(desk) == [(name, "discarded"), ("first.xml", "queued")]
    with desk.reading() as tx:
        assert tx.imports.history()[0].report == {"reason": reason}
        assert tx.deposits.untold() == 1


def test_a_run_is_told_once(desk):
    held, _ = access(desk)
    deposit(desk, held)
    with desk.writing() as tx:
        run = tx.imports.waiting()[0]
        tx.imports.begin(run.id)
        tx.imports.finish(run.id, "done", {})
    assert [place.run_id for place in desk.store.import_queue.untold()] == [run.id]
    with desk.writing() as tx:
        assert [tx.deposits.claim_untold(run.id) for _ in range(2)] == [True, False]
    assert desk.store.import_queue.untold() == ()


def test_a_run_begins_once(desk):
    held, _ = access(desk)
    deposit(desk, held)
    with desk.writing() as tx:
        run = tx.imports.waiting()[0]
        tx.imports.begin(run.id)
        tx.imports.note(run.id, "planning", 1, 2)
        assert tx.imports.run(run.id).report == {"stage": "planning", "done": 1, "total": 2}
        with pytest.raises(NotFound):
            tx.imports.begin(run.id)
        tx.imports.wait_again(run.id)
    # The refused one had found the first interrupted: only who holds the turn asks.
    assert statuses(desk) == [("export.xml", "interrupted")]


@pytest.mark.req("R172")
def test_the_queue_is_one_over_the_server_the_oldest_first(desk, monkeypatch):
    other = make_school(desk.store, "0990002Y")
    made = []
    for moment, school in ((300, desk.school), (100, other), (200, desk.school)):
        monkeypatch.setattr(Transaction, "now", lambda tx, moment=moment: moment)
        with desk.store.writing(school.id) as tx:
            made.append(tx.imports.queue(NewRun("automatic", "?", "a.xml", "h")))
    found = [(place.school_id, place.run_id) for place in desk.store.import_queue.waiting()]
    assert found == [(other.id, made[1]), (desk.school.id, made[2]), (desk.school.id, made[0])]


@pytest.mark.req("R182")
def test_runs_that_made_no_work_do_not_count(desk, monkeypatch):
    for moment, status, report in ((100, "done", {}), (200, "rejected", {}), (300, "done", {"idle": True})):
        monkeypatch.setattr(Transaction, "now", lambda tx, moment=moment: moment)
        with desk.writing() as tx:
            tx.imports.finish(tx.imports.queue(NewRun("automatic", "?", "a.xml", "h")), status, report)
    with desk.reading() as tx:
        assert tx.imports.worked_since("automatic", 0) == (Work(100, changed=True), Work(200, changed=False))
        assert tx.imports.worked_since("automatic", 100) == (Work(200, changed=False),)


def test_the_night_forgets_files_and_names_after_the_schools_own_time(desk, monkeypatch):
    start = 1_800_000_000
    monkeypatch.setattr(Transaction, "now", lambda tx: start)
    held, _ = access(desk)
    deposit(desk, held)
    with desk.writing() as tx:
        run = tx.imports.waiting()[0]
        tx.imports.finish(run.id, "done", {"unmatched": [{"family": "Roc", "given": "Bo"}], "digest": "d"})

    def night(days):
        monkeypatch.setattr(Transaction, "now", lambda tx: start + days * 86_400 + 1)
        with desk.writing() as tx:
            maintenance.trim(tx)
            return tx.import_files.about(run.file_id).kept, bool(tx.imports.run(run.id).report["unmatched"])

    def name():
        with desk.reading() as tx:
            return tx.import_files.about(run.file_id).name

    assert (night(89), name()) == ((True, True), "export.xml")
    assert (night(90), name()) == ((False, False), "…")


def test_the_night_forgets_the_name_of_a_file_whose_content_was_dropped_before(desk, monkeypatch):
    start = 1_800_000_000
    monkeypatch.setattr(Transaction, "now", lambda tx: start)
    with desk.writing() as tx:
        file = tx.import_files.keep("Roc Bo.xml", b"<xml/>")
        tx.import_files.drop(file.id)
    monkeypatch.setattr(Transaction, "now", lambda tx: start + 90 * 86_400 + 1)
    with desk.writing() as tx:
        maintenance.trim(tx)
        assert tx.import_files.about(file.id).name == "…"


def test_places_for_imports_are_bounded_over_the_server(desk):
    with desk.store.import_place(2) as one, desk.store.import_place(2) as two, desk.store.import_place(2) as three:
        assert (one, two, three) == (True, True, False)
    with desk.store.import_place(1) as free:
        assert free
