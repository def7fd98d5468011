"""The trash: what is deleted can come back, and nothing of it is ever told to a client before."""

from __future__ import annotations

import pytest

from storage.errors import NameTaken, NotFound, UidConflict
from storage.model import Expect, NewCalendar, Role, Settings, Written
from storage.transaction import Transaction
from storage.trash import Trashed
from tests.storage.builders import DAV, Desk, event_text, make_person

DAY = 86_400


def trashed(desk: Desk) -> tuple[Trashed, ...]:
    with desk.reading() as tx:
        found: tuple[Trashed, ...] = tx.trash.of(desk.person)
        return found


def restore(desk: Desk, number: int) -> Written:
    with desk.writing() as tx:
        written: Written = tx.trash.restore(desk.person, number)
        return written


def test_a_deleted_object_is_in_the_trash_with_its_title_and_where_it_was(desk: Desk) -> None:
    desk.put("a.ics", event_text("a", "SUMMARY:Conseil de classe\\, 4e B"))
    desk.delete("a.ics")
    (found,) = trashed(desk)
    assert (found.kind, found.name, found.title, found.slug) == ("object", "a.ics", "Conseil de classe, 4e B", "agenda")
    with desk.reading() as tx:
        assert tx.trash.text(found) == event_text("a", "SUMMARY:Conseil de classe\\, 4e B")


def test_uid_and_name_are_free_at_once(desk: Desk) -> None:
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    assert desk.put("a.ics", event_text("a")).created
    desk.delete("a.ics")
    assert desk.put("b.ics", event_text("a")).created


def test_what_is_restored_is_new_to_clients_and_has_its_name_again(desk: Desk) -> None:
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    before = desk.collection()
    written = restore(desk, trashed(desk)[0].id)
    assert (written.object.href, written.object.ical) == ("a.ics", event_text("a"))
    assert written.object.born > before.head
    assert desk.head() == written.object.seq
    assert trashed(desk) == ()


def test_a_name_taken_meanwhile_gives_another_one(desk: Desk) -> None:
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    desk.put("a.ics", event_text("other"))
    written = restore(desk, trashed(desk)[0].id)
    assert written.object.href != "a.ics"
    assert written.object.href.endswith("a.ics")


def test_a_uid_in_use_meanwhile_is_a_conflict_and_the_object_stays_in_the_trash(desk: Desk) -> None:
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    desk.put("b.ics", event_text("a"))
    with pytest.raises(UidConflict) as caught:
        restore(desk, trashed(desk)[0].id)
    assert caught.value.href == "b.ics"
    assert len(trashed(desk)) == 1


def test_a_moved_object_is_not_in_the_trash(desk: Desk) -> None:
    desk.put("a.ics", event_text("a"))
    with desk.writing() as tx:
        agenda = tx.collections.by_slug(desk.person, "agenda", DAV)
        made = tx.collections.create(desk.person, NewCalendar("club", "Club"))
        tx.objects.move((agenda, "a.ics"), (made, "a.ics"), Expect(), replace=False)
    assert trashed(desk) == ()


def test_a_deleted_calendar_comes_back_with_name_colour_and_objects(desk: Desk) -> None:
    with desk.writing() as tx:
        made = tx.collections.create(desk.person, NewCalendar("club", "Club échecs", "#FF0000", description="Salle 12"))
        for name in ("a", "b", "c"):
            tx.objects.put(made, f"{name}.ics", event_text(name))
        tx.objects.delete(made, "c.ics")
    with desk.writing() as tx:
        tx.collections.delete(desk.person, tx.collections.by_slug(desk.person, "club", DAV))
    assert {(each.kind, each.name) for each in trashed(desk)} == {("calendar", "club"), ("object", "c.ics")}
    whole = next(each for each in trashed(desk) if each.kind == "calendar")
    with desk.writing() as tx:
        back = tx.trash.restore_calendar(desk.person, whole.id)
        names = {each.href for each in tx.objects.entries(back)}
    assert (back.slug, back.name, back.colour, back.description) == ("club", "Club échecs", "#FF0000", "Salle 12")
    assert names == {"a.ics", "b.ics"}
    assert back.id != made.id
    (left,) = trashed(desk)
    assert (left.name, left.slug) == ("c.ics", "club")
    assert restore(desk, left.id).object.calendar_id == back.id


