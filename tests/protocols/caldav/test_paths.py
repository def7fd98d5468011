"""Addresses: what they name, in whatever encoding they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.caldav import paths
from protocols.caldav.paths import BadPath, Place, Target
from storage import spelling

NAMES = {
    "/dav": Target(Place.ROOT),
    "/dav/": Target(Place.ROOT),
    "/dav/principals/": Target(Place.PRINCIPALS),
    "/dav/principals/leo": Target(Place.PRINCIPAL, "leo"),
    "/dav/calendars": Target(Place.HOMES),
    "/dav/calendars/leo/": Target(Place.HOME, "leo"),
    "/dav/calendars/leo/agenda": Target(Place.COLLECTION, "leo", "agenda"),
    "/dav/calendars/leo/agenda/": Target(Place.COLLECTION, "leo", "agenda"),
    "/dav/calendars/leo/agenda/a.ics": Target(Place.OBJECT, "leo", "agenda", "a.ics"),
    "/dav/calendars/%6C%65o/agend%61/%c3%a9%2F.ics": Target(Place.OBJECT, "leo", "agenda", "é/.ics"),
    "/dav/calendars/leo/a%40b/": Target(Place.COLLECTION, "leo", "a%40b"),
    "/dav/calendars/leo/a@b/%2b+%3b;.ics": Target(Place.OBJECT, "leo", "a@b", "%2B+%3B;.ics"),
    "/dav/calendars/leo/agenda/%7e%41%20%2d.ics": Target(Place.OBJECT, "leo", "agenda", "~A -.ics"),
    "/dav/calendars/leo/agenda/50%25%32%35.ics": Target(Place.OBJECT, "leo", "agenda", "50%2525.ics"),
    "/dav/calendars/leo/agenda/50%.ics": Target(Place.OBJECT, "leo", "agenda", "50%25.ics"),
    "/dav/calendars/leo/agenda/%2540.ics": Target(Place.OBJECT, "leo", "agenda", "%2540.ics"),
    "/dav/calendars/a%40b/agenda/": Target(Place.COLLECTION, "a@b", "agenda"),
    "/dav/principals/a%40b/": Target(Place.PRINCIPAL, "a@b"),
    "/dav/calendars/zoé/agenda/": Target(Place.COLLECTION, "zoé", "agenda"),
    "/": None,
    "/davos/": None,
    "/dav/else/": None,
    "/dav/principals/leo/x/": None,
    "/dav/calendars/leo/agenda/a/b": None,
    "/dav//": Target(Place.ROOT),
    "/dav/calendars//agenda/": None,
    "/dav/calendars/leo//a.ics": None,
}


@pytest.mark.parametrize(("path", "target"), NAMES.items())
def test_a_path_names_one_thing(path: str, target: Target | None):
    assert paths.parse(path) == target


@pytest.mark.parametrize("part", ["%ff", "a%00b", "%0d%0a", "..", "%2e%2e", ".", "é" * 256])
def test_a_path_that_can_name_nothing_is_refused(part: str):
    with pytest.raises(BadPath):
        paths.parse(f"/dav/calendars/leo/agenda/{part}")
    assert paths.parse_href(f"/dav/calendars/leo/agenda/{part}") is None


@pytest.mark.parametrize("authority", ["", "https://cadran.example", "http://10.0.0.1:8008", "https://[::1]:8008"])
def test_an_absolute_address_is_read_like_a_path(authority: str):
    assert paths.parse_href(authority + "/dav/calendars/leo/") == Target(Place.HOME, "leo")


@pytest.mark.parametrize("href", ["", "x", "https://[", "mailto:leo@ecole.example", "/elsewhere/"])
def test_an_address_of_something_else_names_nothing(href: str):
    assert paths.parse_href(href) is None


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_an_address_comes_back_as_the_same_name(name: str):
    if name in {".", ".."}:
        return
    path = paths.collection(name, "agenda") + paths.encode(spelling.of_text(name))
    assert path.isascii()
    assert not set(path) & set(' <>"?#')
    assert paths.parse(path) == Target(Place.OBJECT, name, "agenda", spelling.of_text(name))


def test_the_well_known_address_leads_to_the_root_absolutely():
    answer = paths.redirect("/.well-known/caldav", "https://cadran.example/")
    assert answer.status == 301
    assert ("Location", "https://cadran.example/dav/") in answer.headers
