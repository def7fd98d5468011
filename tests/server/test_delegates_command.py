"""`cadran user delegate`, `delegates`, `readers` and `cadran audit`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store

Cadran = Callable[..., Result]


@pytest.fixture
def cadran(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cadran:
    """Run the command on a data folder with a school."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*arguments: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(main, ["--data", str(folder), *arguments], input=typed, catch_exceptions=False)

    return run


def told(result: Result) -> object:
    """What a command prints as JSON."""
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_the_administrator_gives_and_takes_delegations(cadran: Cadran) -> None:
    result = cadran("user", "delegate", "paul", "--to", "amelie", "--access", "write")
    assert result.exit_code == 0, result.output
    assert "“amelie” may now use the calendars of “paul” (writes)" in result.output
    amelie = {"login": "amelie", "name": "X Amelie", "access": "write"}
    assert told(cadran("user", "delegates", "paul", "--json")) == {"delegates": [amelie], "owners": []}
    paul = {"login": "paul", "name": "X Paul", "access": "write"}
    assert told(cadran("user", "delegates", "amelie", "--json")) == {"delegates": [], "owners": [paul]}
    assert "writes" in cadran("user", "delegates", "amelie").output
    assert cadran("user", "delegate", "paul", "--to", "amelie", "--remove").exit_code == 0
    again = cadran("user", "delegate", "paul", "--to", "amelie", "--remove")
    assert (again.exit_code, "does not use" in again.output) == (1, True)
    assert told(cadran("user", "delegates", "paul", "--json")) == {"delegates": [], "owners": []}


@pytest.mark.parametrize(
    ("owner", "delegate", "words"),
    [("amelie", "paul", "cannot use"), ("amelie", "amelie", "cannot use"), ("paul", "nobody", "no account")],
)
def test_what_cannot_be_delegated_is_refused_in_words(cadran: Cadran, owner: str, delegate: str, words: str) -> None:
    result = cadran("user", "delegate", owner, "--to", delegate)
    assert (result.exit_code, words in result.output) == (1, True)


def test_a_guardian_reads_and_never_writes(cadran: Cadran) -> None:
    cadran("user", "add", "luc", "--family", "P", "--role", "guardian", "--no-password")
    assert cadran("user", "delegate", "paul", "--to", "luc", "--access", "write").exit_code == 1
    assert cadran("user", "delegate", "paul", "--to", "luc", "--access", "read").exit_code == 0


def test_nobody_is_a_delegate_in_another_school(cadran: Cadran, store: Store) -> None:
    other = store.directory.create_school("0750002B", "Lycée", "Europe/Paris")
    with store.writing(other.id) as tx:
        tx.principals.create(NewPerson("loin", "Loin", "", Role.TEACHER))
    assert cadran("user", "delegate", "amelie", "--to", "loin").exit_code == 1


def test_readers_are_shut_out_until_they_are_let_in(cadran: Cadran) -> None:
    cadran("user", "add", "support", "--family", "Support", "--role", "reader", "--no-password")
    account = {"login": "support", "active": True}
    assert told(cadran("user", "readers", "--json")) == {"allowed": False, "readers": [account]}
    assert told(cadran("user", "readers", "--allow", "--json")) == {"allowed": True, "readers": [account]}
    assert "let in" in cadran("user", "readers").output
    assert "shut out" in cadran("user", "readers", "--forbid").output


def test_the_trail_is_printed_newest_first(cadran: Cadran) -> None:
    cadran("user", "delegate", "paul", "--to", "amelie")
    cadran("user", "readers", "--allow")
    lines = told(cadran("audit", "--json"))
    assert isinstance(lines, list)
    assert [line["action"] for line in lines] == ["readers-allowed", "delegation-set"]
    assert (lines[1]["subject"], lines[1]["detail"]) == ("paul", {"delegate": "amelie", "access": "read"})
    assert len(told(cadran("audit", "--json", "--limit", "1"))) == 1  # type: ignore[arg-type]
    plain = cadran("audit").output
    assert "delegation-set" in plain
    assert '"delegate": "amelie"' in plain
