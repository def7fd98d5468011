"""What real clients send, replayed (reference/client-traces.md, sections 1 to 5), on both databases."""

import re

import pytest

from protocols.caldav import app
from tests.protocols.caldav.client import BASE, CS, SPACES, A, C, D, Dav, event_text, props

CALENDAR = {D + "collection", C + "calendar"}
WRITE = {D + "write", D + "write-content", D + "write-properties", D + "all"}
THUNDERBIRD = {"accept": "text/xml", "content_type": "text/xml; charset=utf-8"}

PARIS_SINCE_1911 = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
X-TZINFO:Europe/Paris[2026a]
BEGIN:STANDARD
TZOFFSETTO:+000000
TZOFFSETFROM:+000921
TZNAME:Europe/Paris(STD)
DTSTART:19110311T000000
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETTO:+020000
TZOFFSETFROM:+010000
TZNAME:CEST
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETTO:+010000
TZOFFSETFROM:+020000
TZNAME:CET
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
SERIES = (
    "BEGIN:VCALENDAR\nPRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN\nVERSION:2.0\n"
    + PARIS_SINCE_1911
    + """\
BEGIN:VEVENT
UID:serie-1
DTSTAMP:20261120T080000Z
SUMMARY:Chorale
RRULE:FREQ=WEEKLY;COUNT=5
EXDATE;TZID=Europe/Paris:20261208T120000
DTSTART;TZID=Europe/Paris:20261124T120000
DTEND;TZID=Europe/Paris:20261124T130000
X-MOZ-GENERATION:2
END:VEVENT
BEGIN:VEVENT
UID:serie-1
DTSTAMP:20261120T080000Z
SUMMARY:Chorale (salle 12)
RECURRENCE-ID;TZID=Europe/Paris:20261201T120000
DTSTART;TZID=Europe/Paris:20261201T123000
DTEND;TZID=Europe/Paris:20261201T133000
END:VEVENT
END:VCALENDAR
"""
).replace("\n", "\r\n")


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


def fill(client: Dav, count: int) -> list[str]:
    """Write events and return their addresses."""
    hrefs = [f"{client.agenda}cours-{number}.ics" for number in range(count)]
    for number, href in enumerate(hrefs):
        day = f"2026{1 + number % 12:02d}{1 + number % 28:02d}T080000Z"
        assert client.put(href, event_text(f"cours-{number}", start=day)).status == 201
    return hrefs


def find_home(client: Dav, path: str) -> str:
    """Follow current-user-principal to the home set."""
    principal = client.propfind(path, D + "current-user-principal").row.text(D + "current-user-principal")
    return client.propfind(principal, C + "calendar-home-set").row.text(C + "calendar-home-set")


@pytest.mark.req("R242")
def test_thunderbird_finds_the_calendars_from_the_server_root(marie: Dav):
    redirect = app.redirect("/.well-known/caldav", BASE)
    assert (redirect.status, dict(redirect.headers)["Location"]) == (301, BASE + "/dav/")
    asked: tuple[str, ...] = (D + "resourcetype", D + "owner", D + "displayname", D + "current-user-principal")
    asked += (D + "current-user-privilege-set", A + "calendar-color", C + "calendar-home-set")
    root = marie.propfind("/dav/", *asked, **THUNDERBIRD).row
    assert root.names(D + "resourcetype") == {D + "collection"}
    assert root.text(D + "current-user-principal") == marie.principal
    home = marie.propfind(marie.principal, C + "calendar-home-set", **THUNDERBIRD).row.text(C + "calendar-home-set")
    asked = (D + "resourcetype", D + "displayname", D + "current-user-privilege-set", A + "calendar-color")
    found = marie.propfind(home, *asked, depth="1", **THUNDERBIRD).rows
    calendars = {href: row for href, row in found.items() if row.names(D + "resourcetype") == CALENDAR}
    assert {row.text(D + "displayname") for row in calendars.values()} == {
        "Mon agenda",
        "Emploi du temps",
        "Rendez-vous",
        "Tâches",
    }
    read_only = {href for href, row in calendars.items() if not WRITE & row.names(D + "current-user-privilege-set")}
    assert read_only == {marie.timetable, marie.home + "rendez-vous/"}


