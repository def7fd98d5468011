"""The outbox as a resource: what it takes, and that nothing is ever in it (RFC 6638, 2.1 and 5.2)."""

import pytest

from storage.store import Store
from tests.protocols.caldav.client import C, D, event_text
from tests.protocols.caldav.meetings import Circle, gather

QUESTION = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//T//EN\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:q\r\n"
    b"DTSTAMP:20261101T000000Z\r\nDTSTART:20261123T000000Z\r\nDTEND:20261124T000000Z\r\n"
    b"ORGANIZER:mailto:marie@ecole.example\r\nATTENDEE:mailto:paul@ecole.example\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def circle(store: Store) -> Circle:
    """Two teachers and two pupils."""
    return gather(store)


@pytest.mark.parametrize(
    ("method", "name", "status"),
    [
        ("GET", "", 405),
        ("GET", "a.ics", 404),
        ("PUT", "a.ics", 403),
        ("PUT", "", 405),
        ("DELETE", "", 403),
        ("DELETE", "a.ics", 403),
    ],
)
def test_nothing_is_read_from_or_written_into_an_outbox(circle: Circle, method: str, name: str, status: int):
    body = event_text("a", "A", "20261123T080000Z") if method == "PUT" else b""
    answer = circle.marie.send(method, f"{circle.marie.home}outbox/{name}", body)
    assert answer.status == status
    if status == 403:
        assert answer.errors == (D + "need-privileges",)


def test_nothing_is_copied_into_an_outbox(circle: Circle):
    path = circle.marie.agenda + "a.ics"
    circle.marie.put(path, event_text("a", "A", "20261123T080000Z"))
    assert circle.marie.send("COPY", path, destination=circle.marie.home + "outbox/a.ics").status == 403


def test_options_of_an_outbox_tell_of_post_and_nothing_that_writes(circle: Circle):
    allowed = circle.marie.send("OPTIONS", circle.marie.home + "outbox/").headers["Allow"].split(", ")
    assert "POST" in allowed
    assert not {"GET", "PUT", "DELETE", "MKCALENDAR", "ACL"} & set(allowed)


@pytest.mark.parametrize(
    ("kind", "refused"),
    [("text/calendar", False), ("text/calendar; charset=utf-8; component=VFREEBUSY", False), ("text/xml", True)],
)
def test_a_question_is_text_calendar(circle: Circle, kind: str, refused: bool):
    answer = circle.marie.send("POST", circle.marie.home + "outbox/", QUESTION, content_type=kind)
    assert answer.status == (403 if refused else 200)
    if refused:
        assert answer.errors == (C + "supported-calendar-data",)
