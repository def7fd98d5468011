"""The text form of sync tokens: a URI that names school, collection and place (RFC 6578, 6.2)."""

from __future__ import annotations

import re

from storage.errors import TokenInvalid
from storage.model import SyncToken

_PATTERN = re.compile(r"urn:cadran:sync:(\d{1,9}):(\d{1,18}):(\d{1,18})(?::(\d{1,18}):(\d{1,18}):(\d{1,18}))?")


def format_token(token: SyncToken, school_id: int) -> str:
    """Return the text form of a token."""
    place = "" if token.top is None else f":{token.top}:{token.seq}:{token.row}"
    return f"urn:cadran:sync:{school_id}:{token.collection}:{token.base}{place}"


def parse_token(text: str, school_id: int) -> SyncToken:
    """Read a token; raises TokenInvalid when it is malformed or another school's."""
    match = _PATTERN.fullmatch(text) if text.isascii() else None
    if match is None or int(match[1]) != school_id:
        raise TokenInvalid
    if match[4] is None:
        return SyncToken(int(match[2]), int(match[3]))
    return SyncToken(int(match[2]), int(match[3]), int(match[4]), int(match[5]), int(match[6]))
