"""`cadran calendar trash` and `restore`: what a person deleted, and getting it back."""

from __future__ import annotations

from datetime import datetime

import click

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
)
from server.texts import _
from storage.errors import UidConflict
from storage.model import Principal
from storage.transaction import Transaction
from storage.trash import CALENDAR, Trashed


@click.command("trash", help=_("List what a person deleted and can have back."))
@click.argument("login")
@json_option
@pass_workplace
def list_trash(workplace: Workplace, login: str, as_json: bool) -> None:
    """Print a person's trash, latest first."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.reading(owner.school_id) as tx:
            found, zone = tx.trash.of(owner), tx.zone
    moments = [datetime.fromtimestamp(each.deleted, zone) for each in found]
    if as_json:
        print_json([_plain(each, moment) for each, moment in zip(found, moments, strict=True)])
        return
    kinds = {CALENDAR: _("calendar")}
    print_table(
        (_("Item"), _("Title"), _("Kind"), _("Calendar"), _("Deleted")),
        [
            (
                each.id,
                each.title or each.name,
                kinds.get(each.kind, each.component),
                each.calendar,
                f"{when:%Y-%m-%d %H:%M}",
            )
            for each, when in zip(found, moments, strict=True)
        ],
    )


def _plain(found: Trashed, moment: datetime) -> dict[str, object]:
    kept = {"item": found.id, "kind": found.kind, "title": found.title, "name": found.name, "uid": found.uid}
    return kept | {"component": found.component, "calendar": found.slug, "deleted": moment.isoformat()}


@click.command("restore", help=_("Give a person back what is in their trash, by the number that “trash” shows."))
@click.argument("login")
@click.argument("item", type=int)
@click.option("--to", metavar="SLUG", default="", help=_("Calendar to put it into, when its own is gone."))
@pass_workplace
def restore(workplace: Workplace, login: str, item: int, to: str) -> None:
    """Restore an object or a whole calendar; attendees of a meeting are invited anew."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.writing(owner.school_id) as tx:
            found = tx.trash.get(owner, item)
            slug = _restored(tx, owner, found, to)
            tx.audit.record(actor(), "trash-restored", owner.login, item=item, slug=slug)
    say(_("“{title}” is back in the calendar “{slug}”.").format(title=found.title or found.name, slug=slug))


def _restored(tx: Transaction, owner: Principal, found: Trashed, to: str) -> str:
    """Restore one thing and return the slug of the calendar it is in now, or that it is."""
    if found.kind == CALENDAR:
        return tx.trash.restore_calendar(owner, found.id, to).slug
    slugs = {each.slug: each for each in tx.collections.subscribed(owner) if each.owned and each.rights.write}
    slug = to or found.slug
    if slug not in slugs:
        raise Failure(_("Its calendar is gone: restore that first, or name another one with --to."))
    place = (slugs[slug], f"{found.id}.ics") if to else None
    try:
        tx.trash.restore(owner, found.id, place)
    except UidConflict as error:
        raise Failure(
            _("The calendar “{slug}” already holds this entry: nothing was restored.").format(slug=slug)
        ) from error
    return slug
