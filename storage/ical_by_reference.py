"""Time zones by reference: texts with every VTIMEZONE they need, or without those that everybody knows (RFC 7809)."""

from __future__ import annotations

import re
from functools import lru_cache

from storage.contentlines import Property, fold
from storage.errors import InvalidObject
from storage.ical_vtimezone import vtimezone
from storage.ical_zones import resolve

# A text that names more zones than anyone's meeting is left as it is beyond these.
MOST_ZONES = 32

_FOLD = re.compile(rb"\r?\n[ \t]")
_USED = re.compile(rb"^[^\s:\"]*(?:\"[^\"\r\n]*\"[^\s:\"]*)*;TZID=(\"[^\"\r\n]*\"|[^;:,\"\r\n]*)", re.IGNORECASE | re.M)
_BLOCK = re.compile(rb"^BEGIN:VTIMEZONE[ \t]*\r?\n.*?^END:VTIMEZONE[ \t]*\r?\n?", re.IGNORECASE | re.M | re.S)
_TZID = re.compile(rb"^TZID(?:;[^:\r\n]*)?:([^\r\n]*)", re.IGNORECASE | re.M)
# Nearly every text is answered by these: upper case, the name of the parameter in one piece.
_PLAINLY_USED = re.compile(rb";TZID=\"?([^\":;,\r\n]+)")
_PLAINLY_TOLD = re.compile(rb"\nTZID:([^\r\n]*)")
_SPLIT = re.compile(rb"\n[ \t](?:TZID|ZID|ID|D|)=")
_FIRST = re.compile(rb"^BEGIN:(?!VCALENDAR)", re.IGNORECASE | re.M)


def complete(text: bytes) -> bytes:
    """Return a valid object with a VTIMEZONE for each zone that it names, knows not to describe, and that is known.

    The names stay as they were written, so the added VTIMEZONE has the name that the text uses for the zone.
    """
    if _plainly_complete(text):
        return text
    missing = _named(text) - _described(text)
    if not missing or len(missing) > MOST_ZONES:
        return text
    added = b"".join(_description(name) for name in sorted(missing))
    place = _FIRST.search(text)
    if not added or place is None:
        return text
    if b"\r\n" not in text:
        added = added.replace(b"\r\n", b"\n")
    return text[: place.start()] + added + text[place.start() :]


def undescribed(text: bytes) -> set[bytes]:
    """Return the names of zones that an object uses and does not describe."""
    return set() if _plainly_complete(text) else _named(text) - _described(text)


def stripped(text: bytes) -> bytes:
    """Return a valid object without the VTIMEZONEs of zones that the zone database names (RFC 7809, 3.1.2)."""
    if b"VTIMEZONE" not in text and b"vtimezone" not in text.lower():
        return text
    return _BLOCK.sub(lambda block: b"" if _standard(_tzid(block[0])) else block[0], text)


def _plainly_complete(text: bytes) -> bool:
    if b"tzid" in text or _SPLIT.search(text):
        return False
    used = set(_PLAINLY_USED.findall(text))
    return not used or used.issubset(_PLAINLY_TOLD.findall(text))


def _named(text: bytes) -> set[bytes]:
    return {found.strip(b'"') for found in _USED.findall(_FOLD.sub(b"", text))} - {b""}


def _described(text: bytes) -> set[bytes]:
    return {_tzid(block) for block in _BLOCK.findall(text)}


def _tzid(block: bytes) -> bytes:
    found = _TZID.search(_FOLD.sub(b"", block))
    return found[1].strip() if found else b""


@lru_cache(maxsize=1024)
def _standard(tzid: bytes) -> bool:
    try:
        name = tzid.decode()
    except UnicodeDecodeError:
        return False
    zone = resolve(name)
    return zone is not None and zone.key == name


@lru_cache(maxsize=1024)
def _description(tzid: bytes) -> bytes:
    """Return the VTIMEZONE of a zone under the name given to it, nothing when it is unknown."""
    try:
        name = tzid.decode()
        text = vtimezone(name)
    except (UnicodeDecodeError, InvalidObject):
        return b""
    lines = text.split("\r\n")
    lines[1] = fold(Property.of_text("TZID", name).line)
    return "\r\n".join(lines).encode()
