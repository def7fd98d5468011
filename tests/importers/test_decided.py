"""Decisions about who is who: remembered, found again in the next export, never overruled by likeness."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.decided import decided, decision, suggestions
from importers.reconcile import Account, Reason, reconcile
from importers.timetable import Person, PersonKind
from storage.decisions import MATCH, REFUSE

BIRTH = date(2012, 2, 28)
PUPIL = Person(kind=PersonKind.PUPIL, ident="1", family="PETIT", given="Aïcha", birth_date=BIRTH, idpn="ID1")


def account(number=1, role="pupil", family="Petit", given="Aicha", birth=BIRTH, **more) -> Account:
    return Account(id=number, role=role, family_names=(family,), given=given, birth_date=birth, **more)


def outcome(people, accounts, *decisions):
    return reconcile(people, accounts, decided(people, decisions))


@pytest.mark.req("R160")
def test_somebody_glued_to_an_account_stays_so_in_the_next_export():
    other = account(7, family="Grand", given="Zoé", birth=None)
    glued = decision(PUPIL, 7, MATCH)
    later = replace(PUPIL, ident="99", family="PETIT-ROY")
    for person in (PUPIL, later):
        assert outcome([person], [account(1), other], glued).matched[person.ref].account == 7


@pytest.mark.req("R160", "R77")
def test_a_decision_outlives_regenerated_identifiers_by_names_and_birth_date():
    glued = decision(PUPIL, 7, MATCH)
    renumbered = replace(PUPIL, idpn="NEW")
    assert outcome([renumbered], [account(7, family="Grand")], glued).matched[PUPIL.ref].reason is Reason.DECIDED


def test_a_homonym_is_not_taken_for_the_one_decided_upon():
    glued = decision(PUPIL, 7, MATCH)
    homonym = replace(PUPIL, ident="2", idpn="ID2")
    found = outcome([PUPIL, homonym], [account(7)], glued)
    assert found.matched[PUPIL.ref].account == 7
    assert homonym.ref not in found.matched
    assert not outcome([replace(PUPIL, idpn=""), replace(homonym, idpn="")], [account(7, family="X")], glued).matched


@pytest.mark.req("R160")
@pytest.mark.parametrize("evidence", [{}, {"idpns": frozenset({"ID1"})}, {"siecle": frozenset({"S1"})}])
def test_a_refused_account_is_never_matched_again_whatever_speaks_for_it(evidence):
    person = replace(PUPIL, idsconet="S1")
    found = outcome([person], [account(1, **evidence)], decision(person, 1, REFUSE))
    assert not found.matched
    assert [doubt.reason for doubt in found.unmatched] == [Reason.REFUSED]


def test_refusing_one_homonym_does_not_make_the_other_a_guess():
    person = replace(PUPIL, birth_date=None, idpn="")
    found = outcome([person], [account(1, birth=None), account(2, birth=None)], decision(person, 1, REFUSE))
    assert not found.matched
    assert [doubt.candidates for doubt in found.ambiguous] == [(2,)]


@pytest.mark.parametrize(
    ("told", "known", "reason"),
    [
        ({"idcas": "a.p"}, {"external_ids": frozenset({"a.p"})}, Reason.EXTERNAL_ID),
        ({"idpn": "ID9"}, {"idpns": frozenset({"ID9"})}, Reason.IDPN),
        ({"idsconet": "12"}, {"siecle": frozenset({"12"})}, Reason.SIECLE),
        ({"ine": "0123a"}, {"siecle": frozenset({"0123A"})}, Reason.SIECLE),
    ],
)
@pytest.mark.req("R153")
def test_each_identifier_is_evidence_in_its_turn(told, known, reason):
    bare = replace(PUPIL, birth_date=None, **({"idpn": ""} | told))
    found = outcome([bare], [account(1, birth=None, **known), account(2, birth=None)])
    assert (found.matched[bare.ref].account, found.matched[bare.ref].reason) == (1, reason)


def test_the_number_of_sts_finds_a_teacher():
    teacher = Person(kind=PersonKind.TEACHER, ident="1", family="NDIAYE", given="Awa", idsts="77")
    known = [
        account(n, role="teacher", family="Ndiaye", given="Awa", birth=None, sts=frozenset({str(76 + n)}))
        for n in (1, 2)
    ]
    assert outcome([teacher], known).matched[teacher.ref].account == 1


def test_a_further_given_name_serves_with_the_birth_date():
    known = account(1, given="Fatou", other_given=("Aïcha", "Marie"))
    assert outcome([replace(PUPIL, idpn="")], [known]).matched[PUPIL.ref].reason is Reason.NAMES_BIRTH
    assert not outcome([replace(PUPIL, idpn="")], [replace(known, birth_date=None)]).matched


@pytest.mark.req("R157", "R158")
def test_a_misspelt_name_is_suggested_and_not_matched():
    person = replace(PUPIL, family="PETTIT", idpn="")
    known = [account(1), account(2, family="Martin", given="Léo")]
    found = outcome([person], known)
    assert not found.matched
    assert [each.account for each in suggestions(found, known, decided([person], ()))] == [1]
    refusal = (decision(person, 1, REFUSE),)
    assert not suggestions(outcome([person], known, *refusal), known, decided([person], refusal))


NAMES = st.sampled_from(["Petit", "Grand", "Le Roy"])
GIVEN = st.sampled_from(["Léa", "Lea-Marie", "Tom"])
BIRTHS = st.sampled_from([None, BIRTH, date(2011, 5, 6)])
KEYS = st.sampled_from(["", "A", "B", "C"])
PEOPLE = st.lists(
    st.builds(
        lambda family, given_name, birth, idpn, ine: Person(
            kind=PersonKind.PUPIL, ident="", family=family, given=given_name, birth_date=birth, idpn=idpn, ine=ine
        ),
        NAMES,
        GIVEN,
        BIRTHS,
        KEYS,
        KEYS,
    ),
    max_size=8,
).map(lambda people: [replace(each, ident=str(number)) for number, each in enumerate(people)])
ACCOUNTS = st.lists(
    st.builds(
        lambda family, given_name, birth, idpn, ine: account(
            0,
            family=family,
            given=given_name,
            birth=birth,
            idpns=frozenset(filter(None, [idpn])),
            siecle=frozenset(filter(None, [ine])),
        ),
        NAMES,
        GIVEN,
        BIRTHS,
        KEYS,
        KEYS,
    ),
    max_size=8,
).map(lambda made: [replace(each, id=number) for number, each in enumerate(made)])
DECISIONS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.sampled_from([MATCH, REFUSE])), max_size=6)


@given(PEOPLE, ACCOUNTS, DECISIONS)
def test_no_account_is_given_twice_and_no_refusal_is_overruled(people, accounts, wanted):
    decisions = [decision(people[person], number, what) for person, number, what in wanted if person < len(people)]
    made = decided(people, decisions)
    found = reconcile(people, accounts, made)
    given_out = [match.account for match in found.matched.values()]
    assert len(given_out) == len(set(given_out))
    refused = {(ref, number) for ref, numbers in made.refused.items() for number in numbers}
    by_likeness = {(ref, m.account) for ref, m in found.matched.items() if m.reason is not Reason.DECIDED}
    assert not by_likeness & refused
    assert len(found.matched) + len(found.unmatched) + len(found.ambiguous) == len(people)


@given(PEOPLE, ACCOUNTS)
def test_homonyms_that_only_names_could_tell_apart_are_never_guessed(people, accounts):
    found = reconcile(people, accounts)
    by_ref = {person.ref: person for person in people}
    for ref, match in found.matched.items():
        if match.reason is Reason.NAMES:
            named = [
                a
                for a in accounts
                if a.family_names == accounts[match.account].family_names and a.given == accounts[match.account].given
            ]
            assert len(named) == 1, by_ref[ref]
