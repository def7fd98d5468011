"""The measured tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.comparison import GIVE_UP_SECONDS, Results
from bench.figures import milliseconds, number, ratio, table
from bench.pings import Parked
from bench.rows import ROWS
from bench.school import Imported, Prepared

MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Imports:
    """The imports of one school: the first ones, unchanged ones and changed ones."""

    prepared: Prepared
    first: tuple[Imported, ...]
    again: tuple[Imported, ...]
    changed: tuple[Imported, ...]


def import_table(imports: Imports) -> str:
    """Return the times and the memory of the imports."""
    sessions = imports.first[0].sessions
    school = imports.prepared
    sizes = f"{number(school.pupils)} pupils, {number(sessions)} sessions, a file of {school.octets / MIB:.1f} MB"
    lines = (
        ("First import, parse to committed", 5.0, imports.first),
        ("The same file again", 2.0, imports.again),
        ("The next export, 5 % of coming sessions changed", 5.0, imports.changed),
    )
    rows = [_import_row(title, promise, runs) for title, promise, runs in lines]
    return f"{sizes}.\n\n" + table(
        ("Import", "promised, s", "least, s", "most, s", "promised, MB", "highest memory, MB"), rows
    )


def _import_row(title: str, promise: float, runs: Sequence[Imported]) -> tuple[str, ...]:
    seconds = [run.seconds for run in runs]
    memory = max(run.memory for run in runs) / MIB
    return title, f"≤ {promise:.0f}", f"{min(seconds):.2f}", f"{max(seconds):.2f}", "≤ 300", f"{memory:.0f}"


def dav_table(ours: Results, peers: Sequence[Results], size: int) -> str:
    """Return the CalDAV rows on a calendar of a size, with the peers and how many times longer they take."""
    head = ["Request", "promised, ms", "Cadran, ms", "kept"]
    for peer in peers:
        head += [f"{peer.name.capitalize()}, ms", "ratio"]
    rows = []
    for row in ROWS:
        mine = ours.of(row, size)
        kept = "—" if mine is None else "yes" if mine.median * 1000 <= row.promise else "**no**"
        cells = [row.title, f"≤ {row.promise:g}", milliseconds(mine), kept]
        for peer in peers:
            theirs = peer.of(row, size)
            beyond = (row.title, size) in peer.given_up
            cells += [f"> {GIVE_UP_SECONDS:g} s" if beyond else milliseconds(theirs), ratio(mine, theirs)]
        rows.append(cells)
    return table(head, rows)


def growth_table(ours: Results, small: int, large: int) -> str:
    """Return what each row takes on a small and on a large calendar."""
    rows = [
        (
            row.title,
            milliseconds(ours.of(row, small)),
            milliseconds(ours.of(row, large)),
            ratio(ours.of(row, small), ours.of(row, large)),
        )
        for row in ROWS
    ]
    return table(("Cadran", f"{number(small)} events, ms", f"{number(large)} events, ms", "growth"), rows)


def pings_table(parked: Parked) -> str:
    """Return what parked Pings cost and how fast they are woken."""
    rows = (
        ("Parked at once", "", number(parked.count)),
        ("Memory each, kB", "≤ 20", f"{parked.memory_each / 1024:.1f}"),
        ("Processor while nothing moves, %", "< 2", f"{parked.idle_share * 100:.2f}"),
        ("Woken by an import that touches all", "", number(parked.woken)),
        ("Not woken though concerned", "0", number(parked.missed)),
        ("Answered otherwise", "0", number(parked.odd)),
        ("From the commit to the first answer, s", "", f"{parked.woken_after.least:.2f}"),
        ("To half of the answers (p50), s", "", f"{parked.woken_after.median:.2f}"),
        ("To 95 % of the answers (p95), s", "", f"{parked.woken_after.p95:.2f}"),
        ("To the last answer, s", "≤ 1", f"{parked.last_seconds:.2f}"),
        ("The import itself, s", "", f"{parked.import_seconds:.1f}"),
    )
    return table(("Parked Pings", "promised", "measured"), rows)


def problems(results: Sequence[Results]) -> str:
    """Return what could not be measured, as a list; nothing when all was."""
    return "".join(f"- {each.name}: {problem}\n" for each in results for problem in each.problems)
