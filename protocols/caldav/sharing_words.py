"""The words of calendar sharing: access, statuses and people as Calendar Server's extension writes them.

Busy-only access is not in that extension; it is told by the privilege of RFC 4791, 6.1.1 that it grants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocols.caldav import paths
from protocols.caldav.names import caldav, calserver
from protocols.caldav.xml_out import element, escape, href
from storage.groups import Group
from storage.model import Access
from storage.sharing import Grantee

ACCESS: Final[Mapping[Access, str]] = {
    Access.BUSY: caldav("read-free-busy"),
    Access.READ: calserver("read"),
    Access.WRITE: calserver("read-write"),
}
STATUS: Final[Mapping[str, str]] = {
    "needs-action": calserver("invite-noresponse"),
    "accepted": calserver("invite-accepted"),
    "declined": calserver("invite-declined"),
    "deleted": calserver("invite-deleted"),
}


def access(granted: Access) -> str:
    """Return a CS:access."""
    return element(calserver("access"), element(ACCESS[granted]))


def status(word: str) -> str:
    """Return what somebody said to an invitation, as an empty element."""
    return element(STATUS[word])


def common_name(name: str) -> str:
    """Return a CS:common-name."""
    return element(calserver("common-name"), escape(name))


def summary(text: str) -> str:
    """Return a CS:summary, nothing without one."""
    return element(calserver("summary"), escape(text)) if text else ""


def address(grantee: Grantee) -> str:
    """Return the path of a person or a group."""
    return paths.group(grantee.key) if isinstance(grantee, Group) else paths.principal(grantee.login)


def organizer(login: str, name: str) -> str:
    """Return the CS:organizer, who shares."""
    return element(calserver("organizer"), href(paths.principal(login)) + common_name(name))
