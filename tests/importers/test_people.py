"""People files: encodings, delimiters, headers, one clear error per bad row."""

import codecs
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import people_table
from importers.errors import ImportRefused
from importers.people import PeopleFile, Role, parse
from tests.importers.make import sample


def rows(text: str, **more) -> PeopleFile:
    return parse(text.encode(), **more)


def test_the_sample_is_read_row_by_row():
    read = parse(sample("people.csv"))
    assert [(person.role, person.given) for person in read.people] == [
        (Role.PUPIL, "Aïcha"),
        (Role.PUPIL, "Théo"),
        (Role.TEACHER, "Odile"),
        (Role.GUARDIAN, "Sam"),
    ]
    assert read.ignored == ("Fax",)
    first, second, teacher, _ = read.people
    assert (first.line, first.external_id, first.birth_date) == (3, "e1", date(2012, 2, 28))
    assert (first.classes, first.groups) == (("3F",), ("3F_G1", "3BDLATIN"))
    assert second.birth_date == date(2012, 11, 30)
    assert (teacher.family, teacher.birth_family) == ("ROY", "MARCHETTI")


def test_each_bad_row_has_one_error_with_line_column_and_value():
    errors = parse(sample("people.csv")).errors
    assert [(error.line, error.column, error.code) for error in errors] == [
        (7, "Profil", "role-refused"),
        (8, "Nom", "missing"),
        (9, "Né(e) le", "bad-date"),
        (10, "Nom", "formula"),
        (11, "Identifiant", "duplicate"),
    ]
    assert errors[2].value == "31/02/2012"
    assert errors[4].other_line == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encoding_and_delimiter_are_found_out(encoding, delimiter):
    text = delimiter.join(("Nom", "Prénom", "Classe")) + "\r\n" + delimiter.join(("LEFÈVRE", "Zoé", "3F")) + "\r\n"
    read = parse(text.encode(encoding))
    assert [(person.family, person.given, person.classes) for person in read.people] == [("LEFÈVRE", "Zoé", ("3F",))]
    assert read.delimiter == delimiter


@pytest.mark.parametrize(("encoding", "expected"), [("iso-8859-15", "iso-8859-15"), ("cp1252", "cp1252")])
def test_the_ligature_of_both_latin_encodings_is_read(encoding, expected):
    read = parse("Nom;Prénom\nCœur;Loïc\n".encode(encoding))
    assert (read.people[0].family, read.encoding) == ("Cœur", expected)


@pytest.mark.parametrize(
    "header",
    [
        "Nom Elève;Prénom Elève;Date naissance",
        "NOM;PRENOM;né(e) le",
        "lastName;firstName;birthDate",
        " Nom * ;Prénom : ;DATE DE NAISSANCE",
    ],
)
def test_headers_are_known_by_many_names(header):
    read = rows(f"{header}\nDUMAS;Léa;2012-01-02\n")
    assert (read.people[0].family, read.people[0].given, read.people[0].birth_date) == (
        "DUMAS",
        "Léa",
        date(2012, 1, 2),
    )


@pytest.mark.parametrize(
    "text", ["02/01/2012", "2/1/2012", "02-01-2012", "02.01.2012", "2012-01-02", "2012/01/02", "2012-01-02T00:00:00"]
)
def test_birth_dates_are_read_day_first_or_iso(text):
    assert rows(f"Nom;Prénom;Date de naissance\nDUMAS;Léa;{text}\n").people[0].birth_date == date(2012, 1, 2)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("DUMAS;Léa;eleve;12/31/2012;;", "bad-date"),
        ("DUMAS;Léa;eleve;01/01/12;;", "bad-date"),
        ("DUMAS;Léa;eleve;01/01/0001;;", "bad-date"),
        ("DUMAS;Léa;sorcier;;;", "bad-role"),
        ("DUMAS;Léa;Admin;;;", "role-refused"),
        ("DUMAS;;;;;", "missing"),
        ("DUMAS;...;eleve;;;", "missing"),
        ("DUMAS;Léa;eleve;;pas une adresse;", "bad-email"),
        ("DUMAS;Léa;eleve;;;a/../b", "bad-login"),
        ("DUMAS;+33;eleve;;;", "formula"),
        ("@SUM(A1);Léa;eleve;;;", "formula"),
        ("DUMAS;L\x07a;eleve;;;", "control-character"),
        ("DUMAS;Léa;eleve;;;;en trop", "too-many-cells"),
        (f"{'D' * 1001};Léa;eleve;;;", "too-long"),
    ],
)
def test_a_bad_row_is_refused_by_code_and_the_next_one_read(row, code):
    read = rows(f"Nom;Prénom;Profil;Né(e) le;Courriel;Login\n{row}\nBON;Ami;prof;;;\n")
    assert [error.code for error in read.errors] == [code]
    assert [person.family for person in read.people] == ["BON"]


