"""`cadran import begin|step|launch|drafts|new-year`: the manual import step by step, and the new school year."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click

from importers import rollover, wizard
from importers.errors import ImportRefused
from importers.run import Options
from importers.wizard import Change, Page, Step
from server import partner_keys, reports
from server.commands.imports import print_outcome
from server.commands.numbers import SHORT, draft_of
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
from server.handed_over import contents
from server.texts import N_, _
from server.wording import filled
from storage.model import School
from storage.store import Store

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DAY_SECONDS: Final = 86_400
_STATES: Final = {
    "active": N_("kept"),
    "inactive": N_("left out"),
    "new": N_("not in the list"),
    "recognised": N_("recognised"),
    "unknown": N_("not recognised"),
}
_REVIEW: Final = {
    "not-reviewed": N_("Look at what the import would do first: “cadran import step {number} launch”."),
    "plan-changed": N_(
        "What the import would do has changed since it was looked at: look again with “cadran import step {number} "
        "launch”."
    ),
}
_ADVICE: Final = {
    "class-parts-without-group": N_(
        "Courses with only parts of classes and no group, which make no course here: {count} ({names}). In EDT: "
        "Timetable > Courses > Edit > “Generate the groups for PRONOTE”, then export again."
    ),
    "classes-side-by-side": N_(
        "Courses with several classes side by side: {count} ({names}). Each class gets a course of its own; for one "
        "course, make a group of these classes in EDT."
    ),
    "groups-nearly-alike": N_(
        "Groups that are a class or another group give or take one or two pupils: {count} ({names}). Add ULIS and "
        "allophone pupils to the courses of their class instead, and do not let EDT make groups by itself."
    ),
    "pupils-without-class": N_(
        "Pupils in no class this year: {count} ({names}). Are those of last year still in the base?"
    ),
}


def _guards(command: Any) -> Any:
    for option in (
        click.option(
            "--force", is_flag=True, help=_("Import even if more than half of the coming sessions disappear.")
        ),
        click.option(
            "--new-identifiers",
            is_flag=True,
            help=_("Import even if Pronote's identifiers were regenerated: people are recognised by their names."),
        ),
        click.option(
            "--confirm", default="", metavar="UAI", help=_("Code of the school: import even a file without any course.")
        ),
    ):
        command = option(command)
    return command


@click.command("begin", help=_("Begin a manual import with a file; nothing is imported before `import launch`."))
@click.argument("file", metavar=_("FILE"), type=_FILE)
@json_option
@school_option
@pass_workplace
def begin(workplace: Workplace, /, file: Path, as_json: bool, code: str | None) -> None:
    """Keep the file, print what it is and the number of the draft."""
    (data,) = contents((file,))
    with workplace.store() as store:
        school = chosen_school(store, code)
        keys = partner_keys.load(workplace.config, school.code)
        draft = wizard.begin(store, school, data, file.name, keys)
        with store.reading(school.id) as tx:
            page = wizard.show(tx, draft, Step.CHECK, keys=keys)
    if as_json:
        print_json({"draft": draft.id, **page.facts})
        return
    _print_facts(page)
    say(_("Import {number} is begun: see “cadran import step {number} subjects”.").format(number=draft.id[:SHORT]))


@click.command("drafts", help=_("List the manual imports that were begun; --drop forgets one."))
@click.option("--drop", metavar=_("NUMBER"), help=_("Forget this one."))
@json_option
@school_option
@pass_workplace
def drafts(workplace: Workplace, /, drop: str | None, as_json: bool, code: str | None) -> None:
    """Print the drafts, newest first."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.writing(school.id) as tx:
            if drop is not None:
                tx.import_drafts.drop(draft_of(tx, drop).id)
            held = tx.import_drafts.all()
    if as_json:
        print_json([asdict(draft) for draft in held])
        return
    if not held:
        say(_("No manual import is begun. “cadran import begin FILE” begins one."))
        return
    lasts = min(school.settings.import_drafts_days, school.settings.import_files_days) * _DAY_SECONDS
    rows = [
        (
            draft.id[:SHORT],
            reports.moment(draft.changed, school.zone),
            draft.file_name,
            reports.moment(draft.changed + lasts, school.zone),
        )
        for draft in held
    ]
    print_table((_("Import"), _("When"), _("File"), _("Forgotten after")), rows)


