"""`cadran import show|undo|apply|again|discard|unmatched`: what becomes of runs afterwards."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

import click

from importers import rollover
from importers import run as importing
from importers import undo as undoing
from importers.errors import ImportRefused
from importers.report import Report
from importers.run import Options
from server import origins, partner_keys, places, recap, reports, wording
from server.commands.numbers import LAST, SHORT, run_of
from server.commands.progress import steps
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    chosen_school,
    confirmed,
    interactive,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
    warn,
)
from server.texts import N_, _
from storage.errors import NotFound
from storage.imports import DISCARDED, DONE, FAILED, INTERRUPTED, QUEUED, REJECTED, UNDONE, ImportRun
from storage.model import School
from storage.store import Store

_COLUMNS: Final = ("kind", "family", "given", "birth", "reason")
_YEAR_BEGUN: Final = N_(
    "A new school year was begun since: imports before it can no longer be undone. “cadran import new-year --undo” "
    "takes the new year back, as long as nothing was imported; import the earlier file for the timetable of before."
)
# What was refused since is not what somebody wants back.
_CARRIED_OUT: Final = (DONE, UNDONE, INTERRUPTED)


@click.command("show", help=_("Tell everything about one import: its number as `history` prints it, or “last”."))
@click.argument("number", default=LAST)
@json_option
@school_option
@pass_workplace
def show(workplace: Workplace, /, number: str, as_json: bool, code: str | None) -> None:
    """Print the report of a run: what was done, tasks by kind, who was recognised, checks (R176 to R181, R193)."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        run = run_of(store, school, number)
    if as_json:
        print_json(asdict(run))
        return
    for line in reports.heading(run, school.zone):
        say(line)
    report = run.report.get("planned", run.report)
    for line in origins.lines(report.get("origin") or run.report.get("origin"), run.id):
        say(line)
    if report.get("tasks"):
        print_table((_("Task"), _("Success"), _("Error")), reports.tasks(report["tasks"]))
        say(recap.total(report["tasks"]))
    known = recap.recognised(report)
    if known:
        print_table((_("In the file"), _("Recognised"), _("Not recognised")), known)
    if report.get("verdicts"):
        columns = (_("Check"), _("Measured"), _("Limit"), _("Blocking"), _("Exceeded"))
        print_table(columns, reports.verdicts(report["verdicts"]))
    for line in (*recap.advice(run.status, report, run.id[:SHORT]), reports.next_step(run)):
        if line:
            say(line)


@click.command(
    "unmatched",
    help=_("List the people an import did not recognise, as text or, with --csv, as a table for a spreadsheet."),
)
@click.argument("number", default=LAST)
@click.option("--csv", "as_csv", is_flag=True, help=_("Print a table (CSV, semicolons)."))
@click.option("--kind", type=click.Choice(("pupil", "teacher", "staff")), help=_("Only these people."))
@click.option("--offset", type=click.IntRange(0), default=0, help=_("First line to show."))
@click.option("--limit", type=click.IntRange(1), help=_("How many lines to show."))
@json_option
@school_option
@pass_workplace
def unmatched(workplace: Workplace, /, number: str, as_json: bool, code: str | None, **told: Any) -> None:
    """Print who was not recognised and why (R194 to R196)."""
    first, most, kind = told["offset"], told["limit"], told["kind"]
    with workplace.store() as store:
        school = chosen_school(store, code)
        run = run_of(store, school, number, (DONE, REJECTED))
    report = run.report.get("planned", run.report)
    people = [each for each in report.get("unmatched", ()) if kind in (None, each["kind"])]
    people = people[first:] if most is None else people[first : first + most]
    if as_json:
        print_json(people)
    elif told["as_csv"]:
        # Without the mark Excel reads accents as two letters each.
        sys.stdout.write("\ufeff")
        writer = csv.writer(sys.stdout, delimiter=";", lineterminator="\n")
        writer.writerow(reports.unmatched_columns())
        writer.writerows(_cells(people))
    elif not people:
        say(_("Nobody: everybody was recognised."))
    else:
        for line in reports.unmatched_lines(people):
            say(line)


