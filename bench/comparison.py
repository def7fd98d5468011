"""The CalDAV rows of one server: every row at every size, over one connection each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException

from lxml import etree

from bench.figures import Figures, repeat
from bench.processes import NotStarted
from bench.rows import ROWS, Place, Row, Session, WrongAnswer, begin
from bench.servers import Subject

Say = Callable[[str], object]
FAILURES = (WrongAnswer, OSError, HTTPException, etree.XMLSyntaxError, ValueError)


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured of one server, by row and size, and what could not be, in words."""

    name: str
    found: Mapping[tuple[str, int], Figures]
    problems: tuple[str, ...] = ()

    def of(self, row: Row, size: int) -> Figures | None:
        """Return the figures of a row at a size, None when there are none."""
        return self.found.get((row.title, size))


def measured(subject: Subject, sizes: Sequence[int], budget: float, say: Say) -> Results:
    """Return the rows of a server that is started for it; `budget` is in seconds, for each row at each size."""
    found: dict[tuple[str, int], Figures] = {}
    problems: list[str] = []
    try:
        with subject.running() as server:
            for size in sizes:
                _rows(subject.place(server.port, size), budget, found, problems)
                say(f"{subject.name}: {size} events measured")
    except NotStarted as failure:
        problems.append(f"{subject.name} did not start: {failure.log.strip()[-200:]}")
    return Results(subject.name, found, tuple(problems))


def _rows(place: Place, budget: float, found: dict[tuple[str, int], Figures], problems: list[str]) -> None:
    session = Session(place)
    for row in ROWS:
        try:
            run = begin(row, session)
            durations = repeat(run, budget)
            run.check()
            found[row.title, place.size] = durations
        except FAILURES as failure:
            session.connection.close()
            problems.append(f"{row.title}, {place.size} events: {type(failure).__name__} {failure}"[:300])
    session.connection.close()
