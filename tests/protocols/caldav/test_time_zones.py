"""In which zone floating times and whole days are read: the calendar's, or the one that a report names."""

import pytest

from tests.protocols.caldav.client import SPACES, C, D, Dav, event_text
from tests.protocols.caldav.test_properties_written import ZONE, patch

FLOATING = event_text("f", "Réveil", "20261123T080000")
DAY = event_text("d", "Férié").replace("DTSTART:20261123T080000Z", "DTSTART;VALUE=DATE:20261123")
DAY = DAY.replace("DURATION:PT1H\r\n", "")
NEW_YORK = ZONE.replace("Europe/Paris", "America/New_York")
OWN_RULES = (
    ZONE.replace("Europe/Paris", "Salle des machines").replace("TZOFFSETTO:+0100", "TZOFFSETTO:+0900")
).replace("TZOFFSETFROM:+0200", "TZOFFSETFROM:+0900")


def asking(client: Dav, start: str, end: str, more: str = "", data: str = "<D:getetag/>") -> set[str]:
    """Return the names of events that happen in a range of November 2026."""
    body = f'<C:calendar-query {SPACES}><D:prop>{data}</D:prop><C:filter><C:comp-filter name="VCALENDAR">'
    body += f'<C:comp-filter name="VEVENT"><C:time-range start="202611{start}00Z" end="202611{end}00Z"/>'
    body += f"</C:comp-filter></C:comp-filter></C:filter>{more}</C:calendar-query>"
    answer = client.send("REPORT", client.agenda, body, depth="1")
    assert answer.status == 207, answer.body
    return client.names(answer)


def named(zone: str) -> str:
    """Return the element that names a zone."""
    return f"<C:timezone-id>{zone}</C:timezone-id>"


@pytest.fixture
def agenda(marie: Dav) -> Dav:
    """A client whose calendar holds a floating event and a whole day."""
    assert marie.put(marie.agenda + "f.ics", FLOATING).status == 201
    assert marie.put(marie.agenda + "d.ics", DAY).status == 201
    return marie


ZONES = {
    "the school's": ("", ("23T0700", "23T0800")),
    "named": (named("America/New_York"), ("23T1300", "23T1400")),
    "named as Windows does": (named("Tokyo Standard Time"), ("22T2300", "23T0000")),
    "described": (f"<C:timezone><![CDATA[{NEW_YORK}]]></C:timezone>", ("23T1300", "23T1400")),
    "described, and nowhere else known": (
        f"<C:timezone><![CDATA[{OWN_RULES}]]></C:timezone>",
        ("22T2300", "23T0000"),
    ),
}


@pytest.mark.parametrize(("element", "hour"), ZONES.values(), ids=ZONES)
def test_a_query_reads_floating_times_in_the_zone_it_names(agenda: Dav, element: str, hour: tuple[str, str]):
    assert asking(agenda, *hour, element) == {"f.ics", "d.ics"}
    assert "f.ics" not in asking(agenda, "23T0400", "23T0500", element)


def test_a_whole_day_ends_with_the_zone_it_is_read_in(agenda: Dav):
    assert asking(agenda, "24T0400", "24T0459", named("America/New_York")) == {"d.ics"}
    assert asking(agenda, "24T0500", "24T0559", named("America/New_York")) == set()
    assert asking(agenda, "24T0400", "24T0459") == set()


def test_what_has_a_zone_of_its_own_stays_where_it_is(marie: Dav):
    marie.put(marie.agenda + "u.ics", event_text("u"))
    assert asking(marie, "23T0800", "23T0900", named("Asia/Tokyo")) == {"u.ics"}


UNKNOWN = {
    "unknown name": (named("Europe/Atlantis"), "valid-timezone"),
    "no zone": (f"<C:timezone>{event_text('a')}</C:timezone>", "valid-calendar-data"),
    "no text": ("<C:timezone/>", "valid-calendar-data"),
}


