"""What the deposit folder, its subfolders and its files say of themselves (RFC 4918, 15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from protocols.deposit import xml
from protocols.deposit.paths import Target
from protocols.deposit.xml import DAV, BadXml
from storage.deposit_folder import Entry

_LOCKS: Final = (
    "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
)


def etag(file: Entry) -> str:
    """Return the entity tag of a file."""
    return f'"{file.hash[:32]}"'


def content_type(file: Entry) -> str:
    """Return the media type of a file."""
    return "application/octet-stream" if file.probe else "application/xml"


def _created(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.received, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(entry: Entry) -> str:
    return escape(entry.path.rpartition("/")[2])


HOME: Final[Mapping[str, str | None]] = {
    f"{DAV}resourcetype": "<D:collection/>",
    f"{DAV}displayname": "Cadran",
    f"{DAV}supportedlock": _LOCKS,
    f"{DAV}lockdiscovery": None,
}
FOLDER: Final[Mapping[str, Callable[[Entry], str | None]]] = {
    f"{DAV}resourcetype": lambda _folder: "<D:collection/>",
    f"{DAV}displayname": _name,
    f"{DAV}creationdate": _created,
    f"{DAV}supportedlock": lambda _folder: _LOCKS,
    f"{DAV}lockdiscovery": lambda _folder: None,
}
FILE: Final[Mapping[str, Callable[[Entry], str | None]]] = {
    f"{DAV}resourcetype": lambda _file: None,
    f"{DAV}displayname": _name,
    f"{DAV}getcontentlength": lambda file: str(file.size),
    f"{DAV}getcontenttype": content_type,
    f"{DAV}getetag": lambda file: escape(etag(file)),
    f"{DAV}getlastmodified": lambda file: formatdate(file.received, usegmt=True),
    f"{DAV}creationdate": _created,
    f"{DAV}supportedlock": lambda _file: _LOCKS,
    f"{DAV}lockdiscovery": lambda _file: None,
}


class Asked:
    """The properties a PROPFIND asks for: some by name, all, or all names (RFC 4918, 9.1)."""

    def __init__(self, body: bytes) -> None:
        """Read a body, an empty one asks for all; raises BadXml."""
        found = xml.root(body, "propfind")
        named = None if found is None else found.find(f"{DAV}prop")
        self._names_only = found is not None and found.find(f"{DAV}propname") is not None
        self._names = None if named is None else _names(named)
        if found is not None and len(found) == 0:
            raise BadXml

    def of_home(self, target: Target) -> str:
        """Return the response of the address itself."""
        return self._response(target.home, HOME)

    def of(self, target: Target, entry: Entry) -> str:
        """Return the response of what is below it."""
        told = FOLDER if entry.folder else FILE
        known = {name: read(entry) for name, read in told.items()}
        return self._response(target.href(entry.path, folder=entry.folder), known)

    def _response(self, href: str, known: Mapping[str, str | None]) -> str:
        if self._names_only:
            return xml.response(href, dict.fromkeys(known), ())
        if self._names is None:
            return xml.response(href, known, ())
        found = {name: known[name] for name in self._names if name in known}
        return xml.response(href, found, [name for name in self._names if name not in known])


def patched(body: bytes) -> tuple[str, ...]:
    """Return the names of the properties that a PROPPATCH would set or remove; raises BadXml when there are none."""
    found = xml.root(body, "propertyupdate")
    props = [] if found is None else [prop for each in found for prop in each.iterfind(f"{DAV}prop")]
    names = tuple(dict.fromkeys(name for prop in props for name in _names(prop)))
    if not names:
        raise BadXml
    return names


def _names(prop: etree._Element) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(str(child.tag) for child in prop if isinstance(child.tag, str)))
    if len(names) > xml.NAMES_LIMIT:
        raise BadXml
    return names
