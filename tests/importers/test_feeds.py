"""People feeds from files of our own invention: what each says, and what is refused."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import feeds
from importers.errors import ImportRefused
from importers.feeds import Context
from importers.people import Link, PeopleFile, Role, column_meaning

SAMPLES = Path(__file__).parent / "samples" / "feeds"
CODE = "0990001X"
COMPLETE = sorted(SAMPLES.glob("*_Complet_*.xml"))
DELTA = SAMPLES / "ENT_0990001X_Delta_20260910_Eleve_0000.xml"


def zipped(files: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(files: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def chunk(written: str, declared: str = "utf-8") -> bytes:
    """One pupil, in an encoding and with a declared one."""
    values = {"sn": "Pélissier", "givenName": "Zoé", "ENTPersonDateNaissance": "01/02/2012"}
    attributes = "".join(f'<attr name="{name}"><value>{value}</value></attr>' for name, value in values.items())
    text = (
        f'<?xml version="1.0" encoding="{declared}"?><ficAlimMENESR><addRequest><operationalAttributes>'
        '<attr name="categoriePersonne"><value>Eleve</value></attr></operationalAttributes><identifier><id>9</id>'
        f"</identifier><attributes>{attributes}</attributes></addRequest></ficAlimMENESR>"
    )
    return text.encode(written)


def chunks() -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in COMPLETE]


def one(name: str, data: bytes, context: Context | None = None) -> PeopleFile:
    ((_, file),) = feeds.read([(name, data)], context or Context())
    return file


@pytest.mark.req("R78", "R80")
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_complete_directory_tells_the_people_of_one_school(pack):
    whole = one("ENT2DVA.20260901.zip", pack(chunks()))
    assert whole.schools == (CODE, "0990002Y")
    file = feeds.of_school(whole, CODE, frozenset())
    people = {person.external_id: person for person in file.people}
    assert sorted(people) == ["700001", "700002", "800001", "800002", "900001", "900002"]
    aicha = people["900001"]
    assert (aicha.family, aicha.birth_family, aicha.given) == ("PETIT-LEFÈVRE", "PETIT", "Aïcha")
    assert (aicha.birth_date, aicha.ine, aicha.siecle) == (date(2012, 2, 28), "0123456789A", "5001")
    assert (aicha.classes, aicha.groups, aicha.other_given) == (("3F",), ("3LATIN",), ("Aïcha", "Marie"))
    assert (people["800001"].role, people["800001"].sts) == (Role.TEACHER, "77")
    assert (people["800002"].role, people["700002"].given) == (Role.STAFF, "Œdipe")
    assert file.complete == {Role.PUPIL, Role.TEACHER, Role.STAFF, Role.GUARDIAN}
    assert [(each.code, each.column) for each in file.errors] == [("missing", "family")]


def test_guardians_come_with_their_legal_links():
    file = feeds.of_school(one("a.zip", zipped(chunks())), CODE, frozenset())
    assert file.links == (Link("900001", "700001", True, "mother"), Link("900001", "700002", False, "father"))


def test_html_entities_of_old_exports_are_read():
    whole = one("a.zip", zipped(chunks()))
    assert "Léo" in {person.given for person in whole.people}


def test_loose_chunks_are_one_directory():
    found = feeds.read(chunks(), Context())
    assert len(found) == 1
    assert len(found[0][1].people) == 8


def test_one_chunk_alone_never_says_who_left():
    assert one(COMPLETE[0].name, COMPLETE[0].read_bytes()).complete == frozenset()


def test_a_differential_file_changes_adds_and_takes_away():
    data = DELTA.read_bytes()
    file = feeds.of_school(
        one(DELTA.name, data, Context(structures={"43": CODE})), CODE, frozenset({"900001", "900002"})
    )
    assert file.complete == frozenset()
    assert file.gone == ("900002",)
    changed, new = file.people
    assert (changed.only, changed.family, changed.given) == (frozenset({"classes", "family"}), "LEFÈVRE", "")
    assert (new.only, new.given) == (None, "Zoé")
    with pytest.raises(ImportRefused, match="school-unknown"):
        feeds.of_school(one(DELTA.name, data), CODE, frozenset({"900001"}))


def test_somebody_who_changed_school_has_left_this_one():
    whole = one("a.zip", zipped(chunks()))
    assert feeds.of_school(whole, CODE, frozenset({"900003"})).gone == ("900003",)


def test_a_file_of_another_school_is_refused():
    with pytest.raises(ImportRefused, match="wrong-school"):
        feeds.of_school(one("a.zip", zipped(chunks())), "0990009Z", frozenset())


@pytest.mark.req("R83")
def test_siecle_tells_pupils_who_are_still_there():
    name = "ElevesAvecAdresses.xml"
    file = one(name, zipped([(name, (SAMPLES / name).read_bytes())]))
    (pupil,) = file.people
    assert (pupil.family, pupil.birth_family, pupil.given) == ("PETIT-LEFÈVRE", "PETIT", "Aïcha")
    assert (pupil.external_id, pupil.siecle, pupil.ine) == ("5001", "5001", "0123456789A")
    assert (pupil.classes, pupil.groups, pupil.other_given) == (("3F",), ("3LATIN",), ("Marie",))
    assert [(each.code, each.value) for each in file.errors] == [("bad-date", "31/02/2012")]
    assert (file.complete, file.schools, "5003" in file.spared) == (frozenset({Role.PUPIL}), (CODE,), True)


def test_siecle_tells_guardians_and_whose():
    name = "ResponsablesAvecAdresses.xml"
    file = one(name, (SAMPLES / name).read_bytes())
    assert [(each.given, each.role, each.email) for each in file.people] == [
        ("Nour", Role.GUARDIAN, "nour@maison.example")
    ]
    assert file.links == (Link("5001", "person:5001", True, "mother"),)


def test_sts_tells_teachers_and_staff():
    name = "sts_emp_0990001X_2026.xml"
    file = one(name, (SAMPLES / name).read_bytes())
    assert [(p.external_id, p.sts, p.family, p.birth_family, p.role) for p in file.people] == [
        ("epp:77", "77", "NDIAYE", "DIOP", Role.TEACHER),
        ("local:78", "78", "OBJOIS", "", Role.STAFF),
    ]


@pytest.mark.req("R111")
def test_a_column_mapping_reads_headers_nobody_knows():
    data = "Code ENT;Famille;Petit nom\nU1;Petit;Léa\n".encode()
    columns = dict(map(column_meaning, ["Code ENT=login", "famille=family", "petit nom=given"]))
    (person,) = one("x.csv", data, Context(columns)).people
    assert (person.login, person.family, person.given) == ("U1", "Petit", "Léa")
    with pytest.raises(ImportRefused, match="bad-mapping"):
        column_meaning("Code=nothing")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<ficAlimMENESR><addRequest>", "not-xml"),
        (b"<!DOCTYPE ficAlimMENESR [<!ENTITY a 'b'>]><ficAlimMENESR/>", "doctype"),
        (b"<ficAlimMENESR>" + b"<a>" * 40 + b"</a>" * 40 + b"</ficAlimMENESR>", "too-deep"),
        (b"<other/>", "not-people"),
        (b"<STS_EDT/>", "missing-section"),
        (b"<BEE_ELEVES/>", "missing-section"),
        (zipped([("../a.xml", b"<a/>")]), "archive-name"),
        (zipped([("a.zip", zipped([("b", b"b")]))]), "archive-nested"),
        (zipped([("a.xml", b"<ficAlimMENESR>" + b" " * 40_000_000)]), "too-large"),
        (b"PK\3\4broken", "archive-damaged"),
    ],
)
def test_bad_files_are_refused_by_name(data, reason):
    with pytest.raises(ImportRefused, match=reason) as refused:
        one("bad.xml", data)
    assert refused.value.data["file"] == "bad.xml"


REPEATED = {
    "ENT_0990001X_Complet_20260901_Eleve_0000.xml": ("<addRequest>", "</addRequest>"),
    "ElevesAvecAdresses.xml": ("<ELEVE ", "</ELEVE>"),
    "ResponsablesAvecAdresses.xml": ("<PERSONNE ", "</PERSONNE>"),
    "sts_emp_0990001X_2026.xml": ("<INDIVIDU ", "</INDIVIDU>"),
}


@pytest.mark.parametrize("name", REPEATED)
def test_somebody_told_twice_is_one_person_and_the_second_time_is_counted(name):
    data = (SAMPLES / name).read_bytes()
    begins, ends = (each.encode() for each in REPEATED[name])
    first, last = data.index(begins), data.index(ends) + len(ends)
    before = one(name, data)
    after = one(name, data[:last] + data[first:last] + data[last:])
    assert [person.external_id for person in after.people] == [person.external_id for person in before.people]
    assert len(after.errors) == len(before.errors) + 1
    assert ("duplicate", before.people[0].line) in {(each.code, each.other_line) for each in after.errors}


@pytest.mark.parametrize("name", ["ElevesAvecAdresses.xml", "ResponsablesAvecAdresses.xml"])
def test_who_is_spoken_of_and_not_in_the_file_is_left_out(name):
    data = re.sub(rb"<ELEVE_ID>[^<]*</ELEVE_ID>", b"<ELEVE_ID>404404</ELEVE_ID>", (SAMPLES / name).read_bytes())
    data = re.sub(rb'STRUCTURES_ELEVE ELEVE_ID="[^"]*"', b'STRUCTURES_ELEVE ELEVE_ID="404404"', data)
    file = one(name, data)
    assert "404404" not in {person.external_id for person in file.people}
    assert not any(person.classes for person in file.people)


@pytest.mark.parametrize("declared", ["undefined", "punycode", "idna", "unicode_escape", "hex", "x-nothing", "utf-16"])
def test_a_directory_in_an_encoding_nobody_uses_is_read_as_what_it_is(declared):
    """Python knows encodings that are none, and one that takes an hour for a large file."""
    odd = one("complet.xml", chunk("utf-8", declared))
    assert odd.people == one("complet.xml", chunk("utf-8")).people
    assert [person.family for person in odd.people] == ["Pélissier"]


@pytest.mark.parametrize("written", ["utf-8", "utf-8-sig", "iso-8859-1", "iso-8859-15", "cp1252"])
def test_a_directory_is_read_in_the_encodings_it_comes_in(written):
    directory = one("complet.xml", chunk(written, written.removesuffix("-sig")))
    assert [person.family for person in directory.people] == ["Pélissier"]


@pytest.mark.parametrize("root", ["BEE_ELEVES", "STS_EDT"])
@pytest.mark.parametrize("declared", ["undefined", "ebcdic-cp-fr", "x-nothing", "utf-16"])
def test_an_export_in_another_encoding_than_it_declares_is_refused(root, declared):
    with pytest.raises(ImportRefused, match=r"not-xml|not-people|missing-column"):
        one("export.xml", f'<?xml version="1.0" encoding="{declared}"?><{root}><PARAMETRES/></{root}>'.encode())


@given(st.binary(max_size=200), st.sampled_from([b"", b"<ficAlimMENESR>", b"<BEE_ELEVES>", b"<STS_EDT>", b"PK\3\4"]))
def test_any_bytes_are_read_or_refused(data, head):
    with suppress(ImportRefused):
        assert feeds.read([("any", head + data)], Context())
