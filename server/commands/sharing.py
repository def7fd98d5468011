"""`cadran calendar share|shares|groups`: who else has a person's calendars."""

from __future__ import annotations

import click

from server.commands.workplace import (
    Failure,
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
from storage import policy
from storage.errors import Forbidden, NotFound
from storage.groups import Group
from storage.model import Access, Client, ClientKind, Principal
from storage.sharing import Grantee, Offer
from storage.store import Store
from storage.transaction import Transaction

_EVERYTHING = Client(ClientKind.WEB)
_ACCESS = [access.value for access in Access]


@click.command("share", help=_("Share a calendar with a person or a group, at once; nobody is asked."))
@click.argument("login")
@click.argument("slug")
@click.option("--with", "name", required=True, metavar="LOGIN|GROUP", help=_("Whom to share it with."))
@click.option(
    "--access",
    type=click.Choice(_ACCESS),
    default=Access.READ.value,
    show_default=True,
    help=_("See busy times only, read, or read and write."),
)
@click.option("--remove", is_flag=True, help=_("Stop sharing it with them."))
@pass_workplace
def share(workplace: Workplace, login: str, slug: str, name: str, access: str, remove: bool) -> None:
    """Share or stop sharing; what is private stays hidden from everybody but the owner."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.writing(owner.school_id) as tx:
            collection = tx.collections.by_slug(owner, slug, _EVERYTHING)
            grantee = _grantee(store, tx, owner, name)
            if remove:
                done = tx.sharing.withdraw(owner, collection, grantee, actor())
                text = _("“{slug}” is no longer shared with {name}.")
                if not done:
                    text = _("“{slug}” is not shared with {name}.")
            else:
                try:
                    tx.sharing.offer(owner, collection, grantee, Offer(Access(access), actor(), settled=True))
                except (NotFound, Forbidden) as error:
                    raise Failure(
                        _("“{login}” may not share calendars with {name}.").format(login=owner.login, name=name)
                    ) from error
                text = _("“{slug}” is shared with {name}.")
    say(text.format(slug=slug, name=grantee.name))


def _grantee(store: Store, tx: Transaction, owner: Principal, name: str) -> Grantee:
    """Return the person of a login, else the group of a key; raises NotFound."""
    account = store.directory.account(name)
    if account is not None and account.principal.school_id == owner.school_id:
        return account.principal
    try:
        return tx.groups.get(name)
    except NotFound as error:
        raise Failure(
            _("There is no person and no group “{name}”. “cadran calendar groups” shows the groups.").format(name=name)
        ) from error


@click.command("shares", help=_("List with whom a person shares calendars."))
@click.argument("login")
@json_option
@pass_workplace
def shares(workplace: Workplace, login: str, as_json: bool) -> None:
    """Print every share of a person's calendars, and what was answered."""
    with workplace.store() as store:
        owner = person(store, login)
        with store.reading(owner.school_id) as tx:
            found = [
                (each, share, grantee)
                for each in tx.collections.subscribed(owner)
                if policy.shareable(each) and each.shared
                for share, grantee in tx.sharing.with_grantees(each.id)
            ]
    rows = [
        {
            "calendar": collection.slug,
            "with": share.group_key if isinstance(grantee, Group) else grantee.login,
            "kind": "group" if isinstance(grantee, Group) else "person",
            "name": grantee.name,
            "access": share.access.value,
            "status": share.status.value,
        }
        for collection, share, grantee in found
    ]
    if as_json:
        print_json(rows)
        return
    columns = (_("Calendar"), _("Shared with"), _("Name"), _("Access"), _("Answer"))
    print_table(columns, [(r["calendar"], r["with"], r["name"], r["access"], r["status"]) for r in rows])


@click.command("groups", help=_("List the groups that calendars can be shared with."))
@school_option
@json_option
@pass_workplace
def groups(workplace: Workplace, code: str | None, as_json: bool) -> None:
    """Print the groups of a school with the number of their members."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        with store.reading(school.id) as tx:
            found = [(each, len(tx.groups.members(each.key))) for each in tx.groups.all()]
    if as_json:
        print_json([{"key": g.key, "kind": g.kind.value, "name": g.name, "members": count} for g, count in found])
        return
    print_table((_("Group"), _("Name"), _("Members")), [(each.key, each.name, count) for each, count in found])
