"""Text for people, in English in the code and in the languages of `locale/`.

Catalogues are read from their `.po` source at first use; nothing has to be compiled.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final

import click
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

SOURCE_LANGUAGE: Final = "en"
LANGUAGES: Final = (SOURCE_LANGUAGE, "fr")
FOLDER: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "cadran"

# The modules of the command-line library that put words before people, each through a `_` of its own.
CLICK: Final = (
    click.core,
    click.decorators,
    click.exceptions,
    click.formatting,
    click.parser,
    click.termui,
    click.types,
)
_spoken: ContextVar[str] = ContextVar("spoken", default="")
_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def N_(message: str) -> str:
    """Mark a text for translation where it is defined; it is translated where it is shown."""
    return message


def _(message: str) -> str:
    """Return a text in the language of this process, or of the person it is being written for."""
    return translated(message, _spoken.get() or process_language())


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Write for a person of another language than the process has; an unknown one is English."""
    token = _spoken.set(language if language in LANGUAGES else SOURCE_LANGUAGE)
    try:
        yield
    finally:
        _spoken.reset(token)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the form of a text that goes with a number, in the language of this process."""
    language = _spoken.get() or process_language()
    if language == SOURCE_LANGUAGE:
        return one if number == 1 else many
    forms = catalogue(language).get(one, (one, many))
    # French counts 0 and 1 as singular.
    return forms[0] if number in {0, 1} else forms[-1]


def number(value: float) -> str:
    """Return a number as the language of this process, or of the person it is written for, writes it."""
    return str(format_decimal(value, locale=_spoken.get() or process_language()))


def translated(message: str, language: str) -> str:
    """Return a text in a language, as it is when there is no translation."""
    if language == SOURCE_LANGUAGE:
        return message
    return catalogue(language).get(message, (message,))[0]


@cache
def process_language() -> str:
    """Return the language of LC_ALL, LC_MESSAGES or LANG, the first that is set (POSIX); English otherwise."""
    value = next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), "")
    language = value[:2].lower()
    return language if language in LANGUAGES else SOURCE_LANGUAGE


def preferred(accept_language: str) -> str:
    """Return the language of ours that an `Accept-Language` header likes best, English when it likes none."""
    best, weight = SOURCE_LANGUAGE, 0.0
    for part in accept_language.split(",")[:32]:
        tag, _separator, rest = part.strip().partition(";")
        language = tag[:2].lower()
        if language in LANGUAGES and _weight(rest) > weight:
            best, weight = language, _weight(rest)
    return best


@cache
def catalogue(language: str) -> Mapping[str, tuple[str, ...]]:
    """Return the translations of a language by source text; plural messages hold their forms in order."""
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open("rb") as file:
        messages = read_po(file, locale=language)
    found: dict[str, tuple[str, ...]] = {}
    for message in messages:
        source = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if source and all(forms):
            found[source] = forms
    return found


def adopt_click() -> None:
    """Give the command-line library's own words (Usage, Options, its errors) the language of this process.

    It asks gettext for a compiled catalogue of the whole process, which there is none of here.
    """
    if process_language() != SOURCE_LANGUAGE:
        for module in CLICK:
            vars(module)["_"] = _
            vars(module)["ngettext"] = ngettext


def _weight(parameters: str) -> float:
    text = parameters.replace(" ", "").removeprefix("q=")
    try:
        return min(1.0, max(0.0, float(text))) if text else 1.0
    except ValueError:
        return 0.0
