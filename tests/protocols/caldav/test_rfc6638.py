"""RFC 6638 section by section: what a MUST of it asks that no other test of scheduling shows."""

from __future__ import annotations

from datetime import UTC

import pytest

from storage import itip
from tests.protocols.caldav.client import SPACES, C, D
from tests.protocols.caldav.meetings import MARIE, NAME, OUTSIDE, PAUL, Circle, gather, schedule_tag
from tests.storage.meetings import WEEKLY, ZOE, calendar, event, invited


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request):
    """Deliveries write for several people at once: both databases."""
    return request.param


@pytest.fixture
def circle(store) -> Circle:
    """Two teachers and two pupils."""
    return gather(store)


def put(circle: Circle, *lines: str, name: str = NAME, **headers: str) -> str:
    """Let Marie write her meeting; returns its path."""
    path = circle.marie.agenda + name
    answer = circle.marie.put(path, calendar(event(*lines, "SUMMARY:Conseil")), **headers)
    assert answer.status in {201, 204}, answer.body
    return path


@pytest.mark.parametrize(
    ("box", "names"),
    [
        (
            "inbox/",
            {"schedule-deliver", "schedule-deliver-invite", "schedule-deliver-reply", "schedule-query-freebusy"},
        ),
        ("outbox/", {"schedule-send", "schedule-send-invite", "schedule-send-reply", "schedule-send-freebusy"}),
    ],
)
def test_6_privileges_of_inbox_and_outbox_are_told_and_described(circle, box, names):
    row = circle.marie.propfind(circle.marie.home + box, D + "current-user-privilege-set").row
    assert {C + name for name in names} <= row.names(D + "current-user-privilege-set")
    known = circle.marie.propfind(circle.marie.home + box, D + "supported-privilege-set").row
    assert {C + name for name in names} <= known.names(D + "supported-privilege-set")


def test_3_2_1_1_an_organizer_s_change_of_agent_ends_and_begins_the_server_s_part(circle):
    put(circle, f"ORGANIZER:{MARIE}", f"ATTENDEE:{MARIE}", f"ATTENDEE;SCHEDULE-AGENT=CLIENT:{PAUL}")
    assert circle.inbox(circle.paul) == []
    put(circle, *invited(MARIE, PAUL))
    assert circle.inbox(circle.paul) == ["REQUEST"]
    put(circle, f"ORGANIZER:{MARIE}", f"ATTENDEE:{MARIE}", f"ATTENDEE;SCHEDULE-AGENT=NONE:{PAUL}")
    # Nobody schedules for Paul any more: as if he had been taken off (RFC 6638, 3.2.1.2).
    assert circle.inbox(circle.paul) == ["REQUEST", "CANCEL"]


def test_3_2_1_3_alarms_and_marks_of_the_organizer_tell_nobody(circle):
    put(circle, *invited(MARIE, PAUL))
    put(
        circle,
        *invited(MARIE, PAUL),
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM",
    )
    assert circle.inbox(circle.paul) == ["REQUEST"]
    assert circle.event(circle.paul).children("VALARM") == ()


def test_3_2_2_1_an_attendee_s_own_affairs_are_theirs_and_tell_nobody(circle):
    put(circle, *invited(MARIE, PAUL))
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM"
    own = f"TRANSP:TRANSPARENT\r\n{alarm}\r\nEND:VEVENT"
    path = circle.copy(circle.paul)
    assert circle.paul.put(path, circle.text(circle.paul).replace("END:VEVENT", own)).status == 204
    assert circle.inbox(circle.marie) == []


@pytest.mark.parametrize("status", ["ACCEPTED", "DECLINED"])
def test_3_2_2_3_a_scheduled_copy_says_what_became_of_the_answer(circle, status):
    put(circle, *invited(MARIE, PAUL))
    circle.answer(circle.paul, PAUL, status)
    organizer = circle.event(circle.paul).first("ORGANIZER")
    assert organizer is not None
    assert organizer.param("SCHEDULE-STATUS") == "1.2"


def test_3_2_9_the_answer_of_an_organizer_who_is_gone_is_told_as_undeliverable(circle):
    path = put(circle, *invited(MARIE, PAUL))
    assert circle.marie.send("DELETE", path).status == 204
    circle.answer(circle.paul, PAUL, "ACCEPTED")
    organizer = circle.event(circle.paul).first("ORGANIZER")
    assert organizer is not None
    assert organizer.param("SCHEDULE-STATUS") in {"5.1", "3.7"}


def test_3_2_4_2_a_text_with_several_organizers_is_refused_with_its_element(circle):
    text = calendar(
        event(*invited(MARIE, PAUL), WEEKLY),
        event(*invited(MARIE, PAUL, by=PAUL), "RECURRENCE-ID:20261130T080000Z", start="20261130T080000Z"),
    )
    answer = circle.marie.put(circle.marie.agenda + NAME, text)
    assert (answer.status, answer.errors) == (403, (C + "same-organizer-in-all-components",))


def test_3_2_5_an_organizer_who_takes_a_meeting_private_cancels_it(circle):
    put(circle, *invited(MARIE, PAUL, OUTSIDE))
    put(circle)
    assert circle.inbox(circle.paul) == ["REQUEST", "CANCEL"]
    assert [mail.method for mail in circle.mails()] == ["REQUEST", "CANCEL"]


