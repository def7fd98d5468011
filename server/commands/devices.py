"""`cadran devices`: the phones that synchronise, what they carry, and who may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

import click

from protocols.eas import families
from protocols.eas.inventory import Carried, carried
from server import phones, reports
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    chosen_school,
    interactive,
    json_option,
    pass_workplace,
    person,
    print_json,
    print_table,
    say,
    school_option,
    warn,
)
from server.phones import Care
from server.texts import N_, _
from storage.errors import NotFound
from storage.model import Device, Wipe

# How far back a phone shows, as it chose itself (MS-ASCMD 2.2.3.68.2).
_FILTERS: Final = {
    0: N_("everything"),
    4: N_("two weeks back"),
    5: N_("one month back"),
    6: N_("three months back"),
    7: N_("six months back"),
}


@click.group("devices", help=_("List phones, and say which may synchronise."))
def devices() -> None:
    """Gather the commands about phones."""


def _family(device: Device) -> str:
    return families.family_of(device.user_agent, device.device_type)


def _plain(device: Device, login: str) -> dict[str, Any]:
    known = {"login": login, "family": _family(device), "state": phones.state(device)}
    return asdict(device) | known | {"last_error": phones.last_error(device)}


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
    named = sorted(((logins.get(each.principal_id, ""), each) for each in found), key=lambda pair: pair[0])
    if as_json:
        print_json([_plain(each, name) for name, each in named])
        return
    if not named:
        say(_("No phone has synchronised yet."))
        return
    print_table(
        (_("Login"), _("Device"), _("Type"), _("Family"), _("State"), _("Last seen")),
        [(n, d.device_id, d.device_type, _family(d), phones.state(d), _moment(d.last_seen, zone)) for n, d in named],
    )


@devices.command("show", help=_("Show a phone: its calendars, what it carries of each, and its last trouble."))
@click.argument("login")
@click.argument("device")
@json_option
@pass_workplace
def show(workplace: Workplace, login: str, device: str, as_json: bool) -> None:
    """Print all that is known of a phone."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.reading(owner.school_id) as tx:
            found = tx.devices.get(owner.id, device)
            if found is None:
                raise NotFound("device", device)
            zone, folders = tx.school.zone, carried(tx.devices.scopes(owner.id, device))
    if as_json:
        print_json(_plain(found, owner.login) | {"folders": [asdict(each) for each in folders]})
        return
    _print_facts(found, zone, max((each.synced for each in folders), default=0))
    if advice := phones.advice(found, owner.login):
        say(advice)
    _print_folders([each for each in folders if not each.mail], zone)
    for each in folders:
        if each.hidden:
            text = _("In “{name}”, {number} entries are kept from this phone: it asked for them again and again.")
            warn(text.format(name=each.name, number=len(each.hidden)))


def _print_facts(found: Device, zone: str, synced: int) -> None:
    facts = (
        (_("Device"), found.device_id),
        (_("Type"), " ".join(filter(None, (found.device_type, found.model)))),
        (_("Program"), found.user_agent),
        (_("Family"), _family(found)),
        (_("Protocol version"), found.version),
        (_("State"), phones.state(found)),
        (_("First seen"), _moment(found.first_seen, zone)),
        (_("Last seen"), _moment(found.last_seen, zone)),
        (_("Last told of a change"), _moment(synced, zone)),
        (_("Last trouble"), " ".join(filter(None, (_moment(found.error_at, zone), phones.last_error(found))))),
    )
    for name, value in facts:
        if value:
            say(_("{name}: {value}").format(name=name, value=value))


def _print_folders(folders: Sequence[Carried], zone: str) -> None:
    """Print what a phone holds; its mail folders are left out, being always empty."""
    if not folders:
        say(_("It has not asked for its calendars yet."))
        return
    print_table(
        (_("Calendar"), _("Entries"), _("Single occurrences"), _("Shows"), _("Kept back"), _("Last told")),
        [_row(each, zone) for each in folders],
    )


def _row(each: Carried, zone: str) -> tuple[object, ...]:
    shows = _(_FILTERS.get(each.filter_type, str(each.filter_type)))
    held: tuple[object, ...] = (each.entries, each.occurrences, shows if each.complete else _("still loading"))
    if not each.synced:
        held = ("", "", "")
    return each.name, *held, len(each.hidden) or "", _moment(each.synced, zone) or _("never")


