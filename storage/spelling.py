"""Names in addresses, told apart as RFC 3986 does: `a@b` and `a%40b` are two spellings, of two resources if need be.

A name is kept decoded, but for reserved characters that may stand in a path segment (RFC 3986, 2.2 and 3.3): written
as themselves they stay so, percent-encoded they stay a triple in capitals. A per cent sign itself is always `%25`.
Nothing else has two spellings: letters, digits and `-._~` are equivalent to their triples (6.2.2.2), and whatever
cannot stand in an address is encoded in all of them.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Final
from urllib.parse import quote, unquote

# The sub-delims and gen-delims that a segment may hold as they are (RFC 3986, 3.3, pchar).
RESERVED: Final = "!$&'()*+,;=:@"
# Characters of a name as it is kept, in which a reserved one may take three.
LONGEST: Final = 512
# What encodeURIComponent leaves as it is, and what else programs are known to: vdirsyncer, Go's two ways.
_HABITS: Final[tuple[frozenset[str], ...]] = (
    frozenset(),
    frozenset("!'()*"),
    frozenset("@"),
    frozenset("@+="),
    frozenset("$&+=:@"),
    frozenset("$&+,;=:@"),
    frozenset(RESERVED),
)
# So many characters are tried in both spellings, each by itself.
_MOST: Final = 4

_CODES: Final = {mark: f"%{ord(mark):02X}" for mark in RESERVED}
_MARKS: Final = {code: mark for mark, code in _CODES.items()} | {mark: mark for mark in RESERVED}
_MARK: Final = re.compile(f"[{re.escape(RESERVED)}]|{'|'.join(_CODES.values())}")
_KEPT_ON_WIRE: Final = re.compile(f"%(?=25|{'|'.join(code[1:] for code in _CODES.values())})", re.IGNORECASE)
_STRAY: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_CODE: Final = re.compile("%[0-9a-f]{2}", re.IGNORECASE)
_STRAY_IN_NAME: Final = re.compile(f"%(?!25|{'|'.join(code[1:] for code in _CODES.values())})")
_CUT_OFF: Final = re.compile("%.?$")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~@+=-]*")


def of_segment(segment: str) -> str:
    """Return the name that one part of a path spells; raises UnicodeDecodeError when it is no UTF-8.

    A per cent sign that begins no triple stands for itself.
    """
    if "%" not in segment:
        return segment
    whole = _STRAY.sub("%25", segment)
    capital = _CODE.sub(lambda found: found[0].upper(), whole)
    return unquote(_KEPT_ON_WIRE.sub("%25", capital), errors="strict")


def of_text(text: str) -> str:
    """Return the name for a text that is no address, such as a file's name or a UID."""
    return text.replace("%", "%25")


def segment(name: str) -> str:
    """Return a name as it stands in a path."""
    if _PLAIN.fullmatch(name):
        return name
    return quote(_STRAY_IN_NAME.sub("%25", name), safe=f"{RESERVED}%")


def is_name(text: str) -> bool:
    """Tell whether a text is a name as it is kept: each per cent sign begins a triple that stays one."""
    return _STRAY_IN_NAME.search(text) is None


def plain(name: str) -> str:
    """Return what all spellings of a name have in common: its text."""
    return unquote(name)


def same(one: str, other: str) -> bool:
    """Tell whether two names are spellings of one text."""
    return one == other or plain(one) == plain(other)


def varies(name: str) -> bool:
    """Tell whether a name can be spelled in another way."""
    return _MARK.search(name) is not None


def others(name: str) -> tuple[str, ...]:
    """Return the other spellings of a name, () when it has one only.

    With more than four characters that can be spelled in two ways, each kind of character is spelled alike; with more
    than four kinds, as programs are known to.
    """
    marks = [_MARKS[found] for found in _MARK.findall(name)]
    if not marks:
        return ()
    between, kinds = _MARK.split(name), sorted(set(marks))
    spelled: list[tuple[str, ...]]
    if len(marks) <= _MOST:
        spelled = list(product(*((mark, _CODES[mark]) for mark in marks)))
    elif len(kinds) <= _MOST:
        ways = [dict(zip(kinds, each, strict=True)) for each in product(*((kind, _CODES[kind]) for kind in kinds))]
        spelled = [tuple(way[mark] for mark in marks) for way in ways]
    else:
        spelled = [tuple(mark if mark in bare else _CODES[mark] for mark in marks) for bare in _HABITS]
    found = dict.fromkeys(_joined(between, each) for each in spelled)
    found.pop(name, None)
    return tuple(found)


def _joined(between: list[str], marks: tuple[str, ...]) -> str:
    return "".join(text + mark for text, mark in zip(between, (*marks, ""), strict=True))


def cut(name: str, length: int) -> str:
    """Return a name of so many characters at most, no triple of it cut in two."""
    return name if len(name) <= length else _CUT_OFF.sub("", name[:length])
