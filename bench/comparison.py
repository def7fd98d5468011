"""The CalDAV rows of one server: every row at every size, over one connection each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Final

from lxml import etree

from bench.figures import Figures, repeat
from bench.processes import NotStarted
from bench.rows import ROWS, Place, Row, Session, WrongAnswer, begin
from bench.servers import Subject

Say = Callable[[str], object]
# A peer that takes longer than this for one answer is not asked again: the table says so.
GIVE_UP_SECONDS: Final = 60.0
FAILURES = (WrongAnswer, OSError, HTTPException, etree.XMLSyntaxError, ValueError)


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured of one server, by row and size, what could not be, in words, and what took too long."""

    name: str
    found: Mapping[tuple[str, int], Figures]
    problems: tuple[str, ...] = ()
    given_up: frozenset[tuple[str, int]] = frozenset()

    def of(self, row: Row, size: int) -> Figures | None:
        """Return the figures of a row at a size, None when there are none."""
        return self.found.get((row.title, size))


def measured(subject: Subject, sizes: Sequence[int], budget: float, say: Say) -> Results:
    """Return the rows of a server that is started for it; `budget` is in seconds, for each row at each size."""
    found: dict[tuple[str, int], Figures] = {}
    problems: list[str] = []
    given_up: set[tuple[str, int]] = set()
    try:
        with subject.running() as server:
            for size in sizes:
                place = replace(subject.place(server.port, size), patience=GIVE_UP_SECONDS)
                for row in _unmeasured(place, budget, found, problems):
                    given_up.add((row.title, size))
                say(f"{subject.name}: {size} events measured")
    except NotStarted as failure:
        problems.append(f"{subject.name} did not start: {failure.log.strip()[-200:]}")
    return Results(subject.name, found, tuple(problems), frozenset(given_up))


def _unmeasured(
    place: Place, budget: float, found: dict[tuple[str, int], Figures], problems: list[str]
) -> Iterator[Row]:
    """Measure every row, and yield those that were given up because an answer took too long."""
    session = Session(place)
    for row in ROWS:
        try:
            run = begin(row, session)
            durations = repeat(run, budget)
            run.check()
            found[row.title, place.size] = durations
        except TimeoutError:
            session.connection.close()
            yield row
        except FAILURES as failure:
            session.connection.close()
            problems.append(f"{row.title}, {place.size} events: {type(failure).__name__} {failure}"[:300])
    session.connection.close()
