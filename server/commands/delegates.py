"""Who enters whose home: delegates, service readers, and the trail that access leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

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
from storage.delegations import Delegation
from storage.errors import NotFound
from storage.model import Admission, Principal, Role
from storage.store import Store

_ACCESS = click.Choice([Admission.READ.value, Admission.WRITE.value])


def _colleague(store: Store, owner: Principal, login: str) -> Principal:
    """Return a person of the same school; raises NotFound."""
    found = person(store, login)
    if found.school_id != owner.school_id:
        raise NotFound("principal", login)
    return found


@click.command(
    "delegate",
    short_help=_("Let somebody use another person's calendars, or no longer."),
    help=_(
        "Let somebody use the calendars of OWNER. Those who work in the school may stand in for one another and for "
        "pupils, to read or to write; a guardian may read the calendars of a pupil."
    ),
)
@click.argument("owner")
@click.option("--to", "login", required=True, metavar="LOGIN", help=_("Who is to use them."))
@click.option("--access", type=_ACCESS, default=Admission.READ.value, show_default=True, help=_("What for."))
@click.option("--remove", is_flag=True, help=_("Take the access away."))
@pass_workplace
def delegate(workplace: Workplace, owner: str, login: str, access: str, remove: bool) -> None:
    """Give or take access to a person's calendars."""
    with workplace.store() as store:
        theirs = person(store, owner)
        other = _colleague(store, theirs, login)
        values = {"login": other.login, "owner": theirs.login, "access": _word(access)}
        with store.writing(theirs.school_id) as tx:
            if not remove:
                tx.delegations.give(actor(), theirs, other, Admission(access))
            elif not tx.delegations.take(actor(), theirs, other):
                raise Failure(_("“{login}” does not use the calendars of “{owner}”.").format(**values))
    if remove:
        say(_("“{login}” may no longer use the calendars of “{owner}”.").format(**values))
    else:
        say(_("“{login}” may now use the calendars of “{owner}” ({access}).").format(**values))


@click.command("delegates", help=_("List who uses the calendars of a person, and whose calendars that person uses."))
@click.argument("login")
@json_option
@pass_workplace
def delegates(workplace: Workplace, login: str, as_json: bool) -> None:
    """Print both sides of a person's delegations."""
    with workplace.store() as store:
        found = person(store, login)
        with store.reading(found.school_id) as tx:
            given, had = tx.delegations.delegates(found), tx.delegations.owners(found)
    if as_json:
        print_json({"delegates": [_plain(each) for each in given], "owners": [_plain(each) for each in had]})
        return
    rows = [(found.login, each.person.login, _word(each.access)) for each in given]
    rows += [(each.person.login, found.login, _word(each.access)) for each in had]
    print_table((_("Calendars of"), _("Used by"), _("Access")), rows)


def _plain(found: Delegation) -> dict[str, str]:
    return {"login": found.person.login, "name": found.person.name, "access": found.access.value}


def _word(access: str) -> str:
    return _("reads") if access == Admission.READ.value else _("writes")


@click.command(
    "readers",
    short_help=_("List the service readers, let them in or shut them out."),
    help=_(
        "List the service readers of a school: accounts made by “cadran user add --role reader” that read every home "
        "and write nothing, for migration and support. They are shut out until --allow; each home they open is noted "
        "in the audit trail."
    ),
)
@click.option("--allow/--forbid", "allowed", default=None, help=_("Let service readers in, or shut them out."))
@json_option
@school_option
@pass_workplace
def readers(workplace: Workplace, allowed: bool | None, as_json: bool, code: str | None) -> None:
    """Print the service readers of a school after letting them in or shutting them out."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        if allowed is not None:
            _let_in(store, school.code, allowed=allowed)
        with store.reading(school.id) as tx:
            found, open_now = tx.principals.people(Role.READER), tx.school.settings.service_readers
    if as_json:
        print_json({"allowed": open_now, "readers": [{"login": p.login, "active": p.active} for p in found]})
        return
    say(_("Service readers are let in.") if open_now else _("Service readers are shut out."))
    yes, no = _("yes"), _("no")
    print_table((_("Login"), _("Name"), _("Active")), [(p.login, p.name, yes if p.active else no) for p in found])


def _let_in(store: Store, code: str, *, allowed: bool) -> None:
    school = store.directory.school(code)
    store.directory.configure(school.id, replace(school.settings, service_readers=allowed))
    with store.writing(school.id) as tx:
        tx.audit.record(actor(), "readers-allowed" if allowed else "readers-forbidden", school.code)


@click.command("audit", help=_("Show who changed whose access and who opened whose home, newest first."))
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help=_("How many lines at most.")
)
@json_option
@school_option
@pass_workplace
def audit(workplace: Workplace, limit: int, as_json: bool, code: str | None) -> None:
    """Print the last lines of a school's audit trail."""
    with workplace.store() as store, store.reading(chosen_school(store, code).id) as tx:
        lines, zone = tx.audit.trail(limit), tx.zone
    moments = [datetime.fromtimestamp(each.moment, zone) for each in lines]
    if as_json:
        told = zip(moments, lines, strict=True)
        print_json(
            [
                {
                    "moment": moment.isoformat(),
                    "actor": line.actor,
                    "action": line.action,
                    "subject": line.subject,
                    "detail": dict(line.detail),
                }
                for moment, line in told
            ]
        )
        return
    rows = [
        (f"{moment:%Y-%m-%d %H:%M:%S}", line.actor, line.action, line.subject, _detail(line.detail))
        for moment, line in zip(moments, lines, strict=True)
    ]
    print_table((_("When"), _("Who"), _("What"), _("About"), _("Details")), rows)


def _detail(detail: object) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True) if detail else ""
