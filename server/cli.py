"""The `cadran` command: `python -m server.cli` or `cadran`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import click
from click.exceptions import Exit

from server.commands.deferred import Deferred, Invocation, Place
from server.texts import N_, _

_PLACES: Final[Mapping[str, Place]] = {
    "audit": Place(
        "server.commands.delegates",
        "audit",
        N_("Show who changed whose access and who opened whose home, newest first."),
    ),
    "calendar": Place(
        "server.commands.calendars",
        "calendar",
        N_("List, create, share and restore calendars, choose those for phones."),
    ),
    "closures": Place(
        "server.commands.thresholds",
        "closures",
        N_("The days on which the school is closed; automatic imports are compared with them."),
    ),
    "config": Place("server.commands.configuration", "config", N_("Check or show the configuration.")),
    "demo": Place("server.commands.demo", "demo", N_("Try it: make an invented school and serve it.")),
    "devices": Place("server.commands.devices", "devices", N_("List phones, and say which may synchronise.")),
    "imip": Place(
        "server.commands.mail",
        "imip_",
        N_("Take a letter with an invitation, answer or cancellation from standard input."),
    ),
    "import": Place(
        "server.commands.timetable",
        "import_",
        N_("Import a timetable, by hand or by itself; see, undo or repeat imports."),
    ),
    "init": Place("server.commands.school", "init", N_("Create a school and its administrator.")),
    "mail": Place("server.commands.mail", "mail_", N_("Messages of meetings to people outside the school.")),
    "migrate": Place("server.commands.school", "migrate", N_("Bring the database up to date.")),
    "notices": Place("server.commands.notices", "notices", N_("Show what a person is to be told.")),
    "people": Place("server.commands.people", "people", N_("Import the people of a school.")),
    "push": Place("server.commands.push", "push", N_("Messages to clients through push services.")),
    "radicale": Place("server.commands.radicale", "radicale", N_("Move from a Radicale server.")),
    "sample-school": Place("server.commands.sample", "sample_school", N_("Write the files of an invented school.")),
    "school": Place(
        "server.commands.school_settings", "school", N_("Show and change what a school decides for itself.")
    ),
    "serve": Place("server.commands.serve", "serve", N_("Serve calendars until the process is told to stop.")),
    "thresholds": Place("server.commands.thresholds", "thresholds", N_("See and set what stops an automatic import.")),
    "user": Place(
        "server.commands.users",
        "user",
        N_("Add, list and remove accounts, set passwords, let people stand in for others."),
    ),
}


class Cadran(Deferred):
    """The root of the commands: words the errors of every package in one place."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; an error that people can mend becomes a sentence and exit status 1."""
        try:
            return super().invoke(context)
        except (click.ClickException, click.Abort, Exit):
            raise
        except Exception as error:
            # The words for errors know every package: only an error needs them.
            wording, workplace = import_module("server.wording"), import_module("server.commands.workplace")
            if not isinstance(error, wording.KNOWN):
                raise
            raise workplace.Failure(wording.sentence(error)) from error


def _version() -> str:
    try:
        return version("cadran")
    except PackageNotFoundError:
        return "0"


@click.group(
    cls=Cadran,
    places=_PLACES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=_("Calendar server for schools: CalDAV, phones over ActiveSync, timetables from EDT and Pronote."),
)
@click.option(
    "--config",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="CADRAN_CONFIG",
    help=_("Configuration file (default: /etc/cadran/cadran.toml when it exists)."),
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help=_("Data folder; the environment variable CADRAN_DATA says the same."),
)
@click.version_option(_version(), "--version", prog_name="cadran", help=_("Show the version and exit."))
@click.pass_context
def main(context: click.Context, file: Path | None, data: Path | None) -> None:
    """Keep what every command needs; what a command writes holds minors' data and is for its owner alone."""
    os.umask(0o077)
    context.obj = Invocation(file, data)


if __name__ == "__main__":
    main(prog_name="cadran")
