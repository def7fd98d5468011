"""Running a timetable import for a command or the demo: the file, the run, its progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from importers import archives
from importers import run as importing
from importers.container import PartnerKey
from importers.errors import ImportRefused
from importers.report import Report
from importers.run import Options
from server import reports
from server.handed_over import contents
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
    keys: tuple[PartnerKey, ...] = ()


def run(store: Store, school: School, files: Sequence[Path], choice: Choice, step: Step) -> Report:
    """Import one export; raises ImportRefused when the file cannot be imported, and then nothing was written.

    Several files that belong together are handed over, and kept, as one archive.
    """
    options = Options(
        dry_run=choice.dry_run,
        file_name=" + ".join(file.name for file in files),
        keys=choice.keys,
        force=choice.force,
        new_identifiers=choice.new_identifiers,
        confirm=choice.confirm,
        progress=reports.progress(step),
    )
    return importing.import_file(store, school, _content(files), choice.now, options)


def _content(files: Sequence[Path]) -> bytes:
    found = contents(files)
    if len(files) == 1:
        return found[0]
    names = [file.name for file in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ImportRefused("archive-name", name=twice[:80])
    return archives.pack(zip(names, found, strict=True))
