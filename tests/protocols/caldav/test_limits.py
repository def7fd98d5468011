"""The limits that a calendar announces are those that it keeps (RFC 4791, 5.2.5 to 5.2.9)."""

import pytest

from tests.protocols.caldav.client import SPACES, C, Dav, event_text

ATTENDEES = tuple(f"ATTENDEE:mailto:p{number}@ecole.example" for number in range(1_001))
LIMITS = {
    "max-resource-size": "1048576",
    "min-date-time": "00010101T000000Z",
    "max-date-time": "99991231T235959Z",
    "max-instances": "5000",
    "max-attendees-per-instance": "1000",
}
TOO_MUCH = {
    "max-resource-size": event_text("a", "x" * 1_048_576),
    "min-date-time": event_text("a", "x", "00001231T080000Z"),
    "max-date-time": event_text("a", "x", "99991231T080000Z", "DURATION:P2D"),
    "max-instances": event_text("a", "x", "20261123T080000Z", "DURATION:PT1M", "RRULE:FREQ=MINUTELY;COUNT=5001"),
    "max-attendees-per-instance": event_text("a", "x", "20261123T080000Z", "DURATION:PT1H", *ATTENDEES),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_told_and_kept(marie: Dav, name: str):
    assert marie.propfind(marie.agenda, C + name).row.text(C + name) == LIMITS[name]
    refused = marie.put(marie.agenda + "a.ics", TOO_MUCH[name])
    assert (refused.status, refused.errors) == (403, (C + name,))


def test_what_is_just_within_the_limits_is_kept(marie: Dav):
    within = event_text("a", "x", "20261123T080000Z", "DURATION:PT1H", *ATTENDEES[:1000])
    assert marie.put(marie.agenda + "a.ics", within).status == 201
    many = event_text("b", "x", "20261123T080000Z", "DURATION:PT1M", "RRULE:FREQ=MINUTELY;COUNT=5000")
    assert marie.put(marie.agenda + "b.ics", many).status == 201


def data(inner: str) -> str:
    """Return a query for everything with some form of calendar-data."""
    asked = f"<D:prop><C:calendar-data>{inner}</C:calendar-data></D:prop>"
    return (
        f'<C:calendar-query {SPACES}>{asked}<C:filter><C:comp-filter name="VCALENDAR"/></C:filter></C:calendar-query>'
    )


NOVEMBER = 'start="20261101T000000Z" end="20261201T000000Z"'


def test_free_busy_components_can_be_limited_though_there_are_none(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    limited = marie.send("REPORT", marie.agenda, data(f"<C:limit-freebusy-set {NOVEMBER}/>"), depth="1")
    assert limited.row.text(C + "calendar-data") == event_text("a").replace("\r\n", "\n")
    assert marie.send("REPORT", marie.agenda, data("<C:limit-freebusy-set/>"), depth="1").status == 403


def test_recurrences_are_expanded_or_limited(marie: Dav):
    both = data(f"<C:expand {NOVEMBER}/><C:limit-recurrence-set {NOVEMBER}/>")
    assert marie.send("REPORT", marie.agenda, both, depth="1").status == 400
