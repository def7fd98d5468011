"""`cadran import people|match|refuse|matches|audience`: who of a timetable file is who here."""

from __future__ import annotations

from dataclasses import asdict

import click

from importers import choices, formats, told
from importers.container import PartnerKey
from importers.errors import ImportRefused
from importers.recognition import Recognition, decide, person_of, recognise
from importers.selection import of_school
from importers.timetable import Timetable
from server import partner_keys, reports
from server.commands.numbers import LAST, SHORT, begins, nothing, only
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
)
from server.texts import _
from storage.decisions import MATCH, REFUSE
from storage.errors import NotFound
from storage.imports import DISCARDED, SUPERSEDED, ImportRun
from storage.model import School
from storage.transaction import Transaction

_RUN = click.option("--run", "number", default=LAST, help=_("Import whose file is meant; the last one otherwise."))


def _timetable(tx: Transaction, school: School, number: str, keys: tuple[PartnerKey, ...]) -> Timetable:
    """Return the timetable of a kept file: that of a draft or of a run, by the beginning of its id."""
    drafts = [draft for draft in tx.import_drafts.all() if number == LAST or draft.id.startswith(number)]
    runs = [run for run in tx.imports.history(1000) if _is_meant(run, number)]
    files = [(draft.id, draft.file_id) for draft in drafts] + [(run.id, run.file_id) for run in runs if run.file_id]
    if number == LAST and not files:
        raise Failure(nothing())
    _id, file_id = max(files) if number == LAST else only(files, number, [each for each, _file in files])
    try:
        data = tx.import_files.content(file_id or "")
    except NotFound as error:
        raise ImportRefused("file-forgotten") from error
    return of_school(formats.read(data, told.setting(tx, keys)).timetable, school.code)


def _is_meant(run: ImportRun, number: str) -> bool:
    """Whether a run is the one asked for; of the last one, only those whose file is still there."""
    if number == LAST:
        return run.file_id is not None and run.status not in (DISCARDED, SUPERSEDED)
    return run.file_id is not None and begins(run, number)


