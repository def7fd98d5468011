"""Reading EDT/Pronote exports: the shapes of reference/pronote-format.md 1.2 and 1.3, and what is refused."""

import re
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import edt
from importers.errors import ImportRefused
from importers.notices import count_of
from importers.timetable import ResourceKind, Timetable
from tests.importers.make import college, sample

COLLEGE, CITE = sample("college.xml"), sample("cite.xml")


def refusal(data: bytes) -> ImportRefused:
    with pytest.raises(ImportRefused) as caught:
        edt.parse(data)
    return caught.value


def test_the_head_of_the_file_is_read():
    read = college()
    assert (read.version, read.schools) == ("1.1", ("0990042K",))
    assert (read.year_starts, read.year_ends, read.anchor) == (date(2026, 9, 1), date(2027, 8, 31), date(2026, 8, 31))
    assert [subject.label for subject in read.subjects][-1] == "ED.PHYSIQUE & SPORT."


def test_people_keep_their_identifiers_whatever_the_case_of_the_attribute():
    read = college()
    assert [teacher.idpn for teacher in read.teachers] == ["AAAA2222BBBB3333", "CCCC4444DDDD5555", ""]
    assert read.teachers[1].idsts == "7301"
    pupil = read.pupils[0]
    assert (pupil.ref, pupil.name, pupil.birth_date, pupil.ine) == (
        "pupil:1",
        "PETIT-JEAN Aïcha",
        date(2012, 2, 28),
        "120000000AB",
    )


def test_a_change_of_class_is_two_dated_stays_and_an_empty_birth_date_none():
    pupil = college().pupils[1]
    assert pupil.birth_date is None
    assert [(stay.ident, stay.first, stay.last) for stay in pupil.classes] == [
        ("1", date(2026, 9, 1), date(2027, 1, 15)),
        ("2", date(2027, 1, 16), date(2027, 8, 31)),
    ]


def test_dangling_references_are_counted_and_dropped():
    read = college()
    assert read.pupils[1].parts == ()
    assert count_of(read.notices, "dangling", "part") == 1
    assert count_of(read.notices, "dangling", "room") == 1


def test_slots_take_the_printed_times_of_their_first_and_last_places():
    first, *_, last = college().courses
    assert (first.starts, first.ends) == (time(9), time(11, 5))
    assert (last.starts, last.ends) == (time(13, 30), time(14, 25))


def test_an_empty_end_label_means_start_plus_the_length_of_a_place():
    latin = next(course for course in college().courses if course.first_place == 3)
    assert (latin.starts, latin.ends) == (time(11, 5), time(12))


def test_a_slot_outside_the_grid_is_skipped_and_counted():
    read = college()
    assert len(read.courses) == 6
    assert count_of(read.notices, "outside-grid") == 1


def test_slots_without_resource_and_stray_mask_bits_are_counted():
    notices = college().notices
    assert count_of(notices, "no-resource") == 1
    assert count_of(notices, "stray-week", "Groupe@semaines") == 1


def test_later_versions_are_read_by_path_so_that_colliding_names_do_no_harm():
    read = edt.parse(CITE)
    assert read.schools == ("0990042K", "0990043L")
    assert [found.name for found in read.classes] == ["4A", "2NDE 1"]
    assert [teacher.family for teacher in read.teachers] == ["MARCHETTI", "SORENSEN"]
    assert {subject.code for subject in read.subjects} == {"MATHS", "PHYS"}
    assert read.classes[0].schools == ("0990042K",)
    assert read.classes[0].head_teachers == ("1",)
    assert read.groups[0].pupils == ("1",)
    assert read.parts[0].name == "GR A"


def test_later_versions_bring_staff_equipment_cancelled_weeks_and_detached_pupils():
    first, second, *_ = edt.parse(CITE).courses
    kinds = [resource.kind for resource in first.resources]
    assert ResourceKind.STAFF in kinds
    assert ResourceKind.EQUIPMENT in kinds
    assert (first.cancelled, first.subjects, first.ident) == (8, ("2", "1"), "501")
    assert second.resources[-1].mask == 4


def test_unknown_names_are_counted_and_known_blocks_ignored():
    data = CITE.replace(b"<Salles/>", b'<Salles/><Robots><Robot Ident="1"/></Robots>').replace(
        b' Annuel="1"', b' Humeur="1"'
    )
    notices = edt.parse(data).notices
    assert count_of(notices, "unknown", "Robots") == 1
    assert count_of(notices, "unknown", "Cours@humeur") == 1
    assert count_of(notices, "ignored", "Mefs") == 1


