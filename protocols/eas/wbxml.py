"""Read and write WBXML, the part of it that ActiveSync uses (MS-ASWBXML; reference/eas.md section 1).

A document becomes a tree of frozen elements and back. Both empty forms (a tag without content, a tag with
content and nothing inside) are one: an element without children, text or opaque. Tokens that are in no table stay in
the tree under their numbers, because phones send tokens of versions they did not announce.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocols.eas.codepages import Tag

HEADER: Final = b"\x03\x01\x6a\x00"
MAX_BYTES: Final = 10 * 1024 * 1024
MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 200_000
MAX_TOKENS: Final = 1_000_000

_SWITCH_PAGE: Final = 0x00
_END: Final = 0x01
_STR_I: Final = 0x03
_OPAQUE: Final = 0xC3
_CONTENT: Final = 0x40
_UTF8: Final = 0x6A
_REFUSED: Final = frozenset((0x02, 0x04, 0x40, 0x41, 0x42, 0x43, 0x44))
_UINT32_BYTES: Final = 5
_UINT32_MAX: Final = 0xFFFFFFFF
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Reason(StrEnum):
    """Why a document was refused."""

    EMPTY = "empty"
    TOO_LONG = "too long"
    TRUNCATED = "truncated"
    VERSION = "version"
    PUBLIC_ID = "public identifier"
    CHARSET = "charset"
    STRING_TABLE = "string table"
    INTEGER = "integer"
    TOKEN = "token"
    ENCODING = "encoding"
    MIXED = "mixed content"
    DEPTH = "depth"
    ELEMENTS = "elements"
    TOKENS = "tokens"
    NO_ROOT = "no root"
    TRAILING = "trailing bytes"


class WbxmlError(Exception):
    """Refuse a document: `reason`, and `offset` in bytes where it shows."""

    def __init__(self, reason: Reason, offset: int) -> None:
        """Keep both as data."""
        super().__init__(reason, offset)
        self.reason = reason
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Element:
    """Hold one element: either children, or text, or opaque bytes, or nothing."""

    tag: Tag
    children: tuple["Element", ...] = ()
    text: str | None = None
    opaque: bytes | None = None

    @property
    def content(self) -> str:
        """The element's own text, "" when empty, free of controls; opaque bytes are read as UTF-8."""
        if self.opaque is not None:
            return clean(self.opaque.decode("utf-8", "replace"))
        return clean(self.text or "")

    @property
    def data(self) -> bytes:
        """The element's own bytes: opaque as it came, or the text in UTF-8."""
        return self.opaque if self.opaque is not None else clean(self.text or "").encode()

    def find(self, *path: Tag) -> "Element | None":
        """Return the first child of that tag; several tags walk down, one level each."""
        here: Element | None = self
        for tag in path:
            here = next((child for child in here.children if child.tag == tag), None) if here else None
        return here

    def all(self, tag: Tag) -> tuple["Element", ...]:
        """Return every child of that tag, in order."""
        return tuple(child for child in self.children if child.tag == tag)

    def value(self, *path: Tag) -> str | None:
        """Return the text of the element `find` gives: "" when it is empty, None when it is absent."""
        found = self.find(*path)
        return None if found is None else found.content

    def has(self, tag: Tag) -> bool:
        """Tell whether a child of that tag is there, empty or not."""
        return self.find(tag) is not None


Content = Element | str | int | bytes | None


def E(tag: Tag, *content: Content) -> Element:
    """Build an element from children, or from one text, number, flag (1 or 0) or bytes (opaque); None is skipped."""
    children: list[Element] = []
    text: str | None = None
    opaque: bytes | None = None
    for item in content:
        match item:
            case None:
                continue
            case Element():
                children.append(item)
            case bytes():
                opaque = item or None
            case str():
                text = item or None
            case int():
                text = str(int(item))
    return Element(tag, tuple(children), text, opaque)


def clean(text: str) -> str:
    """Drop NUL, which would end an inline string early, and every character XML forbids."""
    if text.isprintable() and text.isascii():
        return text
    return _FORBIDDEN.sub("", text)


def encode(element: Element) -> bytes:
    """Return the document of one element, with a page switch only where the page changes."""
    out = bytearray(HEADER)
    _write(out, element, 0)
    return bytes(out)


def _write(out: bytearray, element: Element, page: int) -> int:
    """Append one element and return the code page then in force."""
    (wanted, token), children, text, opaque = element.tag, element.children, element.text, element.opaque
    if wanted != page:
        out += bytes((_SWITCH_PAGE, wanted))
        page = wanted
    if not children and not text and not opaque:
        out.append(token)
        return page
    out.append(token | _CONTENT)
    if text:
        out.append(_STR_I)
        out += clean(text).encode()
        out.append(0)
    if opaque:
        out.append(_OPAQUE)
        out += _uint32(len(opaque))
        out += opaque
    for child in children:
        page = _write(out, child, page)
    out.append(_END)
    return page


