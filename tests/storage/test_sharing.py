"""Sharing in storage: who gets what, what of it is hidden, and how it moves homes, tokens and heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from storage.errors import Forbidden, NotFound, ReadOnly, TokenExpired
from storage.home_changes import home_changes
from storage.lessons import StoredMembership
from storage.model import (
    DAWN,
    FOREVER,
    Access,
    CalendarKind,
    Collection,
    CollectionPatch,
    NewCalendar,
    Principal,
    Role,
    SyncToken,
)
from storage.sharing import Offer, Share
from storage.transaction import Transaction
from tests.storage.builders import DAV, Desk, event_text, make_person, make_school

SECRET = event_text("secret", "SUMMARY:Chez le médecin", "LOCATION:Lyon", "CLASS:PRIVATE")
PLAIN = event_text("plain", "SUMMARY:Conseil de classe", "LOCATION:Salle 12")


@dataclass
class Office:
    """An owner with two events, and people who may be offered the calendar."""

    desk: Desk
    people: dict[str, Principal]

    def writing(self) -> Any:
        return self.desk.writing()

    def calendar(self, tx: Transaction) -> Collection:
        return tx.collections.by_slug(self.desk.person, "agenda", DAV)

    def share(self, login: str, access: Access = Access.READ, *, settled: bool = True, slug: str = "agenda") -> Share:
        with self.writing() as tx:
            mine = tx.collections.by_slug(self.desk.person, slug, DAV)
            offer = Offer(access, "ana", settled=settled)
            made: Share = tx.sharing.offer(self.desk.person, mine, self.people[login], offer)
            return made

    def share_group(self, key: str, access: Access = Access.READ) -> None:
        with self.writing() as tx:
            tx.sharing.offer(self.desk.person, self.calendar(tx), tx.groups.get(key), Offer(access, "ana"))

    def unshare(self, login: str) -> None:
        with self.writing() as tx:
            assert tx.sharing.withdraw(self.desk.person, self.calendar(tx), self.people[login], "ana")

    def sees(self, login: str) -> list[Collection]:
        with self.desk.reading() as tx:
            return [each for each in tx.collections.subscribed(self.people[login]) if each.access is not None]

    def seen(self, login: str) -> Collection:
        (only,) = self.sees(login)
        return only

    def texts(self, login: str) -> dict[str, bytes]:
        seen = self.seen(login)
        with self.desk.reading() as tx:
            return {name: found.ical for name, found in tx.objects.many(seen, ["plain", "secret"]).items()}


@pytest.fixture
def office(desk: Desk) -> Office:
    roles = {"bob": Role.TEACHER, "cleo": Role.PUPIL, "dan": Role.PUPIL, "eve": Role.STAFF}
    people = {login: make_person(desk.store, desk.school, login, role) for login, role in roles.items()}
    desk.put("plain", PLAIN)
    desk.put("secret", SECRET)
    return Office(desk, people)


def test_an_offer_waits_for_an_answer_and_acceptance_puts_the_calendar_in_the_home(office: Office) -> None:
    made = office.share("bob", settled=False)
    assert office.sees("bob") == []
    with office.writing() as tx:
        got = tx.sharing.answer(office.people["bob"], made.uid, accepted=True, summary="Chez Ana")
    assert got is not None
    seen = office.seen("bob")
    assert (seen.name, seen.owner, seen.owned, seen.access) == ("Chez Ana", "ana", False, Access.READ)
    assert seen.kind is CalendarKind.SECONDARY
    assert not seen.rights.write
    assert office.desk.collection().shared


def test_a_declined_offer_gives_nothing_and_only_its_grantee_can_answer(office: Office) -> None:
    made = office.share("bob", settled=False)
    with office.writing() as tx, pytest.raises(NotFound):
        tx.sharing.answer(office.people["eve"], made.uid, accepted=True)
    with office.writing() as tx:
        assert tx.sharing.answer(office.people["bob"], made.uid, accepted=False) is None
    assert office.sees("bob") == []


def test_the_owner_is_told_the_answer_and_the_sharee_the_offer_and_its_end(office: Office) -> None:
    made = office.share("bob", settled=False)

    def notices(person: Principal) -> list[tuple[str, str]]:
        with office.writing() as tx:
            return [(notice.kind, notice.status) for _, notice in tx.notices.all(person)]

    assert notices(office.people["bob"]) == [("invite", "needs-action")]
    with office.writing() as tx:
        tx.sharing.answer(office.people["bob"], made.uid, accepted=True)
    assert notices(office.people["bob"]) == []
    assert notices(office.desk.person) == [("reply", "accepted")]
    office.unshare("bob")
    assert notices(office.people["bob"]) == [("invite", "deleted")]
    assert office.sees("bob") == []


def test_the_same_offer_again_moves_nothing(office: Office) -> None:
    office.share("bob")
    before = office.desk.clock()
    office.share("bob")
    assert office.desk.clock() == before


@pytest.mark.parametrize(
    ("access", "hidden"), [(Access.BUSY, {"plain", "secret"}), (Access.READ, {"secret"}), (Access.WRITE, {"secret"})]
)
def test_what_is_hidden_shows_when_it_is_and_nothing_else(office: Office, access: Access, hidden: set[str]) -> None:
    office.share("bob", access)
    found = office.texts("bob")
    for name, text in {"plain": PLAIN, "secret": SECRET}.items():
        assert (found[name] != text) == (name in hidden)
    for name in hidden:
        assert not any(word in found[name] for word in (b"SUMMARY", b"LOCATION", b"Lyon", b"Conseil"))
        assert b"DTSTART:20261123T080000Z" in found[name]
    assert office.desk.collection().mask.value == "none"


def test_a_hidden_object_has_one_tag_in_listings_texts_queries_and_changes(office: Office) -> None:
    office.share("bob", Access.READ)
    seen = office.seen("bob")
    with office.desk.reading() as tx:
        own = tx.objects.get(office.calendar(tx), "secret").etag
        single = tx.objects.get(seen, "secret")
        tags = {
            single.etag,
            *(each.etag for each in tx.objects.entries(seen) if each.href == "secret"),
            *(each.etag for each in tx.objects.entries_by_uid(seen, "secret")),
            *(each.etag for each in tx.objects.in_range(seen, 0, 2**40).entries if each.href == "secret"),
            *(each.etag for each in tx.changes.of(seen, SyncToken(seen.id)).changes if each.href == "secret"),
        }
        assert b"".join(tx.objects.texts(seen)).count(b"SUMMARY") == 1
    assert len(tags) == 1
    assert own not in tags
    assert single.masked
    assert single.schedule_tag == ""


Attempt = Callable[[Transaction, Collection], object]
ATTEMPTS: dict[str, Attempt] = {
    "replace": lambda tx, seen: tx.objects.put(seen, "secret", event_text("secret")),
    "delete": lambda tx, seen: tx.objects.delete(seen, "secret"),
    "schedule": lambda tx, seen: tx.scheduling.put(seen, "secret", event_text("secret")),
    "unschedule": lambda tx, seen: tx.scheduling.delete(seen, "secret"),
    "hide": lambda tx, seen: tx.objects.put(seen, "plain", event_text("plain", "CLASS:CONFIDENTIAL")),
}


@pytest.mark.parametrize("attempt", sorted(ATTEMPTS))
def test_who_may_write_cannot_touch_what_is_hidden(office: Office, attempt: str) -> None:
    office.share("bob", Access.WRITE)
    seen = office.seen("bob")
    with office.writing() as tx, pytest.raises(ReadOnly):
        ATTEMPTS[attempt](tx, seen)
    with office.writing() as tx:
        tx.objects.put(seen, "plain", event_text("plain", "SUMMARY:Changé"))
        assert tx.objects.get(office.calendar(tx), "secret").ical == SECRET


@pytest.mark.parametrize("access", [Access.BUSY, Access.READ])
def test_a_share_to_read_cannot_be_written(office: Office, access: Access) -> None:
    office.share("bob", access)
    seen = office.seen("bob")
    with office.writing() as tx, pytest.raises(ReadOnly):
        tx.objects.put(seen, "new", event_text("new"))
    with office.writing() as tx, pytest.raises(ReadOnly):
        tx.objects.delete(seen, "plain")


def test_what_nobody_writes_is_shared_to_read(office: Office) -> None:
    office.share("bob", Access.WRITE, slug="emploi-du-temps")
    assert office.seen("bob").access is Access.READ


def test_names_and_remarks_are_each_sharees_own(office: Office) -> None:
    office.share("bob", Access.READ)
    with office.writing() as tx:
        patch = CollectionPatch(name="Ana", colour="#112233", description="à moi", transparent=False)
        tx.collections.update(office.people["bob"], office.seen("bob"), patch)
    seen, own = office.seen("bob"), office.desk.collection()
    assert (seen.name, seen.colour, seen.description, seen.transparent) == ("Ana", "#112233", "à moi", False)
    assert (own.name, own.colour, own.description) == ("Mon agenda", "", "")
    with office.writing() as tx, pytest.raises(ReadOnly):
        tx.collections.update(office.people["bob"], seen, CollectionPatch(timezone="x"))


def test_a_share_moves_the_homes_of_both_and_its_end_too(office: Office) -> None:
    def moved(person: Principal, base: int) -> tuple[set[str], set[str]]:
        with office.desk.reading() as tx:
            found = home_changes(tx, person.id, tx.collections.visible(person, DAV), base)
        return {each.collection.slug for each in found.moved}, set(found.gone)

    base = office.desk.clock()
    office.share("bob")
    slug = office.seen("bob").slug
    assert moved(office.people["bob"], base) == ({slug}, set())
    assert moved(office.desk.person, base) == ({"agenda"}, set())
    base = office.desk.clock()
    office.unshare("bob")
    assert moved(office.people["bob"], base) == (set(), {slug})
    assert not office.desk.collection().shared


def test_when_more_or_less_is_hidden_tokens_end_and_the_new_ones_hold(office: Office) -> None:
    office.share("bob", Access.READ)
    seen = office.seen("bob")
    token = SyncToken(seen.id, seen.head)
    with office.desk.reading() as tx:
        assert tx.changes.of(seen, token).changes == ()
    office.share("bob", Access.WRITE)
    with office.desk.reading() as tx:
        assert tx.changes.of(office.seen("bob"), token).changes == ()
    office.share("bob", Access.BUSY)
    fewer = office.seen("bob")
    assert fewer.slug == seen.slug
    assert fewer.head > seen.head
    with office.desk.reading() as tx:
        with pytest.raises(TokenExpired):
            tx.changes.of(fewer, token)
        page = tx.changes.of(fewer, SyncToken(seen.id))
        assert tx.changes.of(fewer, page.token).changes == ()


@pytest.mark.parametrize(
    ("owner", "other", "allowed"),
    [
        (Role.TEACHER, Role.PUPIL, True),
        (Role.TEACHER, Role.TEACHER, True),
        (Role.PUPIL, Role.TEACHER, True),
        (Role.PUPIL, Role.PUPIL, False),
        (Role.GUARDIAN, Role.PUPIL, False),
        (Role.STAFF, Role.GUARDIAN, True),
    ],
)
def test_people_share_with_those_they_may_know(desk: Desk, owner: Role, other: Role, allowed: bool) -> None:
    one, two = make_person(desk.store, desk.school, "one", owner), make_person(desk.store, desk.school, "two", other)
    with desk.writing() as tx:
        mine = tx.collections.by_slug(one, "agenda", DAV)
        if allowed:
            tx.sharing.offer(one, mine, two, Offer(Access.READ, "one"))
            return
        with pytest.raises(NotFound):
            tx.sharing.offer(one, mine, two, Offer(Access.READ, "one"))


def test_nobody_shares_with_another_school_or_what_is_not_theirs(office: Office) -> None:
    other = make_school(office.desk.store, "0990002Y")
    stranger = make_person(office.desk.store, other, "zed")
    with office.writing() as tx, pytest.raises(NotFound):
        tx.sharing.offer(office.desk.person, office.calendar(tx), stranger, Offer(Access.READ, "ana"))
    office.share("bob", Access.WRITE)
    with office.writing() as tx, pytest.raises(ReadOnly):
        tx.sharing.offer(office.people["bob"], office.seen("bob"), office.people["eve"], Offer(Access.READ, "bob"))


def test_pupils_do_not_share_with_groups(office: Office) -> None:
    pupil = office.people["cleo"]
    with office.writing() as tx:
        mine, everybody = tx.collections.by_slug(pupil, "agenda", DAV), tx.groups.get("school")
        with pytest.raises(Forbidden):
            tx.sharing.offer(pupil, mine, everybody, Offer(Access.READ, "cleo"))


def join(tx: Transaction, person: Principal, role: Role, course: str = '["FR","class","4B"]') -> None:
    courses = tx.lessons.calendars(CalendarKind.COURSE)
    number = (
        courses[course][0]
        if course in courses
        else tx.lessons.create_calendars(CalendarKind.COURSE, {course: "FRANCAIS - 4B"})[course]
    )
    tx.lessons.set_memberships([], [StoredMembership(number, person.id, role, (DAWN, FOREVER))])


def test_a_class_has_pupils_and_a_team_has_its_teachers(office: Office) -> None:
    with office.writing() as tx:
        join(tx, office.people["cleo"], Role.PUPIL)
        join(tx, office.people["bob"], Role.TEACHER)
    with office.desk.reading() as tx:
        members = {
            key: [each.login for each in tx.groups.members(key)] for key in ("class-4B", "team-4B", "role-pupils")
        }
        mine = [each.key for each in tx.groups.of(office.people["cleo"])]
        course = next(each for each in tx.groups.all() if each.key.startswith("course-"))
        assert [each.login for each in tx.groups.members(course.key)] == ["bob", "cleo"]
    assert members == {"class-4B": ["cleo"], "team-4B": ["bob"], "role-pupils": ["cleo", "dan"]}
    assert mine == ["school", "role-pupils", "class-4B", course.key]


def test_members_have_what_is_shared_with_their_group_while_they_are_in_it(office: Office) -> None:
    with office.writing() as tx:
        join(tx, office.people["cleo"], Role.PUPIL)
    office.share_group("class-4B")
    assert [each.access for each in office.sees("cleo")] == [Access.READ]
    assert office.sees("dan") == []
    with office.writing() as tx:
        join(tx, office.people["dan"], Role.PUPIL)
    assert len(office.sees("dan")) == 1
    with office.writing() as tx:
        course = tx.lessons.calendars(CalendarKind.COURSE)['["FR","class","4B"]'][0]
        tx.lessons.set_memberships([(course, office.people["cleo"].id)], [])
    assert office.sees("cleo") == []


def test_a_member_may_take_a_groups_calendar_off_and_it_stays_off(office: Office) -> None:
    office.share_group("role-pupils")
    with office.writing() as tx:
        tx.sharing.leave(office.people["cleo"], office.seen("cleo"))
    with office.writing() as tx:
        tx.sharing.sharees.settle_groups()
    assert office.sees("cleo") == []
    assert len(office.sees("dan")) == 1


def test_the_greatest_of_several_shares_counts(office: Office) -> None:
    office.share_group("role-pupils", Access.BUSY)
    office.share("cleo", Access.WRITE)
    assert (office.seen("cleo").access, office.seen("dan").access) == (Access.WRITE, Access.BUSY)
    office.unshare("cleo")
    assert office.seen("cleo").access is Access.BUSY


def test_a_new_person_of_the_school_gets_what_the_school_shares(office: Office) -> None:
    office.share_group("school")
    office.people["fay"] = make_person(office.desk.store, office.desk.school, "fay", Role.PUPIL)
    assert len(office.sees("fay")) == 1


def test_who_changes_role_changes_groups(office: Office) -> None:
    office.share_group("role-pupils")
    with office.writing() as tx:
        tx.principals.update(office.people["cleo"].id, role=Role.TEACHER)
        tx.principals.update(office.people["bob"].id, role=Role.PUPIL)
    assert office.sees("cleo") == []
    assert len(office.sees("bob")) == 1


def test_a_deleted_calendar_and_a_removed_owner_leave_nothing_with_sharees(office: Office) -> None:
    with office.writing() as tx:
        made = tx.collections.create(office.desk.person, NewCalendar("projet", "Projet"))
        tx.sharing.offer(office.desk.person, made, office.people["bob"], Offer(Access.WRITE, "ana", settled=True))
    assert office.seen("bob").slug == f"partage-{made.id}"
    with office.writing() as tx:
        tx.collections.delete(office.desk.person, made)
    assert office.sees("bob") == []
    office.share("bob")
    base = office.desk.clock()
    with office.writing() as tx:
        tx.principals.remove(office.desk.person.id)
    assert office.sees("bob") == []
    with office.desk.reading() as tx:
        found = home_changes(tx, office.people["bob"].id, tx.collections.visible(office.people["bob"], DAV), base)
        assert len(found.gone) == 1


def test_a_removed_sharee_leaves_no_share_behind(office: Office) -> None:
    office.share("bob")
    with office.writing() as tx:
        tx.principals.remove(office.people["bob"].id)
        assert tx.sharing.of(office.calendar(tx).id) == ()
    assert not office.desk.collection().shared


def test_changes_of_access_are_in_the_audit_trail(office: Office) -> None:
    office.share("bob", Access.WRITE)
    office.unshare("bob")
    with office.desk.reading() as tx:
        found = [(each.actor, each.action, each.subject) for each in tx.audit.trail(2)]
    assert found == [("ana", "calendar-unshared", "bob"), ("ana", "calendar-shared", "bob")]
