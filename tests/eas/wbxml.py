"""The test client's own small WBXML, and the check of it by Debian's `wbxml2xml`.

A document is nested pairs: `("AirSync:SyncKey", "0")`, `("AirSync:Sync", [child, ...])` and None for nothing.
Reading gives `Node`s. Only what the reference describes is known; anything else is an AssertionError.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from tests.eas.tokens import PAGES

CODES = {f"{space}:{name}": (page, code) for page, (space, names) in PAGES.items() for code, name in names.items()}
NAMES = {place: name for name, place in CODES.items()}
WBXML2XML = shutil.which("wbxml2xml")
# libwbxml prints these in base64; it has no page 25; elsewhere than here it words some names its own way
IN_BASE64 = {
    "ResolveRecipients:Data",
    "Search:ConversationId",
    "GAL:Data",
    "AirSyncBase:Content",
    "ItemOperations:ConversationId",
    "ComposeMail:Mime",
    "Email2:ConversationId",
    "Email2:ConversationIndex",
}
UNKNOWN_TO_LIBWBXML = {25}
SAME_NAMES = {
    "AirSync",
    "Calendar",
    "FolderHierarchy",
    "GetItemEstimate",
    "Ping",
    "AirSyncBase",
    "ItemOperations",
    "Move",
}

Pair = tuple[str, Any]


@dataclass
class Node:
    """One element read from an answer."""

    name: str
    text: str = ""
    raw: bytes | None = None
    children: list[Node] = field(default_factory=list)

    def all(self, name: str) -> list[Node]:
        return [child for child in self.children if child.name == name]

    def find(self, *path: str) -> Node | None:
        node: Node | None = self
        for name in path:
            node = next(iter(node.all(name)), None) if node else None
        return node

    def value(self, *path: str) -> str | None:
        found = self.find(*path)
        return None if found is None else found.text

    def walk(self) -> list[Node]:
        return [self, *(below for child in self.children for below in child.walk())]

    def names(self) -> list[str]:
        return [child.name for child in self.children]


def encode(document: Pair) -> bytes:
    """Return the bytes of a document."""
    body: list[bytes] = []
    _encode(document, 0, body)
    return b"\x03\x01\x6a\x00" + b"".join(body)


def _encode(pair: Pair, page: int, out: list[bytes]) -> int:
    name, content = pair
    space, code = CODES[name]
    if space != page:
        out.append(bytes([0, space]))
    if content in (None, [], ""):
        out.append(bytes([code]))
        return space
    out.append(bytes([code + 0x40]))
    page = space
    if isinstance(content, bytes):
        out.append(b"\xc3" + _length(len(content)) + content)
    elif isinstance(content, list):
        for child in content:
            page = _encode(child, page, out)
    else:
        out.append(b"\x03" + str(content).encode() + b"\0")
    out.append(b"\x01")
    return page


def _length(number: int) -> bytes:
    digits = [number % 128]
    while number >= 128:
        number //= 128
        digits.insert(0, number % 128 + 128)
    return bytes(digits)


def decode(body: bytes) -> Node:
    """Return the tree of an answer; the server may send only what the reference allows."""
    assert body[:4] == b"\x03\x01\x6a\x00", f"header {body[:4].hex()}"
    reader = _Reader(body)
    root = reader.element()
    assert reader.at == len(body), "bytes after the document"
    return root


class _Reader:
    def __init__(self, body: bytes) -> None:
        self.body, self.at, self.page = body, 4, 0

    def next(self) -> int:
        assert self.at < len(self.body), "the answer stops short"
        self.at += 1
        return self.body[self.at - 1]

    def token(self) -> int:
        token = self.next()
        switched = False
        while token == 0:
            assert not switched, "two page switches in a row"
            before, self.page, switched = self.page, self.next(), True
            assert before != self.page, "a page switch to the page in force"
            token = self.next()
        return token

    def element(self) -> Node:
        token = self.token()
        place = (self.page, token & 0x3F)
        assert place in NAMES, f"token {token:02X} of page {self.page} is in no table"
        node = Node(NAMES[place])
        if token & 0x40:
            self.fill(node)
        return node

    def fill(self, node: Node) -> None:
        while True:
            peek = self.body[self.at]
            if peek == 1:
                self.at += 1
                return
            if peek == 3:
                end = self.body.index(0, self.at)
                node.text += self.body[self.at + 1 : end].decode()
                self.at = end + 1
            elif peek == 0xC3:
                self.at += 1
                size = self.size()
                node.raw = self.body[self.at : self.at + size]
                assert len(node.raw) == size, "opaque data stop short"
                self.at += size
            else:
                node.children.append(self.element())

    def size(self) -> int:
        number = 0
        while True:
            byte = self.next()
            number = number * 128 + byte % 128
            if byte < 128:
                return number


def confirm(body: bytes) -> bool:
    """Have Debian's `wbxml2xml` decode a document and compare it with ours; False, loudly, if it is not installed."""
    if WBXML2XML is None:
        warnings.warn(
            "wbxml2xml is not installed (Debian: libwbxml2-utils): answers are not cross-checked", stacklevel=2
        )
        return False
    ours = decode(body)
    if any(CODES[node.name][0] in UNKNOWN_TO_LIBWBXML for node in ours.walk()):
        return False
    _compare(ours, by_libwbxml(body))
    return True


def _compare(ours: Node, theirs: etree._Element) -> None:
    space, _, name = ours.name.partition(":")
    tag = etree.QName(theirs)
    assert (tag.namespace or "").rstrip(":").casefold() == space.casefold(), f"{ours.name} read as {tag.text}"
    if space in SAME_NAMES and tag.localname != "unknown":
        assert name.casefold().endswith(tag.localname.rpartition("_")[2].casefold()), f"{ours.name} read as {tag.text}"
    if ours.raw is None and ours.name not in IN_BASE64:
        assert ours.text.split() == (theirs.text or "").split(), f"{ours.name} has another text"
    assert len(ours.children) == len(theirs), f"{ours.name} has other children"
    for child, element in zip(ours.children, theirs, strict=True):
        _compare(child, element)


def by_libwbxml(body: bytes) -> etree._Element:
    """Return what `wbxml2xml` makes of a document."""
    assert WBXML2XML
    with tempfile.NamedTemporaryFile(suffix=".wbxml") as file:
        file.write(body)
        file.flush()
        command = [WBXML2XML, "-l", "ACTIVESYNC", "-m", "0", "-k", "-o", "-", file.name]
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, f"wbxml2xml: {(done.stderr or done.stdout).decode(errors='replace')}"
    xml = re.sub(rb"<!DOCTYPE[^>]*>", b"", done.stdout)
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