def test_an_object_whose_calendar_is_gone_is_not_restored_into_it(desk: Desk) -> None:
    with desk.writing() as tx:
        made = tx.collections.create(desk.person, NewCalendar("club", "Club"))
        tx.objects.put(made, "a.ics", event_text("a"))
        tx.objects.delete(made, "a.ics")
    with desk.writing() as tx:
        tx.collections.delete(desk.person, tx.collections.by_slug(desk.person, "club", DAV))
    lost = next(each for each in trashed(desk) if each.kind == "object")
    with pytest.raises(NotFound):
        restore(desk, lost.id)
    with desk.writing() as tx:
        agenda = tx.collections.by_slug(desk.person, "agenda", DAV)
        assert tx.trash.restore(desk.person, lost.id, (agenda, "a.ics")).created


def test_a_calendar_whose_address_is_taken_gets_another_one(desk: Desk) -> None:
    with desk.writing() as tx:
        tx.collections.delete(desk.person, tx.collections.create(desk.person, NewCalendar("club", "Club")))
        tx.collections.create(desk.person, NewCalendar("club", "Autre"))
    (whole,) = trashed(desk)
    with pytest.raises(NameTaken), desk.writing() as tx:
        tx.trash.restore_calendar(desk.person, whole.id, "club")
    with desk.writing() as tx:
        assert tx.trash.restore_calendar(desk.person, whole.id).slug == f"club-{whole.id}"


def test_erasing_is_for_good(desk: Desk) -> None:
    with desk.writing() as tx:
        made = tx.collections.create(desk.person, NewCalendar("club", "Club"))
        tx.objects.put(made, "a.ics", event_text("a"))
        tx.collections.delete(desk.person, made)
    (whole,) = trashed(desk)
    with desk.writing() as tx:
        tx.trash.erase(desk.person, whole.id)
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM trash_item").scalar() == 0
    with pytest.raises(NotFound), desk.writing() as tx:
        tx.trash.erase(desk.person, whole.id)


def test_nobody_sees_or_restores_what_another_deleted(desk: Desk) -> None:
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    other = make_person(desk.store, desk.school, "eve", Role.ADMIN)
    (found,) = trashed(desk)
    with desk.writing() as tx:
        assert tx.trash.of(other) == ()
        for act in (tx.trash.get, tx.trash.erase, tx.trash.restore, tx.trash.restore_calendar):
            with pytest.raises(NotFound):
                act(other, found.id)


def test_the_night_erases_what_was_kept_long_enough(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    now = Transaction.now
    monkeypatch.setattr(Transaction, "now", lambda tx: now(tx) + 29 * DAY)
    with desk.writing() as tx:
        assert tx.trash.purge() == 0
    monkeypatch.setattr(Transaction, "now", lambda tx: now(tx) + 31 * DAY)
    with desk.writing() as tx:
        assert tx.trash.purge() == 1
    assert trashed(desk) == ()


def test_a_school_may_keep_nothing(desk: Desk) -> None:
    desk.store.directory.configure(desk.school.id, Settings(trash_days=0))
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    assert trashed(desk) == ()


def test_whoever_leaves_leaves_no_trash(desk: Desk) -> None:
    desk.put("a.ics", event_text("a"))
    desk.delete("a.ics")
    with desk.writing() as tx:
        tx.principals.remove(desk.person.id)
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM trash_item").scalar() == 0


@pytest.mark.parametrize("slug", ["inbox", "outbox", "trash"])
def test_no_calendar_takes_a_name_that_every_home_has(desk: Desk, slug: str) -> None:
    with pytest.raises(NameTaken), desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar(slug, "Club"))
