"""Import runs: what was imported, when, with what result; never stamps the school's clock."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from storage.errors import NotFound
from storage.identifiers import ordered_id
from storage.schema import import_run
from storage.schema_imports import import_file, import_journal

if TYPE_CHECKING:
    from storage.transaction import Transaction

QUEUED: Final = "queued"
RUNNING: Final = "running"
DONE: Final = "done"
REJECTED: Final = "rejected"
FAILED: Final = "failed"
INTERRUPTED: Final = "interrupted"
SUPERSEDED: Final = "superseded"
DISCARDED: Final = "discarded"
UNDONE: Final = "undone"

QUOTED: Final = frozenset({"name", "names", "value", "file", "login", "detail"})
GONE: Final = "…"
_APART: Final = re.compile(r"[\s\-‐‑.,/]+")

_NO_WORK: Final = (QUEUED, INTERRUPTED, SUPERSEDED, DISCARDED)
_CHANGED_NOTHING: Final = (REJECTED, FAILED)
# What an import counts that changes nothing: sessions that have begun.
_LEFT_ALONE: Final = "events_frozen"

_r = import_run.c


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One run; `report` is the run's own data (R174 to R179).

    `status` is "queued", "running", "done", "rejected", "failed", "interrupted", "superseded", "discarded" or
    "undone"; `kind` "manual", "automatic" or "undo". `started` is when it was asked for. `file_id` names the kept file,
    `access_id` the access by which it was deposited.
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
    file_id: str | None = None
    access_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to record; see ImportRun."""

    kind: str
    format: str
    file_name: str
    file_hash: str
    file_id: str | None = None
    access_id: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A run that made work: when it ended (epoch seconds), and whether the timetable became another by it."""

    ended: int
    changed: bool


class Imports:
    """Import runs of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def start(self, new: NewRun) -> str:
        """Record that a run begins and return its id; the caller holds the school's turn, so older ones are dead."""
        self.interrupt_lost()
        return self._record(new, RUNNING)

    def queue(self, new: NewRun) -> str:
        """Record that a run waits for its turn and return its id."""
        return self._record(new, QUEUED)

    def _record(self, new: NewRun, status: str) -> str:
        self._tx.require_writing()
        run_id = ordered_id()
        row = {
            "school_id": self._tx.school_id,
            "id": run_id,
            "kind": new.kind,
            "format": new.format,
            "status": status,
            "file_name": new.file_name,
            "file_hash": new.file_hash,
            "started": self._tx.now(),
            "report": {},
            "file_id": new.file_id,
            "access_id": new.access_id,
        }
        self._tx.connection.execute(insert(import_run), row)
        return run_id

    def begin(self, run_id: str) -> None:
        """Record that a waiting run begins; the caller holds the school's turn. Raises NotFound unless it waits."""
        self.interrupt_lost()
        waits = and_(self._this(run_id), _r.status == QUEUED)
        if not self._tx.connection.execute(update(import_run).where(waits).values(status=RUNNING)).rowcount:
            raise NotFound("import", run_id)

    def note(self, run_id: str, stage: str, done: int, total: int) -> None:
        """Record how far a running run has come, for those who look at the history."""
        self._tx.require_writing()
        told = {"stage": stage, "done": done, "total": total}
        runs = and_(self._this(run_id), _r.status == RUNNING)
        self._tx.connection.execute(update(import_run).where(runs).values(report=told))

    def wait_again(self, run_id: str) -> None:
        """Put a running run back into the queue, at its old place."""
        self._tx.require_writing()
        runs = and_(self._this(run_id), _r.status == RUNNING)
        self._tx.connection.execute(update(import_run).where(runs).values(status=QUEUED, report={}))

    def supersede(self, kind: str, newest: str) -> int:
        """Put the runs of a kind that wait and are older than one out of the queue, and return how many.

        Their files are forgotten: the newer one says more (design, section 9.12).
        """
        self._tx.require_writing()
        older = [run for run in self.waiting() if run.kind == kind and run.id < newest]
        for run in older:
            self.finish(run.id, SUPERSEDED, {})
            if run.file_id is not None:
                self._tx.import_files.drop(run.file_id)
        return len(older)

    def interrupt_lost(self) -> int:
        """Say of running runs that they were interrupted, and return how many (R175).

        Only who holds the school's turn may ask: whoever ran them is gone.
        """
        self._tx.require_writing()
        lost = and_(_r.school_id == self._tx.school_id, _r.status == RUNNING)
        values = {"status": INTERRUPTED, "finished": self._tx.now()}
        return self._tx.connection.execute(update(import_run).where(lost).values(**values)).rowcount

    def set_status(self, run_id: str, status: str, noted: Mapping[str, Any] | None = None) -> None:
        """Give a run another status; its report stays, with what is noted besides. Raises NotFound."""
        self._tx.require_writing()
        report = {**self.run(run_id).report, **(noted or {})}
        values = {"status": status, "report": report}
        self._tx.connection.execute(update(import_run).where(self._this(run_id)).values(**values))

    def finish(self, run_id: str, status: str, report: Mapping[str, Any]) -> None:
        """Record how a run ended."""
        self._tx.require_writing()
        values = {"status": status, "report": dict(report), "finished": self._tx.now()}
        self._tx.connection.execute(update(import_run).where(self._this(run_id)).values(**values))

    def run(self, run_id: str) -> ImportRun:
        """Return a run; raises NotFound."""
        row = self._tx.connection.execute(self._select().where(self._this(run_id))).first()
        if row is None:
            raise NotFound("import", run_id)
        return ImportRun(*row)

    def history(self, limit: int = 50) -> tuple[ImportRun, ...]:
        """Return the last runs, newest first."""
        query = self._select().where(_r.school_id == self._tx.school_id).order_by(_r.started.desc(), _r.id.desc())
        return tuple(ImportRun(*row) for row in self._tx.connection.execute(query.limit(limit)))

    def waiting(self) -> tuple[ImportRun, ...]:
        """Return the runs that wait, in their order: the first is next (R172)."""
        here = and_(_r.school_id == self._tx.school_id, _r.status == QUEUED)
        query = self._select().where(here).order_by(_r.started, _r.id)
        return tuple(ImportRun(*row) for row in self._tx.connection.execute(query))

    def last_done(self, kind: str | None = None) -> ImportRun | None:
        """Return the last run that was carried out and stands, of a kind or of any."""
        here = and_(_r.school_id == self._tx.school_id, _r.status == DONE)
        if kind is not None:
            here = and_(here, _r.kind == kind)
        row = self._tx.connection.execute(self._select().where(here).order_by(_r.id.desc()).limit(1)).first()
        return None if row is None else ImportRun(*row)

    def last_exported(self) -> str:
        """Return when the file of the last run that stands was exported, of those that say so; "" when none does."""
        told = _r.report["origin"]["exported"].as_string()
        here = and_(_r.school_id == self._tx.school_id, _r.status == DONE, told != "")
        found = self._tx.connection.execute(select(told).where(here).order_by(_r.id.desc()).limit(1)).scalar()
        return str(found or "")

    def worked_since(self, kind: str, moment: int) -> tuple[Work, ...]:
        """Return the runs of a kind that made work and ended since a moment (epoch seconds), in order (R182).

        Whatever came of them; those of a file that was imported before, or that were put off at the door, made none,
        and those that the server interrupted are not the school's.
        """
        here = and_(_r.school_id == self._tx.school_id, _r.kind == kind, _r.finished > moment)
        query = select(_r.finished, _r.status, _r.report).where(here, _r.status.not_in(_NO_WORK))
        rows = self._tx.connection.execute(query.order_by(_r.finished)).all()
        return tuple(
            Work(row.finished, changed=_changed(row.status, row.report)) for row in rows if not row.report.get("idle")
        )

    def forget_refused(self, kind: str, keep: int) -> int:
        """Forget the files of runs of a kind that changed nothing, but for the newest ones; return of how many.

        A file that another run imported, or that a newer run may still need, stays.
        """
        self._tx.require_writing()
        here = _r.school_id == self._tx.school_id
        refused = and_(here, _r.kind == kind, _r.status.in_(_CHANGED_NOTHING), _r.file_id.is_not(None))
        newest = self._tx.connection.execute(select(_r.file_id).where(refused).order_by(_r.id.desc()).limit(keep))
        needed = select(_r.file_id).where(here, _r.file_id.is_not(None), _r.status.not_in(_CHANGED_NOTHING))
        held = and_(import_file.c.school_id == self._tx.school_id, import_file.c.content.is_not(None))
        query = select(import_file.c.id).where(held, import_file.c.id.in_(select(_r.file_id).where(refused)))
        query = query.where(import_file.c.id.not_in(newest.scalars().all()), import_file.c.id.not_in(needed))
        gone = self._tx.connection.execute(query).scalars().all()
        for file_id in gone:
            self._tx.import_files.drop(file_id)
        return len(gone)

    def keep_journal(self, run_id: str, content: bytes) -> None:
        """Keep what undoing a run needs (importers.journal)."""
        self._tx.require_writing()
        self._tx.connection.execute(
            insert(import_journal), {"school_id": self._tx.school_id, "run_id": run_id, "content": content}
        )

    def journal(self, run_id: str) -> bytes | None:
        """Return what undoing a run needs, None when it is no longer kept."""
        this = and_(import_journal.c.school_id == self._tx.school_id, import_journal.c.run_id == run_id)
        found = self._tx.connection.execute(select(import_journal.c.content).where(this)).scalar()
        return None if found is None else bytes(found)

    def forget_journals(self, keep: int, before: int = 0) -> None:
        """Drop all journals but those of the last runs, and those of runs before a moment: they name teachers."""
        self._tx.require_writing()
        here = import_journal.c.school_id == self._tx.school_id
        old = select(_r.id).where(_r.school_id == self._tx.school_id, _r.started < before)
        kept = select(import_journal.c.run_id).where(here, import_journal.c.run_id.not_in(old))
        names = self._tx.connection.execute(kept.order_by(import_journal.c.run_id.desc()).limit(keep)).scalars().all()
        self._tx.connection.execute(delete(import_journal).where(here, import_journal.c.run_id.not_in(names)))

    def forget_names(self, before: int) -> None:
        """Drop the names of people who were not matched from the reports of runs before a moment (privacy).

        What a refusal quoted of its file goes too, and what the file was called: it may be a name.
        """
        old = and_(_r.school_id == self._tx.school_id, _r.started < before)
        self._tx.require_writing()
        self._tx.connection.execute(
            update(import_run).where(old, _r.file_name.not_in(("", GONE))).values(file_name=GONE)
        )
        self._leave_out(old, lambda _person: True, quoted=True)

    def forget_person(self, families: Iterable[str], given: str) -> None:
        """Drop somebody from the lists of people who were not matched, by any surname and however files spell it.

        Of two first names files tell one or both; somebody of one name alone is meant where files tell no other.
        """
        surnames, first = {_bare(family) for family in families if family}, _words(given)

        def meant(person: Mapping[str, str]) -> bool:
            short, long = sorted((_words(person["given"]), first), key=len)
            same = long[: len(short)] == short if short else not long
            return same and _bare(person["family"]) in surnames

        self._leave_out(_r.school_id == self._tx.school_id, meant)

    def _leave_out(
        self, which: ColumnElement[bool], gone: Callable[[Mapping[str, str]], bool], *, quoted: bool = False
    ) -> None:
        self._tx.require_writing()
        for run_id, report in self._tx.connection.execute(select(_r.id, _r.report).where(which)).all():
            kept = _without(report, gone)
            if quoted:
                kept = _without_places(kept)
            if quoted and isinstance(kept.get("data"), Mapping):
                kept["data"] = {name: GONE if name in QUOTED else value for name, value in kept["data"].items()}
            if kept != report:
                self._tx.connection.execute(update(import_run).where(self._this(run_id)).values(report=kept))

    def _this(self, run_id: str) -> ColumnElement[bool]:
        return and_(_r.school_id == self._tx.school_id, _r.id == run_id)

    @staticmethod
    def _select() -> Any:
        return select(*(each for each in _r if each.name != "school_id"))


