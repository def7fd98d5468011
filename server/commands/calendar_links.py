"""`cadran calendar link` and `links`: secret addresses of a calendar, for Outlook and whoever only reads."""

from __future__ import annotations

from datetime import datetime

import click

from server.commands.workplace import (
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
from server.texts import _
from storage.model import Client, ClientKind

_EVERYTHING = Client(ClientKind.WEB)
_DAY = 86_400


@click.command(
    "link",
    help=_("Make a secret address under which anybody who has it can read a calendar, such as Outlook, or end those."),
    short_help=_("Make or end a secret address of a calendar."),
)
@click.argument("login")
@click.argument("slug")
@click.option("--busy", is_flag=True, help=_("Show when the person is busy, and nothing else."))
@click.option("--days", type=click.IntRange(1, 3660), help=_("Days after which the address ends by itself."))
@click.option("--revoke", is_flag=True, help=_("End all secret addresses of this calendar instead."))
@pass_workplace
def link(workplace: Workplace, login: str, slug: str, busy: bool, days: int | None, revoke: bool) -> None:
    """Make a secret link, whose token is shown once and kept nowhere, or revoke those there are."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.writing(owner.school_id) as tx:
            collection = tx.collections.by_slug(owner, slug, _EVERYTHING)
            if revoke:
                count = tx.links.revoke(owner, collection.id)
                tx.audit.record(actor(), "link-revoked", owner.login, slug=slug, count=count)
                say(_("Addresses ended: {count}.").format(count=count))
                return
            token = tx.links.make(owner, collection, busy=busy, expires=tx.now() + days * _DAY if days else None)
            tx.audit.record(actor(), "link-made", owner.login, slug=slug, busy=busy, days=days)
    base = workplace.config.server.public_url.rstrip("/")
    say(f"{base}/feeds/{token}.ics")
    say(f"{base}/freebusy/{token}.ifb")
    warn(_("The first address is for calendar programs, the second tells busy times only. They are not shown again."))
    if not base:
        warn(_("Put the address of this server before it: server.public_url is not configured."))


@click.command("links", help=_("List the secret addresses of a person's calendars, without their secret."))
@click.argument("login")
@json_option
@pass_workplace
def links(workplace: Workplace, login: str, as_json: bool) -> None:
    """Print which calendars have secret links, since when and until when."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.reading(owner.school_id) as tx:
            slugs = {each.id: each.slug for each in tx.collections.subscribed(owner)}
            found = tx.links.of(owner)
            zone = tx.zone
    rows = [
        {
            "calendar": slugs.get(each.collection_id, ""),
            "busy": each.busy,
            "made": f"{datetime.fromtimestamp(each.created, zone):%Y-%m-%d}",
            "until": f"{datetime.fromtimestamp(each.expires, zone):%Y-%m-%d}" if each.expires else "",
        }
        for each in found
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        (_("Calendar"), _("Busy times only"), _("Made"), _("Until")),
        [(row["calendar"], _("yes") if row["busy"] else _("no"), row["made"], row["until"]) for row in rows],
    )
