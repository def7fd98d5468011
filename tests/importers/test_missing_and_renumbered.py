"""A file that lacks people and whose Pronote identifiers were given anew: nobody is taken for somebody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importers.errors import ImportRefused
from importers.notices import count_of
from importers.run import AUTOMATIC, Options, import_file
from importers.sample import SampleSchool, write_xml
from storage.model import Role, School, Source
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.conftest import AUTUMN, imported
from tests.importers.test_half_a_school import seen


def siblings(sample: SampleSchool) -> SampleSchool:
    """Pupils two by two have one family name, and no dates of birth."""
    pupils = tuple(
        replace(pupil, birth=None, ine="", family=sample.pupils[n - n % 2].family, given=f"{pupil.given} {n}")
        for n, pupil in enumerate(sample.pupils)
    )
    return replace(sample, pupils=pupils)


def lacking(sample: SampleSchool, swapped: int) -> SampleSchool:
    """A third of the pupils is left, and the first of them bear their siblings' identifiers."""
    left = sample.pupils[: len(sample.pupils) // 6 * 2]
    pupils = tuple(replace(pupil, idpn=left[n ^ 1].idpn) if n < 2 * swapped else pupil for n, pupil in enumerate(left))
    return replace(sample, pupils=pupils)


@pytest.fixture
def pairs(sample: SampleSchool) -> SampleSchool:
    return siblings(sample)


@pytest.fixture
def family_school(store: Store, pairs: SampleSchool) -> School:
    """A school of siblings, whose timetable was imported."""
    made = store.directory.create_school("0990001X", "Collège d'essai", "Europe/Paris")
    people = [
        NewPerson(f"p{n}", each.family, each.given, Role.PUPIL, Source.CSV, None, each.family)
        for n, each in enumerate(pairs.pupils)
    ]
    with store.writing(made.id) as tx:
        tx.principals.create_many(people)
    imported(store, made, pairs)
    return made


@pytest.mark.req("R77")
@pytest.mark.parametrize("options", [Options(force=True), Options(kind=AUTOMATIC, accepted=True)])
def test_a_file_that_lacks_people_and_gives_identifiers_anew_is_not_let_through(store, family_school, pairs, options):
    before = seen(store, family_school)
    data = write_xml(lacking(pairs, swapped=15), "2.0")
    with pytest.raises(ImportRefused) as refused:
        import_file(store, family_school, data, AUTUMN, options)
    assert refused.value.reason == "idpn-regenerated"
    assert seen(store, family_school) == before


@pytest.mark.req("R77")
def test_an_identifier_that_leads_to_a_sibling_is_dropped_where_people_are_missing(store, family_school, pairs):
    file = lacking(pairs, swapped=1)
    data = write_xml(file, "2.0")
    with pytest.raises(ImportRefused, match="people-missing"):
        import_file(store, family_school, data, AUTUMN)
    import_file(store, family_school, data, AUTUMN, Options(force=True))
    logins = {pupil.idpn: f"p{n}" for n, pupil in enumerate(file.pupils)}
    with store.reading(family_school.id) as tx:
        people = {person.id: person.login for person in tx.principals.people()}
        latest = {value: people[number] for value, number in tx.principals.last_identities("idpn")}
    assert {value: latest.get(value) for value in logins} == logins


def renumbered(sample: SampleSchool, every: int) -> SampleSchool:
    """All identifiers are new, and of so many people one is missing."""
    pupils = tuple(replace(each, idpn=f"NEW{n:013}") for n, each in enumerate(sample.pupils) if n % every)
    teachers = tuple(replace(each, idpn=f"TEW{n:013}") for n, each in enumerate(sample.teachers) if n % every)
    return replace(sample, pupils=pupils, teachers=teachers)


@pytest.mark.req("R77")
def test_new_identifiers_are_no_leave_for_a_file_that_lacks_half_the_school(store, school, sample):
    imported(store, school, sample)
    before = seen(store, school)
    data = write_xml(renumbered(sample, 2), "2.0")
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, data, AUTUMN)
    assert refused.value.reason in ("idpn-regenerated", "people-missing")
    foretold = import_file(store, school, data, AUTUMN, Options(new_identifiers=True, dry_run=True))
    assert count_of(foretold.notices, "people-missing") > 0
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, data, AUTUMN, Options(new_identifiers=True))
    assert refused.value.reason == "people-missing"
    assert seen(store, school) == before
    made = import_file(store, school, data, AUTUMN, Options(new_identifiers=True, force=True))
    assert made.counts.memberships_deleted > 0


@pytest.mark.req("R77")
def test_new_identifiers_with_few_people_gone_need_no_force(store, school, sample):
    imported(store, school, sample)
    data = write_xml(renumbered(sample, 20), "2.0")
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, data, AUTUMN)
    assert refused.value.reason == "idpn-regenerated"
    made = import_file(store, school, data, AUTUMN, Options(new_identifiers=True))
    assert count_of(made.notices, "people-missing") == 0
