"""What strangers who have a secret link may read of an event: what and when it is, and nobody's address.

What is shown is listed, so that nothing slips through which a program has a name of its own for: people and the copies
that programs keep of them, comments, files, meeting rooms on the net, and alarms.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from storage import contentlines
from storage.contentlines import Component, Property

_PROPERTIES: Final = frozenset(
    {
        *("VERSION", "PRODID", "CALSCALE", "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"),
        *("DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"),
        *("SUMMARY", "DESCRIPTION", "LOCATION", "GEO", "CATEGORIES", "URL", "COLOR", "RELATED-TO"),
        *("CLASS", "STATUS", "TRANSP", "PRIORITY", "COMPLETED", "PERCENT-COMPLETE"),
        *("TZID", "TZNAME", "TZURL", "TZOFFSETFROM", "TZOFFSETTO"),
        *("X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-CDO-INTENDEDSTATUS", "X-MICROSOFT-CDO-ALLDAYEVENT"),
    }
)
_PARAMETERS: Final = frozenset({"TZID", "VALUE", "RANGE", "LANGUAGE", "RELTYPE"})
_COMPONENTS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_BOUNDS: Final = frozenset({"VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT"} | _COMPONENTS)
_MAILTO: Final = "mailto:"
_FOLD: Final = re.compile(rb"\r?\n[ \t]")


def published(text: bytes) -> bytes:
    """Return an object as strangers may read it; raises InvalidObject when the text cannot be read.

    Most texts hold nothing else, imported lessons among them, and are returned as they are without being taken apart.
    """
    if _MAILTO.encode() not in _FOLD.sub(b"", text).lower() and all(map(_harmless, text.splitlines())):
        return text
    root = contentlines.parse(text)
    parts = tuple(_bare(each) for each in root.components if each.name in _BOUNDS)
    return contentlines.serialise(Component(root.name, _shown(root), parts))


def _bare(component: Component) -> Component:
    inner = tuple(_bare(each) for each in component.components if each.name in _BOUNDS)
    return Component(component.name, _shown(component), inner)


def _shown(component: Component) -> tuple[Property, ...]:
    return tuple(_plain(each) for each in component.properties if each.name in _PROPERTIES and not _names(each))


def _names(prop: Property) -> bool:
    """Tell whether a property that says where something is says who it is."""
    return prop.name in {"URL", "TZURL"} and prop.value.strip().lower().startswith(_MAILTO)


def _plain(prop: Property) -> Property:
    if all(name in _PARAMETERS for name, _ in prop.params):
        return prop
    return Property.make(prop.name, prop.value, {name: values for name, values in prop.params if name in _PARAMETERS})


def _harmless(line: bytes) -> bool:
    """Tell whether a line as it is folded continues another or begins a property that is shown; what is odd is not."""
    if line[:1] in (b" ", b"\t") or not line:
        return True
    head, colon, value = line.partition(b":")
    if head in {b"BEGIN", b"END"}:
        return value.decode("latin-1") in _BOUNDS
    return bool(colon) and _known(head)


@lru_cache(maxsize=1024)
def _known(head: bytes) -> bool:
    name, *parameters = head.decode("latin-1").split(";")
    return (
        b'"' not in head and name in _PROPERTIES and all(each.partition("=")[0] in _PARAMETERS for each in parameters)
    )
