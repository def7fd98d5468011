"""The addresses of CalDAV resources: what a path names, and the path of a thing.

Paths come in any equivalent percent-encoding and leave in one. The names of collections and objects keep the spelling
that they were made with, as to reserved characters (RFC 3986, 2.2; see `storage.spelling`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, unquote, urlsplit

from protocols.wire import Response
from storage import spelling
from storage.model import Admission

PREFIX = "/dav/"
PRINCIPALS = "/dav/principals/"
HOMES = "/dav/calendars/"
REGISTRATIONS = "/dav/push/"
ATTACHMENTS = "/dav/attachments/"
# Beside the people, so that no login can be in the way.
GROUPS = "/dav/groups/"
SEGMENT_LIMIT = 255
# Names in every home that no calendar can have (RFC 6638, 2.1 and 2.2; notifications of sharing).
INBOX = "inbox"
OUTBOX = "outbox"
# And one more, of what was deleted.
TRASH = "trash"

# The groups of delegates that every person has (caldav-proxy, 5).
PROXIES: Mapping[Admission, str] = {Admission.READ: "calendar-proxy-read", Admission.WRITE: "calendar-proxy-write"}
NOTIFICATIONS = "notifications"

_PLAIN = re.compile(r"[A-Za-z0-9._~@+=-]*")
_SAFE = "@+="
_CONTROL = re.compile("[\x00-\x1f\x7f]")


class Place(Enum):
    """Kinds of addresses."""

    ROOT = "root"
    PRINCIPALS = "principals"
    PRINCIPAL = "principal"
    PROXY = "proxy"
    GROUPS = "groups"
    GROUP = "group"
    HOMES = "homes"
    HOME = "home"
    COLLECTION = "collection"
    OBJECT = "object"
    REGISTRATION = "registration"
    TRASH = "trash"
    TRASHED = "trashed"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names; parts that the kind of place does not have are "".

    A login is decoded, the slug and the name are as `storage.spelling` keeps them. Of an attachment, `slug` is the
    managed id and `name` the file's name.
    """

    place: Place
    login: str = ""
    slug: str = ""
    name: str = ""


# What one, two, three and four parts name.
_PLACES = {
    "principals": (Place.PRINCIPALS, Place.PRINCIPAL, Place.PROXY),
    "groups": (Place.GROUPS, Place.GROUP),
    "calendars": (Place.HOMES, Place.HOME, Place.COLLECTION, Place.OBJECT),
}
_IN_TRASH = (Place.HOMES, Place.HOME, Place.TRASH, Place.TRASHED)


class BadPath(ValueError):
    """The path cannot name anything: it is not UTF-8, or a part is too long or holds control characters."""


class LongPath(BadPath):
    """A part of the path is longer than any name here."""


# The name of a collection or an object as it stands in a path.
encode = spelling.segment


def _quoted(text: str) -> str:
    """Return a login, or anything else that has no spelling of its own, percent-encoded."""
    return text if _PLAIN.fullmatch(text) else quote(text, safe=_SAFE)


def _decode(segment: str) -> str:
    try:
        decoded = unquote(segment, errors="strict")
    except UnicodeDecodeError as error:
        raise BadPath(segment) from error
    if len(decoded) > SEGMENT_LIMIT:
        raise LongPath(segment)
    if _CONTROL.search(decoded) or decoded in {".", ".."}:
        raise BadPath(segment)
    return decoded


def _named(segment: str) -> str:
    """Return the name of a collection or an object that a part spells."""
    name = spelling.of_segment(segment)
    if len(name) > spelling.LONGEST:
        raise LongPath(segment)
    return name


def parse(path: str) -> Target | None:
    """Return what a path on the wire names, None when it is no address of ours; raises BadPath.

    A collection is found with or without its last slash.
    """
    if path == PREFIX.rstrip("/"):
        return Target(Place.ROOT)
    if not path.startswith(PREFIX):
        return None
    segments = path.removeprefix(PREFIX).removesuffix("/").split("/")
    parts = [_decode(part) for part in segments]
    if parts == [""]:
        return Target(Place.ROOT)
    if parts[0] == "push" and len(parts) == 2 and parts[1]:
        return Target(Place.REGISTRATION, name=parts[1])
    if parts[0] == "attachments" and len(parts) in {2, 3} and "" not in parts:
        return Target(Place.ATTACHMENT, slug=parts[1], name=parts[2] if len(parts) > 2 else "")
    places = _PLACES.get(parts[0])
    if places is None or "" in parts or len(parts) > len(places):
        return None
    if places is _PLACES["calendars"] and parts[2:3] == [TRASH]:
        places = _IN_TRASH
    if len(parts) > 2 and parts[0] == "calendars":
        parts[2:] = map(_named, segments[2:])
    if places[len(parts) - 1] is Place.PROXY and parts[2] not in PROXIES.values():
        return None
    return Target(places[len(parts) - 1], *parts[1:])


def parse_href(href: str) -> Target | None:
    """Return what a DAV:href names, absolute URI or path; None when it is no address of ours.

    The authority is not compared: behind a proxy the name that clients use may be unknown here.
    """
    try:
        path = href if href.startswith("/") else urlsplit(href).path
        return parse(path)
    except ValueError:
        return None


def principal(login: str) -> str:
    """Return the path of a person."""
    return f"{PRINCIPALS}{_quoted(login)}/"


def proxy(login: str, access: Admission) -> str:
    """Return the path of the group of those who stand in for a person."""
    return f"{principal(login)}{PROXIES[access]}/"


def group(key: str) -> str:
    """Return the path of a group."""
    return f"{GROUPS}{_quoted(key)}/"


def home(login: str) -> str:
    """Return the path of a person's home set."""
    return f"{HOMES}{_quoted(login)}/"


def collection(login: str, slug: str) -> str:
    """Return the path of a collection as one person sees it."""
    return f"{HOMES}{_quoted(login)}/{encode(slug)}/"


def registration(name: str) -> str:
    """Return the path of a push registration."""
    return REGISTRATIONS + _quoted(name)


def attachment(managed_id: str, name: str) -> str:
    """Return the path of a managed attachment, which is the same for everyone who may read it."""
    return f"{ATTACHMENTS}{_quoted(managed_id)}" + (f"/{_quoted(name)}" if name else "")


def redirect(request_path: str, base: str) -> Response:
    """Return the answer to any request for `/.well-known/caldav` (RFC 6764, 5), whatever its method.

    The location is absolute, since old clients do not resolve a relative one.
    """
    return Response(301, (("Location", base.rstrip("/") + PREFIX), ("Cache-Control", "max-age=86400")))
