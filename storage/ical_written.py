"""What a client may not write although it could be read: contradictions that RFC 5545 forbids.

Texts that are here already, messages and files that are imported are read as well as can be; they are not asked this.
"""

from __future__ import annotations

import re
from typing import Final

from storage import ical_by_reference
from storage.contentlines import Component, parse
from storage.errors import InvalidObject
from storage.ical_zones import resolve

_ENDS: Final = ("DTEND", "DUE")
_KINDS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_TIMES: Final = frozenset({"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE", "EXDATE"})
_LASTS: Final = re.compile(rb"^DURATION[;:]", re.IGNORECASE | re.M)
_SHOWN: Final = 80


def check_written(text: bytes) -> None:
    """Raise InvalidObject(`valid-calendar-data`) for a text that says its end twice, or names a zone nobody knows.

    An end and a DURATION never stand together (RFC 5545, 3.6.1 and 3.6.2). A TZID needs its VTIMEZONE (3.2.19) unless
    it is one that can be looked up here (RFC 7809, 3.1): else nobody could say when the event takes place.
    """
    unknown = {name for name in ical_by_reference.undescribed(text) if not _known(name)}
    if not unknown and _LASTS.search(text) is None:
        return
    for component in parse(text).components:
        if component.name in _KINDS:
            _check_end(component)
            _check_zones(component, unknown)


def _known(name: bytes) -> bool:
    try:
        return resolve(name.decode()) is not None
    except UnicodeDecodeError:
        return False


def _check_end(component: Component) -> None:
    for name in _ENDS:
        if component.first(name) is not None and component.first("DURATION") is not None:
            raise InvalidObject("valid-calendar-data", f"{component.name} has both {name} and DURATION")


def _check_zones(component: Component, unknown: set[bytes]) -> None:
    for prop in component.properties:
        tzid = prop.param("TZID") if prop.params and prop.name in _TIMES else None
        if tzid and tzid.encode() in unknown:
            raise InvalidObject(
                "valid-calendar-data", f"{prop.name} names the time zone {tzid[:_SHOWN]}, which nothing describes"
            )
