"""Counted oddities of a file: nothing fatal, everything reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

DISTINCT_LIMIT = 300


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One kind of oddity: a stable code, what it is about, and how often it was met."""

    code: str
    about: str
    count: int


class Tally:
    """Count oddities while a file is read; a hostile file cannot make it grow beyond DISTINCT_LIMIT kinds."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, code: str, about: str = "", count: int = 1) -> None:
        """Count one oddity; beyond the limit of distinct kinds, `about` is dropped."""
        if (code, about) not in self._counts and len(self._counts) >= DISTINCT_LIMIT:
            about = ""
        self._counts[code, about[:80]] += count

    def notices(self) -> tuple[Notice, ...]:
        """Return what was counted, sorted by code and object."""
        return tuple(sorted(Notice(code, about, count) for (code, about), count in self._counts.items()))


def count_of(notices: tuple[Notice, ...], code: str, about: str | None = None) -> int:
    """Return how often one code was counted, for one object or for all."""
    return sum(notice.count for notice in notices if notice.code == code and about in (None, notice.about))
