"""`cadran import`: the school's timetable, and what earlier imports did."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from server import reports, timetable
from server.commands.progress import steps
from server.commands.workplace import (
    Workplace,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
    warn,
)
from server.texts import _
from storage.imports import ImportRun

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import", help=_("Import timetables and see what earlier imports did."))
def import_() -> None:
    """Gather the commands about timetables."""


@import_.command(
    "edt",
    help=_(
        "Import a clear EDT or Pronote export. What has begun is never changed; importing the same file again changes "
        "nothing."
    ),
)
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help=_("Only tell what would be done."))
@click.option("--force", is_flag=True, help=_("Import even if more than half of the coming sessions disappear."))
@json_option
@school_option
@pass_workplace
def edt(workplace: Workplace, file: Path, dry_run: bool, force: bool, as_json: bool, code: str | None) -> None:
    """Import one export and print its report."""
    with workplace.store() as store, steps() as step:
        school = chosen_school(store, code)
        choice = timetable.Choice(datetime.now().astimezone(), dry_run, force)
        report = timetable.run(store, school, file, choice, step)
    if as_json:
        print_json(reports.plain(report))
        return
    for sentence in reports.warnings(report):
        warn(sentence)
    print_table((_("What"), _("Number")), reports.rows(report))
    say(reports.outcome(report))


@import_.command("history", help=_("List the last imports of a school with their results."))
@json_option
@school_option
@pass_workplace
def history(workplace: Workplace, as_json: bool, code: str | None) -> None:
    """Print the last import runs, newest first."""
    with workplace.store() as store, store.reading(chosen_school(store, code).id) as tx:
        runs = tx.imports.history()
    if as_json:
        print_json([asdict(run) for run in runs])
        return
    columns = (_("When"), _("Kind"), _("Result"), _("File"), _("Summary"))
    print_table(columns, [_row(run) for run in runs])


def _row(run: ImportRun) -> tuple[str, ...]:
    when = datetime.fromtimestamp(run.started).astimezone().isoformat(" ", "minutes")
    return when, reports.kind(run.kind), reports.status(run.status), run.file_name, reports.summary(run.report)
