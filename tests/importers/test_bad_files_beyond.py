"""Files beyond what schools write, or only large ones do: floods of comments, meetings of everybody."""

from __future__ import annotations

import json
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers import container, edt, naming, sessions, xml_tree
from importers.container import opened
from importers.errors import ImportRefused
from importers.measures import services_of
from importers.naming import KEY_BYTES, key_of
from importers.notices import count_of
from importers.run import import_file
from importers.timetable import Resource, ResourceKind
from importers.weeks import USABLE, weeks
from storage.model import CalendarKind, Role, School, Source
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.make import AUGUST, SCHOOL, college, course, sample, settings, taught, uses

FILE = sample("college.xml")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@pytest.fixture
def village(store: Store) -> School:
    """The school of the sample college, with an account for everybody."""
    made = store.directory.create_school(SCHOOL, "Collège", "Europe/Paris")
    roles = {"teacher": Role.TEACHER, "pupil": Role.PUPIL, "staff": Role.STAFF}
    people = [
        NewPerson(f"p{number}", each.family, each.given, roles[each.kind], Source.CSV, each.birth_date)
        for number, each in enumerate(college().people())
    ]
    with store.writing(made.id) as tx:
        tx.principals.create_many(people)
    return made


def reason(data: bytes) -> str:
    with pytest.raises(ImportRefused) as refused:
        edt.parse(data)
    return refused.value.reason


@pytest.mark.parametrize("flood", [b"<!---->", b"<?a?>", b"<a/>"])
@pytest.mark.parametrize("place", [b"<Matieres>", b"<PlacesParJour>", b"<ExportEmploiDuTemps"])
def test_a_flood_of_comments_is_as_large_as_one_of_elements(
    flood: bytes, place: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edt, "ITEM_LIMIT", 500)
    at = FILE.index(place) + (0 if place.startswith(b"<Export") else len(place))
    flooded = FILE[:at] + flood * 600 + FILE[at:]
    if (flood, place) == (b"<a/>", b"<Matieres>"):
        # Items are dropped one by one.
        assert count_of(edt.parse(flooded).notices, "unknown", "Matieres/a") == 600
    elif (flood, place) == (b"<a/>", b"<ExportEmploiDuTemps"):
        assert reason(flooded) == "wrong-root"
    else:
        assert reason(flooded) == "too-large"


@pytest.mark.parametrize("flood", [b"<!---->", b"<?a?>", b"<a/>"])
def test_a_flood_of_comments_is_too_large_in_every_xml(flood: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_tree, "ELEMENT_LIMIT", 100)
    with pytest.raises(ImportRefused) as refused:
        xml_tree.tree(b"<TABLE>" + flood * 101 + b"</TABLE>")
    assert refused.value.reason == "too-large"
    with pytest.raises(ImportRefused) as refused:
        opened(f"<{container.ROOT}>".encode() + flood * 201 + f"</{container.ROOT}>".encode())
    assert refused.value.reason == "too-deep"


def test_a_comment_before_the_root_hides_no_format() -> None:
    assert xml_tree.root_name(b"<?xml version='1.0'?><!-- a --><?b?><TABLE/>") == "TABLE"


@pytest.mark.parametrize("inside", [b"", b"<CLES/>", b"<CLES><PARTENAIRE NOM='A'/></CLES>"])
def test_a_container_without_envelope_or_content_is_damaged_and_not_for_somebody_else(inside: bytes) -> None:
    with pytest.raises(ImportRefused) as refused:
        opened(f"<{container.ROOT}>".encode() + inside + f"</{container.ROOT}>".encode())
    assert refused.value.reason == "damaged"


def name_of(number: int) -> str:
    """Return a name that no compression makes shorter."""
    return "".join(LETTERS[(number * 7919 + at * at * 104729 + at) % 26] for at in range(14))


