"""COPY and MOVE of objects (RFC 4918, 9.8 and 9.9; RFC 4791, 5.3.2.1)."""

import pytest

from tests.protocols.caldav.client import BASE, SPACES, C, D, Dav, event_text

TYPE = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"


@pytest.fixture
def club(marie: Dav) -> str:
    """A second calendar, with one event in the first."""
    assert marie.send("MKCALENDAR", marie.home + "club/").status == 201
    assert marie.put(marie.agenda + "a.ics", event_text("a")).status == 201
    return marie.home + "club/"


def text(client: Dav, path: str) -> bytes | None:
    """Return the text at a path, None when there is none."""
    answer = client.send("GET", path)
    return answer.body if answer.status == 200 else None


def test_a_moved_object_is_only_where_it_went(marie: Dav, club: str):
    here, there = (marie.sync(path).token for path in (marie.agenda, club))
    moved = marie.send("MOVE", marie.agenda + "a.ics", destination=f"{BASE}{club}b.ics")
    assert (moved.status, moved.headers["Location"]) == (201, club + "b.ics")
    assert text(marie, marie.agenda + "a.ics") is None
    assert text(marie, club + "b.ics") == event_text("a").encode()
    assert moved.etag == marie.send("GET", club + "b.ics").etag
    assert {href: row.status for href, row in marie.sync(marie.agenda, here).rows.items()} == {
        marie.agenda + "a.ics": 404
    }
    assert set(marie.sync(club, there).rows) == {club + "b.ics"}


def test_a_copied_object_is_in_both_places(marie: Dav, club: str):
    assert marie.send("COPY", marie.agenda + "a.ics", destination=club + "a.ics").status == 201
    assert text(marie, marie.agenda + "a.ics") == text(marie, club + "a.ics") == event_text("a").encode()


def test_an_object_is_renamed_within_its_calendar(marie: Dav, club: str):
    assert marie.send("MOVE", marie.agenda + "a.ics", destination=marie.agenda + "%C3%A9t%C3%A9.ics").status == 201
    assert set(marie.sync(marie.agenda).rows) == {marie.agenda + "%C3%A9t%C3%A9.ics"}


def test_what_is_there_with_the_same_uid_is_overwritten(marie: Dav, club: str):
    marie.put(club + "a.ics", event_text("a", "Ancien"))
    kept = marie.send("COPY", marie.agenda + "a.ics", destination=club + "a.ics", overwrite="F")
    assert kept.status == 412
    assert b"Ancien" in (text(marie, club + "a.ics") or b"")
    assert marie.send("MOVE", marie.agenda + "a.ics", destination=club + "a.ics", overwrite="T").status == 204
    assert text(marie, club + "a.ics") == event_text("a").encode()
    assert text(marie, marie.agenda + "a.ics") is None


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_another_object_is_not_overwritten(marie: Dav, club: str, method: str):
    marie.put(club + "b.ics", event_text("b"))
    refused = marie.send(method, marie.agenda + "a.ics", destination=club + "b.ics")
    assert (refused.status, refused.errors) == (409, (C + "no-uid-conflict",))
    assert text(marie, club + "b.ics") == event_text("b").encode()
    assert text(marie, marie.agenda + "a.ics") == event_text("a").encode()


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_uid_is_once_in_a_calendar(marie: Dav, club: str, method: str):
    marie.put(club + "other.ics", event_text("a"))
    refused = marie.send(method, marie.agenda + "a.ics", destination=club + "a.ics")
    assert (refused.status, refused.errors) == (409, (C + "no-uid-conflict",))
    assert f"{club}other.ics".encode() in refused.body
    assert text(marie, marie.agenda + "a.ics") is not None


def test_a_copy_beside_the_original_would_be_a_second_of_its_uid(marie: Dav, club: str):
    refused = marie.send("COPY", marie.agenda + "a.ics", destination=marie.agenda + "b.ics")
    assert (refused.status, refused.errors) == (409, (C + "no-uid-conflict",))


DESTINATIONS: dict[str, tuple[dict[str, str], int]] = {
    "none": ({}, 400),
    "empty": ({"destination": ""}, 400),
    "no address": ({"destination": "http://[x/"}, 400),
    "not UTF-8": ({"destination": "/dav/calendars/marie.dupont/club/%FF.ics"}, 400),
    "itself": ({"destination": "/dav/calendars/marie.dupont/agenda/a.ics"}, 403),
    "another server": ({"destination": "https://elsewhere.example/dav/calendars/marie.dupont/club/a.ics"}, 502),
    "no calendar there": ({"destination": "/dav/calendars/marie.dupont/nothing/a.ics"}, 409),
    "nobody's": ({"destination": "/dav/calendars/nobody/agenda/a.ics"}, 409),
    "someone else's": ({"destination": "/dav/calendars/leo.martin/agenda/a.ics"}, 403),
    "a calendar": ({"destination": "/dav/calendars/marie.dupont/club/"}, 403),
    "elsewhere": ({"destination": "/files/a.ics"}, 403),
    "read-only": ({"destination": "/dav/calendars/marie.dupont/emploi-du-temps/a.ics"}, 403),
    "tasks only": ({"destination": "/dav/calendars/marie.dupont/taches/a.ics"}, 403),
    "overwrite perhaps": ({"destination": "/dav/calendars/marie.dupont/club/a.ics", "overwrite": "maybe"}, 400),
    "another state": ({"destination": "/dav/calendars/marie.dupont/club/a.ics", "if_match": '"x"'}, 412),
    "since written": (
        {
            "destination": "/dav/calendars/marie.dupont/club/a.ics",
            "if_unmodified_since": "Sat, 01 Jan 2000 00:00:00 GMT",
            "if": "(Not <DAV:no-lock>)",
        },
        412,
    ),
}


@pytest.mark.parametrize(("headers", "status"), DESTINATIONS.values(), ids=DESTINATIONS)
def test_a_move_that_cannot_be_changes_nothing(marie: Dav, club: str, headers: dict[str, str], status: int):
    assert marie.send("MOVE", marie.agenda + "a.ics", **headers).status == status
    assert text(marie, marie.agenda + "a.ics") is not None
    assert marie.sync(club).rows == {}


def test_what_cannot_be_deleted_cannot_be_moved(marie: Dav, club: str):
    refused = marie.send("MOVE", marie.timetable + "a.ics", destination=club + "a.ics")
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert marie.send("COPY", marie.agenda + "nothing.ics", destination=club + "a.ics").status == 404


def test_the_kind_of_object_is_checked(marie: Dav, club: str):
    body = f"<D:mkcol {SPACES}><D:set><D:prop>{TYPE}<C:supported-calendar-component-set>"
    body += '<C:comp name="VJOURNAL"/></C:supported-calendar-component-set></D:prop></D:set></D:mkcol>'
    assert marie.send("MKCOL", marie.home + "journal/", body).status == 201
    refused = marie.send("COPY", marie.agenda + "a.ics", destination=marie.home + "journal/a.ics")
    assert (refused.status, refused.errors) == (403, (C + "supported-calendar-component",))
