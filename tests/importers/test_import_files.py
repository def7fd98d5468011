"""Whole imports of what is not plain EDT XML: what people see, what the history keeps, what stops an automatic run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from importers import automatic, choices
from importers.archives import pack
from importers.errors import ImportRefused
from importers.notices import count_of
from importers.run import AUTOMATIC, Options, import_file, silent
from importers.sample import SampleSchool, next_export, write_xml
from importers.sample.container import SAMPLE_EXPORT, Wrapping, encrypted
from importers.school_calendar import Closure
from importers.undo import undo
from storage.imports import NewRun
from storage.model import Client, ClientKind, Role, School, Source
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.conftest import BEFORE, imported
from tests.importers.keys import OURS, key, public
from tests.importers.samples_of import YEAR, files_of

EARLIER, LATER = SAMPLE_EXPORT - timedelta(days=1), SAMPLE_EXPORT + timedelta(days=1)
SEPTEMBER = datetime(2026, 8, 25, 8, tzinfo=UTC)


def box(school: School, sample: SampleSchool, exported: datetime = SAMPLE_EXPORT) -> bytes:
    return encrypted(write_xml(sample, "2.0"), public(OURS), Wrapping(uai=school.code, exported=exported))


def options(**more) -> Options:
    return replace(Options(keys=(key(),), file_name="Edt_To_CadranEssai_0990001X.xml"), **more)


@pytest.mark.req("R104", "R119", "R121", "R122", "R123", "R124")
def test_an_encrypted_export_imports_as_the_clear_one_and_the_history_says_so(store, school, sample):
    first = imported(store, school, sample)
    report = import_file(store, school, box(school, sample), BEFORE, options())
    assert report.counts.events_created == report.counts.events_updated == report.counts.events_deleted == 0
    assert report.sessions == first.sessions
    with store.reading(school.id) as tx:
        kept = tx.imports.run(report.run_id)
    assert kept.report["origin"] == {
        "school": school.code,
        "encrypted": True,
        "key_present": True,
        "software": "PRONOTE Réseau-PRONOTE 2025 - 0.3.2",
        "exported": SAMPLE_EXPORT.isoformat(timespec="milliseconds"),
        "schema": "2.0",
    }
    assert (first.origin.encrypted, first.origin.school, first.origin.schema) == (False, school.code, "2.0")


def test_a_refused_container_tells_the_history_what_it_was(store, school, sample):
    with pytest.raises(ImportRefused):
        import_file(store, school, box(school, sample), BEFORE, options(keys=()))
    with store.reading(school.id) as tx:
        run = tx.imports.history()[0]
    assert (run.status, run.report["reason"], run.report["origin"]["encrypted"]) == ("rejected", "encrypted", True)


def test_an_older_export_stops_an_automatic_run_and_is_noticed_by_hand(store, school, sample):
    import_file(store, school, box(school, sample), BEFORE, options())
    with pytest.raises(ImportRefused) as caught:
        import_file(store, school, box(school, sample, EARLIER), BEFORE, options(kind=AUTOMATIC))
    assert caught.value.reason == "older-export"
    newer = import_file(store, school, box(school, sample, LATER), BEFORE, options(kind=AUTOMATIC))
    assert count_of(newer.notices, "older-export") == 0
    older = import_file(store, school, box(school, sample, EARLIER), BEFORE, options())
    assert count_of(older.notices, "older-export") == 1
    same = import_file(store, school, box(school, sample, EARLIER), BEFORE, options(kind=AUTOMATIC))
    assert count_of(same.notices, "older-export") == 0


@pytest.mark.parametrize("between", ["the same again", "another undone", "one in clear"])
def test_an_older_export_is_known_by_the_last_that_told_its_time(store, school, sample, between):
    held = box(school, sample)
    import_file(store, school, held, BEFORE, options())
    match between:
        case "the same again":
            with store.writing(school.id) as tx:
                kept = tx.import_files.keep("export.xml", held)
                again = tx.imports.queue(NewRun(AUTOMATIC, "edt", "export.xml", kept.hash, file_id=kept.id))
                run = tx.imports.run(again)
            automatic.carry_out(store, school, run, BEFORE, options())
            with store.reading(school.id) as tx:
                assert tx.imports.run(again).report["idle"]
        case "another undone":
            changed = next_export(sample, 5, 4, BEFORE.date())
            made = import_file(store, school, box(school, changed, LATER), BEFORE, options())
            undo(store, school, made.run_id, BEFORE, silent)
        case "one in clear":
            imported(store, school, sample)
    with pytest.raises(ImportRefused) as caught:
        import_file(store, school, box(school, sample, EARLIER), BEFORE, options(kind=AUTOMATIC))
    assert caught.value.reason == "older-export"
    between_both = box(school, sample, SAMPLE_EXPORT + timedelta(hours=1))
    import_file(store, school, between_both, BEFORE, options(kind=AUTOMATIC))


@pytest.fixture
def village(store: Store) -> School:
    """A school with the people of the small samples."""
    made = store.directory.create_school("0990042K", "Collège des essais", "Europe/Paris")
    people = [
        NewPerson("odile", "MARCHETTI", "Odile", Role.TEACHER, Source.CSV),
        NewPerson("linh", "NGUYEN", "Linh", Role.TEACHER, Source.CSV),
        NewPerson("maia", "ARRIETA", "Maia", Role.PUPIL, Source.CSV, date(2012, 4, 4)),
    ]
    with store.writing(made.id) as tx:
        tx.principals.create_many(people)
    return made


def lessons(store: Store, school: School, login: str) -> list[bytes]:
    """The texts of a person's timetable."""
    with store.reading(school.id) as tx:
        person = tx.principals.by_login(login)
        collection = tx.collections.by_slug(person, "emploi-du-temps", Client(ClientKind.DAV))
        entries = tx.objects.entries(collection)
        return [each.ical for each in tx.objects.many(collection, [entry.href for entry in entries]).values()]


