"""XML names of CalDAV in Clark notation, and the namespaces they live in."""

from __future__ import annotations

from typing import Final

DAV: Final = "DAV:"
CALDAV: Final = "urn:ietf:params:xml:ns:caldav"
CALSERVER: Final = "http://calendarserver.org/ns/"
APPLE: Final = "http://apple.com/ns/ical/"
WEBDAV_PUSH: Final = "https://bitfire.at/webdav-push"
# What no standard names: the trash.
CADRAN: Final = "urn:x-cadran:dav"

PREFIXES: Final = {DAV: "D", CALDAV: "C", CALSERVER: "CS", APPLE: "A"}


def dav(name: str) -> str:
    """Return a name of WebDAV (RFC 4918, 3744, 5689, 6578)."""
    return f"{{{DAV}}}{name}"


def caldav(name: str) -> str:
    """Return a name of CalDAV (RFC 4791)."""
    return f"{{{CALDAV}}}{name}"


def calserver(name: str) -> str:
    """Return a name of the Calendar Server extensions, of which every client knows getctag."""
    return f"{{{CALSERVER}}}{name}"


def apple(name: str) -> str:
    """Return a name of Apple's calendar properties, which every client reads."""
    return f"{{{APPLE}}}{name}"


def push(name: str) -> str:
    """Return a name of WebDAV-Push (draft-bitfire-webdav-push)."""
    return f"{{{WEBDAV_PUSH}}}{name}"


def cadran(name: str) -> str:
    """Return a name of our own, for what no standard knows."""
    return f"{{{CADRAN}}}{name}"


def split(name: str) -> tuple[str, str]:
    """Return the namespace ("" for none) and the local part of a Clark name."""
    if not name.startswith("{"):
        return "", name
    namespace, _, local = name[1:].rpartition("}")
    return namespace, local
