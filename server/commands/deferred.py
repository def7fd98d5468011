"""Commands known by name that are imported when they are called: `cadran --help` is not to wait for all of Cadran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from server.texts import _


@dataclass(frozen=True, slots=True)
class Invocation:
    """What was said before the command: the configuration file and the data folder, None where nothing was."""

    file: Path | None
    data: Path | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is: the module and the name it has there; `help` is the command's own, untranslated."""

    module: str
    name: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        command: click.Command = getattr(import_module(self.module), self.name)
        return command


class Deferred(click.Group):
    """A group of such commands, beside those it is given."""

    def __init__(self, *arguments: Any, places: Mapping[str, Place], **options: Any) -> None:
        """Know where the commands are."""
        super().__init__(*arguments, **options)
        self.places = places

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names of all commands in their order."""
        return sorted({*super().list_commands(context), *self.places})

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command, imported if it is not yet."""
        if name in self.places and name not in self.commands:
            self.add_command(self.places[name].load(), name)
        return super().get_command(context, name)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the commands are for, without importing them."""
        told = {name: click.Command(name, help=_(place.help)) for name, place in self.places.items()}
        click.Group(commands={**told, **self.commands}).format_commands(context, formatter)
