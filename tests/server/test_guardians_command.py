"""`cadran people guardians|link|unlink`: who answers for a pupil."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.config import DATABASE_NAME
from storage.model import Role
from storage.people_feeds import GuardianLink
from storage.principals import NewPerson
from storage.store import Store

Cadran = Callable[..., Result]
PEOPLE = {"mum": Role.GUARDIAN, "dad": Role.GUARDIAN, "kid": Role.PUPIL, "prof": Role.TEACHER}
HERE = ("--school", "0750001A")


@pytest.fixture
def cadran(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command where two guardians answer for nobody yet, beside another school."""
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    shutil.copyfile(sqlite_template, tmp_path / "data" / DATABASE_NAME)
    store = Store(url)
    here = store.directory.create_school("0750001A", "Collège", "Europe/Paris")
    there = store.directory.create_school("0750002B", "Lycée", "Europe/Paris")
    with store.writing(here.id) as tx:
        for login, role in (
            ("mum", Role.GUARDIAN),
            ("dad", Role.GUARDIAN),
            ("kid", Role.PUPIL),
            ("prof", Role.TEACHER),
        ):
            tx.principals.create(NewPerson(login, login.title(), "P", role))
    with store.writing(there.id) as tx:
        tx.principals.create(NewPerson("stranger", "S", "T", Role.GUARDIAN))
    store.close()

    def run(*arguments: str) -> Result:
        data = ["--data", str(tmp_path / "data"), "people"]
        return CliRunner().invoke(main, [*data, *arguments, *HERE], catch_exceptions=False)

    return run


def links(cadran: Cadran, *of: str) -> list[tuple[str, str, bool]]:
    result = cadran("guardians", *of, "--json")
    assert result.exit_code == 0, result.output
    return [(each["guardian"], each["pupil"], each["legal"]) for each in json.loads(result.output)]


def test_links_are_made_changed_listed_and_taken_away(cadran: Cadran) -> None:
    assert cadran("link", "mum", "kid").exit_code == 0
    assert cadran("link", "dad", "kid", "--not-legal").exit_code == 0
    assert links(cadran) == [("mum", "kid", True), ("dad", "kid", False)]
    assert cadran("link", "dad", "kid").exit_code == 0
    assert links(cadran, "dad") == [("dad", "kid", True)]
    assert "Mum" in cadran("guardians", "kid").output
    assert cadran("unlink", "mum", "kid").exit_code == 0
    assert links(cadran, "kid") == [("dad", "kid", True)]


@pytest.mark.parametrize(
    ("parent", "child", "words"),
    [
        ("kid", "mum", "name a guardian first"),
        ("prof", "kid", "has the role"),
        ("mum", "dad", "has the role"),
        ("stranger", "kid", "another school"),
        ("nobody", "kid", "no account"),
    ],
)
def test_only_a_guardian_and_a_pupil_of_the_school_are_linked(
    cadran: Cadran, parent: str, child: str, words: str
) -> None:
    result = cadran("link", parent, child)
    assert (result.exit_code, words in result.output) == (1, True)
    assert links(cadran) == []


def test_a_link_that_is_not_there_is_not_taken_away(cadran: Cadran) -> None:
    result = cadran("unlink", "mum", "kid")
    assert (result.exit_code, "does not answer" in result.output) == (1, True)


def test_another_schools_people_are_not_told_of(cadran: Cadran) -> None:
    assert cadran("guardians", "stranger").exit_code == 1


def test_links_stand_in_the_trail_without_a_word_to_phones(cadran: Cadran, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}")
    with store.reading(1) as tx:
        before = tx.changes.clock()
    cadran("link", "mum", "kid")
    with store.reading(1) as tx:
        assert (tx.audit.trail()[0].action, tx.changes.clock()) == ("guardian-linked", before)
        kid, mum = tx.principals.by_login("kid"), tx.principals.by_login("mum")
        assert tx.people_feeds.guardians() == (GuardianLink(kid.id, mum.id, legal=True, relation="by hand"),)
    store.close()
