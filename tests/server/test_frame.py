"""What the command-line library draws around our words is in the language of whoever reads it."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from server import texts
from server.cli import main
from server.commands import frame

# As they stand in English help; UAI and OPTIONS are the same in French.
ENGLISH = re.compile(r"\b(?:COMMAND|ARGS|INTEGER|RANGE|TEXT|FILE|LOGIN|NUMBER|DIRECTORY|NAME|DEVICE)\b|%Y")


def commands(group: click.Group, context: click.Context, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return every command, by the words that call it."""
    found = [path]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        found += commands(command, inner, (*path, name)) if isinstance(command, click.Group) else [(*path, name)]
    return found


def test_every_help_is_french_for_whoever_reads_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "process_language", lambda: "fr")
    for path in commands(main, click.Context(main, info_name="cadran")):
        told = CliRunner().invoke(main, [*path, "--help"])
        assert told.exit_code == 0
        assert "Options :" in told.output
        lines = [line for line in told.output.splitlines() if line.startswith(("Usage", "  -"))]
        assert [line for line in lines if ENGLISH.search(re.split(r"\s{2,}", line.strip())[0])] == []


@pytest.mark.parametrize(
    ("shown", "french"),
    [
        ("[OPTIONS] COMMAND [ARGS]...", "[OPTIONS] COMMANDE [ARGUMENTS]..."),
        ("--limit INTEGER RANGE", "--limit NOMBRE"),
        ("--with LOGIN|GROUP", "--with IDENTIFIANT|GROUPE"),
        ("--starts [%Y-%m-%d|%d/%m/%Y]", "--starts [AAAA-MM-JJ|JJ/MM/AAAA]"),
        ("--school UAI", "--school UAI"),
        ("NOM ICI", "NOM ICI"),
        ("FILENAMES", "FILENAMES"),
        ("--number", "--number"),
    ],
)
def test_names_of_parameters_are_translated_and_nothing_else(shown: str, french: str) -> None:
    with texts.speaking("fr"):
        assert frame.named(shown) == french
    with texts.speaking("en"):
        assert frame.named("--limit INTEGER RANGE") == "--limit INTEGER RANGE"
        assert frame.named("%Y-%m-%d") == "YYYY-MM-DD"