def test_edts_own_tables_fill_the_calendars_of_teachers_and_pupils(store, village):
    data = pack(files_of("edt-text").items())
    with pytest.raises(ImportRefused) as caught:
        import_file(store, village, data, SEPTEMBER)
    assert caught.value.reason == "no-school-year"
    with store.writing(village.id) as tx:
        choices.set_year(tx, YEAR)
        choices.set_closures(tx, [Closure(date(2026, 9, 21), date(2026, 9, 21), "Pont")])
    report = import_file(store, village, data, SEPTEMBER)
    assert (report.format, report.sessions) == ("edt-text", 6)
    assert (len(lessons(store, village, "odile")), len(lessons(store, village, "maia"))) == (2, 6)
    again = import_file(store, village, data, SEPTEMBER)
    assert again.counts.events_created == again.counts.events_deleted == again.counts.feeds_changed == 0


def test_a_cancelled_session_of_a_calendar_file_is_shown_as_cancelled(store, village):
    data = files_of("ical")["pronote.ics"]
    import_file(store, village, data, SEPTEMBER)
    texts = lessons(store, village, "odile")
    assert (len(texts), sum(b"STATUS:CANCELLED" in text for text in texts)) == (3, 1)
    later = import_file(store, village, data.replace(b"20260924T101908Z", b"20261001T080000Z"), SEPTEMBER)
    assert later.counts.events_created == later.counts.events_updated == later.counts.events_deleted == 0


def test_a_calendar_of_one_person_does_not_wipe_out_the_school(store, village):
    import_file(store, village, pack(files_of("ical").items()), SEPTEMBER)
    with pytest.raises(ImportRefused) as caught:
        import_file(store, village, files_of("ical")["hyperplanning-td2.ics"], SEPTEMBER)
    assert caught.value.reason == "would-wreck"
    assert len(lessons(store, village, "odile")) == 3


@pytest.mark.parametrize("name", ["sts", "udt"])
def test_other_programs_timetables_reach_the_teacher(store, village, name):
    import_file(store, village, pack(files_of(name).items()), SEPTEMBER)
    assert len(lessons(store, village, "odile")) >= 2


def test_an_sts_pair_of_another_school_is_refused(store, village):
    files = {name: data.replace(b"0990042K", b"0990043L") for name, data in files_of("sts").items()}
    with pytest.raises(ImportRefused) as caught:
        import_file(store, village, pack(files.items()), SEPTEMBER)
    assert caught.value.reason == "wrong-school"
