"""`cadran user`: the accounts made by hand, and everybody's password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import click

from server import passwords, wording
from server.commands.deferred import Deferred, Place
from server.commands.workplace import (
    Workplace,
    actor,
    asked_password,
    chosen_school,
    confirmed,
    json_option,
    pass_workplace,
    password_option,
    person,
    print_json,
    print_table,
    say,
    school_option,
)
from server.texts import N_, _
from storage.model import Principal, Role, Source
from storage.principals import NewPerson, check_login

_ROLES = click.Choice([role.value for role in Role])
_PLACES: Final[Mapping[str, Place]] = {
    "delegate": Place(
        "server.commands.delegates", "delegate", N_("Let somebody use another person's calendars, or no longer.")
    ),
    "delegates": Place(
        "server.commands.delegates",
        "delegates",
        N_("List who uses the calendars of a person, and whose calendars that person uses."),
    ),
    "readers": Place(
        "server.commands.delegates", "readers", N_("List the service readers, let them in or shut them out.")
    ),
}


@click.group(
    "user",
    cls=Deferred,
    places=_PLACES,
    help=_("Add, list and remove accounts, set passwords, let people stand in for others."),
)
def user() -> None:
    """Gather the commands about accounts."""


@dataclass(frozen=True, slots=True)
class _Typed:
    """What `user add` was told of a person."""

    family: str
    given: str
    role: str
    email: str
    birth: datetime | None

    def person(self, login: str, password_hash: str) -> NewPerson:
        birth = self.birth.date() if self.birth else None
        return NewPerson(
            login, self.family, self.given, Role(self.role), birth=birth, email=self.email, password_hash=password_hash
        )


@user.command("add", help=_("Add an account; its password is asked for."))
@click.argument("login")
@click.option("--family", required=True, help=_("Family name."))
@click.option("--given", default="", help=_("Given name."))
@click.option("--role", type=_ROLES, default=Role.TEACHER.value, show_default=True, help=_("What the person is."))
@click.option("--email", default="", help=_("E-mail address."))
@click.option("--birth", type=click.DateTime(["%Y-%m-%d"]), help=_("Date of birth."))
@click.option("--no-password", is_flag=True, help=_("Set no password: nobody can log in yet."))
@password_option
@school_option
@pass_workplace
def add(
    workplace: Workplace, /, login: str, code: str | None, password_stdin: bool, no_password: bool, **typed: Any
) -> None:
    """Create one account with the calendars everyone has; a bad login is told before a password is asked for."""
    check_login(login)
    with workplace.store() as store:
        school = chosen_school(store, code)
        password_hash = "" if no_password else passwords.hash(asked_password(from_stdin=password_stdin))
        with store.writing(school.id) as tx:
            created = tx.principals.create(_Typed(**typed).person(login, password_hash))
            tx.audit.record(actor(), "account-created", created.login, role=created.role.value)
    say(_("The account “{login}” is ready.").format(login=created.login))


@user.command("list", help=_("List the accounts of a school."))
@click.option("--role", type=_ROLES, help=_("Only these people."))
@json_option
@school_option
@pass_workplace
def list_users(workplace: Workplace, role: str | None, as_json: bool, code: str | None) -> None:
    """Print the people of a school."""
    with workplace.store() as store, store.reading(chosen_school(store, code).id) as tx:
        people = tx.principals.people(Role(role) if role else None)
    if as_json:
        print_json([_plain(each) for each in people])
        return
    columns = (_("Login"), _("Name"), _("Role"), _("Source"), _("Active"))
    print_table(
        columns,
        [(p.login, p.name, wording.role(p.role), _source(p.source), _("yes") if p.active else _("no")) for p in people],
    )


def _source(source: Source) -> str:
    return _("by hand") if source is Source.MANUAL else source.value


@user.command("passwd", help=_("Set the password of an account."))
@click.argument("login")
@password_option
@pass_workplace
def passwd(workplace: Workplace, login: str, password_stdin: bool) -> None:
    """Replace a password; devices that hold the old one are asked again at once."""
    with workplace.store() as store:
        found = person(store, login)
        password = asked_password(from_stdin=password_stdin)
        with store.writing(found.school_id) as tx:
            tx.principals.set_password(found.id, passwords.hash(password))
            tx.audit.record(actor(), "password-set", found.login)
    say(_("The password of “{login}” is set.").format(login=found.login))


@user.command("remove", help=_("Remove an account with its calendars, or with --close only bar it."))
@click.argument("login")
@click.option(
    "--close", is_flag=True, help=_("Bar the account and keep its data; “cadran user reopen” opens it again.")
)
@click.option("--yes", is_flag=True, help=_("Do not ask for confirmation."))
@pass_workplace
def remove(workplace: Workplace, login: str, close: bool, yes: bool) -> None:
    """Delete a person and what is theirs, or bar the account."""
    with workplace.store() as store:
        found = person(store, login)
        if not close and not yes:
            question = _("Delete “{name}” and all their calendars?").format(name=found.name)
            if not confirmed(question):
                raise click.Abort
        with store.writing(found.school_id) as tx:
            (tx.principals.deactivate if close else tx.principals.remove)(found.id)
            tx.audit.record(actor(), "account-closed" if close else "account-removed", found.login)
    done = _("The account “{login}” is closed.") if close else _("The account “{login}” is removed.")
    say(done.format(login=found.login))


@user.command("reopen", help=_("Open a closed account again."))
@click.argument("login")
@pass_workplace
def reopen(workplace: Workplace, login: str) -> None:
    """Let somebody in again with the password they had."""
    with workplace.store() as store:
        found = person(store, login)
        with store.writing(found.school_id) as tx:
            tx.principals.reactivate(found.id)
            tx.audit.record(actor(), "account-reopened", found.login)
    say(_("The account “{login}” is open.").format(login=found.login))


def _plain(principal: Principal) -> dict[str, object]:
    return {
        "login": principal.login,
        "name": principal.name,
        "role": principal.role.value,
        "source": principal.source.value,
        "email": principal.email,
        "birth": principal.birth,
        "active": principal.active,
    }
