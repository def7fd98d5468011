"""Import runs: what was imported, when, with what result; never stamps the school's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, insert, select, update

from storage.identifiers import ordered_id
from storage.schema import import_run

if TYPE_CHECKING:
    from storage.transaction import Transaction

LOST_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One run; `report` is the run's own data (R174 to R179).

    `status` is "running", "done", "rejected", "failed" or "interrupted".
    """

    id: str
    kind: str
    format: str
    status: str
    file_name: str
    file_hash: str
    started: int
    finished: int | None
    report: Mapping[str, Any]


class Imports:
    """Import runs of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def start(self, *, kind: str, format_name: str, file_name: str, file_hash: str) -> str:
        """Record that a run began and return its id."""
        self._tx.require_writing()
        self._interrupt_lost()
        run_id = ordered_id()
        row = {
            "school_id": self._tx.school_id,
            "id": run_id,
            "kind": kind,
            "format": format_name,
            "status": "running",
            "file_name": file_name,
            "file_hash": file_hash,
            "started": self._tx.now(),
            "report": {},
        }
        self._tx.connection.execute(insert(import_run), row)
        return run_id

    def _interrupt_lost(self) -> None:
        """Say of runs that never ended that they were interrupted: their process is gone (R175)."""
        lost = and_(
            import_run.c.school_id == self._tx.school_id,
            import_run.c.status == "running",
            import_run.c.started < self._tx.now() - LOST_SECONDS,
        )
        self._tx.connection.execute(update(import_run).where(lost).values(status="interrupted"))

    def forget_names(self, before: int) -> None:
        """Drop the names of people who were not matched from the reports of runs before a moment (privacy)."""
        old = and_(import_run.c.school_id == self._tx.school_id, import_run.c.started < before)
        rows = self._tx.connection.execute(select(import_run.c.id, import_run.c.report).where(old)).all()
        for run_id, report in rows:
            if report.get("unmatched"):
                this = and_(import_run.c.school_id == self._tx.school_id, import_run.c.id == run_id)
                kept = {**report, "unmatched": []}
                self._tx.connection.execute(update(import_run).where(this).values(report=kept))

    def finish(self, run_id: str, status: str, report: Mapping[str, Any]) -> None:
        """Record how a run ended."""
        self._tx.require_writing()
        this = (import_run.c.school_id == self._tx.school_id) & (import_run.c.id == run_id)
        values = {"status": status, "report": dict(report), "finished": self._tx.now()}
        self._tx.connection.execute(update(import_run).where(this).values(**values))

    def history(self, limit: int = 50) -> tuple[ImportRun, ...]:
        """Return the last runs, newest first."""
        columns = [each for each in import_run.c if each.name != "school_id"]
        query = (
            select(*columns)
            .where(import_run.c.school_id == self._tx.school_id)
            .order_by(import_run.c.started.desc(), import_run.c.id.desc())
            .limit(limit)
        )
        return tuple(ImportRun(*row) for row in self._tx.connection.execute(query))
