"""What commands say of a deposit that was rejected: why, how to go on, and what became of it once it was applied."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from importers import choices
from importers.errors import ImportRefused
from importers.run import AUTOMATIC, Options, import_file
from importers.thresholds import Check, Threshold
from server import reports, texts, wording
from server.cli import main
from server.config import DATABASE_NAME
from storage.imports import NewRun
from storage.store import Store
from tests.importers.make import SCHOOL, sample

Cadran = Callable[..., Result]


@pytest.fixture
def store(tmp_path: Path, sqlite_template: Path) -> Store:
    """The database of a school none of whose pupils has an account, where that stops an automatic import."""
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    shutil.copyfile(sqlite_template, tmp_path / "data" / DATABASE_NAME)
    made = Store(url)
    school = made.directory.create_school(SCHOOL, "Collège", "Europe/Paris")
    with made.writing(school.id) as tx:
        choices.set_thresholds(tx, {Check.PUPILS: Threshold(5, blocking=True)})
    return made


@pytest.fixture
def rejected(store: Store) -> str:
    """The number of a deposit that was rejected."""
    now, (school,) = datetime.now().astimezone(), store.directory.schools()
    data = sample("college.xml")
    with store.writing(school.id) as tx:
        file_id = tx.import_files.keep("EDT.xml", data).id
    with pytest.raises(ImportRefused, match="thresholds"):
        import_file(store, school, data, now, Options(kind=AUTOMATIC, file_name="EDT.xml", file_id=file_id))
    with store.reading(school.id) as tx:
        return tx.imports.history()[0].id


@pytest.fixture
def cadran(tmp_path: Path) -> Cadran:
    """Run the command where the database is."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], catch_exceptions=False)

    return run


def words(result: Result) -> str:
    return " ".join(result.output.split())


@pytest.mark.req("R231", "R232")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_rejection_names_the_commands_that_go_on(cadran: Cadran, rejected: str, language: str) -> None:
    with texts.speaking(language):
        for told in (words(cadran("import", "history")), words(cadran("import", "show", rejected))):
            for command in ("show", "apply", "discard"):
                assert f"cadran import {command} {rejected[:18]}" in told
        refused = wording.sentence(ImportRefused("thresholds", checks="pupils"))
        assert "cadran import apply" in refused


@pytest.mark.req("R77", "R232")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_deposit_that_lacks_people_names_the_commands_and_no_option_they_lack(
    cadran: Cadran, store: Store, language: str
) -> None:
    with store.writing(1) as tx:
        run = tx.imports.start(NewRun(AUTOMATIC, "edt", "a.xml", "h"))
        tx.imports.finish(run, "rejected", {"reason": "people-missing", "data": {"absent": 30, "known": 90}})
    with texts.speaking(language):
        for told in (words(cadran("import", "history")), words(cadran("import", "show", run))):
            assert "--force" not in told
            assert "thresholds" not in told
            for command in ("show", "apply", "discard"):
                assert f"cadran import {command} {run[:18]}" in told
        assert "--force" in wording.sentence(ImportRefused("people-missing", absent=30, known=90))


@pytest.mark.req("R232")
@pytest.mark.parametrize(
    ("language", "manual"), [("en", "imported by hand is not"), ("fr", "un import à la main n’est")]
)
def test_an_applied_deposit_is_not_called_an_import_by_hand(
    cadran: Cadran, rejected: str, language: str, manual: str
) -> None:
    with texts.speaking(language):
        told = words(cadran("import", "apply", rejected))
    assert manual not in told
    assert {"en": "as you asked", "fr": "comme vous l’avez demandé"}[language] in told


@pytest.mark.req("R177")
def test_history_says_why_a_deposit_was_put_aside_and_as_what_it_was_applied(cadran: Cadran, rejected: str) -> None:
    assert cadran("import", "apply", rejected).exit_code == 0
    runs = {each["id"]: each for each in json.loads(cadran("import", "history", "--json").output)}
    applied = runs[rejected]["report"]["applied"]
    assert (runs[rejected]["status"], runs[applied]["status"]) == ("discarded", "done")
    assert cadran("import", "undo", "--yes", applied).exit_code == 0
    summary = reports.summary("discarded", runs[rejected]["report"])
    assert "Pupils not recognised" in summary
    assert applied[:18] in summary
    told = words(cadran("import", "history"))
    assert "Pupils not recognised" in told
    assert "apply" not in told


def test_a_deposit_put_aside_before_its_turn_says_so(cadran: Cadran, store: Store) -> None:
    with store.writing(1) as tx:
        run = tx.imports.queue(NewRun(AUTOMATIC, "edt", "a.xml", "h"))
    assert cadran("import", "discard", run).exit_code == 0
    assert "before its turn" in words(cadran("import", "history"))
