"""What is to be measured, and the school it is measured on, made once and copied for each part."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.school import FIRST, Prepared, imported, prepare


@dataclass(frozen=True, slots=True)
class Wishes:
    """How much to measure; `budget` is in seconds for each row, `times` how often to import.

    `entries` is the size of the calendar that phones load, `devices` how many synchronise during an import, `schools`
    how many deposit into one PostgreSQL.
    """

    pupils: int
    sizes: tuple[int, ...]
    peers: tuple[str, ...]
    pings: int
    entries: int
    devices: int
    schools: int
    times: int
    budget: float


@dataclass(frozen=True)
class Ground:
    """A folder to measure in, and `say`, which tells how far it is."""

    folder: Path
    wishes: Wishes
    say: Callable[[str], object]
    _copies: list[Path] = field(default_factory=list)

    @cached_property
    def prepared(self) -> Prepared:
        """The school with its people and without a timetable."""
        prepared = prepare(self.folder / "school", self.wishes.pupils)
        self.say("the school is made")
        return prepared

    def school(self) -> Path:
        """Return a copy of its own of the data folder, with the first timetable imported."""
        copy = self.folder / f"cadran-{len(self._copies)}"
        self._copies.append(copy)
        shutil.copytree(self._timetabled, copy)
        return copy

    @cached_property
    def _timetabled(self) -> Path:
        folder = self.folder / "timetabled"
        shutil.copytree(self.prepared.folder, folder)
        imported(folder, FIRST, self.prepared.begins)
        self.say("its timetable is imported")
        return folder
