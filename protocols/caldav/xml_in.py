"""XML in: request bodies parsed without DTDs, entities or network, within limits (RFC 4918, 20.6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from lxml import etree

from protocols.caldav.errors import DavError
from protocols.caldav.names import dav

# A client may name every object of a whole school in one calendar-multiget (vdirsyncer does): 16 500 times 110 bytes.
BODY_LIMIT = 1024 * 1024
REPORT_LIMIT = 8 * 1024 * 1024
NAME_LIMIT = 128


_of_thread = threading.local()


def _parser() -> etree.XMLParser:
    """Return this thread's parser: making one costs as much as parsing a poll."""
    parser: etree.XMLParser | None = getattr(_of_thread, "parser", None)
    if parser is None:
        parser = _of_thread.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
    return parser


def parse(body: bytes, limit: int = BODY_LIMIT) -> etree._Element:
    """Return the root element of a body; raises DavError when it is too large, malformed or has a DTD.

    Blanks before the XML declaration are not XML, but vdirsyncer sends them.
    """
    if len(body) > limit:
        raise DavError(413, reason=f"The body has {len(body)} bytes; at most {limit} are read.")
    try:
        root = etree.fromstring(body.lstrip(b" \t\r\n"), _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DavError(400, reason=f"The body is not well-formed XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DavError(403, dav("no-external-entities"), reason="Document type declarations are refused.")
    return root


def parse_root(body: bytes, name: str) -> etree._Element:
    """Return the root element if it has the expected Clark name; raises DavError otherwise."""
    root = parse(body)
    if root.tag != name:
        raise DavError(400, reason=f"The body is a {root.tag}, not a {name}.")
    return root


def children(parent: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Yield the child elements with their Clark names; whatever else is in there is passed over."""
    for child in parent:
        if isinstance(child.tag, str):
            yield child.tag, child


def child(parent: etree._Element, name: str) -> etree._Element | None:
    """Return the first child of a name."""
    return next((each for tag, each in children(parent) if tag == name), None)


def text(node: etree._Element | None) -> str:
    """Return the character data of an element, without blanks around it; "" for None."""
    return "" if node is None else raw_text(node).strip()


def raw_text(node: etree._Element) -> str:
    """Return the character data of an element as it stands."""
    return "".join(str(each) for each in node.itertext())


def names(parent: etree._Element | None) -> tuple[str, ...]:
    """Return the names of the child elements, each once, in order; raises DavError when there are too many."""
    if parent is None:
        return ()
    found = tuple(dict.fromkeys(tag for tag, _ in children(parent)))
    if len(found) > NAME_LIMIT:
        raise DavError(400, reason=f"{len(found)} properties are asked for; at most {NAME_LIMIT} are answered.")
    return found
