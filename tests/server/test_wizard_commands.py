"""`cadran import begin|step|launch|people|match|refuse|matches|audience|new-year` on a real data folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from server import reports, texts
from server.cli import main
from server.commands import imports
from server.config import DATABASE_NAME
from storage import maintenance
from storage.imports import NewRun
from storage.model import Role, Source
from storage.principals import NewPerson
from storage.schema_people import import_draft
from storage.store import Store
from tests.importers.make import SAMPLES, SCHOOL, college

FILE = str(SAMPLES / "college.xml")
Cadran = Callable[..., Result]


@pytest.fixture
def cadran(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command where everybody of the sample college has an account but the last pupil, whose name differs."""
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    shutil.copyfile(sqlite_template, tmp_path / "data" / DATABASE_NAME)
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


def test_a_draft_says_until_when_it_is_kept_and_an_expired_one_is_told(cadran: Cadran, tmp_path: Path) -> None:
    draft = listed(cadran, "import", "begin", FILE)["draft"]
    cadran("import", "settings", "--drafts-days", "3")
    store = Store(f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}")
    with store.writing(1) as tx:
        held = tx.import_drafts.get(draft)
    assert "Forgotten after" in cadran("import", "drafts").output
    assert reports.moment(held.changed + 3 * 86_400, "Europe/Paris") in cadran("import", "drafts").output
    with store.writing(1) as tx:
        tx.connection.execute(update(import_draft).values(changed=held.changed - 4 * 86_400))
    with store.writing(1) as tx:
        maintenance.trim(tx)
    assert listed(cadran, "import", "drafts") == []
    gone = cadran("import", "step", draft, "subjects")
    assert (gone.exit_code, "is forgotten" in gone.output) == (1, True)
    with store.reading(1) as tx:
        found = [each for each in tx.audit.trail() if each.action == "import-draft-expired"]
    assert [(each.subject, each.detail["days"]) for each in found] == [(draft, 3)]
    store.close()


def test_a_draft_that_somebody_goes_on_with_stays(cadran: Cadran, tmp_path: Path) -> None:
    draft = listed(cadran, "import", "begin", FILE)["draft"]
    store = Store(f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}")
    with store.writing(1) as tx:
        tx.connection.execute(update(import_draft).values(started=1))
        maintenance.trim(tx)
    store.close()
    assert [each["id"] for each in listed(cadran, "import", "drafts")] == [draft]


def test_undo_takes_the_newest_import_that_changed_something(cadran: Cadran) -> None:
    nothing = cadran("import", "undo")
    assert (nothing.exit_code, "nothing to undo" in nothing.output) == (1, True)
    for _ in range(2):
        assert cadran("import", "edt", FILE).exit_code == 0
    first, second = [each["id"] for each in reversed(listed(cadran, "import", "history"))]
    named = cadran("import", "undo", "--yes", second)
    assert (named.exit_code, "changed nothing" in named.output) == (1, True)
    unsaid = cadran("import", "undo")
    assert (unsaid.exit_code, "--yes" in unsaid.output) == (2, True)
    assert listed(cadran, "import", "history")[1]["status"] == "done"
    undone = cadran("import", "undo", "--yes", "last")
    assert undone.exit_code == 0, undone.output
    statuses = {each["id"]: each["status"] for each in listed(cadran, "import", "history")}
    assert (statuses[first], statuses[second]) == ("undone", "done")


def test_again_brings_the_undone_import_back_not_a_file_that_was_refused_since(cadran: Cadran, tmp_path: Path) -> None:
    assert cadran("import", "edt", FILE).exit_code == 0
    bad = tmp_path / "bad.xml"
    bad.write_bytes(Path(FILE).read_bytes()[:3000])
    assert cadran("import", "edt", str(bad)).exit_code == 1
    assert cadran("import", "undo", "--yes").exit_code == 0
    assert cadran("import", "edt", str(bad)).exit_code == 1
    assert cadran("import", "again").exit_code == 0
    newest = listed(cadran, "import", "history")[0]
    assert (newest["status"], newest["file_name"]) == ("done", Path(FILE).name)


@pytest.mark.parametrize(("answer", "status"), [("n", "done"), ("", "done"), ("y", "undone")])
def test_undo_asks_whoever_sits_at_a_terminal(
    cadran: Cadran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, status: str
) -> None:
    assert cadran("import", "edt", FILE).exit_code == 0
    monkeypatch.setattr(imports, "interactive", lambda: True)
    asked = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), "import", "undo"], input=f"{answer}\n")
    assert (asked.exit_code, "Undo the import of" in asked.output) == (0, True)
    assert listed(cadran, "import", "history")[-1]["status"] == status


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Teachers not recognised, "), ("fr", "Enseignants non reconnus, ")]
)
def test_history_names_the_checks_that_rejected_an_import(
    cadran: Cadran, tmp_path: Path, language: str, words: str
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}")
    with store.writing(1) as tx:
        run = tx.imports.queue(NewRun("automatic", "edt", "a.xml", "h"))
        tx.imports.finish(run, "rejected", {"reason": "thresholds", "data": {"checks": "teachers, sessions"}})
    store.close()
    with texts.speaking(language):
        told = " ".join(cadran("import", "history").output.split())
    assert words in told
    assert "teachers, sessions" not in told


def test_a_file_that_is_gone_is_why_it_cannot_be_imported_again(cadran: Cadran, tmp_path: Path) -> None:
    assert cadran("import", "edt", FILE).exit_code == 0
    store = Store(f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}")
    with store.writing(1) as tx:
        refused = tx.imports.queue(NewRun("automatic", "edt", "other.xml", "h"))
        tx.imports.finish(refused, "rejected", {"reason": "thresholds"})
        tx.import_files.forget(tx.now() + 60)
    result = cadran("import", "again")
    assert result.exit_code == 1
    assert "no longer kept" in result.output
    assert refused[:18] not in result.output
    store.close()
