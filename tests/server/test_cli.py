"""The command: what it does, what it says, how it exits."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from server import passwords
from server.cli import main
from server.commands.deferred import Deferred
from server.config import DATABASE_NAME
from server.texts import _
from storage.model import Client, ClientKind, Device
from storage.store import Store

Cadran = Callable[..., Result]
PEOPLE = "Login;Type;Nom;Prénom;Date de naissance;Identifiant\nlea;élève;Petit;Léa;03/04/2012;E1\nbad;élève;;Léa;;E2\n"
INIT = ("init", "--school", "0990001x", "--name", "Lycée", "--no-other-phones", "--password-stdin")


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with a school."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*arguments: str, typed: str | None = None, data: Path = folder) -> Result:
        return CliRunner().invoke(main, ["--data", str(data), *arguments], input=typed, catch_exceptions=False)

    return run


def test_init_makes_a_private_folder_a_school_and_its_administrator(cadran: Cadran, tmp_path: Path) -> None:
    data = tmp_path / "new"
    result = cadran(*INIT, typed="a long password\n", data=data)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    store = Store(f"sqlite:///{data / DATABASE_NAME}")
    school = store.directory.school("0990001X")
    account = store.directory.account("admin")
    assert (school.name, school.zone, school.settings.eas_others_allowed) == ("Lycée", "Europe/Paris", False)
    assert account is not None
    assert passwords.verify(account.password_hash, "a long password")
    store.close()


def test_init_asks_for_what_it_was_not_told(cadran: Cadran, tmp_path: Path) -> None:
    typed = "099\n0990001X\n\nLycée\nshort\na long password\na long password\n"
    result = cadran("init", typed=typed, data=tmp_path / "new")
    assert result.exit_code == 0, result.output
    assert "Password of “admin”" in result.output
    assert "phones" not in result.output
    assert cadran("user", "list", "--json", data=tmp_path / "new").exit_code == 0


def test_init_again_changes_nothing(cadran: Cadran, tmp_path: Path) -> None:
    cadran(*INIT, typed="a long password\n", data=tmp_path / "new")
    result = cadran(*INIT, data=tmp_path / "new")
    assert result.exit_code == 0
    assert "nothing was changed" in result.output


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("--school", "é"), ""),
        (("--school", "0990001X", "--zone", "Mars/Olympus"), ""),
    ],
)
def test_init_refuses_what_makes_no_sense(
    cadran: Cadran, tmp_path: Path, arguments: tuple[str, ...], typed: str
) -> None:
    assert cadran("init", "--name", "L", *arguments, typed=typed, data=tmp_path / "new").exit_code == 2


def test_a_short_password_is_refused_and_no_account_made(cadran: Cadran) -> None:
    result = cadran("user", "add", "eve", "--family", "E", "--password-stdin", typed="short\n")
    assert result.exit_code == 1
    assert "at least 8" in result.output
    assert cadran("user", "passwd", "eve", "--password-stdin", typed="long enough\n").exit_code == 1


def test_a_taken_login_leaves_no_school_without_administrator(cadran: Cadran) -> None:
    result = cadran(*INIT, typed="a long password\n")
    assert result.exit_code == 1
    assert "already in use" in result.output
    assert cadran("user", "list").exit_code == 0


@pytest.mark.parametrize("command", [("user", "list"), ("serve",), ("import", "history"), ("devices", "list")])
def test_without_a_database_the_next_step_is_told(cadran: Cadran, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = cadran(*command, data=tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "cadran init" in result.output
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_database_is_told_what_to_do_with(cadran: Cadran, tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).touch()
    result = cadran("user", "list", data=tmp_path)
    assert result.exit_code == 1
    assert "cadran init" in result.output
    assert cadran("migrate", "--check", data=tmp_path).exit_code == 1
    assert cadran("migrate", data=tmp_path).exit_code == 0
    assert cadran("migrate", "--check", data=tmp_path).exit_code == 0


def test_accounts_are_added_listed_and_removed(cadran: Cadran) -> None:
    added = cadran("user", "add", "Eve", "--family", "Noir", "--given", "Ève", "--role", "staff", "--no-password")
    assert added.exit_code == 0, added.output
    people = json.loads(cadran("user", "list", "--json").output)
    eve = next(person for person in people if person["login"] == "eve")
    assert (eve["name"], eve["role"], eve["source"], eve["active"]) == ("Ève Noir", "staff", "manual", True)
    assert "eve" in cadran("user", "list", "--role", "staff").output
    assert cadran("user", "remove", "eve", "--close").exit_code == 0
    assert [p["active"] for p in json.loads(cadran("user", "list", "--json").output) if p["login"] == "eve"] == [False]
    assert cadran("user", "reopen", "eve").exit_code == 0
    assert cadran("user", "remove", "eve", typed="n\n").exit_code == 1
    assert cadran("user", "remove", "eve", typed="y\n").exit_code == 0
    assert "eve" not in cadran("user", "list").output


def test_a_taken_login_is_told(cadran: Cadran) -> None:
    result = cadran("user", "add", "PAUL", "--family", "P", "--no-password")
    assert result.exit_code == 1
    assert "already in use" in result.output


@pytest.mark.parametrize(
    "login", ["", " ", "a/b", "a:b", "a b", "a\tb", "a\x1bb", "..", "@host", "a\\b", "x" * 65, "é" * 300]
)
def test_what_cannot_be_a_login_is_told_before_a_password_is_asked_for(cadran: Cadran, login: str) -> None:
    result = cadran("user", "add", "--family", "P", "--password-stdin", "--", login)
    assert result.exit_code == 1
    assert "cannot be a login" in result.output
    assert len(result.output.splitlines()) == 1
    assert "\x1b" not in result.output
    assert len(json.loads(cadran("user", "list", "--json").output)) == 3


def test_an_address_may_be_a_login(cadran: Cadran) -> None:
    assert cadran("user", "add", "Eve.O'Neil@ecole.example", "--family", "E", "--no-password").exit_code == 0
    assert "eve.o'neil@ecole.example" in cadran("user", "list").output


def test_a_password_is_replaced(cadran: Cadran, store: Store) -> None:
    assert cadran("user", "passwd", "paul", typed="new password\nnew password\n").exit_code == 0
    account = store.directory.account("paul")
    assert account is not None
    assert passwords.verify(account.password_hash, "new password")


@pytest.mark.parametrize(
    "command",
    [
        ("user", "passwd", "ghost", "--password-stdin"),
        ("user", "remove", "ghost", "--yes"),
        ("calendar", "list", "ghost"),
        ("calendar", "switch", "ghost", "agenda", "on"),
        ("devices", "forget", "ghost", "x"),
    ],
)
def test_an_unknown_login_is_told(cadran: Cadran, command: tuple[str, ...]) -> None:
    result = cadran(*command)
    assert result.exit_code == 1
    assert "ghost" in result.output


@pytest.mark.parametrize(
    "command",
    [
        ("nothing",),
        ("user", "add"),
        ("calendar", "switch", "paul", "agenda", "maybe"),
        ("people", "import", "/nowhere.csv"),
        ("sample-school", "--pupils", "5", "--out", "x"),
    ],
)
def test_wrong_usage_exits_with_two(cadran: Cadran, command: tuple[str, ...]) -> None:
    assert cadran(*command).exit_code == 2


@pytest.mark.req("R1", "R3")
def test_the_synchronise_switch_is_one_per_calendar(cadran: Cadran) -> None:
    assert cadran("calendar", "switch", "paul", "rendez-vous", "off").exit_code == 0
    listed = {
        each["slug"]: each["synchronised"] for each in json.loads(cadran("calendar", "list", "paul", "--json").output)
    }
    assert listed == {"agenda": True, "emploi-du-temps": True, "rendez-vous": False, "taches": True}
    assert cadran("calendar", "switch", "paul", "rendez-vous", "on").exit_code == 0
    assert cadran("calendar", "switch", "paul", "nothing", "on").exit_code == 1


def test_a_calendar_is_shared_listed_and_unshared(cadran: Cadran) -> None:
    assert cadran("calendar", "share", "amelie", "agenda", "--with", "admin", "--access", "write").exit_code == 0
    assert cadran("calendar", "share", "amelie", "agenda", "--with", "school", "--access", "busy").exit_code == 0
    found = [
        (each["calendar"], each["with"], each["kind"], each["access"], each["status"])
        for each in json.loads(cadran("calendar", "shares", "amelie", "--json").output)
    ]
    assert found == [
        ("agenda", "admin", "person", "write", "accepted"),
        ("agenda", "school", "group", "busy", "accepted"),
    ]
    assert "admin" in cadran("calendar", "shares", "amelie").output
    listed = json.loads(cadran("calendar", "list", "admin", "--json").output)
    assert [each["writable"] for each in listed if each["slug"].startswith("partage-")] == [True]
    assert cadran("calendar", "share", "amelie", "agenda", "--with", "admin", "--remove").exit_code == 0
    assert "is not shared" in cadran("calendar", "share", "amelie", "agenda", "--with", "admin", "--remove").output
    assert len(json.loads(cadran("calendar", "shares", "amelie", "--json").output)) == 1


def test_groups_are_listed_with_their_members(cadran: Cadran) -> None:
    found = {each["key"]: each["members"] for each in json.loads(cadran("calendar", "groups", "--json").output)}
    assert found["school"] == sum(count for key, count in found.items() if key.startswith("role-"))
    assert "role-teachers" in cadran("calendar", "groups").output


@pytest.mark.parametrize("name", ["ghost", "amelie", "class-9Z"])
def test_a_calendar_is_not_shared_with_nobody_or_oneself(cadran: Cadran, name: str) -> None:
    result = cadran("calendar", "share", "amelie", "agenda", "--with", name)
    assert result.exit_code == 1
    assert name in result.output


@pytest.mark.req("R19")
def test_a_large_calendar_is_warned_of_when_listed_and_when_switched_on(
    cadran: Cadran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.collections.Collections.count", lambda self, collection_id: 9001)
    assert "holds 9001 entries" in cadran("calendar", "list", "paul").output
    assert "holds 9001 entries" in cadran("calendar", "switch", "paul", "agenda", "on").output
    assert "holds 9001 entries" not in cadran("calendar", "switch", "paul", "agenda", "off").output


def test_a_calendar_is_created_under_an_address_made_of_its_name(cadran: Cadran, store: Store) -> None:
    assert cadran("calendar", "create", "paul", "Club d'échecs", "--colour", "#3366cc").exit_code == 0
    account = store.directory.account("paul")
    assert account is not None
    with store.reading(account.principal.school_id) as tx:
        made = tx.collections.by_slug(account.principal, "club-d-echecs", Client(ClientKind.WEB))
    assert (made.name, made.colour[:7].lower()) == ("Club d'échecs", "#3366cc")
    assert cadran("calendar", "create", "paul", "Club d'échecs").exit_code == 1
    assert cadran("calendar", "create", "paul", "???").exit_code == 1
    assert cadran("calendar", "create", "paul", "x", "--colour", "red").exit_code == 2


def test_phones_are_listed_and_forgotten(cadran: Cadran, store: Store) -> None:
    account = store.directory.account("paul")
    assert account is not None
    with store.writing(account.principal.school_id) as tx:
        tx.devices.save(Device(account.principal.id, "APPL1", "iPhone", last_seen=1_800_000_000))
    listed = json.loads(cadran("devices", "list", "paul", "--json").output)
    assert [(each["login"], each["device_id"], each["device_type"]) for each in listed] == [("paul", "APPL1", "iPhone")]
    assert "APPL1" in cadran("devices", "list").output
    assert cadran("devices", "forget", "paul", "APPL1").exit_code == 0
    assert cadran("devices", "forget", "paul", "APPL1").exit_code == 1


def test_people_are_imported_and_bad_rows_told(cadran: Cadran, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE, "utf-8")
    dry = cadran("people", "import", str(file), "--dry-run")
    assert "accounts to create: 1" in dry.output
    result = cadran("people", "import", str(file))
    assert result.exit_code == 0
    assert "accounts created: 1, updated: 0, unchanged: 0; rows left out: 1" in result.output
    assert "Line 3" in result.output
    again = json.loads(cadran("people", "import", str(file), "--json").output)
    assert [(each["created"], each["unchanged"], each["errors"]) for each in again] == [(0, 1, 1)]


def test_passwords_go_to_a_private_file_and_work(cadran: Cadran, tmp_path: Path, store: Store) -> None:
    file, secrets = tmp_path / "people.csv", tmp_path / "secrets.csv"
    file.write_text(PEOPLE, "utf-8")
    cadran("people", "import", str(file))
    assert cadran("people", "import", str(file), "--passwords", str(secrets)).exit_code == 0
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    login, password = secrets.read_text("utf-8").splitlines()[1].split(";")
    account = store.directory.account(login)
    assert account is not None
    assert passwords.verify(account.password_hash, password)
    assert cadran("people", "import", str(file), "--passwords", str(secrets)).exit_code == 1


def test_a_file_that_is_no_table_is_refused_in_words(cadran: Cadran, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b"\0\1\2")
    result = cadran("people", "import", str(file))
    assert result.exit_code == 1
    assert "Traceback" not in result.output


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_file_that_cannot_be_read_keeps_all_from_being_imported(
    cadran: Cadran, tmp_path: Path, order: tuple[int, int]
) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(PEOPLE, "utf-8")
    bad.write_bytes(b"\0\1\2")
    result = cadran("people", "import", *(str((good, bad)[each]) for each in order))
    assert result.exit_code == 1
    assert "bad.csv" in result.output
    assert "good.csv" not in result.output
    assert len(json.loads(cadran("user", "list", "--json").output)) == 3


@pytest.mark.parametrize("dry", [True, False])
def test_a_file_is_compared_with_what_the_files_before_it_make(cadran: Cadran, tmp_path: Path, dry: bool) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    files[0].write_text("Nom;Prénom;Identifiant\nPetit;Léa;E1\n", "utf-8")
    files[1].write_text("Nom;Prénom;Identifiant\nPetit;Léa;E2\nGrand;Léa;E1\n", "utf-8")
    told = json.loads(cadran("people", "import", *map(str, files), "--json", *(["--dry-run"] if dry else [])).output)
    assert [(each["created"], each["updated"], each["unchanged"]) for each in told] == [(1, 0, 0), (1, 1, 0)]
    people = json.loads(cadran("user", "list", "--json").output)
    made = {each["login"]: each["name"] for each in people if each["source"] == "csv"}
    assert made == ({} if dry else {"lea.petit": "Léa Grand", "lea.petit2": "Léa Petit"})


def test_everybody_of_several_files_gets_one_password(cadran: Cadran, tmp_path: Path, store: Store) -> None:
    files, secrets = [tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "secrets.csv"
    for file in files:
        file.write_text(PEOPLE, "utf-8")
    assert cadran("people", "import", *map(str, files), "--passwords", str(secrets)).exit_code == 0
    rows = [row.split(";") for row in secrets.read_text("utf-8").splitlines()[1:]]
    account = store.directory.account("lea")
    assert account is not None
    assert [(login, passwords.verify(account.password_hash, password)) for login, password in rows] == [("lea", True)]


@pytest.mark.parametrize("content", [b"", b"<html/>", b"<!DOCTYPE a><a/>", b"PK\3\4"])
def test_a_timetable_that_is_none_is_refused_in_words(cadran: Cadran, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "edt.xml"
    file.write_bytes(content)
    result = cadran("import", "edt", str(file))
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    history = json.loads(cadran("import", "history", "--json").output)
    assert [run["status"] for run in history] == ["rejected"]
    assert "refused" in cadran("import", "history").output


def test_the_configuration_is_checked_and_shown(
    cadran: Cadran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cadran("config", "check").exit_code == 0
    assert json.loads(cadran("config", "show", "--json").output)["server"]["workers"] == 1
    assert "server.workers" in cadran("config", "show").output
    monkeypatch.setenv("CADRAN_SERVER__WORKERS", "none")
    result = cadran("config", "check")
    assert result.exit_code == 1
    assert "server.workers" in result.output


def test_the_school_has_to_be_named_when_there_are_two(cadran: Cadran, store: Store) -> None:
    store.directory.create_school("0990001X", "Lycée", "Europe/Paris")
    assert cadran("user", "list").exit_code == 2
    assert cadran("user", "list", "--school", "0990001x").exit_code == 0
    assert cadran("user", "list", "--school", "0000000Z").exit_code == 1


def offered(command: click.Command) -> dict[str, click.Command]:
    """The commands of a group, none of a command."""
    if not isinstance(command, click.Group):
        return {}
    context = click.Context(command)
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {name: each for name, each in found.items() if each is not None}


def test_what_help_says_of_commands_is_what_they_say_of_themselves() -> None:
    groups = [each for each in (main, *offered(main).values()) if isinstance(each, Deferred)]
    assert {each.name for each in groups} >= {"main", "calendar", "user"}
    for group in groups:
        for name, place in group.places.items():
            command = offered(group)[name]
            assert (command.name, command.get_short_help_str(1000)) == (name, _(place.help))


def test_help_and_a_mistyped_command_load_nothing_of_the_server() -> None:
    code = "import sys; sys.argv = ['', {!r}]\ntry: import server.cli; server.cli.main()\nfinally: print(*sys.modules)"
    for word, told in (("--help", "Usage"), ("--version", "cadran"), ("devises", "No such command")):
        command = [sys.executable, "-c", code.format(word)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert told in done.stdout + done.stderr
        assert not {"sqlalchemy", "twisted", "lxml", "icalendar", "storage.store"} & set(done.stdout.split())


def test_every_command_explains_itself(cadran: Cadran) -> None:
    def explained(path: tuple[str, ...]) -> None:
        result = cadran(*path, "--help")
        assert result.exit_code == 0, path
        command: click.Command = main
        for name in path:
            command = offered(command)[name]
        for name, child in offered(command).items():
            assert child.help, (*path, name)
            explained((*path, name))

    explained(())


@pytest.mark.req("R117")
def test_one_timetable_is_imported_at_a_time(cadran: Cadran, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.xml", "b.xml")]
    for file in files:
        file.write_text("<nothing/>", "utf-8")
    result = cadran("import", "edt", *map(str, files))
    assert result.exit_code == 1
    assert "do not belong together: a.xml, b.xml" in result.output
    assert "do not belong together: a.xml, b.xml" in cadran("import", "history").output
