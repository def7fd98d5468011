"""The frame that the command-line library draws around our words, in the language of this process.

It translates its sentences (server.texts.adopt_click), not the names of parameters, which it makes of their types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import click

from server.texts import N_, _

# Longer names first: one may begin with another.
_NAMES: Final = (
    N_("INTEGER RANGE"),
    N_("FLOAT RANGE"),
    N_("IDENTIFIER"),
    N_("DIRECTORY"),
    N_("COMMAND"),
    N_("INTEGER"),
    N_("OPTIONS"),
    N_("PARTNER"),
    N_("COLUMN"),
    N_("DEVICE"),
    N_("NUMBER"),
    N_("PARENT"),
    N_("PERSON"),
    N_("CHECK"),
    N_("CHILD"),
    N_("FIELD"),
    N_("GROUP"),
    N_("LOGIN"),
    N_("OWNER"),
    N_("VALUE"),
    N_("ARGS"),
    N_("FILE"),
    N_("ITEM"),
    N_("NAME"),
    N_("SLUG"),
    N_("TEXT"),
    N_("DAY"),
    N_("DIR"),
    N_("KEY"),
)
_DATES: Final = {"%Y-%m-%d": N_("YYYY-MM-DD"), "%d/%m/%Y": N_("DD/MM/YYYY")}
_NAME: Final = re.compile(rf"(?<![A-Za-zÀ-ÿ-])(?:{'|'.join(_NAMES)})(?![A-Za-zÀ-ÿ])|{'|'.join(_DATES)}")


class Frame(click.HelpFormatter):
    """Writes help and usage with the names of parameters and the marks of this process's language."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how a command is called."""
        super().write_usage(prog, named(args), prefix)

    def write_heading(self, heading: str) -> None:
        """Write the title of a section."""
        title = _("{heading}:").format(heading=heading)
        self.write(" " * self.current_indent + title + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write what each option or command does."""
        super().write_dl([(named(first), second) for first, second in rows], col_max, col_spacing)


def named(shown: str) -> str:
    """Return the names of parameters, in capitals, in the language of this process; everything else as it is."""
    return _NAME.sub(lambda found: _(_DATES.get(found[0], found[0])), shown)


def adopt() -> None:
    """Let every help be written so."""
    click.Context.formatter_class = Frame
