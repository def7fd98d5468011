"""The form of an object: iCalendar as written, or jCal for those who would rather have it."""

import json

import pytest

from protocols.caldav.media import prefers_jcal
from tests.protocols.caldav.client import Dav, event_text

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
