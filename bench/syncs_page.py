"""The tables of what synchronising phones meet with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bench.figures import milliseconds, number, table
from bench.syncs import During, FirstLoad, Rate

MIB: Final = 2**20


def first_load_table(loads: Sequence[FirstLoad]) -> str:
    """Return what the first load of a calendar takes, a line for each size of page."""
    head = (
        "Pages of",
        "pages",
        "all, s",
        "one page, ms",
        "slowest 5 %, ms",
        "MB sent",
        "server before, MB",
        "highest, MB",
    )
    rows = [
        (
            number(each.window),
            number(each.pages.count),
            f"{each.seconds:.2f}",
            milliseconds(each.pages),
            number(each.pages.p95 * 1000),
            f"{each.octets / MIB:.2f}",
            f"{each.memory_before / MIB:.0f}",
            f"{each.memory_highest / MIB:.0f}",
        )
        for each in loads
    ]
    return f"First load of a calendar of {number(loads[0].entries)} entries.\n\n" + table(head, rows)


def rate_table(rates: Sequence[Rate]) -> str:
    """Return how fast Syncs that find nothing new are answered."""
    rows = [
        (
            number(each.connections),
            number(each.found.count),
            number(each.a_second),
            milliseconds(each.found),
            number(each.found.p95 * 1000),
            number(len(each.errors)),
        )
        for each in rates
    ]
    head = ("Sync that finds nothing new; connections", "requests", "a second", "each, ms", "p95, ms", "errors")
    return table(head, rows) + _told(error for each in rates for error in each.errors)


def during_table(during: During) -> str:
    """Return what devices meet with while an import commits."""
    rows = (
        ("Devices, each synchronising every second", "", number(during.devices)),
        ("Syncs before it, ms", "", milliseconds(during.quiet)),
        ("Syncs meanwhile, ms", "", milliseconds(during.meanwhile)),
        ("Their p95, ms", "", number(during.meanwhile.p95 * 1000)),
        ("Syncs meanwhile", "", number(during.meanwhile.count)),
        ("Errors", "0", number(len(during.errors))),
        ("Devices that were sent what changed", "", number(during.told)),
        ("The import, s", "", f"{during.seconds:.1f}"),
        ("The same import with nobody there, s", "", f"{during.alone:.1f}"),
    )
    return table(("During an import", "promised", "measured"), rows) + _told(during.errors)


def _told(errors: Iterable[str]) -> str:
    listed = "".join(f"- {error}\n" for error in sorted(set(errors)))
    return f"\n{listed}" if listed else ""
