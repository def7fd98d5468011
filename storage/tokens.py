"""The text form of sync tokens: a URI that names school, collection and place (RFC 6578, 6.2)."""

from __future__ import annotations

import re

from storage.errors import TokenInvalid
from storage.model import SyncToken

_PATTERN = re.compile(r"urn:cadran:sync:(\d{1,9}):(\d{1,18}):(\d{1,18})(?::(\d{1,18}):(\d{1,18}):(\d{1,18}))?")
_HOME = re.compile(r"urn:cadran:home:(\d{1,9}):(\d{1,18}):(\d{1,18})")


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


def format_home_token(principal_id: int, base: int, school_id: int) -> str:
    """Return the text form of a token of a person's home, which is complete up to a number."""
    return f"urn:cadran:home:{school_id}:{principal_id}:{base}"


def parse_home_token(text: str, principal_id: int, school_id: int) -> int:
    """Return the number up to which a home's token is complete; raises TokenInvalid when it is another home's."""
    match = _HOME.fullmatch(text) if text.isascii() else None
    if match is None or (int(match[1]), int(match[2])) != (school_id, principal_id):
        raise TokenInvalid
    return int(match[3])
