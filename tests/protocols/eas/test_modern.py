"""Events at 16.0 and 16.1: dates without a zone, places as containers, exceptions named by InstanceId."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from protocols.eas import families
from protocols.eas.calendar import application_data
from protocols.eas.calendar_edit import new_event, patched
from protocols.eas.codepages import AirSync, AirSyncBase, Calendar
from protocols.eas.errors import ItemRefused
from protocols.eas.instance_edit import patched_instance, without_instance
from protocols.eas.modern import incoming
from protocols.eas.representation import Instances, representation
from protocols.eas.wbxml import E, Element
from storage.contentlines import parse
from storage.model import Settings
from tests.protocols.eas.calendar_samples import NOW, PARIS_BLOB, context, data, edit, event, lesson
from tests.protocols.eas.test_tasks import WINDOW

NEW = context(version="16.1")
HOLIDAY = ("DTSTART;VALUE=DATE:20260901", "DTEND;VALUE=DATE:20260903", "SUMMARY:Holiday")
OVERRIDE = (
    "BEGIN:VEVENT",
    "UID:lesson-1",
    "DTSTAMP:20260801T100000Z",
    "RECURRENCE-ID;TZID=Europe/Paris:20260914T080000",
    "DTSTART;TZID=Europe/Paris:20260914T100000",
    "DTEND;TZID=Europe/Paris:20260914T110000",
    "SUMMARY:Later",
    "END:VEVENT",
)
SERIES = lesson("RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Paris:20260921T080000", "X-KEPT:1", more=OVERRIDE)


def lines(text: bytes) -> list[str]:
    return text.decode().replace("\r\n ", "").split("\r\n")


def location(*children: Element) -> Element:
    return E(AirSyncBase.Location, *children)


@pytest.mark.parametrize("version", ["16.0", "16.1"])
def test_whole_days_are_dates_without_a_zone(version: str) -> None:
    item = application_data(event(*HOLIDAY), context(version=version))
    assert not item.has(Calendar.Timezone)
    assert (item.value(Calendar.StartTime), item.value(Calendar.EndTime)) == ("20260901T000000Z", "20260903T000000Z")
    assert item.value(Calendar.AllDayEvent) == "1"


def test_timed_events_keep_their_zone() -> None:
    item = application_data(lesson(), NEW)
    assert item.has(Calendar.Timezone)
    assert item.value(Calendar.StartTime) == "20260907T060000Z"


def test_a_series_of_whole_days_ends_and_excepts_by_dates() -> None:
    item = application_data(event(*HOLIDAY, "RRULE:FREQ=MONTHLY;UNTIL=20261201", "EXDATE;VALUE=DATE:20261001"), NEW)
    assert item.value(Calendar.Recurrence, Calendar.Until) == "20261201T000000Z"
    named = item.find(Calendar.Exceptions, Calendar.Exception)
    assert named is not None
    assert named.value(AirSyncBase.InstanceId) == "20261001T000000Z"
    assert not named.has(Calendar.ExceptionStartTime)


def test_an_override_of_another_kind_of_day_is_told_one_by_one() -> None:
    named = "RECURRENCE-ID;TZID=Europe/Paris:20260914T080000"
    odd = (*OVERRIDE[:3], named, "DTSTART;VALUE=DATE:20260914", OVERRIDE[-1])
    ical = lesson("RRULE:FREQ=WEEKLY;COUNT=3", more=odd)
    assert isinstance(representation(ical, NEW, WINDOW), Instances)
    assert not isinstance(representation(ical, context(), WINDOW), Instances)


def test_a_place_has_its_name_and_position() -> None:
    item = application_data(lesson("LOCATION:Room 12", "GEO:48.85;2.35"), NEW)
    assert not item.has(Calendar.Location)
    place = item.find(AirSyncBase.Location)
    assert place is not None
    assert [(each.tag, each.content) for each in place.children] == [
        (AirSyncBase.DisplayName, "Room 12"),
        (AirSyncBase.Latitude, "48.85"),
        (AirSyncBase.Longitude, "2.35"),
    ]


def test_all_a_phone_says_of_a_place_is_kept_and_told_again() -> None:
    place = location(
        E(AirSyncBase.DisplayName, "Lycée"),
        E(AirSyncBase.Street, '1, rue "d\'Ulm"'),
        E(AirSyncBase.City, "Paris"),
        E(AirSyncBase.Latitude, "48.84"),
        E(AirSyncBase.Longitude, "2.34"),
    )
    text = patched(lesson(), incoming(data(place)), NEW, edit())
    assert {"LOCATION:Lycée", "GEO:48.84;2.34"} <= set(lines(text))
    item = application_data(text, NEW)
    assert item.find(AirSyncBase.Location) == place
    assert patched(text, incoming(item), NEW, edit()) == text
    other = patched(text, incoming(data(location(E(AirSyncBase.DisplayName, "Home")))), NEW, edit())
    assert not any(line.startswith(("GEO", "X-CADRAN-PLACE")) for line in lines(other))


def test_an_address_without_name_names_the_place_and_an_empty_place_clears_it() -> None:
    unnamed = data(location(E(AirSyncBase.Street, "1 Main St"), E(AirSyncBase.City, "Paris")))
    text = patched(lesson("LOCATION:x"), incoming(unnamed), NEW, edit())
    assert "LOCATION:1 Main St\\, Paris" in lines(text)
    assert not any(
        line.startswith("LOCATION") for line in lines(patched(text, incoming(data(location())), NEW, edit()))
    )


@pytest.mark.parametrize("latitude", ["north", "1e9", "nan"])
def test_a_position_that_is_none_is_status_6(latitude: str) -> None:
    place = location(E(AirSyncBase.DisplayName, "x"), E(AirSyncBase.Latitude, latitude), E(AirSyncBase.Longitude, "2"))
    with pytest.raises(ItemRefused):
        patched(lesson(), incoming(data(place)), NEW, edit())


def test_a_new_event_is_named_by_its_client_uid_and_organized_by_the_account() -> None:
    sent = data(
        E(Calendar.ClientUid, "client-1"),
        E(Calendar.UID, "forged"),
        E(Calendar.OrganizerEmail, "other@college.example"),
        E(Calendar.StartTime, "20260901T000000Z"),
        E(Calendar.EndTime, "20260902T000000Z"),
        E(Calendar.AllDayEvent, 1),
        E(Calendar.Timezone, PARIS_BLOB),
        E(
            Calendar.Attendees,
            E(Calendar.Attendee, E(Calendar.Email, "b@college.example"), E(Calendar.AttendeeStatus, 3)),
        ),
    )
    found = lines(new_event(incoming(sent), NEW, "fallback", NOW))
    assert {"UID:client-1", "DTSTART;VALUE=DATE:20260901", "DTEND;VALUE=DATE:20260902"} <= set(found)
    assert "ORGANIZER:mailto:anne@college.example" in found
    assert not any("ACCEPTED" in line for line in found)


@pytest.mark.parametrize(
    "ical",
    [
        lesson(),
        event(*HOLIDAY),
        event(*HOLIDAY, "RRULE:FREQ=MONTHLY;UNTIL=20261201"),
        lesson("LOCATION:B12", "GEO:1.5;2.5", "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"),
        lesson("RRULE:FREQ=WEEKLY;COUNT=5"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Auckland", "America/Los_Angeles"])
def test_an_event_pushed_back_changes_no_byte(ical: bytes, zone: str) -> None:
    device = replace(NEW, zone=ZoneInfo(zone))
    assert patched(ical, incoming(application_data(ical, device)), device, edit()) == ical


def test_working_elsewhere_is_told_from_16_and_is_busy_before() -> None:
    ical = lesson("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE")
    assert application_data(ical, NEW).value(Calendar.BusyStatus) == "4"
    assert application_data(ical, context()).value(Calendar.BusyStatus) == "2"


def test_what_is_absent_is_unchanged_even_for_whole_items() -> None:
    ical = lesson("LOCATION:B12", "RRULE:FREQ=WEEKLY;COUNT=5")
    device = replace(NEW, family="tbsync")
    whole = [each for each in application_data(ical, device).children if each.tag != Calendar.Recurrence]
    assert patched(ical, incoming(data(*whole)), device, edit(supported=frozenset())) == ical


def test_an_empty_recurrence_makes_a_series_single() -> None:
    text = patched(lesson("RRULE:FREQ=WEEKLY"), incoming(data(E(Calendar.Recurrence))), NEW, edit())
    assert not any(line.startswith("RRULE") for line in lines(text))


def test_one_occurrence_is_changed_by_itself_with_what_is_said_of_it_alone() -> None:
    sent = incoming(data(E(Calendar.Subject, "Test"), location(E(AirSyncBase.DisplayName, "Gym"))))
    text = patched_instance(SERIES, "20260928T060000Z", sent, NEW, edit())
    (made,) = (each for each in parse(text).children("VEVENT") if each.text("SUMMARY") == "Test")
    assert made.text("LOCATION") == "Gym"
    assert "RECURRENCE-ID;TZID=Europe/Paris:20260928T080000" in lines(text)
    assert "X-KEPT:1" in lines(text)
    again = patched_instance(text, "20260928T060000Z", sent, NEW, edit())
    assert again == text


def test_an_occurrence_taken_out_is_given_back_by_a_change() -> None:
    text = patched_instance(SERIES, "20260921T060000Z", data(E(Calendar.Subject, "Back")), NEW, edit())
    assert not any(line.startswith("EXDATE") for line in lines(text))


def test_one_occurrence_is_cancelled_once() -> None:
    text = without_instance(SERIES, "20260914T060000Z", NEW, edit())
    assert b"Later" not in text
    assert without_instance(text, "20260914T060000Z", NEW, edit()) == text
    days = event(*HOLIDAY, "RRULE:FREQ=MONTHLY;COUNT=3")
    assert "EXDATE;VALUE=DATE:20261001" in lines(without_instance(days, "20261001T000000Z", NEW, edit()))


@pytest.mark.parametrize(
    ("instance", "children", "status"),
    [
        ("20260908T060000Z", (), 8),
        ("20260928T060000Z", (E(Calendar.Timezone, PARIS_BLOB),), 6),
        ("20260928T060000Z", (E(Calendar.Recurrence),), 6),
        ("20260928T060000Z", (E(Calendar.Exceptions),), 6),
        ("20260928T060000Z", (E(Calendar.AllDayEvent, 1),), 6),
        ("soon", (), 6),
    ],
)
def test_commands_on_occurrences_that_cannot_be(instance: str, children: tuple[Element, ...], status: int) -> None:
    with pytest.raises(ItemRefused) as refused:
        patched_instance(SERIES, instance, data(*children), NEW, edit())
    assert refused.value.status == status


def test_an_event_that_does_not_recur_has_no_occurrences() -> None:
    with pytest.raises(ItemRefused):
        patched_instance(lesson(), "20260907T060000Z", data(), NEW, edit())
    with pytest.raises(ItemRefused):
        without_instance(lesson(), "20260907T060000Z", NEW, edit())


def test_a_redrawn_series_forgets_its_exceptions_as_its_client_does() -> None:
    moved = data(E(Calendar.StartTime, "20260907T070000Z"), E(Calendar.EndTime, "20260907T080000Z"))
    text = patched(SERIES, moved, NEW, edit())
    assert not any(line.startswith(("EXDATE", "RECURRENCE-ID")) for line in lines(text))
    kept = patched(SERIES, data(E(Calendar.Subject, "New")), NEW, edit())
    assert any(line.startswith("RECURRENCE-ID") for line in lines(kept))
    before = patched(SERIES, moved, context(), edit())
    assert any(line.startswith("EXDATE") for line in lines(before))


def test_versions_are_offered_by_family_and_bounded_by_the_school() -> None:
    every = ("12.1", "14.0", "14.1", "16.0", "16.1")
    assert families.offered("ios", Settings()) == every
    assert families.offered("tbsync", Settings()) == every
    for family in ("android", "samsung", "windows", "outlook", "other"):
        assert families.offered(family, Settings()) == every[:3]
    bounded = Settings(eas_versions={"ios": "14.1", "other": "16.1", "android": "1"})
    assert families.offered("ios", bounded) == every[:3]
    assert families.offered("other", bounded) == every
    assert families.offered("android", bounded) == every[:1]
    assert not families.spoken("ios", "16.1", bounded)
    assert families.spoken("windows", "16.1", bounded)


def test_the_order_of_an_item_begins_as_aosp_needs_it_in_every_version() -> None:
    for version in ("14.1", "16.1"):
        item = application_data(event(*HOLIDAY), context(version=version))
        tags = [each.tag for each in item.children]
        assert tags.index(Calendar.StartTime) < tags.index(Calendar.AllDayEvent)
        assert tags[0] != Calendar.Attendees
        assert item.tag == AirSync.ApplicationData
