"""Addresses at the edge of RFC 3986: slashes, dots, triples of all kinds, parameters, length."""

import pytest

from tests.protocols.caldav.client import BASE, C, D, Dav, event_text

# The address that is asked for, and the one under which its object is told.
EQUIVALENT = [
    ("%61.ics", "a.ics"),
    ("a%2eics", "a.ics"),
    ("a%2Eics", "a.ics"),
    ("%7Ea%2d.ics", "~a-.ics"),
    ("%c3%a9.ics", "%C3%A9.ics"),
    ("%C3%a9.ics", "%C3%A9.ics"),
    ("é.ics", "%C3%A9.ics"),
    ("a%2fb.ics", "a%2Fb.ics"),
    ("a%20b.ics", "a%20b.ics"),
    ("a b.ics", "a%20b.ics"),
    ("a%3f%23b.ics", "a%3F%23b.ics"),
    ("a%5b%5D%7c.ics", "a%5B%5D%7C.ics"),
    ("%3c&%22%3E.ics", "%3C&%22%3E.ics"),
    ("50%.ics", "50%25.ics"),
    ("50%25.ics", "50%25.ics"),
    ("50%2540.ics", "50%2540.ics"),
    ("a;v=1,2.ics", "a;v=1,2.ics"),
    ("a%3bv%3d1.ics", "a%3Bv%3D1.ics"),
    ("...ics", "...ics"),
    ("%2e.a", "..a"),
    ("a.ics/", "a.ics"),
    ("%F0%9F%8E%93.ics", "%F0%9F%8E%93.ics"),
]


@pytest.mark.parametrize(("asked", "told"), EQUIVALENT)
def test_an_object_is_told_under_one_address_which_finds_it(marie: Dav, asked: str, told: str):
    assert marie.put(marie.agenda + asked, event_text("a")).status == 201
    assert set(marie.sync(marie.agenda).rows) == {marie.agenda + told}
    for address in (asked, told):
        assert marie.send("GET", marie.agenda + address).body == event_text("a").encode()
    assert marie.put(marie.agenda + "b.ics", event_text("b")).status == 201
    moved = marie.send("MOVE", marie.agenda + "b.ics", destination=BASE + marie.agenda + told, overwrite="F")
    assert moved.status == 412
    assert marie.put(marie.agenda + told, event_text("a", "Autre")).status == 204
    assert marie.send("DELETE", marie.agenda + asked).status == 204
    assert marie.send("GET", marie.agenda + told).status == 404


@pytest.mark.parametrize("asked", ["%2e", "%2E%2e", ".", "..", "%ff", "%c3", "%c3%28.ics", "a%00.ics", "%0d%0aX: y"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PROPFIND", "REPORT", "MKCALENDAR"])
def test_what_can_be_no_name_is_refused(marie: Dav, method: str, asked: str):
    assert marie.send(method, marie.agenda + asked, event_text("a")).status == 400
    assert marie.put(marie.agenda + "a.ics", event_text("a")).status == 201
    for header in ("COPY", "MOVE"):
        assert marie.send(header, marie.agenda + "a.ics", destination=marie.agenda + asked).status == 400
    assert marie.names(marie.sync(marie.agenda)) == {"a.ics"}


@pytest.mark.parametrize("asked", ["/a.ics", "a/b.ics", "a.ics//", "a%2Fb.ics/c"])
def test_a_slash_too_many_names_nothing(marie: Dav, asked: str):
    assert marie.put(marie.agenda + asked, event_text("a")).status == 409
    assert marie.send("GET", marie.agenda + asked).status == 404
    assert marie.send("DELETE", marie.agenda + asked).status == 404


@pytest.mark.parametrize("ending", ["", "/"])
def test_a_calendar_is_found_with_and_without_its_last_slash(marie: Dav, ending: str):
    path = marie.agenda.rstrip("/")
    for answer in (marie.propfind(path + ending, D + "displayname"), marie.multiget(path + ending, [path + ending])):
        assert answer.status == 207
    assert marie.propfind(path + ending, D + "displayname").row.href == marie.agenda
    assert marie.send("MKCALENDAR", marie.home + "club" + ending).status == 201
    assert marie.send("MKCALENDAR", marie.home + "club/").status == 403


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("x" * 255, 201),
        ("x" * 256, 414),
        ("%C3%A9" * 255, 201),
        ("%C3%A9" * 256, 414),
        ("@" * 255, 201),
        ("%40" * 170, 201),
        ("%40" * 171, 414),
    ],
)
def test_a_name_has_a_length(marie: Dav, name: str, status: int):
    assert marie.put(marie.agenda + name, event_text("a")).status == status
    assert marie.send("GET", marie.agenda + name).status == (200 if status == 201 else 414)
    (row,) = marie.multiget(marie.agenda, [marie.agenda + name]).rows.values()
    assert (row.href, row.status) == (marie.agenda + name, None if status == 201 else 404)


@pytest.mark.parametrize(("slug", "status"), [("x" * 128, 201), ("x" * 129, 403), ("%40" * 42, 201), ("%40" * 43, 403)])
def test_a_calendar_has_a_shorter_name(marie: Dav, slug: str, status: int):
    answer = marie.send("MKCALENDAR", f"{marie.home}{slug}/")
    assert answer.status == status
    if status == 403:
        assert answer.errors == (C + "calendar-collection-location-ok",)
