"""The files beside EDT's XML: what each says, beside it in samples/, and how the right reader is found."""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from importers import formats, ical_feeds
from importers.archives import pack
from importers.errors import ImportRefused
from importers.school_year import SchoolYear, open_weeks, read, stored
from importers.sessions import Settings, expand
from importers.setting import Setting
from importers.weeks import weeks
from tests.importers.make import PARIS, SAMPLES, SCHOOL, sample
from tests.importers.samples_of import SAMPLES_OF, SETTING, YEAR, files_of, written

OTHERS = sorted(set(SAMPLES_OF) - {"edt"})


def handed_over(name: str) -> bytes:
    """Return the sample of a format as one file: itself, or an archive of all."""
    files = files_of(name)
    return pack(files.items()) if len(files) > 1 else next(iter(files.values()))


def refusal(data: bytes, setting: Setting = SETTING) -> ImportRefused:
    with pytest.raises(ImportRefused) as caught:
        formats.read(data, setting)
    return caught.value


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_says_what_stands_beside_it(name):
    reading = formats.read(handed_over(name), SETTING)
    assert reading.format == name
    assert written(reading.timetable) == (SAMPLES / f"{name}.expected").read_text("utf-8")
    assert reading.timetable.schools == (SCHOOL,)


@pytest.mark.parametrize("name", sorted(SAMPLES_OF))
def test_exactly_one_format_recognises_a_file(name):
    assert [each.name for each in formats.FORMATS if each.recognise(files_of(name))] == [name]
    assert formats.recognised(handed_over(name)) == name


def tgz(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"export/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    "wrap", [gzip.compress, lambda data: pack([("a/edt.xml", data)]), lambda data: tgz({"e": data})]
)
def test_an_export_in_an_archive_reads_as_the_export(wrap):
    clear = formats.read(sample("college.xml"))
    assert formats.read(wrap(sample("college.xml"))) == clear


@pytest.mark.parametrize("name", OTHERS)
def test_the_files_of_a_format_may_come_as_tgz(name):
    assert formats.read(tgz(files_of(name)), SETTING) == formats.read(handed_over(name), SETTING)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty-file"),
        (b" \r\n\0\0", "empty-file"),
        (b"Nom;Prenom\nA;B\n", "not-recognised"),
        (b"%PDF-1.7 timetable", "not-recognised"),
        (pack([("a.xml", sample("college.xml")), ("b.xml", sample("college.xml"))]), "several-files"),
        (pack([("a.xml", sample("college.xml")), ("lisez-moi.txt", b"bonjour")]), "several-files"),
        (sample("EXP_Eleves.xml"), "missing-file"),
        (sample("sts_emp_0990042K_2026.xml"), "missing-file"),
        (sample("emp_sts_0990042K_2026.xml"), "missing-file"),
    ],
)
def test_what_is_no_whole_timetable_is_refused(data, reason):
    assert refusal(data).reason == reason


def test_the_file_that_is_missing_is_named():
    assert refusal(sample("sts_emp_0990042K_2026.xml")).data == {"name": "emp_sts_….xml"}
    without_calendar = {name: data for name, data in files_of("udt").items() if "24" not in name}
    assert refusal(pack(without_calendar.items())).data == {"name": "UDCal_24.xml (calendrier)"}


def test_two_sts_files_of_different_schools_are_not_mixed():
    files = files_of("sts")
    files["sts_emp_0990042K_2026.xml"] = files["sts_emp_0990042K_2026.xml"].replace(b"0990042K", b"0990043L")
    assert refusal(pack(files.items())).data == {"found": ("0990043L", "0990042K")}


@pytest.mark.parametrize("name", ["edt-text", "asc", "untis"])
def test_a_file_without_dates_needs_the_school_year(name):
    assert refusal(handed_over(name), replace(SETTING, year=None)).reason == "no-school-year"


@pytest.mark.parametrize(("name", "code"), [("edt-text", "Q1"), ("asc", "2/2")])
def test_alternate_weeks_are_never_guessed(name, code):
    setting = replace(SETTING, year=replace(YEAR, alternations=()))
    assert (refusal(handed_over(name), setting).reason, refusal(handed_over(name), setting).data["code"]) == (
        "no-alternation",
        code,
    )


def test_a_period_nobody_has_told_is_named():
    assert refusal(handed_over("untis"), replace(SETTING, year=replace(YEAR, periods=YEAR.periods[:1]))).data == {
        "period": 2
    }


def test_an_older_asc_file_without_day_masks_is_told_so():
    assert refusal(sample("asc.xml").replace(b" days=", b" day=")).reason == "old-variant"


def test_a_download_an_hour_later_is_the_same_timetable():
    """Pronote writes the time of the download into every UID."""
    first = sample("pronote.ics")
    later = first.replace(b"20260924T101908Z", b"20261103T230102Z")
    assert later != first
    assert formats.read(later, SETTING) == formats.read(first, SETTING)


