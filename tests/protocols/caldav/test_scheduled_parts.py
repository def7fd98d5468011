"""Answers about parts of a meeting that no other test asks: instances in a range, tasks on their way (RFC 5546)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage import itip
from storage.contentlines import parse
from storage.store import Store
from tests.protocols.caldav.meetings import MARIE, NAME, PAUL, Circle, gather
from tests.storage.meetings import WEEKLY, calendar, event, invited, meeting

RANGE = "RECURRENCE-ID;RANGE=THISANDFUTURE:20261207T080000Z"


@pytest.fixture
def circle(store: Store) -> Circle:
    """Two teachers and two pupils."""
    return gather(store)


def later(*lines: str, start: str = "20261207T100000Z") -> str:
    """From the third instance on, two hours later."""
    return event(*lines, RANGE, "SUMMARY:Plus tard", start=start)


@pytest.mark.parametrize(
    ("first", "key", "start", "summary"),
    [
        ("20261207T100000Z", "20261214T080000Z", "20261214T100000Z", "Plus tard"),
        ("20261210T100000Z", "20261221T080000Z", "20261224T100000Z", "Plus tard"),
        ("20261204T100000Z", "20261214T080000Z", "20261211T100000Z", "Plus tard"),
        ("20261207T100000Z", "20261130T080000Z", "20261130T080000Z", "Conseil"),
    ],
)
def test_an_instance_is_what_the_range_makes_of_it(first: str, key: str, start: str, summary: str):
    found = meeting(event(*invited(MARIE, PAUL), WEEKLY, "SUMMARY:Conseil"), later(*invited(MARIE, PAUL), start=first))
    named = int(datetime.strptime(key, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    made = itip.instance(found, named)
    assert made is not None
    assert (made.text("RECURRENCE-ID"), made.text("DTSTART"), made.text("SUMMARY")) == (key, start, summary)
    assert made.first("RECURRENCE-ID").param("RANGE") is None  # type: ignore[union-attr]


def test_an_attendee_declines_an_instance_within_a_range(circle: Circle):
    path = circle.marie.agenda + NAME
    text = calendar(event(*invited(MARIE, PAUL), WEEKLY, "SUMMARY:Conseil"), later(*invited(MARIE, PAUL)))
    assert circle.marie.put(path, text).status == 201
    own = event(
        *(f"ORGANIZER:{MARIE}", f"ATTENDEE:{MARIE}", f"ATTENDEE;PARTSTAT=DECLINED:{PAUL}"),
        *("RECURRENCE-ID:20261214T080000Z", "SUMMARY:Plus tard"),
        start="20261214T100000Z",
    )
    copy = circle.copy(circle.paul)
    answered = circle.text(circle.paul).replace("END:VCALENDAR", f"{own}\r\nEND:VCALENDAR")
    assert circle.paul.put(copy, answered).status == 204
    found = itip.read(circle.text(circle.marie, path).encode(), meeting(event()).zone)
    said = {key: itip.partstat(itip.attendee(each, (PAUL,))) for key, each in found.parts.items()}
    assert sorted(said.values()) == ["DECLINED", "NEEDS-ACTION", "NEEDS-ACTION"]
    one = next(each for each in found.parts.values() if each.text("RECURRENCE-ID") == "20261214T080000Z")
    assert (one.text("DTSTART"), one.text("SUMMARY")) == ("20261214T100000Z", "Plus tard")


def task(*lines: str) -> str:
    """A task that Marie gives Paul."""
    head = ("UID:tache", "DTSTAMP:20261101T000000Z", "SUMMARY:Sujet", "DUE:20261201T080000Z", f"ORGANIZER:{MARIE}")
    return calendar("\r\n".join(("BEGIN:VTODO", *head, f"ATTENDEE:{MARIE}", *lines, "END:VTODO")))


def test_how_far_a_task_is_done_is_told(circle: Circle):
    path = circle.marie.tasks + NAME
    assert circle.marie.put(path, task(f"ATTENDEE:{PAUL}")).status == 201
    (copy,) = circle.copies(circle.paul, circle.paul.tasks)
    for status, percent in (("IN-PROCESS", "10"), ("IN-PROCESS", "60"), ("COMPLETED", "100")):
        text = task(f"ATTENDEE;PARTSTAT={status}:{PAUL}", f"STATUS:{status}", f"PERCENT-COMPLETE:{percent}")
        assert circle.paul.put(copy, text).status == 204
    letters = sorted(circle.copies(circle.marie, circle.marie.home + "inbox/"))
    told = [parse(circle.text(circle.marie, each).encode()).children("VTODO")[0] for each in letters]
    assert [each.text("PERCENT-COMPLETE") for each in told] == ["10", "60", "100"]
    assert told[-1].text("STATUS") == "COMPLETED"
    assert circle.paul.put(copy, task(f"ATTENDEE;PARTSTAT=COMPLETED:{PAUL}", "PERCENT-COMPLETE:100")).status == 204
    assert len(circle.copies(circle.marie, circle.marie.home + "inbox/")) == 3


def test_a_cancelled_instance_has_the_number_that_the_organizer_s_copy_has(circle: Circle):
    path = circle.marie.agenda + NAME
    moved = event(*invited(MARIE, PAUL), "RECURRENCE-ID:20261130T080000Z", "SEQUENCE:4", start="20261130T100000Z")
    series = event(*invited(MARIE, PAUL), WEEKLY)
    assert circle.marie.put(path, calendar(series, moved)).status == 201
    assert (
        circle.marie.put(path, calendar(series, moved.replace("SEQUENCE:4", "SEQUENCE:4\r\nSTATUS:CANCELLED"))).status
        == 204
    )
    kept = parse(circle.text(circle.marie, path).encode()).children("VEVENT")[1]
    letter = sorted(circle.copies(circle.paul, circle.paul.home + "inbox/"))[-1]
    (told,) = parse(circle.text(circle.paul, letter).encode()).children("VEVENT")
    assert (told.text("STATUS"), told.text("SEQUENCE")) == ("CANCELLED", kept.text("SEQUENCE")) == ("CANCELLED", "5")
