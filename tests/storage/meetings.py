"""Meetings for the tests of scheduling: texts with an organizer and attendees."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from storage import itip
from storage.itip import Scheduled

PARIS = ZoneInfo("Europe/Paris")
STAMP = "20261122T120000Z"
MARIE = "mailto:marie@ecole.example"
PAUL = "mailto:paul@ecole.example"
ZOE = "mailto:zoe@ecole.example"
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=5"


def event(*lines: str, start: str = "20261123T080000Z", length: str = "PT1H", uid: str = "reunion") -> str:
    """One component; `lines` add to it."""
    head = ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", f"DTSTART:{start}", f"DURATION:{length}")
    return "\r\n".join((*head, *lines, "END:VEVENT"))


def invited(*who: str, by: str = MARIE, **more: str) -> tuple[str, ...]:
    """The lines of an organizer and attendees; `more` are parameters for all attendees, such as PARTSTAT."""
    params = "".join(f";{name.replace('_', '-')}={value}" for name, value in more.items())
    return (f"ORGANIZER:{by}", *(f"ATTENDEE{params}:{each}" for each in who))


def calendar(*components: str) -> str:
    """One object."""
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//T//EN", *components, "END:VCALENDAR", ""))


def meeting(*components: str) -> Scheduled:
    """One object as scheduling reads it."""
    return itip.read(calendar(*components).encode(), PARIS)