def _changed(status: str, report: Mapping[str, Any]) -> bool:
    """Tell whether a run changed the timetable, even if that was undone later."""
    if status not in (DONE, UNDONE):
        return False
    counts = report.get("counts")
    return counts is None or any(number for name, number in counts.items() if name != _LEFT_ALONE)


def _words(name: str) -> list[str]:
    """Return the words of a name, each as `_bare` gives it."""
    return [word for part in _APART.split(name) if (word := _bare(part))]


def _bare(name: str) -> str:
    """Return the letters and digits of a name in lower case, without accents."""
    letters = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(each for each in letters if each.isalnum()).casefold()


def _without_places(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report whose oddities are counted and no longer located: a group may be called by somebody's name."""
    kept = dict(report)
    if "notices" in kept:
        kept["notices"] = [{**each, "places": []} for each in kept["notices"]]
    if isinstance(kept.get("planned"), Mapping):
        kept["planned"] = _without_places(kept["planned"])
    return kept


def _without(report: Mapping[str, Any], gone: Callable[[Mapping[str, str]], bool]) -> dict[str, Any]:
    """Return a report without some people; that of a rejected run holds the planned one."""
    kept = dict(report)
    if "unmatched" in kept:
        kept["unmatched"] = [person for person in kept["unmatched"] if not gone(person)]
    if isinstance(kept.get("planned"), Mapping):
        kept["planned"] = _without(kept["planned"], gone)
    return kept
