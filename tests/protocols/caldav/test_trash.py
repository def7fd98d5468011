"""The trash over DAV: listed by itself, read, restored by MOVE, erased by DELETE."""

from __future__ import annotations

import pytest

from storage.store import Store
from tests.protocols.caldav.client import BASE, C, D, Dav, event_text
from tests.protocols.caldav.meetings import PAUL, Circle, gather

N = "{urn:x-cadran:dav}"


@pytest.fixture
def circle(store: Store) -> Circle:
    """Four people of one school."""
    return gather(store)


def trash(client: Dav) -> str:
    """Return the address of a person's trash, as the home tells it."""
    (href,) = client.propfind(client.home, N + "trash-URL").row.props[200][N + "trash-URL"]
    return href.text or ""


def listed(client: Dav) -> list[str]:
    """Return the addresses of what is in a person's trash."""
    found = trash(client)
    return [path for path in client.propfind(found, D + "displayname", depth="1").rows if path != found]


def drop(client: Dav, name: str = "a", *more: str) -> str:
    """Write an object, delete it, and return its address in the trash."""
    client.put(f"{client.agenda}{name}.ics", event_text(name, "Conseil & co", *more))
    before = set(listed(client))
    assert client.send("DELETE", f"{client.agenda}{name}.ics").status == 204
    (fresh,) = set(listed(client)) - before
    return fresh


def test_what_was_deleted_is_listed_with_when_and_where(marie: Dav) -> None:
    path = drop(marie)
    names = (
        D + "displayname",
        D + "getcontenttype",
        N + "deleted-at",
        N + "original-location",
        N + "original-calendar",
    )
    row = marie.propfind(path, *names).row
    assert row.text(D + "displayname") == "Conseil & co"
    assert row.text(D + "getcontenttype").startswith("text/calendar")
    assert row.text(N + "deleted-at").endswith("Z")
    assert row.text(N + "original-location") == marie.agenda + "a.ics"
    assert row.text(N + "original-calendar") == "Mon agenda"
    assert marie.send("GET", path).body == event_text("a", "Conseil & co").encode()


def test_no_client_takes_the_trash_for_a_calendar(marie: Dav) -> None:
    drop(marie)
    here = trash(marie)
    assert here not in marie.propfind(marie.home, D + "resourcetype", depth="1").rows
    assert C + "calendar" not in marie.propfind(here, D + "resourcetype").row.names(D + "resourcetype")
    assert marie.sync(here).errors == (D + "supported-report",)
    assert marie.send("MKCALENDAR", here).status == 403
    assert marie.put(here + "x.ics", event_text("x")).status == 404
    assert marie.send("DELETE", here).status == 403


def test_move_takes_an_object_out_of_the_trash(marie: Dav) -> None:
    token = marie.sync(marie.agenda).token
    path = drop(marie)
    moved = marie.send("MOVE", path, destination=f"{BASE}{marie.agenda}a.ics")
    assert (moved.status, moved.headers["Location"]) == (201, marie.agenda + "a.ics")
    assert marie.send("GET", marie.agenda + "a.ics").etag == moved.etag
    assert set(marie.sync(marie.agenda, token).rows) == {marie.agenda + "a.ics"}
    assert listed(marie) == []
    assert marie.send("GET", path).status == 404


def test_nothing_is_overwritten_by_what_comes_back(marie: Dav) -> None:
    path = drop(marie)
    marie.put(marie.agenda + "a.ics", event_text("a"))
    assert marie.send("MOVE", path, destination=marie.agenda + "a.ics").status == 412
    refused = marie.send("MOVE", path, destination=marie.agenda + "b.ics")
    assert (refused.status, refused.errors) == (409, (C + "no-uid-conflict",))
    assert marie.agenda.encode() + b"a.ics" in refused.body
    assert listed(marie) == [path]


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ("/dav/calendars/marie.dupont/emploi-du-temps/a.ics", 403),
        ("/dav/calendars/marie.dupont/nulle-part/a.ics", 409),
        ("/dav/calendars/marie.dupont/agenda/", 403),
        ("/dav/calendars/marie.dupont/trash/a.ics", 403),
        ("/dav/calendars/leo.martin/agenda/a.ics", 403),
        ("https://elsewhere.example/a.ics", 502),
        ("", 400),
    ],
)
def test_objects_go_back_into_calendars_of_ones_own_only(marie: Dav, destination: str, status: int) -> None:
    path = drop(marie)
    assert marie.send("MOVE", path, destination=destination).status == status
    assert listed(marie) == [path]


