"""When people can be invited, and where invitations go: properties of the inbox (RFC 7953; RFC 6638, 9.2)."""

from __future__ import annotations

import pytest

from storage.contentlines import parse
from storage.store import Store
from tests.protocols.caldav.client import CS, SPACES, C, D, Dav
from tests.protocols.caldav.meetings import MARIE, PAUL, Circle, gather
from tests.storage.test_ical_availability import WORK, said


@pytest.fixture
def circle(store: Store) -> Circle:
    """Four people of one school."""
    return gather(store)


def patch(client: Dav, inner: str, path: str = "") -> dict[int, set[str]]:
    """Write properties of the inbox and return their names by status."""
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>"
    row = client.send("PROPPATCH", path or client.home + "inbox/", body).row
    return {status: set(props) for status, props in row.props.items()}


def busy_of_paul(circle: Circle) -> list[tuple[str, str]]:
    """Let marie ask when paul is busy on a Monday."""
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VFREEBUSY", "UID:q", "DTSTAMP:20261122T080000Z")
    times = ("DTSTART:20261123T000000Z", "DTEND:20261124T000000Z", f"ORGANIZER:{MARIE}", f"ATTENDEE:{PAUL}")
    body = "\r\n".join((*lines, *times, "END:VFREEBUSY", "END:VCALENDAR", ""))
    answer = circle.marie.send("POST", circle.marie.home + "outbox/", body, content_type="text/calendar")
    data = "".join(answer.tree.iter(C + "calendar-data").__next__().itertext())
    (told,) = parse(data.encode()).children("VFREEBUSY")
    return [(each.param("FBTYPE") or "", each.value) for each in told.all("FREEBUSY")]


@pytest.mark.parametrize("name", ["C:calendar-availability", "CS:calendar-availability"])
def test_others_learn_when_somebody_is_not_available(circle: Circle, name: str) -> None:
    assert busy_of_paul(circle) == []
    before = circle.paul.propfind(circle.paul.home + "inbox/", CS + "getctag").row.text(CS + "getctag")
    assert set(patch(circle.paul, f"<{name}>{said(WORK)}</{name}>")) == {200}
    for kept in (C + "calendar-availability", CS + "calendar-availability"):
        text = circle.paul.propfind(circle.paul.home + "inbox/", kept).row.text(kept)
        assert text.replace("\r", "") == said(WORK).replace("\r", "").strip()
    assert circle.paul.propfind(circle.paul.home + "inbox/", CS + "getctag").row.text(CS + "getctag") != before
    assert busy_of_paul(circle) == [
        ("BUSY-UNAVAILABLE", "20261123T000000Z/20261123T080000Z"),
        ("BUSY-UNAVAILABLE", "20261123T160000Z/20261124T000000Z"),
    ]
    assert set(patch(circle.paul, f"<{name}/>")) == {200}
    assert busy_of_paul(circle) == []


@pytest.mark.parametrize("text", ["nonsense", said(WORK).replace("VAVAILABILITY", "VEVENT"), said(WORK * 501)])
def test_an_availability_that_is_none_is_refused(circle: Circle, text: str) -> None:
    inner = f"<C:calendar-availability>{text}</C:calendar-availability>"
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>"
    row = circle.paul.send("PROPPATCH", circle.paul.home + "inbox/", body).row
    assert set(row.props) == {403}
    assert row.errors in {(C + "valid-calendar-data",), (C + "max-resource-size",)}
    assert busy_of_paul(circle) == []


def test_invitations_go_where_their_recipient_wants_them(circle: Circle) -> None:
    paul = circle.paul
    club, name = paul.home + "club/", C + "schedule-default-calendar-URL"
    assert paul.send("MKCALENDAR", club).status == 201
    inner = f"<C:schedule-default-calendar-URL><D:href>{club}</D:href></C:schedule-default-calendar-URL>"
    assert set(patch(paul, inner)) == {200}
    assert paul.propfind(paul.home + "inbox/", name).row.text(name) == club
    circle.meet(PAUL)
    assert len(circle.copies(paul, club)) == 1
    assert circle.copies(paul) == []
    assert paul.send("DELETE", club).status == 204
    assert paul.propfind(paul.home + "inbox/", name).row.text(name) == paul.agenda


@pytest.mark.parametrize(
    "href",
    [
        "/dav/calendars/paul/emploi-du-temps/",
        "/dav/calendars/paul/taches/",
        "/dav/calendars/paul/nowhere/",
        "/dav/calendars/paul/inbox/",
        "/dav/calendars/paul/agenda/x.ics",
        "/dav/calendars/marie/agenda/",
        "/dav/calendars/paul/",
        "mailto:paul@ecole.example",
        "",
    ],
)
def test_invitations_go_into_calendars_of_ones_own_only(circle: Circle, href: str) -> None:
    inner = f"<C:schedule-default-calendar-URL><D:href>{href}</D:href></C:schedule-default-calendar-URL>"
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>"
    row = circle.paul.send("PROPPATCH", circle.paul.home + "inbox/", body).row
    assert set(row.props) == {403}
    assert row.errors == (C + "valid-schedule-default-calendar-URL",)


def test_other_properties_of_the_inbox_stay_as_they_are(circle: Circle) -> None:
    assert patch(circle.paul, "<D:resourcetype/><C:calendar-availability/>") == {
        403: {D + "resourcetype"},
        424: {C + "calendar-availability"},
    }
    assert 200 in patch(circle.paul, '<x:note xmlns:x="urn:x">kept</x:note>')


def test_nobody_says_when_others_are_available(circle: Circle) -> None:
    for path in ("/dav/calendars/paul/inbox/", "/dav/calendars/paul/outbox/"):
        body = (
            f"<D:propertyupdate {SPACES}><D:set><D:prop><C:calendar-availability/></D:prop></D:set></D:propertyupdate>"
        )
        assert circle.marie.send("PROPPATCH", path, body).status == 403


def test_the_server_says_that_it_knows_availability(circle: Circle) -> None:
    assert "calendar-availability" in circle.paul.send("OPTIONS", circle.paul.home).headers["DAV"]
