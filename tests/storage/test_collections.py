"""What a person sees: own names, order and switch, new and deleted calendars, subscriptions (R1 to R4, R17)."""

import pytest

from storage.errors import NameTaken, NotFound, ReadOnly
from storage.model import (
    CalendarKind,
    Client,
    ClientKind,
    CollectionPatch,
    Expect,
    NewCalendar,
    Rights,
    Role,
    Settings,
    SyncToken,
)
from tests.storage.builders import ALWAYS, DAV, IPHONE, WEB, Desk, event_text, lesson, make_person, make_school

OUTLOOK = Client(ClientKind.OUTLOOK)
ANDROID = Client(ClientKind.EAS_OTHER, "Android")
BUILT_IN = ["agenda", "emploi-du-temps", "rendez-vous", "taches"]


def slugs(desk, client=DAV):
    with desk.reading() as tx:
        return [each.slug for each in tx.collections.visible(desk.person, client)]


def switch(desk, slug, on):
    with desk.writing() as tx:
        return tx.collections.switch(desk.person, slug, on=on)


def create(desk, slug="club", **values):
    with desk.writing() as tx:
        return tx.collections.create(desk.person, NewCalendar(slug, "Club", **values))


def update(desk, slug, **values):
    with desk.writing() as tx:
        collection = tx.collections.by_slug(desk.person, slug, WEB)
        return tx.collections.update(desk.person, collection, CollectionPatch(**values))


def delete(desk, slug):
    with desk.writing() as tx:
        tx.collections.delete(desk.person, tx.collections.by_slug(desk.person, slug, WEB))


def course(desk, name="MATHS-4B"):
    """A course collection that nobody sees yet."""
    with desk.writing() as tx:
        return tx.lessons.create_calendars(CalendarKind.COURSE, {name: name})[name]


def test_everyone_has_four_calendars_in_order_and_switched_on(desk):
    with desk.reading() as tx:
        found = tx.collections.visible(desk.person, DAV)
    assert [each.slug for each in found] == BUILT_IN
    assert all(each.synchronised and each.owned for each in found)
    assert [each.rights for each in found] == [
        Rights(write=True, properties=True),
        Rights(),
        Rights(),
        Rights(write=True, properties=True),
    ]
    assert [each.components for each in found] == [("VEVENT",), ("VEVENT",), ("VEVENT",), ("VTODO",)]


@pytest.mark.req("R1", "R3", "R4")
def test_each_calendar_is_switched_by_itself_and_for_one_person(desk):
    bob = Desk(desk.store, desk.school, make_person(desk.store, desk.school, "bob"))
    assert not switch(desk, "rendez-vous", on=False).synchronised
    left = [slug for slug in BUILT_IN if slug != "rendez-vous"]
    assert slugs(desk, OUTLOOK) == slugs(desk, IPHONE) == left
    assert slugs(bob, OUTLOOK) == slugs(desk, DAV) == slugs(desk, WEB) == BUILT_IN
    with desk.reading() as tx:
        hidden = tx.collections.by_slug(desk.person, "rendez-vous", WEB)
        for find, key in ((tx.collections.by_slug, "rendez-vous"), (tx.collections.by_id, hidden.id)):
            assert find(desk.person, key, DAV) == hidden
            with pytest.raises(NotFound):
                find(desk.person, key, IPHONE)
    assert switch(desk, "rendez-vous", on=True).synchronised
    assert slugs(desk, IPHONE) == BUILT_IN


@pytest.mark.req("R3")
def test_switching_to_what_it_is_already_writes_nothing(desk):
    before = desk.clock()
    switch(desk, "agenda", on=True)
    assert desk.clock() == before
    with pytest.raises(NotFound):
        switch(desk, "none", on=True)


@pytest.mark.req("R10", "R13")
def test_the_administrators_setting_reaches_the_list_a_phone_is_given(desk):
    assert slugs(desk, ANDROID) == BUILT_IN
    desk.store.directory.configure(desk.school.id, Settings(eas_others_allowed=False))
    assert slugs(desk, ANDROID) == ["agenda"]
    assert slugs(desk, IPHONE) == BUILT_IN
    desk.store.directory.configure(desk.school.id, Settings(eas_others_allowed=False, eas_families={"Android": True}))
    assert slugs(desk, ANDROID) == BUILT_IN


