"""What tests of whole imports share: a sample school, its people in a store, and two instants."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from importers.report import Report
from importers.run import import_file
from importers.sample import SampleSchool, generate, write_xml
from storage.model import Role, School, Source
from storage.principals import NewPerson
from storage.store import Store

BEFORE = datetime(2026, 8, 20, 8, tzinfo=UTC)
AUTUMN = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROLES = {"élève": "pupil", "enseignant": "teacher", "personnel": "staff"}


@pytest.fixture(scope="session")
def sample() -> SampleSchool:
    return generate(90, 7)


@pytest.fixture
def school(store: Store, sample: SampleSchool) -> School:
    """A school whose people feed has been read, without a timetable yet."""
    made = store.directory.create_school("0990001X", "Collège d'essai", "Europe/Paris")
    people = [
        NewPerson(each.login, each.birth_name, each.given, Role(ROLES[each.role]), Source.CSV, each.birth, each.family)
        for each in sample.accounts
    ]
    with store.writing(made.id) as tx:
        tx.principals.create_many(people)
    return made


def imported(store: Store, school: School, sample: SampleSchool, now: datetime = BEFORE) -> Report:
    """Import the sample as it is."""
    return import_file(store, school, write_xml(sample, "2.0"), now)
