"""`cadran people history|show`: what each reading of a people feed changed (R113)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import click

from server import reports, wording
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
from server.texts import N_, _
from storage.model import Principal
from storage.people_feeds import PeopleRun

_SHORT: Final = 18
_CHANGES: Final = {
    "created": N_("created"),
    "changed": N_("changed"),
    "moved": N_("moved from another source"),
    "closed": N_("closed"),
    "reopened": N_("opened again"),
}


@click.command("history", help=_("List the last readings of people files: what each created, changed and closed."))
@json_option
@school_option
@pass_workplace
def history(workplace: Workplace, /, as_json: bool, code: str | None) -> None:
    """Print the last runs, newest first."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            runs = tx.people_feeds.history()
    if as_json:
        print_json([asdict(run) for run in runs])
        return
    columns = (_("Import"), _("When"), _("Source"), _("File"), *(_(words) for words in _CHANGES.values()))
    print_table(columns, [_row(run, school.zone) for run in runs])


def _row(run: PeopleRun, zone: str) -> tuple[str, ...]:
    numbers = (str(run.counts.get(what, 0)) for what in _CHANGES)
    return (run.id[:_SHORT], reports.moment(run.moment, zone), run.source.upper(), run.file_name, *numbers)


@click.command("show", help=_("Tell who was created, changed and closed by one reading of a people file."))
@click.argument("number", default="last")
@json_option
@school_option
@pass_workplace
def show(workplace: Workplace, /, number: str, as_json: bool, code: str | None) -> None:
    """Print the changes of a run with the names of the people; those deleted since are left out."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            runs = tx.people_feeds.history(1)
            run = tx.people_feeds.run(runs[0].id if number == "last" and runs else number)
            people = {person.id: person for person in tx.principals.people()}
    listed = [(what, people[who], fields) for what, who, fields in run.changes if who in people]
    if as_json:
        print_json({**asdict(run), "changes": [_plain(what, who, fields) for what, who, fields in listed]})
        return
    say(f"{reports.moment(run.moment, school.zone)}  {run.source.upper()}  {run.file_name}")
    columns = (_("Change"), _("Login"), _("Name"), _("Role"), _("Fields"))
    rows = [
        (_(_CHANGES.get(what, what)), who.login, who.name, wording.role(who.role), ", ".join(fields))
        for what, who, fields in listed
    ]
    print_table(columns, rows)


def _plain(what: str, who: Principal, fields: tuple[str, ...]) -> dict[str, object]:
    return {"change": what, "login": who.login, "name": who.name, "role": who.role.value, "fields": list(fields)}
