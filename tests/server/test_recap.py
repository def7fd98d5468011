"""What an administrator reads after an import and between its steps: numbers, errors, names, what comes next."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from importers.thresholds import DEFAULTS
from server import recap
from server.cli import main
from server.commands import imports
from server.config import DATABASE_NAME
from storage.model import Role, Source
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.make import SAMPLES, SCHOOL, college

FILE = str(SAMPLES / "college.xml")
LOGINS = ("head", "second")
Cadran = Callable[..., Result]


@pytest.fixture
def cadran(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command where one pupil and one teacher of the sample college have no account."""
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    shutil.copyfile(sqlite_template, tmp_path / "data" / DATABASE_NAME)
    store = Store(url)
    school = store.directory.create_school(SCHOOL, "Collège", "Europe/Paris")
    people = list(college().people())
    without = {next(each.ref for each in people if each.kind.value == kind) for kind in ("pupil", "teacher")}
    with store.writing(school.id) as tx:
        for number, each in enumerate(people):
            if each.ref not in without:
                new = NewPerson(
                    f"p{number}", each.family, each.given, Role(each.kind.value), Source.CSV, each.birth_date
                )
                tx.principals.create(new)
        tx.principals.create(NewPerson("head", "Roc", "Line", Role.STAFF))
    store.close()

    def run(*arguments: str, typed: str = "", status: int = 0) -> Result:
        result = CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], input=typed)
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.fixture
def imported(cadran: Cadran) -> Cadran:
    """The same after a first import."""
    cadran("import", "edt", FILE)
    return cadran


@pytest.mark.req("R176", "R177", "R178", "R179", "R180", "R181")
def test_the_recap_counts_tasks_by_kind_and_says_what_is_in_error_and_whom_to_tell(imported: Cadran):
    report = json.loads(imported("import", "show", "--json").output)["report"]
    tasks = report["tasks"]
    assert set(tasks) == {
        "course-creation",
        "group-creation",
        "hierarchy-creation",
        "hierarchy-deletion",
        "event-creation",
        "event-change",
        "event-deletion",
    }
    assert tasks["event-creation"]["success"] == report["counts"]["events_created"] > 0
    said = " ".join(imported("import", "show").output.split())
    assert recap.total(tasks) in said
    assert re.search(r"Import of \d{4}-\d\d-\d\d \d\d:\d\d, by hand: done", said)
    for kind, words in (
        ("event-creation", "Creation of sessions"),
        ("hierarchy-creation", "Enrolments in courses added"),
    ):
        assert f"{words} {tasks[kind]['success']} {tasks[kind]['error']}" in said


@pytest.mark.req("R180", "R181")
def test_errors_are_explained_and_a_faultless_file_needs_no_advice():
    fault = {"tasks": {"event-creation": {"success": 9, "error": 1}}}
    report = {**fault, "notices": [{"code": "dangling", "about": "part", "count": 1}]}
    first, last = recap.advice("done", report)
    assert "(part of a class): 1" in first
    assert all(word in last for word in ("name of the school", "time of the import", "what is missing"))
    assert list(recap.advice("done", {"tasks": {"event-creation": {"success": 9, "error": 0}}})) == []


@pytest.mark.req("R79", "R193", "R195", "R196")
def test_the_recap_counts_who_was_recognised_and_who_not(imported: Cadran):
    said = [" ".join(line.split()) for line in imported("import", "show").output.splitlines()]
    kinds = [each.kind.value for each in college().people()]
    assert f"Pupils {kinds.count('pupil') - 1} 1" in said
    assert f"Teachers {kinds.count('teacher') - 1} 1" in said
    assert any("cadran import unmatched" in line for line in said)


@pytest.mark.req("R79", "R194", "R195", "R196")
def test_the_list_of_those_not_recognised_comes_as_text_and_table_and_in_pages(imported: Cadran):
    text = imported("import", "unmatched").output.splitlines()
    assert [line.startswith("Not recognised: ") for line in text] == [True, True]
    table = imported("import", "unmatched", "--csv").output
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff")), delimiter=";"))
    assert table.startswith("\ufeff")
    assert rows[0] == ["Kind", "Family name", "First name", "Birth date", "Reason"]
    assert [row[0] for row in rows[1:]] == ["pupil", "teacher"]
    second = imported("import", "unmatched", "--offset", "1", "--limit", "1").output.splitlines()
    assert second == text[1:]
    (pupil,) = json.loads(imported("import", "unmatched", "--kind", "pupil", "--json").output)
    assert pupil["kind"] == "pupil"
    assert imported("import", "unmatched", "--kind", "staff").output == "Nobody: everybody was recognised.\n"


