"""Bringing accounts in line with a people file."""

from __future__ import annotations

from datetime import date

import pytest

from importers import people as people_file
from server import people
from storage.model import Principal, Role, Source
from storage.principals import NewPerson
from storage.store import Store

HEADER = "Login;Type;Nom;Nom de naissance;Prénom;Date de naissance;Classe;Email;Identifiant\n"
PAULINE = "pauline;élève;Durand;;Pauline;01/02/2013;6A;pauline@ecole.example;E1\n"
MARC = ";enseignant;Petit;;Marc;;;;P7\n"


def planned(store: Store, *rows: str) -> people.PeoplePlan:
    parsed = people_file.parse((HEADER + "".join(rows)).encode())
    with store.reading(1) as tx:
        return people.plan(parsed, people.existing(tx))


def imported(store: Store, *rows: str) -> people.PeoplePlan:
    proposal = planned(store, *rows)
    with store.writing(1) as tx:
        people.apply(tx, proposal, {})
    return proposal


def found(store: Store, login: str) -> Principal:
    account = store.directory.account(login)
    assert account is not None
    return account.principal


@pytest.mark.req("R80", "R81")
def test_new_people_get_accounts_that_remember_their_source(store: Store) -> None:
    imported(store, PAULINE, MARC)
    pauline, marc = found(store, "pauline"), found(store, "marc.petit")
    assert (pauline.role, pauline.source, pauline.birth) == (Role.PUPIL, Source.CSV, date(2013, 2, 1))
    assert (pauline.name, pauline.email) == ("Pauline Durand", "pauline@ecole.example")
    assert (marc.role, marc.source) == (Role.TEACHER, Source.CSV)


def test_the_same_file_again_changes_nothing(store: Store) -> None:
    imported(store, PAULINE, MARC)
    again = planned(store, PAULINE, MARC)
    assert (again.create, again.update, len(again.unchanged), again.errors) == ((), (), 2, ())


def test_what_changed_in_the_file_changes_in_the_account(store: Store) -> None:
    imported(store, PAULINE)
    before = found(store, "pauline")
    proposal = imported(store, PAULINE.replace("Durand", "Durand-Roy").replace("pauline@", "p.durand@"))
    after = found(store, "pauline")
    assert [set(update.fields) for update in proposal.update] == [{"family", "email"}]
    assert (after.id, after.name, after.email) == (before.id, "Pauline Durand-Roy", "p.durand@ecole.example")


def test_somebody_whose_login_changed_in_the_file_keeps_their_account(store: Store) -> None:
    imported(store, PAULINE)
    proposal = planned(store, PAULINE.replace("pauline;", "pauline.d;"))
    assert (proposal.create, len(proposal.unchanged)) == ((), 1)


def test_an_account_made_by_hand_is_left_alone_and_told(store: Store) -> None:
    proposal = imported(store, PAULINE.replace("pauline;", "paul;"))
    assert [(error.line, error.code, error.value) for error in proposal.errors] == [(2, "manual-account", "paul")]
    assert found(store, "paul").source is Source.MANUAL
    assert found(store, "paul").given == "X"


def test_homonyms_get_logins_of_their_own(store: Store) -> None:
    imported(store, MARC, MARC.replace("P7", "P8"))
    assert found(store, "marc.petit").id != found(store, "marc.petit2").id


def test_somebody_without_login_nor_key_is_found_again_by_names_and_birth(store: Store) -> None:
    row = ";élève;Petit;;Léa;03/04/2012;6A;;\n"
    imported(store, row)
    assert len(planned(store, row).unchanged) == 1
    assert len(planned(store, row.replace("03/04", "04/04")).create) == 1


def test_bad_rows_are_told_and_the_others_imported(store: Store) -> None:
    proposal = imported(store, PAULINE.replace("01/02/2013", "31/02/2013"), MARC)
    assert [(error.line, error.code) for error in proposal.errors] == [(2, "bad-date")]
    assert len(proposal.create) == 1


def test_a_married_name_is_shown_and_the_birth_name_kept(store: Store) -> None:
    imported(store, "claire;enseignant;Martin;Leroy;Claire;;;;P9\n")
    claire = found(store, "claire")
    assert (claire.name, claire.family, claire.usual) == ("Claire Martin", "Leroy", "Martin")


def test_a_new_account_may_have_the_login_of_nobody_else(store: Store) -> None:
    with store.writing(1) as tx:
        tx.principals.create(NewPerson("marc.petit", "Petit", "Marc", Role.STAFF))
    imported(store, MARC)
    assert found(store, "marc.petit2").source is Source.CSV
