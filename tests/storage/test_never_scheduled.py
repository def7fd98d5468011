"""What is not written by people into calendars of their own tells nobody: timetables, bookings, subscriptions."""

from __future__ import annotations

import pytest

from storage import policy
from storage.errors import ReadOnly, SchedulingRefused
from storage.lessons import NewLesson
from storage.model import DAWN, FOREVER, CalendarKind, Collection, Principal, Rights, Role
from storage.principals import NewPerson
from storage.scheduling import Answer
from storage.store import Store
from tests.storage.builders import DAV, make_school
from tests.storage.meetings import MARIE, PAUL, calendar, event, invited

TEXT = calendar(event(*invited(MARIE, PAUL, "mailto:parent@dehors.example"))).encode()


@pytest.fixture
def people(store: Store) -> tuple[Principal, ...]:
    """Marie, who would be the organizer, and Paul, who would be invited."""
    school = make_school(store)
    with store.writing(school.id) as tx:
        return tx.principals.create_many(
            [
                NewPerson("marie", "Dupont", "Marie", Role.TEACHER, email="marie@ecole.example"),
                NewPerson("paul", "Petit", "Paul", Role.TEACHER, email="paul@ecole.example"),
            ]
        )


def silent(store: Store, people: tuple[Principal, ...]) -> bool:
    """Tell whether nobody was told of anything."""
    with store.writing(people[0].school_id) as tx:
        agenda = tx.collections.by_slug(people[1], "agenda", DAV)
        heard = [tx.objects.entries(tx.inbox.of(each)) for each in people]
        return tx.outbox.latest() == () and tx.objects.entries(agenda) == [] and heard == [[], []]


def test_an_imported_lesson_with_an_organizer_and_attendees_invites_nobody(store: Store, people: tuple[Principal, ...]):
    with store.writing(people[0].school_id) as tx:
        number = tx.lessons.create_calendars(CalendarKind.LESSONS, {"one": "One"})["one"]
        view = tx.lessons.timetables()[people[0].id]
        tx.lessons.feeds.set_windows(tx.lessons.feeds.live(CalendarKind.TIMETABLE), {(view, number): [(DAWN, FOREVER)]})
        tx.lessons.create([NewLesson(number, "reunion", "a", 1_795_420_800, 1_795_424_400, TEXT)])
    with store.reading(people[0].school_id) as tx:
        seen = tx.collections.by_slug(people[0], "emploi-du-temps", DAV)
        (entry,) = tx.objects.entries(seen)
        found = tx.objects.get(seen, entry.href)
    assert found.schedule_tag == ""
    assert silent(store, people)
    with store.writing(people[0].school_id) as tx, pytest.raises((ReadOnly, SchedulingRefused)):
        tx.scheduling.answer(seen, found, Answer("DECLINED"))


@pytest.mark.parametrize("kind", [each for each in CalendarKind if each not in policy.WRITABLE])
def test_no_other_kind_of_calendar_schedules(store: Store, people: tuple[Principal, ...], kind: CalendarKind):
    with store.writing(people[0].school_id) as tx:
        agenda = tx.collections.by_slug(people[0], "agenda", DAV)
        other = Collection(
            **{name: getattr(agenda, name) for name in Collection.__slots__}
            | {"kind": kind, "rights": Rights(write=True)}
        )
        assert tx.scheduling.put(other, "r.ics", TEXT).object.schedule_tag == ""
        tx.scheduling.delete(other, "r.ics")
    assert silent(store, people)


def test_a_calendar_that_may_not_be_written_is_refused_before_anybody_is_told(
    store: Store, people: tuple[Principal, ...]
):
    with store.writing(people[0].school_id) as tx, pytest.raises(ReadOnly):
        tx.scheduling.put(tx.collections.by_slug(people[0], "rendez-vous", DAV), "r.ics", TEXT)
    assert silent(store, people)
