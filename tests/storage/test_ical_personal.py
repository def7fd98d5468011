"""What of an event is personal: split from what everybody sees, and put together again."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from storage import ical_personal
from tests.storage.builders import event_text

PARIS = ZoneInfo("Europe/Paris")
ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT5M", "END:VALARM")
PERSONAL = {
    "alarm": ALARM,
    "two alarms": (*ALARM, *ALARM),
    "transparency": ("TRANSP:TRANSPARENT",),
    "a note of Thunderbird": ("X-MOZ-LASTACK:20261101T000000Z", "X-MOZ-SNOOZE-TIME-1:20261101T000000Z"),
}


@pytest.mark.parametrize("lines", PERSONAL.values(), ids=PERSONAL)
def test_a_text_is_its_shared_words_and_its_part(lines: tuple[str, ...]) -> None:
    text, bare = event_text("a", *lines), event_text("a")
    part = ical_personal.part_of(text, PARIS)
    assert part
    assert ical_personal.with_part(text, b"", PARIS) == bare
    again = ical_personal.with_part(bare, part, PARIS)
    assert ical_personal.part_of(again, PARIS) == part
    assert ical_personal.same(again, text)
    assert ical_personal.same(bare, text)


def test_what_holds_nothing_personal_is_not_touched() -> None:
    text = event_text("a", "DESCRIPTION:TRANSP and VALARM are words")
    assert ical_personal.part_of(text, PARIS) == b""
    assert ical_personal.with_part(text, b"", PARIS) is text


def test_the_same_instance_is_known_in_another_zones_words() -> None:
    series = event_text("a", "RRULE:FREQ=DAILY;COUNT=3").decode()
    start = series.partition("DTSTART")[2].partition("\r\n")[0]

    def with_instance(named: str, *more: str) -> bytes:
        lines = ("BEGIN:VEVENT", "UID:a", "DTSTAMP:20261101T000000Z", named, f"DTSTART{start}", *more, "END:VEVENT")
        return series.replace("END:VCALENDAR", "\r\n".join((*lines, "END:VCALENDAR"))).encode()

    part = ical_personal.part_of(with_instance("RECURRENCE-ID:20261202T080000Z", *ALARM), PARIS)
    seen = ical_personal.with_part(with_instance("RECURRENCE-ID;TZID=Europe/Paris:20261202T090000"), part, PARIS)
    assert seen.count(b"BEGIN:VALARM") == 1


def test_a_changed_title_is_no_personal_change() -> None:
    assert not ical_personal.same(event_text("a", "SUMMARY:A"), event_text("a", "SUMMARY:B"))
