"""Patterns of names: letters, and asterisks at the ends (RFC 7808, 5.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from protocols.tzdist.problems import Problem

LONGEST: Final = 100
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def matcher(text: str) -> Callable[[str], bool]:
    """Return what tells whether a name matches: letter case is nothing, a blank is an underscore; raises Problem."""
    parts = _ESCAPED.sub(lambda found: "\0" if found[1] == "*" else "\1" if found[1] == "\\" else found[0], text)
    first, last = parts.startswith("*"), len(parts) > 1 and parts.endswith("*")
    inner = parts.removeprefix("*") if first else parts
    inner = inner.removesuffix("*") if last else inner
    if not inner or "*" in inner or len(text) > LONGEST:
        raise Problem("invalid-pattern")
    wanted = _plain(inner.replace("\0", "*").replace("\1", "\\"))
    if first and last:
        return lambda name: wanted in _plain(name)
    if first:
        return lambda name: _plain(name).endswith(wanted)
    return lambda name: _plain(name).startswith(wanted) if last else _plain(name) == wanted


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_")
