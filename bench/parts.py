"""The parts of the bench: each measures one matter on a school of its own and returns its tables."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bench import comparison, crowd, imports, page, pings, servers, syncs, syncs_page
from bench.comparison import Results
from bench.figures import number
from bench.page import Imports
from bench.school import FIRST, NEXT, ZONE, copied, imported, wide_export
from bench.servers import PEERS
from bench.wanted import Ground
from tests import postgres

CROWD_BUDGETS: Final = 3
# So much changes that everybody is concerned.
WIDE_PERCENT: Final = 25.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page: its heading, and what measures it and returns its tables as Markdown."""

    title: str
    measure: Callable[[Ground], str]


def _imports(ground: Ground) -> str:
    """Import as often as wished, each time into an empty copy of the school."""
    prepared = ground.prepared
    first, again, changed = [], [], []
    for turn in range(ground.wishes.times):
        data = copied(prepared, ground.folder / f"import-{turn}")
        first.append(imported(data, FIRST, prepared.begins))
        again.append(imported(data, FIRST, prepared.begins))
        changed.append(imported(data, NEXT, datetime.now(ZONE)))
        shutil.rmtree(data)
    return page.import_table(Imports(prepared, tuple(first), tuple(again), tuple(changed)))


def _calendars(ground: Ground) -> str:
    """Measure Cadran, then each peer; a peer that cannot be prepared is told of, and left out."""
    sizes, budget = ground.wishes.sizes, ground.wishes.budget
    mine = servers.cadran(ground.school(), sizes)
    ground.say("cadran: filled")
    ours = comparison.measured(mine, sizes, budget, ground.say)
    peers = []
    for name in ground.wishes.peers:
        place = ground.folder / name
        place.mkdir()
        try:
            peer = PEERS[name](place, sizes)
        except (OSError, subprocess.CalledProcessError) as failure:
            peers.append(Results(name, {}, (f"could not be prepared: {failure}",)))
            continue
        ground.say(f"{name}: filled")
        peers.append(comparison.measured(peer, sizes, budget, ground.say))
        shutil.rmtree(place)
    return _calendar_tables(sizes, ours, peers)


def _calendar_tables(sizes: tuple[int, ...], ours: Results, peers: list[Results]) -> str:
    parts = []
    for size in reversed(sizes):
        parts += [f"### {number(size)} events in one calendar\n\n", page.dav_table(ours, peers, size), "\n"]
    parts += ["### What grows with the calendar\n\n", page.growth_table(ours, sizes[0], sizes[-1])]
    failed = page.problems((ours, *peers))
    return "".join([*parts, f"\nNot measured:\n\n{failed}" if failed else ""])


def _crowd(ground: Ground) -> str:
    size, seconds = ground.wishes.sizes[1], ground.wishes.budget * CROWD_BUDGETS
    return crowd.crowd_table(crowd.measured(servers.cadran(ground.school(), (size,)), size, seconds, ground.say))


def _pings(ground: Ground) -> str:
    count = ground.wishes.pings
    if not count:
        return "None were to be parked.\n"
    export = wide_export(ground.prepared, WIDE_PERCENT)
    try:
        parked = pings.measured(servers.cadran(ground.school(), ()), count, export, ground.say)
    except pings.TooFewFiles as few:
        return (
            f"{number(count)} Pings need {number(few.wanted)} open files in one process, and this machine allows "
            f"{number(few.allowed)} (`ulimit -Hn`): not measured.\n"
        )
    return page.pings_table(parked)


def _phones(ground: Ground) -> str:
    """Measure first loads, Syncs that find nothing, and those during an import."""
    wishes = ground.wishes
    loads = syncs.first_loads(servers.cadran(ground.school(), (wishes.entries,)), wishes.entries, ground.say)
    schools = servers.cadran(ground.school(), ()), servers.cadran(ground.school(), ())
    export = ground.prepared.folder / NEXT
    rates, during = syncs.measured(schools, export, wishes.devices, wishes.budget * CROWD_BUDGETS, ground.say)
    tables = syncs_page.first_load_table(loads), syncs_page.rate_table(rates), syncs_page.during_table(during)
    return "\n".join(tables)


def _schools(ground: Ground) -> str:
    binaries = postgres.find_binaries()
    if binaries is None:
        return "PostgreSQL is not here: not measured.\n"
    wishes, folder = ground.wishes, ground.folder / "schools"
    with postgres.running_cluster(binaries) as cluster:
        gathered = imports.gather(cluster.url(cluster.create()), wishes.pupils, wishes.schools, folder)
        ground.say(f"{wishes.schools} schools gathered")
        return imports.crowd_table(gathered, imports.deposit_all(gathered, folder, 1))


PARTS: Final[Mapping[str, Part]] = {
    "imports": Part("Imports", _imports),
    "calendars": Part("CalDAV", _calendars),
    "crowd": Part("Many clients at once", _crowd),
    "pings": Part("Parked Pings", _pings),
    "phones": Part("Phones that synchronise", _phones),
    "schools": Part("Many schools in one database", _schools),
}
