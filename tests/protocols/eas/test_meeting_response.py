"""Invitations answered on a phone: the organizer learns of it, the calendar follows."""

from dataclasses import replace

import pytest

from storage import contentlines
from storage.model import Role
from tests.eas.client import AOSP
from tests.eas.commands import respond
from tests.protocols.eas.harness import LocalPhone, event, subjects

ADA, PROF = "ada@school.example", "prof@school.example"
GUESTS = (f"ORGANIZER:mailto:{PROF}", f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{ADA}")
WEEKLY = ("RRULE:FREQ=WEEKLY;COUNT=6", *GUESTS)


@pytest.fixture
def prof(school):
    """A teacher who invites."""
    return school.person("prof", Role.TEACHER)


@pytest.fixture
def invite(school, ada, prof):
    """Let the teacher write a meeting; returns the item of Ada's copy."""

    def written(uid: str, *more: str) -> int:
        text = event(uid, f"Meeting {uid}", "20261201T080000Z", "20261201T090000Z", *more)
        with school.writing() as tx:
            tx.scheduling.put(school.calendar(tx, prof), f"{uid}.ics", text)
            item: int = tx.objects.by_uid(school.calendar(tx, ada), uid).item
        return item

    return written


@pytest.fixture
def answers(school, prof):
    """Return what the organizer knows of Ada: PARTSTAT by RECURRENCE-ID, "" for the series."""

    def known(uid: str) -> dict[str, str | None]:
        with school.reading() as tx:
            root = contentlines.parse(tx.objects.by_uid(school.calendar(tx, prof), uid).ical)
        found = {}
        for each in root.children("VEVENT"):
            for prop in each.all("ATTENDEE"):
                if ADA in prop.value:
                    found[each.text("RECURRENCE-ID") or ""] = prop.param("PARTSTAT")
        return found

    return known


@pytest.mark.parametrize("said", ["ACCEPTED", "TENTATIVE"])
@pytest.mark.parametrize("named", ["RequestId", "LongId"])
def test_an_answer_reaches_the_organizer(phone, agenda, invite, answers, said, named):
    answer = {"ACCEPTED": 1, "TENTATIVE": 2}[said]
    name = f"{agenda}:{invite('m', *GUESTS)}"
    phone.sync_all(agenda)
    facts = {"CollectionId": agenda, "RequestId": name} if named == "RequestId" else {"LongId": name}
    assert respond(phone, answer, **facts) == ("1", name)
    assert answers("m") == {"": said}
    assert phone.sync(agenda).changed == [name]
    assert respond(phone, answer, **facts) == ("1", name)
    assert phone.quiet(agenda)


def test_a_declined_meeting_leaves_the_calendar(school, ada, phone, agenda, invite, answers):
    name = f"{agenda}:{invite('m', *GUESTS)}"
    phone.sync_all(agenda)
    phone.lose_answer = 1
    assert respond(phone, 3, CollectionId=agenda, RequestId=name) == ("1", None)
    assert answers("m") == {"": "DECLINED"}
    assert phone.sync(agenda).deleted == [name]
    assert respond(phone, 1, CollectionId=agenda, RequestId=name) == ("2", None)


@pytest.mark.parametrize(("answer", "said"), [(1, "ACCEPTED"), (3, "DECLINED")])
def test_one_occurrence_is_answered_by_itself(phone, agenda, invite, answers, answer, said):
    name = f"{agenda}:{invite('m', *WEEKLY)}"
    phone.sync_all(agenda)
    facts = {"CollectionId": agenda, "RequestId": name, "InstanceId": "2026-12-08T08:00:00.000Z"}
    phone.lose_answer = 1
    status, kept = respond(phone, answer, **facts)
    assert (status, kept) == ("1", name if answer == 1 else None)
    assert answers("m") == {"": "NEEDS-ACTION", "20261208T080000Z": said}
    phone.sync(agenda)
    exceptions = phone.items[agenda][name].find("Calendar:Exceptions").all("Calendar:Exception")
    deleted = [each.value("Calendar:Deleted") for each in exceptions]
    assert deleted == (["1"] if answer == 3 else [None])


def test_android_names_an_occurrence_by_where_it_was_moved(school, prof, phone, agenda, invite, answers):
    name = f"{agenda}:{invite('m', *WEEKLY)}"
    with school.writing() as tx:
        calendar = school.calendar(tx, prof)
        found = tx.objects.by_uid(calendar, "m")
        moved = event("m", "Moved", "20261208T140000Z", "20261208T150000Z", "RECURRENCE-ID:20261208T080000Z", *GUESTS)
        body = moved.split(b"PRODID:-//Test//EN\r\n")[1].removesuffix(b"END:VCALENDAR\r\n")
        tx.scheduling.put(calendar, found.href, found.ical.replace(b"END:VCALENDAR", body + b"END:VCALENDAR"))
    for instance in ("2026-12-08T14:00:00.000Z", "2026-12-08T08:00:00.000Z"):
        said = respond(phone, 2, CollectionId=agenda, RequestId=name, InstanceId=instance)
        assert said == ("1", name)
        assert answers("m")["20261208T080000Z"] == "TENTATIVE"


def test_days_are_named_by_their_date(school, ada, prof, phone, agenda, answers):
    text = event("d", "Trip", "20261201", "20261202", *WEEKLY).replace(b"DTSTART:", b"DTSTART;VALUE=DATE:")
    with school.writing() as tx:
        tx.scheduling.put(school.calendar(tx, prof), "d.ics", text.replace(b"DTEND:", b"DTEND;VALUE=DATE:"))
        item = tx.objects.by_uid(school.calendar(tx, ada), "d").item
    for instance, status in [
        ("2026-12-08T00:00:00.000Z", "1"),
        ("2026-12-14T23:00:00.000Z", "1"),
        ("2026-12-16T00:00:00.000Z", "2"),
    ]:
        facts = {"CollectionId": agenda, "RequestId": f"{agenda}:{item}", "InstanceId": instance}
        assert respond(phone, 1, **facts)[0] == status
    assert answers("d") == {"": "NEEDS-ACTION", "20261208": "ACCEPTED", "20261215": "ACCEPTED"}


def test_an_occurrence_shown_by_itself_is_answered_by_its_own_id(phone, agenda, invite, answers):
    invite("m", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=4", *GUESTS)
    phone.sync_all(agenda)
    name = sorted(phone.items[agenda])[1]
    assert respond(phone, 1, CollectionId=agenda, RequestId=name) == ("1", name)
    assert answers("m") == {"": "NEEDS-ACTION", "20261215T080000Z": "ACCEPTED"}


def test_what_cannot_be_answered_has_its_status(school, ada, prof, phone, agenda, invite):
    meeting, single = f"{agenda}:{invite('m', *WEEKLY)}", f"{agenda}:{invite('s', *GUESTS)}"
    called_off = invite("c", *GUESTS)
    with school.writing() as tx:
        tx.scheduling.delete(school.calendar(tx, prof), "c.ics")
    plain = f"{agenda}:{school.put(ada, 'p', event('p', 'Plain'))}"
    theirs = school.folder(prof)
    with school.reading() as tx:
        foreign = f"{theirs}:{tx.objects.by_uid(school.calendar(tx, prof), 'm').item}"
    here = {"CollectionId": agenda}
    cases = [
        ({**here, "RequestId": plain}, "2"),
        ({**here, "RequestId": f"{agenda}:{called_off}"}, "2"),
        ({**here, "RequestId": f"{agenda}:999999"}, "2"),
        ({**here, "RequestId": "nonsense"}, "2"),
        ({**here, "RequestId": ""}, "2"),
        ({"RequestId": meeting}, "2"),
        ({"CollectionId": theirs, "RequestId": foreign}, "2"),
        ({**here, "RequestId": foreign}, "2"),
        ({"LongId": foreign}, "2"),
        ({"LongId": "nonsense"}, "2"),
        ({"CollectionId": "m2", "RequestId": "m2:1"}, "2"),
        ({**here, "RequestId": meeting, "LongId": meeting}, "2"),
        (here, "2"),
        ({**here, "RequestId": meeting, "InstanceId": "2026-12-09T08:00:00.000Z"}, "2"),
        ({**here, "RequestId": meeting, "InstanceId": "yesterday"}, "2"),
        ({**here, "RequestId": single, "InstanceId": "2026-12-01T08:00:00.000Z"}, "146"),
    ]
    for facts, status in cases:
        assert respond(phone, 1, **facts) == (status, None), facts
    for answer in (0, 4, "yes", ""):
        assert respond(phone, answer, CollectionId=agenda, RequestId=meeting) == ("2", None)


def test_the_organizer_has_nothing_to_answer(school, prof, invite):
    invite("m", *GUESTS)
    phone = LocalPhone(school.store, prof)
    phone.connect()
    folder = school.folder(prof)
    phone.sync_all(folder)
    (name,) = phone.items[folder]
    assert respond(phone, 3, CollectionId=folder, RequestId=name) == ("2", None)
    phone.sync_all(folder)
    assert subjects(phone.items[folder]) == ["Meeting m"]


def test_answers_are_given_in_order_and_each_by_itself(phone, agenda, invite, answers):
    name = f"{agenda}:{invite('m', *GUESTS)}"
    requests = [
        ("MeetingResponse:Request", [("MeetingResponse:UserResponse", answer), ("Search:LongId", each)])
        for answer, each in [(1, "c1:1"), (2, name), (1, name)]
    ]
    root = phone.post("MeetingResponse", ("MeetingResponse:MeetingResponse", requests)).root
    assert [each.value("MeetingResponse:Status") for each in root.children] == ["2", "1", "1"]
    assert answers("m") == {"": "ACCEPTED"}


@pytest.mark.parametrize("count", [0, 101])
def test_no_request_and_too_many_are_refused_whole(phone, count):
    requests = count * [("MeetingResponse:Request", None)]
    root = phone.post("MeetingResponse", ("MeetingResponse:MeetingResponse", requests)).root
    assert root.value("MeetingResponse:Status") == "103"


def test_old_phones_answer_too(school, ada, agenda, invite, answers):
    phone = LocalPhone(school.store, ada, manner=replace(AOSP, version="12.1"))
    name = f"{agenda}:{invite('m', *GUESTS)}"
    assert respond(phone, 1, CollectionId=agenda, RequestId=name) == ("1", name)
    assert answers("m") == {"": "ACCEPTED"}
    instance = "2026-12-01T08:00:00.000Z"
    assert respond(phone, 1, CollectionId=agenda, RequestId=name, InstanceId=instance) == ("2", None)
