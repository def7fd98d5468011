"""Properties of WebDAV-Push (draft-bitfire-webdav-push, "Collection Properties")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.caldav.context import Context
from protocols.caldav.names import dav, push
from protocols.caldav.resources import Calendar, Home, ScheduleInbox
from protocols.caldav.xml_out import element, escape, tags
from protocols.outside import OUTSIDE
from storage.model import Admission
from storage.push import HOME, Place, topic_of


def transports(resource: Calendar | Home, context: Context) -> str | None:
    """Return how messages are sent: Web Push, by a server that has this key (RFC 8292)."""
    if not available(resource):
        return None
    opening, closing, _ = tags(push("vapid-public-key"))
    key = f'{opening[:-1]} type="p256ecdsa">{escape(context.tx.push.key.public)}{closing}'
    return element(push("web-push"), key)


def topic(resource: Calendar | Home, context: Context) -> str | None:
    """Return the name of the collection in messages: the same for everyone who sees it, and it tells nothing."""
    if not available(resource):
        return None
    return topic_of(context.tx.push.key, place(resource))


def triggers(resource: Calendar | Home, context: Context) -> str | None:
    """Return what messages are sent of: content, of a home with all that is in it; properties of a calendar."""
    if not available(resource):
        return None
    level = "infinite" if isinstance(resource, Home) else "1"
    content = element(push("content-update"), element(dav("sync-level"), level))
    if isinstance(resource, Home):
        return content
    return content + element(push("property-update"), element(dav("depth"), "0"))


def available(resource: object) -> bool:
    """Whether push is to be had here at all; the service reader, whoever let it in, is told of nothing."""
    if not OUTSIDE.policy.enabled or not isinstance(resource, Calendar | Home) or isinstance(resource, ScheduleInbox):
        return False
    home = resource if isinstance(resource, Home) else resource.home
    return home.access is not Admission.SERVICE


def place(resource: Calendar | Home) -> Place:
    """Return what a registration stands for: in a delegate's hands the owner's home, not the delegate's own."""
    if isinstance(resource, Home):
        return Place(resource.principal.id, HOME)
    return Place(resource.home.principal.id, resource.collection.id)


PUSH: Final[Mapping[str, Callable[[Any, Context], str | None]]] = {
    push("transports"): transports,
    push("topic"): topic,
    push("supported-triggers"): triggers,
}
