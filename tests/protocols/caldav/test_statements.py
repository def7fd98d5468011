"""How many statements a request runs: a number that does not grow with the calendar."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.protocols.caldav.client import CS, A, D, Dav, event_text


def fill(client: Dav, first: int, last: int) -> None:
    """Write events."""
    for number in range(first, last):
        client.put(f"{client.agenda}{number}.ics", event_text(str(number)))


def statements(client: Dav, ask: Callable[[], object]) -> int:
    """Return how many statements a request runs."""
    with client.counting() as seen:
        ask()
    return len(seen)


WEEK = '<C:comp-filter name="VEVENT"><C:time-range start="20261101T000000Z" end="20261130T000000Z"/></C:comp-filter>'
UID = '<C:comp-filter name="VEVENT"><C:prop-filter name="UID"><C:text-match>1</C:text-match></C:prop-filter>'
UID += "</C:comp-filter>"
REQUESTS: dict[str, tuple[Callable[[Dav], object], int]] = {
    "poll": (lambda dav: dav.propfind(dav.agenda, CS + "getctag", D + "sync-token"), 2),
    "home": (lambda dav: dav.propfind(dav.home, D + "displayname", CS + "getctag", A + "calendar-color", depth="1"), 2),
    "listing": (lambda dav: dav.propfind(dav.agenda, D + "getetag", D + "owner", depth="1"), 3),
    "first sync": (lambda dav: dav.sync(dav.agenda), 6),
    "object": (lambda dav: dav.send("GET", dav.agenda + "1.ics"), 3),
    "one of many": (lambda dav: dav.multiget(dav.agenda, [dav.agenda + "1.ics"]), 4),
    "a UID": (lambda dav: dav.query(dav.agenda, UID), 5),
    "unknown property": (lambda dav: dav.propfind(dav.agenda, "{urn:x}mood", D + "getetag", depth="1"), 5),
    "weeks": (lambda dav: dav.query(dav.agenda, WEEK), 5),
}


@pytest.mark.parametrize(("ask", "most"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_costs_the_same_in_a_larger_calendar(marie: Dav, ask: Callable[[Dav], object], most: int):
    fill(marie, 0, 3)
    small = statements(marie, lambda: ask(marie))
    fill(marie, 3, 40)
    assert statements(marie, lambda: ask(marie)) == small
    assert small <= most


def test_an_empty_sync_costs_the_same_in_a_larger_calendar(marie: Dav):
    counts = []
    for first, last in ((0, 3), (3, 40)):
        fill(marie, first, last)
        token = marie.sync(marie.agenda).token
        counts.append(statements(marie, partial(marie.sync, marie.agenda, token)))
    assert counts[0] == counts[1] <= 6
