"""POST and PUT to a calendar: one object with a name of the server's, or a whole file; what a client wants to see."""

import pytest

from tests.protocols.caldav.client import C, D, Dav, Row, event_text, task_text
from tests.protocols.caldav.test_properties_written import ZONE


def adding(client: Dav) -> str:
    """Return the address where objects are added."""
    return client.propfind(client.agenda, D + "add-member").row.text(D + "add-member")


def test_an_added_object_is_where_the_answer_says(marie: Dav):
    added = marie.send("POST", adding(marie), event_text("a"), content_type="text/calendar")
    assert added.status == 201
    found = marie.send("GET", added.headers["Location"])
    assert (found.body, found.etag) == (event_text("a").encode(), added.etag)
    assert added.headers["Location"].startswith(marie.agenda)


def test_an_added_object_keeps_the_rules(marie: Dav):
    path = adding(marie)
    marie.put(marie.agenda + "a.ics", event_text("a"))
    again = marie.send("POST", path, event_text("a"), content_type="text/calendar")
    assert (again.status, again.errors) == (409, (C + "no-uid-conflict",))
    assert f"{marie.agenda}a.ics".encode() in again.body
    other = marie.send("POST", path, "hello", content_type="text/plain")
    assert (other.status, other.errors) == (403, (C + "supported-calendar-data",))
    task = marie.send("POST", path, task_text("t"), content_type="text/calendar")
    assert (task.status, task.errors) == (403, (C + "supported-calendar-component",))
    assert len(marie.sync(marie.agenda).rows) == 1


def test_nothing_is_added_where_nothing_can_be(marie: Dav):
    assert set(marie.propfind(marie.timetable, D + "add-member").row.props) == {404}
    for path, status in (
        (marie.timetable + "?add-member", 403),
        (marie.agenda + "?something", 400),
        (marie.home, 405),
        (marie.agenda + "a.ics", 404),
        (marie.home + "nothing/?add-member", 404),
    ):
        assert marie.send("POST", path, event_text("a"), content_type="text/calendar").status == status


def inner(text: str) -> str:
    """Return the components of a text."""
    return text.split("PRODID:-//Cadran//Tests//EN\r\n")[1].removesuffix("END:VCALENDAR\r\n")


LOCAL = (
    event_text("local", "Local").replace("DTSTART:", "DTSTART;TZID=Europe/Paris:").replace("0000Z\r\nS", "0000\r\nS")
)
NAMELESS = event_text("x", "Sans nom").replace("UID:x\r\n", "")
MOVED = event_text("série", "Gymnase", "20261130T140000Z", "RECURRENCE-ID:20261130T080000Z", "DURATION:PT1H")
SERIES = event_text("série", "Piscine", "20261123T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
BAD = event_text("mauvais", "Mauvais", "20261399T080000Z")
FILE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:PUBLISH\r\nX-WR-CALNAME:Mes cours\r\n"
FILE += ZONE.split("PRODID:x\n")[1].removesuffix("END:VCALENDAR\n").replace("\n", "\r\n")
FILE += (
    "".join(map(inner, (event_text("a"), LOCAL, SERIES, BAD, NAMELESS, MOVED, task_text("t")))) + "END:VCALENDAR\r\n"
)


def told(row: Row) -> tuple[int | None, tuple[str, ...]]:
    """Return what became of one object."""
    return row.status, row.errors


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_file_is_written_object_by_object(marie: Dav, method: str):
    report = marie.send(method, marie.agenda, FILE, content_type="text/calendar")
    outcomes = [told(row) for row in report.rows.values()]
    assert outcomes == [
        (201, ()),
        (201, ()),
        (201, ()),
        (403, (C + "valid-calendar-data",)),
        (201, ()),
        (403, (C + "supported-calendar-component",)),
    ]
    assert b"UID mauvais" in report.body
    kept = {href for href, row in report.rows.items() if row.status == 201}
    assert set(marie.sync(marie.agenda).rows) == kept
    texts = [marie.send("GET", href).body for href in kept]
    assert sum(b"BEGIN:VTIMEZONE" in each for each in texts) == 1
    assert sum(each.count(b"BEGIN:VEVENT") for each in texts) == 5
    assert all(b"METHOD" not in each and b"X-WR-CALNAME" not in each for each in texts)
    again = marie.send(method, marie.agenda, FILE, content_type="text/calendar")
    assert {row.status for row in again.rows.values()} == {204, 403}
    assert set(marie.sync(marie.agenda).rows) == kept


def test_what_is_exported_can_be_imported(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    marie.put(marie.agenda + "b.ics", SERIES)
    marie.send("MKCALENDAR", marie.home + "copie/")
    whole = marie.send("GET", marie.agenda).body
    assert len(marie.send("PUT", marie.home + "copie/", whole, content_type="text/calendar").rows) == 2
    copied = marie.send("GET", marie.home + "copie/").body.replace(b"copie", b"Mon agenda")
    assert copied == whole


def test_a_file_that_is_none_is_refused_whole(marie: Dav):
    refused = marie.send("PUT", marie.agenda, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", content_type="text/calendar")
    assert (refused.status, refused.errors) == (403, (C + "valid-calendar-data",))
    assert marie.send("PUT", marie.timetable, FILE, content_type="text/calendar").status == 403
    assert marie.send("PUT", marie.home + "nothing/", FILE, content_type="text/calendar").status == 409
    assert marie.send("PUT", marie.agenda, FILE, content_type="text/calendar", if_match='"x"').status == 412
    assert marie.sync(marie.agenda).rows == {}


def test_a_client_that_wants_to_see_what_it_wrote_does(marie: Dav):
    wish = {"prefer": "return=representation"}
    path = marie.agenda + "a.ics"
    new = marie.put(path, event_text("a"), **wish)
    assert (new.status, new.body) == (201, event_text("a").encode())
    assert new.headers["Preference-Applied"] == "return=representation"
    assert new.headers["Content-Type"].startswith("text/calendar")
    changed = marie.put(path, event_text("a", "Neuf"), **wish)
    assert (changed.status, changed.body) == (200, event_text("a", "Neuf").encode())
    late = marie.put(path, event_text("a", "Tard"), if_match=new.etag, **wish)
    assert (late.status, late.body, late.etag) == (412, event_text("a", "Neuf").encode(), changed.etag)
    assert late.headers["Content-Location"] == path
    assert marie.put(marie.agenda + "b.ics", event_text("b"), if_match='"x"', **wish).status == 412
    added = marie.send("POST", adding(marie), event_text("c"), content_type="text/calendar", **wish)
    assert (added.status, added.body) == (201, event_text("c").encode())
