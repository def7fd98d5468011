"""`cadran calendar`: what a person sees, and the synchronise switch of each calendar (R1 to R19)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import click
from unidecode import unidecode

from server.commands.deferred import Deferred, Place
from server.commands.workplace import (
    Failure,
    Workplace,
    actor,
    json_option,
    pass_workplace,
    person,
    print_json,
    print_table,
    say,
    warn,
)
from server.texts import N_, _
from storage import policy
from storage.model import Client, ClientKind, NewCalendar

_EVERYTHING = Client(ClientKind.WEB)
_PLACES: Final[Mapping[str, Place]] = {
    "groups": Place("server.commands.sharing", "groups", N_("List the groups that calendars can be shared with.")),
    "link": Place(
        "server.commands.calendar_links",
        "link",
        N_("Make or end a secret address of a calendar."),
    ),
    "links": Place(
        "server.commands.calendar_links",
        "links",
        N_("List the secret addresses of a person's calendars, without their secret."),
    ),
    "restore": Place(
        "server.commands.calendar_trash",
        "restore",
        N_("Give a person back what is in their trash, by the number that “trash” shows."),
    ),
    "share": Place(
        "server.commands.sharing", "share", N_("Share a calendar with a person or a group, at once; nobody is asked.")
    ),
    "shares": Place("server.commands.sharing", "shares", N_("List with whom a person shares calendars.")),
    "trash": Place("server.commands.calendar_trash", "list_trash", N_("List what a person deleted and can have back.")),
}


@click.group(
    "calendar",
    cls=Deferred,
    places=_PLACES,
    help=_("List, create, share and restore calendars, choose those for phones."),
)
def calendar() -> None:
    """Gather the commands about calendars."""


@calendar.command("list", help=_("List the calendars a person sees."))
@click.argument("login")
@json_option
@pass_workplace
def list_calendars(workplace: Workplace, login: str, as_json: bool) -> None:
    """Print the calendars of a person with their number of entries, warning above 9000 (R19)."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.reading(owner.school_id) as tx:
            found = [(each, tx.collections.count(each.id)) for each in tx.collections.visible(owner, _EVERYTHING)]
    if as_json:
        print_json(
            [
                {
                    "slug": each.slug,
                    "name": each.name,
                    "kind": each.kind.value,
                    "entries": count,
                    "synchronised": each.synchronised,
                    "writable": each.rights.write,
                    "large": policy.size_warning(count),
                }
                for each, count in found
            ]
        )
        return
    yes, no = _("yes"), _("no")
    print_table(
        (_("Calendar"), _("Name"), _("Entries"), _("On phones"), _("Writable")),
        [(c.slug, c.name, n, yes if c.synchronised else no, yes if c.rights.write else no) for c, n in found],
    )
    for each, count in found:
        _warn_of_size(each.slug, count)


@calendar.command("create", help=_("Create a calendar for a person."))
@click.argument("login")
@click.argument("name")
@click.option("--slug", help=_("Last part of its address; made from the name when not given."))
@click.option("--colour", default="", metavar="#RRGGBB", help=_("Its colour."))
@pass_workplace
def create(workplace: Workplace, login: str, name: str, slug: str | None, colour: str) -> None:
    """Create a secondary calendar."""
    if colour and not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise click.BadParameter(_("a colour is written #RRGGBB"), param_hint="--colour")
    with workplace.store() as store:
        owner = person(store, login)
        address = slug or re.sub(r"[^a-z0-9]+", "-", unidecode(name).lower()).strip("-")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", address):
            raise Failure(
                _("“{slug}” cannot be part of an address: give --slug with letters and digits.").format(slug=address)
            )
        with store.writing(owner.school_id) as tx:
            made = tx.collections.create(owner, NewCalendar(address, name, colour))
    say(_("The calendar “{slug}” is ready.").format(slug=made.slug))


@calendar.command(
    "switch",
    help=_(
        "Choose whether a calendar goes to the phones of a person. Thunderbird and other CalDAV clients show it either "
        "way."
    ),
    short_help=_("Choose whether a calendar goes to phones."),
)
@click.argument("login")
@click.argument("slug")
@click.argument("state", type=click.Choice(["on", "off"]))
@pass_workplace
def switch(workplace: Workplace, login: str, slug: str, state: str) -> None:
    """Set the synchronise switch; waiting phones are woken at once."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.writing(owner.school_id) as tx:
            collection = tx.collections.switch(owner, slug, on=state == "on")
            tx.audit.record(actor(), "calendar-switched", owner.login, slug=slug, state=state)
            count = tx.collections.count(collection.id)
    done = _("“{name}” now goes to phones.")
    if state == "off":
        done = _("“{name}” no longer goes to phones; Thunderbird and other CalDAV clients still show it.")
    say(done.format(name=collection.name))
    if state == "on":
        _warn_of_size(slug, count)


def _warn_of_size(slug: str, count: int) -> None:
    if policy.size_warning(count):
        text = _("Warning: “{slug}” holds {count} entries; above 9000 some devices have trouble synchronising it.")
        warn(text.format(slug=slug, count=count))
