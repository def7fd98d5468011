"""A school with a few people, and clients that speak to the engine without a socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.caldav.client import Dav

PEOPLE = (
    NewPerson("Marie.Dupont", "Dupont", "Marie", Role.TEACHER, email="marie.dupont@ecole.example"),
    NewPerson("leo.martin", "Martin", "Léo", Role.PUPIL),
    NewPerson("zoé.été", "Été", "Zoé", Role.PUPIL),
)


@pytest.fixture
def dialect() -> str:
    """One database is enough for most of the engine; the traces run on both."""
    return "sqlite"


@pytest.fixture
def clients(store: Store) -> dict[str, Dav]:
    """A client for each person, by login."""
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris")
    with store.writing(school.id) as tx:
        people = tx.principals.create_many(PEOPLE)
    return {person.login: Dav(store, person) for person in people}


@pytest.fixture
def marie(clients: dict[str, Dav]) -> Dav:
    """A teacher."""
    return clients["marie.dupont"]


@pytest.fixture
def leo(clients: dict[str, Dav]) -> Dav:
    """A pupil."""
    return clients["leo.martin"]


@pytest.fixture
def zoe(clients: dict[str, Dav]) -> Dav:
    """A pupil whose login is not ASCII."""
    return clients["zoé.été"]


@pytest.fixture(scope="module")
def shared_marie(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dav]:
    """A teacher with a database for a whole module, for tests that play hundreds of examples."""
    path = tmp_path_factory.mktemp("dav") / "cadran.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{path}")
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris")
    with store.writing(school.id) as tx:
        person = tx.principals.create(PEOPLE[0])
    yield Dav(store, person)
    store.close()
