"""Automatic imports: a deposit is carried out when its turn comes, under the school's guard rails (R182, R184)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from importers import choices, unchanged
from importers.errors import ImportRefused
from importers.run import AUTOMATIC, MANUAL, Options, import_file
from storage.errors import NotFound
from storage.imports import DONE, REJECTED, ImportRun
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

DAY_SECONDS: Final = 86_400
LIMIT: Final = "limit"
TRIED: Final = "tried"
# How many files are read for each import that a school allows.
TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Shut:
    """Why a school may not import automatically now: `opens` is when it may again (epoch seconds).

    `reason` is LIMIT when as many imports as the school allows changed its timetable, TRIED when too many files were
    read, whatever came of them; `most` is how many that is.
    """

    opens: int
    reason: str
    most: int


def shut(tx: Transaction) -> Shut | None:
    """Return why the school may not import automatically now, None when it may (R182; design, section 9.12).

    In any 24 hours at most so many imports as its settings say change its timetable. Files that are refused or change
    nothing do not count among them, so that bad mornings do not stop the good one; that a flood of them stays bounded,
    so many times more files are read at most.
    """
    allowed = tx.school.settings.automatic_imports_per_day
    worked = tx.imports.worked_since(AUTOMATIC, tx.now() - DAY_SECONDS)
    changed = [each.ended for each in worked if each.changed]
    counted = ((LIMIT, changed, allowed), (TRIED, [each.ended for each in worked], allowed * TRIES))
    found = [Shut(ends[-most] + DAY_SECONDS, reason, most) for reason, ends, most in counted if len(ends) >= most]
    return max(found, key=lambda each: each.opens, default=None)


def carry_out(store: Store, school: School, run: ImportRun, now: datetime, options: Options) -> None:
    """Carry out a run that waits, with the keys and the progress of some options; the history tells what became of it.

    Raises ImportRefused("already-running") when the school's turn is not free: the run waits on. Raises NotFound when
    somebody else has begun it, and Interrupted when the progress function does: the run then waits again.
    """
    with store.turn(school.id) as free:
        if not free:
            raise ImportRefused("already-running")
        if _settled(store, school, run):
            return
    with store.reading(school.id) as tx:
        data = tx.import_files.content(run.file_id or "")
    named = replace(options, kind=AUTOMATIC, file_name=run.file_name, run_id=run.id, file_id=run.file_id)
    try:
        import_file(store, school, data, now, named)
    except ImportRefused as refusal:
        if refusal.reason == "already-running":
            raise
        with store.writing(school.id) as tx:
            tx.imports.forget_refused(AUTOMATIC, tx.school.settings.automatic_imports_per_day)


def _settled(store: Store, school: School, run: ImportRun) -> bool:
    """End a run that needs no import, and tell whether it was one."""
    with store.reading(school.id) as tx:
        found = _without_import(tx, run)
    if found is None:
        return False
    status, report = found
    with store.writing(school.id) as tx:
        tx.imports.begin(run.id)
        tx.imports.finish(run.id, status, {**report, "idle": True})
        if status == DONE:
            unchanged.note(tx, run.id)
        else:
            tx.imports.forget_refused(AUTOMATIC, tx.school.settings.automatic_imports_per_day)
    return True


def _without_import(tx: Transaction, run: ImportRun) -> tuple[str, Mapping[str, Any]] | None:
    if tx.imports.last_done(MANUAL) is None or tx.import_choices.get(choices.YEAR_PENDING):
        return REJECTED, {"reason": "no-manual-import", "data": {}}
    if not _kept(tx, run):
        return REJECTED, {"reason": "file-forgotten", "data": {}}
    if unchanged.is_unchanged(tx, run):
        return DONE, {"counts": {}}
    return None


def _kept(tx: Transaction, run: ImportRun) -> bool:
    try:
        return tx.import_files.about(run.file_id or "").kept
    except NotFound:
        return False
