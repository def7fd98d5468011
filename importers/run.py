"""One import, from bytes to report: read, select, expand, reconcile, plan, judge, apply (design, section 5)."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from importers import apply as applying
from importers import choices, formats, origin, report, school_calendar, told, unchanged
from importers.apply import Progress, Snapshot
from importers.container import PartnerKey
from importers.decided import decided
from importers.desired import desired
from importers.errors import ImportRefused, Interrupted
from importers.formats import Reading
from importers.journal import completed, journal_of, surroundings
from importers.measures import Recognised, Sides, measures
from importers.notices import Notice
from importers.origin import Origin
from importers.plan import plan
from importers.proposal import Current, Desired, Plan
from importers.reconcile import Account, IdpnCheck, Reconciliation, disputed, idpn_regenerated, reconcile
from importers.report import Large, Report
from importers.selection import Selection, of_school, select
from importers.sessions import Expansion, Settings, expand
from importers.setting import Setting
from importers.thresholds import Verdict, judge
from importers.timetable import Person, Timetable
from storage.decisions import Decision
from storage.imports import DONE, FAILED, REJECTED, NewRun
from storage.maintenance import JOURNALS_KEPT
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

MANUAL: Final = "manual"
AUTOMATIC: Final = "automatic"
WRECK_SHARE: Final = 0.5
_FORETOLD: Final = ("would-wreck", "empty-replace")


def silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: `dry_run` plans and writes nothing; `digest` is the plan that was approved, any when empty.

    `selection` is what is left out and, after a manual run, stays so; None is what the school chose before. `force`
    lets an import through that takes away most of the coming sessions, `confirm` (the school's code) one without any
    session, `accepted` an automatic one whose thresholds are passed; `new_identifiers` one whose Pronote identifiers
    were regenerated: people are then recognised by their names alone. `force` and `accepted`, and nothing else, let one
    through in which many people are missing. `run_id` is a run that waited, `keys` open encrypted exports.
    """

    dry_run: bool = False
    file_name: str = ""
    kind: str = MANUAL
    selection: Selection | None = None
    digest: str = ""
    force: bool = False
    confirm: str = ""
    accepted: bool = False
    new_identifiers: bool = False
    add_subjects: bool = False
    run_id: str = ""
    file_id: str | None = None
    keys: tuple[PartnerKey, ...] = ()
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class _Considered:
    """A plan with what it was made from, within one transaction."""

    plan: Plan
    current: Current
    wanted: Desired
    report: Report
    snapshot: Snapshot
    found: Reconciliation
    missing: IdpnCheck | None = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A file read for one school: pure, before any database is asked."""

    format: str
    timetable: Timetable
    expansion: Expansion
    zone: ZoneInfo
    origin: Origin


def import_file(store: Store, school: School, data: bytes, now: datetime, options: Options | None = None) -> Report:
    """Import a timetable file into a school at an instant (aware); all or nothing.

    Raises ImportRefused, also when the file is another school's, when Pronote's identifiers look regenerated (R77),
    many people or most coming sessions would go or a blocking threshold is passed, unless the options allow it, when
    the plan is no longer the one approved, or another import runs. The run and its outcome are kept in the history, a
    dry run is not.
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
        with store.reading(school.id) as tx:
            chosen, setting = _selection(tx, options), told.setting(tx, options.keys)
        prepared = _prepare(data, school, chosen, setting, options.progress)
        with store.reading(school.id) as tx:
            considered = _plan(prepared, tx, now, options)
        return _forewarned(considered, school.code, options)
    with store.turn(school.id) as free:
        if not free:
            raise ImportRefused("already-running")
        return _recorded(store, school, data, now, options)