def test_a_new_calendar_is_last_owned_and_switched_on(desk):
    made = create(desk, colour="#AA0000", description="Échecs")
    assert slugs(desk) == [*BUILT_IN, "club"]
    assert (made.kind, made.owned, made.synchronised) == (CalendarKind.SECONDARY, True, True)
    assert made.rights == Rights(write=True, properties=True, remove=True)
    assert (made.name, made.colour, made.description) == ("Club", "#AA0000", "Échecs")
    assert made == desk.collection("club")
    assert made.head == desk.clock()


def test_a_slug_is_taken_by_a_live_calendar_of_the_same_person_only(desk):
    create(desk)
    with pytest.raises(NameTaken):
        create(desk)
    create(Desk(desk.store, desk.school, make_person(desk.store, desk.school, "bob")))


def test_a_renamed_calendar_keeps_slug_head_and_content(desk):
    desk.put("a.ics")
    before = desk.collection()
    after = update(desk, "agenda", name="Perso", colour="#00FF00", position=9)
    assert (after.name, after.colour, after.position) == ("Perso", "#00FF00", 9)
    assert (after.id, after.slug, after.head) == (before.id, before.slug, before.head)
    assert slugs(desk)[-1] == "agenda"
    assert desk.since(SyncToken(before.id, before.head)).changes == ()


def test_names_and_colours_are_the_persons_own_even_of_what_only_can_be_read(desk):
    number = course(desk)
    bob = Desk(desk.store, desk.school, make_person(desk.store, desk.school, "bob"))
    for each in (desk, bob):
        with each.writing() as tx:
            tx.collections.subscribe(each.person, number, "maths", "MATHS")
    update(desk, "maths", name="Mes maths")
    assert desk.collection("maths").name == "Mes maths"
    assert bob.collection("maths").name == "MATHS"
    with pytest.raises(ReadOnly):
        update(desk, "maths", description="Non")
    with pytest.raises(ReadOnly):
        update(desk, "emploi-du-temps", timezone="Europe/Paris")


def test_a_patch_of_nothing_writes_nothing(desk):
    before = desk.clock()
    update(desk, "agenda")
    assert desk.clock() == before


def test_a_deleted_calendar_is_gone_with_its_texts_and_its_index(desk):
    made = create(desk)
    desk.put("a.ics", event_text("a", "SUMMARY:private"), slug="club")
    delete(desk, "club")
    assert slugs(desk) == BUILT_IN
    with pytest.raises(NotFound):
        desk.collection("club")
    with desk.store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT ical FROM calendar_object").scalars().all() == [None]
        assert connection.exec_driver_sql("SELECT count(*) FROM occurrence").scalar() == 0
    with desk.reading() as tx:
        assert tx.changes.head(made.id) == desk.clock()
        assert tx.objects.entries(made) == []


def test_a_calendar_made_again_under_the_same_slug_is_another_one(desk):
    first = create(desk)
    desk.put("a.ics", slug="club")
    old = desk.token("club")
    delete(desk, "club")
    second = create(desk)
    assert second.id != first.id
    assert desk.since(SyncToken(second.id)).changes == ()
    written = desk.put("a.ics", expect=Expect(absent=True), slug="club")
    assert written.created
    assert desk.head("club") > old.base
    assert old.collection != second.id


@pytest.mark.parametrize("slug", BUILT_IN)
def test_the_calendars_everyone_has_cannot_be_deleted(desk, slug):
    before = desk.clock()
    with pytest.raises(ReadOnly):
        delete(desk, slug)
    assert desk.clock() == before


def test_nobody_deletes_what_is_not_theirs(desk):
    with desk.writing() as tx:
        tx.collections.subscribe(desk.person, course_number(tx), "maths", "MATHS")
    with pytest.raises(ReadOnly):
        delete(desk, "maths")


def course_number(tx):
    return tx.lessons.create_calendars(CalendarKind.COURSE, {"MATHS": "MATHS"})["MATHS"]


