"""Implicit scheduling between people of one school, over requests, on both databases (RFC 6638, 3)."""

from datetime import UTC

import pytest

from storage import itip
from storage.model import CollectionPatch
from tests.protocols.caldav.client import C, D, event_text
from tests.protocols.caldav.meetings import LEO_PATH, MARIE, NAME, OUTSIDE, PAUL, Circle, gather, schedule_tag
from tests.storage.meetings import WEEKLY, ZOE, calendar, event, invited


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request):
    """Deliveries write for several people at once: both databases."""
    return request.param


@pytest.fixture
def circle(store) -> Circle:
    """Two teachers and two pupils."""
    return gather(store)


def test_an_invitation_reaches_the_agenda_and_the_inbox_of_its_attendee(circle):
    path = circle.meet(MARIE, PAUL)
    assert circle.event(circle.paul).text("SUMMARY") == "Conseil"
    assert circle.inbox(circle.paul) == ["REQUEST"]
    line = itip.attendee(circle.event(circle.marie, path), (PAUL,))
    assert line is not None
    assert line.param("SCHEDULE-STATUS") == "1.2"
    assert circle.copies(circle.zoe) == []


def test_someone_without_mail_is_invited_by_the_path_of_their_principal(circle):
    circle.meet(MARIE, f"https://cadran.example{LEO_PATH}")
    assert circle.event(circle.leo).text("SUMMARY") == "Conseil"
    assert circle.answer(circle.leo, f"https://cadran.example{LEO_PATH}", "ACCEPTED") == 204
    assert circle.partstat(circle.marie, f"https://cadran.example{LEO_PATH}") == "ACCEPTED"


