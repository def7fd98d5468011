"""Small XML documents read whole, within limits: no document type, no entity, no network."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from lxml import etree

from importers.edt_values import local_name
from importers.errors import ImportRefused

SIZE_LIMIT: Final = 50 * 2**20
ELEMENT_LIMIT: Final = 1_000_000
DEPTH_LIMIT: Final = 16
TEXT_LIMIT: Final = 8000

_HEAD = 16_384
_STEPS: Final = {"start": 1, "end": -1}


def tree(data: bytes) -> etree._Element:
    """Return the root of a document; raises ImportRefused: "too-large", "doctype", "too-deep", "not-xml"."""
    if len(data) > SIZE_LIMIT:
        raise ImportRefused("too-large", size=len(data), limit=SIZE_LIMIT)
    if b"<!DOCTYPE" in data[:_HEAD].replace(b"\0", b""):
        raise ImportRefused("doctype")
    try:
        root = _walked(data.lstrip(b" \t\r\n"))
    except etree.XMLSyntaxError as error:
        raise ImportRefused("not-xml", line=error.lineno, column=error.offset) from None
    except (LookupError, ValueError) as error:
        raise ImportRefused("not-xml", line=1, column=1) from error
    if root is None:
        raise ImportRefused("not-xml", line=1, column=1)
    return root


def _walked(data: bytes) -> etree._Element | None:
    """Return the root; comments and instructions take room as elements do."""
    depth = seen = 0
    root: etree._Element | None = None
    for event, element in _events(data):
        seen += event != "end"
        if seen > ELEMENT_LIMIT:
            raise ImportRefused("too-large", limit=ELEMENT_LIMIT)
        depth += _STEPS.get(event, 0)
        if depth > DEPTH_LIMIT:
            raise ImportRefused("too-deep", line=element.sourceline, limit=DEPTH_LIMIT)
        if root is None and event == "start":
            root = element
            if element.getroottree().docinfo.internalDTD is not None:
                raise ImportRefused("doctype")
    return root


def _events(data: bytes) -> Iterator[tuple[str, etree._Element]]:
    yield from etree.iterparse(
        io.BytesIO(data),
        events=("start", "end", "comment", "pi"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )


def root_name(data: bytes) -> str:
    """Return the name of a document's first element, empty when it is no XML; reads its beginning only."""
    if not data[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        return ""
    try:
        for event, element in _events(data.lstrip(b" \t\r\n")[:_HEAD]):
            if event == "start":
                return local_name(element)
    except (etree.XMLSyntaxError, LookupError, ValueError):
        pass
    return ""


def children(element: etree._Element, *path: str) -> list[etree._Element]:
    """Return the elements at a path of local names below an element."""
    found = [element]
    for name in path:
        found = [child for each in found for child in each if local_name(child) == name]
    return found


def text(element: etree._Element, *path: str) -> str:
    """Return the trimmed text of the first element at a path, or of the element itself; cut at TEXT_LIMIT."""
    found = children(element, *path)
    return plain("".join(str(part) for part in found[0].itertext())) if found else ""


def attribute(element: etree._Element, name: str) -> str:
    """Return a trimmed attribute, whatever the case of its name; empty when it is absent."""
    for key, value in element.items():
        if str(key).lower() == name.lower():
            return plain(str(value))
    return ""


def fields(element: etree._Element) -> dict[str, str]:
    """Return what an element holds by name in lower case, written as attributes or as elements."""
    held = {local_name(child).lower(): text(child) for child in element if len(child) == 0}
    held.update({str(key).rpartition("}")[2].lower(): plain(str(value)) for key, value in element.items()})
    held.pop("", None)
    return held


def plain(value: str) -> str:
    """Return text in one line without control characters, cut at TEXT_LIMIT."""
    shown = "".join(letter if letter.isprintable() or letter.isspace() else "" for letter in value[: TEXT_LIMIT * 2])
    return " ".join(shown.split())[:TEXT_LIMIT]
