"""Stays: which calendars a collection shows, and for which days; a window that changes moves as little as possible.

A stay's window may be narrowed once, with its own number, and a wider window adds a stay for the days gained, so that
a pupil who leaves a class early is told of exactly the sessions lost, and nobody is told twice of what stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, select, update

from storage.bulk import load
from storage.collections import feed_row
from storage.model import CalendarKind
from storage.schema import calendar, feed

if TYPE_CHECKING:
    from storage.transaction import Transaction

Window = tuple[int, int]
Pair = tuple[int, int]

_STAMP = (
    update(calendar)
    .where(calendar.c.school_id == bindparam("b_school"), calendar.c.id == bindparam("b_id"))
    .values(seq=bindparam("b_seq"))
)
_this = and_(feed.c.school_id == bindparam("b_school"), feed.c.id == bindparam("b_id"))
_END = update(feed).where(_this).values(ended=bindparam("b_seq"))
_NARROW = (
    update(feed)
    .where(_this)
    .values(narrowed=bindparam("b_seq"), keeps_from=bindparam("b_from"), keeps_until=bindparam("b_until"))
)


@dataclass(frozen=True, slots=True)
class Stay:
    """A live stay: what `collection` shows of `calendar`, for objects starting in `window`."""

    id: int
    collection: int
    calendar: int
    window: Window
    narrowed: bool


@dataclass(frozen=True, slots=True)
class Reshape:
    """What to do to the stays of one pair: end these, narrow these, add windows."""

    ends: tuple[int, ...]
    narrows: tuple[tuple[int, Window], ...]
    adds: tuple[Window, ...]


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return windows in order, those that touch or overlap joined, empty ones dropped."""
    joined: list[Window] = []
    for start, end in sorted(window for window in windows if window[0] < window[1]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def without(windows: Iterable[Window], taken: Iterable[Window]) -> tuple[Window, ...]:
    """Return what of some windows is not in others."""
    left = list(merged(windows))
    for start, end in merged(taken):
        left = [
            piece
            for begin, finish in left
            for piece in ((begin, min(finish, start)), (max(begin, end), finish))
            if piece[0] < piece[1]
        ]
    return tuple(left)


def reshape(stays: Sequence[Stay], wanted: Sequence[Window]) -> Reshape:
    """Return the least change that makes the stays of one pair show the wanted windows."""
    ends, narrows, kept = [], [], []
    for stay in stays:
        common = [
            (max(stay.window[0], start), min(stay.window[1], end))
            for start, end in merged(wanted)
            if max(stay.window[0], start) < min(stay.window[1], end)
        ]
        largest = max(common, key=lambda window: window[1] - window[0], default=None)
        if largest == stay.window:
            kept.append(stay.window)
        elif largest is None or stay.narrowed:
            ends.append(stay.id)
        else:
            narrows.append((stay.id, largest))
            kept.append(largest)
    return Reshape(tuple(ends), tuple(narrows), without(wanted, kept))


class Feeds:
    """The live stays of one school, read and rewritten in bulk."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def live(self, *kinds: CalendarKind) -> tuple[Stay, ...]:
        """Return the live stays of the collections of some kinds."""
        query = (
            select(
                feed.c.id,
                feed.c.collection_id,
                feed.c.calendar_id,
                feed.c.keeps_from,
                feed.c.keeps_until,
                feed.c.narrowed,
            )
            .select_from(
                feed.join(
                    calendar, and_(calendar.c.school_id == feed.c.school_id, calendar.c.id == feed.c.collection_id)
                )
            )
            .where(
                feed.c.school_id == self._tx.school_id,
                feed.c.ended.is_(None),
                feed.c.calendar_id != feed.c.collection_id,
                calendar.c.kind.in_([kind.value for kind in kinds]),
            )
            .order_by(feed.c.id)
        )
        rows = self._tx.connection.execute(query)
        return tuple(Stay(row[0], row[1], row[2], (row[3], row[4]), row[5] is not None) for row in rows)

    def set_windows(self, stays: Iterable[Stay], wanted: Mapping[Pair, Sequence[Window]]) -> None:
        """Make each (collection, calendar) pair show exactly these windows; an empty sequence ends it.

        `stays` are the live ones of at least these pairs. A window's days lie in [start, end), epoch seconds.
        """
        now: defaultdict[Pair, list[Stay]] = defaultdict(list)
        for stay in stays:
            now[stay.collection, stay.calendar].append(stay)
        steps = [(pair, reshape(now[pair], windows)) for pair, windows in sorted(wanted.items())]
        count = sum(len(step.ends) + len(step.narrows) + len(step.adds) for _, step in steps)
        if count:
            self._write(steps, iter(self._tx.tick(count)))

    def _write(self, steps: Sequence[tuple[Pair, Reshape]], numbers: Any) -> None:
        school_id = self._tx.school_id
        ends, narrows, adds, stamps = [], [], [], {}
        for (collection_id, calendar_id), step in steps:
            for feed_id in step.ends:
                ends.append({"b_school": school_id, "b_id": feed_id, "b_seq": next(numbers)})
                stamps[collection_id] = ends[-1]["b_seq"]
            for feed_id, (start, end) in step.narrows:
                named = {"b_school": school_id, "b_id": feed_id, "b_seq": next(numbers)}
                narrows.append(named | {"b_from": start, "b_until": end})
                stamps[collection_id] = named["b_seq"]
            for window in step.adds:
                row = feed_row(next(numbers), collection_id, calendar_id, window)
                adds.append(row | {"school_id": school_id})
                stamps[collection_id] = row["id"]
        for statement, rows in ((_END, ends), (_NARROW, narrows)):
            if rows:
                self._tx.connection.execute(statement, rows)
        load(self._tx.connection, feed, adds)
        marks = [{"b_school": school_id, "b_id": number, "b_seq": seq} for number, seq in stamps.items()]
        if marks:
            self._tx.connection.execute(_STAMP, marks)
