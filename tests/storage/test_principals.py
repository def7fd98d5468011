"""People: accounts and logins, the identifiers other systems know them by, and leaving nothing behind (privacy)."""

from datetime import date

import pytest
from sqlalchemy import Integer, LargeBinary, select

from storage.errors import NameTaken, NotFound
from storage.lessons import SCHOOL_SLUG, StoredMembership
from storage.model import CalendarKind, Device, NewCalendar, Role, Source
from storage.principals import NewPerson
from storage.schema import metadata
from tests.storage.builders import ALWAYS, DAV, Desk, event_text, lesson, make_person, make_school, show


def create(desk, *people):
    with desk.writing() as tx:
        return tx.principals.create_many(people)


def pupil(login, **values):
    return NewPerson(login, "Martin", "Léa", Role.PUPIL, **values)


def test_a_person_is_found_by_login_whatever_its_letter_case(desk):
    (made,) = create(desk, pupil(" Léa.MARTIN ", birth=date(2012, 5, 4), usual="Durand", email="lea@example.org"))
    assert (made.login, made.name, made.birth) == ("léa.martin", "Léa Durand", date(2012, 5, 4))
    with desk.reading() as tx:
        assert tx.principals.by_login("LÉA.martin") == tx.principals.get(made.id) == made
    account = desk.store.directory.account("Léa.Martin ")
    assert (account.principal, account.password_hash) == (made, "")


def test_nobody_is_found_under_an_unknown_login_or_number(desk):
    assert desk.store.directory.account("nobody") is None
    with desk.reading() as tx:
        with pytest.raises(NotFound):
            tx.principals.by_login("nobody")
        with pytest.raises(NotFound):
            tx.principals.get(10**9)


def test_a_login_is_taken_over_the_whole_server_and_then_nobody_is_made(desk):
    other = make_school(desk.store, "0990002Y")
    make_person(desk.store, other, "bob")
    before = desk.clock()
    for people in ([pupil("lea"), pupil("BOB")], [pupil("lea"), pupil("Lea")], [pupil("ana")]):
        with pytest.raises(NameTaken):
            create(desk, *people)
    assert desk.clock() == before
    assert desk.store.directory.account("lea") is None


def test_many_people_are_made_as_one_by_one(desk):
    made = create(desk, *(pupil(f"p{number}", external_id=str(number)) for number in range(30)))
    assert [each.login for each in made] == [f"p{number}" for number in range(30)]
    for each in (made[0], made[-1]):
        with desk.reading() as tx:
            assert len(tx.collections.visible(each, DAV)) == 4
    with desk.reading() as tx:
        assert set(tx.principals.people(Role.PUPIL)) == set(made)
        assert len(tx.principals.people()) == 31
        assert tx.principals.external_ids(Source.MANUAL) == {str(n): made[n].id for n in range(30)}
        assert tx.principals.external_ids(Source.CSV) == {}
    assert create(desk) == ()


def test_every_number_of_a_person_is_another_one(desk):
    create(desk, pupil("a"), pupil("b"))
    with desk.store.engine.connect() as connection:
        numbers = [
            number
            for table in ("principal", "calendar", "feed")
            for number in connection.exec_driver_sql(f"SELECT id FROM {table}").scalars()
        ]
    assert len(numbers) == len(set(numbers)) == 3 * (1 + 4 + 3)
    assert max(numbers) <= desk.clock()


def test_fields_are_set_and_the_name_follows(desk):
    with desk.writing() as tx:
        tx.principals.update(desk.person.id, usual="Durand", role=Role.ADMIN, source=Source.CSV, external_id="7")
    with desk.reading() as tx:
        found = tx.principals.get(desk.person.id)
        assert (found.name, found.role, found.source) == ("Ana Durand", Role.ADMIN, Source.CSV)
        assert tx.principals.external_ids(Source.CSV) == {"7": desk.person.id}


@pytest.mark.parametrize("work", ["set_password", "deactivate", "reactivate"])
def test_every_change_of_an_account_changes_its_credential(desk, work):
    before = desk.store.directory.account("ana").principal.credential
    with desk.writing() as tx:
        getattr(tx.principals, work)(desk.person.id, *(["hash"] if work == "set_password" else []))
    after = desk.store.directory.account("ana")
    assert after.principal.credential > before
    assert after.principal.active == (work != "deactivate")
    assert after.password_hash == ("hash" if work == "set_password" else "")


