"""`cadran mail` and `cadran imip`: what is mailed for meetings, and what comes back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Final

import click

from server import imip, mail, reports
from server.commands.workplace import (
    Failure,
    Workplace,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    say,
    school_option,
)
from server.imip import LetterRefused
from server.texts import N_, _
from storage.errors import SchedulingRefused

_STATES: Final = {"waiting": N_("waiting"), "sent": N_("sent"), "failed": N_("given up")}
_REFUSED: Final = {
    "too-large": N_("The letter is too large."),
    "no-calendar": N_("The letter holds no calendar."),
    "charset": N_("The letter's characters cannot be read."),
    "method": N_("The letter's calendar is no invitation, answer or cancellation."),
    "from": N_("The letter does not say by whom it was sent."),
    "sender": N_("The letter speaks for somebody else than its sender: it is refused."),
}

_UNUSABLE: Final = N_("The letter cannot be acted on.")


@click.group("mail", help=_("Messages of meetings to people outside the school."))
def mail_() -> None:
    """Gather the commands about mail."""


@mail_.command("list", help=_("List messages and what became of them, those that failed first."))
@json_option
@school_option
@pass_workplace
def list_messages(workplace: Workplace, as_json: bool, code: str | None) -> None:
    """Print the outbox."""
    with workplace.store() as store, store.reading(chosen_school(store, code).id) as tx:
        found, zone = tx.outbox.latest(), tx.school.zone
    if as_json:
        hidden = {"body", "key"}
        print_json([{name: value for name, value in asdict(m).items() if name not in hidden} for m in found])
        return
    columns = (_("Message"), _("When"), _("To"), _("About"), _("State"), _("Attempts"), _("Last answer"))
    rows = [
        (
            m.id,
            reports.moment(m.created, zone),
            m.recipient,
            mail.summary_of(m),
            _(_STATES[m.state]),
            m.attempts,
            m.error,
        )
        for m in found
    ]
    print_table(columns, rows)


@mail_.command("retry", help=_("Send a message again at the next occasion."))
@click.argument("message")
@school_option
@pass_workplace
def retry(workplace: Workplace, message: str, code: str | None) -> None:
    """Make a message due that was given up or waits for long."""
    with workplace.store() as store, store.writing(chosen_school(store, code).id) as tx:
        if all(each.id != message for each in tx.outbox.latest(1000) if each.state != "sent"):
            raise Failure(_("No message “{message}” waits or was given up.").format(message=message))
        tx.outbox.retry(message)
    say(_("The message will be sent again."))


@click.command("imip", help=_("Take a letter with an invitation, answer or cancellation from standard input."))
@school_option
@pass_workplace
def imip_(workplace: Workplace, code: str | None) -> None:
    """Read one letter, as a mail server hands it over, and act on the message in it."""
    data = sys.stdin.buffer.read(imip.LARGEST + 1)
    with workplace.store() as store:
        schools = (store.directory.school(code),) if code else store.directory.schools()
        try:
            took = imip.take(store, imip.read(data), tuple(each.id for each in schools))
        except LetterRefused as error:
            raise Failure(_(_REFUSED[error.reason])) from error
        except SchedulingRefused as error:
            raise Failure(_(_REFUSED.get(error.precondition, _UNUSABLE))) from error
    if not took:
        raise Failure(_("The letter concerns nobody here, or is older than what is known."))
    say(_("Taken by: {names}").format(names=", ".join(person.login for person in took)))
