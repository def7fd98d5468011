"""sync-collection on the home: calendars that come, go and change, and with infinite level what is in them."""

import pytest

from storage.model import Settings
from tests.protocols.caldav.client import SPACES, Answer, D, Dav, event_text
from tests.protocols.caldav.test_properties_written import patch

NAMES = ("agenda", "emploi-du-temps", "rendez-vous", "taches")


def sync(client: Dav, token: str = "", level: str = "1", extra: str = "") -> Answer:
    """Ask what changed in the home."""
    body = (
        f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>{level}</D:sync-level>{extra}"
    )
    return client.send("REPORT", client.home, f"{body}<D:prop><D:getetag/></D:prop></D:sync-collection>", depth="0")


def statuses(answer: Answer, client: Dav) -> dict[str, int | None]:
    """Return the status of each row by its path within the home."""
    return {href.removeprefix(client.home): row.status for href, row in answer.rows.items()}


def test_a_first_sync_tells_every_calendar(marie: Dav):
    first = sync(marie)
    assert statuses(first, marie) == {f"{name}/": None for name in NAMES}
    assert marie.propfind(marie.home, D + "sync-token").row.text(D + "sync-token") == first.token
    again = sync(marie, first.token)
    assert (again.rows, again.token) == ({}, first.token)


def test_what_someone_else_does_moves_nothing(marie: Dav, leo: Dav):
    token = sync(marie).token
    leo.put(leo.agenda + "a.ics", event_text("a"))
    assert (sync(marie, token).rows, sync(marie, token).token) == ({}, token)


def test_calendars_come_change_and_go(marie: Dav):
    token = sync(marie).token
    assert marie.send("MKCALENDAR", marie.home + "club/").status == 201
    came = sync(marie, token)
    assert statuses(came, marie) == {"club/": None}
    marie.put(marie.home + "club/a.ics", event_text("a"))
    changed = sync(marie, came.token)
    assert statuses(changed, marie) == {"club/": None}
    marie.send("PROPPATCH", marie.agenda, patch("<D:displayname>Neuf</D:displayname>"))
    renamed = sync(marie, changed.token)
    assert statuses(renamed, marie) == {"agenda/": None}
    marie.send("DELETE", marie.home + "club/")
    assert statuses(sync(marie, renamed.token), marie) == {"club/": 404}
    assert statuses(sync(marie, token), marie) == {"agenda/": None}


def test_a_calendar_made_again_under_a_name_is_not_gone(marie: Dav):
    marie.send("MKCALENDAR", marie.home + "club/")
    token = sync(marie).token
    marie.send("DELETE", marie.home + "club/")
    marie.send("MKCALENDAR", marie.home + "club/")
    assert statuses(sync(marie, token), marie) == {"club/": None}


def test_the_infinite_level_tells_objects_too(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    marie.put(marie.agenda + "b.ics", event_text("b"))
    first = sync(marie, level="infinite")
    assert statuses(first, marie) == {f"{name}/": None for name in NAMES} | {"agenda/a.ics": None, "agenda/b.ics": None}
    marie.send("DELETE", marie.agenda + "a.ics")
    marie.put(marie.agenda + "b.ics", event_text("b", "Neuf"))
    marie.send("MKCALENDAR", marie.home + "club/")
    marie.put(marie.home + "club/c.ics", event_text("c"))
    then = sync(marie, first.token, level="infinite")
    assert statuses(then, marie) == {
        "agenda/": None,
        "agenda/a.ics": 404,
        "agenda/b.ics": None,
        "club/": None,
        "club/c.ics": None,
    }
    marie.send("PROPPATCH", marie.agenda, patch("<D:displayname>Neuf</D:displayname>"))
    assert statuses(sync(marie, then.token, level="infinite"), marie) == {"agenda/": None}


def test_a_calendar_that_is_switched_off_is_gone_where_the_school_says_so(marie: Dav):
    marie.store.directory.configure(marie.person.school_id, Settings(dav_honours_switch=True))
    token = sync(marie).token
    with marie.store.writing(marie.person.school_id) as tx:
        tx.collections.switch(marie.person, "taches", on=False)
    off = sync(marie, token)
    assert statuses(off, marie) == {"taches/": 404}
    with marie.store.writing(marie.person.school_id) as tx:
        tx.collections.switch(marie.person, "taches", on=True)
    assert statuses(sync(marie, off.token), marie) == {"taches/": None}


@pytest.mark.parametrize("token", ["x", "urn:cadran:home:1:2:5", "urn:cadran:home:9:9:9", "{}9999"])
def test_a_token_of_another_home_or_time_is_refused(marie: Dav, token: str):
    refused = sync(marie, token.format(sync(marie).token))
    assert (refused.status, refused.errors) == (403, (D + "valid-sync-token",))
    calendars = marie.sync(marie.agenda).token
    assert sync(marie, calendars).status == 403
    assert marie.sync(marie.agenda, sync(marie).token).status == 403


def test_a_token_older_than_what_is_remembered_is_refused(marie: Dav, monkeypatch: pytest.MonkeyPatch):
    token = sync(marie).token
    marie.put(marie.agenda + "a.ics", event_text("a"))
    monkeypatch.setattr("storage.home_changes.number_at", lambda tx, moment: tx.changes.clock())
    refused = sync(marie, token)
    assert (refused.status, refused.errors) == (403, (D + "valid-sync-token",))
    assert len(sync(marie).rows) == 4


def test_an_answer_is_not_cut(marie: Dav):
    limit = "<D:limit><D:nresults>{}</D:nresults></D:limit>"
    refused = sync(marie, extra=limit.format(3))
    assert (refused.status, refused.errors) == (507, (D + "number-of-matches-within-limits",))
    assert len(sync(marie, extra=limit.format(4)).rows) == 4


def test_writing_may_depend_on_the_homes_state(marie: Dav):
    token = sync(marie).token
    condition = f"<{marie.home}> (<{token}>)"
    assert marie.put(marie.agenda + "a.ics", event_text("a"), **{"if": condition}).status == 201
    assert marie.put(marie.agenda + "b.ics", event_text("b"), **{"if": condition}).status == 412


def test_a_sync_of_the_home_costs_the_same_however_full_the_calendars(marie: Dav):
    counts = []
    for last in (2, 30):
        for number in range(last):
            marie.put(f"{marie.agenda}{number}.ics", event_text(str(number), str(last)))
        token = sync(marie).token
        with marie.counting() as seen:
            sync(marie, token)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5
