"""What imports hold of people goes with its time: every table of the database is read for a name."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from importers.errors import ImportRefused
from importers.journal import unpacked
from importers.run import AUTOMATIC, Options, import_file
from importers.sample import next_export, write_xml
from storage import maintenance
from storage.imports import REJECTED, NewRun
from storage.model import Role, School, Source
from storage.principals import NewPerson
from storage.schema import metadata
from storage.store import Store
from storage.transaction import Transaction
from tests.importers.conftest import AUTUMN, imported

DAY = 86_400
FAMILY = "QWERTZUIOP"


def written(value: object) -> str:
    """Return what a cell says, compressed or not."""
    if isinstance(value, bytes | memoryview):
        data = bytes(value)
        with contextlib.suppress(zlib.error):
            data = zlib.decompress(data)
        return data.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str)


def holding(store: Store, name: str) -> Iterator[str]:
    """Yield the columns in which a name stands, whatever its letter case."""
    with store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()).mappings():
                for column, value in row.items():
                    if name.casefold() in written(value).casefold():
                        yield f"{table.name}.{column}"


@pytest.fixture
def stranger(sample):
    """The sample with a pupil nobody knows, of a name nothing else bears."""
    first, *others = sample.pupils
    return replace(sample, pupils=(replace(first, family=FAMILY, idpn="Z" * 16, ine=""), *others))


def night(store: Store, school: School, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    with store.reading(school.id) as tx:
        later = tx.now() + days * DAY
    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "now", lambda _tx: later)
        with store.writing(school.id) as tx:
            maintenance.trim(tx)


def test_nothing_names_somebody_without_account_once_the_times_have_passed(
    store, school, sample, stranger, monkeypatch
):
    imported(store, school, stranger)
    with pytest.raises(ImportRefused):
        import_file(store, school, write_xml(sample, "2.0")[:3000], AUTUMN, Options(file_name=f"{FAMILY}.xml"))
    rejected = write_xml(next_export(stranger, 60, 5, AUTUMN.date()), "2.0")
    with pytest.raises(ImportRefused):
        import_file(store, school, rejected, AUTUMN, Options(kind=AUTOMATIC))
    named = {"import_file.content", "import_file.name", "import_run.file_name", "import_run.report"}
    assert set(holding(store, FAMILY)) == named
    night(store, school, monkeypatch, 89)
    assert set(holding(store, FAMILY)) == named
    night(store, school, monkeypatch, 91)
    assert set(holding(store, FAMILY)) == set()
    with store.reading(school.id) as tx:
        runs = tx.imports.history()
    assert [run.status for run in runs] == ["rejected", "rejected", "done"]
    assert runs[-1].report["counts"]["events_created"] > 0


def test_what_a_refusal_quoted_of_its_file_goes_with_the_names(store, school, monkeypatch):
    with store.writing(school.id) as tx:
        run_id = tx.imports.start(NewRun("manual", "ical", "cours.zip", "h"))
        said = {"reason": "archive-name", "data": {"name": f"{FAMILY}.ics", "limit": 3}}
        tx.imports.finish(run_id, REJECTED, said)
    night(store, school, monkeypatch, 91)
    with store.reading(school.id) as tx:
        report = tx.imports.run(run_id).report
    assert report == {"reason": "archive-name", "data": {"name": "…", "limit": 3}}


@pytest.mark.parametrize(
    ("family", "given", "usual"),
    [("Bœufelle d'Or", "Eléa", ""), ("Martin", "Eléa Marie", "BOEUFELLE D’OR"), ("BŒUFELLE-D OR", "ELEA", "")],
)
def test_who_is_removed_goes_from_the_reports_however_the_file_spelt_the_name(store, school, family, given, usual):
    others = {"kind": "pupil", "family": "BŒUFELLE", "given": "Eléa", "birth": "", "reason": "unknown"}
    theirs = {**others, "family": "BŒUFELLE D'OR"}
    with store.writing(school.id) as tx:
        run_id = tx.imports.start(NewRun("manual", "edt", "a.xml", "h"))
        report = {"unmatched": [theirs, others], "planned": {"unmatched": [others, theirs]}}
        tx.imports.finish(run_id, REJECTED, report)
        gone = tx.principals.create(NewPerson("gone", family, given, Role.PUPIL, Source.CSV, None, usual))
        tx.principals.remove(gone.id)
    with store.reading(school.id) as tx:
        assert tx.imports.run(run_id).report == {"unmatched": [others], "planned": {"unmatched": [others]}}


def test_what_undoing_needs_goes_with_the_report_since_it_names_teachers(store, school, sample, monkeypatch):
    imported(store, school, sample)
    done = import_file(store, school, write_xml(next_export(sample, 20, 4, AUTUMN.date()), "2.0"), AUTUMN)

    def journal() -> bytes | None:
        with store.reading(school.id) as tx:
            kept: bytes | None = tx.imports.journal(done.run_id)
        return kept

    held = journal()
    assert held is not None
    assert any(b"DESCRIPTION" in each.ical or b"SUMMARY" in each.ical for each in unpacked(held).changed)
    night(store, school, monkeypatch, 89)
    assert journal() == held
    night(store, school, monkeypatch, 91)
    assert journal() is None