@pytest.mark.parametrize("path", ["agenda/", "agenda"])
def test_thunderbird_takes_a_calendar_given_by_its_address(marie: Dav, path: str):
    row = marie.propfind(marie.home + path, D + "resourcetype", D + "displayname", C + "calendar-home-set").row
    assert row.href == marie.agenda
    assert row.names(D + "resourcetype") == CALENDAR
    assert set(row.props[404]) == {C + "calendar-home-set"}


def test_thunderbird_loads_a_calendar_in_two_multigets(marie: Dav):
    hrefs = fill(marie, 120)
    asked: tuple[str, ...] = (
        D + "resourcetype",
        D + "owner",
        D + "current-user-principal",
        D + "current-user-privilege-set",
    )
    asked += (D + "supported-report-set", C + "supported-calendar-component-set", CS + "getctag")
    row = marie.propfind(marie.agenda, *asked, **THUNDERBIRD).row
    assert D + "sync-collection" in row.names(D + "supported-report-set")
    assert row.text(D + "owner") == marie.principal
    options = marie.send("OPTIONS", marie.home)
    assert options.status == 200
    assert "calendar-access" in options.headers["DAV"]
    assert "calendar-auto-schedule" in options.headers["DAV"]
    listing = marie.sync(marie.agenda, names=(D + "getcontenttype", D + "getetag"))
    assert set(listing.rows) == set(hrefs)
    assert all("text/calendar" in each.text(D + "getcontenttype") for each in listing.rows.values())
    assert listing.token
    for part in (hrefs[:100], hrefs[100:]):
        loaded = marie.multiget(marie.agenda, part, depth="1")
        assert list(loaded.rows) == part
        assert all("BEGIN:VEVENT" in each.text(C + "calendar-data") for each in loaded.rows.values())


def test_thunderbird_refreshes_by_token_and_is_told_what_is_gone(marie: Dav):
    hrefs = fill(marie, 3)
    token = marie.sync(marie.agenda).token
    assert marie.sync(marie.agenda, token).rows == {}
    assert marie.sync(marie.agenda, token).token == token
    marie.put(hrefs[0], event_text("cours-0", "Déplacé"))
    marie.send("DELETE", hrefs[1])
    changed = marie.sync(marie.agenda, token)
    assert {href: row.status for href, row in changed.rows.items()} == {hrefs[0]: None, hrefs[1]: 404}
    assert changed.token != token


def test_thunderbird_adds_changes_and_deletes(marie: Dav):
    href = marie.agenda + "ajout.ics"
    token = marie.sync(marie.agenda).token
    added = marie.put(href, event_text("ajout"), if_none_match="*")
    assert added.status == 201
    row = marie.multiget(marie.agenda, [href]).row
    assert row.text(D + "getetag") == added.etag
    assert marie.sync(marie.agenda, token).row.text(D + "getetag") == added.etag
    changed = marie.put(href, event_text("ajout", "Autre"), if_match=added.etag)
    assert changed.status == 204
    assert changed.etag != added.etag
    assert marie.put(href, event_text("ajout", "Trop tard"), if_match=added.etag).status == 412
    assert marie.send("DELETE", href, if_match=added.etag).status == 412
    assert marie.send("DELETE", href, if_match=changed.etag).status in {200, 204}
    assert marie.send("GET", href).status == 404