def test_identifiers_are_learnt_and_their_days_remembered(desk):
    (lea, tom) = create(desk, pupil("lea"), pupil("tom"))
    with desk.writing() as tx:
        tx.principals.learn("edt", [("1", lea.id), ("2", tom.id), ("1", lea.id)], 100)
        tx.principals.learn("edt", [("1", lea.id), ("3", lea.id)], 200)
        tx.principals.learn("ine", [("1", tom.id)], 300)
    with desk.reading() as tx:
        assert tx.principals.identities("edt") == (("1", lea.id), ("2", tom.id), ("3", lea.id))
        assert tx.principals.identities("none") == ()
    with desk.store.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT value, first_seen, last_seen FROM identity WHERE system = 'edt'"
        ).all()
    assert sorted(map(tuple, rows)) == [("1", 100, 200), ("2", 100, 100), ("3", 200, 200)]


def traces(store, words, numbers):
    """Tables that hold one of some words, or one of some numbers in a column that names a person or a calendar."""
    found = set()
    with store.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column in table.c:
                    value = row[column.name]
                    text = bytes(value).decode() if isinstance(column.type, LargeBinary) and value else str(value)
                    keyed = column.name.endswith("_id") and column.name != "school_id" and value in numbers
                    if keyed or (not isinstance(column.type, Integer) and any(word in text for word in words)):
                        found.add(table.name)
    return found


def test_a_person_who_is_removed_leaves_nothing_behind(desk):
    (lea,) = create(desk, pupil("secret.login", birth=date(2012, 5, 4), email="secret@example.org", usual="Secret"))
    (calendar,) = desk.lesson_calendars("l")
    desk.teach(lesson(calendar, "u"))
    gone = Desk(desk.store, desk.school, lea)
    with gone.writing() as tx:
        tx.collections.create(lea, NewCalendar("secret", "Secret", description="Secret"))
        course = tx.lessons.create_calendars(CalendarKind.COURSE, {"c": "C"})["c"]
        tx.collections.subscribe(lea, course, "maths", "Secret")
        tx.lessons.set_memberships([], [StoredMembership(course, lea.id, Role.PUPIL, ALWAYS[0])])
        show(tx, tx.lessons.timetables()[lea.id], calendar)
        tx.principals.learn("edt", [("secret-id", lea.id)], 0)
        tx.devices.save(Device(lea.id, "secret-phone", "iPhone"))
        tx.devices.save_state(lea.id, "secret-phone", "folders", 1, {"name": "Secret"})
        tx.devices.save_state(lea.id, "never-saved", "folders", 1, {"name": "Secret"})
    for slug in ("agenda", "secret"):
        gone.put("a.ics", event_text("secret-uid", "SUMMARY:Secret", "RRULE:FREQ=DAILY;COUNT=3"), slug=slug)
    gone.put("b.ics", event_text("secret-b"))
    gone.delete("b.ics")
    with gone.reading() as tx:
        numbers = {lea.id} | {each.id for each in tx.collections.subscribed(lea) if each.owned}
    words = ("secret", "Secret")
    assert traces(desk.store, words, numbers) >= {"principal", "account", "calendar", "calendar_object", "device_state"}
    with desk.writing() as tx:
        tx.principals.remove(lea.id)
    assert traces(desk.store, words, numbers) == set()
    assert desk.store.directory.account("secret.login") is None
    with desk.reading() as tx:
        assert [each.uid for each in tx.lessons.stored()] == ["u"]
        assert tx.principals.people() == (desk.person,)
    assert desk.put("still.ics").created


def test_a_login_that_was_removed_can_be_given_again_and_finds_nothing_of_before(desk):
    (first,) = create(desk, pupil("lea"))
    before = Desk(desk.store, desk.school, first)
    before.put("a.ics")
    with desk.writing() as tx:
        tx.principals.remove(first.id)
    (second,) = create(desk, pupil("lea"))
    assert second.id != first.id
    with desk.reading() as tx:
        seen = tx.collections.by_slug(second, "agenda", DAV)
        assert tx.objects.entries(seen) == []


@pytest.mark.parametrize(("role", "sees"), [(Role.ADMIN, True), (Role.STAFF, True), (Role.PUPIL, False)])
def test_the_whole_school_timetable_comes_to_those_who_run_it_before_and_after(desk, role, sees):
    (early,) = create(desk, NewPerson("early", "E", "E", role))
    with desk.writing() as tx:
        number = tx.lessons.create_school_collection()
    (late,) = create(desk, NewPerson("late", "L", "L", role))
    for person in (early, late):
        with desk.reading() as tx:
            found = {each.slug: each.id for each in tx.collections.visible(person, DAV)}
        assert found.get(SCHOOL_SLUG) == (number if sees else None)
