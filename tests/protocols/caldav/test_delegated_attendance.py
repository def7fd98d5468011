"""An attendee lets somebody else come, and that person answers (RFC 5546, 3.2.2.3)."""

from __future__ import annotations

import pytest

from storage import itip
from storage.store import Store
from tests.protocols.caldav.meetings import MARIE, NAME, PAUL, Circle, gather
from tests.storage.meetings import ZOE, calendar, event


@pytest.fixture
def circle(store: Store) -> Circle:
    """Marie, who invites Paul."""
    found = gather(store)
    found.meet(MARIE, PAUL)
    return found


def delegate(circle: Circle) -> None:
    """Let Paul say that Zoé comes instead."""
    line = itip.attendee(circle.event(circle.paul), (PAUL,))
    assert line is not None
    told = itip.with_params(line, PARTSTAT="DELEGATED", DELEGATED_TO=ZOE).line
    text = circle.text(circle.paul).replace(line.line, told)
    assert circle.paul.put(circle.copy(circle.paul), text).status == 204


def accept(circle: Circle) -> str:
    """Let Zoé accept; returns how her message fared, as her copy tells."""
    line = f'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="{PAUL}":{ZOE}'
    path = circle.zoe.agenda + NAME
    assert circle.zoe.put(path, calendar(event(f"ORGANIZER:{MARIE}", line, "SUMMARY:Conseil"))).status == 201
    (organizer,) = circle.event(circle.zoe, path).all("ORGANIZER")
    return organizer.param("SCHEDULE-STATUS") or ""


def test_the_answer_of_a_delegate_reaches_the_organizer(circle: Circle):
    delegate(circle)
    assert accept(circle) in {"1.2", "2.0"}
    path = circle.marie.agenda + NAME
    assert circle.partstat(circle.marie, ZOE, path) == "ACCEPTED"
    assert circle.partstat(circle.marie, PAUL, path) == "DELEGATED"


def test_whom_nobody_named_does_not_answer(circle: Circle):
    assert accept(circle) == "5.1"
    assert itip.attendee(circle.event(circle.marie, circle.marie.agenda + NAME), (ZOE,)) is None
