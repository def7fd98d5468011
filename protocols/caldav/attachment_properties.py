"""Properties that tell what attachments there may be (RFC 8607, 6) and how much room is left (RFC 4331, 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.caldav.context import Context
from protocols.caldav.names import caldav, dav
from protocols.caldav.resources import Calendar, Home


def _server(home: Home, context: Context) -> str:
    """Return nothing: attachments are got at the authority of the home, whatever their URI says (RFC 8607, 6.1)."""
    return ""


def _size(resource: Home | Calendar, context: Context) -> str:
    return str(context.tx.limits.attachment_size)


def _number(resource: Home | Calendar, context: Context) -> str:
    return str(context.tx.limits.attachments)


def _owner(resource: Home | Calendar, context: Context) -> int | None:
    """Return whose room a resource takes, if it is the asker's."""
    owned = isinstance(resource, Home) or resource.collection.owned
    return context.principal.id if owned else None


def _used(resource: Home | Calendar, context: Context) -> str | None:
    owner = _owner(resource, context)
    return None if owner is None else str(context.tx.usage.of(owner))


def _available(resource: Home | Calendar, context: Context) -> str | None:
    owner = _owner(resource, context)
    if owner is None:
        return None
    return str(max(0, context.tx.usage.limit(owner) - context.tx.usage.of(owner)))


Readers = Mapping[str, Callable[[Any, Context], str | None]]

CALENDAR: Final[Readers] = {
    caldav("max-attachment-size"): _size,
    caldav("max-attachments-per-resource"): _number,
    dav("quota-available-bytes"): _available,
    dav("quota-used-bytes"): _used,
}

HOME: Final[Readers] = {**CALENDAR, caldav("managed-attachments-server-URL"): _server}
