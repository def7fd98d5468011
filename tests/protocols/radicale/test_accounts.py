"""Logins through Radicale, and the options that find the database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from protocols.radicale.rights import letters
from protocols.radicale.session import Desk
from storage.errors import NotFound, SchemaOutdated, SchemaTooNew
from storage.model import Rights
from storage.store import Store
from tests.protocols.caldav.client import D, event_text
from tests.protocols.radicale.client import Person, Radicale
from tests.protocols.radicale.conftest import CODE, HASH


def login(radicale: Radicale, person: Person | None) -> int:
    return radicale.send(person, "PROPFIND", "/" if person is None else person.home, depth="0").status


def test_a_password_opens_a_home_and_a_wrong_one_does_not(radicale: Radicale, marie: Person) -> None:
    assert login(radicale, marie) == 207
    assert login(radicale, replace(marie, password="autre")) == 401
    assert login(radicale, None) == 401


def test_a_login_is_taken_in_any_letter_case(radicale: Radicale, marie: Person) -> None:
    loud = replace(marie, principal=replace(marie.principal, login="MARIE.DUPONT"))
    answer = radicale.propfind(loud, "/", D + "current-user-principal")
    assert answer.row.text(D + "current-user-principal") == marie.home


def test_a_new_password_ends_the_old_one_at_once(radicale: Radicale, marie: Person) -> None:
    assert login(radicale, marie) == 207
    with marie.store.writing(marie.principal.school_id) as tx:
        tx.principals.set_password(marie.principal.id, HASH.replace("$m=64", "$m=65"))
    assert login(radicale, marie) == 401


@pytest.mark.parametrize("end", ["deactivate", "remove"])
def test_a_closed_account_lets_nobody_in(radicale: Radicale, marie: Person, end: str) -> None:
    assert login(radicale, marie) == 207
    with marie.store.writing(marie.principal.school_id) as tx:
        getattr(tx.principals, end)(marie.principal.id)
    assert login(radicale, marie) == 401


@pytest.mark.parametrize("password_hash", ["", "nonsense", "$argon2id$v=19$m=64,t=1,p=1$x"])
def test_an_account_without_a_usable_hash_lets_nobody_in(radicale: Radicale, marie: Person, password_hash: str) -> None:
    with marie.store.writing(marie.principal.school_id) as tx:
        tx.principals.set_password(marie.principal.id, password_hash)
    assert [login(radicale, replace(marie, password=each)) for each in ("", marie.password)] == [401, 401]


def test_argon2_is_asked_once(radicale: Radicale, marie: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert login(radicale, marie) == 207
    monkeypatch.setattr("protocols.radicale.auth._verified", lambda *_: False)
    assert login(radicale, marie) == 207
    assert login(radicale, replace(marie, password="autre")) == 401


def test_people_of_another_school_are_strangers(people: dict[str, Person], marie: Person, migrated_url: str) -> None:
    marie.store.directory.create_school("0990002Y", "Autre", "Europe/Paris")
    assert login(Radicale(migrated_url, school="0990002y"), marie) == 401
    assert login(Radicale(migrated_url, school=CODE), marie) == 207


def test_one_of_several_schools_must_be_named(marie: Person, migrated_url: str) -> None:
    marie.store.directory.create_school("0990002Y", "Autre", "Europe/Paris")
    with pytest.raises(ValueError, match="0751234A, 0990002Y"):
        Desk(migrated_url, "")
    with pytest.raises(NotFound):
        Desk(migrated_url, "NOWHERE")


def test_a_database_that_cannot_be_served_is_told_in_words(marie: Person, migrated_url: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="option “database”"):
        Radicale("")
    with pytest.raises(RuntimeError, match="no school NOWHERE"):
        Radicale(migrated_url, school="nowhere")
    missing = tmp_path / "missing.sqlite"
    with pytest.raises(RuntimeError, match="no database"):
        Radicale(f"sqlite:///{missing}")
    assert not missing.exists()
    missing.touch()
    with pytest.raises(RuntimeError, match="cadran init"):
        Radicale(f"sqlite:///{missing}")


@pytest.mark.parametrize("error", [SchemaOutdated, SchemaTooNew])
def test_a_database_of_another_version_is_not_served(
    marie: Person, migrated_url: str, monkeypatch: pytest.MonkeyPatch, error: type[SchemaOutdated | SchemaTooNew]
) -> None:
    def check(_store: Store) -> None:
        raise error("0001", "0002")

    monkeypatch.setattr(Store, "check", check)
    with pytest.raises(RuntimeError, match="revision 0001, this program of 0002"):
        Radicale(migrated_url)


@pytest.mark.parametrize("method", ["PROPFIND", "GET", "PUT", "DELETE", "MKCALENDAR", "REPORT", "PROPPATCH", "MOVE"])
def test_nobody_gets_into_anothers_home(radicale: Radicale, marie: Person, leo: Person, method: str) -> None:
    text = event_text("a", "Entretien")
    for owner, asker in ((marie, leo), (leo, marie)):
        assert radicale.put(owner, owner.agenda + "a.ics", text).status == 201
        for path in (owner.home, owner.agenda, owner.agenda + "a.ics", owner.home + "nouveau/"):
            body = text if method == "PUT" else ""
            answer = radicale.send(asker, method, path, body, depth="1", destination=f"http://x{asker.agenda}b.ics")
            assert answer.status >= 400
            assert b"Entretien" not in answer.body
        assert radicale.send(owner, "GET", owner.agenda + "a.ics").status == 200


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        (Rights(), "rdl"),
        (Rights(write=True, properties=True, remove=True), "rw"),
        (Rights(write=True, properties=True), "rwd"),
        (Rights(read=False), ""),
    ],
)
def test_rights_are_spelt_in_radicales_letters(rights: Rights, expected: str) -> None:
    assert letters(rights) == expected
