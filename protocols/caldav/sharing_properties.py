"""Properties of calendars that are shared, or could be (caldav-sharing, 5.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.caldav import paths, sharing_words
from protocols.caldav.context import Context
from protocols.caldav.names import calserver
from protocols.caldav.resources import Calendar
from protocols.caldav.xml_out import element, href
from storage import policy
from storage.sharing import Grantee, Share

_MODES: Final = element(calserver("can-be-shared"))


def _invite(calendar: Calendar, context: Context) -> str | None:
    """Return whom a calendar is shared with; a sharee is told of the owner and of themself alone."""
    collection, tx = calendar.collection, context.tx
    if collection.owned and collection.shared:
        return "".join(_user(*each) for each in tx.sharing.with_grantees(collection.id))
    if collection.access is None:
        return None
    owner = tx.principals.by_login(collection.owner)
    mine = (each for each in tx.sharing.of(collection.id) if each.principal_id == context.principal.id)
    told = "".join(_user(each, context.principal) for each in mine)
    return sharing_words.organizer(owner.login, owner.name) + told


def _user(found: Share, grantee: Grantee) -> str:
    inner = href(sharing_words.address(grantee)) + sharing_words.common_name(grantee.name)
    inner += sharing_words.status(found.status.value) + sharing_words.access(found.access)
    return element(calserver("user"), inner + sharing_words.summary(found.summary))


def grants_of(calendar: Calendar, context: Context) -> tuple[tuple[str, Share], ...]:
    """Return the path of each person or group that an owner's calendar is shared with, and the share."""
    if not (calendar.collection.owned and calendar.collection.shared):
        return ()
    found = context.tx.sharing.with_grantees(calendar.collection.id)
    return tuple((sharing_words.address(grantee), share) for share, grantee in found)


def _modes(calendar: Calendar, context: Context) -> str | None:
    return _MODES if policy.shareable(calendar.collection) else None


def _shared_url(calendar: Calendar, context: Context) -> str | None:
    """Return where the owner has the calendar (caldav-sharing, 5.2.4)."""
    if calendar.collection.access is None:
        return None
    owner = context.tx.principals.by_login(calendar.collection.owner)
    slugs = (each.slug for each in context.tx.collections.subscribed(owner) if each.id == calendar.collection.id)
    found = next(slugs, None)
    return None if found is None else href(paths.collection(owner.login, found))


OF_CALENDAR: Final[Mapping[str, Callable[[Any, Context], str | None]]] = {
    calserver("invite"): _invite,
    calserver("allowed-sharing-modes"): _modes,
    calserver("shared-url"): _shared_url,
}
