"""`cadran push`: who is told of changes through push services, and the key that these know the school by."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final
from urllib.parse import urlsplit

import click

from server import reports
from server.commands.workplace import (
    Workplace,
    chosen_school,
    json_option,
    pass_workplace,
    print_json,
    print_table,
    school_option,
)
from server.texts import _
from storage.push import HOME, Registration

_HIDDEN: Final = frozenset({"id", "public_key", "secret", "resource"})


@click.group("push", help=_("Messages to clients through push services."))
def push() -> None:
    """Gather the commands about push."""


@push.command("list", help=_("List who is told of changes, and what the push service said last."))
@json_option
@school_option
@pass_workplace
def list_registrations(workplace: Workplace, as_json: bool, code: str | None) -> None:
    """Print the registrations; of their addresses, which are secrets, only the host."""
    with workplace.store() as store, store.reading(chosen_school(store, code).id) as tx:
        found, zone, now = tx.push.all(), tx.school.zone, tx.now()
        logins = {each.id: each.login for each in tx.principals.people()}
    if as_json:
        print_json([_plain(each) | {"login": logins.get(each.principal_id, "")} for each in found])
        return
    columns = (_("Login"), _("Calendar"), _("Push service"), _("Until"), _("State"), _("Last message"), _("Answer"))
    rows = [
        (
            logins.get(each.principal_id, ""),
            _("all") if each.collection_id == HOME else each.collection_id,
            _host(each),
            reports.moment(each.expires, zone),
            _state(each, now),
            reports.moment(each.last_at, zone) if each.last_at else "",
            each.last_result,
        )
        for each in found
    ]
    print_table(columns, rows)


@push.command("key", help=_("Show the public key that push services know the school by."))
@school_option
@pass_workplace
def key(workplace: Workplace, code: str | None) -> None:
    """Print the key, which is made if there is none yet."""
    with workplace.store() as store, store.writing(chosen_school(store, code).id) as tx:
        click.echo(tx.push.key.public)


def _state(registration: Registration, now: int) -> str:
    if registration.ended or registration.expires <= now:
        return _("ended")
    return _("tried again") if registration.attempts else _("working")


def _plain(registration: Registration) -> dict[str, object]:
    told = {name: value for name, value in asdict(registration).items() if name not in _HIDDEN}
    return told | {"service": _host(registration)}


def _host(registration: Registration) -> str:
    return urlsplit(registration.resource).hostname or ""
