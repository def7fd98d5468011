"""`cadran notices`: what a person is to be told, such as the text of an edit that was not taken."""

from __future__ import annotations

from dataclasses import asdict

import click

from server import refusals as wording
from server import reports
from server.commands.workplace import Workplace, json_option, pass_workplace, person, print_json, say
from server.texts import _


@click.command(
    "notices",
    short_help=_("Show what a person is to be told."),
    help=_("Show what a person is to be told: edits that were not taken, with their text, for 30 days."),
)
@click.argument("login")
@json_option
@pass_workplace
def notices(workplace: Workplace, login: str, as_json: bool) -> None:
    """Print a person's notices, newest first."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.reading(owner.school_id) as tx:
            found, zone = tx.refusals.of(owner.id), tx.school.zone
    if as_json:
        print_json([asdict(each) | {"sentence": wording.sentence(each)} for each in found])
        return
    if not found:
        say(_("There is nothing to tell."))
    for each in found:
        say(f"{reports.moment(each.moment, zone)}  {wording.sentence(each)}")
        for name, value in wording.typed(each):
            say("    " + _("{name}: {value}").format(name=name, value=value.replace("\n", "\n    ")))