@click.command(
    "people",
    help=_("List who of a timetable file is recognised, with --suggestions whom the others resemble."),
)
@click.argument("number", default=LAST)
@click.option("--suggestions", "near", is_flag=True, help=_("Only people without account who resemble one."))
@json_option
@school_option
@pass_workplace
def people(workplace: Workplace, /, number: str, near: bool, as_json: bool, code: str | None) -> None:
    """Print people with their account, or those without with the accounts they may be."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            timetable = _timetable(tx, school, number, partner_keys.load(workplace.config, school.code))
            recognition = recognise(tx, timetable)
            logins = {person.id: person.login for person in tx.principals.people()}
    rows = _suggested(recognition, logins) if near else _found(timetable, recognition, logins)
    names = ("person", "kind", "name", "birth", "login", "score" if near else "reason")
    if as_json:
        print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    last = _("Likeness") if near else _("Reason")
    columns = (_("Person"), _("Kind"), _("Name"), _("Birth date"), _("Login"), last)
    shown = [(row[0], reports.person_kind(row[1]), *row[2:5], _evidence(row[5], near)) for row in rows]
    empty = (
        _("None: no account resembles the people who were not recognised.") if near else _("Nobody is in this file.")
    )
    print_table(columns, shown, empty=empty)


def _evidence(value: str, near: bool) -> str:
    return f"{value} %" if near else reports.reason(value)


def _suggested(recognition: Recognition, logins: dict[int, str]) -> list[tuple[str, ...]]:
    return [
        (
            each.person.ref,
            each.person.kind.value,
            each.person.name,
            str(each.person.birth_date or ""),
            logins[each.account],
            str(each.score),
        )
        for each in recognition.suggestions()
    ]


def _found(timetable: Timetable, recognition: Recognition, logins: dict[int, str]) -> list[tuple[str, ...]]:
    found = recognition.found
    doubts = {doubt.person.ref: doubt.reason.value for doubt in (*found.unmatched, *found.ambiguous)}
    rows: list[tuple[str, ...]] = []
    for person in timetable.people():
        match = found.matched.get(person.ref)
        end = (logins[match.account], match.reason.value) if match else ("", doubts[person.ref])
        rows.append((person.ref, person.kind.value, person.name, str(person.birth_date or ""), *end))
    return rows


@click.command(
    "match",
    help=_(
        "Decide that a person of the timetable file is an account, for this import and all that follow. The person is "
        "named as `import people` prints them (pupil:12), by the Pronote identifier, or by names and birth date."
    ),
    short_help=_("Decide that a person of the file is an account."),
)
@click.argument("name", metavar=_("PERSON"))
@click.argument("login", metavar=_("LOGIN"))
@_RUN
@school_option
@pass_workplace
def match(workplace: Workplace, /, name: str, login: str, number: str, code: str | None) -> None:
    """Glue a person to an account, or confirm a suggestion."""
    _decide(workplace, (name, login, number), code, MATCH)


@click.command("refuse", help=_("Decide that a person of the timetable file is never this account."))
@click.argument("name", metavar=_("PERSON"))
@click.argument("login", metavar=_("LOGIN"))
@_RUN
@school_option
@pass_workplace
def refuse(workplace: Workplace, /, name: str, login: str, number: str, code: str | None) -> None:
    """Refuse an account for a person."""
    _decide(workplace, (name, login, number), code, REFUSE)


def _decide(workplace: Workplace, said: tuple[str, str, str], code: str | None, verdict: str) -> None:
    name, login, number = said
    with workplace.store() as store:
        school = chosen_school(store, code)
        keys = partner_keys.load(workplace.config, school.code)
        with store.writing(school.id) as tx:
            found = person_of(_timetable(tx, school, number, keys), name)
            account = tx.principals.by_login(login)
            decide(tx, found, account, verdict)
            tx.audit.record(actor(), f"import-{verdict}", account.login)
    text = _("{name} is “{login}” from now on.") if verdict == MATCH else _("{name} is never “{login}”.")
    say(text.format(name=found.name, login=account.login))


@click.command("matches", help=_("List what was decided about who is who; --forget takes a decision back."))
@click.option("--forget", metavar=_("NUMBER"), help=_("Take back the decision with this number."))
@json_option
@school_option
@pass_workplace
def matches(workplace: Workplace, /, forget: str | None, as_json: bool, code: str | None) -> None:
    """Print the decisions, oldest first."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.writing(school.id) as tx:
            held = tx.decisions.all()
            if forget is not None:
                meant = [each for each in held if each.id.startswith(forget)]
                if len(meant) != 1:
                    raise Failure(_("There is no decision “{number}”.").format(number=forget))
                tx.decisions.forget(meant[0].id)
                held = tuple(each for each in held if each.id != meant[0].id)
            people_here = {person.id: person.login for person in tx.principals.people()}
    if as_json:
        print_json([{**asdict(each), "login": people_here.get(each.principal_id, "")} for each in held])
        return
    words = {MATCH: _("is"), REFUSE: _("never is")}
    rows = [
        (each.id[:SHORT], each.shown, words.get(each.verdict, each.verdict), people_here.get(each.principal_id, ""))
        for each in held
    ]
    empty = _("Nothing was decided about who is who.")
    print_table((_("Number of the decision"), _("Person"), _("Decision"), _("Login")), rows, empty=empty)


@click.command(
    "audience",
    help=_("Tell that a class or group of timetable files is one of the directory under another name; list them."),
)
@click.argument("name", required=False)
@click.argument("ours", required=False, metavar=_("NAME HERE"))
@click.option("--forget", is_flag=True, help=_("Take it back."))
@json_option
@school_option
@pass_workplace
def audience(
    workplace: Workplace, /, name: str | None, ours: str | None, forget: bool, as_json: bool, code: str | None
) -> None:
    """Keep the name of a class or group, or print those that are kept."""
    if name and not (ours or forget):
        raise click.UsageError(_("Tell the name in the directory too, or --forget."))
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.writing(school.id) as tx:
            if name:
                choices.map_audience(tx, name, "" if forget else ours or "")
                tx.audit.record(actor(), "import-audience", name)
            held = choices.audiences(tx)
    if as_json:
        print_json(held)
        return
    empty = _("No class or group has another name here than in the files.")
    print_table((_("In the file"), _("Here")), sorted(held.items()), empty=empty)
