"""Tasks written for phones and read from them: every element both ways, and nothing lost in between."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

import pytest
from dateutil.rrule import rrulestr

from protocols.eas.codepages import AirSyncBase, Tag, Tasks
from protocols.eas.errors import ItemRefused
from protocols.eas.representation import Instances, Series
from protocols.eas.task_edit import new_task, patched_task, patched_task_occurrence, without_task_occurrence
from protocols.eas.tasks import represent, single
from protocols.eas.wbxml import E, Element, decode, encode
from storage.ical import inspect
from tests.protocols.eas.calendar_samples import NOW, PARIS, context, data, edit

WINDOW = (date(2025, 7, 28), date(2027, 10, 6))
FAMILIES = [("tbsync", "14.1"), ("other", "12.1"), ("ios", "16.1")]
START = (
    E(Tasks.UtcStartDate, "2026-08-31T22:00:00.000Z"),
    E(Tasks.StartDate, "2026-09-01T00:00:00.000Z"),
)
DUE = (E(Tasks.UtcDueDate, "2026-09-02T22:00:00.000Z"), E(Tasks.DueDate, "2026-09-03T00:00:00.000Z"))


def task(*lines: str, alarms: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> bytes:
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VTODO", "UID:t-1"]
    stamps = ["DTSTAMP:20260801T100000Z", "SUMMARY:Marks"]
    return "\r\n".join([*head, *stamps, *lines, *alarms, "END:VTODO", *more, "END:VCALENDAR", ""]).encode()


def alarm(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", *lines, "END:VALARM")


def written(ical: bytes, **changes: object) -> Element:
    found = represent(ical, context(**changes), WINDOW)
    assert isinstance(found, Series)
    return found.item


def made(*children: Element | None) -> list[str]:
    """The lines of the VTODO that an Add makes."""
    text = new_task(data(E(Tasks.Subject, "Marks"), *children), context(), "t-2", NOW)
    inspect(text, PARIS)
    return text.decode().replace("\r\n ", "").split("\r\n")


def changed(ical: bytes, *children: Element, **changes: object) -> list[str]:
    """The lines of a task after a Change."""
    text = patched_task(ical, data(*children), context(**changes), edit())
    inspect(text, PARIS)
    return text.decode().replace("\r\n ", "").split("\r\n")


def recurring(*fields: tuple[Tag, int | str]) -> Element:
    start = (Tasks.Start, "2026-09-07T00:00:00.000Z")
    return E(Tasks.Recurrence, *(E(tag, value) for tag, value in (fields[0], start, *fields[1:])))


FULL = task(
    "DESCRIPTION:Third form\\nall of them",
    "PRIORITY:1",
    "CATEGORIES:School,Exam",
    "CLASS:PRIVATE",
    "DTSTART;VALUE=DATE:20260901",
    "DUE;VALUE=DATE:20260903",
    "STATUS:COMPLETED",
    "PERCENT-COMPLETE:100",
    "COMPLETED:20260902T101500Z",
    "X-CADRAN-ORDINAL-DATE:2026-09-01T10:00:00.000Z",
    "X-CADRAN-SUB-ORDINAL:5",
    "RELATED-TO:parent",
    alarms=alarm("TRIGGER;VALUE=DATE-TIME:20260901T060000Z"),
)


def test_every_element_of_a_task_is_said() -> None:
    item = written(FULL)
    assert [(each.tag, each.content) for each in item.children if not each.children] == [
        (Tasks.Subject, "Marks"),
        (Tasks.Importance, "2"),
        (Tasks.UtcStartDate, "2026-08-31T22:00:00.000Z"),
        (Tasks.StartDate, "2026-09-01T00:00:00.000Z"),
        (Tasks.UtcDueDate, "2026-09-02T22:00:00.000Z"),
        (Tasks.DueDate, "2026-09-03T00:00:00.000Z"),
        (Tasks.Complete, "1"),
        (Tasks.DateCompleted, "2026-09-02T10:15:00.000Z"),
        (Tasks.Sensitivity, "2"),
        (Tasks.ReminderSet, "1"),
        (Tasks.ReminderTime, "2026-09-01T06:00:00.000Z"),
        (Tasks.OrdinalDate, "2026-09-01T10:00:00.000Z"),
        (Tasks.SubOrdinalDate, "5"),
        (AirSyncBase.NativeBodyType, "1"),
    ]
    assert item.value(AirSyncBase.Body, AirSyncBase.Data) == "Third form\r\nall of them"
    names = item.find(Tasks.Categories)
    assert names is not None
    assert [each.content for each in names.children] == ["School", "Exam"]
    assert decode(encode(item)) == item


def test_a_bare_task_says_no_more_than_it_has() -> None:
    tags = [each.tag for each in written(task()).children]
    assert tags == [Tasks.Subject, Tasks.Importance, Tasks.Complete, Tasks.Sensitivity, Tasks.ReminderSet]


@pytest.mark.parametrize(("family", "version"), FAMILIES)
@pytest.mark.parametrize(
    "ical",
    [
        FULL,
        task(),
        task("DUE;TZID=Europe/Paris:20260903T173000", "STATUS:IN-PROCESS", "PERCENT-COMPLETE:40", "PRIORITY:3"),
        task("DTSTART:20260903T060000Z", "DURATION:PT2H", "PRIORITY:7"),
        task("DUE:20260903T173000", "CLASS:CONFIDENTIAL", alarms=alarm("TRIGGER;RELATED=END:-PT15M")),
        task("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261130", "X-OTHER:kept"),
        task("DUE;VALUE=DATE:20260930", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"),
        task("X-CADRAN-TASK-RECURRENCE;REGENERATE=TRUE;START=20260901T000000:FREQ=WEEKLY;BYDAY=TU"),
    ],
)
def test_a_task_pushed_back_unchanged_changes_no_byte(ical: bytes, family: str, version: str) -> None:
    device = context(family=family, version=version)
    found = represent(ical, device, WINDOW)
    if isinstance(found, Instances):
        assert family == "tbsync"
        assert all(patched_task_occurrence(ical, name, item, device, edit()) == ical for name, item in found.items)
        return
    assert patched_task(ical, found.item, device, edit()) == ical


@pytest.mark.parametrize("ical", [FULL, task("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=4")])
def test_a_task_copied_into_a_new_one_reads_the_same(ical: bytes) -> None:
    item = written(ical)
    assert written(new_task(item, context(), "copy", NOW)) == item


def test_an_added_task_has_what_the_phone_said() -> None:
    lines = made(
        E(AirSyncBase.Body, E(AirSyncBase.Type, 1), E(AirSyncBase.Data, "one\r\ntwo")),
        E(Tasks.Importance, 0),
        *START,
        *DUE,
        E(Tasks.Categories, E(Tasks.Category, "School")),
        E(Tasks.Complete, 0),
        E(Tasks.Sensitivity, 3),
        E(Tasks.ReminderSet, 1),
        E(Tasks.ReminderTime, "2026-09-01T06:00:00.000Z"),
    )
    for line in (
        "SUMMARY:Marks",
        "DESCRIPTION:one\\ntwo",
        "PRIORITY:9",
        "DTSTART;VALUE=DATE:20260901",
        "DUE;VALUE=DATE:20260903",
        "CATEGORIES:School",
        "CLASS:CONFIDENTIAL",
        "TRIGGER;VALUE=DATE-TIME:20260901T060000Z",
    ):
        assert line in lines
    assert not any(line.startswith("STATUS") for line in lines)


def test_a_task_done_on_the_phone_is_done_at_its_date() -> None:
    lines = changed(
        task("STATUS:NEEDS-ACTION"), E(Tasks.Complete, 1), E(Tasks.DateCompleted, "2026-09-01T08:00:00.000Z")
    )
    assert {"STATUS:COMPLETED", "PERCENT-COMPLETE:100", "COMPLETED:20260901T080000Z"} <= set(lines)
    assert "COMPLETED:20260901T091000Z" in changed(task(), E(Tasks.Complete, 1))


def test_a_task_taken_up_again_is_open() -> None:
    lines = changed(FULL, E(Tasks.Complete, 0))
    assert "STATUS:NEEDS-ACTION" in lines
    assert not any(line.startswith(("COMPLETED", "PERCENT")) for line in lines)
    assert "RELATED-TO:parent" in lines


@pytest.mark.parametrize(
    ("lines", "done"),
    [
        (("STATUS:COMPLETED",), "1"),
        (("COMPLETED:20260902T101500Z",), "1"),
        (("PERCENT-COMPLETE:100",), "1"),
        (("STATUS:NEEDS-ACTION", "PERCENT-COMPLETE:100"), "0"),
        (("STATUS:CANCELLED",), "0"),
    ],
)
def test_what_counts_as_done(lines: tuple[str, ...], done: str) -> None:
    item = written(task(*lines))
    assert item.value(Tasks.Complete) == done
    assert item.has(Tasks.DateCompleted) == (done == "1")


@pytest.mark.parametrize(("priority", "said"), [(0, 1), (1, 2), (4, 2), (5, 1), (6, 0), (9, 0)])
def test_importance_follows_priority(priority: int, said: int) -> None:
    assert written(task(f"PRIORITY:{priority}")).value(Tasks.Importance) == str(said)


@pytest.mark.parametrize(
    ("pair", "line"),
    [
        (DUE, "DUE;VALUE=DATE:20260903"),
        ((E(Tasks.DueDate, "2026-09-03T00:00:00.000Z"),), "DUE;VALUE=DATE:20260903"),
        ((E(Tasks.UtcDueDate, "2026-09-02T22:00:00.000Z"),), "DUE;VALUE=DATE:20260903"),
        (
            (E(Tasks.UtcDueDate, "2026-09-03T15:30:00.000Z"), E(Tasks.DueDate, "2026-09-03T17:30:00.000Z")),
            "DUE;TZID=Europe/Paris:20260903T173000",
        ),
        (
            (E(Tasks.UtcDueDate, "2026-09-03T21:30:00.000Z"), E(Tasks.DueDate, "2026-09-03T17:30:00.000Z")),
            "DUE:20260903T213000Z",
        ),
        ((E(Tasks.UtcDueDate, "20260902T220000Z"), E(Tasks.DueDate, "20260903T000000Z")), "DUE;VALUE=DATE:20260903"),
    ],
)
def test_a_due_date_is_the_day_the_user_sees(pair: tuple[Element, ...], line: str) -> None:
    assert line in made(*pair)


def test_a_moved_due_date_keeps_the_form_it_had() -> None:
    ical = task("DUE;TZID=America/New_York:20260903T173000")
    item = written(ical)
    assert item.value(Tasks.DueDate) == "2026-09-03T23:30:00.000Z"
    moved = (E(Tasks.UtcDueDate, "2026-09-04T21:30:00.000Z"), E(Tasks.DueDate, "2026-09-04T23:30:00.000Z"))
    assert "DUE;TZID=America/New_York:20260904T173000" in changed(ical, *moved)


def test_both_dates_are_of_one_kind() -> None:
    ical = task("DTSTART;VALUE=DATE:20260901", "DUE;VALUE=DATE:20260903")
    lines = changed(ical, E(Tasks.UtcDueDate, "2026-09-03T15:30:00.000Z"), E(Tasks.DueDate, "2026-09-03T17:30:00.000Z"))
    assert {"DTSTART;TZID=Europe/Paris:20260901T000000", "DUE;TZID=Europe/Paris:20260903T173000"} <= set(lines)


def test_an_empty_date_is_cleared_and_a_missing_one_is_kept() -> None:
    assert not any(line.startswith("DUE") for line in changed(FULL, E(Tasks.DueDate), E(Tasks.UtcDueDate)))
    assert "DUE;VALUE=DATE:20260903" in changed(FULL, E(Tasks.Subject, "New"))
    length = task("DTSTART:20260903T060000Z", "DURATION:PT2H")
    moved = (E(Tasks.UtcStartDate, "2026-09-03T07:00:00.000Z"), E(Tasks.StartDate, "2026-09-03T09:00:00.000Z"))
    assert {"DTSTART:20260903T070000Z", "DUE:20260903T080000Z"} <= set(changed(length, *moved))


def test_what_thunderbird_leaves_out_of_a_whole_task_is_gone_and_at_16_nothing_is() -> None:
    whole = (E(Tasks.Complete, 1), E(Tasks.Importance, 2), E(Tasks.Sensitivity, 2), E(Tasks.Subject, "Marks"))
    assert not any(line.startswith(("DUE", "DTSTART")) for line in changed(FULL, *whole, family="tbsync"))
    assert "DUE;VALUE=DATE:20260903" in changed(FULL, *whole, family="tbsync", version="16.1")
    assert "DUE;VALUE=DATE:20260903" in changed(FULL, *whole)


def test_a_reminder_is_moved_added_and_taken_away() -> None:
    moved = changed(FULL, E(Tasks.ReminderSet, 1), E(Tasks.ReminderTime, "2026-09-02T06:00:00.000Z"))
    assert "TRIGGER;VALUE=DATE-TIME:20260902T060000Z" in moved
    assert moved.count("BEGIN:VALARM") == 1
    assert "BEGIN:VALARM" not in changed(FULL, E(Tasks.ReminderSet, 0))
    assert "BEGIN:VALARM" in changed(FULL, E(Tasks.Subject, "New"))
    assert "BEGIN:VALARM" in changed(FULL, E(Tasks.ReminderSet, 1))


@pytest.mark.parametrize(
    ("trigger", "moment"),
    [
        ("TRIGGER:-PT15M", "2026-09-03T05:45:00.000Z"),
        ("TRIGGER;RELATED=END:-PT15M", "2026-09-03T07:45:00.000Z"),
        ("TRIGGER;VALUE=DATE-TIME:20260901T060000Z", "2026-09-01T06:00:00.000Z"),
    ],
)
def test_a_reminder_is_an_instant(trigger: str, moment: str) -> None:
    item = written(task("DTSTART:20260903T060000Z", "DUE:20260903T080000Z", alarms=alarm(trigger)))
    assert item.value(Tasks.ReminderTime) == moment


@pytest.mark.parametrize(
    "children",
    [
        (E(Tasks.Complete, 2),),
        (E(Tasks.Importance, 3),),
        (E(Tasks.Sensitivity, 4),),
        (E(Tasks.ReminderSet, 2),),
        (E(Tasks.ReminderSet, 1),),
        (E(Tasks.ReminderSet, 1), E(Tasks.ReminderTime, "soon")),
        (E(Tasks.DueDate, "tomorrow"),),
        (*START, E(Tasks.UtcDueDate, "2026-08-01T22:00:00.000Z"), E(Tasks.DueDate, "2026-08-02T00:00:00.000Z")),
        (E(Tasks.Recurrence, E(Tasks.Type, 1), E(Tasks.DayOfWeek, 2)),),
        (E(Tasks.Recurrence, E(Tasks.Start, "2026-09-07T00:00:00.000Z")),),
        (recurring((Tasks.Type, 4)),),
        (recurring((Tasks.Type, 1), (Tasks.DayOfMonth, 3)),),
        (recurring((Tasks.Type, 1), (Tasks.Regenerate, 7)),),
        (E(Tasks.Categories, *(E(Tasks.Category, str(each)) for each in range(301))),),
        (E(Tasks.OrdinalDate, "x" * 300),),
    ],
)
def test_tasks_that_cannot_be_taken_are_status_6(children: tuple[Element, ...]) -> None:
    with pytest.raises(ItemRefused) as refused:
        new_task(data(E(Tasks.Subject, "x"), *children), context(), "t", NOW)
    assert refused.value.status == 6


RULES = [
    "FREQ=DAILY;COUNT=5",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20261130",
    "FREQ=MONTHLY;BYMONTHDAY=7",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=7",
    "FREQ=YEARLY;BYMONTH=9;BYDAY=1MO",
]


@pytest.mark.parametrize("rule", RULES)
def test_a_recurring_task_goes_out_and_comes_back_with_the_same_days(rule: str) -> None:
    item = written(task("DTSTART;VALUE=DATE:20260907", f"RRULE:{rule}"))
    assert item.value(Tasks.Recurrence, Tasks.Start) == "2026-09-07T00:00:00.000Z"
    again = made(*(each for each in item.children if each.tag != Tasks.Subject))
    (back,) = (line.removeprefix("RRULE:") for line in again if line.startswith("RRULE:"))
    first = datetime(2026, 9, 7)
    assert [*islice(rrulestr(back, dtstart=first), 40)] == [*islice(rrulestr(rule, dtstart=first), 40)]


def test_a_series_without_start_date_begins_where_its_recurrence_says() -> None:
    lines = made(recurring((Tasks.Type, 1), (Tasks.DayOfWeek, 2)))
    assert {"DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=WEEKLY;BYDAY=MO"} <= set(lines)


@pytest.mark.parametrize(("flag", "name"), [(Tasks.Regenerate, "REGENERATE"), (Tasks.DeadOccur, "DEAD")])
def test_what_no_rule_can_say_is_parked_and_told_again(flag: Tag, name: str) -> None:
    asked = recurring((Tasks.Type, 1), (Tasks.Interval, 1), (Tasks.DayOfWeek, 2), (flag, 1))
    text = new_task(data(E(Tasks.Subject, "x"), asked), context(), "t", NOW)
    assert b"RRULE" not in text
    assert f"{name}=TRUE".encode() in text
    said = written(text).find(Tasks.Recurrence)
    assert said is not None
    assert (said.value(flag), said.value(Tasks.Start)) == ("1", "2026-09-07T00:00:00.000Z")
    assert patched_task(text, data(asked), context(), edit()) == text
    assert b"X-CADRAN" not in patched_task(text, data(E(Tasks.Recurrence)), context(), edit())
    plain = recurring((Tasks.Type, 1), (Tasks.Interval, 1), (Tasks.DayOfWeek, 2))
    lines = changed(text, plain)
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO" in lines
    assert not any("X-CADRAN" in line for line in lines)


def test_an_empty_recurrence_ends_the_series() -> None:
    ical = task("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=WEEKLY", "EXDATE;VALUE=DATE:20260914")
    assert not any(line.startswith(("RRULE", "EXDATE")) for line in changed(ical, E(Tasks.Recurrence)))


OVERRIDE = (
    "BEGIN:VTODO",
    "UID:t-1",
    "DTSTAMP:20260801T100000Z",
    "SUMMARY:Marks",
    "RECURRENCE-ID;VALUE=DATE:20260914",
    "DTSTART;VALUE=DATE:20260914",
    "STATUS:COMPLETED",
    "COMPLETED:20260914T100000Z",
    "END:VTODO",
)
SERIES = task(
    "DTSTART;VALUE=DATE:20260907", "DUE;VALUE=DATE:20260908", "RRULE:FREQ=WEEKLY;COUNT=4", "X-KEPT:1", more=OVERRIDE
)


def test_a_series_with_a_finished_occurrence_is_told_one_by_one() -> None:
    found = represent(SERIES, context(), WINDOW)
    assert isinstance(found, Instances)
    assert [name for name, _ in found.items] == ["20260907", "20260914", "20260921", "20260928"]
    assert [item.value(Tasks.Complete) for _, item in found.items] == ["0", "1", "0", "0"]
    assert [item.value(Tasks.DueDate) for _, item in found.items][2] == "2026-09-22T00:00:00.000Z"
    assert not any(item.has(Tasks.Recurrence) for _, item in found.items)
    open_ones = represent(SERIES, context(incomplete_only=True), WINDOW)
    assert isinstance(open_ones, Instances)
    assert [name for name, _ in open_ones.items] == ["20260907", "20260921", "20260928"]


def test_an_occurrence_done_on_the_phone_is_an_override_of_its_series() -> None:
    done = data(E(Tasks.Complete, 1), E(Tasks.DateCompleted, "2026-09-21T10:00:00.000Z"))
    text = patched_task_occurrence(SERIES, "20260921", done, context(), edit())
    inspect(text, PARIS)
    assert b"RECURRENCE-ID;VALUE=DATE:20260921" in text
    found = represent(text, context(), WINDOW)
    assert isinstance(found, Instances)
    assert [item.value(Tasks.Complete) for _, item in found.items] == ["0", "1", "1", "0"]
    again = single(text, context(), "20260921")
    assert again is not None
    assert patched_task_occurrence(text, "20260921", again, context(), edit()) == text
    assert b"X-KEPT:1" in text


def test_an_occurrence_deleted_on_the_phone_is_taken_out_of_its_series() -> None:
    for name in ("20260914", "20260921"):
        text = without_task_occurrence(SERIES, name, context(), edit())
        assert text is not None
        inspect(text, PARIS)
        assert single(text, context(), name) is None
        assert f"EXDATE;VALUE=DATE:{name}".encode() in text
    with pytest.raises(ItemRefused):
        without_task_occurrence(SERIES, "20260915", context(), edit())
    with pytest.raises(ItemRefused):
        patched_task_occurrence(SERIES, "20260915", data(), context(), edit())