@pytest.mark.parametrize("family", ["=1+1", "+33", "-A", "@SOMME(A1)"])
def test_a_name_that_a_spreadsheet_would_run_comes_as_text(family: str) -> None:
    told = {"kind": "pupil", "family": family, "given": "Zoé", "birth": "", "reason": "unknown"}
    ((_kind, shown, *_others),) = imports._cells([told])
    assert shown == f"'{family}"


@pytest.mark.req("R125", "R132", "R136", "R140", "R146", "R161", "R162", "R163")
def test_each_step_names_the_one_that_follows_up_to_the_launch(cadran: Cadran):
    number = json.loads(cadran("import", "begin", FILE, "--json").output)["draft"]
    steps = ["check", "subjects", "classes", "groups", "courses", "people", "launch"]
    for step, following in pairwise(steps):
        assert f"cadran import step {number[:18]} {following}" in cadran("import", "step", number, step).output
    assert f"cadran import launch {number[:18]}" in cadran("import", "step", number, "launch").output
    assert "--offset 1" in cadran("import", "step", number, "people", "--limit", "1").output
    assert "imported all the same" in cadran("import", "step", number, "subjects").output
    assert "cadran import access add" in cadran("import", "launch", number).output
    (run,) = json.loads(cadran("import", "history", "--json").output)
    assert (run["status"], run["finished"] >= run["started"]) == ("done", True)


def test_what_is_empty_says_so(cadran: Cadran):
    assert "Nothing waits" in cadran("import", "waiting").output
    assert "No manual import is begun" in cadran("import", "drafts").output


@pytest.mark.req("R191", "R192", "R228")
def test_the_server_says_the_address_and_each_school_has_its_own(imported: Cadran, monkeypatch):
    monkeypatch.setenv("CADRAN_SERVER__PUBLIC_URL", "https://agenda.example")
    new = ("init", "--school", "0990002Y", "--name", "Lycée", "--admin", "second", "--password-stdin")
    imported(*new, typed="une phrase de passe\n")
    found = [json.loads(imported("import", "access", "add", login, "--json").output)["address"] for login in LOGINS]
    schools = [re.fullmatch(r"https://agenda\.example/webdav/(\w{8})/[0-9a-f]{40}/", each) for each in found]
    assert [each and each[1] for each in schools] == [SCHOOL, "0990002Y"]


@pytest.mark.req("R232", "R233", "R236", "R237")
def test_each_check_has_a_limit_and_a_blocking_box_of_the_schools_own_beside_the_defaults(cadran: Cadran):
    cadran("thresholds", "set", "pupils", "--limit", "21", "--blocking")
    cadran("thresholds", "set", "services-changed", "--warning")
    cadran("thresholds", "set", "closures-kept", "--off")
    said = {line.split()[0]: " ".join(line.split()) for line in cadran("thresholds", "show").output.splitlines()}
    assert {check.value for check in DEFAULTS} <= set(said)
    assert said["pupils"].endswith("21 % yes 5 % no")
    assert said["services-changed"].endswith("30 % no 30 % yes")
    assert said["closures-kept"].endswith("off yes on yes")
    cadran("thresholds", "set", "pupils", "--default")
    assert " ".join(cadran("thresholds", "show").output.split()).count("5 % no 5 % no") == 4


def test_a_file_that_was_put_aside_is_not_the_last_one_to_recognise_people_by(imported: Cadran, tmp_path: Path):
    nothing = tmp_path / "nothing.xml"
    nothing.write_text("<nothing/>", "utf-8")
    imported("import", "edt", str(nothing), status=1)
    imported("import", "discard")
    assert len(json.loads(imported("import", "people", "--json").output)) == len(list(college().people()))


def test_an_encrypted_export_goes_through_all_the_steps(cadran: Cadran, tmp_path: Path, monkeypatch):
    school = tmp_path / "school"
    cadran("sample-school", "--pupils", "60", "--out", str(school), "--encrypt", "ESSAI")
    file = str(school / "timetable-encrypted.xml")
    new = ("init", "--school", "0990001X", "--name", "Essai", "--admin", "chef", "--password-stdin")
    cadran(*new, typed="une phrase de passe\n")
    here = ("--school", "0990001X")
    assert "ESSAI" in cadran("import", "begin", file, *here, status=1).output
    monkeypatch.setenv("CADRAN_IMPORTS__KEYS", f'["ESSAI={school / "partner-key.pem"}"]')
    begun = json.loads(cadran("import", "begin", file, *here, "--json").output)
    assert (begun["encrypted"], begun["key"]) == (True, True)
    number = begun["draft"]
    cadran("import", "step", number, "subjects", "--all", *here)
    for step in ("check", "classes", "groups", "courses", "people", "launch"):
        cadran("import", "step", number, step, *here)
    cadran("import", "launch", number, *here)
    assert json.loads(cadran("import", "people", *here, "--json").output)
