"""Running a timetable import for a command or the demo: the file, the run, its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from importers import run as importing
from importers.report import Report
from importers.run import Options
from server import reports
from storage.model import School
from storage.store import Store

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """The instant of an import (aware), whether it only shows its plan, and which of its guards are off."""

    now: datetime
    dry_run: bool = False
    force: bool = False
    new_identifiers: bool = False
    confirm: str = ""


def run(store: Store, school: School, file: Path, choice: Choice, step: Step) -> Report:
    """Import one export; raises ImportRefused when the file cannot be imported, and then nothing was written."""
    options = Options(
        dry_run=choice.dry_run,
        file_name=file.name,
        force=choice.force,
        new_identifiers=choice.new_identifiers,
        confirm=choice.confirm,
        progress=reports.progress(step),
    )
    return importing.import_file(store, school, file.read_bytes(), choice.now, options)
