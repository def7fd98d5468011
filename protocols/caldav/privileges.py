"""What the asker may do, in the words of RFC 3744.

Thunderbird shows a calendar as read-only when none of DAV:write, write-content, write-properties and all is granted, so
a calendar whose objects are not the asker's to change lists none of them, even if its name and colour are.
"""

from __future__ import annotations

from typing import Final

from protocols.caldav.names import caldav, dav
from protocols.caldav.xml_out import element
from storage.model import Access, Rights

_READ = (dav("read"), dav("read-acl"), dav("read-current-user-privilege-set"))
_BUSY = caldav("read-free-busy")


# What a method needs on the resource it is sent to, or on what that is in (RFC 3744, appendix B); the others read.
NEEDED: Final = {
    "ACL": "write-acl",
    "DELETE": "unbind",
    "MKCALENDAR": "bind",
    "MKCOL": "bind",
    "POST": "bind",
    "PROPPATCH": "write-properties",
    "PUT": "write-content",
}


def _granted(*names: str) -> str:
    return "".join(element(dav("privilege"), element(name)) for name in names)


READ = _granted(*_READ)
CHOOSER = _granted(*_READ, dav("write-properties"))
OTHERS = _granted(dav("read"), dav("read-current-user-privilege-set"))
HOME = _granted(*_READ, dav("bind"), dav("unbind"))

TRASH = _granted(*_READ, dav("unbind"))

_DELIVER = caldav("schedule-deliver")
_SEND = caldav("schedule-send")
INBOX = _granted(*_READ, _DELIVER, *map(caldav, ("schedule-deliver-invite", "schedule-deliver-reply")), dav("unbind"))
INBOX += _granted(dav("write-properties"))
INBOX += _granted(caldav("schedule-query-freebusy"))
_SENDS = tuple(map(caldav, ("schedule-send-invite", "schedule-send-reply", "schedule-send-freebusy")))
OUTBOX = _granted(*_READ, _SEND, *_SENDS)

_CONTENT = (dav("write-content"), dav("bind"), dav("unbind"))
_WRITE = (dav("write"), dav("write-properties"), *_CONTENT)


def on_calendar(rights: Rights) -> str:
    """Return the privileges on a calendar and on what it holds."""
    if not rights.write:
        return _granted(*_READ, _BUSY)
    return _granted(*_READ, _BUSY, *(_WRITE if rights.properties or rights.names else _CONTENT))


SHARES = _granted(dav("write-acl"))
NOTIFICATIONS = _granted(*_READ, dav("unbind"))
# What a share is as access control: what the ACL method takes, word for word.
_GRANTS: Final = {
    Access.BUSY: _granted(_BUSY),
    Access.READ: _granted(dav("read")),
    Access.WRITE: _granted(dav("read"), dav("write")),
}


def granted_to(access: Access) -> str:
    """Return the privileges that a share grants."""
    return _GRANTS[access]


def _supported(name: str, text: str, *inner: str) -> str:
    privilege = element(dav("privilege"), element(name))
    description = f'<D:description xml:lang="en">{text}</D:description>'
    return element(dav("supported-privilege"), privilege + description + "".join(inner))


SUPPORTED = _supported(
    dav("all"),
    "Everything",
    _supported(
        dav("read"),
        "Read",
        _supported(dav("read-acl"), "Read who may do what"),
        _supported(dav("read-current-user-privilege-set"), "Read one's own privileges"),
        _supported(_BUSY, "Read when someone is busy"),
    ),
    _supported(
        dav("write"),
        "Write",
        _supported(dav("write-properties"), "Change name, colour, order and description"),
        _supported(dav("write-content"), "Change events and tasks"),
        _supported(dav("bind"), "Add"),
        _supported(dav("unbind"), "Delete"),
    ),
    _supported(dav("write-acl"), "Change who may do what"),
    _supported(
        _DELIVER,
        "Deliver scheduling messages",
        _supported(caldav("schedule-deliver-invite"), "Deliver messages of organizers"),
        _supported(caldav("schedule-deliver-reply"), "Deliver answers of attendees"),
        _supported(caldav("schedule-query-freebusy"), "Ask when the owner is busy"),
    ),
    _supported(
        _SEND,
        "Send scheduling messages",
        _supported(caldav("schedule-send-invite"), "Send messages of an organizer"),
        _supported(caldav("schedule-send-reply"), "Send answers of an attendee"),
        _supported(caldav("schedule-send-freebusy"), "Ask when others are busy"),
    ),
)
