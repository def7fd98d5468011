"""When things were made (RFC 4918, 15.1): told in every listing alike, kept when they are written and moved."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage.transaction import Transaction
from tests.protocols.caldav.client import D, Dav, event_text
from tests.storage.builders import counted

CREATED = D + "creationdate"
FIRST, LATER = 1_790_000_000, 1_790_086_400


def said(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The time, which a test sets."""
    now = [FIRST]
    monkeypatch.setattr(Transaction, "now", lambda _tx: now[0])
    return now


def everywhere(person: Dav, path: str) -> set[str]:
    """What is told of an object in all ways."""
    folder = path.rpartition("/")[0] + "/"
    answers = (
        person.propfind(path, CREATED),
        person.propfind(folder, CREATED, depth="1"),
        person.sync(folder, names=(CREATED,)),
        person.multiget(folder, [path], "<D:creationdate/><C:calendar-data/>"),
        person.query(folder, '<C:comp-filter name="VEVENT"/>', "<D:creationdate/>"),
        person.send("PROPFIND", path, depth="0"),
    )
    return {each.rows[path].text(CREATED) for each in answers}


def test_an_object_is_as_old_as_its_first_writing(marie: Dav, clock: list[int]) -> None:
    path = marie.agenda + "a.ics"
    assert marie.put(path, event_text("a")).status == 201
    token = marie.sync(marie.agenda).token
    clock[0] = LATER
    assert marie.put(path, event_text("a", "Autre")).status == 204
    assert everywhere(marie, path) == {said(FIRST)}
    assert marie.sync(marie.agenda, token, (CREATED,)).rows[path].text(CREATED) == said(FIRST)


def test_a_move_keeps_it_and_a_copy_is_new(marie: Dav, clock: list[int]) -> None:
    club = marie.home + "club/"
    assert marie.put(marie.agenda + "a.ics", event_text("a")).status == 201
    clock[0] = LATER
    assert marie.send("MKCALENDAR", club).status == 201
    assert marie.send("COPY", marie.agenda + "a.ics", destination=club + "a.ics").status == 201
    assert everywhere(marie, club + "a.ics") == {said(LATER)}
    assert marie.send("MOVE", marie.agenda + "a.ics", destination=club + "a.ics").status == 204
    assert everywhere(marie, club + "a.ics") == {said(FIRST)}


def test_a_calendar_tells_when_it_was_made(marie: Dav, clock: list[int]) -> None:
    club = marie.home + "club/"
    assert marie.send("MKCALENDAR", club).status == 201
    clock[0] = LATER
    assert marie.propfind(club, CREATED).row.text(CREATED) == said(FIRST)
    assert marie.propfind(marie.agenda, CREATED).row.props[200].keys() == {CREATED}
    assert marie.send("MOVE", club, destination=marie.home + "x/").status == 201
    assert marie.propfind(marie.home + "x/", CREATED).row.text(CREATED) == said(FIRST)
    assert marie.send("COPY", marie.home + "x/", destination=marie.home + "y/").status == 201
    assert marie.propfind(marie.home + "y/", CREATED).row.text(CREATED) == said(LATER)


def test_a_listing_asks_nothing_more_for_it(marie: Dav) -> None:
    marie.put(marie.agenda + "a.ics", event_text("a"))
    with counted(marie.store) as without:
        marie.propfind(marie.agenda, D + "getetag", depth="1")
    with counted(marie.store) as told:
        marie.propfind(marie.agenda, D + "getetag", CREATED, depth="1")
    assert len(told) == len(without)
