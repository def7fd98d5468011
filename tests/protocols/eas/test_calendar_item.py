"""Stored events as items: order, zones, whole days, meetings, exceptions."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from protocols.eas import zones
from protocols.eas.calendar import application_data
from protocols.eas.codepages import AirSyncBase, Calendar, Tag
from protocols.eas.errors import NotRepresentable
from protocols.eas.representation import Instances, Series, representation
from protocols.eas.wbxml import Element, decode, encode
from tests.protocols.eas.calendar_samples import PARIS, context, event, lesson

ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM")
FULL = lesson(
    "DESCRIPTION:Bring a ruler",
    "LOCATION:B12",
    "CATEGORIES:Lesson,Maths",
    "CLASS:PRIVATE",
    "ORGANIZER;CN=Anne:mailto:anne@college.example",
    "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@college.example",
    "ATTENDEE;CUTYPE=ROOM:mailto:b12@college.example",
    "RRULE:FREQ=WEEKLY;BYDAY=MO",
    "EXDATE;TZID=Europe/Paris:20260914T080000",
    *ALARM,
)


def names(item: Element) -> list[str]:
    return [child.tag.name for child in item.children]


def value(ical: bytes, tag: Tag, **changes: object) -> str | None:
    return application_data(ical, context(**changes)).value(tag)


def test_elements_come_in_the_order_phones_depend_on() -> None:
    assert names(application_data(FULL, context())) == [
        "Timezone",
        "DtStamp",
        "StartTime",
        "Subject",
        "UID",
        "OrganizerName",
        "OrganizerEmail",
        "Attendees",
        "ResponseRequested",
        "ResponseType",
        "Location",
        "EndTime",
        "Recurrence",
        "Body",
        "Categories",
        "Sensitivity",
        "BusyStatus",
        "AllDayEvent",
        "Reminder",
        "MeetingStatus",
        "NativeBodyType",
        "Exceptions",
    ]


def test_item_survives_the_wire() -> None:
    item = application_data(FULL, context())
    assert decode(encode(item)) == item


def test_plain_event_says_no_more_than_it_has() -> None:
    item = application_data(event("DTSTART:20260907T060000Z", "DTEND:20260907T070000Z"), context())
    assert names(item) == [
        "Timezone",
        "DtStamp",
        "StartTime",
        "UID",
        "EndTime",
        "Sensitivity",
        "BusyStatus",
        "AllDayEvent",
        "MeetingStatus",
    ]


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (("DTSTART;TZID=Europe/Paris:20260907T080000", "DURATION:PT55M"), "20260907T060000Z", "20260907T065500Z"),
        (
            ("DTSTART;TZID=Romance Standard Time:20260107T080000", "DURATION:PT1H"),
            "20260107T070000Z",
            "20260107T080000Z",
        ),
        (("DTSTART:20260907T080000", "DURATION:P1D"), "20260907T060000Z", "20260908T060000Z"),
        (("DTSTART:20260907T080000Z",), "20260907T080000Z", "20260907T080000Z"),
        (("DTSTART;VALUE=DATE:20260901",), "20260831T220000Z", "20260901T220000Z"),
        (("DTSTART;VALUE=DATE:20260113", "DTEND;VALUE=DATE:20260115"), "20260112T230000Z", "20260114T230000Z"),
        # Over the night of the change a day of DURATION is 25 hours.
        (("DTSTART;TZID=Europe/Paris:20261024T120000", "DURATION:P1D"), "20261024T100000Z", "20261025T110000Z"),
    ],
)
def test_start_and_end_are_instants(lines: tuple[str, ...], start: str, end: str) -> None:
    item = application_data(event(*lines), context())
    assert (item.value(Calendar.StartTime), item.value(Calendar.EndTime)) == (start, end)


def test_blob_is_of_the_events_own_zone_and_of_the_users_for_whole_days() -> None:
    text = event("DTSTART;TZID=America/New_York:20260907T080000", "DURATION:PT1H")
    assert zones.read(value(text, Calendar.Timezone) or "", None, PARIS) == ZoneInfo("America/New_York")
    whole = value(event("DTSTART;VALUE=DATE:20260907"), Calendar.Timezone) or ""
    assert zones.read(whole, None, ZoneInfo("UTC")) == PARIS


def test_whole_day_is_the_devices_day_in_its_users_zone() -> None:
    text = event("DTSTART;VALUE=DATE:20260907")
    assert value(text, Calendar.StartTime, zone=ZoneInfo("Indian/Reunion")) == "20260906T200000Z"


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), "2"),
        (("TRANSP:TRANSPARENT",), "0"),
        (("STATUS:TENTATIVE",), "1"),
        (("X-MICROSOFT-CDO-BUSYSTATUS:OOF",), "3"),
        (("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE",), "1"),
        (("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",), "2"),
    ],
)
def test_busy_status_is_always_said(lines: tuple[str, ...], status: str) -> None:
    assert value(lesson(*lines), Calendar.BusyStatus) == status


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), "0"),
        (("CLASS:PUBLIC",), "0"),
        (("CLASS:PRIVATE",), "2"),
        (("CLASS:CONFIDENTIAL",), "3"),
        (("CLASS:PRIVATE", "X-CADRAN-SENSITIVITY:1"), "1"),
    ],
)
def test_sensitivity_follows_class(lines: tuple[str, ...], status: str) -> None:
    assert value(lesson(*lines), Calendar.Sensitivity) == status


@pytest.mark.parametrize(
    ("lines", "minutes"),
    [
        ((), None),
        (("TRIGGER:-PT15M",), "15"),
        (("TRIGGER:-P1D",), "1440"),
        (("TRIGGER:PT0S",), "0"),
        (("TRIGGER:PT5M",), None),
        (("TRIGGER;RELATED=END:-PT5M",), None),
        (("TRIGGER;VALUE=DATE-TIME:20260907T050000Z",), None),
    ],
)
def test_reminder_is_the_first_alarm_a_phone_can_show(lines: tuple[str, ...], minutes: str | None) -> None:
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", *lines, "END:VALARM") if lines else ()
    mail = ("BEGIN:VALARM", "ACTION:EMAIL", "DESCRIPTION:x", "TRIGGER:-PT3M", "END:VALARM")
    assert value(lesson(*mail, *alarm), Calendar.Reminder) == minutes


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ((), "0"),
        (("ORGANIZER:mailto:x@other.example",), "0"),
        (("ORGANIZER:mailto:Anne@college.example", "ATTENDEE:mailto:b@c.example"), "1"),
        (("ORGANIZER:mailto:x@other.example", "ATTENDEE:mailto:b@c.example"), "3"),
        (("ORGANIZER:mailto:x@other.example", "ATTENDEE:mailto:b@c.example", "STATUS:CANCELLED"), "7"),
        (("STATUS:CANCELLED",), "5"),
    ],
)
def test_meeting_status_tells_whose_meeting_and_whether_cancelled(lines: tuple[str, ...], status: str) -> None:
    assert value(lesson(*lines), Calendar.MeetingStatus) == status


def test_attendee_without_name_has_its_address_as_name() -> None:
    guests = application_data(FULL, context()).find(Calendar.Attendees)
    assert guests is not None
    said = [
        [guest.value(tag) for tag in (Calendar.Name, Calendar.AttendeeStatus, Calendar.AttendeeType)]
        for guest in guests.children
    ]
    assert said == [["Bob", "3", "1"], ["b12@college.example", "5", "3"]]


def test_organizer_without_valid_address_is_left_out() -> None:
    item = application_data(lesson("ORGANIZER;CN=X:urn:uuid:12", "ATTENDEE:mailto:b@c.example"), context())
    assert not item.has(Calendar.OrganizerEmail)


def test_answers_are_not_said_at_12_1() -> None:
    assert not application_data(FULL, context(version="12.1")).has(Calendar.ResponseType)


def test_invitation_presents_a_lesson_as_somebody_elses_meeting() -> None:
    item = application_data(lesson(), context(invitation=True))
    assert item.value(Calendar.MeetingStatus) == "3"
    assert item.value(Calendar.OrganizerEmail) == "timetable@college.example"


def test_thunderbird_zone_history_does_not_change_the_zone() -> None:
    history = (
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:STANDARD",
        "DTSTART:19110311T000000",
        "TZOFFSETFROM:+0009",
        "TZOFFSETTO:+0000",
        "END:STANDARD",
        "END:VTIMEZONE",
    )
    assert value(lesson(more=history), Calendar.StartTime) == "20260907T060000Z"


def test_line_breaks_and_controls_never_reach_a_subject() -> None:
    assert value(event("DTSTART:20260907T060000Z", "SUMMARY:Maths\\nB12"), Calendar.Subject) == "Maths B12"


def override(*lines: str) -> tuple[str, ...]:
    head = ("BEGIN:VEVENT", "UID:lesson-1", "DTSTAMP:20260801T100000Z")
    return (*head, "RECURRENCE-ID;TZID=Europe/Paris:20260921T080000", *lines, "END:VEVENT")


MOVED = ("DTSTART;TZID=Europe/Paris:20260922T100000", "DTEND;TZID=Europe/Paris:20260922T110000")


def test_exceptions_tell_removed_and_moved_occurrences() -> None:
    text = lesson(
        "LOCATION:B12",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "EXDATE;TZID=Europe/Paris:20260914T080000,20261102T080000",
        more=override(*MOVED, "SUMMARY:Maths (moved)"),
    )
    found = application_data(text, context()).find(Calendar.Exceptions)
    assert found is not None
    removed, moved, winter = found.children
    assert (removed.value(Calendar.ExceptionStartTime), removed.value(Calendar.Deleted)) == ("20260914T060000Z", "1")
    assert winter.value(Calendar.ExceptionStartTime) == "20261102T070000Z"
    assert moved.value(Calendar.ExceptionStartTime) == "20260921T060000Z"
    assert moved.value(Calendar.StartTime) == "20260922T080000Z"
    assert moved.value(Calendar.Subject) == "Maths (moved)"
    assert moved.value(Calendar.Location) == ""
    assert not moved.has(Calendar.UID)


def test_exclusion_that_hits_nothing_is_not_sent() -> None:
    text = lesson("RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Europe/Paris:20260915T080000")
    assert not application_data(text, context()).has(Calendar.Exceptions)


def test_cancelled_occurrence_stays_visible_as_cancelled() -> None:
    own = ("DTSTART;TZID=Europe/Paris:20260921T080000", "DTEND;TZID=Europe/Paris:20260921T090000", "SUMMARY:Maths")
    text = lesson("RRULE:FREQ=WEEKLY;BYDAY=MO", more=override(*own, "STATUS:CANCELLED"))
    found = application_data(text, context()).find(Calendar.Exceptions, Calendar.Exception)
    assert found is not None
    assert found.value(Calendar.MeetingStatus) == "5"
    assert not found.has(Calendar.Deleted)


def test_occurrence_moved_past_its_neighbour_expands_the_series() -> None:
    far = ("DTSTART;TZID=Europe/Paris:20261007T100000", "DTEND;TZID=Europe/Paris:20261007T110000", "SUMMARY:Maths")
    text = lesson("RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=6", more=override(*far))
    with pytest.raises(NotRepresentable):
        application_data(text, context())
    found = representation(text, context(), (date(2026, 9, 1), date(2027, 9, 1)))
    assert isinstance(found, Instances)
    starts = {suffix: item.value(Calendar.StartTime) for suffix, item in found.items}
    assert starts["20260921T060000Z"] == "20261007T080000Z"
    assert len(starts) == 6


def test_override_without_master_is_one_item() -> None:
    text = lesson("RECURRENCE-ID;TZID=Europe/Paris:20260907T080000")
    found = representation(text, context(), (date(2026, 9, 1), date(2027, 9, 1)))
    assert isinstance(found, Instances)
    assert [suffix for suffix, _ in found.items] == ["20260907T060000Z"]


def test_more_than_256_exceptions_expand_the_series() -> None:
    days = ",".join(f"2027{month:02d}{day:02d}T080000" for month in range(1, 11) for day in range(1, 29))
    text = lesson("RRULE:FREQ=DAILY", f"EXDATE;TZID=Europe/Paris:{days}")
    with pytest.raises(NotRepresentable):
        application_data(text, context())


def test_body_is_absent_without_description() -> None:
    assert not application_data(lesson(), context()).has(AirSyncBase.Body)


def test_utc_series_names_its_zone_because_zeros_mean_unknown() -> None:
    times = ("DTSTART:20260907T060000Z", "DTEND:20260907T070000Z")
    series = zones.unpack(value(event(*times, "RRULE:FREQ=WEEKLY"), Calendar.Timezone) or "")
    assert series is not None
    assert series.standard_name == "UTC"
    assert zones.read(value(event(*times), Calendar.Timezone) or "", None, ZoneInfo("UTC")) == PARIS


@pytest.mark.parametrize("start", ["00010101", "15000101", "99991230"])
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York"])
@pytest.mark.parametrize("rule", [(), ("RRULE:FREQ=WEEKLY",)])
def test_dates_at_the_ends_of_time_do_not_break_the_writer(start: str, zone: str, rule: tuple[str, ...]) -> None:
    for line in (f"DTSTART;VALUE=DATE:{start}", f"DTSTART;TZID={zone}:{start}T000000"):
        found = representation(event(line, *rule), context(zone=ZoneInfo(zone)), (date(2026, 9, 1), date(2027, 9, 1)))
        assert isinstance(found, Series | Instances)


def test_bare_date_excludes_the_occurrence_of_that_day() -> None:
    text = lesson("RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;VALUE=DATE:20260914")
    found = application_data(text, context()).find(Calendar.Exceptions, Calendar.Exception)
    assert found is not None
    assert found.value(Calendar.ExceptionStartTime) == "20260914T060000Z"


def test_cleared_description_of_an_occurrence_is_not_inherited() -> None:
    own = ("DTSTART;TZID=Europe/Paris:20260921T080000", "DTEND;TZID=Europe/Paris:20260921T090000", "SUMMARY:Maths")
    text = lesson("DESCRIPTION:Bring a ruler", "RRULE:FREQ=WEEKLY;BYDAY=MO", more=override(*own))
    found = application_data(text, context()).find(Calendar.Exceptions, Calendar.Exception)
    assert found is not None
    assert found.value(AirSyncBase.Body, AirSyncBase.Data) == " "
