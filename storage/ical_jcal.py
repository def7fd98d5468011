"""Objects as jCal, the JSON form of iCalendar, and back (RFC 7265)."""

import json

from icalendar import Calendar

from storage.errors import InvalidObject


def jcal(text: bytes) -> bytes:
    """Return a VCALENDAR as jCal in UTF-8; raises InvalidObject when a value cannot be said in it."""
    try:
        # The library reads what clients wrote with fewer tolerances than we store it with.
        return json.dumps(Calendar.from_ical(text.decode()).to_jcal(), ensure_ascii=False).encode()
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError) as error:
        raise InvalidObject("valid-calendar-data", f"not to be said in jCal: {type(error).__name__}") from error


def text_of(data: bytes) -> bytes:
    """Return a VCALENDAR given as jCal as iCalendar text; raises InvalidObject when it is none, or says nonsense."""
    try:
        found = json.loads(data)
        if not isinstance(found, list) or not found or found[0] != "vcalendar":
            raise InvalidObject("valid-calendar-data", "a jCal object begins with vcalendar")
        return bytes(Calendar.from_jcal(found).to_ical(sorted=False))
    except (
        *(ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError),
        RecursionError,
    ) as error:
        raise InvalidObject("valid-calendar-data", f"no jCal object: {type(error).__name__}") from error
