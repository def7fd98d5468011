"""`cadran import access`: who may deposit timetables, and by which address (R216 to R222)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import click

from protocols.deposit.paths import Target
from server import letters, notices, passwords, reports
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    asked_password,
    chosen_school,
    json_option,
    pass_workplace,
    person,
    print_json,
    print_table,
    say,
    school_option,
    warn,
)
from server.texts import LANGUAGES, _
from storage.accesses import Access, NewAccess
from storage.model import Role, School

# Whoever holds an access may change what the whole school sees.
_HOLDERS: Final = frozenset({Role.ADMIN, Role.STAFF, Role.TEACHER})


@click.group("access", help=_("Addresses at which EDT or Pronote deposits its export by itself; at most five."))
def access() -> None:
    """Gather the commands about access accounts."""


@access.command("list", help=_("List the accesses of the school."))
@json_option
@school_option
@pass_workplace
def list_(workplace: Workplace, /, as_json: bool, code: str | None) -> None:
    """Print who may deposit, by which identifier, whether they are told of imports, and the last use (R220)."""
    with workplace.store() as store, store.reading(chosen_school(store, code).id) as tx:
        found, zone = tx.accesses.all(), tx.school.zone
        mail = bool(workplace.config.mail.host)
    if as_json:
        print_json([_plain(each) for each in found])
        return
    columns = (_("User"), _("Access identifier"), _("Notification"), _("Password"), _("Last use"))
    rows = [_row(each, zone, mail=mail) for each in found]
    print_table(columns, rows, empty=_("Nobody may deposit yet. “cadran import access add LOGIN” makes an address."))


def _plain(each: Access) -> dict[str, object]:
    return {
        "identifier": each.identifier,
        "login": each.login,
        "name": each.name,
        "notify": each.notify,
        "language": each.language,
        "password": bool(each.password_hash),
        "created": each.created,
        "used": each.used,
    }


def _row(each: Access, zone: str, *, mail: bool) -> tuple[str, ...]:
    used = "" if each.used is None else reports.moment(each.used, zone)
    return each.name, each.identifier, _told(each, mail=mail), _yes(bool(each.password_hash)), used


def _told(each: Access, *, mail: bool) -> str:
    """Return whether reports are mailed, and why they are not although they are wanted."""
    hindrance = _hindrance(each, mail=mail) if each.notify else ""
    return _("yes, but {reason}").format(reason=hindrance) if hindrance else _yes(each.notify)


def _hindrance(each: Access, *, mail: bool) -> str:
    """Return why nothing can be mailed to the holder of an access, "" when it can."""
    if not letters.is_mailbox(each.email):
        return _("this person has no e-mail address")
    return "" if mail else _("no mail server is configured ([mail])")


def _warn_unmailed(each: Access, *, mail: bool) -> None:
    if each.notify and (hindrance := _hindrance(each, mail=mail)):
        warn(_("No report can be mailed: {reason}.").format(reason=hindrance))


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")


@access.command(
    "add",
    help=_(
        "Let a person deposit timetables: prints, this once, the address to paste into the field “Vers URL” of EDT. "
        "It is mailed to the person too if a mail server is configured."
    ),
)
@click.argument("login", metavar=_("LOGIN"))
@click.option("--notify/--no-notify", default=True, show_default=True, help=_("Mail a report after each import."))
@click.option("--language", type=click.Choice(LANGUAGES), default="fr", show_default=True, help=_("Of these letters."))
@click.option("--password-stdin", is_flag=True, help=_("Ask for a password as well, read from standard input."))
@json_option
@pass_workplace
def add(workplace: Workplace, /, login: str, as_json: bool, password_stdin: bool, **chosen: Any) -> None:
    """Make an access and print its address."""
    with workplace.store() as store:
        holder = person(store, login)
        if holder.role not in _HOLDERS:
            raise Failure(_("Only people who work in the school may deposit its timetable."))
        password = passwords.hash(asked_password(from_stdin=True)) if password_stdin else ""
        with store.writing(holder.school_id) as tx:
            made, secret = tx.accesses.add(NewAccess(holder.id, holder.family or holder.name, password, **chosen))
            address = _address(workplace, tx.school, secret)
            tx.audit.record(actor(), "access-added", holder.login, identifier=made.identifier)
            mailed = bool(workplace.config.mail.host) and letters.is_mailbox(made.email)
            if mailed:
                tx.outbox.post(notices.address_letter(tx.school, made, address, workplace.config.mail))
    if as_json:
        print_json({**_plain(made), "address": address, "mailed": mailed})
        return
    say(address)
    _explain(workplace, made, mailed=mailed)


def _address(workplace: Workplace, school: School, secret: str) -> str:
    return workplace.config.server.public_url + Target(school.code, secret, "").home


def _explain(workplace: Workplace, made: Access, *, mailed: bool) -> None:
    warn(
        _("Access “{identifier}”. The address is not shown again: whoever knows it may deposit.").format(
            identifier=made.identifier
        )
    )
    warn(
        _(
            "In EDT: Imports/Exports > Socles ENT > Export automatique; paste it into “Vers URL”, first trigger at "
            "8:00, once a day. Automatic imports begin after a first import by hand."
        )
    )
    if not workplace.config.server.public_url:
        warn(
            _(
                "The address has to begin with that of this server, as EDT reaches it: put it before what is printed "
                "above, such as https://agenda.college.example. The setting public_url of [server] in the "
                "configuration does so from then on."
            )
        )
    if mailed:
        warn(_("It is also mailed to {email}.").format(email=made.email))
    else:
        _warn_unmailed(made, mail=bool(workplace.config.mail.host))


@access.command("revoke", help=_("Make the address of an access worthless at once."))
@click.argument("identifier", metavar=_("IDENTIFIER"))
@school_option
@pass_workplace
def revoke(workplace: Workplace, /, identifier: str, code: str | None) -> None:
    """Revoke an access by its identifier."""
    with workplace.store() as store, store.writing(chosen_school(store, code).id) as tx:
        found = tx.accesses.get(identifier)
        tx.accesses.revoke(found.id)
        tx.audit.record(actor(), "access-revoked", found.login, identifier=found.identifier)
    say(_("The access “{identifier}” is revoked.").format(identifier=found.identifier))


@access.command("notify", help=_("Choose whether the holder of an access is mailed a report after each import."))
@click.argument("identifier", metavar=_("IDENTIFIER"))
@click.option("--on/--off", "wanted", required=True, help=_("Whether reports are mailed."))
@school_option
@pass_workplace
def notify(workplace: Workplace, /, identifier: str, wanted: bool, code: str | None) -> None:
    """Tick or untick the notification of an access (R222)."""
    with workplace.store() as store, store.writing(chosen_school(store, code).id) as tx:
        found = tx.accesses.get(identifier)
        tx.accesses.set_notify(found.id, notify=wanted)
        tx.audit.record(actor(), "access-notify", found.login, identifier=found.identifier, notify=wanted)
    told = _("Reports are mailed to {name}.") if wanted else _("No reports are mailed to {name}.")
    say(told.format(name=found.name))
    _warn_unmailed(replace(found, notify=wanted), mail=bool(workplace.config.mail.host))