def meeting(teachers: int) -> bytes:
    """The sample with a meeting of many teachers and many groups of two classes."""
    people = "".join(f'<Professeur Ident="z{n}" Nom="{name_of(n)}" Prenom="A"/>' for n in range(teachers))
    groups = "".join(
        f'<Groupe Ident="z{n}" Nom="{name_of(n) * 5}"><Classe Ident="1"/><Classe Ident="2"/></Groupe>'
        for n in range(teachers // 4)
    )
    given = "".join(f'<Professeur Ident="z{n}" Semaines="254"/>' for n in range(teachers))
    given += "".join(f'<Groupe Ident="z{n}" Semaines="254"/>' for n in range(teachers // 4))
    slot = f'<Cours Jour="1" NumeroPlaceDebut="0" NombrePlaces="1"><Matiere Ident="1"/>{given}</Cours>'.encode()
    whole = FILE.replace(b"<Professeurs>", b"<Professeurs>" + people.encode(), 1)
    whole = whole.replace(b"<Groupes>", b"<Groupes>" + groups.encode(), 1)
    at = whole.rindex(b"</Cours>")
    return whole[:at] + slot + whole[at:]


@pytest.mark.parametrize("teachers", [130, 600])
def test_a_meeting_of_everybody_is_imported_and_its_keys_fit_every_index(
    store: Store, village: School, teachers: int
) -> None:
    made = import_file(store, village, meeting(teachers), AUGUST)
    again = import_file(store, village, meeting(teachers), AUGUST)
    assert made.counts.events_created > 7
    changes = again.counts.data().items()
    assert not {name: number for name, number in changes if number and name != "events_frozen"}
    other = meeting(teachers).replace(name_of(teachers - 1).encode() + b'" Prenom', b'NOUVEAU" Prenom')
    assert import_file(store, village, other, AUGUST).counts.events_updated == 7
    with store.reading(village.id) as tx:
        keys = [*tx.lessons.calendars(CalendarKind.LESSONS), *tx.lessons.calendars(CalendarKind.COURSE)]
    assert max(len(key.encode()) for key in keys) <= KEY_BYTES


@given(
    st.text(max_size=900),
    st.lists(st.text(max_size=300), max_size=40),
    st.lists(st.sampled_from([f"teacher:{name_of(n)}" for n in range(200)]), max_size=150),
)
def test_keys_are_short_readable_and_as_different_as_what_they_are_of(
    subject: str, tokens: list[str], adults: list[str]
) -> None:
    capped = naming._capped(subject, 300)
    key = key_of(capped, tokens, adults)
    assert len(key.encode()) <= max(KEY_BYTES, 2 * len(json.dumps(capped).encode()) + 1400)
    assert json.loads(key)[0] == capped
    assert services_of(key)
    assert key_of(capped, tokens, [*adults, "teacher:one more"]) != key
    if len(naming.joined(capped, tokens, adults).encode()) <= KEY_BYTES:
        assert key == naming.joined(capped, tokens, adults)


def test_an_identifier_too_long_to_be_pronotes_is_counted_and_not_learnt(store: Store, village: School) -> None:
    idpn = next(pupil.idpn for pupil in college().pupils if pupil.idpn)
    made = import_file(store, village, FILE.replace(idpn.encode(), b"Z" * 300), AUGUST)
    assert count_of(made.notices, "unknown", "Eleve@IDPN") == 1
    with store.reading(village.id) as tx:
        assert not any("Z" * 20 in value for value, _ in tx.principals.identities("idpn"))


YEAR = b'DateDebut="2026-09-01" DateFin="2027-08-31" DatePremierJourSemaine1="2026-08-31"'


@pytest.mark.parametrize(
    ("dates", "name"),
    [
        (("2027-09-01", "2026-08-31", "2026-08-31"), "DateFin"),
        (("2026-09-01", "2027-08-31", "2016-08-29"), "DatePremierJourSemaine1"),
        (("2026-09-01", "2027-08-31", "2027-09-06"), "DatePremierJourSemaine1"),
        (("2026-09-01", "2027-08-31", "2025-06-23"), "DatePremierJourSemaine1"),
        (("2026-09-01", "2027-08-31", "2025-06-30"), ""),
        (("2026-09-01", "2027-08-31", "2027-08-30"), ""),
        (("2026-09-01", "2026-09-01", "2026-08-31"), ""),
    ],
)
def test_a_year_back_to_front_or_without_any_of_its_weeks_is_refused(dates: tuple[str, str, str], name: str) -> None:
    assert YEAR in FILE
    told = 'DateDebut="{}" DateFin="{}" DatePremierJourSemaine1="{}"'.format(*dates).encode()
    data = FILE.replace(YEAR, told)
    if not name:
        assert edt.parse(data).courses
        return
    with pytest.raises(ImportRefused) as refused:
        edt.parse(data)
    assert (refused.value.reason, refused.value.data["name"]) == ("bad-value", name)


def test_a_stay_that_ends_before_it_begins_is_counted_and_no_stay() -> None:
    stay = b'<Classe Ident="1" DateEntree="2026-09-01" DateSortie="2027-08-31"/>'
    assert stay in FILE
    found = edt.parse(FILE.replace(stay, stay.replace(b"2027-08-31", b"2026-08-31"), 1))
    assert count_of(found.notices, "bad-date", "Classe@datesortie") == 1
    assert sum(len(each.classes) for each in found.pupils) == sum(len(each.classes) for each in college().pupils) - 1


@pytest.mark.parametrize(("starts", "ends"), [(time(2, 30), time(3, 15)), (time(2), time(3))])
def test_a_lesson_in_the_hour_that_the_clocks_skip_is_counted_and_left_out(starts: time, ends: time) -> None:
    every = tuple(range(1, 53))
    found = taught(course(*uses(teacher=("1", every), **{"class": ("1", every)}), day=7, starts=starts, ends=ends))
    assert len(found.sessions) == 51
    assert count_of(found.notices, "ends-before-start", "session") == 1
    assert all(each.ends.timestamp() > each.starts.timestamp() for each in found.sessions)


@given(st.lists(st.integers(0, USABLE), max_size=12), st.integers(0, USABLE))
def test_the_resources_of_a_week_are_those_whose_mask_has_it(masks: list[int], cancelled: int) -> None:
    resources = tuple(Resource(ResourceKind.TEACHER, str(n), mask) for n, mask in enumerate(masks))
    slot = course(*resources, cancelled=cancelled)
    found: dict[int, tuple[Resource, ...]] = {}
    for mask, active, _status in sessions._blocks(slot, settings()):
        found |= dict.fromkeys(weeks(mask), active)
    there = {week: tuple(each for each in resources if each.mask >> week & 1) for week in weeks(USABLE & ~cancelled)}
    assert found == {week: active for week, active in there.items() if active}