def test_3_2_6_an_instance_added_to_one_attendee_s_plan_is_not_told_to_others(circle):
    put(circle, *invited(MARIE, PAUL), WEEKLY)
    second = event(
        *invited(MARIE, PAUL, ZOE), "SUMMARY:Conseil", "RECURRENCE-ID:20261130T080000Z", start="20261130T080000Z"
    )
    text = calendar(event(*invited(MARIE, PAUL), WEEKLY, "SUMMARY:Conseil"), second)
    assert circle.marie.put(circle.marie.agenda + NAME, text).status == 204
    assert circle.inbox(circle.zoe) == ["REQUEST"]
    assert circle.event(circle.zoe).text("RECURRENCE-ID") == "20261130T080000Z"
    circle.answer(circle.zoe, ZOE, "ACCEPTED")
    parts = itip.read(circle.text(circle.marie, circle.marie.agenda + NAME).encode(), UTC).parts
    said = {key is None: itip.partstat(itip.attendee(each, (ZOE,))) for key, each in parts.items()}
    assert said[False] == "ACCEPTED"


def test_3_2_6_an_instance_given_back_to_its_series_is_told(circle):
    moved = event(*invited(MARIE, PAUL), "SUMMARY:Ailleurs", "RECURRENCE-ID:20261130T080000Z", start="20261130T100000Z")
    series = event(*invited(MARIE, PAUL), WEEKLY, "SUMMARY:Conseil")
    path = circle.marie.agenda + NAME
    assert circle.marie.put(path, calendar(series, moved)).status == 201
    assert "Ailleurs" in circle.text(circle.paul)
    assert circle.marie.put(path, calendar(series)).status == 204
    assert "Ailleurs" not in circle.text(circle.paul)
    assert circle.inbox(circle.paul) == ["REQUEST", "REQUEST"]


def test_3_2_10_the_tag_changes_with_a_request_and_stays_with_answers(circle):
    path = put(circle, *invited(MARIE, PAUL, ZOE))
    first, theirs = schedule_tag(circle.marie, path), schedule_tag(circle.paul, circle.copy(circle.paul))
    circle.answer(circle.zoe, ZOE, "ACCEPTED")
    assert schedule_tag(circle.marie, path) == first
    assert schedule_tag(circle.paul, circle.copy(circle.paul)) == theirs
    put(circle, *invited(MARIE, PAUL, ZOE), "LOCATION:B2")
    assert schedule_tag(circle.marie, path) != first
    assert schedule_tag(circle.paul, circle.copy(circle.paul)) != theirs


def test_7_3_nobody_is_told_what_became_of_messages_to_others(circle):
    put(circle, *invited(MARIE, PAUL, OUTSIDE))
    copy = circle.text(circle.paul)
    assert "SCHEDULE-STATUS" not in copy
    assert "SCHEDULE-AGENT" not in copy


def test_8_1_schedule_reply_speaks_of_deletions_alone(circle):
    put(circle, *invited(MARIE, PAUL))
    circle.answer(circle.paul, PAUL, "ACCEPTED", **{"schedule-reply": "F"})
    assert circle.inbox(circle.marie) == ["REPLY"]


def test_9_1_two_addresses_of_one_person_are_one_attendee(circle):
    put(circle, *invited(MARIE, PAUL, "/dav/principals/paul/"))
    assert len(circle.copies(circle.paul)) == 1
    assert circle.marie.send("DELETE", circle.marie.agenda + NAME).status == 204
    assert circle.event(circle.paul).text("STATUS") == "CANCELLED"


def test_someone_who_was_outside_and_gets_an_account_is_told_here_from_then_on(circle):
    put(circle, *invited(MARIE, "mailto:nouveau@ecole.example"))
    assert [mail.method for mail in circle.mails()] == ["REQUEST"]
    newcomer = circle.newcomer("nouveau", "nouveau@ecole.example")
    put(circle, *invited(MARIE, "mailto:nouveau@ecole.example"), "LOCATION:B2")
    assert circle.event(newcomer).text("LOCATION") == "B2"
    assert [mail.method for mail in circle.mails()] == ["REQUEST"]


def test_9_2_the_calendar_of_invitations_that_everybody_has_is_not_deleted(circle):
    refused = circle.marie.send("DELETE", circle.marie.agenda)
    assert (refused.status, refused.errors) == (403, (C + "default-calendar-needed",))


def test_a_calendar_chosen_for_invitations_can_go_and_the_agenda_takes_its_place(circle):
    marie = circle.marie
    other, inbox, name = marie.home + "conseils/", marie.home + "inbox/", C + "schedule-default-calendar-URL"
    assert marie.send("MKCALENDAR", other).status == 201
    inner = f"<D:set><D:prop><C:schedule-default-calendar-URL><D:href>{other}</D:href>"
    inner += "</C:schedule-default-calendar-URL></D:prop></D:set>"
    marie.send("PROPPATCH", inbox, f"<D:propertyupdate {SPACES}>{inner}</D:propertyupdate>")
    assert marie.propfind(inbox, name).row.text(name) == other
    assert marie.send("DELETE", other).status == 204
    assert marie.propfind(inbox, name).row.text(name) == marie.agenda
