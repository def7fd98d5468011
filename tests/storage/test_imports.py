"""The journals: import runs and the audit trail, newest first, and neither stamps the school's clock."""

import pytest

from storage.imports import REJECTED, ImportRun, NewRun
from storage.transaction import Transaction
from tests.storage.builders import make_school


def start(tx, name="edt.xml"):
    return tx.imports.start(NewRun("timetable", "edt-2.0", name, "h"))


def test_a_run_is_recorded_from_its_start_to_its_report(desk, monkeypatch):
    before = desk.clock()
    monkeypatch.setattr(Transaction, "now", lambda tx: 100)
    with desk.writing() as tx:
        number = start(tx)
    running = ImportRun(number, "timetable", "edt-2.0", "running", "edt.xml", "h", 100, None, {})
    with desk.reading() as tx:
        assert tx.imports.history() == (running,)
    monkeypatch.setattr(Transaction, "now", lambda tx: 160)
    with desk.writing() as tx:
        tx.imports.finish(number, "done", {"created": 3, "list": [1, "é"]})
    with desk.reading() as tx:
        (run,) = tx.imports.history()
    assert (run.status, run.finished, run.report) == ("done", 160, {"created": 3, "list": [1, "é"]})
    assert desk.clock() == before


def test_history_is_newest_first_even_within_one_second(desk, monkeypatch):
    monkeypatch.setattr(Transaction, "now", lambda tx: 100)
    names = [f"{number}.xml" for number in range(12)]
    for name in names:
        with desk.writing() as tx:
            start(tx, name)
    with desk.reading() as tx:
        assert [run.file_name for run in tx.imports.history()] == names[::-1]
        assert [run.file_name for run in tx.imports.history(limit=1)] == names[-1:]


def test_the_audit_trail_is_newest_first_even_within_one_transaction(desk):
    before = desk.clock()
    with desk.writing() as tx:
        for number in range(12):
            tx.audit.record("ana", "switch", "agenda", number=number)
    with desk.reading() as tx:
        trail = tx.audit.trail()
        assert [entry.detail for entry in trail] == [{"number": number} for number in range(11, -1, -1)]
        assert len(tx.audit.trail(limit=5)) == 5
    assert {(entry.actor, entry.action, entry.subject) for entry in trail} == {("ana", "switch", "agenda")}
    assert desk.clock() == before


def test_journals_of_another_school_stay_there(desk):
    other = make_school(desk.store, "0990002Y")
    with desk.writing() as tx:
        start(tx)
        tx.audit.record("ana", "switch", "agenda")
    with desk.store.reading(other.id) as tx:
        assert tx.imports.history() == ()
        assert tx.audit.trail() == ()


def test_what_is_audited_goes_with_what_failed(desk):
    def fail():
        with desk.writing() as tx:
            tx.audit.record("ana", "switch", "agenda")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with desk.reading() as tx:
        assert tx.audit.trail() == ()


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("Jo", ["Jonathan", "José Luis", ""]),
        ("José", ["Jo", "Jonathan", ""]),
        ("Jonathan Paul", ["Jo", "José Luis", ""]),
        ("", ["Jo", "Jonathan", "José Luis"]),
    ],
)
def test_nobody_else_of_the_family_goes_from_a_report(desk, given, left):
    people = [{"family": "MARTIN", "given": each} for each in ("Jo", "Jonathan", "José Luis", "")]
    with desk.writing() as tx:
        run = start(tx)
        tx.imports.finish(run, REJECTED, {"unmatched": [*people, {"family": "MARTINEZ", "given": given}]})
        tx.imports.forget_person(("Martin", ""), given)
        kept = tx.imports.run(run).report["unmatched"]
    assert [each["given"] for each in kept if each["family"] == "MARTIN"] == left
    assert len(kept) == len(left) + 1
