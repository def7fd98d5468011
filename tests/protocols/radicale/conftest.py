"""A school with a few people, and Radicale's WSGI application on its database."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from storage.model import CalendarKind, Role
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.radicale.client import Person, Radicale
from tests.storage.builders import ALWAYS, lesson, moment, show

PASSWORD = "un mot de passe"
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
CODE = "0751234A"
PEOPLE = (
    NewPerson("Marie.Dupont", "Dupont", "Marie", Role.TEACHER, email="m@ecole.example", password_hash=HASH),
    NewPerson("leo.martin", "Martin", "Léo", Role.PUPIL, password_hash=HASH),
    NewPerson("zoé.été", "Été", "Zoé", Role.PUPIL, password_hash=HASH),
)


@pytest.fixture
def dialect() -> str:
    """One database is enough for most; the traces of `test_storage` run on both."""
    return "sqlite"


@pytest.fixture
def people(store: Store) -> dict[str, Person]:
    """The people of a school, each with a lesson in the timetable."""
    school = store.directory.create_school(CODE, "Collège Voltaire", "Europe/Paris")
    with store.writing(school.id) as tx:
        found = tx.principals.create_many(PEOPLE)
        made = tx.lessons.create_calendars(CalendarKind.LESSONS, {"latin": "Latin"})
        for each in found:
            show(tx, tx.lessons.timetables()[each.id], made["latin"], ALWAYS)
        tx.lessons.create([lesson(made["latin"], "latin-1", moment(2026, 11, 23, 8))])
    return {each.login: Person(store, each, PASSWORD) for each in found}


@pytest.fixture
def radicale(people: dict[str, Person], migrated_url: str) -> Radicale:
    """Radicale on the database."""
    return Radicale(migrated_url)


@pytest.fixture
def marie(people: dict[str, Person]) -> Person:
    """A teacher."""
    return people["marie.dupont"]


@pytest.fixture
def leo(people: dict[str, Person]) -> Person:
    """A pupil."""
    return people["leo.martin"]