@pytest.mark.parametrize("status", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_an_answer_reaches_the_organizer_and_leaves_the_schedule_tag(circle, status):
    path = circle.meet(MARIE, PAUL, ZOE)
    tag = schedule_tag(circle.marie, path)
    assert circle.answer(circle.paul, PAUL, status) == 204
    assert circle.partstat(circle.marie, PAUL) == status
    assert circle.partstat(circle.marie, ZOE) == "NEEDS-ACTION"
    assert circle.inbox(circle.marie) == ["REPLY"]
    assert schedule_tag(circle.marie, path) == tag


def test_other_attendees_see_an_answer_without_being_told(circle):
    circle.meet(MARIE, PAUL, ZOE)
    tag = schedule_tag(circle.zoe, circle.copy(circle.zoe))
    circle.answer(circle.paul, PAUL, "ACCEPTED")
    line = itip.attendee(circle.event(circle.zoe), (PAUL,))
    assert line is not None
    assert (itip.partstat(line), line.param("SCHEDULE-STATUS")) == ("ACCEPTED", None)
    assert circle.inbox(circle.zoe) == ["REQUEST"]
    assert schedule_tag(circle.zoe, circle.copy(circle.zoe)) == tag


def test_a_move_asks_everybody_again_and_keeps_their_alarms(circle):
    path = circle.meet(MARIE, PAUL)
    circle.answer(circle.paul, PAUL, "ACCEPTED")
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT"
    assert (
        circle.paul.put(circle.copy(circle.paul), circle.text(circle.paul).replace("END:VEVENT", alarm)).status == 204
    )
    moved = circle.text(circle.marie, path).replace("20261123T080000Z", "20261123T100000Z")
    assert circle.marie.put(path, moved).status == 204
    found = circle.event(circle.paul)
    assert (found.text("DTSTART"), found.text("SEQUENCE")) == ("20261123T100000Z", "1")
    assert len(found.children("VALARM")) == 1
    assert circle.partstat(circle.paul, PAUL) == "NEEDS-ACTION"
    assert circle.inbox(circle.paul) == ["REQUEST", "REQUEST"]


def test_the_same_writing_twice_tells_nobody_twice(circle):
    circle.meet(MARIE, PAUL, OUTSIDE)
    circle.meet(MARIE, PAUL, OUTSIDE)
    assert circle.inbox(circle.paul) == ["REQUEST"]
    assert [mail.method for mail in circle.mails()] == ["REQUEST"]


def test_a_writing_that_is_refused_tells_nobody(circle):
    path = circle.marie.agenda + NAME
    text = calendar(event(*invited(MARIE, PAUL)))
    assert circle.marie.put(path, text, if_match='"none"').status == 412
    assert circle.marie.put(path, text.replace("DTSTART:", "DTSTART:x")).status == 403
    assert circle.copies(circle.paul) == []


def test_deleting_cancels_and_deleting_a_cancelled_copy_answers_nothing(circle):
    path = circle.meet(MARIE, PAUL)
    assert circle.marie.send("DELETE", path).status == 204
    assert circle.event(circle.paul).text("STATUS") == "CANCELLED"
    assert circle.inbox(circle.paul) == ["REQUEST", "CANCEL"]
    assert circle.paul.send("DELETE", circle.copy(circle.paul)).status == 204
    assert circle.inbox(circle.marie) == []


@pytest.mark.parametrize(("header", "expected"), [("T", "DECLINED"), ("F", "NEEDS-ACTION")])
def test_an_attendee_who_deletes_declines_unless_they_say_not_to_answer(circle, header, expected):
    circle.meet(MARIE, PAUL)
    assert circle.paul.send("DELETE", circle.copy(circle.paul), schedule_reply=header).status == 204
    assert circle.partstat(circle.marie, PAUL) == expected


def test_deleting_a_whole_calendar_cancels_what_was_in_it(circle):
    box = circle.marie.home + "club/"
    assert circle.marie.send("MKCALENDAR", box).status == 201
    assert circle.marie.put(box + NAME, calendar(event(*invited(MARIE, PAUL)))).status == 201
    assert circle.marie.send("DELETE", box).status == 204
    assert circle.event(circle.paul).text("STATUS") == "CANCELLED"


def test_an_attendee_added_is_invited_and_one_removed_is_cancelled(circle):
    path = circle.meet(MARIE, PAUL)
    circle.meet(MARIE, ZOE)
    assert circle.event(circle.zoe).text("SUMMARY") == "Conseil"
    assert circle.event(circle.paul).text("STATUS") == "CANCELLED"
    assert schedule_tag(circle.marie, path)


SERIES = calendar(event(*invited(MARIE, PAUL), WEEKLY))


def test_an_instance_declined_by_the_attendee_is_so_for_the_organizer_alone(circle):
    assert circle.marie.put(circle.marie.agenda + NAME, SERIES).status == 201
    without = circle.text(circle.paul).replace("RRULE:", "EXDATE:20261130T080000Z\r\nRRULE:")
    assert circle.paul.put(circle.copy(circle.paul), without).status == 204
    found = itip.read(circle.text(circle.marie).encode(), UTC)
    declined = {key: itip.partstat(itip.attendee(each, (PAUL,))) for key, each in found.parts.items()}
    assert sorted(declined.values()) == ["DECLINED", "NEEDS-ACTION"]


def test_an_instance_the_organizer_takes_out_goes_from_the_attendees_series(circle):
    path = circle.marie.agenda + NAME
    circle.marie.put(path, SERIES)
    without = circle.text(circle.marie, path).replace("RRULE:", "EXDATE:20261130T080000Z\r\nRRULE:")
    assert circle.marie.put(path, without).status == 204
    assert circle.event(circle.paul).text("EXDATE") == "20261130T080000Z"
    assert circle.inbox(circle.paul) == ["REQUEST", "CANCEL"]


def test_someone_invited_to_one_instance_sees_that_one(circle):
    single = event(*invited(MARIE, PAUL, ZOE), "RECURRENCE-ID:20261130T080000Z", start="20261130T090000Z")
    circle.marie.put(circle.marie.agenda + NAME, calendar(event(*invited(MARIE, PAUL), WEEKLY), single))
    assert circle.event(circle.zoe).text("RECURRENCE-ID") == "20261130T080000Z"
    assert circle.text(circle.paul).count("BEGIN:VEVENT") == 2


@pytest.mark.parametrize("agent", ["CLIENT", "NONE"])
def test_attendees_of_the_clients_own_scheduling_are_left_to_it(circle, agent):
    text = calendar(event(*invited(MARIE, PAUL, OUTSIDE, SCHEDULE_AGENT=agent)))
    assert circle.marie.put(circle.marie.agenda + NAME, text).status == 201
    assert circle.copies(circle.paul) == []
    assert circle.mails() == []


def test_a_forced_request_goes_out_and_the_wish_is_not_kept(circle):
    path = circle.meet(MARIE, PAUL)
    text = circle.text(circle.marie, path).replace(f":{PAUL}", f";SCHEDULE-FORCE-SEND=REQUEST:{PAUL}")
    assert circle.marie.put(path, text).status == 204
    assert circle.inbox(circle.paul) == ["REQUEST", "REQUEST"]
    assert "FORCE-SEND" not in circle.text(circle.marie, path)


REFUSED = "allowed-attendee-scheduling-object-change"


@pytest.mark.parametrize(
    ("old", "new", "precondition"),
    [
        ("DTSTART:20261123T080000Z", "DTSTART:20261123T090000Z", REFUSED),
        ("SUMMARY:Conseil", "SUMMARY:Fête", REFUSED),
        (f"ORGANIZER:{MARIE}", f"ORGANIZER:{PAUL}", REFUSED),
        (f"ATTENDEE:{PAUL}", "X-NOTHING:1", REFUSED),
    ],
)
def test_an_attendee_does_not_change_what_is_the_organizers(circle, old, new, precondition):
    circle.meet(MARIE, PAUL)
    before = circle.text(circle.paul)
    assert old in before
    answer = circle.paul.put(circle.copy(circle.paul), before.replace(old, new))
    assert (answer.status, answer.errors) == (403, (C + precondition,))
    assert circle.text(circle.paul) == before


def test_an_organizer_does_not_hand_a_meeting_over(circle):
    path = circle.meet(MARIE, PAUL)
    answer = circle.marie.put(path, calendar(event(*invited(MARIE, PAUL, by=PAUL))))
    assert (answer.status, answer.errors) == (403, (C + "allowed-organizer-scheduling-object-change",))


def test_two_organizers_in_one_object_are_refused(circle):
    second = event(*invited(PAUL, by=PAUL), "RECURRENCE-ID:20261130T080000Z", start="20261130T080000Z")
    text = calendar(event(*invited(MARIE, PAUL), WEEKLY), second)
    answer = circle.marie.put(circle.marie.agenda + NAME, text)
    assert (answer.status, answer.errors) == (403, (C + "same-organizer-in-all-components",))


def test_a_second_object_about_a_meeting_is_refused_with_the_first_ones_address(circle):
    path = circle.meet(MARIE, PAUL)
    box = circle.marie.home + "club/"
    circle.marie.send("MKCALENDAR", box)
    answer = circle.marie.put(box + "autre.ics", calendar(event(*invited(MARIE, PAUL))))
    assert (answer.status, answer.errors) == (403, (C + "unique-scheduling-object-resource",))
    assert path.encode() in answer.body
    assert circle.inbox(circle.paul) == ["REQUEST"]


def test_too_many_attendees_are_refused(circle):
    crowd = [f"mailto:p{number}@dehors.example" for number in range(501)]
    answer = circle.marie.put(circle.marie.agenda + NAME, calendar(event(*invited(MARIE, *crowd))))
    assert (answer.status, answer.errors) == (403, (C + "max-attendees-per-instance",))
    assert circle.mails() == []


def test_a_schedule_tag_lets_answers_that_came_meanwhile_stand(circle):
    path = circle.meet(MARIE, PAUL)
    got = circle.marie.send("GET", path)
    circle.answer(circle.paul, PAUL, "ACCEPTED")
    edited = got.body.decode().replace("SUMMARY:Conseil", "SUMMARY:Conseil de classe")
    assert circle.marie.put(path, edited, if_match=got.etag).status == 412
    assert circle.marie.put(path, edited, if_schedule_tag_match=got.headers["Schedule-Tag"]).status == 204
    assert circle.partstat(circle.marie, PAUL) == "ACCEPTED"


def test_an_attendee_who_only_answers_keeps_the_schedule_tag(circle):
    circle.meet(MARIE, PAUL)
    path = circle.copy(circle.paul)
    before = schedule_tag(circle.paul, path)
    assert circle.answer(circle.paul, PAUL, "ACCEPTED", if_schedule_tag_match=f'"{before.strip(chr(34))}"') == 204
    assert circle.partstat(circle.paul, PAUL) == "ACCEPTED"
    assert schedule_tag(circle.paul, path) == before
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"
    assert circle.paul.put(path, circle.text(circle.paul).replace("END:VEVENT", alarm)).status == 204
    assert schedule_tag(circle.paul, path) != before


def test_a_schedule_tag_of_before_an_update_is_refused(circle):
    path = circle.meet(MARIE, PAUL)
    tag = circle.paul.send("GET", circle.copy(circle.paul)).headers["Schedule-Tag"]
    circle.marie.put(path, circle.text(circle.marie, path).replace("Conseil", "Bilan"))
    assert circle.answer(circle.paul, PAUL, "ACCEPTED", if_schedule_tag_match=tag) == 412
    assert circle.paul.send("DELETE", circle.copy(circle.paul), if_schedule_tag_match=tag).status == 412


@pytest.mark.parametrize("headers", [{"if_schedule_tag_match": '"a", "b"'}, {"schedule_reply": "maybe"}])
def test_malformed_headers_are_told(circle, headers):
    answer = circle.marie.put(circle.marie.agenda + NAME, event_text("1"), **headers)
    assert answer.status == 400


def test_what_is_no_meeting_has_no_schedule_tag_and_keeps_its_etag(circle):
    answer = circle.marie.put(circle.marie.agenda + "a.ics", event_text("a"))
    assert "ETag" in answer.headers
    assert "Schedule-Tag" not in answer.headers
    circle.meet(MARIE, PAUL)
    rows = circle.marie.propfind(circle.marie.agenda, C + "schedule-tag", depth="1").rows
    assert {path.rpartition("/")[2]: sorted(row.props) for path, row in rows.items()} == {
        "": [404],
        "a.ics": [404],
        NAME: [200],
    }


def test_an_etag_is_told_only_of_the_text_that_was_sent(circle):
    text = calendar(event(*invited(MARIE, PAUL)))
    answer = circle.marie.put(circle.marie.agenda + NAME, text)
    assert "ETag" not in answer.headers
    assert "Schedule-Tag" in answer.headers
    assert circle.marie.send("GET", circle.marie.agenda + NAME).body != text.encode()


def test_a_moved_meeting_stays_one_and_tells_nobody(circle):
    path = circle.meet(MARIE, PAUL)
    box = circle.marie.home + "club/"
    circle.marie.send("MKCALENDAR", box)
    assert circle.marie.send("MOVE", path, destination=box + NAME).status == 201
    assert circle.inbox(circle.paul) == ["REQUEST"]
    circle.answer(circle.paul, PAUL, "ACCEPTED")
    assert circle.partstat(circle.marie, PAUL, box + NAME) == "ACCEPTED"


def test_a_copy_of_a_meeting_would_be_a_second_one_and_is_refused(circle):
    path = circle.meet(MARIE, PAUL)
    box = circle.marie.home + "club/"
    circle.marie.send("MKCALENDAR", box)
    answer = circle.marie.send("COPY", path, destination=box + NAME)
    assert (answer.status, answer.errors) == (403, (C + "unique-scheduling-object-resource",))
    assert circle.copies(circle.marie, box) == []
    assert circle.inbox(circle.paul) == ["REQUEST"]


def test_what_is_put_by_copying_into_an_empty_account_is_scheduled_there(circle):
    circle.marie.put(circle.marie.agenda, calendar(event(*invited(MARIE, PAUL))))
    (imported,) = circle.copies(circle.marie)
    box = circle.marie.home + "club/"
    circle.marie.send("MKCALENDAR", box)
    assert circle.inbox(circle.paul) == []
    answer = circle.marie.send("COPY", imported, destination=box + NAME)
    assert answer.status == 201
    assert "Schedule-Tag" in answer.headers
    assert circle.inbox(circle.paul) == ["REQUEST"]


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_schedule_tag_is_a_condition_of_copies_and_moves(circle, method):
    path = circle.meet(MARIE, PAUL)
    box = circle.marie.home + "club/"
    circle.marie.send("MKCALENDAR", box)
    headers = {"destination": box + NAME, "if-schedule-tag-match": '"another"'}
    assert circle.marie.send(method, path, **headers).status == 412
    assert circle.copies(circle.marie, box) == []


def test_a_moved_meeting_keeps_its_schedule_tag_and_tells_it(circle):
    path = circle.meet(MARIE, PAUL)
    before = schedule_tag(circle.marie, path)
    box = circle.marie.home + "club/"
    circle.marie.send("MKCALENDAR", box)
    moved = circle.marie.send("MOVE", path, destination=box + NAME)
    assert moved.headers["Schedule-Tag"] == schedule_tag(circle.marie, box + NAME) == before


def test_a_private_event_of_the_same_uid_is_not_touched_by_an_invitation(circle):
    mine = event_text("reunion", "Mon secret")
    circle.paul.put(circle.paul.agenda + "a.ics", mine)
    circle.meet(MARIE, PAUL)
    assert circle.paul.send("GET", circle.paul.agenda + "a.ics").body == mine.encode()


def test_unknown_and_outside_attendees_get_the_status_that_says_so(circle):
    path = circle.meet(MARIE, OUTSIDE, "urn:uuid:none", "/dav/principals/nobody/")
    found = {
        who: line.param("SCHEDULE-STATUS") for who, line in itip.attendees(circle.event(circle.marie, path)).items()
    }
    assert found == {MARIE: None, OUTSIDE: "1.1", "urn:uuid:none": "3.7", "/dav/principals/nobody/": "3.7"}
    assert [(mail.sender, mail.recipient) for mail in circle.mails()] == [(MARIE, OUTSIDE)]


def test_what_pupils_schedule_is_not_mailed_outside(circle):
    text = calendar(event(*invited(ZOE, OUTSIDE, by=ZOE)))
    assert circle.zoe.put(circle.zoe.agenda + NAME, text).status == 201
    line = itip.attendee(circle.event(circle.zoe), (OUTSIDE,))
    assert line is not None
    assert line.param("SCHEDULE-STATUS") == "3.8"
    assert circle.mails() == []


def test_an_import_of_a_whole_file_invites_nobody(circle):
    text = calendar(event(*invited(MARIE, PAUL, OUTSIDE)))
    assert circle.marie.put(circle.marie.agenda, text).status == 207
    assert circle.copies(circle.paul) == []
    assert circle.mails() == []


def test_the_inbox_is_read_and_emptied_and_not_written(circle):
    circle.meet(MARIE, PAUL)
    box = circle.paul.home + "inbox/"
    (message,) = circle.copies(circle.paul, box)
    row = circle.paul.propfind(box, D + "resourcetype", C + "schedule-default-calendar-URL").row
    assert row.names(D + "resourcetype") == {D + "collection", C + "schedule-inbox"}
    assert row.text(C + "schedule-default-calendar-URL") == circle.paul.agenda
    assert circle.paul.put(box + "x.ics", event_text("x")).status == 403
    assert circle.paul.send("DELETE", box).status == 403
    hits = circle.paul.query(
        box, '<C:comp-filter name="VEVENT"><C:time-range start="20261123T000000Z"/></C:comp-filter>'
    )
    assert list(hits.rows) == [message]
    assert circle.paul.send("DELETE", message).status == 204
    assert circle.copies(circle.paul, box) == []
    assert circle.marie.propfind(box, D + "resourcetype").status == 403
    assert circle.zoe.propfind(circle.leo.home + "inbox/", D + "resourcetype").status == 404


@pytest.mark.parametrize("name", ["inbox", "outbox"])
def test_no_calendar_is_made_where_inbox_and_outbox_are(circle, name):
    assert circle.marie.send("MKCALENDAR", f"{circle.marie.home}{name}/").status == 403


def test_people_tell_where_their_inbox_and_outbox_are(circle):
    row = circle.marie.propfind(circle.marie.principal, C + "schedule-inbox-URL", C + "schedule-outbox-URL").row
    assert row.text(C + "schedule-inbox-URL") == circle.marie.home + "inbox/"
    outbox = row.text(C + "schedule-outbox-URL")
    assert circle.marie.propfind(outbox, D + "resourcetype").row.names(D + "resourcetype") == {
        D + "collection",
        C + "schedule-outbox",
    }
    assert "calendar-auto-schedule" in circle.marie.send("OPTIONS", outbox).headers["DAV"]


QUESTION = "\r\n".join(
    (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//EN", "METHOD:REQUEST", "BEGIN:VFREEBUSY", "UID:q"),
        *("DTSTAMP:20261122T000000Z", "DTSTART:20261123T000000Z", "DTEND:20261124T000000Z", "ORGANIZER:{by}"),
        *("{attendees}", "END:VFREEBUSY", "END:VCALENDAR", ""),
    )
)


def ask(person, by: str, *who: str) -> dict[str, tuple[str, str]]:
    """Ask when people are busy; returns request-status and calendar-data by recipient."""
    text = QUESTION.format(by=by, attendees="\r\n".join(f"ATTENDEE:{each}" for each in who))
    answer = person.send("POST", person.home + "outbox/", text, content_type="text/calendar")
    assert answer.status == 200, answer.body
    root = answer.tree
    return {
        each.findtext(f"{C}recipient/{D}href") or "": (
            each.findtext(C + "request-status") or "",
            each.findtext(C + "calendar-data") or "",
        )
        for each in root.findall(C + "response")
    }


def test_teachers_see_when_others_are_busy_and_not_why(circle):
    circle.meet(MARIE, PAUL)
    circle.paul.put(circle.paul.agenda + "a.ics", event_text("a", "Dentiste", "20261123T140000Z"))
    status, data = ask(circle.marie, MARIE, PAUL)[PAUL]
    assert status.startswith("2.0")
    assert "FREEBUSY;FBTYPE=BUSY:20261123T140000Z/20261123T150000Z" in data
    assert "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20261123T080000Z/20261123T090000Z" in data
    assert "Dentiste" not in data


def test_what_was_declined_and_what_is_transparent_leaves_one_free(circle):
    circle.meet(MARIE, PAUL)
    circle.answer(circle.paul, PAUL, "DECLINED")
    box = circle.paul.home + "club/"
    circle.paul.send("MKCALENDAR", box)
    circle.paul.put(box + "a.ics", event_text("a", "Piscine", "20261123T140000Z"))
    assert "FREEBUSY;" in ask(circle.marie, MARIE, PAUL)[PAUL][1]
    body = '<D:propertyupdate xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
    body += (
        "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp></D:prop></D:set></D:propertyupdate>"
    )
    assert circle.paul.send("PROPPATCH", box, body).row.props.keys() == {200}
    assert "FREEBUSY;" not in ask(circle.marie, MARIE, PAUL)[PAUL][1]
    row = circle.paul.propfind(box, C + "schedule-calendar-transp").row
    assert row.names(C + "schedule-calendar-transp") == {C + "transparent"}


def test_pupils_learn_only_when_they_themselves_are_busy(circle):
    answers = ask(circle.zoe, ZOE, ZOE, PAUL, LEO_PATH, "mailto:nobody@ecole.example")
    assert {who: status[:3] for who, (status, _) in answers.items()} == {
        ZOE: "2.0",
        PAUL: "3.8",
        LEO_PATH: "3.8",
        # Who there is cannot be found out by asking.
        "mailto:nobody@ecole.example": "3.8",
    }
    assert ask(circle.marie, MARIE, "mailto:nobody@ecole.example")["mailto:nobody@ecole.example"][0][:3] == "3.7"


@pytest.mark.parametrize(
    ("old", "new", "precondition"),
    [
        ("ORGANIZER:{by}", f"ORGANIZER:{PAUL}", "valid-organizer"),
        ("ORGANIZER:{by}\r\n", "", "valid-organizer"),
        ("METHOD:REQUEST", "METHOD:REPLY", "valid-scheduling-message"),
        ("VFREEBUSY", "VEVENT", "valid-scheduling-message"),
        ("DTEND:20261124T000000Z", "DTEND:20261122T000000Z", "valid-scheduling-message"),
        ("DTEND:20261124T000000Z", "DTEND:20291124T000000Z", "valid-scheduling-message"),
        ("DTSTART:20261123T000000Z", "DTSTART:soon", "valid-calendar-data"),
        ("{attendees}\r\n", "", "valid-scheduling-message"),
        ("END:VCALENDAR", "", "valid-calendar-data"),
    ],
)
def test_a_question_that_cannot_be_is_refused(circle, old, new, precondition):
    text = QUESTION.replace(old, new).format(by=MARIE, attendees=f"ATTENDEE:{PAUL}")
    answer = circle.marie.send("POST", circle.marie.home + "outbox/", text)
    assert (answer.status, answer.errors) == (403, (C + precondition,))


def test_nobody_asks_through_the_outbox_of_another(circle):
    text = QUESTION.format(by=PAUL, attendees=f"ATTENDEE:{PAUL}")
    assert circle.marie.send("POST", circle.paul.home + "outbox/", text).status == 403
    assert circle.zoe.send("POST", circle.leo.home + "outbox/", text).status == 404


def test_a_transparent_calendar_is_remembered_by_storage(circle):
    school = circle.marie.person.school_id
    with circle.store.writing(school) as tx:
        seen = tx.collections.subscribed(circle.marie.person)[0]
        assert tx.collections.update(circle.marie.person, seen, CollectionPatch(transparent=True)).transparent
