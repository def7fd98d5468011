"""`cadran import`: the school's timetable, and what earlier imports did."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from server import partner_keys, reports, timetable
from server.commands.accesses import access
from server.commands.faults import faults
from server.commands.imports import again, apply, discard, print_outcome, show, undo, unmatched
from server.commands.numbers import SHORT, nothing
from server.commands.partner_keys import keys
from server.commands.progress import steps
from server.commands.queue import Wait, reasons, settings, waiting, waits
from server.commands.recognition import audience, match, matches, people, refuse
from server.commands.school_year import year
from server.commands.wizard import begin, drafts, launch, new_year, step_
from server.commands.workplace import (
    Workplace,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
)
from server.texts import _
from storage.imports import ImportRun

SHOWN: Final = 20
ALL: Final = 100_000
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("import", help=_("Import a timetable, by hand or by itself; see, undo or repeat imports."))
def import_() -> None:
    """Gather the commands about timetables."""


@import_.command(
    "edt",
    help=_(
        "Import a timetable: an export of EDT or Pronote, clear or encrypted, or another file docs/timetable.md names. "
        "Files that belong together, such as sts_emp and emp_sts, are given together. Sessions that have begun are "
        "neither imported nor changed; importing the same file again changes nothing."
    ),
    short_help=_("Import a timetable of EDT, Pronote or another program."),
)
@click.argument("files", metavar=_("FILE…"), type=_FILE, nargs=-1, required=True)
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
def edt(workplace: Workplace, /, files: tuple[Path, ...], as_json: bool, code: str | None, **guards: Any) -> None:
    """Import one export and print its report."""
    with workplace.store() as store, steps() as step:
        school = chosen_school(store, code)
        opening = partner_keys.load(workplace.config, school.code)
        choice = timetable.Choice(datetime.now().astimezone(), keys=opening, **guards)
        report = timetable.run(store, school, files, choice, step)
    if as_json:
        print_json(reports.plain(report))
        return
    print_outcome(report)


@import_.command("history", help=_("List the last imports of a school with their results, the newest first."))
@click.option("--limit", type=click.IntRange(1), default=SHOWN, show_default=True, help=_("How many imports to show."))
@click.option("--all", "everything", is_flag=True, help=_("Show all of them."))
@json_option
@school_option
@pass_workplace
def history(workplace: Workplace, /, limit: int, as_json: bool, code: str | None, *, everything: bool = False) -> None:
    """Print the last import runs, newest first."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            # One more tells whether there are more.
            found = tx.imports.history(ALL if everything else limit + 1)
        runs = found if everything else found[:limit]
        waiting_now = waits(store, school, workplace.config.imports.at_once)
    queued = {each.id: each for each in waiting_now}
    if as_json:
        places = {
            name: {"position": each.position, "opens": each.opens, "reason": each.reason}
            for name, each in queued.items()
        }
        print_json([asdict(run) | places.get(run.id, {}) for run in runs])
        return
    if not runs:
        say(nothing())
        return
    columns = (_("Import"), _("When"), _("Kind"), _("Result"), _("File"), _("Summary"))
    print_table(columns, [_row(run, school.zone, queued.get(run.id)) for run in runs])
    if len(found) > len(runs):
        text = _("The last {number} are shown; --limit {twice} shows more, --all everything.")
        say(text.format(number=limit, twice=2 * limit))
    for line in (*reports.open_steps(runs), *reasons(waiting_now, school.zone)):
        say(line)


for _command in (
    *(show, unmatched, faults, undo, apply, again, discard, access, waiting, settings, year),
    *(people, match, refuse, matches, audience),
    keys,
    *(begin, step_, launch, drafts, new_year),
):
    import_.add_command(_command)


def _row(run: ImportRun, zone: str, wait: Wait | None) -> tuple[str, ...]:
    summary = wait.words(zone) if wait is not None else reports.summary(run.status, run.report)
    when = reports.moment(run.started, zone)
    return run.id[:SHORT], when, reports.kind(run.kind), reports.status(run.status), run.file_name, summary
