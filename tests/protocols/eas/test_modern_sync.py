"""Phones that speak 16.1: what Sync, MeetingResponse and OPTIONS say to them beside what they say to all."""

import email
import email.policy
from dataclasses import replace

import pytest

from storage.model import Settings
from tests.eas.items import add, change
from tests.eas.wire import AOSP, IOS, TBSYNC_16
from tests.protocols.eas.harness import LocalPhone, Timetable, at, event, instance, statuses
from tests.protocols.eas.test_meeting_response import GUESTS, WEEKLY, answers, invite, prof

__all__ = ["answers", "invite", "prof"]
SERIES = ("RRULE:FREQ=WEEKLY;COUNT=4",)
ZONE = "".join(
    f"{line}\r\n"
    for line in (
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:STANDARD",
        "DTSTART:19701025T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
)
TIMES = [("Calendar:StartTime", "20261201T080000Z"), ("Calendar:EndTime", "20261201T090000Z")]


def text(school, person, uid):
    with school.reading() as tx:
        return tx.objects.by_uid(school.calendar(tx, person), uid).ical.decode()


@pytest.fixture
def apple(school, ada):
    """Ada's iPhone, connected."""
    phone = LocalPhone(school.store, ada, "IPHONE1", manner=IOS)
    phone.connect()
    return phone


@pytest.fixture
def series(school, ada, apple, agenda):
    """The id of a weekly series that the iPhone holds."""
    school.put(ada, "s", event("s", "Maths", "20261123T080000Z", "20261123T090000Z", *SERIES))
    apple.sync_all(agenda)
    (held,) = apple.items[agenda]
    return held


@pytest.mark.parametrize("manner", [IOS, TBSYNC_16], ids=lambda manner: manner.name)
def test_an_added_event_is_answered_with_its_uid(school, ada, agenda, manner):
    phone = LocalPhone(school.store, ada, "NEW1", manner=manner)
    phone.connect()
    phone.sync_all(agenda)
    data = [("Calendar:ClientUid", "c-1"), ("Calendar:Subject", "Dentist"), *TIMES]
    made = phone.sync(agenda, [add("1", data)])
    assert at(made.responses[0]).value("AirSync:ApplicationData", "Calendar:UID") == "c-1"
    assert "SUMMARY:Dentist" in text(school, ada, "c-1")
    assert phone.sync_all(agenda).quiet
    again = phone.sync(agenda, [add("2", data)])
    assert at(again.responses[0]).value("AirSync:ServerId") == at(made.responses[0]).value("AirSync:ServerId")


def test_an_event_that_changes_by_the_server_comes_back_as_the_server_has_it(school, ada, apple, agenda):
    apple.sync_all(agenda)
    attached = ("AirSyncBase:Attachments", [("AirSyncBase:Add", [("AirSyncBase:ClientId", "a")])])
    made = apple.sync(agenda, [add("1", [("Calendar:ClientUid", "c-1"), ("Calendar:Subject", "x"), *TIMES, attached])])
    server_id = at(made.responses[0]).value("AirSync:ServerId") or ""
    assert apple.sync(agenda).changed == [server_id]
    assert apple.items[agenda][server_id].find("AirSyncBase:Attachments") is None
    assert apple.quiet(agenda)
    apple.sync(agenda, [change(server_id, [("Calendar:Subject", "y"), attached])])
    assert apple.sync(agenda).changed == [server_id]
    assert apple.quiet(agenda)


@pytest.mark.parametrize("lost", [0, 2])
def test_occurrences_are_changed_and_cancelled_by_themselves(school, ada, apple, agenda, series, lost):
    apple.lose_answer = lost
    result = apple.sync(
        agenda,
        [
            instance("Change", series, "20261130T080000Z", [("Calendar:Subject", "Test")]),
            instance("Delete", series, "20261207T080000Z"),
        ],
    )
    assert statuses(result.responses) == []
    stored = text(school, ada, "s")
    assert "SUMMARY:Test" in stored
    assert "EXDATE:20261207T080000Z" in stored
    assert apple.sync_all(agenda).quiet
    other = LocalPhone(school.store, ada, "PHONE2")
    other.connect()
    other.sync_all(agenda)
    (held,) = other.items[agenda].values()
    assert len(at(held, "Calendar:Exceptions").children) == 2


def test_a_whole_series_of_the_server_names_its_exceptions_by_instance(school, ada, apple, agenda, series):
    apple.sync(agenda, [instance("Delete", series, "20261207T080000Z")])
    status, item = apple.item_operations_fetch(agenda, series)
    assert status == "1"
    named = at(item, "Calendar:Exceptions", "Calendar:Exception")
    assert named.value("AirSyncBase:InstanceId") == "20261207T080000Z"


@pytest.mark.parametrize(
    ("kind", "moment", "status"),
    [("Change", "20261201T080000Z", "8"), ("Change", "soon", "6"), ("Delete", "soon", "6")],
)
def test_a_command_on_no_occurrence_has_its_status_and_its_name(apple, agenda, series, kind, moment, status):
    data = [("Calendar:Subject", "x")] if kind == "Change" else None
    result = apple.sync(agenda, [instance(kind, series, moment, data)])
    assert statuses(result.responses) == [(kind, status)]
    assert result.responses[0].value("AirSyncBase:InstanceId") == moment


def test_exceptions_are_not_taken_with_a_change_of_their_series(school, ada, apple, agenda, series):
    gone = [("AirSyncBase:InstanceId", "20261130T080000Z"), ("Calendar:Deleted", 1)]
    before = text(school, ada, "s")
    data = [("Calendar:Exceptions", [("Calendar:Exception", gone)])]
    assert statuses(apple.sync(agenda, [change(series, data)]).responses) == [("Change", "6")]
    assert text(school, ada, "s") == before


def test_older_versions_have_no_commands_on_occurrences(school, ada, agenda):
    school.put(ada, "s", event("s", "Maths", "20261123T080000Z", "20261123T090000Z", *SERIES))
    phone = LocalPhone(school.store, ada)
    phone.connect()
    phone.sync_all(agenda)
    (held,) = phone.items[agenda]
    result = phone.sync(agenda, [instance("Change", held, "20261130T080000Z", [("Calendar:Subject", "x")])])
    assert statuses(result.responses) == [("Change", "6")]
    assert "SUMMARY:x" not in text(school, ada, "s")


def test_commands_on_occurrences_of_the_timetable_bring_the_whole_lesson_back(school, ada):
    timetable = Timetable(school, ada)
    timetable.create(timetable.lesson("l", "Physics", 1_795_500_000))
    phone = LocalPhone(school.store, ada, "IPHONE1", manner=IOS)
    phone.connect()
    folder = school.folder(ada, "emploi-du-temps")
    phone.sync_all(folder)
    (held,) = phone.items[folder]
    for kind, data in (("Change", [("Calendar:Subject", "Mine")]), ("Delete", None)):
        result = phone.sync(folder, [instance(kind, held, "20261124T060000Z", data)])
        assert statuses(result.responses) == [(kind, "7")]
        assert result.changed == [held]
    assert phone.sync_all(folder).quiet


@pytest.fixture
def invited(apple, agenda, invite):
    """Let the teacher invite Ada; returns the id of the meeting on her iPhone."""

    def written(*more):
        name = f"{agenda}:{invite('m', *more)}"
        apple.sync_all(agenda)
        return name

    return written


def ask(phone, server_id, answer, *more):
    """Answer a meeting and return the status."""
    facts = {"UserResponse": answer, "CollectionId": server_id.partition(":")[0], "RequestId": server_id}
    request = [*((f"MeetingResponse:{key}", value) for key, value in facts.items()), *more]
    said = phone.post("MeetingResponse", ("MeetingResponse:MeetingResponse", [("MeetingResponse:Request", request)]))
    return said.value("MeetingResponse:Result", "MeetingResponse:Status")


def sending(*children):
    return ("MeetingResponse:SendResponse", list(children))


@pytest.mark.parametrize("told", [True, False])
def test_the_organizer_learns_an_answer_only_if_it_is_to_be_sent(school, ada, apple, invited, answers, told):
    assert ask(apple, invited(*GUESTS), 1, *([sending()] if told else [])) == "1"
    assert answers("m")[""] == ("ACCEPTED" if told else "NEEDS-ACTION")
    assert "PARTSTAT=ACCEPTED" in text(school, ada, "m").replace("\r\n ", "")


@pytest.mark.parametrize("answer", [1, 3])
@pytest.mark.parametrize("more", [GUESTS, WEEKLY])
def test_other_times_are_proposed_to_the_organizer(school, prof, apple, invited, answer, more):
    times = sending(
        ("MeetingResponse:ProposedStartTime", "2026-12-01T10:00:00.000Z"),
        ("MeetingResponse:ProposedEndTime", "2026-12-01T11:00:00.000Z"),
    )
    assert ask(apple, invited(*more), answer, times) == "1"
    with school.reading() as tx:
        received = b"".join(tx.objects.texts(tx.inbox.of(prof))).decode()
    assert "METHOD:COUNTER" in received
    assert "DTSTART:20261201T100000Z" in received


def test_times_that_are_none_are_not_proposed(apple, invited):
    times = sending(
        ("MeetingResponse:ProposedStartTime", "2026-12-01T12:00:00.000Z"),
        ("MeetingResponse:ProposedEndTime", "2026-12-01T11:00:00.000Z"),
    )
    assert ask(apple, invited(*GUESTS), 2, times) == "2"


def test_sixteen_is_offered_to_whom_it_is_known_to_suit_and_never_find(school, ada):
    for manner, highest in ((IOS, "16.1"), (TBSYNC_16, "16.1"), (AOSP, "14.1")):
        versions, commands = LocalPhone(school.store, ada, manner=manner).options()
        assert versions[-1] == highest
        assert "Find" not in commands


def test_the_school_bounds_what_a_family_speaks(school, ada, apple):
    school.store.directory.configure(school.id, Settings(eas_versions={"ios": "14.1"}))
    assert apple.options()[0][-1] == "14.1"
    document = ("FolderHierarchy:FolderSync", [("FolderHierarchy:SyncKey", apple.folder_key)])
    assert apple.post("FolderSync", document).status == 505
    phone = LocalPhone(school.store, ada, "IPHONE2", manner=replace(IOS, version="14.1"))
    phone.connect()
    assert phone.folders


def forward(phone, folder, item_id, *people, more=(), source=()):
    """Forward an event to people (name, address) and return the status."""
    parts = {"Name": 0, "Email": 1}
    listed = [
        ("ComposeMail:Forwardee", [(f"ComposeMail:{key}", each[at]) for key, at in parts.items() if each[at]])
        for each in people
    ]
    named = [("ComposeMail:FolderId", folder), ("ComposeMail:ItemId", item_id), *source]
    asked = [("ComposeMail:ClientId", "1"), ("ComposeMail:Source", named), ("ComposeMail:Forwardees", listed), *more]
    answer = phone.post("SmartForward", ("ComposeMail:SmartForward", asked))
    return "1" if answer.root is None else answer.value("ComposeMail:Status")


@pytest.fixture
def teaching(school, prof):
    """The teacher's iPhone on a server that sends mail, and a series on it."""
    phone = LocalPhone(school.store, prof, "PROFS", manner=IOS)
    phone.connect()
    phone.mails = True
    school.put(prof, "s", event("s", "Réunion", "20261123T080000Z", "20261123T090000Z", *SERIES))
    folder = school.folder(prof)
    phone.sync_all(folder)
    return phone, folder, next(iter(phone.items[folder]))


@pytest.mark.parametrize("text", [b"", b"To: x@y.example\r\nSubject: See\r\n\r\nPlease come.\r\n"])
def test_an_event_is_forwarded_to_whom_the_phone_names(school, teaching, text):
    more = [("ComposeMail:Mime", text)] if text else []
    assert forward(*teaching, ("Mum", "mum@home.example"), ("", "dad@home.example"), more=more) == "1"
    with school.reading() as tx:
        (sent,) = [each for each in tx.outbox.latest() if each.kind == "letter"]
    letter = email.message_from_bytes(sent.body, policy=email.policy.default)
    assert letter["To"] == "Mum <mum@home.example>, dad@home.example"
    assert letter["Subject"] == ("See" if text else "Réunion")
    calendar = next(part.get_content() for part in letter.walk() if part.get_content_type() == "text/calendar")
    assert "METHOD:PUBLISH" in calendar
    assert "SUMMARY:Réunion" in calendar
    assert ("Please come." in sent.body.decode()) == bool(text)


@pytest.mark.parametrize(
    ("people", "status"),
    [
        ([], "119"),
        ([("Mum", "")], "116"),
        ([("", "nobody")], "116"),
        ([("", f"p{n}@x.example") for n in range(101)], "116"),
    ],
)
def test_an_event_is_forwarded_to_nobody_who_has_no_address(school, teaching, people, status):
    assert forward(*teaching, *people) == status
    with school.reading() as tx:
        assert tx.outbox.latest() == ()


def test_what_is_not_there_is_not_forwarded_nor_an_occurrence_of_what_has_none(school, prof, teaching):
    phone, folder, _ = teaching
    mum = ("Mum", "mum@home.example")
    assert forward(phone, folder, f"{folder}:999", mum) == "150"
    single = f"{folder}:{school.put(prof, 'one', event('one', 'Once'))}"
    instance_id = [("ComposeMail:InstanceId", "2026-11-23T08:00:00.000Z")]
    assert forward(phone, folder, single, mum, source=instance_id) == "146"
    zoned = event("zoned", "Once").replace(b"BEGIN:VEVENT", ZONE.encode() + b"BEGIN:VEVENT", 1)
    held = f"{folder}:{school.put(prof, 'zoned', zoned)}"
    assert forward(phone, folder, held, mum, source=instance_id) == "146"
    dates = event("two", "Twice", "20261123T080000Z", "20261123T090000Z", "RDATE:20261130T080000Z")
    assert forward(phone, folder, f"{folder}:{school.put(prof, 'two', dates)}", mum, source=instance_id) == "1"


def test_below_16_a_letter_is_wanted_to_forward_an_event(school, prof, teaching):
    _, folder, held = teaching
    phone = LocalPhone(school.store, prof, "OLDER", manner=AOSP)
    phone.connect()
    assert forward(phone, folder, held, ("Mum", "mum@home.example")) == "103"


def test_the_place_of_a_changed_occurrence_is_told_with_its_position(school, ada, apple, agenda, series):
    place = [("AirSyncBase:DisplayName", "Lab"), ("AirSyncBase:Latitude", "48.85"), ("AirSyncBase:Longitude", "2.35")]
    data = [("AirSyncBase:Location", [*place, ("AirSyncBase:Street", "Rue X")])]
    apple.sync(agenda, [instance("Change", series, "20261130T080000Z", data)])
    assert "GEO:48.85;2.35" in text(school, ada, "s")
    other = LocalPhone(school.store, ada, "IPHONE2", manner=IOS)
    other.connect()
    other.sync_all(agenda)
    (held,) = other.items[agenda].values()
    assert held.find("AirSyncBase:Location") is None
    told = at(held, "Calendar:Exceptions", "Calendar:Exception", "AirSyncBase:Location")
    assert {each.name.partition(":")[2]: each.text for each in told.children} == {
        "DisplayName": "Lab",
        "Latitude": "48.85",
        "Longitude": "2.35",
        "Street": "Rue X",
    }
