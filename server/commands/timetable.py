"""`cadran import`: the school's timetable, and what earlier imports did."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from importers.errors import ImportRefused
from importers.report import Report
from server import reports, timetable
from server.commands.imports import again, apply, discard, print_outcome, show, undo, unmatched
from server.commands.progress import steps
from server.commands.recognition import audience, match, matches, people, refuse
from server.commands.wizard import begin, drafts, launch, new_year, step_
from server.commands.workplace import (
    Failure,
    Workplace,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    school_option,
)
from server.texts import _
from storage.imports import ImportRun
from storage.model import School
from storage.store import Store

_ZIP: Final = b"PK\3\4"
_SHORT: Final = 18
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import", help=_("Import a timetable, see what earlier imports did."))
def import_() -> None:
    """Gather the commands about timetables."""


@import_.command(
    "edt",
    help=_(
        "Import a clear EDT or Pronote export. Sessions that have begun are neither imported nor changed; importing "
        "the same file again changes nothing."
    ),
    short_help=_("Import a clear EDT or Pronote export."),
)
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help=_("Only tell what would be done."))
@click.option("--force", is_flag=True, help=_("Import even if more than half of the coming sessions disappear."))
@click.option(
    "--new-identifiers",
    is_flag=True,
    help=_("Import even if Pronote's identifiers were regenerated: people are recognised by their names."),
)
@click.option(
    "--confirm", default="", metavar="UAI", help=_("Code of the school: import even a file without any course.")
)
@json_option
@school_option
@pass_workplace
def edt(workplace: Workplace, /, file: Path, as_json: bool, code: str | None, **guards: Any) -> None:
    """Import one export and print its report."""
    with workplace.store() as store, steps() as step:
        school = chosen_school(store, code)
        choice = timetable.Choice(datetime.now().astimezone(), **guards)
        report = _run(store, school, file, choice, step)
    if as_json:
        print_json(reports.plain(report))
        return
    print_outcome(report)


@import_.command("history", help=_("List the last imports of a school with their results."))
@json_option
@school_option
@pass_workplace
def history(workplace: Workplace, as_json: bool, code: str | None) -> None:
    """Print the last import runs, newest first."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            runs = tx.imports.history()
    if as_json:
        print_json([asdict(run) for run in runs])
        return
    columns = (_("Import"), _("When"), _("Kind"), _("Result"), _("File"), _("Summary"))
    print_table(columns, [_row(run, school.zone) for run in runs])


for _command in (
    *(show, unmatched, undo, apply, again, discard),
    *(people, match, refuse, matches, audience),
    *(begin, step_, launch, drafts, new_year),
):
    import_.add_command(_command)


def _run(store: Store, school: School, file: Path, choice: timetable.Choice, step: timetable.Step) -> Report:
    try:
        return timetable.run(store, school, file, choice, step)
    except ImportRefused as refusal:
        if not _is_archive(file):
            raise
        text = _("{file} is an archive: unzip it and import the XML file inside.")
        raise Failure(text.format(file=file)) from refusal


def _is_archive(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_ZIP)) == _ZIP


def _row(run: ImportRun, zone: str) -> tuple[str, ...]:
    summary = reports.summary(run.status, run.report)
    when = reports.moment(run.started, zone)
    return run.id[:_SHORT], when, reports.kind(run.kind), reports.status(run.status), run.file_name, summary
