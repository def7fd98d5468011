"""`python -m bench`: measure Cadran, and its peers beside it in the same run, and print the tables."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from time import perf_counter
from typing import Final

import click

from bench import blocks, machine
from bench.parts import PARTS
from bench.servers import PEERS
from bench.wanted import Ground, Wishes

SMALLER: Final = 10
# How often to import, and seconds for each row.
THOROUGH: Final = (3, 4.0)
QUICK: Final = (1, 1.0)
BEGAN: Final = perf_counter()


@click.command(help="Measure imports, CalDAV requests and phones; print the tables as Markdown.")
@click.option("--only", default=",".join(PARTS), show_default=True, help="Parts to measure, by commas.")
@click.option("--pupils", default=1568, show_default=True, help="Pupils of the school.")
@click.option(
    "--events", type=click.IntRange(1200), default=10_000, show_default=True, help="Events of the large calendar."
)
@click.option("--peers", default=",".join(PEERS), show_default=True, help="Servers to compare with, by commas.")
@click.option("--pings", default=2000, show_default=True, help="Pings to park; 0: none.")
@click.option("--entries", default=9000, show_default=True, help="Entries of the calendar a phone loads.")
@click.option("--devices", default=200, show_default=True, help="Devices that synchronise during an import.")
@click.option(
    "--schools", type=click.IntRange(2), default=3, show_default=True, help="Schools that deposit into one database."
)
@click.option("--quick", is_flag=True, help="Fewer repetitions.")
@click.option("--long", "thorough", is_flag=True, help="Also a calendar ten times as large.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False, exists=True), help="Where to measure.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="Put the tables into this page.")
def main(only: str, peers: str, folder: Path | None, write: Path | None, **amounts: int) -> None:
    """Measure, print, and write if asked to, each part as soon as it is there."""
    wishes = _wishes(_chosen(peers, PEERS, "--peers"), amounts)
    parts = _chosen(only, PARTS, "--only")
    with tempfile.TemporaryDirectory(prefix="cadran-bench-", dir=folder) as name:
        ground = Ground(Path(name), wishes, _say)
        for part in parts:
            text = measured(part, ground)
            click.echo(text)
            if write is not None:
                blocks.write(write, {part: text})


def measured(part: str, ground: Ground) -> str:
    """Return the section of a part, measured now."""
    load, began = machine.load(), perf_counter()
    tables = PARTS[part].measure(ground)
    told = machine.told(ground.folder, perf_counter() - began, (load, machine.load()))
    _say(f"{part}: done")
    return f"## {PARTS[part].title}\n\n{told}\n{tables}"


def _wishes(peers: tuple[str, ...], amounts: dict[str, int]) -> Wishes:
    """Return what is wished for; `amounts` are the options that are numbers or flags."""
    events, thorough = amounts.pop("events"), amounts.pop("thorough")
    sizes = (events // SMALLER, events, *((events * SMALLER,) if thorough else ()))
    times, budget = QUICK if amounts.pop("quick") else THOROUGH
    return Wishes(sizes=sizes, peers=peers, times=times, budget=budget, **amounts)


def _chosen(text: str, known: Collection[str], option: str) -> tuple[str, ...]:
    """Return the names in a list by commas, in the order they are known by; raises BadParameter."""
    named = {name for name in text.split(",") if name}
    if unknown := named - set(known):
        raise click.BadParameter(", ".join(sorted(unknown)), param_hint=option)
    return tuple(name for name in known if name in named)


def _say(sentence: str) -> None:
    click.echo(f"{perf_counter() - BEGAN:6.1f} s  {sentence}", err=True)


if __name__ == "__main__":
    # Whoever ends the bench ends the servers it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
