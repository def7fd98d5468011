"""What import commands say next: after a refusal, of numbers that are short, old or missing, and of a long list."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from importers import run as importing
from importers.errors import ImportRefused
from server import texts, wording
from server.cli import main
from server.config import DATABASE_NAME
from storage import migrate
from storage.imports import NewRun
from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.make import SAMPLES, SCHOOL

FILE = str(SAMPLES / "college.xml")
Cadran = Callable[..., Result]
FIRST_PLACE = re.compile('numeroPlaceDebut="[0-9]+"', re.IGNORECASE)
UNREADABLE: Mapping[str, Mapping[str, object]] = {
    "archive-damaged": {},
    "archive-empty": {},
    "empty-file": {},
    "not-recognised": {},
    "truncated": {"line": 3},
    "damaged": {},
    "wrong-school": {"found": "0990009Y", "expected": SCHOOL},
    "not-for-us": {"partners": "A", "ours": "B"},
    "encrypted": {"partners": "A"},
    "no-school-year": {},
    "too-large": {"limit": 2**27},
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The database of a school without anybody."""
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    migrate.upgrade(url)
    made = Store(url)
    made.directory.create_school(SCHOOL, "Collège", "Europe/Paris")
    return made


@pytest.fixture
def cadran(tmp_path: Path, store: Store) -> Cadran:
    """Run the command where the database is."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], catch_exceptions=False)

    return run


def words(result: Result) -> str:
    return " ".join(result.output.split())


def refused(store: Store, reason: str, data: Mapping[str, object], kind: str = "automatic") -> str:
    with store.writing(1) as tx:
        run = tx.imports.start(NewRun(kind, "edt", "a.xml", "h"))
        tx.imports.finish(run, "rejected", {"reason": reason, "data": dict(data)})
    return run


def runs(cadran: Cadran, *options: str) -> list[dict[str, str]]:
    return list(json.loads(cadran("import", "history", "--json", *options).output))


@pytest.mark.req("R231", "R232")
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("reason", UNREADABLE)
def test_a_deposit_that_cannot_be_read_names_a_command_that_goes_on(
    cadran: Cadran, store: Store, reason: str, language: str
) -> None:
    run = refused(store, reason, UNREADABLE[reason])
    with texts.speaking(language):
        for told in (words(cadran("import", "history")), words(cadran("import", "show", run))):
            assert f"cadran import discard {run[:18]}" in told
            # Nobody chose this file nor typed a command that had the option.
            assert "--school" not in told
            assert "--force" not in told
            assert "cadran import apply" not in told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_file_of_another_school_is_worded_for_whoever_handed_it_over(store: Store, language: str) -> None:
    with texts.speaking(language):
        by_hand = wording.sentence(ImportRefused("wrong-school", found="0990009Y", expected=SCHOOL))
        with store.reading(1) as tx:
            run = refused(store, "wrong-school", {"found": "0990009Y", "expected": SCHOOL})
        with store.reading(1) as tx:
            deposited = wording.next_step(tx.imports.run(run), run)
    assert "--school" in by_hand
    assert "discard" not in by_hand
    assert "cadran import access add" in deposited


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_file_refused_by_hand_is_not_told_as_a_deposit(cadran: Cadran, store: Store, language: str) -> None:
    run = refused(store, "truncated", {"line": 3}, "manual")
    with texts.speaking(language):
        told = words(cadran("import", "show", run))
    assert f"cadran import discard {run[:18]}" in told
    assert "Déclencher" not in told


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_empty_deposit_says_the_whole_command_that_carries_it_out(
    cadran: Cadran, store: Store, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    def refusing(*_given: object) -> None:
        raise ImportRefused("empty-replace", coming=3, school=SCHOOL)

    monkeypatch.setattr(importing, "import_file", refusing)
    with store.writing(1) as tx:
        file_id = tx.import_files.keep("EDT.xml", b"<empty/>").id
        run = tx.imports.queue(NewRun("automatic", "edt", "EDT.xml", "h", file_id=file_id))
        tx.imports.begin(run)
        tx.imports.finish(run, "rejected", {"reason": "empty-replace", "data": {"coming": 3, "school": SCHOOL}})
    command = f"cadran import apply {run[:18]} --confirm {SCHOOL}"
    with texts.speaking(language):
        assert command in words(cadran("import", "history"))
        applied = cadran("import", "apply", run[:18])
        assert (applied.exit_code, command in words(applied)) == (1, True), applied.output


@pytest.mark.req("R77", "R232")
def test_a_deposit_with_new_identifiers_is_applied_with_its_option(cadran: Cadran, store: Store) -> None:
    run = refused(store, "idpn-regenerated", {"known": 90, "vanished": 80})
    assert f"cadran import apply {run[:18]} --new-identifiers" in words(cadran("import", "history"))
    assert "--new-identifiers" in words(cadran("import", "apply", "--help"))


def test_history_has_a_limit_and_says_how_to_see_more(cadran: Cadran, store: Store) -> None:
    for _ in range(23):
        refused(store, "truncated", {"line": 3})
    assert len(runs(cadran)) == 20
    told = words(cadran("import", "history"))
    assert ("--limit 40" in told, "--all" in told) == (True, True)
    assert len(runs(cadran, "--limit", "5")) == 5
    assert len(runs(cadran, "--all")) == 23
    assert "--all" not in words(cadran("import", "history", "--all"))


def test_history_says_what_to_do_about_every_refusal_since_the_last_import(cadran: Cadran, store: Store) -> None:
    old = refused(store, "truncated", {"line": 3})
    assert cadran("import", "edt", FILE).exit_code == 0
    first, second = refused(store, "truncated", {"line": 3}), refused(store, "damaged", {})
    told = words(cadran("import", "history"))
    assert f"cadran import discard {second[:18]}" in told
    assert f"Refused as well since the last import: {first[:18]};" in told
    assert f"discard {old[:18]}" not in told


def test_an_empty_history_says_so(cadran: Cadran) -> None:
    for command in (("history",), ("show",), ("unmatched",), ("people",), ("again",)):
        told = cadran("import", *command)
        assert "Nothing was imported yet" in told.output
        assert "“last”" not in told.output
    for name in ("apply", "discard"):
        told = cadran("import", name)
        assert (told.exit_code, "“last”" in told.output, "No import was refused" in told.output) == (1, False, True)


def test_a_number_that_begins_several_names_them(cadran: Cadran, store: Store) -> None:
    made = [refused(store, "truncated", {"line": 3}) for _ in range(2)]
    told = cadran("import", "show", made[0][:4])
    assert told.exit_code == 1
    for run in made:
        assert run[:18] in told.output
    assert "There is no import" in cadran("import", "show", "zz").output
    drafts = [json.loads(cadran("import", "begin", FILE, "--json").output)["draft"] for _ in range(2)]
    for command in (
        ("step", drafts[0][:4], "subjects"),
        ("launch", drafts[0][:4]),
        ("drafts", "--drop", drafts[0][:4]),
    ):
        told = cadran("import", *command)
        assert told.exit_code == 1
        for draft in drafts:
            assert draft[:18] in told.output


def test_a_draft_is_found_by_its_number_once_it_was_launched(cadran: Cadran) -> None:
    draft = json.loads(cadran("import", "begin", FILE, "--json").output)["draft"]
    early = cadran("import", "show", draft[:18])
    assert (early.exit_code, f"step {draft[:18]} launch" in early.output) == (1, True)
    unseen = cadran("import", "launch", draft[:18])
    assert (unseen.exit_code, f"cadran import step {draft[:18]} launch" in unseen.output) == (1, True)
    assert cadran("import", "step", draft[:18], "launch").exit_code == 0
    launched = cadran("import", "launch", draft[:18])
    run = runs(cadran)[0]["id"]
    assert f"cadran import show {run[:18]}" in launched.output
    assert cadran("import", "show", draft[:18]).output == cadran("import", "show", run).output
    again = cadran("import", "step", draft[:18], "subjects")
    assert (again.exit_code, run[:18] in again.output) == (1, True)
    assert cadran("import", "people", draft[:18]).exit_code == 0


def places(told: Result) -> list[str]:
    return [line for line in told.output.splitlines() if line.startswith("  ") and "line " in line]


@pytest.mark.req("R164", "R179")
def test_faulty_courses_are_named_by_subject_class_hour_and_line(cadran: Cadran, tmp_path: Path) -> None:
    file = tmp_path / "faulty.xml"
    text = Path(FILE).read_text()
    line = text[: next(FIRST_PLACE.finditer(text)).start()].count("\n") + 1
    file.write_text(FIRST_PLACE.sub('numeroPlaceDebut="99"', text))
    count = file.read_text().count('numeroPlaceDebut="99"')
    assert count > 3
    draft = json.loads(cadran("import", "begin", str(file), "--json").output)["draft"]
    planned = cadran("import", "step", draft, "launch")
    (few,) = places(planned)
    assert few.count("line ") == 3
    assert few.endswith("…")
    assert f"line {line}" in few
    assert f"cadran import faults {draft[:18]}" in planned.output
    every = cadran("import", "faults", draft)
    assert len(places(every)) == count
    done = cadran("import", "edt", str(file), "--confirm", SCHOOL, "--force")
    run = runs(cadran)[0]["id"]
    assert f"cadran import faults {run[:18]}" in done.output
    assert f"cadran import faults {run[:18]}" in cadran("import", "show", run).output
    assert places(cadran("import", "faults", run)) == places(every)


def test_a_file_without_faults_says_so(cadran: Cadran, store: Store) -> None:
    with store.writing(1) as tx:
        tx.imports.finish(tx.imports.start(NewRun("manual", "edt", "a.xml", "h")), "done", {"notices": []})
    told = cadran("import", "faults")
    assert (told.exit_code, "None: nothing" in told.output) == (0, True)


def test_where_faults_are_is_forgotten_with_the_names(cadran: Cadran, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "faulty.xml"
    file.write_text(FIRST_PLACE.sub('numeroPlaceDebut="99"', Path(FILE).read_text()))
    assert cadran("import", "edt", str(file)).exit_code == 0
    with store.writing(1) as tx:
        tx.imports.forget_names(2**40)
    told = cadran("import", "faults")
    assert (told.exit_code, places(told), "outside the school day" in told.output) == (0, [], True)


def test_lists_without_anything_say_so(cadran: Cadran) -> None:
    assert cadran("import", "begin", FILE).exit_code == 0
    for command in (
        ("import", "people", "--suggestions"),
        ("import", "matches"),
        ("import", "audience"),
        ("import", "access", "list"),
        ("import", "keys", "list"),
        ("closures", "show"),
    ):
        told = cadran(*command)
        assert told.exit_code == 0
        assert told.output.startswith(("No", "Nobody", "None", "Nothing")), (command, told.output)


@pytest.mark.req("R220", "R222")
def test_a_notification_that_cannot_be_mailed_is_not_a_plain_yes(
    cadran: Cadran, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing(1) as tx:
        tx.principals.create(NewPerson("roc", "Roc", "Line", Role.STAFF))
        tx.principals.create(NewPerson("val", "Val", "Anne", Role.STAFF, email="anne.val@college.example"))
    for login in ("roc", "val"):
        assert cadran("import", "access", "add", login).exit_code == 0
    told = words(cadran("import", "access", "list"))
    assert ("no e-mail address" in told, "no mail server" in told) == (True, True)
    monkeypatch.setenv("CADRAN_MAIL__HOST", "mail.example")
    monkeypatch.setenv("CADRAN_MAIL__FROM", "cadran@college.example")
    told = words(cadran("import", "access", "list"))
    assert ("no e-mail address" in told, "no mail server" in told) == (True, False)
    held = json.loads(cadran("import", "access", "list", "--json").output)
    names = {each["login"]: each["identifier"] for each in held}
    assert "No report can be mailed" in cadran("import", "access", "notify", names["roc"], "--on").output
    assert "No report can be mailed" not in cadran("import", "access", "notify", names["val"], "--on").output


@pytest.mark.parametrize("language", ["en", "fr"])
def test_undo_after_a_new_year_was_begun_tells_of_its_way_back(cadran: Cadran, store: Store, language: str) -> None:
    with store.writing(1) as tx:
        run = tx.imports.start(NewRun("manual", "edt", "a.xml", "h"))
        tx.imports.finish(run, "done", {"counts": {"events_created": 3}})
    assert cadran("import", "new-year", "--yes").exit_code == 0
    with texts.speaking(language):
        told = cadran("import", "undo", "--yes")
    assert (told.exit_code, "cadran import new-year --undo" in words(told)) == (1, True)
    assert cadran("import", "new-year", "--undo").exit_code == 0
    assert "new-year" not in cadran("import", "undo", "--yes").output
