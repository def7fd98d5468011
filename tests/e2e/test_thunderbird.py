"""Thunderbird's CalDAV sequences, in the order recorded (reference/client-traces.md, 1)."""

from __future__ import annotations

import pytest

from tests.e2e.running import NS, Dav, Demo

EVENT = """BEGIN:VCALENDAR\r
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN\r
VERSION:2.0\r
BEGIN:VTIMEZONE\r
TZID:Europe/Paris\r
X-TZINFO:Europe/Paris[2026b]\r
BEGIN:STANDARD\r
TZOFFSETTO:+000921\r
TZOFFSETFROM:+000921\r
TZNAME:PMT\r
DTSTART:19110311T000000\r
END:STANDARD\r
BEGIN:STANDARD\r
TZOFFSETTO:+0100\r
TZOFFSETFROM:+0200\r
TZNAME:CET\r
DTSTART:19961027T030000\r
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
TZOFFSETTO:+0200\r
TZOFFSETFROM:+0100\r
TZNAME:CEST\r
DTSTART:19810329T020000\r
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r
END:DAYLIGHT\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20261122T100000Z\r
DTSTART;TZID=Europe/Paris:20261207T080000\r
DTEND;TZID=Europe/Paris:20261207T090000\r
RRULE:FREQ=WEEKLY;COUNT=5\r
EXDATE;TZID=Europe/Paris:20261214T080000\r
SUMMARY:{summary}\r
X-MOZ-GENERATION:1\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:{uid}\r
DTSTAMP:20261122T100000Z\r
RECURRENCE-ID;TZID=Europe/Paris:20261221T080000\r
DTSTART;TZID=Europe/Paris:20261221T100000\r
DTEND;TZID=Europe/Paris:20261221T110000\r
SUMMARY:Moved\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def pupil(demo: Demo) -> Dav:
    account = demo.account("pupil")
    return Dav(demo.base, account["login"], Accept="text/xml", User_Agent="Mozilla/5.0 Thunderbird/153.0")


@pytest.mark.req("R15", "R242")
def test_finding_the_calendars_from_the_server_root(demo: Demo, pupil: Dav):
    asked = (
        "D:resourcetype",
        "D:owner",
        "D:displayname",
        "D:current-user-principal",
        "D:current-user-privilege-set",
        "A:calendar-color",
        "C:calendar-home-set",
    )
    redirect = pupil.propfind("/.well-known/caldav", 0, *asked, auth=False)
    assert redirect.status in (301, 302)
    target = redirect.headers["location"].removeprefix(demo.base)
    challenge = pupil.propfind(target, 0, *asked, auth=False)
    assert challenge.status == 401
    assert challenge.headers["www-authenticate"].startswith('Basic realm="')
    found = pupil.propfind(target, 0, *asked)
    assert found.status == 207
    principal = found.root.findtext(".//D:current-user-principal/D:href", None, NS)
    home_set = pupil.propfind(principal, 0, "C:calendar-home-set")
    home = home_set.root.findtext(".//C:calendar-home-set/D:href", None, NS)
    listing = pupil.propfind(
        home, 1, "D:resourcetype", "D:displayname", "D:current-user-privilege-set", "A:calendar-color"
    )
    calendars = {
        response.findtext(".//D:displayname", "", NS): response
        for response in listing.responses().values()
        if response.find(".//D:resourcetype/C:calendar", NS) is not None
    }
    assert set(calendars) == {"Mon agenda", "Emploi du temps", "Rendez-vous", "Tâches"}
    writes = {"write", "write-content", "write-properties", "all"}
    for name, read_only in (("Emploi du temps", True), ("Rendez-vous", True), ("Mon agenda", False)):
        privileges = calendars[name].iterfind(".//D:current-user-privilege-set/D:privilege/*", NS)
        granted = {privilege.tag.removeprefix("{DAV:}") for privilege in privileges}
        assert "read" in granted
        assert (not granted & writes) == read_only, name


@pytest.mark.req("R4", "R205")
def test_the_first_load_and_the_refresh_of_the_timetable(demo: Demo, pupil: Dav):
    home = f"/dav/calendars/{pupil.login}/"
    timetable = home + "emploi-du-temps/"
    opened = pupil.propfind(
        timetable,
        0,
        "D:resourcetype",
        "D:owner",
        "D:current-user-principal",
        "D:current-user-privilege-set",
        "D:supported-report-set",
        "C:supported-calendar-component-set",
        "CS:getctag",
    )
    assert opened.has("D:report/D:sync-collection")
    assert pupil.send("OPTIONS", home, auth=False).status in (200, 401)
    options = pupil.send("OPTIONS", home)
    assert options.status == 200
    assert "calendar-access" in options.headers["dav"]
    assert "calendar-auto-schedule" in options.headers["dav"]
    everything, token = pupil.sync(timetable)
    assert len(everything) > 300
    texts = pupil.multiget(timetable, list(everything))
    assert texts.keys() == everything.keys()
    assert all("BEGIN:VEVENT" in text for text in texts.values())
    assert pupil.sync(timetable, token) == ({}, token)


@pytest.mark.req("R206")
def test_writing_to_the_timetable_is_refused_with_403(demo: Demo, pupil: Dav):
    href = f"/dav/calendars/{pupil.login}/emploi-du-temps/new.ics"
    text = EVENT.format(uid="new", summary="Mine")
    refused = pupil.send("PUT", href, text, If_None_Match="*", Content_Type="text/calendar; charset=utf-8")
    assert refused.status == 403
    assert refused.has("D:need-privileges") or refused.root.tag == "{DAV:}error"
    assert pupil.send("GET", href).status == 404


def test_adding_changing_and_deleting_a_series(demo: Demo, pupil: Dav):
    collection = f"/dav/calendars/{pupil.login}/agenda/"
    href = collection + "tb-series.ics"
    _, token = pupil.sync(collection)
    text = EVENT.format(uid="tb-series", summary="Latin")
    added = pupil.send("PUT", href, text, If_None_Match="*", Content_Type="text/calendar; charset=utf-8")
    assert added.status == 201
    etag = added.headers["etag"]
    assert pupil.multiget(collection, [href])[href].replace("\n", "\r\n").replace("\r\r", "\r") == text
    changed, token = pupil.sync(collection, token)
    assert changed == {href: etag}
    again = pupil.send("PUT", href, text, If_None_Match="*", Content_Type="text/calendar")
    assert again.status == 412
    newer = EVENT.format(uid="tb-series", summary="Grec")
    replaced = pupil.send("PUT", href, newer, If_Match=etag, Content_Type="text/calendar; charset=utf-8")
    assert replaced.status == 204
    stale = pupil.send("PUT", href, text, If_Match=etag, Content_Type="text/calendar; charset=utf-8")
    assert stale.status == 412
    assert pupil.send("DELETE", href, If_Match=etag).status == 412
    assert pupil.send("DELETE", href, If_Match=replaced.headers["etag"]).status in (200, 204)
    changed, _ = pupil.sync(collection, token)
    assert changed == {href: None}


def test_a_token_of_nonsense_or_of_another_calendar_is_refused(demo: Demo, pupil: Dav):
    home = f"/dav/calendars/{pupil.login}/"
    _, token = pupil.sync(home + "agenda/")
    for wrong in ("urn:nonsense", token + "9", token):
        body = (
            f"<D:sync-collection xmlns><D:sync-token>{wrong}</D:sync-token><D:sync-level>1</D:sync-level>"
            "<D:prop><D:getetag/></D:prop></D:sync-collection>"
        )
        reply = pupil.report(home + "emploi-du-temps/", body)
        assert reply.status == 403
        assert reply.has("D:valid-sync-token") or reply.root.find("D:valid-sync-token", NS) is not None