def _uint32(number: int) -> bytes:
    """Write a multi-byte integer: seven bits a byte, most significant first, high bit on all but the last."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def decode(data: bytes) -> Element:
    """Return the root element of a document; raises WbxmlError.

    A document is a header and one element tree: anything after the tree is refused.
    """
    if not data:
        raise WbxmlError(Reason.EMPTY, 0)
    if len(data) > MAX_BYTES:
        raise WbxmlError(Reason.TOO_LONG, MAX_BYTES)
    return _Decoder(bytes(data)).document()


class _Open:
    """Gather what one element that has content is made of."""

    __slots__ = ("binary", "children", "parts", "tag")

    def __init__(self, tag: Tag) -> None:
        self.tag = tag
        self.children: list[Element] = []
        self.parts: list[bytes] = []
        self.binary = False


class _Decoder:
    """Walk one document; `at` is the offset of the next byte."""

    __slots__ = ("at", "count", "data", "page", "stack", "tokens")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.page = 0
        self.count = 0
        self.tokens = 0
        self.stack: list[_Open] = []

    def document(self) -> Element:
        self._header()
        root: Element | None = None
        while root is None:
            root = self._step()
        if self.at != len(self.data):
            raise WbxmlError(Reason.TRAILING, self.at)
        return root

    def _header(self) -> None:
        if not 1 <= self._byte() <= 3:  # WBXML 1.1 to 1.3
            raise WbxmlError(Reason.VERSION, 0)
        for reason, wanted in ((Reason.PUBLIC_ID, None), (Reason.CHARSET, _UTF8), (Reason.STRING_TABLE, 0)):
            start = self.at
            number = self._integer()
            if number != wanted if wanted is not None else not number:
                raise WbxmlError(reason, start)

    def _step(self) -> Element | None:
        """Read one token; return the root once its end is read."""
        start = self.at
        self.tokens += 1
        if self.tokens > MAX_TOKENS:
            raise WbxmlError(Reason.TOKENS, start)
        byte = self._byte()
        if byte == _SWITCH_PAGE:
            self.page = self._byte()
            return None
        if byte == _END:
            return self._close(start)
        if byte in (_STR_I, _OPAQUE):
            self._text(byte, start)
            return None
        if byte in _REFUSED or byte & 0x80:
            raise WbxmlError(Reason.TOKEN, start)
        return self._open(byte, start)

    def _open(self, byte: int, start: int) -> Element | None:
        tag = Tag(self.page, byte & 0x3F)
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise WbxmlError(Reason.ELEMENTS, start)
        if len(self.stack) >= MAX_DEPTH:
            raise WbxmlError(Reason.DEPTH, start)
        if self.stack and self.stack[-1].parts:
            raise WbxmlError(Reason.MIXED, start)
        if byte & _CONTENT:
            self.stack.append(_Open(tag))
            return None
        return self._place(Element(tag))

    def _close(self, start: int) -> Element | None:
        if not self.stack:
            raise WbxmlError(Reason.NO_ROOT, start)
        frame = self.stack.pop()
        body = b"".join(frame.parts)
        if not body:
            return self._place(Element(frame.tag, tuple(frame.children)))
        if frame.binary:
            return self._place(Element(frame.tag, opaque=body))
        try:
            return self._place(Element(frame.tag, text=body.decode()))
        except UnicodeDecodeError as error:
            raise WbxmlError(Reason.ENCODING, start) from error

    def _place(self, element: Element) -> Element | None:
        """Give the element to its parent; the root has none and is returned."""
        if not self.stack:
            return element
        self.stack[-1].children.append(element)
        return None

    def _text(self, byte: int, start: int) -> None:
        if not self.stack:
            raise WbxmlError(Reason.NO_ROOT, start)
        part = self._string() if byte == _STR_I else self._block()
        frame = self.stack[-1]
        if part and frame.children:
            raise WbxmlError(Reason.MIXED, start)
        if part:
            frame.parts.append(part)
            frame.binary = frame.binary or byte == _OPAQUE

    def _string(self) -> bytes:
        end = self.data.find(0, self.at)
        if end < 0:
            raise WbxmlError(Reason.TRUNCATED, len(self.data))
        part = self.data[self.at : end]
        self.at = end + 1
        return part

    def _block(self) -> bytes:
        length = self._integer()
        if length > len(self.data) - self.at:
            raise WbxmlError(Reason.TRUNCATED, self.at)
        part = self.data[self.at : self.at + length]
        self.at += length
        return part

    def _integer(self) -> int:
        start, number = self.at, 0
        for _ in range(_UINT32_BYTES):
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        else:
            raise WbxmlError(Reason.INTEGER, start)
        if number > _UINT32_MAX:
            raise WbxmlError(Reason.INTEGER, start)
        return number

    def _byte(self) -> int:
        if self.at >= len(self.data):
            raise WbxmlError(Reason.TRUNCATED, self.at)
        byte = self.data[self.at]
        self.at += 1
        return byte


def dump(element: Element) -> str:
    """Return the names and the lengths of a tree, a line each; never a text, for logs are read by others."""
    return "\n".join(_lines(element, 0))


def _lines(element: Element, depth: int) -> Iterator[str]:
    size = f" [{len(element.text)}]" if element.text else f" <{len(element.opaque)}>" if element.opaque else ""
    yield f"{'  ' * depth}{element.tag}{size}"
    for child in element.children:
        yield from _lines(child, depth + 1)