@click.command(
    "step",
    help=_(
        "Show a step of a manual import, or change it: which subjects, classes, groups and courses are kept or left "
        "out. The step “launch” shows what the import would do."
    ),
    short_help=_("Show or change a step of a manual import."),
)
@click.argument("number", metavar=_("NUMBER"))
@click.argument("step", type=click.Choice([step.value for step in Step]))
@click.option("--keep", multiple=True, metavar=_("NAME"), help=_("Keep this line."))
@click.option("--leave-out", multiple=True, metavar=_("NAME"), help=_("Leave this line out."))
@click.option("--all/--none", "everything", default=None, help=_("Keep or leave out all lines."))
@click.option("--add", multiple=True, metavar=_("NAME"), help=_("Add this subject to the school's list."))
@click.option("--offset", type=click.IntRange(0), default=0, help=_("First line to show."))
@click.option("--limit", type=click.IntRange(1, 1000), default=wizard.PAGE, help=_("How many lines to show."))
@_guards
@json_option
@school_option
@pass_workplace
def step_(workplace: Workplace, /, number: str, step: str, as_json: bool, code: str | None, **told: Any) -> None:
    """Change what was asked, then print the page."""
    chosen = Step(step)
    wanted = Change(told["keep"], told["leave_out"], told["everything"], told["add"])
    with workplace.store() as store:
        school = chosen_school(store, code)
        number = _number(store, school, number)
        keys = partner_keys.load(workplace.config, school.code)
        guards = {name: told[name] for name in ("force", "new_identifiers", "confirm")}
        options = Options(**guards, keys=keys)
        if chosen is Step.LAUNCH:
            with steps() as tell:
                now = datetime.now().astimezone()
                report = wizard.review(store, school, number, now, replace(options, progress=reports.progress(tell)))
            if as_json:
                print_json(report.data())
            else:
                print_outcome(report, draft=number)
                text = _("Next: “cadran import launch {number}” carries out exactly this.")
                say(text.format(number=number[:SHORT]))
            return
        if wanted != Change():
            wizard.change(store, school, number, chosen, wanted, options.keys)
        with store.reading(school.id) as tx:
            draft = tx.import_drafts.get(number)
            page = wizard.show(tx, draft, chosen, told["offset"], told["limit"], options.keys)
    if as_json:
        print_json(asdict(page))
        return
    _print_page(page)
    _print_next(page, number[:SHORT])


def _print_next(page: Page, number: str) -> None:
    """Say what the lines that need a word mean, where the rest of them is, and which step follows."""
    if page.states.get("new"):
        say(_("What is not in the list is imported all the same, and enters it at launch; --leave-out leaves it out."))
    if page.facts.get("without_sessions"):
        text = _(
            "Subjects that the file lists without any session: {count}. “Subjects created” in a report leaves them out."
        )
        say(text.format(count=page.facts["without_sessions"]))
    if page.step is Step.PEOPLE and page.states.get("unknown"):
        say(
            _(
                "Whoever is not recognised gets no timetable: “cadran import match 'NAME FIRSTNAME' LOGIN” says which "
                "account is theirs."
            )
        )
    last = page.offset + len(page.rows)
    if last < page.total:
        say(_("The lines that follow: --offset {number}").format(number=last))
    order = list(Step)
    following = order[order.index(page.step) + 1].value
    say(_("Next: “cadran import step {number} {step}”.").format(number=number, step=following))


def _print_facts(page: Page) -> None:
    words = {
        "school": _("School"),
        "file": _("File"),
        "identifier": _("Identifier of the file"),
        "format": _("Format"),
        "encrypted": _("Encrypted"),
        "key": _("Key known"),
        "year": _("Year"),
    }
    shown = {True: _("yes"), False: _("no")}
    facts = dict(page.facts)
    if not facts["encrypted"]:
        facts["key"] = _("not needed, the file is not encrypted")
    days = (date.fromisoformat(day) for day in str(facts["year"]).split("/"))
    facts["year"] = " – ".join(day.strftime(_("%Y-%m-%d")) for day in days)
    rows = [
        (text, shown[facts[name]] if isinstance(facts[name], bool) else str(facts[name]))
        for name, text in words.items()
    ]
    print_table((_("What"), _("Value")), rows)


