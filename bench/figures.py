"""Repeated measurements: their summary, their words, and the tables they stand in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final

MOST: Final = 200
FEWEST: Final = 3
WARMING: Final = 3
LONGEST: Final = 30.0
NOTHING: Final = "—"


@dataclass(frozen=True, slots=True)
class Figures:
    """The least, the median and the nearest-rank 95th percentile of `count` durations, in seconds."""

    least: float
    median: float
    p95: float
    count: int


NEVER: Final = Figures(0.0, 0.0, 0.0, 0)


def figures(durations: Sequence[float]) -> Figures:
    """Return the summary of at least one duration in seconds."""
    ranked = sorted(durations)
    rank = math.ceil(len(ranked) * 0.95) - 1
    return Figures(ranked[0], median(ranked), ranked[rank], len(ranked))


def repeat(call: Callable[[], object], budget: float, most: int = MOST, longest: float = LONGEST) -> Figures:
    """Return the summary of calling again and again, until `most` times or `budget` seconds, but three times at least.

    A few calls before warm both sides up and do not count; one is enough where one takes long. Nothing is called any
    more after `longest` seconds but the one call that counts.
    """
    until = perf_counter() + longest
    began = perf_counter()
    for _ in range(WARMING):
        call()
        if perf_counter() - began > budget / 4:
            break
    durations: list[float] = []
    began = perf_counter()
    while len(durations) < FEWEST or (len(durations) < most and perf_counter() - began < budget):
        start = perf_counter()
        if durations and start > until:
            break
        call()
        durations.append(perf_counter() - start)
    return figures(durations)


def number(value: float) -> str:
    """Return a number with three significant digits, counts and what is above one hundred whole."""
    if isinstance(value, int) or value >= 100:
        return f"{value:,.0f}".replace(",", " ")
    decimals = 1 if value >= 10 else 2
    return f"{value:.{decimals}f}"


def milliseconds(found: Figures | None) -> str:
    """Return `median (least to 95th percentile)` in milliseconds."""
    if found is None:
        return NOTHING
    return f"**{number(found.median * 1000)}** ({number(found.least * 1000)} to {number(found.p95 * 1000)})"


def ratio(ours: Figures | None, theirs: Figures | None) -> str:
    """Return how many times longer they take than we do, by the medians."""
    if ours is None or theirs is None or not ours.median:
        return NOTHING
    return f"{number(theirs.median / ours.median)} ×"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are set to the right."""
    marks = ["---", *("---:" for _ in head[1:])]
    lines = (head, marks, *([cell.replace("|", "\\|") for cell in row] for row in rows))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
