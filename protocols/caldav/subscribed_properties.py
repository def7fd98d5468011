"""Properties of a webcal subscription: what a calendar has that is named and coloured, and nothing of its content.

Where it is read from (CS:source), how often and without what are dead properties: they are the clients' own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.caldav.calendar_properties import CALENDAR
from protocols.caldav.context import Context
from protocols.caldav.names import apple, caldav, calserver, dav
from protocols.caldav.resources import Subscribed
from protocols.caldav.xml_out import element

_TYPE: Final = element(dav("collection")) + element(calserver("subscribed"))
_LIKE_CALENDARS: Final = (
    *map(dav, ("displayname", "owner", "current-user-principal", "principal-collection-set", "getetag")),
    *map(dav, ("group", "acl", "acl-restrictions", "inherited-acl-set", "current-user-privilege-set")),
    *map(dav, ("supported-privilege-set", "supported-report-set")),
    calserver("getctag"),
    *map(caldav, ("calendar-description", "calendar-timezone", "calendar-timezone-id")),
    *map(apple, ("calendar-color", "calendar-order")),
)


def _type(resource: Subscribed, context: Context) -> str:
    return _TYPE


SUBSCRIBED: Mapping[str, Callable[[Any, Context], str | None]] = {
    **{name: CALENDAR[name] for name in _LIKE_CALENDARS},
    dav("resourcetype"): _type,
}
