"""Many clients at once on one process: each polls, synchronises, asks for a week and writes, in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from threading import Thread
from time import perf_counter
from typing import Final

from bench.comparison import FAILURES, Say
from bench.figures import Figures, figures, milliseconds, number, table
from bench.rows import ROWS, Place, Row, Session, begin
from bench.servers import Subject

CLIENTS: Final = 64
TITLES: Final = ("Poll (PROPFIND ctag, sync-token)", "Empty sync-collection", "Week query with data", "PUT a new event")
# Each client writes events of its own, of years that there are.
APART: Final = 500


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a crowd met with: its size, its requests by row, seconds it took, errors in words."""

    clients: int
    found: tuple[tuple[str, Figures], ...]
    seconds: float
    errors: tuple[str, ...]


def measured(subject: Subject, size: int, seconds: float, say: Say) -> Crowd:
    """Let a crowd ask a server that is started for it, for so many seconds."""
    durations: dict[str, list[float]] = {title: [] for title in TITLES}
    errors: list[str] = []
    with subject.running() as server:
        place = subject.place(server.port, size)
        Session(place).token()
        began = perf_counter()
        threads = [
            Thread(target=_client, args=(place, client, began + seconds, durations, errors))
            for client in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = perf_counter() - began
    say(f"{subject.name}: {CLIENTS} clients at once measured")
    found = tuple((title, figures(each)) for title, each in durations.items() if each)
    return Crowd(CLIENTS, found, took, tuple(errors))


def crowd_table(crowd: Crowd) -> str:
    """Return what each request took in the crowd: the median, the least and the 95th percentile."""
    rows = [(title, number(each.count), milliseconds(each), number(each.p95 * 1000)) for title, each in crowd.found]
    count = sum(each.count for _, each in crowd.found)
    told = "".join(f"- {error}\n" for error in sorted(set(crowd.errors)))
    head = (
        f"{crowd.clients} clients, {number(count / crowd.seconds)} requests a second, {len(crowd.errors)} errors.\n\n"
    )
    return head + table(("Request", "requests", "Cadran, ms", "p95, ms"), rows) + (f"\n{told}" if told else "")


def _client(place: Place, client: int, until: float, durations: dict[str, list[float]], errors: list[str]) -> None:
    session = Session(place)
    try:
        for title, request in _requests(session, client):
            began = perf_counter()
            if began > until:
                break
            status = session.connection.ask(request).status
            durations[title].append(perf_counter() - began)
            if status not in _rows()[title].statuses:
                errors.append(f"{title}: {status}")
    except FAILURES as failure:
        errors.append(f"{type(failure).__name__} {failure}"[:200])
    session.connection.close()


def _requests(session: Session, client: int) -> Iterator[tuple[str, bytes]]:
    fixed = {title: next(begin(_rows()[title], session).pending) for title in TITLES[:-1]}
    for written, title in enumerate(cycle(TITLES)):
        yield title, fixed.get(title) or session.store(session.place.size + APART * (client + 1) + written)


def _rows() -> dict[str, Row]:
    return {row.title: row for row in ROWS}
