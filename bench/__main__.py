"""`python -m bench`: measure Cadran, and its peers beside it in the same run, and print the tables."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Final

import click

from bench import comparison, crowd, machine, page, pings, servers
from bench.comparison import Results
from bench.crowd import Crowd
from bench.figures import number
from bench.page import Imports
from bench.pings import Parked
from bench.school import FIRST, NEXT, ZONE, copied, imported, prepare
from bench.servers import PEERS

SMALLER: Final = 10
TIMES: Final = 3
QUICK: Final = (1, 1.0)
CROWD_BUDGETS: Final = 3
BEGAN: Final = perf_counter()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to measure; `budget` is in seconds for each row, `times` how often to import."""

    pupils: int
    sizes: tuple[int, ...]
    peers: tuple[str, ...]
    pings: int
    times: int
    budget: float


@click.command(help="Measure imports, CalDAV requests and parked Pings; print the tables as Markdown.")
@click.option("--pupils", default=1568, show_default=True, help="Pupils of the school.")
@click.option(
    "--events", type=click.IntRange(1200), default=10_000, show_default=True, help="Events of the large calendar."
)
@click.option("--peers", default=",".join(PEERS), show_default=True, help="Servers to compare with, by commas.")
@click.option("--pings", "parked", default=2000, show_default=True, help="Pings to park; 0: none.")
@click.option("--quick", "form", flag_value="quick", help="Fewer repetitions.")
@click.option("--long", "form", flag_value="long", help="Also a calendar ten times as large.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="Put the tables into this page.")
def main(pupils: int, events: int, peers: str, parked: int, form: str | None, write: Path | None) -> None:
    """Measure, print, and write if asked to."""
    chosen = tuple(name for name in peers.split(",") if name)
    unknown = set(chosen) - set(PEERS)
    if unknown:
        raise click.BadParameter(", ".join(sorted(unknown)), param_hint="--peers")
    sizes = (events // SMALLER, events, *((events * SMALLER,) if form == "long" else ()))
    wishes = Wishes(pupils, sizes, chosen, parked, *(QUICK if form == "quick" else (TIMES, 4.0)))
    block = _measure(wishes)
    click.echo(block)
    if write is not None:
        page.write(write, block)


def _measure(wishes: Wishes) -> str:
    """Return all the tables."""
    loads = [machine.load()]
    with tempfile.TemporaryDirectory(prefix="cadran-bench-") as name:
        folder = Path(name)
        imports = _imports(wishes, folder)
        loads.append(machine.load())
        ours, peers = _dav(wishes, folder)
        loads.append(machine.load())
        together = _crowd(wishes, folder)
        parked = _pings(wishes, folder)
    load = ", ".join(f"{each:.1f}" for each in loads)
    repeated = f"{wishes.budget:g} s for each request, {wishes.times} of each import"
    facts = (*machine.facts(), ("Load before, between, after", load), ("Repeated", repeated))
    sections = [
        page.machine_table(facts),
        "## Imports\n\n" + page.import_table(imports),
        _dav_section(wishes, ours, peers),
        "## Many clients at once\n\n" + crowd.crowd_table(together),
    ]
    if parked is not None:
        sections.append("## Parked Pings\n\n" + page.pings_table(parked))
    return "\n".join(sections)


def _imports(wishes: Wishes, folder: Path) -> Imports:
    """Import as often as wished, and leave the school with its first timetable in `cadran`."""
    prepared = prepare(folder / "school", wishes.pupils)
    _say("the school is made")
    first, again, changed = [], [], []
    for turn in range(wishes.times):
        data = copied(prepared, folder / f"import-{turn}")
        first.append(imported(data, FIRST, prepared.begins))
        again.append(imported(data, FIRST, prepared.begins))
        if not turn:
            shutil.copytree(data, folder / "cadran")
        changed.append(imported(data, NEXT, datetime.now(ZONE)))
        shutil.rmtree(data)
    _say("imports measured")
    return Imports(prepared, tuple(first), tuple(again), tuple(changed))


def _dav(wishes: Wishes, folder: Path) -> tuple[Results, list[Results]]:
    """Measure Cadran, then each peer; a peer that cannot be prepared is told of, and left out."""
    ours = comparison.measured(servers.cadran(folder / "cadran", wishes.sizes), wishes.sizes, wishes.budget, _say)
    peers = []
    for name in wishes.peers:
        place = folder / name
        place.mkdir()
        try:
            peer = PEERS[name](place, wishes.sizes)
        except (OSError, subprocess.CalledProcessError) as failure:
            peers.append(Results(name, {}, (f"could not be prepared: {failure}",)))
            continue
        peers.append(comparison.measured(peer, wishes.sizes, wishes.budget, _say))
    return ours, peers


def _dav_section(wishes: Wishes, ours: Results, peers: list[Results]) -> str:
    parts = []
    for size in reversed(wishes.sizes):
        parts += [f"## CalDAV, {number(size)} events in one calendar\n\n", page.dav_table(ours, peers, size), "\n"]
    parts += ["## What grows with the calendar\n\n", page.growth_table(ours, wishes.sizes[0], wishes.sizes[-1])]
    failed = page.problems((ours, *peers))
    return "".join([*parts, f"\nNot measured:\n\n{failed}" if failed else ""])


def _crowd(wishes: Wishes, folder: Path) -> Crowd:
    return crowd.measured(servers.cadran(folder / "cadran", ()), wishes.sizes[1], wishes.budget * CROWD_BUDGETS, _say)


def _pings(wishes: Wishes, folder: Path) -> Parked | None:
    if not wishes.pings:
        return None
    return pings.measured(servers.cadran(folder / "cadran", ()), wishes.pings, _say)


def _say(sentence: str) -> None:
    click.echo(f"{perf_counter() - BEGAN:6.1f} s  {sentence}", err=True)


if __name__ == "__main__":
    main()
