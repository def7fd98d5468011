"""What an organizer's change tells whom."""

import pytest

from storage import itip, itip_organizer
from storage.itip import Scheduled
from tests.storage.meetings import MARIE, PAUL, STAMP, WEEKLY, ZOE, event, invited, meeting

SECOND = "RECURRENCE-ID:20261130T080000Z"


def told(old: Scheduled | None, new: Scheduled | None, forced: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """Return method and recipient of each message of a change."""
    return [(each.method, each.recipient) for each in itip_organizer.messages(old, new, STAMP, forced)]


ALONE = meeting(event(*invited(MARIE, PAUL)))
BOTH = meeting(event(*invited(MARIE, PAUL, ZOE)))
SERIES = meeting(event(*invited(MARIE, PAUL), WEEKLY))
WITHOUT_SECOND = meeting(event(*invited(MARIE, PAUL), WEEKLY, "EXDATE:20261130T080000Z"))
ZOE_ONCE = meeting(
    event(*invited(MARIE, PAUL), WEEKLY), event(*invited(MARIE, PAUL, ZOE), SECOND, start="20261130T080000Z")
)
PAUL_NOT_ONCE = meeting(
    event(*invited(MARIE, PAUL), WEEKLY), event(*invited(MARIE, ZOE), SECOND, start="20261130T080000Z")
)

ONCE_ALONE = meeting(
    event(*invited(MARIE, MARIE), WEEKLY), event(*invited(MARIE, PAUL), SECOND, start="20261130T080000Z")
)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, ALONE, [("REQUEST", PAUL)]),
        (None, BOTH, [("REQUEST", PAUL), ("REQUEST", ZOE)]),
        (ALONE, ALONE, []),
        (ALONE, BOTH, [("REQUEST", PAUL), ("REQUEST", ZOE)]),
        (ALONE, meeting(event(*invited(MARIE, PAUL), start="20261123T090000Z")), [("REQUEST", PAUL)]),
        (ALONE, meeting(event(*invited(MARIE, PAUL), "LOCATION:Salle 2")), [("REQUEST", PAUL)]),
        (ALONE, meeting(event(*invited(MARIE, PAUL), "TRANSP:TRANSPARENT", "X-MOZ-GENERATION:3")), []),
        (ALONE, meeting(event(*invited(MARIE, PAUL, PARTSTAT="ACCEPTED"))), []),
        (ALONE, meeting(event(*invited(MARIE, PAUL), "BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM")), []),
        (ALONE, meeting(event(*invited(MARIE, PAUL), "STATUS:CANCELLED")), [("CANCEL", PAUL)]),
        (ALONE, None, [("CANCEL", PAUL)]),
        (meeting(event(*invited(MARIE, PAUL), "STATUS:CANCELLED")), None, []),
        (SERIES, WITHOUT_SECOND, [("CANCEL", PAUL)]),
        (WITHOUT_SECOND, SERIES, [("REQUEST", PAUL)]),
        (SERIES, ZOE_ONCE, [("REQUEST", PAUL), ("REQUEST", ZOE)]),
        (ZOE_ONCE, SERIES, [("REQUEST", PAUL), ("CANCEL", ZOE)]),
        (SERIES, ONCE_ALONE, [("CANCEL", PAUL), ("REQUEST", PAUL)]),
        (SERIES, PAUL_NOT_ONCE, [("CANCEL", PAUL), ("REQUEST", ZOE)]),
    ],
)
def test_a_change_tells_those_it_concerns_and_nobody_else(old, new, expected):
    assert told(old, new) == expected


@pytest.mark.parametrize("agent", ["CLIENT", "NONE", "X-OTHER"])
def test_attendees_whom_the_client_or_nobody_schedules_are_not_told(agent):
    assert told(None, meeting(event(*invited(MARIE, PAUL, SCHEDULE_AGENT=agent)))) == []


def test_an_attendee_taken_out_is_cancelled_and_the_others_are_told_of_the_change():
    assert told(BOTH, ALONE) == [("REQUEST", PAUL), ("CANCEL", ZOE)]


def test_a_forced_request_is_sent_although_nothing_changed():
    forced = itip_organizer.forced(meeting(event(*invited(MARIE), f"ATTENDEE;SCHEDULE-FORCE-SEND=REQUEST:{PAUL}")))
    assert told(ALONE, ALONE, forced) == [("REQUEST", PAUL)]


