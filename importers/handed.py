"""What somebody handed over, at a glance: could it be a timetable or people at all, whole or damaged."""

from __future__ import annotations

import re
from typing import Final

from importers import container, feeds, formats
from importers.errors import ImportRefused

# Markup in any encoding, calendars and archives: whatever is wrong with one, it is no file to try a server with.
_MEANT: Final = re.compile(rb"[\xef\xbb\xbf\xff\xfe\0\s]*(<|BEGIN:VCALENDAR)|PK|\x1f\x8b", re.IGNORECASE)


def could_be(data: bytes) -> bool:
    """Tell whether bytes are of a format of timetables or people, or of the kind that those formats are made of."""
    if _MEANT.match(data) or container.recognise(data) or formats.recognised(data):
        return True
    try:
        feeds.read([("", data)], feeds.Context())
    except ImportRefused:
        return False
    return True
