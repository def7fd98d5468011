"""One person before both databases."""

import pytest

from storage.store import Store
from tests.storage.builders import Desk, make_person, make_school


@pytest.fixture
def desk(store: Store) -> Desk:
    """A teacher of a school."""
    school = make_school(store)
    return Desk(store, school, make_person(store, school))
