"""Who may enter whose home: what is given, what the policy allows, and the trail that it leaves."""

from __future__ import annotations

import pytest

from storage import delegations, policy
from storage.delegations import DelegationRefused
from storage.errors import Forbidden, LimitReached, ReadOnly, WritingRequired
from storage.model import Admission, NewCalendar, Principal, Role, Settings
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.builders import DAV, Desk, event_text, make_person, make_school

STAFF = (Role.ADMIN, Role.STAFF, Role.TEACHER)


@pytest.fixture
def bea(desk: Desk) -> Principal:
    """Another teacher."""
    return make_person(desk.store, desk.school, "bea")


def give(desk: Desk, delegate: Principal, access: Admission = Admission.READ) -> None:
    """Let somebody stand in for the person of the desk."""
    with desk.writing() as tx:
        tx.delegations.give("test", desk.person, delegate, access)


def access(desk: Desk, asker: Principal) -> Admission | None:
    """As what somebody may enter the home of the person of the desk."""
    with desk.reading() as tx:
        found: Admission | None = tx.delegations.access(asker, desk.person)
        return found


def trail(desk: Desk) -> list[tuple[str, str, str]]:
    """The lines of the audit trail, oldest first."""
    with desk.reading() as tx:
        return [(each.actor, each.action, each.subject) for each in reversed(tx.audit.trail())]


def test_nobody_but_the_owner_enters_a_home_uninvited(desk: Desk, bea: Principal) -> None:
    assert access(desk, desk.person) is Admission.OWNER
    assert access(desk, bea) is None


@pytest.mark.parametrize("kind", [Admission.READ, Admission.WRITE])
def test_a_delegate_has_what_was_given_until_it_is_taken(desk: Desk, bea: Principal, kind: Admission) -> None:
    give(desk, bea, kind)
    assert access(desk, bea) is kind
    with desk.reading() as tx:
        assert [(each.person, each.access) for each in tx.delegations.delegates(desk.person)] == [(bea, kind)]
        assert [(each.person, each.access) for each in tx.delegations.owners(bea)] == [(desk.person, kind)]
        assert tx.delegations.access(desk.person, bea) is None
    with desk.writing() as tx:
        assert tx.delegations.take("test", desk.person, bea)
        assert not tx.delegations.take("test", desk.person, bea)
    assert access(desk, bea) is None
    assert trail(desk) == [("test", "delegation-set", "ana"), ("test", "delegation-removed", "ana")]


def test_a_person_is_in_one_group_only(desk: Desk, bea: Principal) -> None:
    give(desk, bea, Admission.READ)
    with desk.writing() as tx:
        tx.delegations.replace("ana", desk.person, Admission.WRITE, [bea])
    assert access(desk, bea) is Admission.WRITE
    with desk.writing() as tx:
        tx.delegations.replace("ana", desk.person, Admission.READ, [])
    assert access(desk, bea) is Admission.WRITE


def test_a_group_is_replaced_whole_and_told_once_for_each_change(desk: Desk, bea: Principal) -> None:
    carl = make_person(desk.store, desk.school, "carl")
    give(desk, bea)
    before = len(trail(desk))
    for _ in range(2):
        with desk.writing() as tx:
            tx.delegations.replace("ana", desk.person, Admission.READ, [carl])
    assert (access(desk, bea), access(desk, carl)) == (None, Admission.READ)
    assert len(trail(desk)) == before + 2


@pytest.mark.parametrize("owner", Role)
@pytest.mark.parametrize("delegate", Role)
@pytest.mark.parametrize("kind", [Admission.READ, Admission.WRITE])
def test_who_works_here_stands_in_and_a_guardian_reads(owner: Role, delegate: Role, kind: Admission) -> None:
    wanted = delegate in STAFF and owner in (*STAFF, Role.PUPIL)
    wanted = wanted or (delegate is Role.GUARDIAN and owner is Role.PUPIL and kind is Admission.READ)
    assert policy.may_be_delegate(owner, delegate, kind) is wanted


def test_what_the_policy_forbids_changes_nothing(desk: Desk, bea: Principal) -> None:
    pupil = make_person(desk.store, desk.school, "leo", Role.PUPIL)
    give(desk, bea)
    for members in ([pupil], [bea, desk.person], [bea, pupil]):
        with pytest.raises(DelegationRefused), desk.writing() as tx:
            tx.delegations.replace("ana", desk.person, Admission.WRITE, members)
    with pytest.raises(DelegationRefused):
        give(desk, desk.person)
    assert access(desk, bea) is Admission.READ


def test_a_role_that_changed_takes_the_access_with_it(desk: Desk, bea: Principal) -> None:
    give(desk, bea)
    with desk.writing() as tx:
        tx.principals.update(bea.id, role=Role.GUARDIAN)
        assert tx.delegations.access(tx.principals.get(bea.id), desk.person) is None
        assert tx.delegations.delegates(desk.person) == ()
        assert tx.delegations.owners(tx.principals.get(bea.id)) == ()


