"""The CalDAV rows of one server: every row at every size, over one connection each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from time import perf_counter
from typing import Final

from lxml import etree

from bench.figures import Figures, repeat
from bench.processes import NotStarted
from bench.rows import ROWS, Place, Row, Session, WrongAnswer, begin
from bench.servers import Subject

Say = Callable[[str], object]
# A peer that takes longer than this for one answer is not asked again: the table says so.
GIVE_UP_SECONDS: Final = 60.0
# All the rows of one server at one size.
SIZE_SECONDS: Final = 240.0
# The first request of all may have to read every event; it is not measured.
WARM_SECONDS: Final = 120.0
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
    """Return the rows of a server that is started for it; `budget` is in seconds, for each row at each size.

    It is asked once before, and has WARM_SECONDS for that. After an answer that took too long the server is started
    anew, so that the next row does not wait for it, too. What it has not been asked after SIZE_SECONDS at one size
    stays out.
    """
    found: dict[tuple[str, int], Figures] = {}
    problems: list[str] = []
    given_up: set[tuple[str, int]] = set()
    try:
        for size in sizes:
            began, rows = perf_counter(), list(ROWS)
            while rows and perf_counter() - began < SIZE_SECONDS:
                with subject.running() as server:
                    place = subject.place(server.port, size)
                    began += _warmed(place) if len(rows) == len(ROWS) else 0.0
                    patient = replace(place, patience=GIVE_UP_SECONDS)
                    silent = _measured(patient, (budget, began + SIZE_SECONDS), rows, found, problems)
                given_up |= {(silent.title, size)} if silent is not None else set()
            problems += [f"{row.title}, {size} events: not asked, the others took too long" for row in rows]
            say(f"{subject.name}: {size} events measured in {perf_counter() - began:.0f} s")
    except NotStarted as failure:
        problems.append(f"{subject.name} did not start: {failure.log.strip()[-200:]}")
    return Results(subject.name, found, tuple(problems), frozenset(given_up))


def _warmed(place: Place) -> float:
    """Let a server read its calendar, whatever it answers, and return the seconds that took."""
    began = perf_counter()
    session = Session(replace(place, patience=WARM_SECONDS))
    with suppress(*FAILURES):
        session.token()
    session.connection.close()
    return perf_counter() - began


def _measured(
    place: Place,
    limits: tuple[float, float],
    rows: list[Row],
    found: dict[tuple[str, int], Figures],
    problems: list[str],
) -> Row | None:
    """Take rows off a list and measure them, until one is given up, which is returned, or until a moment."""
    budget, until = limits
    session = Session(place)
    while rows and perf_counter() < until:
        row = rows.pop(0)
        try:
            run = begin(row, session)
            durations = repeat(run, budget)
            run.check()
            found[row.title, place.size] = durations
        except TimeoutError:
            session.connection.close()
            return row
        except FAILURES as failure:
            session.connection.close()
            problems.append(f"{row.title}, {place.size} events: {type(failure).__name__} {failure}"[:300])
    session.connection.close()
    return None
