"""Time zones by reference: who gets VTIMEZONE and who does not (RFC 7809)."""

import json

import pytest

from storage.ical_vtimezone import vtimezone
from tests.protocols.caldav.client import SPACES, C, D, Dav, event_text

ZONE = vtimezone("Europe/Paris")
BARE = event_text("z", "Réunion").replace("DTSTART:20261123T080000Z", "DTSTART;TZID=Europe/Paris:20261123T090000")
FULL = BARE.replace("BEGIN:VEVENT", ZONE + "BEGIN:VEVENT")
WITHOUT = {"caldav_timezones": "F"}


def test_the_server_says_that_it_takes_texts_without_zones(marie: Dav) -> None:
    assert "calendar-no-timezone" in marie.send("OPTIONS", marie.agenda).headers["DAV"]


WRITTEN = {
    "with, asking for them": (FULL, {}, True),
    "with, asking for none": (FULL, WITHOUT, False),
    "without, asking for them": (BARE, {}, False),
    "without, asking for none": (BARE, WITHOUT, True),
}


@pytest.mark.parametrize(("text", "headers", "strong"), WRITTEN.values(), ids=WRITTEN)
def test_a_tag_is_given_only_for_a_text_that_comes_back_as_sent(marie: Dav, text: str, headers, strong: bool) -> None:
    path = marie.agenda + "z.ics"
    written = marie.put(path, text, **headers)
    assert written.status == 201
    assert ("ETag" in written.headers) is strong
    assert marie.send("GET", path).body == FULL.encode()
    bare = marie.send("GET", path, **WITHOUT)
    assert bare.body == BARE.encode()
    assert "CalDAV-Timezones" in bare.headers["Vary"]
    assert ZONE.encode() in marie.send("GET", marie.agenda).body
    assert b"VTIMEZONE" not in marie.send("GET", marie.agenda, **WITHOUT).body


def reports(path: str) -> dict[str, str]:
    wish = "<D:prop><C:calendar-data/></D:prop>"
    return {
        "multiget": f"<C:calendar-multiget {SPACES}>{wish}<D:href>{path}</D:href></C:calendar-multiget>",
        "query": f'<C:calendar-query {SPACES}>{wish}<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
        "</C:calendar-query>",
        "sync": f"<D:sync-collection {SPACES}><D:sync-token/><D:sync-level>1</D:sync-level>{wish}</D:sync-collection>",
    }


@pytest.mark.parametrize("kind", ["multiget", "query", "sync"])
def test_reports_send_zones_unless_the_client_wants_none(marie: Dav, kind: str) -> None:
    path = marie.agenda + "z.ics"
    marie.put(path, BARE)
    body = reports(path)[kind]
    data = C + "calendar-data"
    assert marie.send("REPORT", marie.agenda, body, depth="1").rows[path].text(data).count("BEGIN:VTIMEZONE") == 1
    assert "VTIMEZONE" not in marie.send("REPORT", marie.agenda, body, depth="1", **WITHOUT).rows[path].text(data)


def test_json_and_what_was_written_have_them_too(marie: Dav) -> None:
    path = marie.agenda + "z.ics"
    shown = marie.put(path, BARE, prefer="return=representation")
    assert shown.body == FULL.encode()
    jcal = json.loads(marie.send("GET", path, accept="application/calendar+json").body)
    assert [part[0] for part in jcal[2]] == ["vtimezone", "vevent"]
    jcal = json.loads(marie.send("GET", path, accept="application/calendar+json", **WITHOUT).body)
    assert [part[0] for part in jcal[2]] == ["vevent"]


def test_a_home_says_where_zones_are_described(marie: Dav) -> None:
    name = C + "timezone-service-set"
    body = f"<D:propfind {SPACES}><D:prop><C:timezone-service-set/></D:prop></D:propfind>"
    row = marie.send("PROPFIND", marie.home, body, depth="0").row
    assert row.text(name) == "https://cadran.example/timezones"
    assert row.names(name) == {D + "href"}