def test_someone_invited_to_one_instance_gets_that_instance_only():
    (to_zoe,) = (e for e in itip_organizer.messages(None, ZOE_ONCE, STAMP, frozenset()) if e.recipient == ZOE)
    (only,) = to_zoe.components
    assert only.text("RECURRENCE-ID") == "20261130T080000Z"


def test_someone_left_out_of_one_instance_gets_a_series_without_it():
    (to_paul,) = (e for e in itip_organizer.messages(None, PAUL_NOT_ONCE, STAMP, frozenset()) if e.recipient == PAUL)
    (series,) = to_paul.components
    assert (series.text("EXDATE"), series.first("RECURRENCE-ID")) == ("20261130T080000Z", None)


def test_a_cancelled_instance_is_named_and_its_series_is_not():
    (message,) = itip_organizer.messages(SERIES, WITHOUT_SECOND, STAMP, frozenset())
    (gone,) = message.components
    assert (gone.text("RECURRENCE-ID"), gone.text("STATUS"), gone.first("RRULE")) == (
        "20261130T080000Z",
        "CANCELLED",
        None,
    )


def test_a_message_says_nothing_of_what_is_the_organizers_own():
    private = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM"
    status = f"ATTENDEE;SCHEDULE-STATUS=1.2;SCHEDULE-AGENT=SERVER;CN=Zoé:{ZOE}"
    new = meeting(event(*invited(MARIE, PAUL), status, "X-MOZ-LASTACK:20261101T000000Z", private))
    message = itip_organizer.messages(None, new, STAMP, frozenset())[0]
    (sent,) = message.components
    assert sent.components == ()
    assert sent.text("DTSTAMP") == STAMP
    assert sent.text("X-MOZ-LASTACK") is None
    assert sent.all("ATTENDEE")[-1].line == f"ATTENDEE;CN=Zoé:{ZOE}"


def test_a_cancellation_of_everything_has_a_higher_sequence():
    (message,) = itip_organizer.messages(meeting(event(*invited(MARIE, PAUL), "SEQUENCE:4")), None, STAMP, frozenset())
    assert [each.text("SEQUENCE") for each in message.components] == ["5"]


@pytest.mark.parametrize(
    ("line", "start", "sequence", "expected"),
    [
        ("SUMMARY:Autre", "20261123T080000Z", 2, "2"),
        ("SUMMARY:Même", "20261123T090000Z", 2, "3"),
        ("SUMMARY:Même", "20261123T090000Z", 7, "7"),
        ("SUMMARY:Même", "20261123T080000Z", 1, "2"),
        ("STATUS:CANCELLED", "20261123T080000Z", 2, "3"),
        (WEEKLY, "20261123T080000Z", 2, "3"),
        ("DTEND;TZID=Europe/Paris:20261123T100000", "20261123T080000Z", 2, "2"),
    ],
)
def test_the_sequence_is_the_clients_unless_it_rescheduled_without_saying(line, start, sequence, expected):
    old = meeting(event(*invited(MARIE, PAUL), "SEQUENCE:2"))
    text = event(*invited(MARIE, PAUL), f"SEQUENCE:{sequence}", line, start=start)
    if line.startswith("DTEND"):
        text = text.replace("DURATION:PT1H\r\n", "")
    kept = itip_organizer.prepared(old, meeting(text), merge=False)
    assert kept.any.text("SEQUENCE") == expected


def test_what_moves_is_to_be_answered_again():
    accepted = invited(MARIE, PAUL, PARTSTAT="ACCEPTED")
    kept = itip_organizer.prepared(
        meeting(event(*accepted)), meeting(event(*accepted, start="20261123T100000Z")), merge=False
    )
    assert [itip.partstat(prop) for prop in kept.any.all("ATTENDEE")] == ["ACCEPTED", "NEEDS-ACTION"]


@pytest.mark.parametrize(("merge", "expected"), [(True, "ACCEPTED"), (False, "NEEDS-ACTION")])
def test_answers_the_client_does_not_know_of_are_kept_when_it_only_vouches_for_the_schedule(merge, expected):
    old = meeting(event(*invited(MARIE), f"ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0:{PAUL}"))
    kept = itip_organizer.prepared(old, meeting(event(*invited(MARIE, PAUL), "SUMMARY:Bis")), merge=merge)
    line = itip.attendee(kept.any, (PAUL,))
    assert line is not None
    assert (itip.partstat(line), line.param("SCHEDULE-STATUS")) == (expected, "2.0")
