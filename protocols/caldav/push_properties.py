"""Properties of WebDAV-Push (draft-bitfire-webdav-push, "Collection Properties")."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.caldav.context import Context
from protocols.caldav.names import dav, push
from protocols.caldav.resources import Calendar, Home, ScheduleInbox
from protocols.caldav.xml_out import element, escape, tags
from protocols.outside import OUTSIDE
from storage.push import HOME, topic_of


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
    return topic_of(context.tx.push.key, context.principal.id, place(resource))


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
    """Whether push is to be had here at all."""
    return OUTSIDE.policy.enabled and isinstance(resource, Calendar | Home) and not isinstance(resource, ScheduleInbox)


def place(resource: Calendar | Home) -> int:
    """Return the number under which storage keeps registrations of a place."""
    return HOME if isinstance(resource, Home) else resource.collection.id


PUSH: Final[Mapping[str, Callable[[Any, Context], str | None]]] = {
    push("transports"): transports,
    push("topic"): topic,
    push("supported-triggers"): triggers,
}
