"""The form of an object: iCalendar as written, or jCal for those who would rather have it."""

import json

import pytest

from protocols.caldav.media import prefers_jcal
from tests.protocols.caldav.client import C, Dav, event_text

WISHES = {
    "": False,
    "*/*": False,
    "text/calendar": False,
    "application/calendar+json": True,
    "Application/Calendar+JSON; charset=utf-8": True,
    "application/calendar+json, */*;q=0.1": True,
    "application/calendar+json, */*": False,
    "application/calendar+json;q=0.5, text/calendar": False,
    "application/calendar+json;q=0.9, text/calendar;q=0.5": True,
    "application/calendar+json, text/*;q=0.3": True,
    "application/calendar+json;q=0": False,
    "application/json": False,
    ";;,,q=": False,
}


@pytest.mark.parametrize(("accept", "wanted"), WISHES.items())
def test_the_stronger_wish_counts(accept: str, wanted: bool):
    assert prefers_jcal(accept) is wanted


def test_an_object_is_told_as_jcal(marie: Dav):
    path = marie.agenda + "a.ics"
    written = marie.put(path, event_text("a", "Été", "20261123T080000Z", "DURATION:PT1H", "X-OWN;X-P=1:kept"))
    found = marie.send("GET", path, accept="application/calendar+json")
    assert (found.status, found.headers["Content-Type"]) == (200, "application/calendar+json; charset=utf-8")
    assert (found.etag, found.headers["Vary"]) == ("W/" + written.etag, "Accept, CalDAV-Timezones")
    name, _, ((kind, properties, _),) = json.loads(found.body)
    assert (name, kind) == ("vcalendar", "vevent")
    assert ["summary", {}, "text", "Été"] in properties
    assert ["dtstart", {}, "date-time", "2026-11-23T08:00:00Z"] in properties
    assert ["x-own", {"x-p": "1"}, "unknown", "kept"] in properties
    again = marie.send("GET", path, accept="application/calendar+json", if_none_match=found.etag)
    assert again.status == 304


def test_an_object_that_jcal_cannot_say_is_not_acceptable(marie: Dav, monkeypatch: pytest.MonkeyPatch):
    marie.put(marie.agenda + "a.ics", event_text("a"))

    def fail(text: str) -> None:
        raise ValueError(text)

    monkeypatch.setattr("storage.ical_jcal.Calendar.from_ical", fail)
    assert marie.send("GET", marie.agenda + "a.ics", accept="application/calendar+json").status == 406
    assert marie.send("GET", marie.agenda + "a.ics").status == 200


JCAL = "application/calendar+json"


def as_jcal(client: Dav, path: str) -> bytes:
    """Return an object as jCal."""
    return client.send("GET", path, accept=JCAL).body


def test_reports_tell_objects_as_jcal(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a", "Été & <co>"))
    asked = f'<C:calendar-data content-type="{JCAL}" version="2.0"/>'
    for answer in (
        marie.multiget(marie.agenda, [marie.agenda + "a.ics"], asked),
        marie.query(marie.agenda, '<C:comp-filter name="VEVENT"/>', asked),
    ):
        data = answer.row.props[200][C + "calendar-data"]
        assert (data.get("content-type"), data.get("version")) == (JCAL, "2.0")
        assert json.loads(data.text or "") == json.loads(as_jcal(marie, marie.agenda + "a.ics"))


def test_expanded_objects_are_told_as_jcal_too(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a", "Cours", "20261123T080000Z", "RRULE:FREQ=DAILY;COUNT=9"))
    inner = '<C:expand start="20261124T000000Z" end="20261126T000000Z"/>'
    asked = f'<C:calendar-data content-type="{JCAL}" version="2.0">{inner}</C:calendar-data>'
    row = marie.multiget(marie.agenda, [marie.agenda + "a.ics"], asked).row
    assert len(json.loads(row.text(C + "calendar-data"))[2]) == 2


def test_an_object_that_jcal_cannot_say_is_told_as_it_is(marie: Dav, monkeypatch: pytest.MonkeyPatch):
    marie.put(marie.agenda + "a.ics", event_text("a"))

    def fail(text: str) -> None:
        raise ValueError(text)

    monkeypatch.setattr("storage.ical_jcal.Calendar.from_ical", fail)
    asked = f'<C:calendar-data content-type="{JCAL}" version="2.0"/>'
    data = marie.multiget(marie.agenda, [marie.agenda + "a.ics"], asked).row.props[200][C + "calendar-data"]
    assert data.get("content-type") is None
    assert (data.text or "").startswith("BEGIN:VCALENDAR")


def test_both_forms_are_announced_and_no_other_is_taken(marie: Dav):
    found = marie.propfind(marie.agenda, C + "supported-calendar-data").row.props[200][C + "supported-calendar-data"]
    assert [each.get("content-type") for each in found] == ["text/calendar", JCAL]
    asked = '<C:calendar-data content-type="application/calendar+xml" version="2.0"/>'
    refused = marie.multiget(marie.agenda, [marie.agenda + "a.ics"], asked)
    assert (refused.status, refused.errors) == (403, (C + "supported-calendar-data",))


def test_an_object_is_written_as_jcal(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a", "Été", "20261123T080000Z", "X-OWN;X-P=1:kept"))
    text = as_jcal(marie, marie.agenda + "a.ics").replace(b'"a"]', b'"b"]')
    written = marie.put(marie.agenda + "b.ics", text.decode(), content_type=f"{JCAL}; charset=utf-8")
    assert written.status == 201
    # What is stored are not the octets that were sent: the client has to ask for the tag (RFC 4791, 5.3.4).
    assert "ETag" not in written.headers
    assert json.loads(as_jcal(marie, marie.agenda + "b.ics")) == json.loads(text)
    added = marie.send("POST", marie.agenda + "?add-member", text.replace(b'"b"]', b'"c"]'), content_type=JCAL)
    assert added.status == 201
    assert marie.send("PUT", marie.agenda, text.replace(b'"b"]', b'"d"]'), content_type=JCAL).rows
    assert len(marie.sync(marie.agenda).rows) == 4


BAD = {
    "nothing": "",
    "no JSON": "{",
    "no list": "{}",
    "no calendar": '["vevent", [], []]',
    "half a property": '["vcalendar", [["version"]], []]',
    "a wrong date": '["vcalendar", [], [["vevent", [["uid",{},"text","a"],["dtstart",{},"date-time","x"]], []]]]',
    "no object": '["vcalendar", [["version", {}, "text", "2.0"]], []]',
    "deep": "[" * 100_000,
    "deep inside": '["vcalendar", [], [' + '["vevent", [], [' * 500 + "]]" * 500 + "]]",
    "a number": "1",
    "not UTF-8": "\udcff",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_what_is_no_jcal_is_refused(marie: Dav, text: str):
    body = text.encode(errors="surrogateescape")
    refused = marie.send("PUT", marie.agenda + "a.ics", body, content_type=JCAL)
    assert refused.status == 403
    assert refused.errors[0] in {C + "valid-calendar-data", C + "valid-calendar-object-resource"}
    assert marie.send("GET", marie.agenda + "a.ics").status == 404