def test_thunderbird_keeps_a_series_with_its_changes_as_written(marie: Dav):
    href = marie.agenda + "serie-1.ics"
    assert marie.put(href, SERIES, if_none_match="*").status == 201
    assert marie.send("GET", href).body == SERIES.encode()
    week = '<C:comp-filter name="VEVENT"><C:time-range start="{}" end="{}"/></C:comp-filter>'
    assert marie.query(marie.agenda, week.format("20261201T113000Z", "20261201T114500Z")).rows
    assert not marie.query(marie.agenda, week.format("20261201T110000Z", "20261201T113000Z")).rows
    assert not marie.query(marie.agenda, week.format("20261208T000000Z", "20261209T000000Z")).rows


@pytest.mark.req("R15")
def test_thunderbird_is_refused_on_a_read_only_calendar(marie: Dav):
    refused = marie.put(marie.timetable + "x.ics", event_text("x"), if_none_match="*")
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert marie.sync(marie.timetable).rows == {}


def test_evolution_discovers_opens_and_loads(marie: Dav):
    asked: tuple[str, ...] = (D + "resourcetype", D + "current-user-principal", D + "principal-URL")
    asked += (C + "calendar-home-set", C + "calendar-user-address-set")
    principal = marie.propfind("/dav/", *asked).row.text(D + "current-user-principal")
    row = marie.propfind(principal, C + "calendar-home-set", C + "calendar-user-address-set").row
    assert "mailto:marie.dupont@ecole.example" in row.text(C + "calendar-user-address-set")
    asked = (D + "resourcetype", CS + "source", C + "supported-calendar-component-set", D + "displayname")
    asked += (D + "getetag", CS + "getctag", D + "getcontenttype", D + "getcontentlength", D + "creationdate")
    asked += (D + "getlastmodified", C + "calendar-description", A + "calendar-color", A + "calendar-order")
    listing = marie.propfind(row.text(C + "calendar-home-set"), *asked, depth="1").rows
    assert [comp.get("name") for comp in listing[marie.tasks].props[200][C + "supported-calendar-component-set"]] == [
        "VTODO"
    ]
    hrefs = fill(marie, 12)
    ctag = marie.propfind(marie.agenda, CS + "getctag").row.text(CS + "getctag")
    season = (
        '<C:comp-filter name="VEVENT"><C:time-range start="20261018T000000Z" end="20261227T000000Z"/></C:comp-filter>'
    )
    near = marie.query(marie.agenda, season).rows
    everything = marie.query(marie.agenda, '<C:comp-filter name="VEVENT"/>').rows
    assert set(near) < set(everything) == set(hrefs)
    assert set(marie.multiget(marie.agenda, hrefs).rows) == set(hrefs)
    assert marie.propfind(marie.agenda, CS + "getctag").row.text(CS + "getctag") == ctag


def test_evolution_writes_without_a_condition(marie: Dav):
    href = marie.agenda + "evo.ics"
    ctag = marie.propfind(marie.agenda, CS + "getctag").row.text(CS + "getctag")
    assert marie.put(href, event_text("evo"), if_none_match="*", prefer="return=minimal").status == 201
    changed = marie.put(href, event_text("evo", "Autre"), prefer="return=minimal")
    assert (changed.status, changed.body) == (204, b"")
    assert marie.propfind(marie.agenda, CS + "getctag").row.text(CS + "getctag") != ctag


def test_vdirsyncer_discovers_with_blanks_before_the_declaration(marie: Dav):
    body = (
        f'\n    <?xml version="1.0" encoding="utf-8" ?>\n<D:propfind {SPACES}>{props(D + "resourcetype")}</D:propfind>'
    )
    assert len(marie.send("PROPFIND", "/dav/", body, depth="1").rows) == 4
    home = find_home(marie, "/dav/")
    found = marie.propfind(home, D + "resourcetype", D + "displayname", depth="1").rows
    assert sum(row.names(D + "resourcetype") == CALENDAR for row in found.values()) == 4


