"""`cadran devices`: the phones that synchronise."""

from __future__ import annotations

from dataclasses import asdict

import click

from server import reports
from server.commands.workplace import (
    Workplace,
    actor,
    chosen_school,
    json_option,
    pass_workplace,
    person,
    print_json,
    print_table,
    say,
    school_option,
)
from server.texts import _
from storage.errors import NotFound


@click.group("devices", help=_("List phones and forget them."))
def devices() -> None:
    """Gather the commands about phones."""


@devices.command("list", help=_("List the phones of a person, or of the whole school."))
@click.argument("login", required=False)
@json_option
@school_option
@pass_workplace
def list_devices(workplace: Workplace, login: str | None, as_json: bool, code: str | None) -> None:
    """Print the phones that have synchronised."""
    with workplace.store() as store:
        owner = person(store, login) if login else None
        school_id = owner.school_id if owner else chosen_school(store, code).id
        with store.reading(school_id) as tx:
            logins = {each.id: each.login for each in tx.principals.people()}
            zone = tx.school.zone
            found = tx.devices.list(owner.id if owner else None)
    if as_json:
        print_json([asdict(each) | {"login": logins.get(each.principal_id, "")} for each in found])
        return
    print_table(
        (_("Login"), _("Device"), _("Type"), _("Last seen")),
        [(logins.get(d.principal_id, ""), d.device_id, d.device_type, _moment(d.last_seen, zone)) for d in found],
    )


@devices.command("forget", help=_("Forget a phone: it starts again from nothing."))
@click.argument("login")
@click.argument("device")
@pass_workplace
def forget(workplace: Workplace, login: str, device: str) -> None:
    """Delete what is known of a phone."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.writing(owner.school_id) as tx:
            if tx.devices.get(owner.id, device) is None:
                raise NotFound("device", device)
            tx.devices.forget(owner.id, device)
            tx.audit.record(actor(), "device-forgotten", owner.login, device=device)
    say(_("The device “{device}” is forgotten.").format(device=device))


def _moment(seconds: int, zone: str) -> str:
    return reports.moment(seconds, zone) if seconds else ""
