"""Defects of other servers and oddities of clients that the reference names, and that no other test replays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from protocols.eas.calendar import application_data
from protocols.eas.calendar_edit import patched
from protocols.eas.codepages import Calendar
from protocols.eas.errors import NotRepresentable
from protocols.eas.wbxml import E
from storage.contentlines import parse
from tests.eas.client import AOSP, TBSYNC, WP
from tests.eas.items import add
from tests.eas.items import event as item
from tests.protocols.eas.calendar_samples import context, data, edit, lesson
from tests.protocols.eas.defects import CLIENTS_OF_20, DEFECTS, ROWS_OF_18, SECTIONS
from tests.protocols.eas.harness import LocalPhone, event, statuses
from tests.protocols.eas.test_sync_upload import DENTIST

TESTS = Path(__file__).resolve().parents[2]
MOVED = (
    "BEGIN:VEVENT",
    "UID:lesson-1",
    "DTSTAMP:20260801T100000Z",
    "RECURRENCE-ID;TZID=Europe/Paris:20260914T080000",
    "DTSTART;TZID=Europe/Paris:20260914T100000",
    "DTEND;TZID=Europe/Paris:20260914T110000",
    "SUMMARY:Later",
    "END:VEVENT",
)
SERIES = lesson("RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Paris:20260921T080000", more=MOVED)


def test_every_defect_of_the_list_has_its_test() -> None:
    places = [each for folder in ("protocols/eas", "server", "e2e") for each in TESTS.glob(f"{folder}/test_*.py")]
    known = {name for place in places for name in re.findall(r"^def (test_\w+)", place.read_text(), re.MULTILINE)}
    assert {test for _, _, test in DEFECTS} - known == set()
    assert len({(section, name) for section, name, _ in DEFECTS}) == len(DEFECTS)


def test_the_list_leaves_out_no_section_and_no_row_of_the_reference() -> None:
    assert {section for section, _, _ in DEFECTS} == set(SECTIONS)
    named = {section: [name for of, name, _ in DEFECTS if of == section] for section in SECTIONS}
    assert set(ROWS_OF_18) <= set(named["18"])
    clients = {each.strip() for name in named["20"] for each in name.partition(":")[0].split(",")}
    assert clients == set(CLIENTS_OF_20)


@pytest.mark.parametrize(
    "lines",
    [
        ("RDATE:20260910T060000Z",),
        ("RRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY;COUNT=2"),
        ("RRULE:FREQ=WEEKLY", "EXRULE:FREQ=MONTHLY"),
        ("RRULE:FREQ=SECONDLY;COUNT=3",),
        ("RRULE:FREQ=MINUTELY;COUNT=3",),
        ("RRULE:FREQ=HOURLY;COUNT=3",),
        ("RRULE:FREQ=YEARLY;BYWEEKNO=37",),
        ("RRULE:FREQ=YEARLY;BYYEARDAY=250",),
        ("RRULE:FREQ=DAILY;BYHOUR=8,10",),
        ("RRULE:FREQ=DAILY;BYMINUTE=0,30",),
        ("RRULE:FREQ=DAILY;BYSECOND=0,30",),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=7,21",),
        ("RRULE:FREQ=MONTHLY;BYDAY=1MO,3WE",),
        ("RRULE:FREQ=NONSENSE",),
    ],
)
def test_a_series_that_cannot_be_said_is_never_said_in_part(lines: tuple[str, ...]) -> None:
    with pytest.raises(NotRepresentable):
        application_data(lesson(*lines), context())


def test_all_later_occurrences_changed_at_once_are_not_said_as_one() -> None:
    later = (MOVED[0], MOVED[1], MOVED[2], "RECURRENCE-ID;RANGE=THISANDFUTURE:20260914T060000Z", *MOVED[4:])
    with pytest.raises(NotRepresentable):
        application_data(lesson("RRULE:FREQ=WEEKLY;COUNT=5", more=later), context())


def test_an_end_after_2037_is_told() -> None:
    found = application_data(lesson("RRULE:FREQ=WEEKLY;UNTIL=20450904T060000Z"), context())
    assert found.value(Calendar.Recurrence, Calendar.Until) == "20450904T060000Z"


def test_exceptions_not_listed_are_unchanged() -> None:
    assert patched(SERIES, data(E(Calendar.Subject, "Maths")), context(), edit()) == SERIES
    one = E(Calendar.Exception, E(Calendar.ExceptionStartTime, "20260928T060000Z"), E(Calendar.Deleted, 1))
    text = patched(SERIES, data(E(Calendar.Exceptions, one)), context(), edit())
    master, moved = parse(text).children("VEVENT")
    assert [prop.value for prop in master.all("EXDATE")] == ["20260921T080000", "20260928T080000"]
    assert moved.text("SUMMARY") == "Later"


def test_an_exception_cannot_change_what_is_the_series() -> None:
    one = E(
        Calendar.Exception,
        E(Calendar.ExceptionStartTime, "20260928T060000Z"),
        E(Calendar.Subject, "Test"),
        E(Calendar.UID, "other"),
        E(Calendar.OrganizerEmail, "other@college.example"),
        E(Calendar.Recurrence, E(Calendar.Type, 0)),
    )
    made = parse(patched(SERIES, data(E(Calendar.Exceptions, one)), context(), edit())).children("VEVENT")[-1]
    assert (made.text("SUMMARY"), made.text("UID")) == ("Test", "lesson-1")
    assert (made.first("RRULE"), made.first("ORGANIZER")) == (None, None)


def test_a_single_event_never_has_exceptions() -> None:
    for version in ("12.1", "14.1", "16.1"):
        found = application_data(lesson("EXDATE;TZID=Europe/Paris:20260907T080000"), context(version=version))
        assert not found.has(Calendar.Exceptions)


@pytest.mark.parametrize("name", ["InvalidTaskID", "c999999", "4", "RI", "c1:2"])
def test_folders_that_phones_make_up_are_unknown(phone: LocalPhone, name: str) -> None:
    assert phone.sync(name, key="1").status == "8"
    assert phone.ping([name], 480) == ("7", [])


@pytest.mark.parametrize("manner", [AOSP, TBSYNC, WP], ids=lambda manner: manner.name)
def test_a_device_that_never_provisions_is_served(school, ada, agenda, manner):
    school.put(ada, "a", event("a", "Physics"))
    phone = LocalPhone(school.store, ada, manner=manner)
    phone.connect(provision=False)
    assert phone.policy_key == 0
    assert phone.sync_all(agenda).added
    assert statuses(phone.sync(agenda, [add("1", item(DENTIST))]).responses) == [("Add", "1")]


def test_every_answer_begins_as_thunderbird_demands(school, ada, agenda):
    phone = LocalPhone(school.store, ada, manner=TBSYNC)
    phone.connect()
    phone.sync_all(agenda)
    answered = [each.answer.body for each in phone.traffic if each.answer.body]
    assert len(answered) > 3
    assert {body[:4] for body in answered} == {b"\x03\x01\x6a\x00"}


def test_no_answer_has_an_empty_container(school, ada, phone, agenda):
    school.put(ada, "a", event("a", "Physics"))
    phone.sync_all(agenda)
    assert phone.sync(agenda).empty
    phone.sync(agenda, [add("1", item(DENTIST))])
    waiting = [each.answer.root for each in phone.traffic if each.answer.root]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.name in {f"AirSync:{name}" for name in ("Collections", "Commands", "Responses", "Exceptions")}:
            assert node.children, node.name