def _recorded(store: Store, school: School, data: bytes, now: datetime, options: Options) -> Report:
    """Run within the school's turn and keep in the history how it ended."""
    with store.writing(school.id) as tx:
        run_id = _begin(tx, data, options)
        chosen, setting = _selection(tx, options), told.setting(tx, options.keys)
    try:
        prepared = _prepare(data, school, chosen, setting, options.progress)
        # Told before the transaction, within which SQLite lets nobody else write how far a run has come.
        options.progress("planning", 0, 1)
        with store.writing(school.id) as tx:
            done = _carried_out(prepared, tx, now, options, run_id)
    except Interrupted:
        with store.writing(school.id) as tx:
            tx.imports.wait_again(run_id)
        raise
    except ImportRefused as refusal:
        said = {"reason": refusal.reason, "data": _plain(refusal.data), **refusal.report}
        _end(store, school, run_id, REJECTED, said)
        raise
    except BaseException as error:
        _end(store, school, run_id, FAILED, {"reason": type(error).__name__})
        raise
    store.settle(done.counts.events_created)
    return done


def _selection(tx: Transaction, options: Options) -> Selection:
    return choices.selection(tx) if options.selection is None else options.selection


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | str) else _listed(value) for name, value in values.items()}


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _begin(tx: Transaction, data: bytes, options: Options) -> str:
    if options.run_id:
        tx.imports.begin(options.run_id)
        return options.run_id
    file_id = options.file_id or tx.import_files.keep(options.file_name, data).id
    digest = hashlib.sha256(data).hexdigest()
    return tx.imports.start(
        NewRun(options.kind, formats.recognised(data) or "?", options.file_name, digest, file_id=file_id)
    )


def _end(store: Store, school: School, run_id: str, status: str, data: Mapping[str, Any]) -> None:
    with store.writing(school.id) as tx:
        tx.imports.finish(run_id, status, data)


def _prepare(data: bytes, school: School, chosen: Selection, setting: Setting, progress: Progress) -> _Prepared:
    """Read, select and expand a file for a school."""
    progress("reading", 0, 1)
    reading = formats.read(data, setting)
    return prepared(reading, school, chosen, progress)


def prepared(reading: Reading, school: School, chosen: Selection, progress: Progress) -> _Prepared:
    """Select and expand what was read for a school."""
    timetable = select(of_school(reading.timetable, school.code), chosen)
    progress("expanding", 0, 1)
    zone = ZoneInfo(school.zone)
    settings = Settings(
        school=school.code,
        zone=zone,
        include_class_parts=school.settings.include_class_parts,
        show_cancelled=reading.cancelled_shown,
        without_courses=chosen.courses,
    )
    return _Prepared(reading.format, timetable, expand(timetable, settings), zone, reading.origin)


def _plan(prepared: _Prepared, tx: Transaction, now: datetime, options: Options) -> _Considered:
    """Reconcile, compare and judge within a transaction; writes nothing."""
    options.progress("planning", 0, 1)
    prepared = _in_order(prepared, tx, options)
    found, missing = _reconciled(prepared, tx, options)
    if missing is not None:
        prepared = _noticed(prepared, Notice("people-missing", "", missing.absent))
    snapshot = Snapshot(tx)
    current = snapshot.current()
    wanted = desired(prepared.timetable, prepared.expansion, found.matched, prepared.zone)
    proposal = plan(current, wanted, now)
    sides = Sides(current, wanted, proposal, prepared.zone, prepared.timetable.year_starts)
    verdicts = _judged(sides, Recognised(prepared.timetable, found, choices.known_audiences(tx)), tx)
    made = _report(prepared, found, sides, verdicts, tx.school.code)
    return _Considered(proposal, current, wanted, replace(made, dry_run=options.dry_run), snapshot, found, missing)