@pytest.mark.parametrize(
    ("uid", "stable"),
    [
        ("Cours-812-12-20260924T101908Z-Index-Education", "Cours-812-12"),
        ("Cours-812-12-DUPONT_JEAN-Index-Education", "Cours-812-12"),
        ("Ferie-3-20260924T101908Z-Index-Education", ""),
        ("Cours-x-12-Index-Education", ""),
        ("", ""),
    ],
)
def test_the_beginning_of_a_uid_is_the_session(uid, stable):
    assert ical_feeds.stable_uid(uid) == stable


def test_what_a_calendar_calls_cancelled_stays_as_cancelled():
    reading = formats.read(sample("pronote.ics"), SETTING)
    assert reading.cancelled_shown
    maths = [course for course in reading.timetable.courses if course.ident == "Cours-812"]
    assert [weeks(course.cancelled) for course in maths] == [(6,)]
    assert not formats.read(sample("college.xml")).cancelled_shown


def test_sts_people_keep_the_number_sts_knows_them_by():
    marchetti = formats.read(handed_over("sts"), SETTING).timetable.teachers[0]
    assert (marchetti.name, marchetti.idsts, marchetti.birth_date) == ("MARCHETTI ODILE", "7301", date(1975, 3, 12))


def test_edt_tells_the_pupils_the_sts_pair_leaves_out():
    files = files_of("sts") | {"EXP_Eleves.xml": sample("EXP_Eleves.xml")}
    timetable = formats.read(pack(files.items()), SETTING).timetable
    assert [(pupil.name, [stay.ident for stay in pupil.classes]) for pupil in timetable.pupils] == [
        ("ARRIETA Maia", ["3D"]),
        ("KOWALSKI Max", ["3B"]),
    ]


def test_a_group_of_some_pupils_of_a_class_does_not_enrol_the_class():
    timetable = formats.read(handed_over("sts"), SETTING).timetable
    assert [(group.name, group.classes, group.parts) for group in timetable.groups] == [
        ("3BDLAT", (), ("3B/3BDLAT", "3D/3BDLAT"))
    ]


def test_open_weeks_leave_out_closed_days_and_the_other_weeks():
    assert weeks(open_weeks(YEAR, SETTING.closed, 1)) == (2, 3)
    assert weeks(open_weeks(YEAR, frozenset(), 2)) == (1, 2, 3, 4)
    assert weeks(open_weeks(YEAR, frozenset(), 5, YEAR.alternation("q2"))) == (2, 4)


def test_a_school_year_is_kept_as_it_was_told():
    assert read(stored(YEAR)) == YEAR
    assert read(None) is None


@pytest.mark.parametrize(
    ("starts", "ends"),
    [
        (date(2026, 9, 1), date(2026, 8, 31)),
        (date(2026, 9, 1), date(2028, 9, 1)),
        (date(9999, 9, 1), date(9999, 12, 31)),
        (date(1, 1, 1), date(1, 6, 1)),
    ],
)
def test_what_is_no_school_year_is_none(starts, ends):
    with pytest.raises(ValueError, match="dates"):
        SchoolYear(starts, ends)


def test_a_lesson_that_passes_midnight_is_left_out():
    late = sample("EXP_COURS.xml").replace(b"14h30", b"23h30")
    notices = formats.read(pack([("EXP_COURS.xml", late)]), SETTING).timetable.notices
    assert [(notice.code, notice.count) for notice in notices] == [("ends-before-start", 1), ("unplaced", 1)]


def test_calendar_times_are_read_in_the_zone_of_the_school():
    reunion = formats.read(sample("pronote.ics"), replace(SETTING, zone=ZoneInfo("Indian/Reunion")))
    assert {course.starts for course in reunion.timetable.courses} == {time(11), time(12), time(16, 30)}


@pytest.mark.parametrize("newer", ["a.ics", "b.ics"])
def test_of_two_downloads_that_tell_of_one_session_the_newer_is_right(newer):
    whole = files_of("ical")["pronote.ics"]
    assert whole.count("Cours annulé : ".encode()) == 1
    old = whole.replace("Cours annulé : ".encode(), b"").replace("Cours - Cours annulé".encode(), b"Cours")
    new = whole.replace(b"DTSTAMP:20260924T081908Z", b"DTSTAMP:20261001T081908Z")
    older = "b.ics" if newer == "a.ics" else "a.ics"
    timetable = ical_feeds.parse({newer: new, older: old}, SETTING)
    sessions = expand(timetable, Settings(SCHOOL, PARIS, show_cancelled=True)).sessions
    assert [each.lesson.status.value for each in sessions].count("cancelled") == 1
