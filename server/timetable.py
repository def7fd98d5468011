"""Running a timetable import for a command or the demo: the file, the run, its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from importers import run as importing
from importers.run import Options, Report
from server import reports
from storage.model import School
from storage.store import Store

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """The instant of an import (aware), whether it only shows its plan, and whether it may take away most sessions."""

    now: datetime
    dry_run: bool = False
    force: bool = False


def run(store: Store, school: School, file: Path, choice: Choice, step: Step) -> Report:
    """Import one export; raises ImportRefused when the file cannot be imported, and then nothing was written."""

    def progress(stage: str, done: int, total: int) -> None:
        step(reports.stage(stage), done, total)

    options = Options(dry_run=choice.dry_run, file_name=file.name, force=choice.force, progress=progress)
    return importing.import_edt(store, school, file.read_bytes(), choice.now, options)
