"""Write and read the Body of an item (MS-ASAIRS 2.2.2.9; reference/eas.md section 11.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from protocols.eas.codepages import AirSyncBase, Calendar
from protocols.eas.errors import ItemRefused
from protocols.eas.wbxml import E, Element, clean

PLAIN, HTML = 1, 2
MAX_BODY = 1024 * 1024
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"}
)
_SILENT = frozenset({"head", "style", "script", "title", "template", "object", "svg"})
_SPACES = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True, slots=True)
class BodyPreference:
    """One wish of a client: a body type, and at most so many bytes of it."""

    type: int
    truncation_size: int | None = None
    all_or_none: bool = False


def one_line(text: str) -> str:
    """Reduce text to one line without control characters, for Subject and Location."""
    return " ".join(clean(text).split()) if any(char < " " for char in text) else text


def lines_crlf(text: str) -> str:
    """End every line with CRLF, whatever it ended with."""
    return "\r\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def chosen(preferences: Sequence[BodyPreference]) -> BodyPreference:
    """Pick the first wish that can be rendered natively, plain text otherwise."""
    return next((wish for wish in preferences if wish.type in (PLAIN, HTML)), BodyPreference(PLAIN))


def rendered(text: str, kind: int) -> str:
    """Give a description as plain text or as HTML, lines ended by CRLF."""
    plain = lines_crlf(clean(text))
    if kind == PLAIN:
        return plain
    return "<html><body>" + escape(plain, quote=False).replace("\r\n", "<br>\r\n") + "</body></html>"


def cut(text: str, size: int | None) -> tuple[str, bool]:
    """Cut text to at most `size` bytes of UTF-8 on a character boundary; True when something was cut."""
    raw = text.encode()
    if size is None or len(raw) <= size:
        return text, False
    return raw[:size].decode("utf-8", "ignore"), True


def body(text: str, preferences: Sequence[BodyPreference]) -> Element:
    """Build the Body of a description in the form its client prefers.

    `Truncated` is written only when true: a 0 breaks Windows Phone 8.
    """
    wish = chosen(preferences)
    whole = rendered(text, wish.type)
    data, truncated = cut(whole, wish.truncation_size)
    size = E(AirSyncBase.EstimatedDataSize, str(len(whole.encode())))
    kind = E(AirSyncBase.Type, str(wish.type))
    if not truncated:
        return E(AirSyncBase.Body, kind, size, E(AirSyncBase.Data, data))
    flag = E(AirSyncBase.Truncated, "1")
    if wish.all_or_none or not data:
        return E(AirSyncBase.Body, kind, size, flag)
    return E(AirSyncBase.Body, kind, size, flag, E(AirSyncBase.Data, data))


def received_text(data: Element) -> str | None:
    """Read the description a client sent as plain text with LF line ends; None when it sent none.

    Takes the AirSyncBase container and the Body of clients older than 12.0. A Body without Data clears the description,
    unless it says Truncated: then nothing was said. Raises ItemRefused(6) for more than 1 MiB and for other types.
    """
    container = data.find(AirSyncBase.Body)
    if container is None:
        legacy = data.find(Calendar.Body)
        return None if legacy is None else _bounded(legacy.content)
    content = container.value(AirSyncBase.Data)
    if content is None:
        return None if container.value(AirSyncBase.Truncated) == "1" else ""
    match container.value(AirSyncBase.Type) or "1":
        case "1":
            return _bounded(content)
        case "2":
            return _bounded(plain_text(content))
    raise ItemRefused(6, "body-type")


def readable_text(data: Element) -> str:
    """Read a description as far as it is text, for the person who is to have it back; its beginning when it is long.

    Never raises: it is what was typed into items that cannot be taken.
    """
    container = data.find(AirSyncBase.Body)
    content = data.value(Calendar.Body) if container is None else container.value(AirSyncBase.Data)
    text, _shortened = cut(content or "", MAX_BODY)
    match container.value(AirSyncBase.Type) if container is not None else None:
        case "2":
            return _lines(plain_text(text))
        case "3":
            return ""  # compressed RTF in base64
        case _:
            return _lines(text)


def _lines(text: str) -> str:
    return clean(text).replace("\r\n", "\n").replace("\r", "\n")


def _bounded(text: str) -> str:
    if len(text) > MAX_BODY or len(text.encode()) > MAX_BODY:
        raise ItemRefused(6, "body-too-long")
    return _lines(text)


def echoes(received: str, stored: str, preferences: Sequence[BodyPreference]) -> bool:
    """Tell whether a received text is only what this client was sent of the stored one, cut or re-rendered."""
    wish = chosen(preferences)
    sent, truncated = cut(rendered(stored, wish.type), wish.truncation_size)
    seen = plain_text(sent) if wish.type == HTML else sent
    if _comparable(received) in (_comparable(seen), _comparable(stored)):
        return True
    return truncated and wish.all_or_none and not received


def _comparable(text: str) -> str:
    return "\n".join(line.rstrip() for line in lines_crlf(clean(text)).split("\r\n")).strip("\n ")


class _Text(HTMLParser):
    """Gather the visible text of an HTML fragment; tags, scripts and styles leave nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS and tag != "br":
            self._break()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        text = _SPACES.sub(" ", data)
        fresh = not self.parts or self.parts[-1].endswith(("\n", " "))
        if text := text.lstrip(" ") if fresh else text:
            self.parts.append(text)

    def _break(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")


def plain_text(markup: str) -> str:
    """Reduce HTML to its visible text: block elements end lines, scripts and styles vanish."""
    reader = _Text()
    reader.feed(markup[:MAX_BODY])
    reader.close()
    lines = "".join(reader.parts).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")
