"""`cadran people import` with the files a school has, and what is told of it afterwards."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.config import DATABASE_NAME
from storage.store import Store

SAMPLES = Path(__file__).parents[1] / "importers" / "samples" / "feeds"
Cadran = Callable[..., Result]


@pytest.fixture
def cadran(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with the school that the sample feeds are about."""
    monkeypatch.setenv("LC_ALL", "C")
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / DATABASE_NAME}"
    shutil.copyfile(sqlite_template, tmp_path / "data" / DATABASE_NAME)
    store = Store(url)
    store.directory.create_school("0990001X", "Collège", "Europe/Paris")
    store.close()

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data", str(tmp_path / "data"), *arguments], catch_exceptions=False)

    return run


def logins(cadran: Cadran) -> dict[str, dict[str, object]]:
    return {person["login"]: person for person in json.loads(cadran("user", "list", "--json").output)}


@pytest.mark.req("R78", "R80", "R113")
def test_a_directory_then_its_differential_file_then_the_trace(cadran: Cadran, tmp_path: Path) -> None:
    archive = tmp_path / "ENT2DVA.20260901.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted(SAMPLES.glob("*_Complet_*")):
            made.write(path, path.name)
    dry = cadran("people", "import", str(archive), "--dry-run", "--json")
    assert json.loads(dry.output)[0]["created"] == 6
    assert "aicha.petitlefevre" not in logins(cadran)
    first = cadran("people", "import", str(archive))
    assert first.exit_code == 0, first.output
    assert logins(cadran)["aicha.petitlefevre"]["source"] == "aaf"
    (delta,) = SAMPLES.glob("*_Delta_*")
    second = json.loads(cadran("people", "import", str(delta), "--json").output)[0]
    assert (second["created"], second["updated"], second["closed"]) == (1, 1, 1)
    runs = json.loads(cadran("people", "history", "--json").output)
    assert [run["counts"]["closed"] for run in runs] == [1, 0]
    changes = json.loads(cadran("people", "show", "--json").output)["changes"]
    assert {(each["change"], each["login"]) for each in changes} == {
        ("created", "zoe.neuf"),
        ("changed", "aicha.petitlefevre"),
        ("closed", "tom.grand"),
    }
    assert "tom.grand" in cadran("people", "show").output
    assert "ENT2DVA" in cadran("people", "history").output


def test_a_column_mapping_is_remembered(cadran: Cadran, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Code ENT;Famille;Petit nom\nu1;Petit;Léa\n")
    assert cadran("people", "import", str(file)).exit_code == 1
    told = ("--map", "Code ENT=login", "--map", "Famille=family", "--map", "Petit nom=given")
    assert cadran("people", "import", str(file), *told).exit_code == 0
    again = json.loads(cadran("people", "import", str(file), "--json").output)[0]
    assert (again["unchanged"], again["errors"]) == (1, 0)


def test_a_file_nobody_knows_is_refused_by_name(cadran: Cadran, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<html/>")
    refused = cadran("people", "import", str(file))
    assert refused.exit_code == 1
    assert "page.html" in refused.output
