"""Notices about sharing as resources: their properties and their XML (caldav-sharing, 4 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any, Final

from protocols.caldav import access, paths, privileges, sharing_words, xml_out
from protocols.caldav.conditional import quoted
from protocols.caldav.context import Context
from protocols.caldav.names import caldav, calserver, dav
from protocols.caldav.principal_properties import CONTAINER
from protocols.caldav.resources import Notification, Notifications
from protocols.caldav.xml_out import element, escape, href
from storage.model import Access, SyncToken
from storage.notices import Notice
from storage.tokens import format_token

TYPE: Final = "application/xml; charset=utf-8"

_COLLECTION_TYPE: Final = element(dav("collection")) + element(calserver("notification"))
_KINDS: Final[Mapping[str, str]] = {"invite": calserver("invite-notification"), "reply": calserver("invite-reply")}


def document(notice: Notice) -> bytes:
    """Return a notice as XML; the same notice is always the same text."""
    stamp = datetime.fromtimestamp(notice.at, UTC).strftime("%Y%m%dT%H%M%SZ")
    inner = _invitation(notice) if notice.kind == "invite" else _reply(notice)
    body = element(calserver("dtstamp"), stamp) + element(_KINDS[notice.kind], inner)
    return xml_out.document(calserver("notification"), body)


def _invitation(notice: Notice) -> str:
    """Return what a sharee is told: that a calendar is offered, changed, or not shared any more."""
    components = "".join(f'<C:comp name="{escape(each)}"/>' for each in notice.components)
    return "".join(
        (
            element(calserver("uid"), escape(notice.uid)),
            href(paths.principal(notice.sharee[0])),
            sharing_words.status(notice.status),
            sharing_words.access(Access(notice.access)),
            _host(notice),
            sharing_words.organizer(*notice.owner),
            sharing_words.summary(notice.summary),
            element(caldav("supported-calendar-component-set"), components),
        )
    )


def _reply(notice: Notice) -> str:
    """Return what an owner is told: what a sharee answered."""
    return "".join(
        (
            href(paths.principal(notice.sharee[0])),
            sharing_words.common_name(notice.sharee[1]),
            sharing_words.status(notice.status),
            _host(notice),
            element(calserver("in-reply-to"), escape(notice.uid)),
            sharing_words.summary(notice.summary),
        )
    )


def _host(notice: Notice) -> str:
    return element(calserver("hosturl"), href(paths.collection(notice.owner[0], notice.calendar)))


def _type(resource: Notifications, context: Context) -> str:
    return _COLLECTION_TYPE


def _owner(resource: object, context: Context) -> str:
    return href(context.own_path)


def _ctag(resource: Notifications, context: Context) -> str:
    return str(resource.collection.head)


def _token(resource: Notifications, context: Context) -> str:
    collection = resource.collection
    return escape(format_token(SyncToken(collection.id, collection.head), context.tx.school_id))


def _name(resource: Notifications, context: Context) -> str:
    return escape(resource.collection.name)


def _privileges(resource: object, context: Context) -> str:
    return privileges.NOTIFICATIONS


def _no_type(resource: Notification, context: Context) -> str:
    return ""


def _etag(resource: Notification, context: Context) -> str:
    return quoted(resource.stored.etag)


def _content_type(resource: Notification, context: Context) -> str:
    return TYPE


def _length(resource: Notification, context: Context) -> str:
    return str(len(document(resource.notice)))


def _modified(resource: Notification, context: Context) -> str:
    return formatdate(resource.stored.modified, usegmt=True)


def _kind(resource: Notification, context: Context) -> str:
    return element(_KINDS[resource.notice.kind])


Readers = Mapping[str, Callable[[Any, Context], str | None]]

COLLECTION: Readers = {
    **CONTAINER,
    dav("resourcetype"): _type,
    dav("displayname"): _name,
    dav("owner"): _owner,
    **access.control(_privileges),
    dav("sync-token"): _token,
    calserver("getctag"): _ctag,
}

RESOURCE: Readers = {
    **CONTAINER,
    dav("resourcetype"): _no_type,
    dav("owner"): _owner,
    **access.control(_privileges),
    dav("getetag"): _etag,
    dav("getcontenttype"): _content_type,
    dav("getcontentlength"): _length,
    dav("getlastmodified"): _modified,
    calserver("notificationtype"): _kind,
}
