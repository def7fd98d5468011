"""Automatic imports: a deposit is carried out when its turn comes, under the school's guard rails (R182, R184)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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


def opens(tx: Transaction) -> int | None:
    """Return when the school may import automatically again (epoch seconds), None when it may now (R182).

    At most so many imports in any 24 hours as the school's settings say; those that made no work do not count.
    """
    allowed = tx.school.settings.automatic_imports_per_day
    worked = tx.imports.worked_since(AUTOMATIC, tx.now() - DAY_SECONDS)
    return worked[-allowed] + DAY_SECONDS if len(worked) >= allowed else None


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