def _reconciled(prepared: _Prepared, tx: Transaction, options: Options) -> tuple[Reconciliation, IdpnCheck | None]:
    """Return who is who, and what is known of the people missing, None unless they are many.

    Raises ImportRefused when Pronote's identifiers look regenerated, whether they are new or somebody else's (R77).
    """
    people = tuple(prepared.timetable.people())
    known, decisions = applying.accounts(tx), tx.decisions.all()
    check = _vanished(people, tx, known, decisions)
    if check is None:
        return reconcile(people, known, decided(people, decisions)), None
    pending = tx.import_choices.get(choices.YEAR_PENDING)
    if options.new_identifiers or pending:
        # Numbers given anew may be those that somebody else had. With a new year whole classes leave.
        found = reconcile(people, _without_idpns(known), decided(people, _by_names(decisions)))
        return found, check if check.lacking and not pending else None
    by_names = decided(people, _by_names(decisions))
    doubtful = len(disputed(people, applying.heard_last(tx, known), by_names))
    if not check.missing or check.reissued(doubtful):
        raise ImportRefused("idpn-regenerated", known=check.known, vanished=check.vanished)
    dropped = disputed(people, known, by_names)
    known = tuple(replace(account, idpns=account.idpns - dropped) for account in known)
    return reconcile(people, known, by_names), check