def _cells(people: Iterable[Mapping[str, str]]) -> Iterator[list[str]]:
    for each in people:
        row = [reports.person_kind(each["kind"]), each["family"], each["given"], each["birth"]]
        # A name that a spreadsheet would run as a formula is shown as text.
        yield [
            f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in (*row, reports.reason(each["reason"]))
        ]


@click.command(
    "undo",
    help=_("Undo the last import: the lessons ahead become what they were before, those already given stay."),
)
@click.argument("number", default=LAST)
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@school_option
@pass_workplace
def undo(workplace: Workplace, /, number: str, yes: bool, code: str | None) -> None:
    """Undo one import, once whoever asks is sure, and tell what changed back."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        run = _undoable(store, school) if number == LAST else run_of(store, school, number)
        if not (yes or _sure(run, school)):
            say(_("Nothing was changed."))
            return
        now = datetime.now().astimezone()
        try:
            with steps() as step:
                counts = undoing.undo(store, school, run.id, now, reports.progress(step))
        except ImportRefused as refusal:
            with store.reading(school.id) as tx:
                if rollover.pending(tx):
                    raise Failure(_(_YEAR_BEGUN)) from refusal
            raise
        with store.writing(school.id) as tx:
            tx.audit.record(actor(), "import-undone", run.id)
            waiting = tx.imports.waiting()
    print_table((_("What"), _("Number")), reports.counted(counts), empty=_("Nothing ahead had to be changed back."))
    say(_("The import of {when} is undone.").format(when=reports.moment(run.started, school.zone)))
    for each in waiting:
        text = _("The import of {when} ({file}) still waits and will be carried out: “cadran import discard {number}”.")
        warn(text.format(when=reports.moment(each.started, school.zone), file=each.file_name, number=each.id[:SHORT]))


def _sure(run: ImportRun, school: School) -> bool:
    """Ask whether an import is to be undone; raises UsageError where nobody can answer."""
    if not interactive():
        raise click.UsageError(_("Nobody can be asked here: add --yes."))
    told = {"when": reports.moment(run.started, school.zone), "summary": reports.summary(run.status, run.report)}
    return confirmed(_("Undo the import of {when} ({summary})?").format(**told))


def _undoable(store: Store, school: School) -> ImportRun:
    """Return the newest run that stands and changed something; raises ImportRefused when there is none."""
    with store.reading(school.id) as tx:
        found = undoing.newest(tx.imports.history(1000))
    if found is None:
        raise ImportRefused("nothing-to-undo")
    return found


@click.command(
    "apply",
    help=_("Carry out an automatic import that was rejected, once its report has been read (“cadran import show”)."),
)
@click.argument("number", default=LAST)
@click.option("--confirm", default="", metavar="UAI", help=_("Code of the school, for a file without any course."))
@click.option(
    "--new-identifiers",
    is_flag=True,
    help=_("Import even if Pronote's identifiers were regenerated: people are recognised by their names."),
)
@school_option
@pass_workplace
def apply(
    workplace: Workplace, /, number: str, confirm: str, code: str | None, *, new_identifiers: bool = False
) -> None:
    """Import the kept file of a rejected run in spite of its thresholds (R232)."""
    options = Options(accepted=True, force=True, confirm=confirm, new_identifiers=new_identifiers)
    _repeat(workplace, number, (REJECTED,), options, code)


@click.command(
    "again", help=_("Import the kept file of an earlier run once more: of the last one carried out unless told.")
)
@click.argument("number", default=LAST)
@school_option
@pass_workplace
def again(workplace: Workplace, /, number: str, code: str | None) -> None:
    """Import a kept file as if it were handed over now."""
    _repeat(workplace, number, _CARRIED_OUT, Options(), code)


def _repeat(workplace: Workplace, number: str, statuses: tuple[str, ...], options: Options, code: str | None) -> None:
    """Import the file of a run again, the newest of some statuses or the one named; only a rejected one is accepted."""
    missing = _("No import was refused: there is nothing to carry out.") if options.accepted else ""
    with workplace.store() as store, steps() as step:
        school = chosen_school(store, code)
        run = run_of(store, school, number, statuses, missing)
        if options.accepted and run.status not in statuses:
            text = _("This import is not one that was rejected: it is “{status}”.")
            raise Failure(text.format(status=reports.status(run.status)))
        options = replace(options, keys=partner_keys.load(workplace.config, school.code))
        try:
            report = _imported_again(store, school, run, replace(options, progress=reports.progress(step)))
        except ImportRefused as refusal:
            if refusal.reason == "already-running":
                raise
            meant = run if run.status == REJECTED else _refused_again(store, school, run)
            if meant is None:
                raise
            raise Failure(wording.repeated(refusal, meant.id[:SHORT])) from refusal
    print_outcome(report, accepted=options.accepted)


def _refused_again(store: Store, school: School, run: ImportRun) -> ImportRun | None:
    """Return the run that importing the file of a run again made and that was refused; None when it made none."""
    with store.reading(school.id) as tx:
        newest = tx.imports.history(1)[0]
    same = newest.id > run.id and newest.file_id == run.file_id
    return newest if same and newest.status == REJECTED else None


def _imported_again(store: Store, school: School, run: ImportRun, options: Options) -> Report:
    if run.file_id is None:
        raise ImportRefused("file-forgotten")
    with store.reading(school.id) as tx:
        data = _content(tx.import_files, run.file_id)
    if run.kind == importing.AUTOMATIC and run.status in (FAILED, INTERRUPTED):
        # Nobody has looked at its plan: the guard rails hold.
        options = replace(options, kind=importing.AUTOMATIC)
    chosen = replace(options, selection=undoing.chosen(run), file_name=run.file_name, file_id=run.file_id)
    report = importing.import_file(store, school, data, datetime.now().astimezone(), chosen)
    if run.status == REJECTED:
        with store.writing(school.id) as tx:
            tx.imports.set_status(run.id, DISCARDED, {"applied": report.run_id})
            tx.audit.record(actor(), "import-applied", run.id)
    return report


def _content(files: Any, file_id: str) -> bytes:
    try:
        return bytes(files.content(file_id))
    except NotFound as error:
        raise ImportRefused("file-forgotten") from error


def print_outcome(report: Report, *, accepted: bool = False, draft: str = "") -> None:
    """Print warnings, numbers and the last word of an import, or of what a draft would do.

    `accepted` is one applied in spite of its checks.
    """
    for sentence in reports.warnings(report):
        warn(sentence)
    if places.more(map(asdict, report.notices)):
        number = draft or report.run_id
        text = _("All of them, one by one: “cadran import faults {number}”.") if number else _("--json lists them all.")
        warn(text.format(number=number[:SHORT]))
    if accepted:
        if any(verdict.stops and verdict.whole for verdict in report.verdicts):
            warn(_("Blocking checks had stopped the deposit: it is applied all the same, as you asked."))
    elif any(verdict.whole for verdict in report.alerts):
        warn(_("Checks stop automatic imports only; what is imported by hand is not stopped by them."))
    print_table((_("What"), _("Number")), reports.rows(report))
    say(reports.outcome(report))


@click.command("discard", help=_("Put aside a rejected or waiting automatic import; its file is forgotten."))
@click.argument("number", default=LAST)
@school_option
@pass_workplace
def discard(workplace: Workplace, /, number: str, code: str | None) -> None:
    """Discard a run that was rejected or waits."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        missing = _("No import was refused, none waits: there is nothing to put aside.")
        run = run_of(store, school, number, (REJECTED, QUEUED), missing)
        if run.status not in (REJECTED, QUEUED):
            text = _("Only a rejected or waiting import is put aside; this one is “{status}”.")
            raise Failure(text.format(status=reports.status(run.status)))
        with store.writing(school.id) as tx:
            tx.imports.set_status(run.id, DISCARDED)
            if run.file_id is not None:
                tx.import_files.drop(run.file_id)
            tx.audit.record(actor(), "import-discarded", run.id)
    say(_("The import of {when} is put aside.").format(when=reports.moment(run.started, school.zone)))