@pytest.mark.parametrize(("element", "precondition"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_query_in_an_unknown_zone_is_refused(agenda: Dav, element: str, precondition: str):
    body = f"<C:calendar-query {SPACES}><D:prop><D:getetag/></D:prop><C:filter>"
    body += f'<C:comp-filter name="VCALENDAR"/></C:filter>{element}</C:calendar-query>'
    refused = agenda.send("REPORT", agenda.agenda, body, depth="1")
    assert (refused.status, refused.errors) == (403, (C + precondition,))


def test_a_calendar_that_moves_to_another_zone_takes_what_floats_with_it(agenda: Dav):
    token = agenda.sync(agenda.agenda).token
    inner = f"<C:calendar-timezone><![CDATA[{NEW_YORK}]]></C:calendar-timezone>"
    assert set(agenda.send("PROPPATCH", agenda.agenda, patch(inner)).row.props) == {200}
    assert asking(agenda, "23T1300", "23T1400") == {"f.ics", "d.ics"}
    assert asking(agenda, "23T0300", "23T0400") == set()
    assert agenda.sync(agenda.agenda, token).rows == {}
    assert set(agenda.send("PROPPATCH", agenda.agenda, patch("<C:calendar-timezone/>", "remove")).row.props) == {200}
    assert asking(agenda, "23T0700", "23T0800") == {"f.ics", "d.ics"}


def test_what_waits_to_be_indexed_is_found_where_it_is(marie: Dav, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("storage.reindexing.AT_ONCE", 0)
    marie.put(marie.agenda + "f.ics", FLOATING)
    marie.put(marie.agenda + "d.ics", DAY)
    marie.send("PROPPATCH", marie.agenda, patch(f"<C:calendar-timezone><![CDATA[{NEW_YORK}]]></C:calendar-timezone>"))
    assert asking(marie, "23T1300", "23T1400") == {"f.ics", "d.ics"}
    assert asking(marie, "23T0300", "23T0400") == set()
    later = '<C:comp-filter name="VEVENT"><C:time-range start="20270101T000000Z"/></C:comp-filter>'
    assert marie.query(marie.agenda, later).rows == {}


def test_the_name_of_a_zone_and_its_description_are_one_property(marie: Dav):
    names = C + "calendar-timezone", C + "calendar-timezone-id"
    inner = "<C:calendar-timezone-id>America/New_York</C:calendar-timezone-id>"
    assert set(marie.send("PROPPATCH", marie.agenda, patch(inner)).row.props) == {200}
    row = marie.propfind(marie.agenda, *names).row
    assert "TZID:America/New_York" in row.text(names[0])
    assert row.text(names[1]) == "America/New_York"
    marie.send("PROPPATCH", marie.agenda, patch(f"<C:calendar-timezone><![CDATA[{ZONE}]]></C:calendar-timezone>"))
    assert marie.propfind(marie.agenda, names[1]).row.text(names[1]) == "Europe/Paris"
    marie.send("PROPPATCH", marie.agenda, patch("<C:calendar-timezone-id/>", "remove"))
    assert set(marie.propfind(marie.agenda, *names).row.props[404]) == set(names)


def test_an_unknown_zone_is_not_set(marie: Dav):
    inner = "<C:calendar-timezone-id>Europe/Atlantis</C:calendar-timezone-id>"
    row = marie.send("PROPPATCH", marie.agenda, patch(inner)).row
    assert set(row.props) == {403}
    assert row.errors == (C + "valid-timezone",)


BAD_ZONES = {
    "an event beside it": ZONE.replace("END:VCALENDAR", "BEGIN:VEVENT\nUID:a\nEND:VEVENT\nEND:VCALENDAR"),
    "two of them": ZONE.replace("END:VTIMEZONE\n", "END:VTIMEZONE\nBEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n"),
    "no name": ZONE.replace("TZID:Europe/Paris\n", ""),
    "no rules": "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:Mars\nEND:VTIMEZONE\nEND:VCALENDAR\n",
}


@pytest.mark.parametrize("text", BAD_ZONES.values(), ids=BAD_ZONES)
def test_a_time_zone_is_one_description_that_can_be_read(marie: Dav, text: str):
    inner = f"<C:calendar-timezone>{text}</C:calendar-timezone>"
    row = marie.send("PROPPATCH", marie.agenda, patch(inner)).row
    assert (set(row.props), row.errors) == ({403}, (C + "valid-calendar-data",))
    made = marie.send(
        "MKCALENDAR",
        marie.home + "neuf/",
        f"<C:mkcalendar {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></C:mkcalendar>",
    )
    assert set(made.row.props) == {403}
    assert marie.propfind(marie.home + "neuf/", D + "displayname").status == 404
