"""Bringing accounts in line with a people file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from importers import people as people_file
from importers.people import PersonRecord
from server import people
from server.matching import Existing
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


JEAN = "jean;élève;Dupont;;Jean;01/02/2011;;;{key}\n"
JEANNE = "jean;élève;Dupont;;Jeanne;09/09/2014;;;{key}\n"


def told(proposal: people.PeoplePlan) -> list[tuple[int, str, str]]:
    return [(error.line, error.code, error.value) for error in proposal.errors]


@pytest.mark.parametrize(("before", "after"), [("1", "2"), ("1", ""), ("", "2"), ("", "")])
def test_nobody_is_handed_the_account_of_somebody_else_by_login(store: Store, before: str, after: str) -> None:
    imported(store, JEAN.format(key=before))
    jean = found(store, "jean")
    proposal = imported(store, JEANNE.format(key=after))
    assert told(proposal) == [(2, "login-taken", "jean")]
    assert (proposal.create, found(store, "jean")) == ((), jean)


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_rows_decides_nothing(store: Store, turned: bool) -> None:
    imported(store, "lou;élève;Martin;;Lou;;;;1\n")
    rows = ["lou;élève;Bernard;;Ana;;;;2\n", "lou.martin;élève;Martin;;Lou;;;;1\n"]
    proposal = imported(store, *(reversed(rows) if turned else rows))
    assert [code for _, code, _ in told(proposal)] == ["login-taken"]
    assert [each.login for each in proposal.unchanged] == ["lou"]
    assert found(store, "lou").name == "Lou Martin"


def test_no_account_is_given_to_two_rows(store: Store) -> None:
    imported(store, JEAN.format(key="1"))
    proposal = planned(store, JEAN.format(key=""), JEAN.format(key="1").replace("jean;", ";"))
    assert (told(proposal), len(proposal.unchanged)) == ([(2, "login-taken", "jean")], 1)


def test_people_who_swap_logins_keep_their_accounts(store: Store) -> None:
    lou, ana = "{};élève;Martin;;Lou;01/01/2012;;;\n", "{};élève;Bernard;;Ana;02/02/2013;;;\n"
    imported(store, lou.format("lou"), ana.format("ana"))
    proposal = imported(store, lou.format("ana"), ana.format("lou"))
    assert (proposal.create, proposal.update, proposal.errors) == ((), (), ())


@pytest.mark.parametrize("birth", ["01/02/2011", ""])
@pytest.mark.parametrize("login", ["jean", ""])
def test_people_keep_their_accounts_when_the_file_gains_keys_and_when_it_loses_them(
    store: Store, birth: str, login: str
) -> None:
    row = login + ";élève;Dupont;;Jean;" + birth + ";;{email};{key}\n"
    imported(store, row.format(key="", email=""))
    gained = imported(store, row.format(key="7", email=""))
    assert [(dict(each.fields), gained.create) for each in gained.update] == [({"external_id": "7"}, ())]
    lost = imported(store, row.format(key="", email="j@ecole.example"))
    assert [(dict(each.fields), lost.create) for each in lost.update] == [({"email": "j@ecole.example"}, ())]


@pytest.mark.parametrize(("before", "after"), [("", "01/02/2011"), ("01/02/2011", "")])
def test_a_birth_date_is_learnt_and_not_forgotten(store: Store, before: str, after: str) -> None:
    row = ";élève;Dupont;;Jean;{};;;\n"
    imported(store, row.format(before))
    assert imported(store, row.format(after)).create == ()
    assert found(store, "jean.dupont").birth == date(2011, 2, 1)


def test_homonyms_without_key_are_told_and_not_guessed(store: Store) -> None:
    row = ";élève;Dupont;;Jean;;{};;\n"
    assert len(imported(store, row.format("6A"), row.format("6B")).create) == 2
    again = imported(store, row.format("6B"))
    assert (told(again), again.create, again.update) == ([(2, "ambiguous", "Jean Dupont")], (), ())


def test_a_homonym_in_another_school_has_a_login_of_their_own(store: Store) -> None:
    other = store.directory.create_school("0990002Y", "Lycée", "Europe/Paris")
    with store.writing(other.id) as tx:
        tx.principals.create(NewPerson("marc.petit", "Petit", "Marc", Role.TEACHER))
        tx.principals.create(NewPerson("pauline", "Durand", "Pauline", Role.PUPIL))
    proposal = imported(store, MARC, PAULINE)
    assert told(proposal) == [(3, "login-taken", "pauline")]
    assert [new.login for new in proposal.create] == ["marc.petit2"]


def test_a_login_made_up_is_never_one_that_another_row_asks_for(store: Store) -> None:
    proposal = imported(store, MARC, "marc.petit;enseignant;Petit;;Marcel;;;;P9\n")
    assert [(new.login, new.external_id) for new in proposal.create] == [("marc.petit2", "P7"), ("marc.petit", "P9")]


@pytest.mark.parametrize("login", ["x" * 65, "-a", ".."])
def test_a_row_whose_login_cannot_be_one_is_told(store: Store, login: str) -> None:
    proposal = imported(store, MARC, f"{login};enseignant;Grand;;Zoé;;;;P9\n")
    assert [(line, code) for line, code, _ in told(proposal)] == [(3, "formula" if login == "-a" else "bad-login")]
    assert len(proposal.create) == 1


@dataclass
class Simulated:
    """Accounts without a database: a manual one, and a login of another school."""

    accounts: dict[int, Principal] = field(
        default_factory=lambda: {1: Principal(1, 1, "hand", "H", Role.PUPIL, Source.MANUAL, family="A", given="X")}
    )
    keys: dict[int, str] = field(default_factory=dict)

    def run(self, rows: tuple[PersonRecord, ...]) -> people.PeoplePlan:
        file = people_file.PeopleFile(rows, (), "utf-8", ";", ())
        known = Existing(tuple(self.accounts.values()), dict(self.keys), frozenset({"far", "x.a"}))
        proposal = people.plan(file, known)
        for change in proposal.update:
            fields = dict(change.fields)
            key = fields.pop("external_id", "")
            if key:
                self.keys[change.principal.id] = key
            self.accounts[change.principal.id] = replace(change.principal, **fields)
        for new in proposal.create:
            number = len(self.accounts) + 1
            names = {"family": new.family, "usual": new.usual, "given": new.given, "birth": new.birth}
            made = Principal(number, 1, new.login, new.name, new.role, new.source, new.email)
            self.accounts[number] = replace(made, **names)  # type: ignore[arg-type]
            if new.external_id:
                self.keys[number] = new.external_id
        return proposal


ROWS = st.builds(
    PersonRecord,
    line=st.just(0),
    role=st.just(people_file.Role.PUPIL),
    family=st.sampled_from("AB"),
    given=st.sampled_from("XY"),
    birth_family=st.sampled_from(["", "C"]),
    birth_date=st.sampled_from([None, date(2011, 1, 1), date(2012, 2, 2)]),
    external_id=st.sampled_from(["", "1", "2", "3"]),
    login=st.sampled_from(["", "u", "v", "hand", "far", "x.b"]),
    email=st.sampled_from(["", "e@ecole.example"]),
)


def readable(rows: list[PersonRecord]) -> tuple[PersonRecord, ...]:
    """Return the rows that the reader lets through: no key nor login twice."""
    kept: list[PersonRecord] = []
    for line, row in enumerate(rows, start=2):
        said = {row.external_id, row.login} - {""}
        if not any(said & {other.external_id, other.login} for other in kept):
            kept.append(replace(row, line=line))
    return tuple(kept)


def identity(person: Principal) -> tuple[object, ...]:
    return person.role, person.family, person.usual, person.given, person.birth


def row(family: str, given: str = "X", key: str = "", **also: Any) -> PersonRecord:
    return PersonRecord(line=0, role=people_file.Role.PUPIL, family=family, given=given, external_id=key, **also)


HOMONYM_RENAMED_BY_KEY = [
    readable([row("B"), row("B", key="1")]),
    readable([row("A", key="1"), row("B", birth_date=date(2011, 1, 1))]),
]
HOMONYM_RENAMED_BY_BIRTH_NAME = [
    readable([row("C", birth_date=date(2011, 1, 1)), row("C")]),
    readable([row("A", birth_family="C", birth_date=date(2011, 1, 1)), row("C", birth_date=date(2012, 2, 2))]),
]
RIVAL_WITHOUT_LOGIN = [
    readable([row("A", "Y", birth_date=date(2011, 1, 1))]),
    readable(
        [
            row("A", "Y", key="1", birth_date=date(2011, 1, 1), login="hand"),
            row("A", "Y", key="2", birth_date=date(2011, 1, 1)),
        ]
    ),
]


@example(RIVAL_WITHOUT_LOGIN)
@example(HOMONYM_RENAMED_BY_KEY)
@example(HOMONYM_RENAMED_BY_BIRTH_NAME)
@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(ROWS, max_size=6).map(readable), max_size=4))
def test_no_account_ever_becomes_somebody_else_whatever_files_come(files: list[tuple[PersonRecord, ...]]) -> None:
    school = Simulated()
    for rows in files:
        people_before, keys_before = dict(school.accounts), dict(school.keys)
        proposal = school.run(rows)
        touched = [each.principal.id for each in proposal.update] + [each.id for each in proposal.unchanged]
        assert len(touched) == len(set(touched))
        assert len(touched) + len(proposal.create) + len(proposal.errors) == len(rows)
        assert {number: school.keys[number] for number in keys_before} == keys_before
        assert len(set(school.keys.values())) == len(school.keys)
        for number, key in keys_before.items():
            if key not in {row.external_id for row in rows}:
                assert identity(school.accounts[number]) == identity(people_before[number])
        logins = [each.login for each in school.accounts.values()]
        assert len(logins) == len(set(logins))
        assert not {"far", "x.a"} & set(logins)
        assert school.accounts[1] == people_before[1]
        again = school.run(rows)
        assert (again.create, again.update) == ((), ())
