"""What the deposit folder and its files say of themselves (RFC 4918, 15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree

from protocols.deposit import xml
from protocols.deposit.xml import DAV, BadXml
from storage.deposits import Deposited

CONTENT_TYPE: Final = "application/xml"
_LOCKS: Final = (
    "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
)


def etag(file: Deposited) -> str:
    """Return the entity tag of a deposited file."""
    return f'"{file.hash[:32]}"'


FOLDER: Final[Mapping[str, str | None]] = {
    f"{DAV}resourcetype": "<D:collection/>",
    f"{DAV}displayname": "Cadran",
    f"{DAV}supportedlock": _LOCKS,
    f"{DAV}lockdiscovery": None,
}
FILE: Final[Mapping[str, Callable[[Deposited], str | None]]] = {
    f"{DAV}resourcetype": lambda _file: None,
    f"{DAV}displayname": lambda file: escape(file.name),
    f"{DAV}getcontentlength": lambda file: str(file.size),
    f"{DAV}getcontenttype": lambda _file: CONTENT_TYPE,
    f"{DAV}getetag": lambda file: escape(etag(file)),
    f"{DAV}getlastmodified": lambda file: formatdate(file.received, usegmt=True),
    f"{DAV}creationdate": lambda file: datetime.fromtimestamp(file.received, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
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

    def of_folder(self, href: str) -> str:
        """Return the folder's response."""
        return self._response(href, FOLDER)

    def of_file(self, href: str, file: Deposited) -> str:
        """Return a file's response."""
        return self._response(href, {name: read(file) for name, read in FILE.items()})

    def _response(self, href: str, known: Mapping[str, str | None]) -> str:
        if self._names_only:
            return xml.response(href, dict.fromkeys(known), ())
        if self._names is None:
            return xml.response(href, known, ())
        found = {name: known[name] for name in self._names if name in known}
        return xml.response(href, found, [name for name in self._names if name not in known])


def _names(prop: etree._Element) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(str(child.tag) for child in prop if isinstance(child.tag, str)))
    if len(names) > xml.NAMES_LIMIT:
        raise BadXml
    return names
