"""In which zone a report reads floating times: one it names, or the calendar's (RFC 4791, 9.8; RFC 7809, 5.3)."""

from __future__ import annotations

from datetime import tzinfo

from lxml import etree

from protocols.caldav import xml_in
from protocols.caldav.context import Context
from protocols.caldav.errors import DavError
from protocols.caldav.names import caldav
from protocols.caldav.resources import Calendar
from storage import zones


def own_zone(holder: Calendar, context: Context) -> tzinfo:
    """Return the zone of a calendar, or else the school's."""
    return zones.collection_zone(holder.collection, context.tx.zone)


def asked_zone(root: etree._Element, holder: Calendar, context: Context) -> tzinfo:
    """Return the zone that a report names, or the calendar's; raises DavError, InvalidObject."""
    by_text, by_name = xml_in.child(root, caldav("timezone")), xml_in.child(root, caldav("timezone-id"))
    if by_text is not None and by_name is not None:
        raise DavError(400, reason="A time zone is named once.")
    if by_text is not None:
        return zones.declared_zone(xml_in.text(by_text))
    if by_name is None:
        return own_zone(holder, context)
    return named_zone(xml_in.text(by_name))


def named_zone(name: str) -> tzinfo:
    """Return the zone of an identifier; raises DavError when it is unknown here."""
    found = zones.known_zone(name)
    if found is None:
        raise DavError(403, caldav("valid-timezone"), reason="There is no such time zone here.")
    return found
