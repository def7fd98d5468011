"""The events of the measured calendars: forty a week, backwards from one Monday, some of them series."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

WEEKLY: Final = 40
SERIES_EACH: Final = 100
FIRST_MONDAY: Final = date(2026, 11, 16)
QUERIED_WEEK: Final = 2
SLOTS: Final = 8

_EVENT: Final = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Cadran//bench//EN
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260901T080000Z
CREATED:20260901T080000Z
LAST-MODIFIED:20260901T080000Z
SUMMARY:Meeting {number}\\, room {room}
LOCATION:Room {room}
DESCRIPTION:Agenda of meeting {number}\\, in its version {version}.\\nBring the minutes.
DTSTART;TZID=Europe/Paris:{start}
DTEND;TZID=Europe/Paris:{end}
{rule}TRANSP:OPAQUE
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Meeting {number}
TRIGGER:-PT15M
END:VALARM
END:VEVENT
END:VCALENDAR
"""


def uid(number: int) -> str:
    """Return the UID of an event."""
    return f"bench-{number:06d}"


def href(number: int) -> str:
    """Return the name of an event in its collection."""
    return f"{uid(number)}.ics"


def event(number: int, version: int = 0) -> bytes:
    """Return one event as an iCalendar object of about one kilobyte; each hundredth is a series of ten weeks."""
    week, place = divmod(number, WEEKLY)
    day, slot = divmod(place, SLOTS)
    begins = datetime.combine(FIRST_MONDAY, time(8)) - timedelta(weeks=week) + timedelta(days=day, hours=slot)
    text = _EVENT.format(
        uid=uid(number),
        number=number,
        version=version,
        room=number % 60,
        start=f"{begins:%Y%m%dT%H%M%S}",
        end=f"{begins + timedelta(minutes=55):%Y%m%dT%H%M%S}",
        rule="RRULE:FREQ=WEEKLY;COUNT=10\n" if number % SERIES_EACH == 0 else "",
    )
    return text.replace("\n", "\r\n").encode()


def queried_week() -> tuple[str, str]:
    """Return the two ends of the week that is asked for, in UTC as a time-range has them (RFC 4791, 9.9)."""
    monday = FIRST_MONDAY - timedelta(weeks=QUERIED_WEEK)
    return f"{monday:%Y%m%d}T000000Z", f"{monday + timedelta(days=7):%Y%m%d}T000000Z"
