"""Which form of an object a client would rather have (RFC 9110, 12.5.1; RFC 7265)."""

from __future__ import annotations

import re

ICALENDAR = "text/calendar"
JCAL = "application/calendar+json"
RANGE_LIMIT = 32

_QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE | re.ASCII)


def prefers_jcal(accept: str) -> bool:
    """Whether an Accept header names jCal and no wish for iCalendar, by name or by range, is as strong."""
    qualities: dict[str, float] = {}
    for part in accept.split(",")[:RANGE_LIMIT]:
        name, *parameters = part.split(";")
        found = next((match for each in parameters if (match := _QUALITY.fullmatch(each))), None)
        qualities.setdefault(name.strip().lower(), float(found[1]) if found else 1.0)
    json_quality = qualities.get(JCAL, 0.0)
    text_quality = next((qualities[name] for name in (ICALENDAR, "text/*", "*/*") if name in qualities), 0.0)
    return json_quality > text_quality
