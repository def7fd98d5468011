"""calendar-data: whole texts, expanded ones, and parts of them."""

import re

import pytest

from protocols.caldav import calendar_data
from tests.protocols.caldav.client import C, D, Dav, event_text, task_text

SERIES = event_text(
    "s", "Piscine", "20261102T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20261116T080000Z", "X-A:1"
)
OVERRIDE = event_text("s", "Gymnase", "20261109T140000Z", "RECURRENCE-ID:20261109T080000Z", "DURATION:PT1H")
WHOLE = SERIES.replace("END:VCALENDAR\r\n", OVERRIDE.split("PRODID:-//Cadran//Tests//EN\r\n")[1])
NOVEMBER = 'start="20261101T000000Z" end="20261201T000000Z"'


def data(client: Dav, path: str, wish: str) -> str:
    """Return the text that a multiget sends."""
    answer = client.multiget(client.agenda, [path], wish)
    assert answer.status == 207, answer.body
    return answer.row.text(C + "calendar-data")


@pytest.fixture
def series(marie: Dav) -> str:
    """The address of a weekly event, once moved and once left out."""
    path = marie.agenda + "s.ics"
    assert marie.put(path, WHOLE).status == 201
    return path


def test_expanding_gives_each_occurrence_in_utc(marie: Dav, series: str):
    text = data(marie, series, f"<C:calendar-data><C:expand {NOVEMBER}/></C:calendar-data>")
    assert re.findall(r"DTSTART\S*:(\S+)", text) == ["20261102T080000Z", "20261109T140000Z", "20261123T080000Z"]
    assert re.findall(r"RECURRENCE-ID\S*:(\S+)", text) == ["20261102T080000Z", "20261109T080000Z", "20261123T080000Z"]
    assert re.findall(r"SUMMARY:(\S+)", text) == ["Piscine", "Gymnase", "Piscine"]
    assert not re.search("RRULE|EXDATE|VTIMEZONE|DURATION", text)


def test_expanding_keeps_whole_days_and_leaves_the_rest_alone(marie: Dav):
    day = event_text("d", "Férié", "20261111T000000Z").replace(":20261111T000000Z", ";VALUE=DATE:20261111")
    marie.put(marie.agenda + "d.ics", day.replace("DURATION:PT1H\r\n", "TRANSP:TRANSPARENT\r\n"))
    text = data(marie, marie.agenda + "d.ics", f"<C:calendar-data><C:expand {NOVEMBER}/></C:calendar-data>")
    assert "DTSTART;VALUE=DATE:20261111" in text
    assert "DTEND;VALUE=DATE:20261112" in text
    assert "TRANSP:TRANSPARENT" in text


def test_expanding_a_task_invents_no_dates(marie: Dav):
    marie.put(marie.tasks + "t.ics", task_text("t"))
    marie.put(marie.tasks + "u.ics", task_text("u", "Copie", "DUE:20261123T170000Z"))
    wish = f"<C:calendar-data><C:expand {NOVEMBER}/></C:calendar-data>"
    rows = marie.multiget(marie.tasks, [marie.tasks + "t.ics", marie.tasks + "u.ics"], wish).rows
    undated, due = (row.text(C + "calendar-data") for row in rows.values())
    assert not re.search("DTSTART|DUE|DTEND", undated)
    assert "DUE:20261123T170000Z" in due
    assert "DTSTART" not in due


def test_limiting_drops_the_changes_that_are_far_away(marie: Dav, series: str):
    limit = '<C:calendar-data><C:limit-recurrence-set start="{}" end="{}"/></C:calendar-data>'
    near = data(marie, series, limit.format("20261109T000000Z", "20261110T000000Z"))
    far = data(marie, series, limit.format("20261122T000000Z", "20261130T000000Z"))
    assert ("Gymnase" in near, "Gymnase" in far) == (True, False)
    assert "RRULE" in far


def test_a_selection_gives_the_named_parts(marie: Dav, series: str):
    wish = '<C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT">'
    wish += '<C:prop name="UID"/><C:prop name="SUMMARY" novalue="yes"/></C:comp></C:comp></C:calendar-data>'
    lines = data(marie, series, wish).split()
    assert set(lines) == {
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:s", "SUMMARY:", "END:VEVENT", "END:VCALENDAR",
    }  # fmt: skip


