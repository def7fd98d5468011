"""One import, from bytes to report: recognise, parse, select, expand, reconcile, plan, apply (design, section 5)."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from importers import apply as applying
from importers import edt
from importers.apply import Progress, Snapshot
from importers.desired import desired
from importers.errors import ImportRefused
from importers.notices import Notice
from importers.plan import plan
from importers.proposal import Counts, Plan
from importers.reconcile import Doubt, Reconciliation, idpn_regenerated, reconcile
from importers.selection import EVERYTHING, Selection, of_school, select
from importers.sessions import Expansion, Settings, expand
from importers.timetable import Timetable
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

FORMAT: Final = "edt"
WRECK_SHARE: Final = 0.5


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: `dry_run` plans and writes nothing; `digest` is the plan that was approved, any when empty.

    `force` lets an import through that takes away most of the coming sessions; `new_identifiers` one whose Pronote
    identifiers were regenerated: people are then recognised by their names alone.
    """

    dry_run: bool = False
    file_name: str = ""
    kind: str = "manual"
    selection: Selection = EVERYTHING
    digest: str = ""
    force: bool = False
    new_identifiers: bool = False
    progress: Progress = _silent


@dataclass(frozen=True, slots=True)
class Large:
    """A collection above the size that synchronises well (R19)."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A person of the file without account, and why; `kind` is "pupil", "teacher" or "staff" (R193 to R196)."""

    kind: str
    family: str
    given: str
    birth: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did or, dry, would do (R164 to R168, R193 to R196)."""

    school: str
    dry_run: bool
    digest: str
    counts: Counts
    sessions: int
    matched: Mapping[str, int]
    unmatched: tuple[Unmatched, ...]
    notices: tuple[Notice, ...]
    large: tuple[Large, ...] = ()
    run_id: str = ""

    def data(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Considered:
    """A plan with what it was made from, within one transaction."""

    plan: Plan
    report: Report
    snapshot: Snapshot
    found: Reconciliation


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A file read for one school: pure, before any database is asked."""

    timetable: Timetable
    expansion: Expansion
    zone: ZoneInfo


def import_edt(store: Store, school: School, data: bytes, now: datetime, options: Options | None = None) -> Report:
    """Import an EDT/Pronote export into a school at an instant (aware); all or nothing.

    Raises ImportRefused, also when the file is another school's, when Pronote's identifiers look regenerated (R77) or
    most coming sessions would go, unless the options allow it, or when the plan is no longer the one approved. The run
    and its outcome are kept in the history, a dry run is not.
    """
    with _without_collector():
        return _imported(store, school, data, now, options or Options())


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the garbage collector: an import makes objects by the hundred thousand, and none of them in cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _imported(store: Store, school: School, data: bytes, now: datetime, options: Options) -> Report:
    if options.dry_run:
        prepared = _prepare(data, school, options)
        with store.reading(school.id) as tx:
            return _plan(prepared, tx, now, options).report
    run_id = _begin(store, school, data, options)
    try:
        prepared = _prepare(data, school, options)
        with store.writing(school.id) as tx:
            return _carried_out(prepared, tx, now, options, run_id)
    except ImportRefused as refusal:
        _end(store, school, run_id, "rejected", {"reason": refusal.reason, "data": _plain(refusal.data)})
        raise
    except BaseException as error:
        _end(store, school, run_id, "failed", {"reason": type(error).__name__})
        raise


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | str) else str(value) for name, value in values.items()}


def _begin(store: Store, school: School, data: bytes, options: Options) -> str:
    with store.writing(school.id) as tx:
        return tx.imports.start(
            kind=options.kind,
            format_name=FORMAT,
            file_name=options.file_name,
            file_hash=hashlib.sha256(data).hexdigest(),
        )


def _end(store: Store, school: School, run_id: str, status: str, report: Mapping[str, Any]) -> None:
    with store.writing(school.id) as tx:
        tx.imports.finish(run_id, status, report)