@contextmanager
def _care(workplace: Workplace, login: str, device: str) -> Iterator[Care]:
    with workplace.store() as store:
        owner = person(store, login)
        with store.writing(owner.school_id) as tx:
            yield phones.care(tx, owner, device, actor())


@devices.command("block", help=_("Let a phone synchronise no more."))
@click.argument("login")
@click.argument("device")
@pass_workplace
def block(workplace: Workplace, login: str, device: str) -> None:
    """Refuse a phone from now on."""
    with _care(workplace, login, device) as found:
        found.block()
    say(_("The device “{device}” is blocked.").format(device=device))


@devices.command("allow", help=_("Let a phone synchronise that was blocked, in quarantine or wiped."))
@click.argument("login")
@click.argument("device")
@pass_workplace
def allow(workplace: Workplace, login: str, device: str) -> None:
    """Let a phone in; a wipe that it has not heard of yet is called off."""
    with _care(workplace, login, device) as found:
        found.allow()
    say(_("The device “{device}” may synchronise.").format(device=device))


@devices.command(
    "wipe",
    short_help=_("Erase everything on a phone."),
    help=_(
        "Erase everything on a phone, private things included, when it next synchronises. It can be called off with "
        "“cadran devices allow” until then. To remove only the calendars, use “cadran devices wipe-account”."
    ),
)
@click.argument("login")
@click.argument("device")
@click.option("--confirm", metavar="DEVICE", help=_("The device once more: nobody is asked then."))
@pass_workplace
def wipe(workplace: Workplace, login: str, device: str, confirm: str | None) -> None:
    """Ask a phone to erase itself, once whoever asks has named it twice."""
    if confirm is None and not interactive():
        raise click.UsageError(_("A whole phone is erased only when --confirm names it once more."))
    again = confirm if confirm is not None else click.prompt(_("Everything on it is lost. Device, once more"))
    if again.strip() != device:
        raise Failure(_("The two names are not the same: nothing was done."))
    with _care(workplace, login, device) as found:
        found.wipe(Wipe.DEVICE)
    say(_("The device “{device}” is erased when it next synchronises.").format(device=device))


@devices.command(
    "wipe-account",
    short_help=_("Remove the account from a phone."),
    help=_(
        "Remove the account and its calendars from a phone, and nothing else. Phones that speak a protocol before 16.1 "
        "cannot do that: they are blocked, and keep what they have."
    ),
)
@click.argument("login")
@click.argument("device")
@pass_workplace
def wipe_account(workplace: Workplace, login: str, device: str) -> None:
    """Ask a phone to remove the account."""
    with _care(workplace, login, device) as found:
        found.wipe(Wipe.ACCOUNT)
    if phones.account_stays(found.device):
        text = _("“{device}” speaks {version} and cannot remove an account: it is blocked, and keeps what it has.")
        say(text.format(device=device, version=found.device.version))
        return
    say(_("The account is removed from “{device}” when it next synchronises.").format(device=device))


@devices.command("forget", help=_("Forget a phone: it starts again from nothing, and counts as unknown."))
@click.argument("login")
@click.argument("device")
@pass_workplace
def forget(workplace: Workplace, login: str, device: str) -> None:
    """Delete what is known of a phone; one that is not let in must be allowed first, or it could come in again."""
    with _care(workplace, login, device) as found:
        if found.device.blocked or found.device.wipe in (Wipe.DEVICE, Wipe.ACCOUNT):
            text = _("“{device}” is {state} and would come in again: use “cadran devices allow” first.")
            raise Failure(text.format(device=device, state=phones.state(found.device)))
        found.forget()
    say(_("The device “{device}” is forgotten.").format(device=device))


@devices.command("resync", help=_("Make a phone load all its calendars again."))
@click.argument("login")
@click.argument("device")
@pass_workplace
def resync(workplace: Workplace, login: str, device: str) -> None:
    """Drop what a phone is known to hold, so that it starts again by itself."""
    with _care(workplace, login, device) as found:
        found.resync()
    say(_("The device “{device}” loads everything again.").format(device=device))


def _moment(seconds: int, zone: str) -> str:
    return reports.moment(seconds, zone) if seconds else ""
