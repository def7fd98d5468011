"""What clients send, written into iCalendar: new events and patches that lose nothing."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from protocols.eas import zones
from protocols.eas.body import BodyPreference
from protocols.eas.calendar import application_data
from protocols.eas.calendar_edit import new_event, only_reminder_differs, patched, patched_occurrence, without_one
from protocols.eas.codepages import AirSyncBase, Calendar, Tag
from protocols.eas.errors import ItemRefused
from protocols.eas.representation import Instances, representation
from protocols.eas.transitions import Rule
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, parse
from storage.ical import expand, inspect
from tests.protocols.eas.calendar_samples import (
    NOW,
    PARIS,
    PARIS_BLOB,
    ZERO_BLOB,
    context,
    data,
    edit,
    event,
    lesson,
    without,
)

RICH = lesson(
    "DESCRIPTION:Bring a ruler",
    "LOCATION:B12",
    "SEQUENCE:3",
    "RRULE:FREQ=WEEKLY;COUNT=10",
    "EXDATE;TZID=Europe/Paris:20260914T080000",
    "X-CADRAN-SOURCE:edt-4411",
    "ATTACH:https://college.example/sheet.pdf",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "DESCRIPTION:x",
    "TRIGGER:-PT15M",
    "X-MOZ-NOTE:kept",
    "END:VALARM",
    "BEGIN:VALARM",
    "ACTION:DISPLAY",
    "DESCRIPTION:second",
    "TRIGGER:-P1D",
    "END:VALARM",
)


def times(start: str, end: str, *more: Element | None, blob: str | None = PARIS_BLOB) -> Element:
    zone = E(Calendar.Timezone, blob) if blob else None
    return data(zone, E(Calendar.StartTime, start), E(Calendar.EndTime, end), *more)


def vevent(ical: bytes) -> Component:
    inspect(ical, PARIS)
    return parse(ical).children("VEVENT")[0]


def lines(ical: bytes, *names: str) -> list[str]:
    return [prop.line for name in names for prop in vevent(ical).all(name)]


def added(item: Element, **changes: object) -> bytes:
    return new_event(item, context(**changes), "fallback@cadran", NOW)


TIMED = times(
    "20260907T060000Z",
    "20260907T070000Z",
    E(Calendar.Subject, "Dentist"),
    E(Calendar.UID, "040000008200E00074C5B7101A82E008"),
    E(Calendar.BusyStatus, 2),
)


def test_added_event_is_in_the_zone_of_its_blob() -> None:
    text = added(TIMED)
    assert lines(text, "UID", "DTSTART", "DTEND", "SUMMARY") == [
        "UID:040000008200E00074C5B7101A82E008",
        "DTSTART;TZID=Europe/Paris:20260907T080000",
        "DTEND;TZID=Europe/Paris:20260907T090000",
        "SUMMARY:Dentist",
    ]
    assert parse(text).children("VTIMEZONE")[0].text("TZID") == "Europe/Paris"


@pytest.mark.parametrize("blob", [ZERO_BLOB, None, "garbage", "AAAA"])
def test_zero_or_unreadable_blob_means_the_users_zone(blob: str | None) -> None:
    text = added(times("20260907T060000Z", "20260907T070000Z", blob=blob))
    assert lines(text, "DTSTART") == ["DTSTART;TZID=Europe/Paris:20260907T080000"]
    assert lines(text, "UID") == ["UID:fallback@cadran"]


def test_offset_that_no_zone_has_keeps_the_instants() -> None:
    blob = base64.b64encode(zones.pack(zones.Blob(Rule(timedelta(hours=5, minutes=47))))).decode()
    text = added(times("20260907T060000Z", "20260907T070000Z", blob=blob))
    assert lines(text, "DTSTART") == ["DTSTART;TZID=Offset+0547:20260907T114700"]
    (found,) = expand(parse(text), datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC), PARIS)
    assert found.starts == datetime(2026, 9, 7, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "blob"),
    [
        ("20260112T230000Z", "20260113T230000Z", PARIS_BLOB),
        ("20260112T230000Z", "20260113T230000Z", ZERO_BLOB),
        ("20260112T230000Z", "20260113T230000Z", None),
        ("20260113T000000Z", "20260114T000000Z", ZERO_BLOB),
        ("20260113T000000Z", "20260113T000000Z", ZERO_BLOB),
        # Made on a phone that believed in winter time in New York.
        ("20260113T050000Z", "20260114T050000Z", zones.blob(ZoneInfo("America/New_York"), NOW)),
        ("20260112T220000Z", "20260113T220000Z", PARIS_BLOB),
    ],
)
def test_whole_day_of_13_january_in_every_form(start: str, end: str, blob: str | None) -> None:
    text = added(times(start, end, E(Calendar.AllDayEvent, 1), blob=blob))
    assert lines(text, "DTSTART", "DTEND") == ["DTSTART;VALUE=DATE:20260113", "DTEND;VALUE=DATE:20260114"]


@pytest.mark.parametrize(
    ("item", "start", "end"),
    [
        (data(), "093000", "100000"),
        (data(E(Calendar.EndTime, "20260901T110000Z")), "093000", "110000"),
        (data(E(Calendar.StartTime, "20260901T080000Z")), "080000", "100000"),
    ],
)
def test_missing_times_are_filled_in_as_exchange_does(item: Element, start: str, end: str) -> None:
    (found,) = expand(parse(added(item)), datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 9, 2, tzinfo=UTC), PARIS)
    shown = [moment for moment in (found.starts, found.ends) if isinstance(moment, datetime)]
    assert [moment.astimezone(UTC).strftime("%H%M%S") for moment in shown] == [start, end]


@pytest.mark.parametrize(
    "item",
    [
        data(E(Calendar.EndTime, "20260901T080000Z")),
        data(E(Calendar.EndTime, "20260901T091500Z")),
        data(E(Calendar.StartTime, "20260902T080000Z")),
        times("20260907T070000Z", "20260907T060000Z"),
        times("yesterday", "20260907T060000Z"),
        times("20261307T070000Z", "20260907T060000Z"),
        times("20260907T060000Z", "20260907T070000Z", E(Calendar.AllDayEvent, 2)),
        times("20260907T060000Z", "20260907T070000Z", E(Calendar.Reminder, "soon")),
        times("20260907T060000Z", "20260907T070000Z", E(Calendar.BusyStatus, 9)),
        times("20260907T060000Z", "20260907T070000Z", E(Calendar.Sensitivity, 4)),
        times("20260907T060000Z", "20260907T070000Z", E(Calendar.UID, "x" * 301)),
        times(
            "20260907T060000Z",
            "20260907T070000Z",
            E(Calendar.Categories, *(E(Calendar.Category, f"c{number}") for number in range(301))),
        ),
        times(
            "20260907T060000Z", "20260907T070000Z", E(Calendar.Attendees, E(Calendar.Attendee, E(Calendar.Name, "x")))
        ),
        times(
            "20260907T060000Z",
            "20260907T070000Z",
            E(Calendar.Attendees, *(E(Calendar.Attendee, E(Calendar.Email, f"a{n}@b.example")) for n in range(501))),
        ),
        times("20260907T060000Z", "20260907T070000Z", E(Calendar.Recurrence, E(Calendar.Type, 9))),
    ],
)
def test_items_that_cannot_be_taken_are_status_6(item: Element) -> None:
    with pytest.raises(ItemRefused) as caught:
        added(item)
    assert caught.value.status == 6


def test_tbsync_series_with_removed_and_moved_occurrences() -> None:
    item = data(
        E(Calendar.Timezone, PARIS_BLOB),
        E(Calendar.AllDayEvent, 0),
        E(AirSyncBase.Body, E(AirSyncBase.Type, 1), E(AirSyncBase.EstimatedDataSize, 4), E(AirSyncBase.Data, "Note")),
        E(Calendar.BusyStatus, 2),
        E(Calendar.DtStamp, "20260901T000000Z"),
        E(Calendar.EndTime, "20260907T070000Z"),
        E(Calendar.Location),
        E(Calendar.Sensitivity, 0),
        E(Calendar.Subject, "Choir"),
        E(Calendar.StartTime, "20260907T060000Z"),
        E(Calendar.UID, "tb-1"),
        E(Calendar.MeetingStatus, 0),
        E(Calendar.Attendees),
        E(Calendar.Categories),
        E(
            Calendar.Recurrence,
            E(Calendar.Type, 1),
            E(Calendar.DayOfWeek, 2),
            E(Calendar.Interval, 1),
            E(Calendar.Occurrences, 5),
        ),
        E(
            Calendar.Exceptions,
            E(Calendar.Exception, E(Calendar.ExceptionStartTime, "20260914T060000Z"), E(Calendar.Deleted, 1)),
            E(
                Calendar.Exception,
                E(Calendar.ExceptionStartTime, "20260921T060000Z"),
                E(Calendar.StartTime, "20260922T080000Z"),
                E(Calendar.EndTime, "20260922T090000Z"),
                E(Calendar.Subject, "Choir (hall)"),
            ),
        ),
    )
    text = added(item, family="tbsync")
    found = expand(parse(text), datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), PARIS)
    assert [(f"{one.starts:%m%dT%H}", one.component.text("SUMMARY")) for one in found] == [
        ("0907T08", "Choir"),
        ("0922T10", "Choir (hall)"),
        ("0928T08", "Choir"),
        ("1005T08", "Choir"),
    ]
    back = application_data(text, context(family="tbsync"))
    exceptions = back.find(Calendar.Exceptions)
    assert exceptions is not None
    assert len(exceptions.children) == 2


@pytest.mark.parametrize("family", ["tbsync", "aosp", "ios", "other"])
@pytest.mark.parametrize("version", ["12.1", "14.0", "14.1"])
def test_item_pushed_back_unchanged_changes_no_byte(family: str, version: str) -> None:
    device = context(family=family, version=version, body=(BodyPreference(1, 6),))
    assert patched(RICH, application_data(RICH, device), device, edit()) == RICH


def test_patch_keeps_what_the_phone_never_saw() -> None:
    text = patched(RICH, data(E(Calendar.Subject, "Physics")), context(), edit())
    former = {prop.line for prop in vevent(RICH).properties}
    now = {prop.line for prop in vevent(text).properties}
    assert former - now == {"SUMMARY:Maths", "DTSTAMP:20260801T100000Z"}
    assert now - former == {"SUMMARY:Physics", "DTSTAMP:20260901T091000Z", "LAST-MODIFIED:20260901T091000Z"}
    assert vevent(text).components == vevent(RICH).components


def test_reminder_moves_only_the_alarm_the_phone_was_shown() -> None:
    first, second = vevent(patched(RICH, data(E(Calendar.Reminder, 30)), context(), edit())).components
    assert (first.text("TRIGGER"), first.text("X-MOZ-NOTE"), second.text("TRIGGER")) == ("-PT30M", "kept", "-P1D")


def test_reminder_is_added_and_taken_away() -> None:
    text = patched(lesson(), data(E(Calendar.Reminder, 0)), context(), edit())
    assert [alarm.text("TRIGGER") for alarm in vevent(text).components] == ["PT0S"]
    assert not vevent(patched(text, data(E(Calendar.Reminder)), context(), edit())).components


@pytest.mark.parametrize(("family", "left"), [("tbsync", 1), ("aosp", 1), ("ios", 2), ("other", 2)])
def test_reminder_left_out_of_a_whole_item_is_gone_for_clients_that_push_whole_items(family: str, left: int) -> None:
    device = context(family=family)
    item = without(application_data(RICH, device), Calendar.Reminder)
    assert len(vevent(patched(RICH, item, device, edit())).components) == left


@pytest.mark.parametrize(
    ("supported", "cleared"),
    [
        (None, False),
        (frozenset[Tag](), False),
        (frozenset({Calendar.Location}), True),
        (frozenset({Calendar.Subject}), False),
    ],
)
def test_property_left_out_is_cleared_only_when_supported_lists_it(
    supported: frozenset[Tag] | None, cleared: bool
) -> None:
    item = data(E(Calendar.Subject, "Maths"))
    text = patched(RICH, item, context(), edit(supported=supported))
    assert (lines(text, "LOCATION") == []) is cleared


def test_property_the_device_was_never_sent_is_not_cleared() -> None:
    text = lesson(*("BEGIN:VALARM", "ACTION:EMAIL", "DESCRIPTION:x", "TRIGGER:-PT3M", "END:VALARM"))
    assert patched(text, data(), context(), edit(supported=frozenset({Calendar.Reminder}))) == text


def test_cut_description_pushed_back_does_not_overwrite_the_long_one() -> None:
    body = E(AirSyncBase.Body, E(AirSyncBase.Type, 1), E(AirSyncBase.Data, "Bring"))
    device = context(body=(BodyPreference(1, 5),))
    assert patched(RICH, data(body), device, edit()) == RICH
    edited = E(AirSyncBase.Body, E(AirSyncBase.Type, 1), E(AirSyncBase.Data, "Bring!"))
    assert lines(patched(RICH, data(edited), device, edit()), "DESCRIPTION") == ["DESCRIPTION:Bring!"]


def test_moved_single_event_keeps_its_zone_and_duration() -> None:
    text = event("DTSTART;TZID=America/New_York:20260907T080000", "DURATION:PT1H")
    moved = patched(text, times("20260907T130000Z", "20260907T140000Z"), context(), edit())
    assert lines(moved, "DTSTART", "DURATION", "DTEND") == [
        "DTSTART;TZID=America/New_York:20260907T090000",
        "DURATION:PT1H",
    ]
    longer = patched(text, times("20260907T130000Z", "20260907T150000Z"), context(), edit())
    assert lines(longer, "DURATION", "DTEND") == ["DTEND;TZID=America/New_York:20260907T110000"]


def test_windows_zone_name_of_the_stored_event_is_kept() -> None:
    text = event("DTSTART;TZID=Romance Standard Time:20260907T080000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    moved = patched(text, times("20260907T070000Z", "20260907T080000Z"), context(), edit())
    assert lines(moved, "DTSTART") == ["DTSTART;TZID=Romance Standard Time:20260907T090000"]


def test_brussels_does_not_become_paris() -> None:
    text = event("DTSTART;TZID=Europe/Brussels:20260907T080000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    assert patched(text, times("20260907T060000Z", "20260907T070000Z"), context(), edit()) == text


def test_series_takes_the_zone_of_the_client_because_winter_depends_on_it() -> None:
    text = event("DTSTART:20260907T060000Z", "DTEND:20260907T070000Z", "RRULE:FREQ=WEEKLY;COUNT=10")
    moved = patched(text, times("20260907T060000Z", "20260907T070000Z"), context(), edit())
    assert lines(moved, "DTSTART", "DTEND", "RRULE") == [
        "DTSTART;TZID=Europe/Paris:20260907T080000",
        "DTEND;TZID=Europe/Paris:20260907T090000",
        "RRULE:FREQ=WEEKLY;COUNT=10",
    ]
    assert len(parse(moved).children("VTIMEZONE")) == 1


def test_floating_event_stays_floating() -> None:
    text = event("DTSTART:20260907T080000", "DTEND:20260907T090000")
    moved = patched(text, times("20260907T070000Z", "20260907T080000Z"), context(), edit())
    assert lines(moved, "DTSTART", "DTEND") == ["DTSTART:20260907T090000", "DTEND:20260907T100000"]


def test_whole_day_becomes_timed_and_back() -> None:
    timed = patched(
        event("DTSTART;VALUE=DATE:20260907"),
        times("20260907T060000Z", "20260907T070000Z", E(Calendar.AllDayEvent, 0)),
        context(),
        edit(),
    )
    assert lines(timed, "DTSTART") == ["DTSTART;TZID=Europe/Paris:20260907T080000"]
    item = times("20260906T220000Z", "20260907T220000Z", E(Calendar.AllDayEvent, 1))
    assert lines(patched(timed, item, context(), edit()), "DTSTART", "DTEND") == [
        "DTSTART;VALUE=DATE:20260907",
        "DTEND;VALUE=DATE:20260908",
    ]


def test_end_before_the_kept_start_is_refused() -> None:
    with pytest.raises(ItemRefused):
        patched(lesson(), data(E(Calendar.EndTime, "20260907T050000Z")), context(), edit())


def test_other_recurrence_rewrites_the_rule_and_drops_what_it_no_longer_hits() -> None:
    every_day = E(Calendar.Recurrence, E(Calendar.Type, 1), E(Calendar.DayOfWeek, 4), E(Calendar.Interval, 1))
    item = times("20260908T060000Z", "20260908T070000Z", every_day)
    text = patched(RICH, item, context(), edit())
    assert lines(text, "RRULE", "EXDATE") == ["RRULE:FREQ=WEEKLY;BYDAY=TU"]


def test_series_moved_by_an_hour_takes_its_exceptions_along() -> None:
    override = (
        "BEGIN:VEVENT",
        "UID:lesson-1",
        "DTSTAMP:20260801T100000Z",
        "RECURRENCE-ID;TZID=Europe/Paris:20260921T080000",
        "DTSTART;TZID=Europe/Paris:20260921T080000",
        "DTEND;TZID=Europe/Paris:20260921T090000",
        "SUMMARY:Test",
        "END:VEVENT",
    )
    text = lesson("RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Paris:20260914T080000", more=override)
    moved = patched(text, times("20260907T070000Z", "20260907T080000Z"), context(), edit())
    found = expand(parse(moved), datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), PARIS)
    assert [(f"{one.starts:%m%dT%H}", one.component.text("SUMMARY")) for one in found] == [
        ("0907T09", "Maths"),
        ("0921T09", "Test"),
        ("0928T09", "Maths"),
    ]


def test_empty_recurrence_makes_a_series_single_and_leaves_a_single_event_alone() -> None:
    single = patched(RICH, data(E(Calendar.Recurrence)), context(), edit())
    assert lines(single, "RRULE", "EXDATE") == []
    assert patched(lesson(), data(E(Calendar.Recurrence)), context(), edit()) == lesson()


@pytest.mark.parametrize("start", ["20261102T070000Z", "20261102T060000Z", "20261102T080000Z"])
def test_occurrence_is_found_though_the_client_errs_by_an_hour(start: str) -> None:
    text = lesson("RRULE:FREQ=WEEKLY;BYDAY=MO")
    gone = E(Calendar.Exceptions, E(Calendar.Exception, E(Calendar.Deleted, 1), E(Calendar.ExceptionStartTime, start)))
    assert lines(patched(text, data(gone), context(), edit()), "EXDATE") == ["EXDATE;TZID=Europe/Paris:20261102T080000"]


@pytest.mark.parametrize("start", ["20260913T220000Z", "20260914T000000Z"])
def test_whole_day_occurrence_is_found_by_midnight_and_by_date(start: str) -> None:
    text = event("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=WEEKLY")
    gone = E(Calendar.Exceptions, E(Calendar.Exception, E(Calendar.Deleted, 1), E(Calendar.ExceptionStartTime, start)))
    assert lines(patched(text, data(gone), context(), edit()), "EXDATE") == ["EXDATE;VALUE=DATE:20260914"]


def test_changed_exception_restores_a_removed_occurrence() -> None:
    back = E(
        Calendar.Exceptions,
        E(Calendar.Exception, E(Calendar.ExceptionStartTime, "20260914T060000Z"), E(Calendar.Subject, "Back")),
    )
    text = patched(RICH, data(back), context(), edit())
    assert lines(text, "EXDATE") == []
    assert [item.text("SUMMARY") for item in parse(text).children("VEVENT")] == ["Maths", "Back"]


def test_exception_of_an_occurrence_that_does_not_exist_is_refused() -> None:
    ghost = E(
        Calendar.Exceptions,
        E(Calendar.Exception, E(Calendar.ExceptionStartTime, "20260916T060000Z"), E(Calendar.Subject, "x")),
    )
    with pytest.raises(ItemRefused):
        patched(RICH, data(ghost), context(), edit())


def test_attendee_that_the_client_kept_keeps_its_parameters() -> None:
    text = lesson("ATTENDEE;X-ID=7;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@b.example", "ATTENDEE:mailto:c@b.example")
    bob = E(
        Calendar.Attendee, E(Calendar.Email, "bob@b.example"), E(Calendar.Name, "Bob"), E(Calendar.AttendeeStatus, 4)
    )
    found = vevent(patched(text, data(E(Calendar.Attendees, bob)), context(), edit())).all("ATTENDEE")
    assert [(prop.param("X-ID"), prop.param("PARTSTAT")) for prop in found] == [("7", "DECLINED")]


def test_guests_make_the_owner_the_organizer() -> None:
    guest = E(Calendar.Attendee, E(Calendar.Email, "bob@b.example"), E(Calendar.Name, "Bob"))
    text = added(times("20260907T060000Z", "20260907T070000Z", E(Calendar.Attendees, guest)))
    assert lines(text, "ORGANIZER") == ["ORGANIZER:mailto:anne@college.example"]


@pytest.mark.parametrize(
    ("status", "expected"), [(0, ["TRANSP:TRANSPARENT"]), (1, ["TRANSP:OPAQUE", "STATUS:TENTATIVE"])]
)
def test_busy_status_becomes_transp_and_status(status: int, expected: list[str]) -> None:
    assert (
        lines(patched(lesson(), data(E(Calendar.BusyStatus, status)), context(), edit()), "TRANSP", "STATUS")
        == expected
    )


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_busy_status_and_sensitivity_come_back_as_sent(status: int) -> None:
    item = data(E(Calendar.BusyStatus, status), E(Calendar.Sensitivity, status))
    back = application_data(patched(lesson("STATUS:TENTATIVE"), item, context(), edit()), context())
    assert [back.value(Calendar.BusyStatus), back.value(Calendar.Sensitivity)] == [str(status)] * 2


@pytest.mark.parametrize(
    ("change", "only"),
    [
        (E(Calendar.Reminder, 5), True),
        (E(Calendar.Categories, E(Calendar.Category, "Red")), True),
        (E(Calendar.Subject, "Mine"), False),
        (E(Calendar.StartTime, "20260907T050000Z"), False),
        (E(Calendar.StartTime, "nonsense"), False),
    ],
)
def test_reminder_alone_is_told_from_a_real_edit(change: Element, only: bool) -> None:
    device = context(family="aosp", read_only=True)
    item = without(application_data(RICH, device), change.tag)
    assert only_reminder_differs(RICH, data(*item.children, change), device) is only


def test_edit_of_an_expanded_occurrence_becomes_an_override() -> None:
    text = lesson("RRULE:FREQ=MONTHLY;BYMONTHDAY=7,21;COUNT=4")
    found = representation(text, context(), (date(2026, 9, 1), date(2027, 1, 1)))
    assert isinstance(found, Instances)
    suffix, item = found.items[1]
    assert patched_occurrence(text, suffix, item, context(), edit()) == text
    changed = patched_occurrence(text, suffix, data(E(Calendar.Subject, "Other")), context(), edit())
    again = representation(changed, context(), (date(2026, 9, 1), date(2027, 1, 1)))
    assert isinstance(again, Instances)
    assert [one.value(Calendar.Subject) for _, one in again.items] == ["Maths", "Other", "Maths", "Maths"]
    assert [name for name, _ in again.items] == [name for name, _ in found.items]
    gone = without_one(changed, suffix, context(), edit())
    assert gone is not None
    left = representation(gone, context(), (date(2026, 9, 1), date(2027, 1, 1)))
    assert isinstance(left, Instances)
    assert suffix not in [name for name, _ in left.items]
    with pytest.raises(ItemRefused) as caught:
        patched_occurrence(gone, suffix, data(), context(), edit())
    assert caught.value.status == 8


def test_detached_override_is_edited_and_deleted_as_itself() -> None:
    text = lesson("RECURRENCE-ID;TZID=Europe/Paris:20260907T080000")
    changed = patched_occurrence(text, "20260907T060000Z", data(E(Calendar.Subject, "Other")), context(), edit())
    assert lines(changed, "SUMMARY") == ["SUMMARY:Other"]
    assert without_one(text, "20260907T060000Z", context(), edit()) is None


@pytest.mark.parametrize("family", ["tbsync", "aosp", "ios", "other"])
@pytest.mark.parametrize("version", ["12.1", "14.0", "14.1"])
@pytest.mark.parametrize("whole_days", [False, True])
def test_series_with_exceptions_pushed_back_changes_no_byte(family: str, version: str, whole_days: bool) -> None:
    def at(name: str, stamp: str) -> str:
        return f"{name};VALUE=DATE:{stamp[:8]}" if whole_days else f"{name};TZID=Europe/Paris:{stamp}"

    override = (
        "BEGIN:VEVENT",
        "UID:lesson-1",
        "DTSTAMP:20260801T100000Z",
        at("RECURRENCE-ID", "20261026T080000"),
        at("DTSTART", "20261027T080000"),
        at("DTEND", "20261028T090000"),
        "SUMMARY:Moved",
        "X-ROOM:kept",
        "END:VEVENT",
    )
    text = event(
        at("DTSTART", "20260907T080000"),
        at("DTEND", "20260908T090000"),
        "SUMMARY:Maths",
        "LOCATION:B12",
        "DESCRIPTION:Bring a ruler",
        "RRULE:FREQ=WEEKLY;WKST=SU;UNTIL=20270628T220000Z" if not whole_days else "RRULE:FREQ=WEEKLY;UNTIL=20270628",
        at("EXDATE", "20260914T080000") + "," + ("20261102" if whole_days else "20261102T080000"),
        more=override,
    )
    device = context(family=family, version=version)
    item = application_data(text, device)
    exceptions = item.find(Calendar.Exceptions)
    assert exceptions is not None
    assert len(exceptions.children) == 3
    assert patched(text, item, device, edit()) == text


def test_aosp_whole_day_series_in_its_own_order() -> None:
    item = data(
        E(Calendar.Timezone, PARIS_BLOB),
        E(Calendar.AllDayEvent, 1),
        E(Calendar.StartTime, "20260913T220000Z"),
        E(Calendar.EndTime, "20260914T220000Z"),
        E(Calendar.DtStamp, "20260901T091000Z"),
        E(Calendar.Subject, "Duty"),
        E(
            Calendar.Recurrence,
            E(Calendar.Type, 1),
            E(Calendar.Interval, 2),
            E(Calendar.DayOfWeek, 2),
            E(Calendar.Until, "20261130T000000Z"),
        ),
        E(Calendar.Sensitivity, 0),
        E(Calendar.BusyStatus, 0),
        E(Calendar.UID, "aosp-1"),
        E(Calendar.OrganizerName, "Anne"),
        E(Calendar.OrganizerEmail, "anne@college.example"),
        E(Calendar.MeetingStatus, 0),
    )
    text = added(item, family="aosp")
    assert lines(text, "DTSTART", "DTEND", "RRULE", "ORGANIZER", "TRANSP") == [
        "DTSTART;VALUE=DATE:20260914",
        "DTEND;VALUE=DATE:20260915",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20261130",
        "TRANSP:TRANSPARENT",
    ]
    assert "VTIMEZONE" not in text.decode()


def test_series_left_out_of_a_whole_item_becomes_single_for_tbsync() -> None:
    device = context(family="tbsync")
    item = without(application_data(RICH, device), Calendar.Recurrence, Calendar.Exceptions)
    assert lines(patched(RICH, item, device, edit()), "RRULE", "EXDATE") == []
    other = context(family="ios")
    assert patched(RICH, item, other, edit()) == RICH


def test_only_the_changed_override_is_stamped() -> None:
    moved = E(
        Calendar.Exceptions,
        E(Calendar.Exception, E(Calendar.ExceptionStartTime, "20260921T060000Z"), E(Calendar.Location, "Gym")),
    )
    text = patched(RICH, data(moved), context(), edit())
    former, override = parse(text).children("VEVENT")
    assert former.text("DTSTAMP") == "20260801T100000Z"
    assert (override.text("DTSTAMP"), override.text("LOCATION")) == ("20260901T091000Z", "Gym")
    assert override.text("X-CADRAN-SOURCE") == "edt-4411"
    assert override.first("RRULE") is None