def _print_page(page: Page) -> None:
    if page.step is Step.CHECK:
        _print_facts(page)
        return
    for each in page.advice:
        warn(filled(_ADVICE[each.code], {"count": each.count, "names": ", ".join(each.names)}))
    columns = (_("Name"), _("Here"), _("State"), _("Number in the file"), _("Note"))
    rows = []
    for row in page.rows:
        near = ", ".join(f"{login} {score} %" for login, score in row.suggested)
        note = near or (reports.reason(row.reason) if row.reason else "")
        rows.append((row.name, row.ours, _(_STATES[row.state]), row.ident, note))
    print_table(columns, rows, empty=_("Nothing is at this step: the file has none.") if not page.total else "")
    if not page.total:
        return
    words = _("{name}: {value}")
    counted = ", ".join(words.format(name=_(_STATES[name]), value=number) for name, number in page.states.items())
    last = page.offset + len(page.rows)
    text = _("Lines {first} to {last} of {total} ({counted}).")
    say(text.format(first=min(page.offset + 1, last), last=last, total=page.total, counted=counted))


@click.command("launch", help=_("Carry out a manual import whose step “launch” was looked at."))
@click.argument("number", metavar=_("NUMBER"))
@_guards
@json_option
@school_option
@pass_workplace
def launch(workplace: Workplace, /, number: str, as_json: bool, code: str | None, **guards: Any) -> None:
    """Import what was reviewed; its choices are those of automatic imports from now on."""
    with workplace.store() as store, steps() as step:
        school = chosen_school(store, code)
        options = Options(
            **guards, progress=reports.progress(step), keys=partner_keys.load(workplace.config, school.code)
        )
        number = _number(store, school, number)
        try:
            report = wizard.launch(store, school, number, datetime.now().astimezone(), options)
        except ImportRefused as refusal:
            if refusal.reason in _REVIEW:
                raise Failure(_(_REVIEW[refusal.reason]).format(number=number[:SHORT])) from refusal
            raise
    if as_json:
        print_json(report.data())
        return
    print_outcome(report)
    text = _(
        "In the history it is import {number}: “cadran import show {number}” tells everything about it. To have EDT "
        "send its exports itself: “cadran import access add LOGIN”."
    )
    say(text.format(number=report.run_id[:SHORT]))


def _number(store: Store, school: School, name: str) -> str:
    """Return the whole number of a draft from its beginning."""
    with store.reading(school.id) as tx:
        return draft_of(tx, name).id


@click.command(
    "new-year",
    help=_(
        "Begin a new school year: courses are archived with their past, Pronote's identifiers may all be new in the "
        "next file, and the next import is made by hand. --undo takes it back as long as nothing was imported."
    ),
    short_help=_("Begin a new school year: archive the courses."),
)
@click.option("--undo", is_flag=True, help=_("Take it back; possible until the next import."))
@click.option("--yes", is_flag=True, help=_("Do not ask."))
@school_option
@pass_workplace
def new_year(workplace: Workplace, /, undo: bool, yes: bool, code: str | None) -> None:
    """Archive every course, or take that back."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        if not (undo or yes):
            if not interactive():
                raise click.UsageError(_("Nobody can be asked here: add --yes."))
            question = _("Archive the courses of {school} and begin a new year?").format(school=school.name)
            if not confirmed(question):
                say(_("Nothing was changed."))
                return
        with store.writing(school.id) as tx:
            count = rollover.undo(tx) if undo else rollover.begin(tx, datetime.now(tx.zone))
            tx.audit.record(actor(), "year-undone" if undo else "year-begun", school.code, courses=count)
    if undo:
        say(_("The new year is taken back: {count} courses are live again.").format(count=count))
        return
    say(_("{count} courses are archived. Next: import the people, then the new timetable by hand.").format(count=count))