def test_vdirsyncer_reads_everything_in_one_multiget(marie: Dav):
    hrefs = fill(marie, 210)
    listing = marie.propfind(marie.agenda, D + "resourcetype", D + "getcontenttype", D + "getetag", depth="1").rows
    items = {href: row for href, row in listing.items() if not row.names(D + "resourcetype")}
    assert set(items) == set(hrefs)
    loaded = marie.multiget(marie.agenda, hrefs).rows
    assert {href: row.text(D + "getetag") for href, row in loaded.items()} == {
        href: row.text(D + "getetag") for href, row in items.items()
    }


def test_vdirsyncer_writes_and_reads_name_and_colour(marie: Dav):
    href = marie.agenda + "vdir.ics"
    added = marie.put(href, event_text("vdir"), content_type="text/calendar", if_none_match="*")
    assert marie.put(href, event_text("vdir", "2"), content_type="text/calendar", if_match=added.etag).status == 204
    assert marie.put(marie.timetable + "v.ics", event_text("v"), if_none_match="*").status == 403
    assert marie.propfind(marie.agenda, D + "displayname").row.text(D + "displayname") == "Mon agenda"
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop><A:calendar-color>#FF8000</A:calendar-color></D:prop></D:set>"
    assert marie.send("PROPPATCH", marie.agenda, body + "</D:propertyupdate>").row.props.keys() == {200}
    assert marie.propfind(marie.agenda, A + "calendar-color").row.text(A + "calendar-color") == "#FF8000"


def test_python_caldav_searches_and_syncs(marie: Dav):
    home = find_home(marie, "/dav/")
    asked: tuple[str, ...] = (D + "resourcetype", D + "displayname", C + "supported-calendar-component-set")
    assert marie.agenda in marie.propfind(home, *asked, depth="1").rows
    hrefs = fill(marie, 5)
    token = marie.sync(marie.agenda).token
    assert marie.put(hrefs[2], event_text("cours-2", "Réunion"), content_type='text/calendar; charset="utf-8"').status
    (changed,) = marie.sync(marie.agenda, token).rows
    assert "Réunion" in marie.send("GET", changed).body.decode()
    asked_text = "<C:calendar-data/><D:getetag/><C:schedule-tag/>"
    match = '<C:comp-filter name="VEVENT"><C:prop-filter name="{}"><C:text-match collation="i;octet">{}</C:text-match>'
    match += "</C:prop-filter></C:comp-filter>"
    for name, text in (("UID", "cours-2"), ("SUMMARY", "Réunion")):
        row = marie.query(marie.agenda, match.format(name, text), asked_text).row
        assert row.href == hrefs[2]
        assert set(row.props[404]) == {C + "schedule-tag"}
    day = '<C:comp-filter name="VEVENT"><C:time-range start="20260202T000000Z" end="20260203T000000Z"/></C:comp-filter>'
    assert marie.query(marie.agenda, day, asked_text).row.href == hrefs[1]


def test_python_caldav_asks_for_free_time(marie: Dav):
    fill(marie, 2)
    body = f"<C:free-busy-query {SPACES}>"
    body += '<C:time-range start="20260101T000000Z" end="20260301T000000Z"/></C:free-busy-query>'
    found = marie.send("REPORT", marie.agenda, body, depth="1")
    assert found.status == 200
    assert found.headers["Content-Type"].startswith("text/calendar")
    periods = re.findall(rb"FREEBUSY;FBTYPE=BUSY:(\S+)", found.body)
    assert periods == [b"20260101T080000Z/20260101T090000Z", b"20260202T080000Z/20260202T090000Z"]


def test_calcurse_reads_a_calendar_it_was_given(marie: Dav):
    hrefs = fill(marie, 4)
    body = f'<?xml version="1.0" encoding="utf-8" ?><C:calendar-query {SPACES}><D:prop><D:getetag/></D:prop>'
    body += '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
    assert set(marie.send("REPORT", marie.agenda, body, depth="1").rows) == set(hrefs)
    assert set(marie.multiget(marie.agenda, hrefs[:2]).rows) == set(hrefs[:2])
