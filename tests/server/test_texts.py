"""Texts: every one has its French, and each person gets their language."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from server import texts

SERVER = Path(texts.__file__).parent
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def sources() -> Iterator[tuple[str, str]]:
    """Every text of the server, with the module it is in."""
    for path in sorted(SERVER.rglob("*.py")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, keywords=KEYWORDS):
                for text in (message,) if isinstance(message, str) else message[:1]:
                    yield path.name, text


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_has_its_french() -> None:
    french = texts.catalogue("fr")
    assert [(module, text) for module, text in sources() if text not in french] == []


def test_no_translation_is_left_over() -> None:
    """What is in the catalogue is used here or by the command-line library."""
    used = {text for _, text in sources()}
    with (texts.FOLDER / "fr/LC_MESSAGES/cadran.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    own = [message for message in catalogue if message.id and "command-line" not in "".join(message.user_comments)]
    library = {str(text) for module in texts.CLICK for text in _constants(Path(module.__file__ or ""))}
    assert [m.id for m in own if (m.id if isinstance(m.id, str) else m.id[0]) not in used | library] == []


def _constants(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for _, message, _, _ in extract("python", file, keywords=KEYWORDS):
            yield message if isinstance(message, str) else message[0]


def test_translations_fill_the_same_places() -> None:
    odd = [source for source, forms in texts.catalogue("fr").items() if places(forms[0]) != places(source)]
    assert odd == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("de,en;q=0.5,fr;q=0.4", "en"),
        ("en;q=0.1, fr;q=0.2", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=nonsense", "en"),
        ("*", "en"),
    ],
)
def test_a_reader_gets_the_language_they_like_best(header: str, language: str) -> None:
    assert texts.preferred(header) == language


@pytest.mark.parametrize(
    ("variables", "usage"),
    [
        ({"LC_ALL": "fr_FR.UTF-8"}, "Usage\u00a0: "),
        ({"LANG": "fr_FR.UTF-8"}, "Usage\u00a0: "),
        ({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "Usage: "),
        ({"LANG": "de_DE"}, "Usage: "),
    ],
)
def test_the_command_speaks_the_language_of_its_environment(variables: dict[str, str], usage: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"LANG", "LC_ALL", "LC_MESSAGES"}}
    output = subprocess.run(
        [sys.executable, "-m", "server.cli", "--help"],
        cwd=SERVER.parent,
        env={**environment, **variables, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    assert output.stdout.decode().startswith(usage)
