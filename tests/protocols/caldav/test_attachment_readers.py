"""Whoever reads an event reads its attachments, however they come to read it; whoever sees it busy does not."""

from __future__ import annotations

import pytest

from storage.model import Access, Admission, Principal, Role, Settings
from storage.principals import NewPerson
from storage.sharing import Offer
from storage.store import Store
from tests.protocols.caldav.attaching import add, link_after, put
from tests.protocols.caldav.client import Dav, event_text
from tests.protocols.caldav.test_delegation import PEOPLE, Circle, give


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The question is one statement on either database."""
    return str(request.param)


@pytest.fixture
def circle(store: Store) -> Circle:
    """A school that lets service readers in."""
    settings = Settings(service_readers=True)
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris", settings)
    with store.writing(school.id) as tx:
        return {person.login: Dav(store, person) for person in tx.principals.create_many(PEOPLE)}


def share(owner: Dav, other: Principal, access: Access) -> None:
    """Share the agenda with somebody who is not asked."""
    with owner.store.writing(owner.person.school_id) as tx:
        mine = next(each for each in tx.collections.subscribed(owner.person) if each.slug == "agenda")
        tx.sharing.offer(owner.person, mine, other, Offer(access, owner.person.login, settled=True))


def private(owner: Dav, name: str = "p.ics") -> str:
    """Write a private event and return its path."""
    path = owner.agenda + name
    assert owner.put(path, event_text(name, "Secret", "20261123T080000Z", "CLASS:PRIVATE")).status == 201
    return path


@pytest.mark.parametrize(
    ("access", "public", "hidden"), [(Admission.WRITE, 200, 200), (Admission.READ, 200, 404), (None, 404, 404)]
)
def test_delegates_read_what_their_access_shows(
    circle: Circle, access: Admission | None, public: int, hidden: int
) -> None:
    ana, bea = circle["ana"], circle["bea"]
    if access:
        give(ana, bea, access)
    for path, status in ((put(ana), public), (private(ana), hidden)):
        _, file = link_after(ana, path)
        assert bea.send("GET", file).status == status


def test_a_removed_delegate_and_one_whose_role_changed_read_no_more(circle: Circle) -> None:
    ana, bea, carl = circle["ana"], circle["bea"], circle["carl"]
    for each in (bea, carl):
        give(ana, each, Admission.WRITE)
    _, file = link_after(ana, put(ana))
    assert [each.send("GET", file).status for each in (bea, carl)] == [200, 200]
    with ana.store.writing(ana.person.school_id) as tx:
        tx.delegations.take("ana", ana.person, bea.person)
        tx.principals.update(carl.person.id, role=Role.GUARDIAN)
        carl.person = tx.principals.get(carl.person.id)
    assert [each.send("GET", file).status for each in (bea, carl)] == [404, 404]


def test_the_service_reader_reads_what_owners_do_and_leaves_a_trace(circle: Circle) -> None:
    ana, support = circle["ana"], circle["support"]
    _, file = link_after(ana, private(ana))
    assert support.send("GET", file).status == 200
    with ana.store.reading(ana.person.school_id) as tx:
        assert ("home-read", "ana") in {(each.action, each.subject) for each in tx.audit.trail()}


def test_the_service_reader_of_a_school_that_lets_none_in_reads_nothing(circle: Circle) -> None:
    ana, support = circle["ana"], circle["support"]
    _, file = link_after(ana, put(ana))
    ana.store.directory.configure(ana.person.school_id, Settings(service_readers=False))
    assert support.send("GET", file).status == 404


@pytest.mark.parametrize(
    ("access", "public", "hidden"), [(Access.WRITE, 200, 404), (Access.READ, 200, 404), (Access.BUSY, 404, 404)]
)
def test_sharees_read_what_is_not_hidden_from_them(circle: Circle, access: Access, public: int, hidden: int) -> None:
    ana, carl = circle["ana"], circle["carl"]
    share(ana, carl.person, access)
    for path, status in ((put(ana), public), (private(ana), hidden)):
        _, file = link_after(ana, path)
        assert (ana.send("GET", file).status, carl.send("GET", file).status) == (200, status)


def test_a_calendar_that_is_switched_off_keeps_its_attachments(circle: Circle) -> None:
    ana = circle["ana"]
    _, file = link_after(ana, put(ana))
    ana.store.directory.configure(ana.person.school_id, Settings(dav_honours_switch=True))
    with ana.store.writing(ana.person.school_id) as tx:
        tx.collections.switch(ana.person, "agenda", on=False)
    assert ana.send("GET", file).status == 200


def test_the_one_event_that_is_not_hidden_counts_after_many_that_are(circle: Circle) -> None:
    ana, carl = circle["ana"], circle["carl"]
    share(ana, carl.person, Access.READ)
    first = private(ana)
    managed, file = link_after(ana, first)
    text = ana.send("GET", first).body.decode()
    for number in range(60):
        assert ana.put(f"{ana.agenda}c{number}.ics", text.replace("UID:p.ics", f"UID:c{number}")).status == 201
    assert carl.send("GET", file).status == 404
    assert ana.put(ana.agenda + "open.ics", text.replace("UID:p.ics", "UID:open").replace("PRIVATE", "PUBLIC")).status
    assert (carl.send("GET", file).status, managed in file) == (200, True)


def test_the_question_costs_as_many_statements_in_any_calendar(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, Admission.READ)
    path = put(ana)
    _, file = link_after(ana, path)
    with ana.counting() as few:
        assert bea.send("GET", file).status == 200
    text = ana.send("GET", path).body.decode()
    for number in range(70):
        ana.put(f"{ana.agenda}c{number}.ics", text.replace("UID:a.ics", f"UID:c{number}"))
    with ana.counting() as many:
        assert bea.send("GET", file).status == 200
    assert len(many) == len(few)


def test_another_schools_people_read_nothing(circle: Circle) -> None:
    ana = circle["ana"]
    _, file = link_after(ana, put(ana))
    assert add(ana, ana.agenda + "a.ics").status == 201
    school = ana.store.directory.create_school("0990001X", "Autre", "Europe/Paris", Settings(service_readers=True))
    with ana.store.writing(school.id) as tx:
        others = tx.principals.create_many(
            [NewPerson("max", "M", "Max", Role.ADMIN), NewPerson("r", "R", "", Role.READER)]
        )
    assert [Dav(ana.store, each).send("GET", file).status for each in others] == [404, 404]