def _prepare(data: bytes, school: School, options: Options) -> _Prepared:
    """Read, select and expand a file for a school."""
    if not edt.recognise(data):
        raise ImportRefused("not-recognised")
    options.progress("reading", 0, 1)
    timetable = select(of_school(edt.parse(data), school.code), options.selection)
    options.progress("expanding", 0, 1)
    zone = ZoneInfo(school.zone)
    settings = Settings(
        school=school.code,
        zone=zone,
        include_class_parts=school.settings.include_class_parts,
        without_courses=options.selection.courses,
    )
    return _Prepared(timetable, expand(timetable, settings), zone)


def _plan(prepared: _Prepared, tx: Transaction, now: datetime, options: Options) -> _Considered:
    """Reconcile and compare within a transaction; writes nothing."""
    options.progress("planning", 0, 1)
    known = applying.accounts(tx)
    check = idpn_regenerated(prepared.timetable.people(), applying.heard_last(tx, known))
    if check.regenerated:
        if not options.new_identifiers:
            raise ImportRefused("idpn-regenerated", known=check.known, vanished=check.vanished)
        # Numbers given anew may be those that somebody else had.
        known = tuple(replace(account, idpns=frozenset()) for account in known)
    found = reconcile(prepared.timetable.people(), known)
    snapshot = Snapshot(tx)
    wanted = desired(prepared.timetable, prepared.expansion, found.matched, prepared.zone)
    proposal = plan(snapshot.current(), wanted, now)
    return _Considered(proposal, _report(prepared, found, proposal, tx, options), snapshot, found)


def _carried_out(prepared: _Prepared, tx: Transaction, now: datetime, options: Options, run_id: str) -> Report:
    """Plan and write in one transaction, and record the run as done in the same."""
    tx.lock()
    considered = _plan(prepared, tx, now, options)
    if options.digest and options.digest != considered.plan.digest:
        raise ImportRefused("plan-changed", approved=options.digest, found=considered.plan.digest)
    if not options.force:
        _refuse_wreck(considered)
    applying.apply(considered.plan, considered.snapshot, tx, options.progress)
    applying.learn(tx, _idpns(prepared.timetable, considered.found), now)
    finished = replace(considered.report, large=_large(tx), run_id=run_id)
    tx.imports.finish(run_id, "done", finished.data())
    options.progress("done", 1, 1)
    return finished


def _refuse_wreck(considered: _Considered) -> None:
    """Raise ImportRefused when the file would take away more than half of the coming sessions: it may lack courses."""
    now = considered.plan.now
    coming = sum(lesson.starts >= now for lesson in considered.snapshot.lessons.values())
    lost = considered.plan.counts.events_deleted - considered.plan.counts.events_created
    if lost > coming * WRECK_SHARE:
        raise ImportRefused("would-wreck", lost=lost, coming=coming)


def _large(tx: Transaction) -> tuple[Large, ...]:
    found = tx.collections.large()
    return tuple(Large(name, count) for name, count in sorted(found, key=lambda each: (-each[1], each[0])))


def _idpns(timetable: Timetable, found: Reconciliation) -> list[tuple[str, int]]:
    return [
        (person.idpn, found.matched[person.ref].account)
        for person in timetable.people()
        if person.idpn and person.ref in found.matched
    ]


def _report(prepared: _Prepared, found: Reconciliation, proposal: Plan, tx: Transaction, options: Options) -> Report:
    matched: dict[str, int] = {}
    for person in prepared.timetable.people():
        if person.ref in found.matched:
            matched[person.kind.value] = matched.get(person.kind.value, 0) + 1
    doubts = sorted((*found.unmatched, *found.ambiguous), key=_doubt_order)
    return Report(
        school=tx.school.code,
        dry_run=options.dry_run,
        digest=proposal.digest,
        counts=proposal.counts,
        sessions=len(prepared.expansion.sessions),
        matched=matched,
        unmatched=tuple(_unmatched(doubt) for doubt in doubts),
        notices=(*prepared.timetable.notices, *prepared.expansion.notices),
    )


def _doubt_order(doubt: Doubt) -> tuple[str, str, str, str]:
    person = doubt.person
    return person.kind.value, person.family, person.given, str(person.birth_date or "")


def _unmatched(doubt: Doubt) -> Unmatched:
    person = doubt.person
    birth = person.birth_date.isoformat() if person.birth_date else ""
    return Unmatched(person.kind.value, person.family, person.given, birth, doubt.reason.value)
