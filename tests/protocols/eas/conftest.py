"""A school on a real store, a person in it, and that person's phone."""

import pytest

from storage.model import Principal
from storage.store import Store
from storage.transaction import Transaction
from tests.protocols.eas.harness import LocalPhone, School, Timetable

NOON = 1_795_435_200  # 2026-11-23T12:00:00Z, a Monday


class Clock:
    """The time every transaction sees."""

    def __init__(self) -> None:
        self.now = NOON

    def pass_days(self, days: int) -> None:
        self.now += days * 86_400


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still until it is told otherwise."""
    found = Clock()
    monkeypatch.setattr(Transaction, "now", lambda _self: found.now)
    return found


@pytest.fixture
def school(store: Store, clock: Clock) -> School:
    """An empty school in Paris."""
    return School(store)


@pytest.fixture
def ada(school: School) -> Principal:
    """A person with the calendars everyone has."""
    return school.person("ada")


@pytest.fixture
def phone(school: School, ada: Principal) -> LocalPhone:
    """Ada's Android phone, connected."""
    found = LocalPhone(school.store, ada)
    found.connect()
    return found


@pytest.fixture
def agenda(school: School, ada: Principal) -> str:
    """The folder of Ada's own calendar."""
    return school.folder(ada)


@pytest.fixture
def timetable(school: School, ada: Principal) -> Timetable:
    """Ada's timetable, with two lessons of tomorrow."""
    found = Timetable(school, ada)
    found.create(found.lesson("m", "Maths", NOON + 86_400), found.lesson("p", "Physics", NOON + 90_000))
    return found


@pytest.fixture
def folder(school: School, ada: Principal, timetable: Timetable) -> str:
    """The folder of Ada's timetable, which cannot be written."""
    return school.folder(ada, "emploi-du-temps")


@pytest.fixture
def loaded(phone: LocalPhone, folder: str) -> LocalPhone:
    """Ada's phone, with the timetable on it."""
    phone.sync_all(folder)
    return phone