@pytest.mark.req("R17")
def test_a_new_subscription_is_switched_on_and_seen_by_the_outlook_connector(desk):
    number = course(desk)
    with desk.writing() as tx:
        made = tx.collections.subscribe(desk.person, number, "maths", "MATHS")
    assert made.synchronised
    assert not made.owned
    assert made.rights == Rights()
    assert slugs(desk, OUTLOOK) == [*BUILT_IN, "maths"]
    assert slugs(desk, IPHONE) == BUILT_IN


@pytest.mark.req("R17")
def test_subscribing_twice_changes_nothing(desk):
    number = course(desk)
    with desk.writing() as tx:
        first = tx.collections.subscribe(desk.person, number, "maths", "MATHS")
    before = desk.clock()
    with desk.writing() as tx:
        assert tx.collections.subscribe(desk.person, number, "maths-2", "MATHS") == first
    assert desk.clock() == before


def test_a_subscription_needs_a_free_slug_and_something_to_see(desk):
    number = course(desk)
    with pytest.raises(NameTaken), desk.writing() as tx:
        tx.collections.subscribe(desk.person, number, "agenda", "MATHS")
    with pytest.raises(NotFound), desk.writing() as tx:
        tx.collections.subscribe(desk.person, 10**9, "maths", "MATHS")
    made = create(desk)
    delete(desk, "club")
    with pytest.raises(NotFound), desk.writing() as tx:
        tx.collections.subscribe(desk.person, made.id, "club", "Club")


def test_an_ended_subscription_can_come_back(desk):
    number = course(desk)
    for _ in range(2):
        with desk.writing() as tx:
            tx.collections.subscribe(desk.person, number, "maths", "MATHS")
        assert slugs(desk) == [*BUILT_IN, "maths"]
        with desk.writing() as tx:
            tx.collections.unsubscribe(desk.person, number)
        assert slugs(desk) == BUILT_IN


@pytest.mark.req("R19")
def test_large_collections_are_those_that_show_more_views_included(desk):
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(*(lesson(calendar, f"u{number}", number) for number in range(5)))
    desk.show(calendar, ((0, 3),))
    desk.put("a.ics")
    with desk.reading() as tx:
        assert tx.collections.large(above=3) == ()
        assert tx.collections.large(above=2) == (("Emploi du temps", 3),)
    desk.show(calendar, ALWAYS)
    with desk.reading() as tx:
        assert tx.collections.large(above=3) == (("Emploi du temps", 5),)
        assert tx.collections.large() == ()


def test_nothing_of_another_school_is_seen(desk):
    school = make_school(desk.store, "0990002Y")
    other = Desk(desk.store, school, make_person(desk.store, school, "bob", Role.PUPIL))
    desk.put("a.ics")
    with other.reading() as tx:
        seen = tx.collections.by_slug(other.person, "agenda", DAV)
        assert tx.objects.entries(seen) == []
        assert tx.collections.count(desk.collection().id) == 0
        with pytest.raises(NotFound):
            tx.principals.by_login("ana")


def test_a_new_time_zone_moves_floating_times_in_the_index(desk):
    text = b"\r\n".join(
        (
            b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:floating",
            b"DTSTAMP:20261122T100000Z\r\nDTSTART:20261201T090000\r\nDTEND:20261201T100000",
            b"SUMMARY:Floating\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        )
    )
    tokyo = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Asia/Tokyo\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"
    nine_in_paris, nine_in_tokyo = 1_796_112_000, 1_796_083_200
    with desk.writing() as tx:
        agenda = tx.collections.by_slug(desk.person, "agenda", DAV)
        tx.objects.put(agenda, "floating.ics", text)
        assert len(tx.objects.in_range(agenda, nine_in_paris, nine_in_paris + 1).entries) == 1
        agenda = tx.collections.update(desk.person, agenda, CollectionPatch(timezone=tokyo))
        assert tx.objects.in_range(agenda, nine_in_paris, nine_in_paris + 1).entries == ()
        assert len(tx.objects.in_range(agenda, nine_in_tokyo, nine_in_tokyo + 1).entries) == 1
