"""What is found out about a text before the turn to write is taken is not found out again within it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storage import ical, itip, itip_organizer
from storage.errors import InvalidObject, WritingRequired
from storage.store import Store
from tests.storage.builders import Desk, event_text, make_person, make_school
from tests.storage.meetings import MARIE, PAUL, event, invited, meeting

DAILY = event_text("daily", "RRULE:FREQ=DAILY;COUNT=400")


@pytest.fixture
def desk(store: Store) -> Desk:
    school = make_school(store)
    return Desk(store, school, make_person(store, school))


def refuse(*_arguments: object) -> None:
    raise AssertionError("read again")


def test_a_text_is_read_before_the_turn_is_taken_and_not_again(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    agenda = desk.collection()
    with desk.reading() as tx, pytest.raises(WritingRequired):
        tx.scheduling.put(agenda, "daily.ics", DAILY)
    monkeypatch.setattr(ical, "inspect", refuse)
    monkeypatch.setattr(ical, "spans", refuse)
    with desk.writing() as tx:
        assert tx.scheduling.put(agenda, "daily.ics", DAILY).created


def test_a_text_that_cannot_be_kept_is_refused_before_the_turn_is_taken(desk: Desk):
    with desk.reading() as tx, pytest.raises(InvalidObject):
        tx.scheduling.put(desk.collection(), "x.ics", DAILY.replace(b"FREQ=DAILY;COUNT=400", b"FREQ=SECONDLY"))


def test_the_same_text_in_a_calendar_of_another_zone_is_read_anew(desk: Desk):
    floating = event_text("f", start="DTSTART:20261123T080000", end="DTEND:20261123T090000")
    agenda = desk.collection()
    with desk.writing() as tx:
        here = tx.objects.examine(agenda, floating).facts.starts
        tx.__dict__["zone"] = ZoneInfo("America/New_York")
        assert tx.objects.examine(agenda, floating).facts.starts == here + 6 * 3600


def test_many_instances_of_a_series_are_made_in_one_reading(monkeypatch: pytest.MonkeyPatch):
    series = event(*invited(MARIE, PAUL), "RRULE:FREQ=DAILY;COUNT=60")
    moved = [
        event(*invited(MARIE, PAUL), f"RECURRENCE-ID:202612{day:02}T080000Z", start=f"202612{day:02}T090000Z")
        for day in range(1, 31)
    ]
    old, new = meeting(series), meeting(series, *moved)
    readings: list[object] = []
    expand = ical.expand

    def counted(*given: Any) -> Any:
        readings.append(given)
        return expand(*given)

    monkeypatch.setattr(ical, "expand", counted)
    kept = itip_organizer.prepared(old, new, merge=False)
    assert len(readings) == 1
    assert {itip.sequence(each) for key, each in kept.parts.items() if key is not None} == {1}
