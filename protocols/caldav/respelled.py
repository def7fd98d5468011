"""A calendar by its slug, and by another spelling of it where that helps a client and takes nothing from anybody."""

from __future__ import annotations

from protocols.caldav.context import DAV_CLIENT, WRITING, Context
from protocols.caldav.paths import Place
from storage.errors import NotFound
from storage.model import Collection, Principal

# Their answers tell the calendar's own address.
_TELLING = frozenset({"PROPFIND", "REPORT"})
_MAKING = frozenset({"MKCALENDAR", "MKCOL"})


def collection(owner: Principal, context: Context) -> Collection:
    """Return the calendar of a home that the path names or is in; raises NotFound.

    One that was made at another spelling is neither given by GET nor deleted, for formally nothing is here. But
    programs that spell anew what they were told (python caldav even what it made itself) may ask it and write to it;
    once one has written so, every spelling is the calendar's.
    """
    collections, slug = context.tx.collections, context.target.slug
    try:
        return collections.by_slug(owner, slug, DAV_CLIENT)
    except NotFound:
        found = collections.respelled(owner, slug, DAV_CLIENT) if _tolerates(context) else None
        if found is None:
            raise
    if context.request.method in WRITING:
        collections.open_to_spellings(owner, found)
    return found


def _tolerates(context: Context) -> bool:
    method = context.request.method
    if method == "DELETE":
        return context.target.place is Place.OBJECT
    return method in _TELLING or (method in WRITING and method not in _MAKING)
