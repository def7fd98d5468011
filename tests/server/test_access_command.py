"""`cadran import access|waiting|settings`: who may deposit, what waits, what the school decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from storage.imports import NewRun
from storage.store import Store

Cadran = Callable[..., Result]


@pytest.fixture
def cadran(folder: Path) -> Cadran:
    """Run a command on the school of this test."""

    def run(*arguments: str, status: int = 0, typed: str = "") -> Result:
        result = CliRunner().invoke(main, ["--data", str(folder), "import", *arguments], input=typed)
        assert result.exit_code == status, result.output
        return result

    return run


@pytest.mark.req("R216", "R217", "R228")
def test_an_address_is_printed_once_and_leads_to_its_access(cadran: Cadran, store: Store):
    result = cadran("access", "add", "admin")
    path = result.stdout.strip()
    assert path.startswith("/webdav/0750001A/")
    assert path.endswith("/")
    with store.reading(1) as tx:
        held = tx.accesses.by_secret(path.split("/")[-2])
        assert (held.login, held.notify, held.language) == ("admin", True, "fr")
        entry = tx.audit.trail()[0]
    assert (entry.action, entry.subject, entry.detail["identifier"]) == ("access-added", "admin", held.identifier)
    assert path.split("/")[-2] not in str(entry)
    assert path.split("/")[-2] not in cadran("access", "list").output + cadran("access", "list", "--json").output


@pytest.mark.req("R220", "R222")
def test_accesses_are_listed_told_to_be_silent_and_revoked(cadran: Cadran, store: Store):
    added = json.loads(cadran("access", "add", "amelie", "--no-notify", "--language", "en", "--json").stdout)
    (listed,) = json.loads(cadran("access", "list", "--json").output)
    assert (listed["login"], listed["notify"], listed["language"], listed["password"]) == ("amelie", False, "en", False)
    assert added["identifier"] == listed["identifier"]
    assert listed["identifier"] in cadran("access", "list").output
    cadran("access", "notify", listed["identifier"], "--on")
    assert json.loads(cadran("access", "list", "--json").output)[0]["notify"] is True
    cadran("access", "revoke", listed["identifier"])
    assert json.loads(cadran("access", "list", "--json").output) == []
    with store.reading(1) as tx:
        actions = [entry.action for entry in tx.audit.trail()]
    assert actions[:3] == ["access-revoked", "access-notify", "access-added"]
    assert "Traceback" not in cadran("access", "revoke", listed["identifier"], status=1).output


@pytest.mark.req("R219")
def test_a_sixth_access_is_refused_in_words(cadran: Cadran):
    for _ in range(5):
        cadran("access", "add", "admin")
    assert "5" in cadran("access", "add", "admin", status=1).stderr


@pytest.mark.parametrize("login", ["paul", "nobody"])
def test_pupils_and_strangers_get_no_access(cadran: Cadran, store: Store, login):
    cadran("access", "add", login, status=1)
    with store.reading(1) as tx:
        assert tx.accesses.all() == ()


def test_a_password_is_kept_as_a_hash(cadran: Cadran, store: Store):
    cadran("access", "add", "admin", "--password-stdin", typed="paste this\n")
    with store.reading(1) as tx:
        assert tx.accesses.all()[0].password_hash.startswith("$argon2id$")


@pytest.mark.req("R172")
def test_what_waits_shows_its_position_over_the_whole_server(cadran: Cadran, store: Store):
    other = store.directory.create_school("0750002B", "Lycée", "Europe/Paris")
    for school_id in (other.id, 1):
        with store.writing(school_id) as tx:
            tx.imports.queue(NewRun("automatic", "?", "export.xml", "h"))
    here = ("--school", "0750001A")
    (found,) = json.loads(cadran("waiting", "--json", *here).output)
    assert (found["position"], found["opens"]) == (2, None)
    assert "position 2" in cadran("waiting", *here).output
    assert "position 2" in cadran("history", *here).output
    assert json.loads(cadran("history", "--json", *here).output)[0]["position"] == 2


@pytest.mark.req("R182")
def test_a_closed_window_says_when_it_opens(cadran: Cadran, store: Store):
    with store.writing(1) as tx:
        for status in ("done", "rejected", "done", "failed", "done", "undone"):
            tx.imports.finish(tx.imports.queue(NewRun("automatic", "edt", "a.xml", "h")), status, {})
        tx.imports.queue(NewRun("automatic", "?", "export.xml", "h"))
    (found,) = json.loads(cadran("waiting", "--json").output)
    assert (found["opens"] > datetime.now(UTC).timestamp() + 86_000, found["reason"]) == (True, "limit")
    for told in (cadran("history").output, cadran("waiting").output):
        assert "not before" in told
        assert "the limit is reached: 4 automatic imports" in told
        assert "cadran import settings --per-day" in told
        assert f"cadran import discard {found['id'][:18]}" in told
    cadran("settings", "--per-day", "5")
    assert json.loads(cadran("waiting", "--json").output)[0]["reason"] == "turn"


@pytest.mark.req("R172", "R182")
def test_what_waits_says_why(cadran: Cadran, store: Store):
    other = store.directory.create_school("0750002B", "Lycée", "Europe/Paris")

    def why() -> tuple[str, str]:
        here = ("waiting", "--school", "0750001A")
        return json.loads(cadran(*here, "--json").output)[0]["reason"], cadran(*here).output

    with store.writing(1) as tx:
        waits = tx.imports.queue(NewRun("automatic", "?", "export.xml", "h"))
    assert why()[0] == "turn"
    assert "cadran serve" in why()[1]
    with store.writing(other.id) as tx:
        running = tx.imports.start(NewRun("automatic", "?", "export.xml", "h"))
    assert why()[0] == "places"
    assert "imports.at_once" in why()[1]
    with store.writing(other.id) as tx:
        tx.imports.finish(running, "done", {})
    with store.writing(1) as tx:
        by_hand = tx.imports.start(NewRun("manual", "edt", "a.xml", "h"))
    assert why()[0] == "school"
    with store.writing(1) as tx:
        tx.imports.finish(by_hand, "done", {})
        for _ in range(16):
            tx.imports.finish(tx.imports.queue(NewRun("automatic", "?", "bad.xml", "h")), "rejected", {})
    assert why()[0] == "tried"
    assert "16 files were read" in why()[1]
    cadran("discard", "--school", "0750001A", waits)


def test_settings_are_changed_and_audited(cadran: Cadran, store: Store):
    assert json.loads(cadran("settings", "--json").output) == {
        "automatic_imports_per_day": 4,
        "import_files_days": 90,
        "import_reports_days": 90,
        "import_drafts_days": 30,
    }
    cadran("settings", "--per-day", "6", "--files-days", "30")
    cadran("settings", "--per-day", "0", status=2)
    settings = store.directory.school("0750001A").settings
    assert (settings.automatic_imports_per_day, settings.import_files_days, settings.import_reports_days) == (6, 30, 90)
    with store.reading(1) as tx:
        assert tx.audit.trail()[0].detail == {"automatic_imports_per_day": 6, "import_files_days": 30}


@pytest.mark.req("R170", "R173", "R174", "R175")
def test_history_tells_what_a_run_is_doing_and_how_others_ended(cadran: Cadran, store: Store):
    with store.writing(1) as tx:
        tx.imports.finish(tx.imports.queue(NewRun("automatic", "?", "EDT_PRONOTE.xml", "h")), "discarded", ASIDE)
        tx.imports.finish(tx.imports.queue(NewRun("automatic", "?", "a.xml", "h")), "done", {"idle": True})
        run = tx.imports.queue(NewRun("automatic", "?", "b.xml", "h"))
        tx.imports.begin(run)
        tx.imports.note(run, "sessions", 3000, 9000)
    output = cadran("history").output
    assert "Writing sessions (3000/9000)" in output
    assert "Nothing has changed since the last import." in output
    assert "for Pronote alone" in output


ASIDE = {"reason": "second-file"}
