"""What Cadran writes itself: lessons and whole calendars."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from storage.contentlines import parse, serialise
from storage.errors import InvalidObject
from storage.ical import Lesson, expand, inspect, lesson, merge, spans

PARIS = ZoneInfo("Europe/Paris")
MATHS = Lesson(
    uid="0d5f-1",
    starts=datetime(2026, 11, 23, 8, 30, tzinfo=PARIS),
    ends=datetime(2026, 11, 23, 9, 25, tzinfo=PARIS),
    tzid="Europe/Paris",
    summary="MATHÉMATIQUES ; algèbre, suite",
    location="Salle 12",
    description="4B\nM. Élie Ménard\\remplacé, " * 4,
    categories=("Cours", "4B, LV2"),
    cancelled=False,
    stamp=datetime(2026, 9, 1, 12, tzinfo=PARIS),
)


def test_a_lesson_says_what_it_was_given():
    data = lesson(MATHS)
    assert serialise(parse(data)) == data
    event = parse(data).children("VEVENT")[0]
    assert event.text("SUMMARY") == MATHS.summary
    assert event.text("DESCRIPTION") == MATHS.description
    assert r"CATEGORIES:Cours,4B\, LV2" in [prop.line for prop in event.properties]
    assert event.text("DTSTAMP") == "20260901T100000Z"
    assert (event.text("STATUS"), event.text("TRANSP")) == ("CONFIRMED", "OPAQUE")
    facts = inspect(data, ZoneInfo("Asia/Tokyo"))
    assert (facts.starts, facts.ends) == (int(MATHS.starts.timestamp()), int(MATHS.ends.timestamp()))


def test_another_reader_finds_the_same_times_in_a_lesson():
    event = Calendar.from_ical(lesson(MATHS)).walk("VEVENT")[0]
    assert isinstance(event, Event)
    assert (event.start, event.end) == (MATHS.starts, MATHS.ends)
    assert str(event["SUMMARY"]) == MATHS.summary


def test_the_same_lesson_gives_the_same_bytes():
    assert lesson(MATHS) == lesson(replace(MATHS, summary=str(MATHS.summary)))


def test_a_cancelled_lesson_stays_visible_and_leaves_its_time_free():
    event = parse(lesson(replace(MATHS, cancelled=True))).children("VEVENT")[0]
    assert (event.text("STATUS"), event.text("TRANSP")) == ("CANCELLED", "TRANSPARENT")


def test_what_a_lesson_lacks_is_left_out():
    data = lesson(replace(MATHS, location="", description="", categories=()))
    assert {"LOCATION", "DESCRIPTION", "CATEGORIES"}.isdisjoint(
        prop.name for prop in parse(data).children("VEVENT")[0].properties
    )


@pytest.mark.parametrize("text", ["a\r\nATTACH:http://x", "a\nEND:VEVENT", "\x00\x0b"])
def test_no_text_of_a_lesson_can_add_a_line(text):
    data = lesson(replace(MATHS, uid=f"u{text}", summary=text, location=text, description=text, categories=(text,)))
    names = {prop.name for prop in parse(data).children("VEVENT")[0].properties}
    assert "ATTACH" not in names


def test_a_lesson_in_utc_needs_no_zone():
    data = lesson(replace(MATHS, tzid="UTC"))
    assert b"VTIMEZONE" not in data
    assert inspect(data, PARIS).starts == int(MATHS.starts.timestamp())


def test_a_lesson_in_no_known_zone_is_refused():
    with pytest.raises(InvalidObject):
        lesson(replace(MATHS, tzid="Nowhere"))


def test_merging_keeps_every_event_and_one_zone_each():
    objects = [lesson(replace(MATHS, uid=f"u{number}")) for number in range(3)]
    objects.append(lesson(replace(MATHS, uid="ny", tzid="America/New_York")))
    merged = merge(objects, [("X-WR-CALNAME", "Élèves, 4B\n"), ("PRODID", "-//x")])
    root = parse(merged)
    assert [zone.text("TZID") for zone in root.children("VTIMEZONE")] == ["Europe/Paris", "America/New_York"]
    assert [event.text("UID") for event in root.children("VEVENT")] == ["u0", "u1", "u2", "ny"]
    assert root.text("X-WR-CALNAME") == "Élèves, 4B\n"
    assert [prop.name for prop in root.properties] == ["VERSION", "PRODID", "X-WR-CALNAME"]
    assert b"\n" not in merged.replace(b"\r\n", b"")


AWKWARD = [
    b"\xef\xbb\xbfbegin:vcalendar\nVERSION:2.0\nbegin:vevent\nUID:a\nSUMMARY:x\n BEGIN:VEVENT\n"
    b"BEGIN:VALARM\nEND:VALARM\nend:vevent\nend:vcalendar",
    b"BEGIN:VCALENDAR\r\nBEG\r\n IN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    b"BEGIN:VCAL\r\n ENDAR\r\nBEGIN:VEV\r\n ENT\r\nUID:a\r\nEND:VEVE\r\n NT\r\nEND:VCALENDAR\r\n",
    b"BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZ\r\n ID:Z\r\nEND:VTIMEZONE\r\n"
    b"BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    b"BEGIN;X=1:VCALENDAR\r\nBEGIN;X=1:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
]


@pytest.mark.parametrize("data", AWKWARD)
def test_awkward_folding_and_line_ends_are_merged(data):
    root = parse(merge([data, data], []))
    assert [event.text("UID") for event in root.children("VEVENT")] == ["a", "a"]
    assert root.children("VEVENT")[0].properties == parse(data).children("VEVENT")[0].properties


def test_merging_nothing_gives_an_empty_calendar():
    assert parse(merge([], [])).components == ()


def test_a_merged_calendar_can_be_cut_up_again():
    root = parse(merge([lesson(MATHS)], []))
    again = serialise(root.with_components([*root.children("VTIMEZONE"), root.children("VEVENT")[0]]))
    assert spans(again, PARIS, 2**53) == spans(lesson(MATHS), PARIS, 2**53)
    assert len(expand(root, MATHS.starts, MATHS.ends, PARIS)) == 1
