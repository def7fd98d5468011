"""What a request says: parameters of the query, each once, and their values (RFC 7808, 4.2.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from protocols.tzdist.problems import Problem

FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST: Final = 2_048
_MOST: Final = 10
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def read(query: str, allowed: frozenset[str]) -> Mapping[str, str]:
    """Return the parameters of a query; raises Problem for one that is unknown, given twice or endless."""
    if len(query) > _LONGEST:
        raise Problem("invalid-action")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError as error:
        raise Problem("invalid-action") from error
    found = dict(pairs)
    twice = next((name for name in found if sum(name == other for other, _ in pairs) > 1), None)
    if twice in allowed:
        raise Problem(f"invalid-{twice}")
    if not found.keys() <= allowed:
        raise Problem("invalid-action")
    return found


def instant(values: Mapping[str, str], name: str) -> datetime | None:
    """Return a UTC time in the form of RFC 3339, None where there is none; raises Problem."""
    text = values.get(name)
    if text is None:
        return None
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError(text)
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Problem(f"invalid-{name}") from error
    if not FIRST <= found <= LAST:
        raise Problem(f"invalid-{name}")
    return found


def period(values: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Return start and end; raises Problem also when the end is not after the start."""
    start, end = instant(values, "start"), instant(values, "end")
    if end is not None and end <= (start or FIRST):
        raise Problem("invalid-end")
    return start, end
