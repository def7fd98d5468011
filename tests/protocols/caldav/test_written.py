"""What RFC 5545 forbids to write is refused as no valid calendar data; what means something is taken."""

from __future__ import annotations

import pytest

from storage.ical_vtimezone import vtimezone
from tests.protocols.caldav.client import C, Dav, event_text, task_text

NOWHERE = event_text("z").replace("DTSTART:20261123T080000Z", "DTSTART;TZID=Nowhere/Land:20261123T090000")
DESCRIBED = NOWHERE.replace(
    "BEGIN:VEVENT", vtimezone("Europe/Paris").replace("Europe/Paris", "Nowhere/Land") + "BEGIN:VEVENT"
)
BOTH = event_text("b", "Cours", "20261123T080000Z", "DTEND:20261123T090000Z", "DURATION:PT1H")
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nREPEAT:2\r\nDURATION:PT1M\r\nEND:VALARM"

REFUSED = {
    "an end and a duration": BOTH,
    "in lower case": BOTH.replace("DURATION", "duration").replace("DTEND", "dtend"),
    "a due date and a duration": task_text(
        "t", "T", "DTSTART:20261123T080000Z", "DUE:20261124T080000Z", "DURATION:P1D"
    ),
    "an unknown zone": NOWHERE,
    "an unknown zone, quoted": NOWHERE.replace("Nowhere/Land", '"Nowhere/Land"'),
    "an unknown zone among others": event_text(
        "o", "Cours", "20261123T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", "EXDATE;TZID=Mars:20261124T090000"
    ),
    "a zone described under another name": DESCRIBED.replace("TZID:Nowhere/Land", "TZID:Elsewhere"),
}
TAKEN = {
    "a zone that is described": DESCRIBED,
    "a Windows name": NOWHERE.replace("Nowhere/Land", "Romance Standard Time"),
    "a name of Outlook": NOWHERE.replace("Nowhere/Land", '"(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"'),
    "a path before a name": NOWHERE.replace("Nowhere/Land", "/mozilla.org/20070129_1/Europe/Paris"),
    "a bare offset": NOWHERE.replace("Nowhere/Land", "GMT+0100"),
    "a zone on what is no time": event_text("x", "Cours", "20261123T080000Z", "DURATION:PT1H", "X-A;TZID=Mars:1"),
    "the duration of an alarm": event_text("a", "Cours", "20261123T080000Z", "DTEND:20261123T090000Z", ALARM),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_contradicts_itself_is_refused(marie: Dav, text: str):
    answer = marie.put(marie.agenda + "z.ics", text)
    assert (answer.status, answer.errors) == (403, (C + "valid-calendar-data",))
    posted = marie.send("POST", marie.agenda + "?add-member", text, content_type="text/calendar")
    assert (posted.status, posted.errors) == (403, (C + "valid-calendar-data",))


@pytest.mark.parametrize("text", TAKEN.values(), ids=TAKEN)
def test_what_means_something_is_taken(marie: Dav, text: str):
    assert marie.put(marie.agenda + "z.ics", text).status == 201


@pytest.mark.parametrize("text", [BOTH, NOWHERE])
def test_a_file_of_others_is_imported_as_well_as_can_be(marie: Dav, text: str):
    answer = marie.send("POST", marie.agenda, text, content_type="text/calendar")
    assert [row.status for row in answer.rows.values()] == [201]
