"""Counted oddities of a file: nothing fatal, everything reported."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

DISTINCT_LIMIT = 300
# How many places are kept for one kind of oddity, and for all of a file together.
PLACES_LIMIT = 200
ALL_PLACES_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Where:
    """Where in a file an oddity is, as far as that is known; never whom it is about.

    `names` are those of the subject and of the classes or groups, `ident` the file's own, `weekday` 1 on Monday,
    `date` as ISO 8601 writes it, `starts` HH:MM.
    """

    names: str = ""
    ident: str = ""
    line: int = 0
    weekday: int = 0
    date: str = ""
    starts: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One kind of oddity: a stable code, what it is about, how often it was met, and the first places where."""

    code: str
    about: str
    count: int
    places: tuple[Where, ...] = field(default=(), compare=False)


class Tally:
    """Count oddities while a file is read; a hostile file cannot make it grow beyond DISTINCT_LIMIT kinds."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._places: dict[tuple[str, str], list[Where]] = {}
        self._kept = 0

    def add(self, code: str, about: str = "", count: int = 1, where: Where | None = None) -> None:
        """Count one oddity, there or somewhere; beyond the limit of distinct kinds, `about` is dropped."""
        if (code, about) not in self._counts and len(self._counts) >= DISTINCT_LIMIT:
            about = ""
        self._counts[code, about[:80]] += count
        if where is not None and self._kept < ALL_PLACES_LIMIT:
            places = self._places.setdefault((code, about[:80]), [])
            # One slot may have the same fault in several runs of weeks.
            if len(places) < PLACES_LIMIT and where not in places[-1:]:
                places.append(where)
                self._kept += 1

    def notices(self) -> tuple[Notice, ...]:
        """Return what was counted, sorted by code and object."""
        found = self._counts.items()
        return tuple(sorted(Notice(*key, count, tuple(self._places.get(key, ()))) for key, count in found))


def count_of(notices: tuple[Notice, ...], code: str, about: str | None = None) -> int:
    """Return how often one code was counted, for one object or for all."""
    return sum(notice.count for notice in notices if notice.code == code and about in (None, notice.about))
