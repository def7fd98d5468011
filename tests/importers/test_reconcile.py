"""Who is who: identifiers, names, birth dates, homonyms, regenerated Pronote identifiers."""

from dataclasses import replace
from datetime import date

import pytest

from importers.reconcile import Account, Decided, Reason, idpn_regenerated, reconcile
from importers.timetable import Person, PersonKind

BIRTH, OTHER_BIRTH = date(2012, 2, 28), date(2012, 7, 14)
PUPIL = Person(kind=PersonKind.PUPIL, ident="1", family="PETIT-LEFÈVRE", given="Aïcha", birth_date=BIRTH, idpn="ID1")
TEACHER = Person(kind=PersonKind.TEACHER, ident="1", family="N'DIAYE", given="Awa")


def account(number=1, role="pupil", family="Petit Lefevre", given="Aicha", birth=BIRTH, **more) -> Account:
    return Account(id=number, role=role, family_names=(family,), given=given, birth_date=birth, **more)


def verdict(person, *accounts):
    """Return the reason and the account of the match, or the reason and None."""
    found = reconcile([person], accounts)
    if match := found.matched.get(person.ref):
        return match.reason, match.account
    (doubt,) = (*found.unmatched, *found.ambiguous)
    return doubt.reason, None


@pytest.mark.req("R154")
def test_a_pupil_is_found_by_folded_names_and_birth_date():
    assert verdict(PUPIL, account(7), account(8, birth=OTHER_BIRTH)) == (Reason.NAMES_BIRTH, 7)


def test_a_birth_name_serves_as_well_as_the_usual_one():
    known = replace(account(7), family_names=("Roy", "PETIT LEFEVRE"))
    assert verdict(PUPIL, known) == (Reason.NAMES_BIRTH, 7)


def test_a_shortened_first_name_needs_the_birth_date():
    assert verdict(PUPIL, account(7, given="Aïcha Marie")) == (Reason.NAMES_BIRTH, 7)
    assert verdict(PUPIL, account(7, given="Aïcha Marie", birth=None)) == (Reason.UNKNOWN, None)


def test_another_birth_date_is_another_person():
    assert verdict(PUPIL, account(birth=OTHER_BIRTH)) == (Reason.BIRTH_DIFFERS, None)


def test_a_missing_birth_date_does_not_matter_while_the_names_are_unique():
    assert verdict(PUPIL, account(7, birth=None)) == (Reason.NAMES, 7)
    assert verdict(replace(PUPIL, birth_date=None), account(7)) == (Reason.NAMES, 7)


def test_homonyms_without_birth_date_are_never_guessed():
    nameless = replace(PUPIL, birth_date=None, idpn="")
    assert verdict(nameless, account(1), account(2, birth=OTHER_BIRTH)) == (Reason.HOMONYMS, None)
    assert verdict(PUPIL, account(1, birth=None), account(2, birth=OTHER_BIRTH)) == (Reason.HOMONYMS, None)


def test_homonyms_with_one_birth_date_are_never_guessed():
    assert verdict(PUPIL, account(1), account(2)) == (Reason.HOMONYMS, None)


@pytest.mark.req("R76")
def test_a_known_pronote_identifier_finds_an_account_whose_name_changed_in_part():
    married = account(7, family="Durand", idpns=frozenset({"ID1"}))
    assert verdict(PUPIL, married) == (Reason.IDPN, 7)


def test_a_pronote_identifier_contradicted_by_both_names_is_set_aside():
    stranger = account(7, family="Durand", given="Zoé", idpns=frozenset({"ID1"}))
    assert verdict(PUPIL, stranger) == (Reason.UNKNOWN, None)
    assert verdict(PUPIL, stranger, account(8)) == (Reason.NAMES_BIRTH, 8)


def test_an_identifier_on_two_accounts_or_two_people_is_set_aside():
    ids = frozenset({"ID1"})
    assert verdict(PUPIL, account(1, family="Petit", idpns=ids), account(2, family="Lefevre", idpns=ids))[1] is None
    twin = replace(PUPIL, ident="2", given="Inès")
    found = reconcile([PUPIL, twin], [account(1, given="Aïcha", family="Autre", idpns=ids)])
    assert not found.matched


def test_an_identifier_that_disagrees_with_names_and_birth_date_is_a_conflict():
    sister = account(7, given="Inès", idpns=frozenset({"ID1"}))
    assert verdict(PUPIL, sister, account(8)) == (Reason.CONFLICT, None)


@pytest.mark.req("R153")
def test_an_identifier_both_systems_know_comes_first():
    known = account(7, birth=None, external_ids=frozenset({"aicha.pl"}))
    assert verdict(replace(PUPIL, idcas="aicha.pl", idpn=""), known, account(8, birth=None)) == (Reason.EXTERNAL_ID, 7)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [(["teacher"], (Reason.NAMES, 1)), (["staff"], (Reason.NAMES, 1)), (["staff", "teacher"], (Reason.NAMES, 2))],
)
def test_a_teacher_is_found_among_teachers_then_among_staff(roles, expected):
    known = [account(n, role=role, family="Ndiaye", given="AWA", birth=None) for n, role in enumerate(roles, 1)]
    assert verdict(TEACHER, *known) == expected


def test_a_teacher_is_never_taken_for_a_pupil_of_the_same_name():
    assert verdict(TEACHER, account(1, family="Ndiaye", given="Awa")) == (Reason.UNKNOWN, None)


