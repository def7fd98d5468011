"""Webcal subscriptions: collections that say where else a calendar is, for every client to fetch by itself."""

from __future__ import annotations

import pytest

from storage.model import Client, ClientKind
from tests.protocols.caldav.client import CS, SPACES, A, C, D, Dav, event_text

URL = "webcal://zones.example/vacances.ics?a=1&amp;b=2"
TYPE = "<D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype>"
SOURCE = f"<CS:source><D:href>{URL}</D:href></CS:source>"
MORE = "<CS:subscribed-strip-alarms/><A:refreshrate>P1W</A:refreshrate><A:calendar-color>#00FF00</A:calendar-color>"
NAME = "<D:displayname>Vacances</D:displayname>"


def make(client: Dav, method: str = "MKCOL", types: str = TYPE) -> str:
    """Make a subscription and return its address."""
    path, root = client.home + "vacances/", {"MKCOL": "D:mkcol", "MKCALENDAR": "C:mkcalendar"}[method]
    body = f"<{root} {SPACES}><D:set><D:prop>{types}{NAME}{SOURCE}{MORE}</D:prop></D:set></{root}>"
    assert client.send(method, path, body).status == 201
    return path


@pytest.mark.parametrize("method", ["MKCOL", "MKCALENDAR"])
def test_a_subscription_is_listed_and_is_no_calendar(marie: Dav, method: str) -> None:
    path = make(marie, method)
    names = (D + "resourcetype", D + "displayname", CS + "source", A + "refreshrate", A + "calendar-color")
    row = marie.propfind(marie.home, *names, CS + "subscribed-strip-alarms", depth="1").rows[path]
    assert row.names(D + "resourcetype") == {D + "collection", CS + "subscribed"}
    assert row.text(CS + "source") == URL.replace("&amp;", "&")
    assert (row.text(D + "displayname"), row.text(A + "refreshrate")) == ("Vacances", "P1W")
    assert row.text(A + "calendar-color") == "#00FF00"
    assert CS + "subscribed-strip-alarms" in row.props[200]
    gone = marie.propfind(path, C + "supported-calendar-component-set", D + "sync-token").row.props[404]
    assert set(gone) == {C + "supported-calendar-component-set", D + "sync-token"}


def test_the_home_tells_that_a_subscription_came(marie: Dav) -> None:
    token = marie.sync(marie.home).token
    path = make(marie)
    answer = marie.sync(marie.home, token, (D + "resourcetype",))
    assert answer.rows[path].names(D + "resourcetype") == {D + "collection", CS + "subscribed"}


def test_nothing_is_kept_in_a_subscription(marie: Dav) -> None:
    path = make(marie)
    assert marie.put(path + "a.ics", event_text("a")).status == 403
    assert marie.sync(path).errors == (D + "supported-report",)
    marie.put(marie.agenda + "a.ics", event_text("a"))
    assert marie.send("MOVE", marie.agenda + "a.ics", destination=path + "a.ics").status == 403


def test_name_and_source_are_changed_and_the_subscription_ended(marie: Dav) -> None:
    path = make(marie)
    inner = "<D:displayname>Fêtes</D:displayname><CS:source><D:href>https://zones.example/f.ics</D:href></CS:source>"
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>"
    assert set(marie.send("PROPPATCH", path, body).row.props) == {200}
    row = marie.propfind(path, D + "displayname", CS + "source").row
    assert (row.text(D + "displayname"), row.text(CS + "source")) == ("Fêtes", "https://zones.example/f.ics")
    assert marie.send("DELETE", path).status == 204
    assert path not in marie.propfind(marie.home, D + "resourcetype", depth="1").rows


@pytest.mark.parametrize("kind", [each for each in ClientKind if each is not ClientKind.DAV])
def test_other_kinds_of_clients_do_not_see_it(marie: Dav, kind: ClientKind) -> None:
    make(marie)
    with marie.store.reading(marie.person.school_id) as tx:
        assert "vacances" not in {each.slug for each in tx.collections.visible(marie.person, Client(kind))}


def test_a_calendar_is_made_with_its_zone_and_transparency(marie: Dav) -> None:
    inner = "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
    inner += "<C:calendar-timezone-id>Europe/Paris</C:calendar-timezone-id>"
    inner += "<C:default-alarm-vevent-datetime>BEGIN:VALARM</C:default-alarm-vevent-datetime>"
    body = f"<C:mkcalendar {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></C:mkcalendar>"
    assert marie.send("MKCALENDAR", marie.home + "club/", body).status == 201
    names = (C + "schedule-calendar-transp", C + "calendar-timezone-id", C + "default-alarm-vevent-datetime")
    row = marie.propfind(marie.home + "club/", *names).row
    assert row.names(names[0]) == {C + "transparent"}
    assert (row.text(names[1]), row.text(names[2])) == ("Europe/Paris", "BEGIN:VALARM")


def test_the_home_keeps_default_alarms(marie: Dav) -> None:
    name = C + "default-alarm-vevent-date"
    inner = "<C:default-alarm-vevent-date>BEGIN:VALARM</C:default-alarm-vevent-date>"
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>"
    assert set(marie.send("PROPPATCH", marie.home, body).row.props) == {200}
    assert marie.propfind(marie.home, name).row.text(name) == "BEGIN:VALARM"
