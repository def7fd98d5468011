"""Put many stored objects into one calendar without reading them (GET of a collection, subscriptions)."""

import re
from collections.abc import Iterable, Iterator, Sequence

from storage.contentlines import Property, fold, parse, serialise

PRODID = "-//Cadran//Cadran//EN"
_BOUND = re.compile(
    rb"^(BEGIN|END):([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)(?:\r?\n|\Z)",
    re.IGNORECASE | re.MULTILINE,
)
_TZID = re.compile(rb"^TZID[^:\r\n]*:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]")
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")


def merge(objects: Iterable[bytes], properties: Sequence[tuple[str, str]]) -> bytes:
    """Return one VCALENDAR with every component of valid objects, each VTIMEZONE once by its TZID.

    `properties` are (name, text) of the calendar, such as X-WR-CALNAME; PRODID may be among them, and a name may have
    its parameters behind it. Texts are copied, not parsed.
    """
    head = dict(properties)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", fold(Property.of_text("PRODID", head.pop("PRODID", PRODID)).line)]
    lines += [fold(Property.of_text(name, text).line) for name, text in head.items()]
    zones: dict[bytes, bytes] = {}
    known: set[bytes] = set()
    others: list[bytes] = []
    for data in objects:
        for name, block in _blocks(data):
            if name != b"VTIMEZONE":
                others.append(block)
            elif block not in known:
                known.add(block)
                zones.setdefault(_tzid(block), block)
    return b"".join([("\r\n".join(lines) + "\r\n").encode(), *zones.values(), *others, b"END:VCALENDAR\r\n"])


def _blocks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the text of each component directly inside a VCALENDAR, with CRLF line ends."""
    found = list(_cut(data))
    if not found:
        # Some folding hides BEGIN or END from a search by lines: read and write the object instead.
        found = list(_cut(serialise(parse(data))))
    yield from found


def _cut(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    text = _BARE_LINE_FEED.sub(b"\r\n", data) if data.count(b"\n") != data.count(b"\r\n") else data
    found, depth, opened, name = [], 0, 0, b""
    for bound in _BOUND.finditer(text.removeprefix(b"\xef\xbb\xbf")):
        if bound[1].upper() == b"BEGIN":
            depth += 1
            if depth == 2:
                opened, name = bound.start(), _FOLD.sub(b"", bound[2]).strip().upper()
            continue
        depth -= 1
        if depth == 1:
            found.append((name, bound.string[opened : bound.end()]))
    return iter(found if depth == 0 else ())


def _tzid(block: bytes) -> bytes:
    """Return the TZID of a VTIMEZONE; one without stands for itself."""
    found = _TZID.search(_FOLD.sub(b"", block))
    return found[1].strip() if found else block