def _by_names(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    return tuple(replace(each, idpn="") for each in decisions)


def _without_idpns(known: Iterable[Account]) -> tuple[Account, ...]:
    return tuple(replace(account, idpns=frozenset()) for account in known)


def _vanished(
    people: Sequence[Person], tx: Transaction, known: Sequence[Account], decisions: Sequence[Decision]
) -> IdpnCheck | None:
    """Return what became of the identifiers that the last import saw, None unless too many are gone (R77)."""
    by_names = decided(people, _by_names(decisions))
    check = idpn_regenerated(people, applying.heard_last(tx, known), decided=by_names)
    # A format without Pronote's identifiers says nothing about them.
    spoken = check.regenerated and any(person.idpn for person in people)
    return check if spoken else None


def _noticed(prepared: _Prepared, told: Notice) -> _Prepared:
    return replace(prepared, timetable=replace(prepared.timetable, notices=(*prepared.timetable.notices, told)))


def _in_order(prepared: _Prepared, tx: Transaction, options: Options) -> _Prepared:
    """Refuse, or by hand only notice, a file exported before the one imported last."""
    last = tx.imports.last_exported()
    if not origin.older(prepared.origin, last):
        return prepared
    if options.kind == AUTOMATIC and not options.accepted:
        raise ImportRefused("older-export", exported=prepared.origin.exported, last=last)
    return _noticed(prepared, Notice("older-export", prepared.origin.exported, 1))


def _judged(sides: Sides, people: Recognised, tx: Transaction) -> tuple[Verdict, ...]:
    closed = school_calendar.days_of(choices.closures(tx))
    return judge(measures(sides, people, closed), choices.own_thresholds(tx))


def _carried_out(prepared: _Prepared, tx: Transaction, now: datetime, options: Options, run_id: str) -> Report:
    """Plan and write in one transaction, and record the run as done in the same."""
    tx.lock()
    if options.kind == AUTOMATIC and tx.import_choices.get(choices.YEAR_PENDING):
        raise ImportRefused("no-manual-import")
    considered = _plan(prepared, tx, now, options)
    if options.digest and options.digest != considered.plan.digest:
        raise ImportRefused("plan-changed", approved=options.digest, found=considered.plan.digest)
    _guard(considered, tx.school.code, options)
    journal = None if considered.plan.empty else journal_of(considered.plan, considered.snapshot, tx)
    before = surroundings(tx)
    applying.apply(considered.plan, considered.snapshot, tx, options.progress)
    applying.learn(tx, _idpns(prepared.timetable, considered.found), now)
    if options.kind == MANUAL and options.selection is not None:
        choices.set_selection(tx, options.selection)
    if options.kind == MANUAL and tx.import_choices.get(choices.YEAR_PENDING):
        tx.import_choices.set(choices.YEAR_PENDING, None)
    finished = replace(considered.report, large=_large(tx), run_id=run_id)
    tx.imports.finish(run_id, DONE, finished.data())
    if options.add_subjects:
        choices.add_subjects(tx, prepared.timetable.subjects)
    unchanged.note(tx, run_id)
    if journal is not None:
        tx.imports.keep_journal(run_id, completed(journal, before, tx).packed())
        tx.imports.forget_journals(JOURNALS_KEPT)
    options.progress("done", 1, 1)
    return finished


def _guard(considered: _Considered, code: str, options: Options) -> None:
    """Refuse what would wreck a term: no session at all, most of them gone, or a blocking threshold passed (R231).

    People who are gone in numbers are told of in the same way: a file of half a school has half of its pupils.
    """
    now = considered.plan.now
    coming = sum(session.starts >= now for session in considered.current.sessions.values())
    # A file of last year has sessions, and none ahead: it would empty the term just the same.
    ahead = any(int(session.starts.timestamp()) >= now for session in considered.wanted.sessions.values())
    typed = options.confirm.upper() == code
    if coming and not ahead and not typed:
        raise ImportRefused("empty-replace", coming=coming, school=code)
    if options.kind == AUTOMATIC:
        if not options.accepted:
            _guard_unseen(considered)
        return
    lost = considered.plan.counts.events_deleted - considered.plan.counts.events_created
    if lost > coming * WRECK_SHARE and not (options.force or typed):
        raise ImportRefused("would-wreck", lost=lost, coming=coming)
    if considered.missing is not None and not (options.force or typed):
        raise _lacking(considered.missing)


def _forewarned(considered: _Considered, code: str, options: Options) -> Report:
    """Return what a dry run tells, with the refusal that the import itself would meet by hand."""
    made = considered.report
    try:
        _guard(considered, code, options)
    except ImportRefused as refusal:
        if refusal.reason in _FORETOLD:
            lost = str(refusal.data.get("lost", ""))
            told = Notice(refusal.reason, lost, int(str(refusal.data["coming"])))
            return replace(made, notices=(told, *made.notices))
    return made


def _guard_unseen(considered: _Considered) -> None:
    """Reject what nobody looked at, and keep what it would have done for whoever looks at it afterwards."""
    made = considered.report
    stopping = [verdict.check.value for verdict in made.verdicts if verdict.stops]
    refusal = ImportRefused("thresholds", checks=", ".join(stopping)) if stopping else None
    if refusal is None and considered.missing is not None:
        refusal = _lacking(considered.missing)
    if refusal is not None:
        refusal.report = {"verdicts": [asdict(verdict) for verdict in made.verdicts], "planned": made.data()}
        raise refusal


def _lacking(check: IdpnCheck) -> ImportRefused:
    return ImportRefused("people-missing", absent=check.absent, known=check.known)


def _large(tx: Transaction) -> tuple[Large, ...]:
    found = tx.collections.large()
    return tuple(Large(name, count) for name, count in sorted(found, key=lambda each: (-each[1], each[0])))


def _idpns(timetable: Timetable, found: Reconciliation) -> list[tuple[str, int]]:
    return [
        (person.idpn, found.matched[person.ref].account)
        for person in timetable.people()
        if person.idpn and person.ref in found.matched
    ]


def _report(
    prepared: _Prepared, found: Reconciliation, sides: Sides, verdicts: tuple[Verdict, ...], code: str
) -> Report:
    notices = (*prepared.timetable.notices, *prepared.expansion.notices)
    return Report(
        school=code,
        dry_run=False,
        digest=sides.plan.digest,
        format=prepared.format,
        counts=sides.plan.counts,
        sessions=len(prepared.expansion.sessions),
        matched=report.matched(prepared.timetable, found),
        unmatched=report.unmatched(found),
        notices=notices,
        tasks=report.tasks(sides.plan.counts, report.groups_created(sides.current, sides.desired), notices),
        verdicts=verdicts,
        origin=prepared.origin,
    )
