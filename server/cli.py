"""The `cadran` command: `python -m server.cli` or `cadran`."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click

from server import wording
from server.commands.calendar_links import link, links
from server.commands.calendar_trash import list_trash, restore
from server.commands.calendars import calendar
from server.commands.configuration import config
from server.commands.delegates import audit
from server.commands.demo import demo
from server.commands.devices import devices
from server.commands.mail import imip_, mail_
from server.commands.notices import notices
from server.commands.people import people
from server.commands.push import push
from server.commands.radicale import radicale
from server.commands.sample import sample_school
from server.commands.school import init, migrate
from server.commands.school_settings import school
from server.commands.serve import serve
from server.commands.sharing import groups, share, shares
from server.commands.thresholds import closures, thresholds
from server.commands.timetable import import_
from server.commands.users import user
from server.commands.workplace import Failure, Workplace
from server.texts import _


class Cadran(click.Group):
    """The root of the commands: words the errors of every package in one place."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; an error that people can mend becomes a sentence and exit status 1."""
        try:
            return super().invoke(context)
        except wording.KNOWN as error:
            raise Failure(wording.sentence(error)) from error


def _version() -> str:
    try:
        return version("cadran")
    except PackageNotFoundError:
        return "0"


@click.group(
    cls=Cadran,
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
    context.obj = Workplace(file, data)


for _of_calendars in (link, links, list_trash, restore):
    calendar.add_command(_of_calendars)
for _command in (
    serve,
    demo,
    init,
    migrate,
    config,
    school,
    user,
    audit,
    people,
    import_,
    thresholds,
    closures,
    calendar,
    devices,
    notices,
    radicale,
    sample_school,
    mail_,
    imip_,
    push,
):
    main.add_command(_command)
for _about_sharing in (share, shares, groups):
    calendar.add_command(_about_sharing)

if __name__ == "__main__":
    main(prog_name="cadran")
