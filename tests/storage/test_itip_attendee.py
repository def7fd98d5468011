"""What an attendee's change answers, and what it may not be."""

import pytest

from storage import itip, itip_attendee
from tests.storage.meetings import MARIE, PAUL, STAMP, WEEKLY, ZOE, event, invited, meeting

ME = (PAUL,)
SECOND = "RECURRENCE-ID:20261130T080000Z"
ASKED = meeting(event(*invited(MARIE, PAUL), "SUMMARY:Conseil"))
SERIES = meeting(event(*invited(MARIE, PAUL), WEEKLY))


def mine(partstat: str) -> tuple[str, ...]:
    """The lines of the meeting with an answer of mine."""
    return (*invited(MARIE), f"ATTENDEE;PARTSTAT={partstat}:{PAUL}")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (ASKED, meeting(event(*mine("ACCEPTED"), "SUMMARY:Conseil", "TRANSP:TRANSPARENT")), None),
        (ASKED, meeting(event(*invited(MARIE, PAUL), "SUMMARY:Conseil", "X-A:1", "DESCRIPTION:note")), None),
        (ASKED, meeting(event(*invited(MARIE, PAUL), "SUMMARY:Conseil", start="20261123T090000Z")), "DTSTART"),
        (ASKED, meeting(event(*invited(MARIE, PAUL), "SUMMARY:Conseil", length="PT2H")), "DTEND"),
        (ASKED, meeting(event(*invited(MARIE, PAUL), "SUMMARY:Fête")), "SUMMARY"),
        (ASKED, meeting(event(*invited(MARIE, PAUL), "SUMMARY:Conseil", "LOCATION:Gym")), "LOCATION"),
        (ASKED, meeting(event(*invited(MARIE, PAUL), "SUMMARY:Conseil", WEEKLY)), "RRULE"),
        (ASKED, meeting(event(*invited(MARIE, PAUL, ZOE), "SUMMARY:Conseil")), "ATTENDEE"),
        (ASKED, meeting(event(*invited(MARIE, PAUL, by=ZOE), "SUMMARY:Conseil")), "ORGANIZER"),
        (SERIES, meeting(event(*invited(MARIE, PAUL), WEEKLY, "EXDATE:20261130T080000Z")), None),
        (meeting(event(*invited(MARIE, PAUL), WEEKLY, "EXDATE:20261130T080000Z")), SERIES, "EXDATE"),
        (
            SERIES,
            meeting(event(*invited(MARIE, PAUL), WEEKLY), event(*mine("DECLINED"), SECOND, start="20261130T080000Z")),
            None,
        ),
        (
            SERIES,
            meeting(event(*invited(MARIE, PAUL), WEEKLY), event(*mine("DECLINED"), SECOND, start="20261130T090000Z")),
            "DTSTART",
        ),
        (
            SERIES,
            meeting(
                event(*invited(MARIE, PAUL), WEEKLY),
                event(*mine("ACCEPTED"), "RECURRENCE-ID:20261201T080000Z", start="20261201T080000Z"),
            ),
            "RECURRENCE-ID",
        ),
    ],
)
def test_an_attendee_changes_only_what_is_theirs(old, new, expected):
    assert itip_attendee.foreign_change(old, new, ME) == expected


def test_the_same_moment_in_another_zone_is_no_change():
    local = event(*invited(MARIE, PAUL), "SUMMARY:Conseil").replace(
        "DTSTART:20261123T080000Z", "DTSTART;TZID=Europe/Paris:20261123T090000"
    )
    assert itip_attendee.foreign_change(ASKED, meeting(local), ME) is None


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_an_answer_goes_to_the_organizer(partstat):
    message = itip_attendee.reply(ASKED, meeting(event(*mine(partstat), "SUMMARY:Conseil")), ME, STAMP)
    assert message is not None
    assert (message.method, message.sender, message.recipient, message.uid) == ("REPLY", PAUL, MARIE, "reunion")
    (answer,) = message.components
    assert [(prop.value, itip.partstat(prop)) for prop in answer.all("ATTENDEE")] == [(PAUL, partstat)]


def test_a_change_that_answers_nothing_sends_nothing():
    new = meeting(event(*invited(MARIE, PAUL), "SUMMARY:Conseil", "TRANSP:TRANSPARENT"))
    assert itip_attendee.reply(ASKED, new, ME, STAMP) is None


def test_a_forced_reply_is_sent_although_nothing_changed():
    lines = (f"ORGANIZER;SCHEDULE-FORCE-SEND=REPLY:{MARIE}", f"ATTENDEE:{PAUL}", "SUMMARY:Conseil")
    assert itip_attendee.reply(ASKED, meeting(event(*lines)), ME, STAMP) is not None


@pytest.mark.parametrize("agent", ["CLIENT", "NONE"])
def test_nothing_is_answered_where_the_server_does_not_schedule_for_the_organizer(agent):
    lines = (f"ORGANIZER;SCHEDULE-AGENT={agent}:{MARIE}", f"ATTENDEE;PARTSTAT=ACCEPTED:{PAUL}")
    assert itip_attendee.reply(None, meeting(event(*lines)), ME, STAMP) is None


def test_an_instance_is_answered_alone():
    new = meeting(event(*invited(MARIE, PAUL), WEEKLY), event(*mine("TENTATIVE"), SECOND, start="20261130T080000Z"))
    message = itip_attendee.reply(SERIES, new, ME, STAMP)
    assert message is not None
    assert [each.text("RECURRENCE-ID") for each in message.components] == ["20261130T080000Z"]


def test_an_instance_taken_out_is_declined():
    new = meeting(event(*invited(MARIE, PAUL), WEEKLY, "EXDATE:20261130T080000Z"))
    message = itip_attendee.reply(SERIES, new, ME, STAMP)
    assert message is not None
    (answer,) = message.components
    assert answer.text("RECURRENCE-ID") == "20261130T080000Z"
    assert itip.partstat(itip.attendee(answer, ME)) == "DECLINED"


@pytest.mark.parametrize(
    ("lines", "declines"),
    [(mine("ACCEPTED"), True), (mine("DECLINED"), False), ((*mine("ACCEPTED"), "STATUS:CANCELLED"), False)],
)
def test_deleting_declines_what_was_not_declined_or_cancelled(lines, declines):
    assert (itip_attendee.declined(meeting(event(*lines)), ME, STAMP) is not None) is declines
