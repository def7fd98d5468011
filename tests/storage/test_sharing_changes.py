"""Shares of people who are others now: another role, a closed account, a group left; and what a share overlays."""

from __future__ import annotations

import pytest
from sqlalchemy import and_, update

from storage import maintenance
from storage.errors import TokenExpired, TokenInvalid
from storage.home_changes import home_changes
from storage.model import Access, Role, SyncToken
from storage.schema import principal
from tests.storage.builders import DAV, Desk, make_person
from tests.storage.test_sharing import Office, join, office

__all__ = ["office"]
ROLES = tuple(Role)


def role(office: Office, login: str, new: Role) -> None:
    """Give somebody another role."""
    person = office.people.get(login, office.desk.person)
    with office.writing() as tx:
        tx.principals.update(person.id, role=new)


def active(office: Office, login: str, *, on: bool) -> None:
    """Close or reopen somebody's account."""
    person = office.people.get(login, office.desk.person)
    with office.writing() as tx:
        (tx.principals.reactivate if on else tx.principals.deactivate)(person.id)


def has(office: Office, login: str) -> list[Access | None]:
    """As what somebody has the shared calendar."""
    return [each.access for each in office.sees(login)]


@pytest.mark.parametrize("owner", [Role.TEACHER, Role.PUPIL, Role.GUARDIAN])
def test_a_share_is_had_while_both_may_know_each_other(office: Office, owner: Role) -> None:
    office.share("bob", Access.WRITE)
    office.share("cleo")
    role(office, "ana", owner)
    works = owner is Role.TEACHER
    assert (has(office, "bob"), has(office, "cleo")) == ([Access.WRITE], [Access.READ] if works else [])
    role(office, "bob", Role.PUPIL)
    assert has(office, "bob") == ([Access.WRITE] if works else [])
    role(office, "ana", Role.STAFF)
    assert (has(office, "bob"), has(office, "cleo")) == ([Access.WRITE], [Access.READ])


def test_who_becomes_a_pupil_shares_with_no_group_any_more(office: Office) -> None:
    office.share_group("role-pupils")
    role(office, "ana", Role.PUPIL)
    assert has(office, "cleo") == []
    role(office, "ana", Role.TEACHER)
    assert has(office, "cleo") == [Access.READ]


@pytest.mark.parametrize("closed", ["ana", "bob"])
@pytest.mark.parametrize("group", [False, True])
def test_a_closed_account_on_either_side_ends_it_until_it_is_opened(office: Office, closed: str, group: bool) -> None:
    if group:
        office.share_group("role-teachers")
    else:
        office.share("bob")
    base = office.desk.clock()
    active(office, closed, on=False)
    assert has(office, "bob") == []
    with office.desk.reading() as tx:
        bob = office.people["bob"]
        assert len(home_changes(tx, bob.id, tx.collections.visible(bob, DAV), base).gone) == 1
    active(office, closed, on=True)
    assert has(office, "bob") == [Access.READ]


def test_a_share_that_comes_back_refuses_the_tokens_from_before(office: Office) -> None:
    office.share("bob")
    with office.desk.reading() as tx:
        token = tx.changes.since(SyncToken(office.seen("bob").id)).token
    active(office, "ana", on=False)
    active(office, "ana", on=True)
    seen = office.seen("bob")
    assert seen.since > token.base
    with pytest.raises((TokenExpired, TokenInvalid)), office.desk.reading() as tx:
        tx.changes.of(seen, token)


def test_accepting_gives_nothing_to_who_may_not_have_it_any_more(office: Office) -> None:
    made = office.share("cleo", settled=False)
    role(office, "ana", Role.PUPIL)
    with office.writing() as tx:
        assert tx.sharing.answer(office.people["cleo"], made.uid, accepted=True) is None
    assert has(office, "cleo") == []


def test_a_team_is_of_those_who_work_there(office: Office) -> None:
    with office.writing() as tx:
        join(tx, office.people["bob"], Role.TEACHER)
    office.share_group("team-4B")
    assert has(office, "bob") == [Access.READ]
    role(office, "bob", Role.GUARDIAN)
    assert has(office, "bob") == []
    with office.desk.reading() as tx:
        bob = tx.principals.get(office.people["bob"].id)
        assert [each.key for each in tx.groups.of(bob) if each.key.startswith("team")] == []


def test_many_changes_settle_each_calendar_once(office: Office) -> None:
    office.share_group("role-pupils")
    before = office.desk.clock()
    with office.writing() as tx:
        for login in ("cleo", "dan"):
            tx.principals.update(office.people[login].id, role=Role.TEACHER)
    assert (has(office, "cleo"), office.desk.clock() - before) == ([], 1)


@pytest.mark.parametrize("over", list(Access))
def test_a_subscription_from_before_a_share_stays_when_the_share_ends(office: Office, over: Access) -> None:
    bob = office.people["bob"]
    with office.writing() as tx:
        tx.collections.subscribe(bob, office.calendar(tx).id, "ana", "Ana")
    office.share("bob", over)
    assert (office.seen("bob").access, office.seen("bob").slug) == (over, "ana")
    office.share("bob", Access.READ)
    office.unshare("bob")
    assert office.sees("bob") == []
    with office.desk.reading() as tx:
        left = tx.collections.by_slug(bob, "ana", DAV)
        token = tx.changes.since(SyncToken(left.id)).token
        assert tx.changes.of(left, token).changes == ()
    assert (left.access, left.rights.write, left.name) == (None, False, "Ana")
    office.share("bob", over)
    office.unshare("bob")
    with office.desk.reading() as tx:
        assert tx.collections.by_slug(bob, "ana", DAV).id == left.id


@pytest.mark.parametrize("new", ROLES)
@pytest.mark.parametrize("old", ROLES)
def test_the_whole_schools_timetable_goes_and_comes_with_the_role(desk: Desk, old: Role, new: Role) -> None:
    with desk.writing() as tx:
        whole = tx.lessons.create_school_collection()
    person = make_person(desk.store, desk.school, "max", old)
    for given in (old, new, new):
        with desk.writing() as tx:
            tx.principals.update(person.id, role=given)
        with desk.reading() as tx:
            found = [each.id for each in tx.collections.subscribed(person) if each.id == whole]
        assert found == ([whole] if given in {Role.ADMIN, Role.STAFF} else [])


def test_the_night_takes_what_a_person_should_not_have(office: Office) -> None:
    office.share("cleo")
    with office.writing() as tx:
        here = and_(principal.c.school_id == tx.school_id, principal.c.id == office.desk.person.id)
        tx.connection.execute(update(principal).where(here).values(role=Role.PUPIL.value))
    assert has(office, "cleo") == [Access.READ]
    with office.writing() as tx:
        maintenance.trim(tx)
    assert has(office, "cleo") == []
