"""Copying and moving objects, what clients keep with them, and finding UIDs in part: on both databases."""

import pytest

from storage.errors import InvalidObject, NotFound, PreconditionFailed, ReadOnly, UidConflict
from storage.home_changes import home_changes
from storage.model import Expect, NewCalendar, SyncToken
from storage.scheduling import Wish
from storage.tokens import format_home_token, parse_home_token
from tests.storage.builders import Desk, event_text, outcome

ANY = Expect()
KEPT = {"{urn:x}mood": '<x:mood xmlns:x="urn:x">gai</x:mood>'}


@pytest.fixture
def two(desk: Desk) -> Desk:
    """A person with a second calendar and an event in the first."""
    with desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar("club", "Club"))
    desk.put("a.ics", event_text("a"))
    return desk


def move(desk: Desk, old: tuple[str, str], new: tuple[str, str], expect: Expect = ANY, *, replace: bool = True):
    """Move an object between calendars told by their slugs, in a transaction that lives on."""
    first, second = desk.collection(old[0]), desk.collection(new[0])
    with desk.writing() as tx:
        try:
            return tx.objects.move((first, old[1]), (second, new[1]), expect, replace=replace)
        except Exception as error:
            return error


def names(desk: Desk, slug: str) -> set[str]:
    """Return the names of the objects of a calendar."""
    with desk.reading() as tx:
        return {entry.href for entry in tx.objects.entries(desk.collection(slug))}


def test_a_moved_object_ends_here_and_begins_there(two: Desk):
    here, there = two.token(), two.token("club")
    assert move(two, ("agenda", "a.ics"), ("club", "b.ics")).created
    assert (outcome(two.since(here)), outcome(two.since(there))) == ([("a.ics", "gone")], [("b.ics", "new")])
    assert move(two, ("club", "b.ics"), ("club", "c.ics")).created
    assert names(two, "club") == {"c.ics"}


def test_a_refused_move_changes_nothing_even_if_the_transaction_is_kept(two: Desk):
    two.put("b.ics", event_text("b"), slug="club")
    two.put("same.ics", event_text("a"), slug="club")
    clock, there = two.clock(), ("club", "new.ics")
    refused = (
        (move(two, ("agenda", "a.ics"), ("club", "b.ics")), UidConflict),
        (move(two, ("agenda", "a.ics"), there), UidConflict),
        (move(two, ("agenda", "a.ics"), ("club", "same.ics"), replace=False), PreconditionFailed),
        (move(two, ("agenda", "a.ics"), there, Expect(etags=("x",))), PreconditionFailed),
        (move(two, ("agenda", "a.ics"), ("taches", "a.ics")), InvalidObject),
        (move(two, ("agenda", "a.ics"), ("emploi-du-temps", "a.ics")), ReadOnly),
        (move(two, ("emploi-du-temps", "a.ics"), there), ReadOnly),
        (move(two, ("agenda", "nothing.ics"), there), NotFound),
    )
    assert [type(error) for error, _ in refused] == [kind for _, kind in refused]
    assert two.clock() == clock
    assert (names(two, "agenda"), names(two, "club")) == ({"a.ics"}, {"b.ics", "same.ics"})


def kept(desk: Desk, slug: str) -> dict[str, dict[str, str]]:
    """Return what a person keeps with the objects of a calendar."""
    number = desk.collection(slug).id
    with desk.reading() as tx:
        return {href: dict(held) for href, held in tx.dead_properties.of_objects(desk.person.id, number).items()}


def test_what_is_kept_goes_with_its_object_and_ends_with_it(two: Desk):
    agenda, club = two.collection(), two.collection("club")
    with two.writing() as tx:
        tx.dead_properties.write(two.person.id, (agenda.id, "a.ics"), KEPT)
        tx.dead_properties.write(two.person.id, (club.id, ""), KEPT | {"{urn:x}more": "<x/>"})
        tx.scheduling.copy((agenda, "a.ics"), (club, "copy.ics"), Wish(), replace=False)
        tx.dead_properties.write(two.person.id, (club.id, ""), {"{urn:x}more": None, "{urn:x}never": None})
    assert kept(two, "agenda") == {"a.ics": KEPT}
    assert kept(two, "club") == {"copy.ics": KEPT}
    with two.reading() as tx:
        assert tx.dead_properties.of_collections(two.person.id) == {club.id: KEPT}
    move(two, ("agenda", "a.ics"), ("agenda", "b.ics"))
    assert kept(two, "agenda") == {"b.ics": KEPT}
    two.delete("b.ics")
    assert kept(two, "agenda") == {}
    with two.writing() as tx:
        tx.collections.delete(two.person, club)
        assert tx.dead_properties.count(two.person.id) == 0
        tx.dead_properties.write(two.person.id, (agenda.id, ""), KEPT)
        tx.principals.remove(two.person.id)
        assert tx.dead_properties.count(two.person.id) == 0


UIDS = ("plain", "PLAIN-2", "per%cent", "under_score", "back\\slash", "été")
PARTS = {
    "plain": {"plain", "PLAIN-2"},
    "PLAIN": {"plain", "PLAIN-2"},
    "%": {"per%cent"},
    "_": {"under_score"},
    "\\": {"back\\slash"},
    "t": {"per%cent", "été"},
    "absent": set(),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_uid_is_found_without_wild_cards(desk: Desk, part: str):
    for number, uid in enumerate(UIDS):
        desk.put(f"{number}.ics", event_text(uid.replace("\\", "\\\\")))
    with desk.reading() as tx:
        found = tx.objects.entries_by_uid(desk.collection(), part)
    assert {UIDS[int(entry.href.removesuffix(".ics"))] for entry in found} == PARTS[part]


def test_a_home_tells_where_to_look(two: Desk):
    def changes(base: int):
        with two.reading() as tx:
            return home_changes(tx, two.person.id, tx.collections.subscribed(two.person), base)

    first = changes(0)
    assert {moved.since for moved in first.moved} == {SyncToken(moved.collection.id) for moved in first.moved}
    assert (changes(first.head).moved, changes(first.head).head) == ((), first.head)
    two.put("b.ics", event_text("b"))
    (moved,) = changes(first.head).moved
    assert moved.since == SyncToken(two.collection().id, first.head)
    with two.writing() as tx:
        tx.collections.delete(two.person, two.collection("club"))
    assert changes(first.head).gone == ("club",)
    token = format_home_token(two.person.id, first.head, two.school.id)
    assert parse_home_token(token, two.person.id, two.school.id) == first.head