def test_homonyms_with_identifiers_are_two_people_and_a_copied_row_is_not():
    assert len(rows("id;nom;prenom\n1;DUMAS;Léa\n2;DUMAS;Léa\n").people) == 2
    copied = rows("nom;prenom;classe\nDUMAS;Léa;3F\nDumas;LEA;3F\n")
    assert (len(copied.people), copied.errors[0].code, copied.errors[0].other_line) == (1, "duplicate", 2)


def test_a_key_too_long_for_an_index_is_told_and_the_next_row_read():
    read = rows(f"id;nom;prenom\n{'é' * 129};DUMAS;Léa\n{'é' * 128};BON;Ami\n")
    assert [(error.code, error.column) for error in read.errors] == [("too-long", "id")]
    assert [person.family for person in read.people] == ["BON"]


def test_a_login_differing_in_case_only_is_a_duplicate():
    assert rows("login;nom;prenom\nlea;DUMAS;Léa\nLEA;AUTRE;Léa\n").errors[0].column == "login"


def test_spreadsheet_text_markers_are_removed():
    assert rows('id;nom;prenom\n="00123";DUMAS;Léa\n').people[0].external_id == "00123"


def test_lines_are_counted_through_quoted_line_breaks_and_blank_rows():
    read = rows('nom;prenom;ine\n\n"DUMAS";"Léa";"x\ny"\nBON;;\n')
    assert [(error.line, error.code) for error in read.errors] == [(3, "control-character"), (5, "missing")]


def test_the_default_role_serves_files_without_a_role_column():
    assert rows("nom;prenom\nDUMAS;Léa\n", default_role=Role.TEACHER).people[0].role is Role.TEACHER


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "missing-column"),
        (b"nom;classe\nDUMAS;3F\n", "missing-column"),
        (b"\xff\xfe\x00", "bad-encoding"),
        (b'nom;prenom\n"' + b"x" * 200_000 + b'";a\n', "bad-csv"),
        (b"nom;prenom\n" + b"a;b\n" * 50_001, "too-many-rows"),
        (b"a;" * 300, "bad-csv"),
    ],
)
def test_an_unreadable_file_is_refused_by_reason(data, reason):
    with pytest.raises(ImportRefused) as caught:
        parse(data)
    assert caught.value.reason == reason


def test_a_huge_file_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(people_table, "SIZE_LIMIT", 10)
    with pytest.raises(ImportRefused, match="too-large"):
        parse(b"nom;prenom\nDUMAS;L\n")


def outcome(data: bytes) -> object:
    try:
        return parse(data)
    except ImportRefused as refused:
        return refused


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"nom;prenom\n", codecs.BOM_UTF16_LE, b"Nom,Prenom,Type,Date de naissance\n"]),
)
def test_random_bytes_are_read_or_refused(data, head):
    assert isinstance(outcome(head + data), PeopleFile | ImportRefused)


@given(st.lists(st.text(max_size=20), min_size=3, max_size=6))
def test_any_cell_gives_a_person_or_an_error(cells):
    row = ";".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    read = outcome(f"nom;prenom;role;date de naissance;courriel;login\n{row}\n".encode("utf-8", "replace"))
    if isinstance(read, PeopleFile):
        assert len(read.people) + len(read.errors) <= 1
