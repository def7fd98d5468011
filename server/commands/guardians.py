"""`cadran people guardians|link|unlink`: who answers for a pupil, where no feed tells or before it does."""

from __future__ import annotations

from collections.abc import Iterable

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
from storage.model import Principal, Role, School
from storage.people_feeds import GuardianLink
from storage.store import Store
from storage.transaction import Transaction

BY_HAND = "by hand"


@click.command("guardians", help=_("List the guardians of the pupils, or of one pupil or of one guardian."))
@click.argument("login", required=False)
@json_option
@school_option
@pass_workplace
def guardians(workplace: Workplace, /, login: str | None, as_json: bool, code: str | None) -> None:
    """Print who answers for whom."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        one = None if login is None else _of(store, school, login)
        with store.reading(school.id) as tx:
            people = {each.id: each for each in tx.principals.people()}
            links = [each for each in tx.people_feeds.guardians() if one is None or one.id in _both(each)]
    found = [(each, people[each.pupil_id], people[each.guardian_id]) for each in links if people.keys() >= _both(each)]
    if as_json:
        print_json(
            [
                {"pupil": child.login, "guardian": parent.login, "legal": link.legal, "relation": link.relation}
                for link, child, parent in found
            ]
        )
        return
    columns = (_("Guardian"), _("Name"), _("Pupil"), _("Name"), _("Legal representative"))
    rows = [
        (parent.login, parent.name, child.login, child.name, _("yes") if link.legal else _("no"))
        for link, child, parent in found
    ]
    print_table(columns, rows)


def _both(link: GuardianLink) -> set[int]:
    return {link.pupil_id, link.guardian_id}


@click.command(
    "link",
    help=_(
        "Say that a guardian answers for a pupil, both by login. A feed that names the guardians of this pupil says it "
        "anew: what it does not name is taken away."
    ),
    short_help=_("Say that a guardian answers for a pupil."),
)
@click.argument("parent")
@click.argument("child")
@click.option("--legal/--not-legal", default=True, help=_("Whether as a legal representative; yes by default."))
@school_option
@pass_workplace
def link(workplace: Workplace, /, parent: str, child: str, legal: bool, code: str | None) -> None:
    """Keep a link; saying it again changes only whether it is a legal one."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        guardian, pupil = _pair(store, school, parent, child)
        with store.writing(school.id) as tx:
            held = [each for each in _of_pupil(tx, pupil) if each.guardian_id != guardian.id]
            _keep(tx, pupil, [*held, GuardianLink(pupil.id, guardian.id, legal, BY_HAND)])
            tx.audit.record(actor(), "guardian-linked", pupil.login, guardian=guardian.login, legal=legal)
    say(_("{guardian} answers for {pupil}.").format(guardian=guardian.name, pupil=pupil.name))


@click.command("unlink", help=_("Say that a guardian no longer answers for a pupil, both by login."))
@click.argument("parent")
@click.argument("child")
@school_option
@pass_workplace
def unlink(workplace: Workplace, /, parent: str, child: str, code: str | None) -> None:
    """Take a link away; fails when there is none."""
    with workplace.store() as store:
        school = chosen_school(store, code)
        guardian, pupil = _pair(store, school, parent, child)
        with store.writing(school.id) as tx:
            before = _of_pupil(tx, pupil)
            held = [each for each in before if each.guardian_id != guardian.id]
            if held == before:
                text = _("{guardian} does not answer for {pupil}: “cadran people guardians” lists who does.")
                raise Failure(text.format(guardian=guardian.name, pupil=pupil.name))
            _keep(tx, pupil, held)
            tx.audit.record(actor(), "guardian-unlinked", pupil.login, guardian=guardian.login)
    say(_("{guardian} no longer answers for {pupil}.").format(guardian=guardian.name, pupil=pupil.name))


def _of(store: Store, school: School, login: str) -> Principal:
    found = person(store, login)
    if found.school_id != school.id:
        raise Failure(_("“{login}” belongs to another school.").format(login=login))
    return found


def _pair(store: Store, school: School, parent: str, child: str) -> tuple[Principal, Principal]:
    """Return a guardian and a pupil of the school; anybody else fails, in words."""
    guardian, pupil = _of(store, school, parent), _of(store, school, child)
    for who, role in ((guardian, Role.GUARDIAN), (pupil, Role.PUPIL)):
        if who.role is not role:
            text = _("“{login}” has the role {role}: name a guardian first, then a pupil.")
            raise Failure(text.format(login=who.login, role=_(who.role.value)))
    return guardian, pupil


def _of_pupil(tx: Transaction, pupil: Principal) -> list[GuardianLink]:
    return [each for each in tx.people_feeds.guardians() if each.pupil_id == pupil.id]


def _keep(tx: Transaction, pupil: Principal, links: Iterable[GuardianLink]) -> None:
    tx.people_feeds.set_guardians([pupil.id], links)