def test_closed_accounts_are_not_listed_and_cannot_be_named(desk: Desk, bea: Principal) -> None:
    give(desk, bea)
    with desk.writing() as tx:
        tx.principals.deactivate(bea.id)
        assert tx.delegations.delegates(desk.person) == ()
        with pytest.raises(DelegationRefused):
            tx.delegations.give("test", desk.person, tx.principals.get(bea.id), Admission.WRITE)


def test_there_are_so_many_delegates_and_no_more(desk: Desk, bea: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delegations, "MOST_DELEGATES", 1)
    carl = make_person(desk.store, desk.school, "carl")
    give(desk, bea)
    give(desk, bea, Admission.WRITE)
    with pytest.raises(LimitReached):
        give(desk, carl)
    with pytest.raises(LimitReached), desk.writing() as tx:
        tx.delegations.replace("ana", desk.person, Admission.READ, [carl])


def test_nothing_is_left_of_a_person_who_goes(desk: Desk, bea: Principal) -> None:
    give(desk, bea)
    with desk.writing() as tx:
        tx.delegations.enter(bea, desk.person, writing=True)
        tx.principals.remove(bea.id)
        assert tx.delegations.delegates(desk.person) == ()


def visits(desk: Desk, tx: Transaction, asker: Principal, *, writing: bool) -> int:
    """Enter the home and return how many lines the trail has."""
    tx.delegations.enter(asker, desk.person, writing=writing)
    return len(tx.audit.trail())


def test_a_delegate_who_writes_is_in_the_trail_once_an_hour(
    desk: Desk, bea: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(desk, bea, Admission.WRITE)
    with desk.reading() as tx:
        assert visits(desk, tx, bea, writing=False) == 1
        with pytest.raises(WritingRequired):
            visits(desk, tx, bea, writing=True)
    with desk.writing() as tx:
        monkeypatch.setattr(tx, "now", lambda: 7200)
        assert [visits(desk, tx, bea, writing=True) for _ in range(3)] == [2, 2, 2]
        monkeypatch.setattr(tx, "now", lambda: 10800)
        assert visits(desk, tx, bea, writing=True) == 3
    assert ("bea", "home-written", "ana") in trail(desk)


def reader_of(store: Store, code: str, *, allowed: bool) -> tuple[Desk, Principal]:
    """A school with a teacher, and a service reader whom it lets in or not."""
    school = make_school(store, code, Settings(service_readers=allowed))
    owner = make_person(store, school, f"owner-{code.lower()}")
    return Desk(store, school, owner), make_person(store, school, f"reader-{code.lower()}", Role.READER)


def test_a_service_reader_enters_while_its_school_lets_it(store: Store) -> None:
    assert not Settings().service_readers
    open_school, reader = reader_of(store, "0990001X", allowed=True)
    closed, stranger = reader_of(store, "0990002X", allowed=False)
    assert access(open_school, reader) is Admission.SERVICE
    assert access(closed, stranger) is None
    with open_school.reading() as tx, pytest.raises(WritingRequired):
        tx.delegations.enter(reader, open_school.person, writing=False)
    with open_school.writing() as tx:
        assert tx.delegations.enter(reader, open_school.person, writing=False) is Admission.SERVICE
        assert tx.delegations.list_homes(reader)
        assert not tx.delegations.list_homes(open_school.person)
    with open_school.reading() as tx:
        assert tx.delegations.enter(reader, open_school.person, writing=False) is Admission.SERVICE
    told = {("reader-0990001x", "home-read", "owner-0990001x"), ("reader-0990001x", "homes-listed", "*")}
    assert set(trail(open_school)) == told
    assert len(trail(open_school)) == 2


def test_a_service_reader_writes_nothing_even_at_home(store: Store) -> None:
    desk, reader = reader_of(store, "0990001X", allowed=True)
    with desk.writing() as tx:
        for own in tx.collections.visible(reader, DAV):
            with pytest.raises(ReadOnly):
                tx.objects.put(own, "a.ics", event_text("a"))
        with pytest.raises(Forbidden):
            tx.collections.create(reader, NewCalendar("new", "New"))


def test_a_collection_is_as_one_entered_its_home(desk: Desk) -> None:
    agenda = desk.collection()
    assert policy.as_seen(agenda, Admission.OWNER) is agenda
    assert policy.as_seen(agenda, Admission.WRITE) is agenda
    for kind in (Admission.READ, Admission.SERVICE):
        seen = policy.as_seen(agenda, kind)
        assert (seen.rights, seen.slug, seen.id, seen.head) == (policy.READ_ONLY, agenda.slug, agenda.id, agenda.head)
