"""`cadran radicale import`: what it says, and in which language."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from importers.radicale_report import FolderReport, Report, Skip, UserReport
from server import migration_report
from server.cli import main
from server.migration_report import SHOWN
from tests.importers.radicale_folder import calendar, text

Cadran = Callable[..., Result]


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with a school: admin, amelie and paul."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data", str(folder), *arguments], catch_exceptions=False)

    return run


@pytest.fixture
def tree(tmp_path: Path) -> str:
    """A Radicale folder of a known and an unknown user."""
    place = tmp_path / "radicale"
    items = {"a.ics": text("a"), "b.ics": text("a"), "j.ics": text("j", "VJOURNAL")}
    calendar(place, "amelie/perso", items, D__displayname="Perso")
    calendar(place, "amelie/amis", {"x.vcf": "BEGIN:VCARD\r\nEND:VCARD\r\n"}, tag="VADDRESSBOOK")
    calendar(place, "zoe/perso", {"z.ics": text("z")})
    return str(place)


def test_the_report_tells_what_came_and_what_did_not(cadran: Cadran, tree: str) -> None:
    result = cadran("radicale", "import", tree)
    assert result.exit_code == 0
    for sentence in (
        "no account for the user zoe",
        "amelie/amis: an address book is left out",
        "amelie/perso/b.ics: left out, since a.ics has the same UID.",
        "amelie/perso/j.ics: a journal is left out.",
        "Items imported: 1, updated: 0, unchanged: 0, left out: 2.",
        "Calendars made: 1; collections left out: 2; accounts made: 0; users left out: 1.",
    ):
        assert sentence in result.output
    again = cadran("radicale", "import", tree)
    assert "Items imported: 0, updated: 0, unchanged: 1, left out: 2." in again.output
    assert "Perso" in cadran("calendar", "list", "amelie").output


def test_json_says_the_same_to_programs(cadran: Cadran, tree: str) -> None:
    result = cadran("radicale", "import", tree, "--json", "--dry-run", "--create-users", "--role", "pupil")
    report = json.loads(result.stdout)
    assert (report["dry_run"], report["counts"]["imported"], report["counts"]["users_created"]) == (True, 2, 1)
    assert "zoe" not in cadran("user", "list").output
    assert "perso" not in cadran("calendar", "list", "amelie").output


def test_unknown_users_get_accounts_without_password(cadran: Cadran, tree: str) -> None:
    assert cadran("radicale", "import", tree, "--create-users", "--role", "pupil").exit_code == 0
    (zoe,) = [each for each in json.loads(cadran("user", "list", "--json").stdout) if each["login"] == "zoe"]
    assert zoe["role"] == "pupil"


def test_the_first_calendar_goes_into_the_agenda(cadran: Cadran, tree: str) -> None:
    assert cadran("radicale", "import", tree, "--first-into-agenda").exit_code == 0
    entries = {
        each["slug"]: each["entries"] for each in json.loads(cadran("calendar", "list", "amelie", "--json").stdout)
    }
    assert entries["agenda"] == 1
    assert "perso" not in entries


def test_another_folder_is_refused_in_words(cadran: Cadran, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    result = cadran("radicale", "import", str(tmp_path / "photos"))
    assert result.exit_code == 1
    assert "not a Radicale storage folder" in result.output
    assert cadran("radicale", "import", str(tmp_path / "nowhere")).exit_code == 2


def test_administrators_are_never_made_by_a_migration(cadran: Cadran, tree: str) -> None:
    assert cadran("radicale", "import", tree, "--create-users", "--role", "admin").exit_code == 2


def test_every_reason_has_its_sentence_and_long_lists_are_cut() -> None:
    reasons = [*migration_report._FOLDERS, *migration_report._ITEMS]
    skips = [Skip("" if reason in migration_report._FOLDERS else "x.ics", reason, "7") for reason in reasons]
    many = tuple(Skip(f"{number}.ics", "journal") for number in range(SHOWN + 3))
    folders = (*(FolderReport("c", "C", skips=(skip,)) for skip in skips), FolderReport("d", "D", skips=many))
    sentences = list(migration_report.warnings(Report((UserReport("u", "found", "u", folders),))))
    assert len(sentences) == len(skips) + SHOWN + 1
    assert all("?" not in sentence and "u/" in sentence for sentence in sentences)
    assert sentences[-1] == "u/d: … and 3 more; --json lists them all."
