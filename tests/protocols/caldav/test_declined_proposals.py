"""Proposals of other times that the organizer does not take are declined, once (RFC 5546, 3.2.8)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage import itip
from storage.contentlines import parse
from storage.itip import Message
from storage.scheduling import Answer
from storage.store import Store
from tests.protocols.caldav.client import Dav
from tests.protocols.caldav.meetings import MARIE, NAME, OUTSIDE, PAUL, Circle, gather
from tests.storage.builders import DAV
from tests.storage.meetings import WEEKLY, calendar, event, invited, meeting

NINE = (datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC))
SECOND = int(datetime(2026, 11, 30, 8, tzinfo=UTC).timestamp())


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Deliveries write for several people at once: both databases."""
    return str(request.param)


@pytest.fixture
def circle(store: Store) -> Circle:
    """Two teachers and two pupils."""
    return gather(store)


def propose(circle: Circle, instance: int | None = None) -> None:
    """Let Paul propose another time from his phone."""
    with circle.store.writing(circle.paul.person.school_id) as tx:
        agenda = tx.collections.by_slug(circle.paul.person, "agenda", DAV)
        (entry,) = tx.objects.entries(agenda)
        found = tx.objects.get(agenda, entry.href)
        tx.scheduling.answer(agenda, found, Answer("TENTATIVE", instance, proposed=NINE))


def save(circle: Circle, old: str, new: str) -> None:
    """Let Marie write her meeting with something else in it."""
    path = circle.marie.agenda + NAME
    text = circle.text(circle.marie, path)
    assert old in text
    assert circle.marie.put(path, text.replace(old, new)).status == 204


def letter(circle: Circle, person: Dav, method: str) -> str:
    """Return the path of the one message of a method in a person's inbox."""
    paths = circle.copies(person, person.home + "inbox/")
    (found,) = (path for path in paths if f"METHOD:{method}" in circle.text(person, path))
    return found


def test_a_change_without_the_proposed_time_declines_it_once(circle: Circle):
    circle.meet(MARIE, PAUL)
    propose(circle)
    save(circle, "SUMMARY:Conseil", "SUMMARY:Grand conseil")
    assert circle.inbox(circle.paul) == ["REQUEST", "REQUEST", "DECLINECOUNTER"]
    save(circle, "SUMMARY:Grand", "SUMMARY:Petit")
    circle.marie.send("DELETE", letter(circle, circle.marie, "COUNTER"))
    assert circle.inbox(circle.paul).count("DECLINECOUNTER") == 1


def test_what_declines_names_the_meeting_and_tells_nothing_else(circle: Circle):
    circle.meet(MARIE, PAUL)
    propose(circle)
    save(circle, "SUMMARY:Conseil", "SUMMARY:Grand conseil")
    root = parse(circle.text(circle.paul, letter(circle, circle.paul, "DECLINECOUNTER")).encode())
    (told,) = root.children("VEVENT")
    assert told.text("UID") == "reunion"
    assert [each.value for each in told.all("ATTENDEE")] == [PAUL]
    assert told.text("DTSTART") == "20261123T080000Z"
    assert "X-CADRAN" not in circle.text(circle.paul, letter(circle, circle.paul, "DECLINECOUNTER"))


def test_taking_the_proposed_time_declines_nothing(circle: Circle):
    circle.meet(MARIE, PAUL)
    propose(circle)
    save(circle, "DTSTART:20261123T080000Z", "DTSTART:20261124T090000Z")
    circle.marie.send("DELETE", letter(circle, circle.marie, "COUNTER"))
    assert "DECLINECOUNTER" not in circle.inbox(circle.paul)
    assert "X-CADRAN-PROPOSED" not in circle.text(circle.marie, circle.marie.agenda + NAME)


def test_deleting_the_message_declines_the_proposal_once(circle: Circle):
    circle.meet(MARIE, PAUL)
    propose(circle)
    assert circle.marie.send("DELETE", letter(circle, circle.marie, "COUNTER")).status == 204
    assert circle.inbox(circle.paul) == ["REQUEST", "DECLINECOUNTER"]
    save(circle, "SUMMARY:Conseil", "SUMMARY:Grand conseil")
    assert circle.inbox(circle.paul).count("DECLINECOUNTER") == 1


def test_an_alarm_of_the_organizer_decides_nothing(circle: Circle):
    circle.meet(MARIE, PAUL)
    propose(circle)
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"
    save(circle, "END:VEVENT", alarm)
    assert circle.inbox(circle.paul) == ["REQUEST"]
    assert "X-CADRAN-PROPOSED" in circle.text(circle.marie, circle.marie.agenda + NAME)


def test_a_client_that_had_not_read_the_proposal_decides_nothing(circle: Circle):
    path = circle.meet(MARIE, PAUL)
    tag = circle.marie.send("GET", path).headers["Schedule-Tag"]
    text = circle.text(circle.marie, path).replace("SUMMARY:Conseil", "SUMMARY:Autre")
    propose(circle)
    assert circle.marie.put(path, text, if_schedule_tag_match=tag).status == 204
    assert "DECLINECOUNTER" not in circle.inbox(circle.paul)


def test_a_proposal_for_one_instance_is_declined_for_that(circle: Circle):
    path = circle.marie.agenda + NAME
    circle.marie.put(path, calendar(event(*invited(MARIE, MARIE, PAUL), WEEKLY, "SUMMARY:Conseil")))
    propose(circle, SECOND)
    circle.marie.send("DELETE", letter(circle, circle.marie, "COUNTER"))
    assert "RECURRENCE-ID:20261130T080000Z" in circle.text(circle.paul, letter(circle, circle.paul, "DECLINECOUNTER"))


def test_cancelling_the_meeting_tells_that_alone(circle: Circle):
    path = circle.meet(MARIE, PAUL)
    propose(circle)
    circle.marie.send("DELETE", path)
    circle.marie.send("DELETE", letter(circle, circle.marie, "COUNTER"))
    assert circle.inbox(circle.paul) == ["REQUEST", "CANCEL"]


def test_somebody_outside_is_told_by_mail(circle: Circle):
    circle.meet(MARIE, OUTSIDE)
    asked = meeting(event(*invited(MARIE, OUTSIDE, PARTSTAT="TENTATIVE"), start="20261124T090000Z"))
    told = itip.calendar("COUNTER", asked.parts.values(), asked.root)
    with circle.store.writing(circle.marie.person.school_id) as tx:
        assert tx.scheduling.receive(Message("COUNTER", OUTSIDE, "", told))
    circle.marie.send("DELETE", letter(circle, circle.marie, "COUNTER"))
    assert [(each.method, each.recipient) for each in circle.mails()] == [
        ("REQUEST", OUTSIDE),
        ("DECLINECOUNTER", OUTSIDE),
    ]
