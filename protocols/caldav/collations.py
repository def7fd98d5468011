"""How texts are compared: the collations of RFC 4790 and RFC 5051 that CalDAV names (RFC 4791, 7.5)."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Mapping

_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def ascii_casemap(text: str) -> str:
    """Fold the letters of ASCII only (RFC 4790, 9.2)."""
    return text.translate(_ASCII)


def octet(text: str) -> str:
    """Compare texts as they are (RFC 4790, 9.3)."""
    return text


def unicode_casemap(text: str) -> str:
    """Fold case and decompose (RFC 5051)."""
    return unicodedata.normalize("NFKD", text.casefold())


DEFAULT = "i;ascii-casemap"
COLLATIONS: Mapping[str, Callable[[str], str]] = {
    "i;ascii-casemap": ascii_casemap,
    "i;octet": octet,
    "i;unicode-casemap": unicode_casemap,
}