def test_the_order_of_sections_does_not_matter():
    grid = re.search(rb"<GrilleHoraire.*</GrilleHoraire>", COLLEGE, re.DOTALL)
    assert grid is not None
    moved = COLLEGE.replace(grid[0], b"").replace(b"</ExportEmploiDuTemps>", grid[0] + b"</ExportEmploiDuTemps>")
    assert [course.starts for course in edt.parse(moved).courses] == [course.starts for course in college().courses]


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbf" + COLLEGE, b"\n  " + COLLEGE, COLLEGE.decode().replace("UTF-8", "UTF-16").encode("utf-16")],
    ids=["utf-8 bom", "blanks first", "utf-16"],
)
def test_byte_order_marks_and_other_encodings_read_the_same(data):
    assert edt.recognise(data)
    assert edt.parse(data).pupils == college().pupils


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
ENCRYPTED = b'<EXPORT_INDEX_EDUCATION xmlns="http://www.index-education.com/conteneurexportchiffre"><VERSION>1.0</VERSION></EXPORT_INDEX_EDUCATION>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not-xml"),
        (b"Nom;Prenom\nA;B\n", "not-xml"),
        (b"\x00\x01\x02", "not-xml"),
        (COLLEGE.replace(b"<Salles>", b"<Salles></Sales>"), "not-xml"),
        (COLLEGE[: len(COLLEGE) * 2 // 3], "truncated"),
        (COLLEGE.replace(b"<ExportEmploiDuTemps", DOCTYPE + b"<ExportEmploiDuTemps"), "doctype"),
        (
            COLLEGE.replace(b"<ExportEmploiDuTemps", DOCTYPE + b"<ExportEmploiDuTemps").decode().encode("utf-16"),
            "doctype",
        ),
        (b"<html/>", "wrong-root"),
        (ENCRYPTED, "encrypted"),
        (COLLEGE.replace(b'Version="1.1"', b'Version="7.0"'), "unsupported-version"),
        (COLLEGE.replace(b"<Eleves>", b"<Eleves>" + b"<a>" * 12 + b"</a>" * 12), "too-deep"),
    ],
)
def test_what_is_no_clear_export_is_refused_by_reason(data, reason):
    assert refusal(data).reason == reason


@pytest.mark.req("R72")
def test_a_refused_version_is_named():
    assert refusal(COLLEGE.replace(b'Version="1.1"', b'Version="7.0"')).data == {"value": "7.0"}


@pytest.mark.parametrize("name", ["AnneeScolaire", "GrilleHoraire", "Cours"])
def test_a_missing_section_is_named(name):
    data = COLLEGE.replace(name.encode(), b"Autre")
    if name == "Cours":
        data = COLLEGE[: COLLEGE.index(b"<Cours>")] + b"</ExportEmploiDuTemps>"
    error = refusal(data)
    assert (error.reason, error.data) == ("missing-section", {"name": name})


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (b'Jour="4"', b'Jour="jeudi"', "jour"),
        (b'Semaines="130302"', b'Semaines="99999999999999999999999"', "semaines"),
        (b'Semaines="4096"', b'Semaines="-1"', "semaines"),
        (b'DatePremierJourSemaine1="2026-08-31"', b'DatePremierJourSemaine1="31/08/2026"', "datepremierjoursemaine1"),
        (b'LibelleHeureDebut="08:05:00"', b'LibelleHeureDebut="25:00:00"', "libelleheuredebut"),
        (b'DureePlace="55"', b'DureePlace="1e3"', "dureeplace"),
        (b'Nom="3BDLATIN"', b'Nom="' + b"x" * 501 + b'"', "nom"),
    ],
)
def test_a_bad_value_is_refused_with_its_line_and_name(old, new, name):
    error = refusal(COLLEGE.replace(old, new, 1))
    assert (error.reason, error.data["name"]) == ("bad-value", name)
    assert COLLEGE.splitlines()[int(str(error.data["line"])) - 1].find(old) >= 0


def test_a_huge_file_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(edt, "SIZE_LIMIT", 100)
    assert refusal(COLLEGE).data == {"size": len(COLLEGE), "limit": 100}


def test_an_item_with_too_many_elements_is_refused_before_it_fills_memory():
    stuffed = COLLEGE.replace(b"<Eleves>", b"<Eleves><Eleve>" + b"<a/>" * 60_000 + b"</Eleve>")
    assert refusal(stuffed).reason == "too-large"


def test_only_exports_are_recognised():
    assert edt.recognise(COLLEGE)
    assert edt.recognise(ENCRYPTED)
    assert not edt.recognise(b"BEGIN:VCALENDAR")


def outcome(data: bytes) -> object:
    try:
        return edt.parse(data)
    except ImportRefused as refused:
        return refused


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data):
    assert isinstance(outcome(data), ImportRefused)


@given(st.sampled_from([COLLEGE, CITE]), st.data())
def test_a_damaged_export_is_read_or_refused_never_a_crash(data, draw):
    for _ in range(draw.draw(st.integers(1, 4))):
        start = draw.draw(st.integers(0, len(data)))
        end = draw.draw(st.integers(start, min(len(data), start + 30)))
        data = (
            data[:start]
            + draw.draw(st.binary(max_size=6) | st.sampled_from([b'"', b"<", b"&a;", b"/>", b"9" * 25, b""]))
            + data[end:]
        )
    assert isinstance(outcome(data), Timetable | ImportRefused)


@given(st.sampled_from(sorted(set(re.findall(rb'[A-Za-z]+="[^"]*"', COLLEGE + CITE)))), st.text(max_size=30))
def test_any_attribute_value_is_read_or_refused(attribute, value):
    text = value.translate({ord(c): None for c in '<&"'}).encode("utf-8", "replace")
    for data in (COLLEGE, CITE):
        changed = data.replace(attribute, attribute.partition(b"=")[0] + b'="' + text + b'"')
        assert isinstance(outcome(changed), Timetable | ImportRefused)