def test_a_component_of_which_nothing_is_said_comes_whole(marie: Dav, series: str):
    wish = '<C:calendar-data><C:comp name="VCALENDAR"><C:prop name="VERSION"/><C:comp name="VEVENT"/></C:comp>'
    given = data(marie, series, wish + "</C:calendar-data>")
    assert given.split() == WHOLE.replace("PRODID:-//Cadran//Tests//EN\r\n", "").split()


def test_expanding_a_journal_invents_no_end(marie: Dav):
    marie.send("MKCALENDAR", marie.home + "notes/")
    lines = ("UID:j", "DTSTAMP:20261101T000000Z", "DTSTART;VALUE=DATE:20261123", "RRULE:FREQ=DAILY;COUNT=2")
    text = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//EN", "BEGIN:VJOURNAL", *lines, "END:VJOURNAL"))
    assert marie.put(marie.home + "notes/j.ics", text + "\r\nEND:VCALENDAR\r\n").status == 201
    wish = '<C:calendar-data><C:expand start="20261120T000000Z" end="20261130T000000Z"/></C:calendar-data>'
    path = marie.home + "notes/j.ics"
    given = marie.multiget(marie.home + "notes/", [path], wish).rows[path].text(C + "calendar-data")
    assert given.count("BEGIN:VJOURNAL") == 2
    assert "DTEND" not in given


def test_a_selection_of_everything_is_everything(marie: Dav, series: str):
    wish = '<C:calendar-data><C:comp name="VCALENDAR"><C:allprop/><C:allcomp/></C:comp></C:calendar-data>'
    assert data(marie, series, wish).split() == WHOLE.split()


@pytest.mark.parametrize("attributes", ['content-type="application/calendar+xml"', 'version="1.0"'])
def test_another_format_is_refused(marie: Dav, series: str, attributes: str):
    refused = marie.multiget(marie.agenda, [series], f"<C:calendar-data {attributes}/>")
    assert (refused.status, refused.errors) == (403, (C + "supported-calendar-data",))


@pytest.mark.parametrize("inner", ['<C:expand start="20261101T000000Z"/>', "<C:expand/>"])
def test_expanding_without_an_end_is_refused(marie: Dav, series: str, inner: str):
    assert marie.multiget(marie.agenda, [series], f"<C:calendar-data>{inner}</C:calendar-data>").status == 403


def test_expanding_a_series_over_centuries_is_refused(marie: Dav):
    text = event_text("d", "Quotidien", "20260101T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    marie.put(marie.agenda + "d.ics", text)
    wish = '<C:calendar-data><C:expand start="20260101T000000Z" end="20990101T000000Z"/></C:calendar-data>'
    refused = marie.multiget(marie.agenda, [marie.agenda + "d.ics"], wish)
    assert (refused.status, refused.errors) == (403, (C + "max-instances",))


def test_many_series_together_are_bounded_too(marie: Dav, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(calendar_data, "INSTANCE_LIMIT", 5)
    for name in "ab":
        text = event_text(name, "Quotidien", "20261101T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4")
        marie.put(f"{marie.agenda}{name}.ics", text)
    wish = f"<C:calendar-data><C:expand {NOVEMBER}/></C:calendar-data>"
    assert marie.multiget(marie.agenda, [marie.agenda + "a.ics"], wish).status == 207
    refused = marie.multiget(marie.agenda, [marie.agenda + "a.ics", marie.agenda + "b.ics"], wish)
    assert (refused.status, refused.errors) == (507, (D + "number-of-matches-within-limits",))


def test_what_is_not_in_the_calendar_is_not_found(marie: Dav, series: str):
    outside = [marie.tasks + "s.ics", "/dav/calendars/leo.martin/agenda/s.ics", marie.agenda, "rubbish", ""]
    rows = marie.multiget(marie.agenda, [*outside, series]).rows
    assert [row.status for row in rows.values()] == [404] * 5 + [None]


def test_a_multiget_of_nothing_is_refused(marie: Dav):
    assert marie.multiget(marie.agenda, []).status == 400