def test_a_deleted_calendar_comes_back_whole(marie: Dav) -> None:
    club = marie.home + "club/"
    assert marie.send("MKCALENDAR", club).status == 201
    for name in ("a", "b"):
        assert marie.put(f"{club}{name}.ics", event_text(name)).status == 201
    assert marie.send("DELETE", club).status == 204
    (path,) = listed(marie)
    assert marie.propfind(path, D + "resourcetype").row.names(D + "resourcetype") == {N + "deleted-calendar"}
    assert marie.send("GET", path).status == 405
    assert marie.send("MOVE", path, destination=marie.agenda).status == 412
    moved = marie.send("MOVE", path, destination=BASE + club)
    assert (moved.status, moved.headers["Location"]) == (201, club)
    assert set(marie.sync(club).rows) == {club + "a.ics", club + "b.ics"}
    assert listed(marie) == []


def test_deleting_in_the_trash_is_for_good(marie: Dav) -> None:
    path = drop(marie)
    assert marie.send("DELETE", path, if_match='"other"').status == 412
    assert marie.send("DELETE", path).status == 204
    assert marie.send("MOVE", path, destination=marie.agenda + "a.ics").status == 404


@pytest.mark.parametrize(
    "name", ["x.ics", "1", "1.ics", "99999999999999999999.ics", "-1.ics", "%C2%B2.ics", "1.ics.ics"]
)
def test_other_names_in_the_trash_lead_nowhere(marie: Dav, name: str) -> None:
    assert marie.send("GET", trash(marie) + name).status == 404


def test_the_trash_of_others_is_theirs(marie: Dav, leo: Dav, zoe: Dav) -> None:
    path = drop(leo)
    for method in ("PROPFIND", "GET", "DELETE", "MOVE"):
        headers = {"depth": "0", "destination": marie.agenda + "a.ics"}
        assert marie.send(method, path, **headers).status == 403
        assert zoe.send(method, path, **headers).status == 404
    mine = trash(zoe) + path.rpartition("/")[2]
    assert zoe.send("GET", mine).status == 404
    assert listed(leo) == [path]


def test_the_number_of_statements_does_not_grow_with_the_trash(marie: Dav) -> None:
    drop(marie)
    with marie.counting() as few:
        listed(marie)
    for number in range(10):
        drop(marie, f"n{number}")
    with marie.counting() as many:
        listed(marie)
    assert len(many) == len(few)


def test_a_meeting_that_comes_back_invites_anew(circle: Circle) -> None:
    path = circle.meet(PAUL)
    assert circle.answer(circle.paul, PAUL, "ACCEPTED") == 204
    assert circle.marie.send("DELETE", path).status == 204
    assert circle.event(circle.paul).text("STATUS") == "CANCELLED"
    (kept,) = listed(circle.marie)
    assert circle.marie.send("MOVE", kept, destination=path).status == 201
    assert circle.event(circle.paul).text("STATUS") != "CANCELLED"
    assert circle.partstat(circle.paul, PAUL) == "NEEDS-ACTION"
    assert circle.partstat(circle.marie, PAUL, path) == "NEEDS-ACTION"
    assert circle.inbox(circle.paul)[-1] == "REQUEST"
    assert circle.answer(circle.paul, PAUL, "ACCEPTED") == 204
    assert circle.partstat(circle.marie, PAUL, path) == "ACCEPTED"
