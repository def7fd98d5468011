"""What an object is: the same after each move, and another one for each copy."""

from __future__ import annotations

from storage.model import Expect, NewCalendar
from storage.scheduling import Wish
from tests.storage.builders import DAV, Desk


def origin(desk: Desk, href: str, slug: str) -> int:
    """The origin of an object, asked by its own number and in a list."""
    with desk.reading() as tx:
        holder = tx.collections.by_slug(desk.person, slug, DAV)
        item = tx.objects.get(holder, href).item
        alone: int = tx.origins.of(item)
        assert tx.origins.among(holder.id).get(item, item) == alone
        return alone


def carry(desk: Desk, old: tuple[str, str], new: tuple[str, str], *, copied: bool = False) -> None:
    """Move or copy an object from one (slug, name) to another."""
    with desk.writing() as tx:
        source, destination = ((tx.collections.by_slug(desk.person, slug, DAV), name) for slug, name in (old, new))
        if copied:
            tx.scheduling.copy(source, destination, Wish(), replace=True)
        else:
            tx.objects.move(source, destination, Expect(), replace=True)


def test_an_object_is_the_same_wherever_it_moves(desk: Desk) -> None:
    with desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar("autre", "Autre"))
    desk.put("a.ics")
    first = origin(desk, "a.ics", "agenda")
    carry(desk, ("agenda", "a.ics"), ("autre", "b.ics"))
    assert origin(desk, "b.ics", "autre") == first
    carry(desk, ("autre", "b.ics"), ("agenda", "c.ics"))
    assert origin(desk, "c.ics", "agenda") == first
    carry(desk, ("agenda", "c.ics"), ("autre", "d.ics"), copied=True)
    assert origin(desk, "d.ics", "autre") not in {first, 0}
    assert origin(desk, "c.ics", "agenda") == first


def test_what_is_moved_over_another_object_takes_its_place(desk: Desk) -> None:
    with desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar("autre", "Autre"))
    desk.put("a.ics")
    carry(desk, ("agenda", "a.ics"), ("autre", "a.ics"), copied=True)
    first = origin(desk, "a.ics", "agenda")
    carry(desk, ("agenda", "a.ics"), ("autre", "a.ics"))
    assert origin(desk, "a.ics", "autre") == first


def test_origins_go_with_what_they_are_of(desk: Desk) -> None:
    desk.put("a.ics")
    carry(desk, ("agenda", "a.ics"), ("agenda", "b.ics"))
    agenda = desk.collection()
    with desk.writing() as tx:
        moved = tx.objects.get(agenda, "b.ics").item
        tx.origins.forget_gone()
        assert tx.origins.of(moved) != moved
    desk.delete("b.ics")
    with desk.writing() as tx:
        tx.origins.forget_gone()
        assert tx.origins.of(moved) == moved


def test_names_are_urns_of_their_own(desk: Desk) -> None:
    with desk.reading() as tx:
        names = {tx.origins.of_object(1), tx.origins.of_object(2), tx.origins.of_collection(1)}
    assert len(names) == 3
    assert all(each.startswith("urn:uuid:") for each in names)
