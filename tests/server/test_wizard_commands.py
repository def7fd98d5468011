"""`cadran import begin|step|launch|people|match|refuse|matches|audience|new-year` on a real data folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.config import DATABASE_NAME
from storage import migrate
from storage.model import Role, Source
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.make import SAMPLES, SCHOOL, college

FILE = str(SAMPLES / "college.xml")
Cadran = Callable[..., Result]


@pytest.fixture
def cadran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command where everybody of the sample college has an account but the last pupil, whose name differs."""
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    migrate.upgrade(url)
    store = Store(url)
    school = store.directory.create_school(SCHOOL, "Collège", "Europe/Paris")
    *people, last = college().people()
    with store.writing(school.id) as tx:
        for number, person in enumerate(people):
            role = Role(person.kind.value)
            tx.principals.create(
                NewPerson(f"p{number}", person.family, person.given, role, Source.CSV, person.birth_date)
            )
        role = Role(last.kind.value)
        tx.principals.create(NewPerson("near", f"{last.family}e", last.given, role, Source.CSV))
        tx.principals.create(NewPerson("hand", "X", "Y", role))
    store.close()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], catch_exceptions=False)

    return run


def listed(cadran: Cadran, *arguments: str):
    result = cadran(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.mark.req("R115", "R118", "R125", "R136", "R140", "R144", "R145")
def test_a_manual_import_from_file_to_launch(cadran: Cadran) -> None:
    draft = listed(cadran, "import", "begin", FILE)["draft"]
    assert [each["id"] for each in listed(cadran, "import", "drafts")] == [draft]
    subject = listed(cadran, "import", "step", draft, "subjects")["rows"][0]
    told = cadran("import", "step", draft, "subjects", "--leave-out", subject["name"], "--limit", "1")
    assert "left out" in told.output
    assert "Lines 1 to 1" in told.output
    assert cadran("import", "launch", draft).exit_code == 1
    assert cadran("import", "step", draft, "launch").exit_code == 0
    assert "imported" in cadran("import", "launch", draft).output
    assert listed(cadran, "import", "drafts") == []
    assert cadran("import", "step", "0", "check").exit_code == 1


@pytest.mark.parametrize("step", ["check", "subjects", "classes", "groups", "courses", "people", "launch"])
def test_every_step_is_printed(cadran: Cadran, step: str) -> None:
    draft = listed(cadran, "import", "begin", FILE)["draft"]
    result = cadran("import", "step", draft, step)
    assert result.exit_code == 0, result.output
    assert len(result.output.splitlines()) > 3


@pytest.mark.req("R157", "R160")
def test_suggestions_are_confirmed_refused_and_taken_back(cadran: Cadran) -> None:
    cadran("import", "begin", FILE)
    (near,) = listed(cadran, "import", "people", "--suggestions")
    assert near["login"] == "near"
    assert cadran("import", "refuse", near["person"], "near").exit_code == 0
    assert listed(cadran, "import", "people", "--suggestions") == []
    (refusal,) = listed(cadran, "import", "matches")
    assert refusal["verdict"] == "refuse"
    assert listed(cadran, "import", "matches", "--forget", refusal["id"]) == []
    assert cadran("import", "match", near["name"], "near").exit_code == 0
    people = {each["person"]: each for each in listed(cadran, "import", "people")}
    assert (people[near["person"]]["login"], people[near["person"]]["reason"]) == ("near", "decided")
    assert "near" in cadran("import", "matches").output
    for wrong in (("nobody", "near"), (near["person"], "hand"), (near["person"], "missing")):
        assert cadran("import", "match", *wrong).exit_code == 1


def test_a_class_is_mapped_and_forgotten(cadran: Cadran) -> None:
    assert listed(cadran, "import", "audience", "3F", "Troisième F") == {"3F": "Troisième F"}
    assert listed(cadran, "import", "audience", "3F", "--forget") == {}
    assert cadran("import", "audience", "3F").exit_code == 2


def test_a_new_year_is_begun_and_taken_back(cadran: Cadran) -> None:
    assert cadran("import", "edt", FILE).exit_code == 0
    assert cadran("import", "new-year").exit_code == 2
    assert "archived" in cadran("import", "new-year", "--yes").output
    assert cadran("import", "new-year", "--yes").exit_code == 1
    assert "live again" in cadran("import", "new-year", "--undo").output
