"""Bad files of every format: refused in the importers' own terms or read with the bad item counted, never a crash."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import edt, formats, ical_feeds, untis, xml_tree
from importers.archives import pack
from importers.errors import ImportRefused
from importers.formats import Format
from importers.notices import count_of
from importers.sessions import Settings, expand
from importers.timetable import Timetable
from tests.importers.make import PARIS, SCHOOL
from tests.importers.samples_of import SAMPLES_OF, SETTING, files_of

FORMATS = {each.name: each for each in formats.FORMATS}
NAMES = sorted(SAMPLES_OF)
XML = ("asc", "edt-text", "sts", "udt")
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
HABITS = Settings(SCHOOL, PARIS, include_class_parts=True, show_cancelled=True)


def outcome(form: Format, files: dict[str, bytes]) -> Timetable | ImportRefused:
    """Parse and expand; nothing but a refusal may come out of it."""
    try:
        timetable = form.parse(files, SETTING)
        expand(timetable, HABITS)
    except ImportRefused as refused:
        return refused
    return timetable


def refused(name: str, files: dict[str, bytes]) -> str:
    found = outcome(FORMATS[name], files)
    assert isinstance(found, ImportRefused)
    return found.reason


def changed(name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    """Return the samples of a format with every occurrence of something replaced, which has to be there."""
    files = files_of(name)
    assert any(old in data for data in files.values())
    return {each: data.replace(old, new) for each, data in files.items()}


def only_xml(name: str, change) -> dict[str, bytes]:
    return {each: change(data) for each, data in files_of(name).items()}


def after_declaration(data: bytes, more: bytes) -> bytes:
    head = re.match(rb"<\?xml.*?\?>\s*", data)
    at = head.end() if head else 0
    return data[:at] + more + data[at:]


@pytest.mark.parametrize("name", XML)
def test_a_document_type_is_refused_whatever_it_declares(name):
    assert refused(name, only_xml(name, lambda data: after_declaration(data, BOMB))) == "doctype"


@pytest.mark.parametrize("name", XML)
def test_a_document_type_behind_a_long_comment_is_refused_too(name):
    behind = b"<!--" + b" " * 40_000 + b"-->" + BOMB
    # Of a pair, which file is which is seen at its beginning.
    known = {"doctype", "missing-file"} if name == "sts" else {"doctype"}
    assert refused(name, only_xml(name, lambda data: after_declaration(data, behind))) in known


@pytest.mark.parametrize("name", XML)
def test_depth_is_limited(name):
    deep = b"<a>" * 40 + b"</a>" * 40
    assert refused(name, only_xml(name, lambda data: re.sub(rb"(</\w+>\s*)$", deep + rb"\1", data))) == "too-deep"


@pytest.mark.parametrize("name", XML)
def test_the_number_of_elements_is_limited(name, monkeypatch):
    monkeypatch.setattr(xml_tree, "ELEMENT_LIMIT", 3)
    assert refused(name, files_of(name)) == "too-large"


@pytest.mark.parametrize(("name", "module"), [*((name, xml_tree) for name in XML), ("untis", untis), ("edt", edt)])
def test_size_is_limited_before_anything_is_parsed(name, module, monkeypatch):
    monkeypatch.setattr(module, "SIZE_LIMIT", 10)
    assert refused(name, files_of(name)) == "too-large"


def test_the_number_of_sessions_is_limited(monkeypatch):
    monkeypatch.setattr(ical_feeds, "SESSION_LIMIT", 2)
    assert refused("ical", files_of("ical")) == "too-large"


@pytest.mark.parametrize("name", XML)
@pytest.mark.parametrize("encoding", [b"ebcdic-cp-fr", b"x-nothing", b"utf-16"])
def test_an_encoding_that_is_not_the_one_declared_is_refused(name, encoding):
    declared = b'<?xml version="1.0" encoding="%s"?>' % encoding
    files = only_xml(name, lambda data: declared + re.sub(rb"^<\?xml.*?\?>", b"", data))
    assert refused(name, files) in ("not-xml", "missing-file", "missing-section")


@pytest.mark.parametrize("name", NAMES)
def test_a_byte_order_mark_changes_nothing(name):
    utf8 = {
        each: re.sub(rb'encoding="[^"]*"', b'encoding="UTF-8"', data) if data.isascii() else data
        for each, data in files_of(name).items()
    }
    with_mark = {each: b"\xef\xbb\xbf" + data if b"ISO-8859" not in data else data for each, data in utf8.items()}
    assert FORMATS[name].recognise(with_mark)
    assert outcome(FORMATS[name], with_mark) == outcome(FORMATS[name], files_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_zero_bytes_are_refused(name):
    files = {each: data[:200] + b"\0\0" + data[200:] for each, data in files_of(name).items()}
    found = outcome(FORMATS[name], files)
    assert isinstance(found, Timetable | ImportRefused)
    assert name == "untis" or isinstance(found, ImportRefused)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", [0, 1, 50, 300])
def test_a_file_cut_short_is_refused_or_tells_less(name, part):
    files = {each: data[:part] for each, data in files_of(name).items()}
    assert isinstance(outcome(FORMATS[name], files), Timetable | ImportRefused)


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("edt", b'<Professeur Ident="3" Nom="NGUYEN"', b'<Professeur Ident="1" Nom="NGUYEN"', "duplicate-ident"),
        ("edt", b'<Classe Ident="1" Semaines="12"/>', b'<Classe Ident="77" Semaines="12"/>', "dangling"),
        ("edt", b'NumeroPlaceDebut="3" NombrePlaces="1"', b'NumeroPlaceDebut="3" NombrePlaces="9"', "outside-grid"),
        ("edt", b'<Cours Jour="2"', b'<Cours Jour="9"', "outside-grid"),
        ("edt", b'Semaines="254"', b'Semaines="9223372036854775808"', "stray-week"),
        ("edt", b'LibelleHeureFin="9h55"', b'LibelleHeureFin="8h00"', "ends-before-start"),
        ("edt", b'<Professeur Ident="1" Semaines="6"', b'<Professeur Ident="99" Semaines="6"', "dangling"),
        ("edt", b'<Matiere Ident="4"/>', b'<Matiere Ident="44"/>', "dangling"),
        ("edt", b'<Groupe Ident="4" Nom', b'<Groupe Ident="3" Nom', "duplicate-ident"),
        ("edt", b'<Eleve Ident="2"', b'<Eleve Ident="1"', "duplicate-ident"),
        ("edt", b'<Eleve Ident="2"', b'<Eleve Ident=""', "no-ident"),
        ("edt", b'Semaines="126"', b'Semaines="1"', "stray-week"),
        ("sts", b"<CODE_ALTERNANCE>SA<", b"<CODE_ALTERNANCE>SB<", "dangling"),
        ("udt", b'fic="F1" div="3D" mat="MATHS"', b'fic="F1" div="3D" mat="DISPARUE"', "dangling"),
        ("udt", b'mat="MATHS" prof="MAR"', b'mat="MATHS" prof="ABS"', "dangling"),
        ("asc", b'subjectid="*1"', b'subjectid="*77"', "dangling"),
        ("asc", b'<teacher id="*13"', b'<teacher id="*12"', "duplicate-ident"),
        ("asc", b'lessonid="*51"', b'lessonid="*98"', "dangling"),
        ("edt-text", b"09h00", b"25h00", "unplaced"),
        ("edt-text", b"<DUREE>1h00", b"<DUREE>0h00", "unplaced"),
        ("edt-text", b"lundi", b"samedimanche", "unplaced"),
        ("edt-text", b"<DUREE>2h00", b"<DUREE>23h00", "ends-before-start"),
        ("sts", b"0805", b"2561", "unplaced"),
        ("sts", b"<JOUR>1", b"<JOUR>9", "outside-grid"),
        ("sts", b"<DUREE>0055", b"<DUREE>2300", "ends-before-start"),
        ("sts", b'CODE_MATIERE="061300"', b'CODE_MATIERE="999999"', "dangling"),
        ("sts", b'INDIVIDU ID="12"', b'INDIVIDU ID="7301"', "dangling"),
        ("sts", b'MATIERE CODE="020700"', b'MATIERE CODE="061300"', "duplicate-ident"),
        ("sts", b'ALTERNANCE CODE="SA"', b'ALTERNANCE CODE="H"', "duplicate-ident"),
        ("sts", b'<DIVISION CODE="3D">', b'<DIVISION CODE="3D"/><DIVISION CODE="3D">', "duplicate-ident"),
        ("sts", b'<GROUPE CODE="3BDLAT">', b'<GROUPE CODE="3BDLAT"/><GROUPE CODE="3BDLAT">', "duplicate-ident"),
        ("sts", b'ID="12" TYPE="local"', b'ID="7301" TYPE="epp"', "duplicate-ident"),
        ("ical", b"DTEND:20260921T080000Z", b"DTEND:20260921T060000Z", "ends-before-start"),
        ("ical", b"DTSTART:20260921T070000Z", b"DTSTART:demain", "ends-before-start"),
        ("ical", b"DTEND:20260921T080000Z", b"DTEND:20260929T080000Z", "ends-before-start"),
        ("asc", b'days="00010"', b'days="000000000001"', "outside-grid"),
        ("asc", b'periodspercard="2"', b'periodspercard="99999"', "unplaced"),
        ("asc", b'teacherids="*12,*13"', b'teacherids="*12,*99"', "dangling"),
        ("asc", b'endtime="10:25"', b'endtime="8:00"', "ends-before-start"),
        ("udt", b'code="NGU"', b'code="MAR"', "duplicate-ident"),
        ("udt", b'fic="F1"', b'fic="F0"', "dangling"),
        ("udt", b'hre_fin="0945"', b'hre_fin="0900"', "ends-before-start"),
        ("udt", b'jour="1"', b'jour="9"', "dangling"),
        ("untis", b",4,2,", b",99,2,", "outside-grid"),
        ("untis", b",4,2,", b",-4,2,", "unplaced"),
    ],
)
def test_a_bad_item_is_left_out_and_counted(name, old, new, code):
    before, after = (outcome(FORMATS[name], files) for files in (files_of(name), changed(name, old, new)))
    assert isinstance(before, Timetable)
    assert isinstance(after, Timetable)
    assert count_of(after.notices, code) > count_of(before.notices, code)


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("edt", b'DateDebut="2026-09-01"', b'DateDebut="9999-09-01"', "bad-value"),
        ("edt", b'DatePremierJourSemaine1="2026-08-31"', b'DatePremierJourSemaine1="9999-12-27"', "bad-value"),
        ("edt", b'Semaines="254"', b'Semaines="18446744073709551616"', "bad-value"),
        ("edt", b'Semaines="254"', b'Semaines="-2"', "bad-value"),
        ("asc", b'weeks="01"', b'weeks="0000000000000001"', "no-alternation"),
        ("sts", b"2026-10-16", b"2036-10-16", "bad-value"),
        ("sts", b"2026-09-01", b"9999-12-01", "bad-value"),
        ("sts", b"0990042K", b"", "missing-section"),
        (
            "ical",
            b"DTSTART:20260928T070000Z\r\nDTEND:20260928",
            b"DTSTART:20360928T070000Z\r\nDTEND:20360928",
            "bad-value",
        ),
        ("ical", b"Cours-", b"Autre-", "no-sessions"),
        ("ical", b"END:VCALENDAR", b"END:VTODO", "not-a-calendar"),
        ("asc", b'starttime="8:30"', b'starttime="matin"', "bad-value"),
        ("asc", b"<period ", b"<autre ", "missing-section"),
        ("udt", b'debut_eleve="01/09/2026"', b'debut_eleve="32/09/2026"', "missing-section"),
        ("udt", b'fin_eleve="05/10/2026"', b'fin_eleve="05/10/2036"', "bad-value"),
        ("udt", b'hre_deb="0800"', b'hre_deb="2561"', "bad-value"),
        ("untis", b'"2A"', b'2A"', ""),
    ],
)
def test_a_bad_frame_is_refused_by_reason(name, old, new, reason):
    found = outcome(FORMATS[name], changed(name, old, new))
    assert (found.reason if isinstance(found, ImportRefused) else "") == reason


def test_the_lesson_before_the_first_is_one_like_the_others():
    """Some schools have a period 0, before eight."""
    told = outcome(FORMATS["asc"], files_of("asc"))
    shifted = changed("asc", b'period="1"', b'period="0"')
    shifted = {name: data.replace(b'periodspercard="2"', b'periodspercard="1"') for name, data in shifted.items()}
    found = outcome(FORMATS["asc"], shifted)
    assert isinstance(told, Timetable)
    assert isinstance(found, Timetable)
    assert count_of(found.notices, "unplaced") <= count_of(told.notices, "unplaced")
    assert any(course.starts.hour == 8 and course.starts.minute == 30 for course in found.courses)


def test_a_closure_of_centuries_costs_nothing():
    files = changed("udt", b'fin="02/10/2026"', b'fin="02/10/9998"')
    assert isinstance(outcome(FORMATS["udt"], files), Timetable)


DAMAGE = [
    b'"',
    b"<",
    b"&a;",
    b"/>",
    b"9" * 25,
    b"",
    b"\0",
    b"\r\n",
    b",",
    b";",
    b":",
    b"-1",
    b"9999-12-31",
    "é".encode(),
]


@given(st.sampled_from(NAMES), st.data())
def test_damaged_files_are_read_or_refused_never_a_crash(name, draw):
    files = files_of(name)
    for _ in range(draw.draw(st.integers(1, 5))):
        each = draw.draw(st.sampled_from(sorted(files)))
        data = files[each]
        start = draw.draw(st.integers(0, len(data)))
        end = draw.draw(st.integers(start, min(len(data), start + 30)))
        files[each] = data[:start] + draw.draw(st.binary(max_size=6) | st.sampled_from(DAMAGE)) + data[end:]
    assert isinstance(outcome(FORMATS[name], files), Timetable | ImportRefused)


VALUES = re.compile(rb'(?<==")[^"<>]*(?=")|(?<=>)[^<>]+(?=<)|(?<=:)[^\r\n]+(?=\r\n)|(?<=,)[^,\n]+(?=,)')


@given(
    st.sampled_from(NAMES), st.data(), st.text(max_size=20) | st.sampled_from(["9" * 30, "31/12/9999", "2359", "-0"])
)
def test_any_value_is_read_or_refused(name, draw, value):
    files = files_of(name)
    each = draw.draw(st.sampled_from(sorted(files)))
    found = draw.draw(st.sampled_from(list(VALUES.finditer(files[each]))))
    text = value.translate({ord(c): None for c in '<&">'}).encode("utf-8", "replace")
    files[each] = files[each][: found.start()] + text + files[each][found.end() :]
    assert isinstance(outcome(FORMATS[name], files), Timetable | ImportRefused)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data):
    with pytest.raises(ImportRefused):
        formats.read(data, SETTING)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_files_of_two_formats_together_are_refused_or_one_of_them(one, other):
    both = files_of(one) | files_of(other)
    try:
        found = formats.read(pack(both.items()), SETTING).format
    except ImportRefused as refusal:
        found = refusal.reason
    assert found in {one, other, "several-files", "missing-file", "edt-text", "doctype"}


def test_a_name_of_many_lines_becomes_one():
    files = changed("sts", b"MARCHETTI", b"MAR\n   CHETTI")
    found = outcome(FORMATS["sts"], files)
    assert isinstance(found, Timetable)
    assert found.teachers[0].family == "MAR CHETTI"


def test_a_list_of_many_names_is_read_to_its_end():
    classes = ", ".join(f"CLASSE NUMERO {number}" for number in range(80))
    found = outcome(FORMATS["edt-text"], changed("edt-text", b"<CLASSE>3D<", f"<CLASSE>{classes}<".encode()))
    assert isinstance(found, Timetable)
    assert {"CLASSE NUMERO 0", "CLASSE NUMERO 79"} <= {each.name for each in found.classes}


def test_a_name_without_end_is_cut():
    found = outcome(FORMATS["sts"], changed("sts", b"MARCHETTI", b"M" * 5000))
    assert isinstance(found, Timetable)
    assert len(found.teachers[0].family) == 500


def test_very_many_pupils_of_one_group_cost_no_more_than_they_are():
    rows = "".join(f"<E><NOM>N{number}</NOM><GROUPES>[G]</GROUPES></E>" for number in range(30_000))
    files = files_of("edt-text") | {"EXP_Eleves.xml": f'<TABLE nom="Eleves">{rows}</TABLE>'.encode()}
    found = FORMATS["edt-text"].parse(files, SETTING)
    assert [len(group.pupils) for group in found.groups if group.name == "G"] == [30_000]
