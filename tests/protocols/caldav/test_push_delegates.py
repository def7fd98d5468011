"""Push for those who are let into somebody's home: they are told of that home, and no longer than they are let in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocols.outside import OUTSIDE, Policy
from server import config as configuration
from server.push import Pusher
from server.push_delivery import Outcome, Verdict
from storage.model import Admission, Role, Settings
from storage.push import HOME, Place, Registration
from storage.push_standing import Standings, news
from storage.store import Store
from tests.protocols.caldav.client import Dav, event_text
from tests.protocols.caldav.test_delegation import PEOPLE, Circle, give
from tests.protocols.caldav.test_push import P, register

TOPIC = P + "topic"


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Both databases keep registrations."""
    return str(request.param)


@pytest.fixture(autouse=True)
def local_services() -> Iterator[None]:
    """Let push services be on this machine."""
    before, OUTSIDE.policy = OUTSIDE.policy, Policy(private_hosts=frozenset({"localhost"}))
    yield
    OUTSIDE.policy = before


@pytest.fixture
def circle(store: Store) -> Circle:
    """A school that lets service readers in."""
    settings = Settings(service_readers=True)
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris", settings)
    with store.writing(school.id) as tx:
        return {person.login: Dav(store, person) for person in tx.principals.create_many(PEOPLE)}


def kept(client: Dav) -> tuple[Registration, ...]:
    """Every registration of the school."""
    with client.store.reading(client.person.school_id) as tx:
        return tx.push.all()


def owed(client: Dav) -> list[bool]:
    """Whether each of a person's registrations has something to be told."""
    with client.store.reading(client.person.school_id) as tx:
        standings = Standings(tx, client.person)
        found = ((each, standings.of(each.place, each.content)) for each in tx.push.of_person(client.person.id))
        return [standing is not None and bool(news(each, standing)) for each, standing in found]


def delivered(client: Dav) -> list[str]:
    """Let the server look once and return the addresses that a message went to."""
    sent: list[str] = []

    def post(resource: str, headers: dict[str, str], body: bytes) -> Outcome:
        sent.append(resource)
        return Outcome(Verdict.TAKEN, "201 Created")

    pusher = Pusher(client.store, configuration.load(None, {}, {}), post)
    pusher.look()
    pusher._threads.shutdown(wait=True)
    return sent


@pytest.mark.parametrize("access", [Admission.READ, Admission.WRITE])
def test_a_delegate_is_told_of_the_home_registered_for_and_not_of_the_own(circle: Circle, access: Admission) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, access)
    assert [register(bea, path).status for path in (ana.home, ana.agenda)] == [204, 204]
    places = {each.place for each in kept(bea)}
    assert {each.owner_id for each in places} == {ana.person.id}
    assert {each.collection_id == HOME for each in places} == {True, False}
    assert owed(bea) == [False, False]
    bea.put(bea.agenda + "own.ics", event_text("own"))
    assert owed(bea) == [False, False]
    ana.put(ana.agenda + "a.ics", event_text("a"))
    assert owed(bea) == [True, True]
    assert len(delivered(bea)) == 2


def test_a_topic_is_the_same_for_the_owner_and_the_delegate(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, Admission.READ)
    for path in (ana.home, ana.agenda):
        assert ana.propfind(path, TOPIC).row.text(TOPIC) == bea.propfind(path, TOPIC).row.text(TOPIC)
    assert bea.propfind(bea.home, TOPIC).row.text(TOPIC) != bea.propfind(ana.home, TOPIC).row.text(TOPIC)


def test_the_own_home_and_anothers_are_registered_side_by_side(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, Admission.WRITE)
    first, again, own = (register(bea, path).headers["Location"] for path in (ana.home, ana.home, bea.home))
    assert first == again != own
    assert {each.place for each in kept(bea)} == {Place(ana.person.id, HOME), Place(bea.person.id, HOME)}


def test_a_delegate_who_is_taken_off_loses_the_registration_at_once(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, Admission.WRITE)
    register(bea, ana.home)
    register(bea, bea.home)
    with ana.store.writing(ana.person.school_id) as tx:
        assert tx.delegations.take("ana", ana.person, bea.person)
    assert [each.place.owner_id for each in kept(bea)] == [bea.person.id]
    ana.put(ana.agenda + "a.ics", event_text("a"))
    assert delivered(bea) == []


@pytest.mark.parametrize("role", [Role.PUPIL, Role.GUARDIAN])
def test_a_delegate_whose_role_changed_is_told_nothing_more(circle: Circle, role: Role) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, Admission.WRITE)
    register(bea, ana.home)
    with ana.store.writing(ana.person.school_id) as tx:
        tx.principals.update(bea.person.id, role=role)
    ana.put(ana.agenda + "a.ics", event_text("a"))
    assert delivered(bea) == []
    assert [each.ended for each in kept(bea)] == [True]


@pytest.mark.parametrize("who", ["ana", "bea"])
def test_a_closed_account_ends_it_on_either_side(circle: Circle, who: str) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, Admission.WRITE)
    register(bea, ana.home)
    with ana.store.writing(ana.person.school_id) as tx:
        tx.principals.deactivate(circle[who].person.id)
    ana.put(ana.agenda + "a.ics", event_text("a"))
    assert delivered(bea) == []
    assert [each.ended for each in kept(bea)] == [True]


def test_when_the_owner_leaves_nothing_of_it_stays(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    give(ana, bea, Admission.WRITE)
    register(bea, ana.home)
    with ana.store.writing(ana.person.school_id) as tx:
        tx.principals.remove(ana.person.id)
    assert kept(bea) == ()


def test_the_service_reader_is_offered_nothing_and_told_nothing(circle: Circle) -> None:
    ana, support = circle["ana"], circle["support"]
    for path in (ana.home, ana.agenda, support.home):
        assert support.propfind(path, TOPIC).row.props.keys() == {404}
        assert register(support, path).status == 403
    assert kept(ana) == ()


def test_strangers_register_for_nobodys_home(circle: Circle) -> None:
    ana, carl, leo, zoe = (circle[name] for name in ("ana", "carl", "leo", "zoe"))
    assert [register(other, path).status for other in (carl, leo) for path in (ana.home, ana.agenda)] == [403] * 4
    assert [register(zoe, path).status for path in (leo.home, leo.agenda)] == [404, 404]
    assert kept(ana) == ()