def test_two_homonymous_teachers_are_never_guessed():
    known = [account(n, role="teacher", family="Ndiaye", given="Awa", birth=None) for n in (1, 2)]
    assert verdict(TEACHER, *known) == (Reason.HOMONYMS, None)


def test_two_people_for_one_account_are_both_in_doubt_unless_one_has_proof():
    nameless = replace(PUPIL, ident="2", birth_date=None, idpn="")
    found = reconcile([replace(nameless, ident="3"), nameless], [account(7)])
    assert [doubt.reason for doubt in found.ambiguous] == [Reason.SHARED, Reason.SHARED]
    found = reconcile([PUPIL, nameless], [account(7)])
    assert found.matched[PUPIL.ref].account == 7
    assert [doubt.person for doubt in found.ambiguous] == [nameless]


@pytest.mark.req("R194")
def test_people_without_account_are_listed():
    found = reconcile([PUPIL, TEACHER], [account(1)])
    assert [doubt.person.name for doubt in found.unmatched] == ["N'DIAYE Awa"]


def test_an_empty_name_matches_nobody():
    assert verdict(replace(TEACHER, family="", given=""), account(1, role="teacher", family="", given="")) == (
        Reason.UNKNOWN,
        None,
    )


@pytest.mark.req("R76", "R153", "R154")
def test_the_surest_identifier_there_is_decides():
    """Each points to another account; taken away one after the other, the next one counts, and names in the end."""
    known = [
        account(1, given="Anne", birth=None, external_ids=frozenset({"cas"})),
        account(2, given="Barbe", birth=None, idpns=frozenset({"PN"})),
        account(3, given="Claire", birth=None, siecle=frozenset({"77"})),
        account(4, given="Dora", birth=None, sts=frozenset({"88"})),
        account(5, birth=None),
    ]
    with_all = replace(PUPIL, birth_date=None, idcas="cas", idpn="PN", idsconet="77", idsts="88")
    without_cas = replace(with_all, idcas="")
    without_idpn = replace(without_cas, idpn="")
    without_siecle = replace(without_idpn, idsconet="")
    ever_less = (with_all, without_cas, without_idpn, without_siecle, replace(without_siecle, idsts=""))
    assert [verdict(person, *known) for person in ever_less] == [
        (Reason.EXTERNAL_ID, 1),
        (Reason.IDPN, 2),
        (Reason.SIECLE, 3),
        (Reason.STS, 4),
        (Reason.NAMES, 5),
    ]


def test_a_number_of_one_system_does_not_stand_in_the_way_of_anothers():
    pupil, teacher = replace(PUPIL, idpn="", idsconet="4711"), replace(TEACHER, idpn="", idsts="4711")
    known = [
        account(1, given="Léa", birth=None, siecle=frozenset({"4711"})),
        account(2, role="teacher", family=TEACHER.family, given="Zoé", birth=None, sts=frozenset({"4711"})),
    ]
    found = reconcile([pupil, teacher], known).matched
    assert [(found[each.ref].reason, found[each.ref].account) for each in (pupil, teacher)] == [
        (Reason.SIECLE, 1),
        (Reason.STS, 2),
    ]


def people(count, regenerated):
    return [replace(PUPIL, ident=str(n), idpn=f"{'N' if n < regenerated else 'O'}{n}") for n in range(count)]


@pytest.mark.req("R77")
@pytest.mark.parametrize(("regenerated", "stops"), [(0, False), (2, False), (3, True), (10, True)])
def test_more_than_a_fifth_of_known_identifiers_vanished_stops_the_run(regenerated, stops):
    known = [account(n, idpns=frozenset({f"O{n}"})) for n in range(10)]
    check = idpn_regenerated(people(10, regenerated), known)
    assert (check.idpn_vanished_ratio, check.regenerated) == (regenerated / 10, stops)


def test_old_identifiers_kept_beside_a_present_one_do_not_count_as_vanished():
    known = [account(n, idpns=frozenset({f"O{n}", "ANCIENT"})) for n in range(4)]
    assert idpn_regenerated(people(4, 0), known).vanished == 0
    assert not idpn_regenerated(people(4, 0), []).regenerated


@pytest.mark.req("R77")
@pytest.mark.parametrize(
    ("given", "birth", "missing"),
    [("Aïcha", None, False), ("Aïcha Marie", BIRTH, False), ("Léa", BIRTH, True), ("Aïcha Marie", None, True)],
)
def test_only_whom_nothing_but_the_identifier_would_have_recognised_is_missing(given, birth, missing):
    known = [account(n, "pupil", f"N{chr(97 + n)}", given, birth, idpns=frozenset({f"O{n}"})) for n in range(10)]
    read = [replace(PUPIL, ident=str(n), family=f"N{chr(97 + n)}", idpn=f"N{n}") for n in range(10)]
    check = idpn_regenerated(read, known)
    assert (check.regenerated, check.vanished, check.missing) == (True, 10, missing)


@pytest.mark.req("R77")
def test_renumbered_homonyms_are_not_missing():
    known = [account(n, birth=None, idpns=frozenset({f"O{n}"})) for n in range(4)]
    assert idpn_regenerated(people(4, 4), known).absent == 0


@pytest.mark.req("R77", "R160")
def test_whom_a_hand_matched_is_not_missing():
    known = [account(n, given="Zoé", idpns=frozenset({f"O{n}"})) for n in range(4)]
    read = people(4, 4)
    by_hand = Decided({person.ref: n for n, person in enumerate(read)})
    assert idpn_regenerated(read, known).missing
    assert not idpn_regenerated(read, known, decided=by_hand).missing
