"""`cadran import edt` with what is not plain XML: several files, encrypted ones, files without dates; and the words."""

from __future__ import annotations

import ast
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from importers.errors import ImportRefused
from importers.sample.container import Wrapping, encrypted
from server import origins, wording
from server.cli import main
from storage.store import Store
from tests.importers.keys import OURS, THEIRS, VENDOR, public, written
from tests.importers.make import SAMPLES, sample

Cadran = Callable[..., Result]
ROOT = Path(__file__).parent.parent.parent
COLLEGE = sample("college.xml").replace(b"0990042K", b"0750001A")


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with a school."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data", str(folder), *arguments], catch_exceptions=False)

    return run


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of ours, configured."""
    (tmp_path / "ours.pem").write_bytes(written(OURS))
    monkeypatch.setenv("CADRAN_IMPORTS__KEYS", f"{OURS}={tmp_path / 'ours.pem'}")


def box(folder: Path, partner: str = OURS, uai: str = "0750001A") -> str:
    file = folder / "Edt_To_CadranEssai_0750001A.xml"
    exported = datetime(2026, 9, 24, 8, tzinfo=UTC)
    file.write_bytes(encrypted(COLLEGE, public(VENDOR, partner), Wrapping(uai=uai, exported=exported)))
    return str(file)


@pytest.mark.usefixtures("keys")
@pytest.mark.req("R121", "R122", "R123", "R124")
def test_an_encrypted_export_is_imported_and_told_about(cadran: Cadran, tmp_path: Path) -> None:
    assert cadran("import", "edt", box(tmp_path)).exit_code == 0
    told = cadran("import", "show").output
    for words in ("school: 0750001A", "encrypted: yes", "Key present: yes", "PRONOTE 2025", "2026-09-24"):
        assert words in told
    assert cadran("import", "again").exit_code == 0


@pytest.mark.usefixtures("keys")
def test_an_export_for_somebody_else_names_them(cadran: Cadran, tmp_path: Path) -> None:
    result = cadran("import", "edt", box(tmp_path, THEIRS))
    assert result.exit_code == 1
    assert THEIRS in result.output
    assert OURS in result.output
    assert f"encrypted for INDEXEDUCATION, {THEIRS}" in cadran("import", "history").output
    assert "Key present: no" in cadran("import", "show").output


def test_without_a_key_the_setting_is_named(cadran: Cadran, tmp_path: Path) -> None:
    result = cadran("import", "edt", box(tmp_path))
    assert (result.exit_code, "cadran import keys add" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("setting", "words"),
    [("Partner=/nowhere/key.pem", "key.pem"), ("no file", "partners and key files"), ("P={empty}", "RSA private key")],
)
def test_a_key_that_cannot_be_used_is_told_before_anything_runs(
    cadran: Cadran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, words: str
) -> None:
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("CADRAN_IMPORTS__KEYS", json.dumps([setting.format(empty=tmp_path / "empty.pem")]))
    result = cadran("import", "edt", box(tmp_path))
    assert result.exit_code == 1
    assert "imports.keys" in result.output
    assert words in result.output


def test_files_that_belong_together_are_given_together(cadran: Cadran, tmp_path: Path, store: Store) -> None:
    names = ("sts_emp_0990042K_2026.xml", "emp_sts_0990042K_2026.xml")
    for name in names:
        (tmp_path / name).write_bytes(sample(name).replace(b"0990042K", b"0750001A"))
    assert "missing" in cadran("import", "edt", str(tmp_path / names[0])).output
    assert cadran("import", "edt", *(str(tmp_path / name) for name in names)).exit_code == 0
    newest = json.loads(cadran("import", "history", "--json").output)[0]
    assert (newest["format"], newest["status"], newest["file_name"]) == ("sts", "done", " + ".join(names))
    assert store.directory.school("0750001A").code == "0750001A"


def test_one_file_given_twice_is_refused(cadran: Cadran) -> None:
    file = str(SAMPLES / "college.xml")
    assert cadran("import", "edt", file, file).exit_code == 1


def test_a_zipped_export_is_imported(cadran: Cadran, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("export/edt.xml", COLLEGE)
    assert cadran("import", "edt", str(tmp_path / "export.zip")).exit_code == 0


def test_the_school_year_is_told_shown_and_forgotten(cadran: Cadran) -> None:
    assert "No school year" in cadran("import", "year").output
    told = ("--starts", "2026-09-01", "--ends", "03/07/2027", "--weeks", "q1=2026-09-01,2026-09-14", "--period")
    shown = cadran("import", "year", *told, "1=8:00-08:55").output
    assert shown.splitlines() == ["School year: 2026-09-01 to 2027-07-03", "Weeks Q1: 2", "Period 1: 08:00 to 08:55"]
    kept = json.loads(cadran("import", "year", "--json").output)
    assert kept["alternations"] == [["Q1", ["2026-08-31", "2026-09-14"]]]
    assert "No school year" in cadran("import", "year", "--forget").output


@pytest.mark.parametrize(
    "given",
    [
        ("--starts", "2026-09-01"),
        ("--weeks", "Q1=2026-09-01"),
        ("--starts", "2026-09-01", "--ends", "2026-08-01"),
        ("--starts", "2026-09-01", "--ends", "2027-07-03", "--weeks", "Q1=lundi"),
        ("--starts", "2026-09-01", "--ends", "2027-07-03", "--period", "1=08:00"),
        ("--starts", "2026-09-01", "--ends", "2027-07-03", "--period", "1=25:00-26:00"),
        ("--starts", "2026-09-01", "--ends", "2027-07-03", "--period", "1=09:00-08:00"),
    ],
)
def test_what_is_no_school_year_is_a_wrong_use(cadran: Cadran, given: tuple[str, ...]) -> None:
    assert cadran("import", "year", *given).exit_code == 2
    assert "No school year" in cadran("import", "year").output


def reasons() -> set[str]:
    """Return every reason for which the importers refuse a file."""
    found = set()
    for path in (ROOT / "importers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "ImportRefused" and node.args:
                found |= {each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)}
    return {reason for reason in found if isinstance(reason, str)}


@pytest.mark.parametrize("reason", sorted(reasons()))
def test_every_refusal_has_words_of_its_own(reason: str) -> None:
    told = wording.sentence(ImportRefused(reason, line=3))
    assert f"{reason} (" not in told
    assert "{" not in told


def test_an_import_without_origin_tells_none() -> None:
    assert list(origins.lines(None, "1")) == []
    assert list(origins.lines({}, "1")) == []


def test_a_sample_school_can_be_had_encrypted_with_the_key_that_opens_it(
    cadran: Cadran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "school"
    result = cadran("sample-school", "--pupils", "60", "--out", str(out), "--encrypt", "Essai")
    assert result.exit_code == 0
    assert (out / "partner-key.pem").stat().st_mode & 0o077 == 0
    monkeypatch.setenv("CADRAN_IMPORTS__KEYS", f"Essai={out / 'partner-key.pem'}")
    refused = cadran("import", "edt", str(out / "timetable-encrypted.xml"))
    assert "not of 0750001A" in refused.output
    assert "Already there" in cadran("sample-school", "--out", str(out)).output
