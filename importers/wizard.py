"""The manual import, step by step, as data: begun with a file, resumed at any time, launched once reviewed (R114-R170).

A draft holds what is left out, nothing else; the file is read anew at each step, so that a restart loses nothing. At
launch the choices become the school's selection, which automatic imports follow and never change (R212, R213).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from importers import choices, formats, told
from importers.advice import Advice, advice
from importers.container import PartnerKey
from importers.errors import ImportRefused
from importers.names import fold
from importers.recognition import recognise
from importers.reconcile import Doubt
from importers.report import Report
from importers.run import Options, import_file
from importers.selection import Selection, of_school, select
from importers.sessions import Settings, expand, taught
from importers.timetable import Subject, Timetable
from storage.errors import NotFound
from storage.import_drafts import ImportDraft
from storage.model import School
from storage.store import Store
from storage.transaction import Transaction

Keys = tuple[PartnerKey, ...]
CHOSEN: Final = ("subjects", "classes", "groups", "courses")
PAGE: Final = 25
NO_SESSION: Final = "no-session"
_CONTAINER: Final = b"EXPORT_INDEX_EDUCATION"


class Step(StrEnum):
    """The steps of a manual import, in order."""

    CHECK = "check"
    SUBJECTS = "subjects"
    CLASSES = "classes"
    GROUPS = "groups"
    COURSES = "courses"
    PEOPLE = "people"
    LAUNCH = "launch"


class State(StrEnum):
    """The state of a line: kept, left out, not in the reference list yet, recognised or not (people)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    NEW = "new"
    RECOGNISED = "recognised"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `key` is what a change names, `ident` the number in the file, `ours` what it is called here."""

    key: str
    name: str
    state: State
    ident: str = ""
    ours: str = ""
    reason: str = ""
    suggested: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines of a step, how many there are of each state, advice on the file, and single facts."""

    step: Step
    rows: tuple[Row, ...] = ()
    total: int = 0
    offset: int = 0
    states: Mapping[str, int] = field(default_factory=dict)
    advice: tuple[Advice, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What to change at a step: lines to keep or leave out by key or name, all of them, subjects to add to the list."""

    keep: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    everything: bool | None = None
    add: tuple[str, ...] = ()


def begin(store: Store, school: School, data: bytes, name: str, keys: Keys = ()) -> ImportDraft:
    """Keep a file and begin with what the school chose last time; raises ImportRefused for a file that cannot do."""
    with store.reading(school.id) as tx:
        setting = told.setting(tx, keys)
    # Read before anybody's turn to write is taken: a large export takes seconds.
    of_school(formats.read(data, setting).timetable, school.code)
    with store.writing(school.id) as tx:
        held = choices.selection(tx)
        chosen = {part: sorted(getattr(held, part)) for part in CHOSEN}
        return tx.import_drafts.begin(tx.import_files.keep(name, data).id, name, {**chosen, "added": [], "digest": ""})


def selection(draft: ImportDraft) -> Selection:
    """Return what a draft leaves out."""
    return Selection(**{part: frozenset(draft.data.get(part, ())) for part in CHOSEN})


def show(tx: Transaction, draft: ImportDraft, step: Step, offset: int = 0, limit: int = PAGE, keys: Keys = ()) -> Page:
    """Return a page of a step other than the launch, which `review` returns."""
    data = _content(tx, draft)
    reading = formats.read(data, told.setting(tx, keys))
    timetable = of_school(reading.timetable, tx.school.code)
    if step in (Step.CHECK, Step.LAUNCH):
        return Page(step, facts=_facts(tx, draft, data, reading))
    rows = _ROWS[step](tx, draft, timetable)
    facts = {}
    if step is Step.SUBJECTS:
        rows = _taught(tx, reading, timetable, rows)
        facts["without_sessions"] = sum(row.reason == NO_SESSION for row in rows)
    states = {state.value: sum(row.state is state for row in rows) for state in State}
    shown = rows[offset : offset + limit]
    found = advice(timetable).get(step.value, ())
    return Page(step, shown, len(rows), offset, {name: n for name, n in states.items() if n}, found, facts)


def _taught(tx: Transaction, reading: formats.Reading, timetable: Timetable, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Mark the subjects that the file only lists: reports count those that have sessions."""
    settings = replace(_settings(tx), show_cancelled=reading.cancelled_shown)
    found = taught(timetable, settings)
    return tuple(row if row.ident in found else replace(row, reason=NO_SESSION) for row in rows)


def _settings(tx: Transaction) -> Settings:
    parts = tx.school.settings.include_class_parts
    return Settings(tx.school.code, ZoneInfo(tx.school.zone), include_class_parts=parts)


def _content(tx: Transaction, draft: ImportDraft) -> bytes:
    try:
        return tx.import_files.content(draft.file_id)
    except NotFound as error:
        raise ImportRefused("file-forgotten") from error


def _facts(tx: Transaction, draft: ImportDraft, data: bytes, reading: formats.Reading) -> dict[str, Any]:
    """Return the summary of a file: school, unique identifier, encrypted, key known (R120 to R124)."""
    encrypted = _CONTAINER in data[:4096]
    return {
        "school": tx.school.code,
        "schools": list(reading.timetable.schools),
        "file": draft.file_name,
        "identifier": draft.file_id,
        "format": reading.format,
        "encrypted": encrypted,
        # An encrypted file that was read proves the key.
        "key": encrypted,
        "year": f"{reading.timetable.year_starts}/{reading.timetable.year_ends}",
    }


def _subjects(tx: Transaction, draft: ImportDraft, timetable: Timetable) -> tuple[Row, ...]:
    left_out, known = selection(draft).subjects, choices.subjects(tx)
    added = set(draft.data.get("added", ()))
    rows = []
    for subject in timetable.subjects:
        key = subject_key(subject)
        ours = known.get(fold(subject.code)) or known.get(fold(subject.label)) or ""
        state = State.ACTIVE if ours or key in added else State.NEW
        state = State.INACTIVE if left_out & {subject.code, subject.label} else state
        rows.append(Row(key, subject.label or subject.code, state, subject.ident, ours))
    return tuple(sorted(rows, key=lambda row: (fold(row.name), row.ident)))


def subject_key(subject: Subject) -> str:
    """Return what a selection names a subject by: its code, its label when it has none."""
    return subject.code or subject.label


def _classes(tx: Transaction, draft: ImportDraft, timetable: Timetable) -> tuple[Row, ...]:
    named = ((each.ident, each.name) for each in timetable.classes)
    return _audiences(named, selection(draft).classes, choices.audience_names(tx, "classes"))


def _groups(tx: Transaction, draft: ImportDraft, timetable: Timetable) -> tuple[Row, ...]:
    named = ((each.ident, each.name) for each in timetable.groups)
    return _audiences(named, selection(draft).groups, choices.audience_names(tx, "groups"))


def _audiences(
    named: Iterable[tuple[str, str]], left_out: frozenset[str], ours: Callable[[str], str]
) -> tuple[Row, ...]:
    rows = (
        Row(name, name, State.INACTIVE if name in left_out else State.ACTIVE, ident, ours(name))
        for ident, name in named
    )
    return tuple(sorted(rows, key=lambda row: (fold(row.name), row.ident)))


def _courses(tx: Transaction, draft: ImportDraft, timetable: Timetable) -> tuple[Row, ...]:
    """Return the courses that the kept subjects, classes and groups make (R141, R143)."""
    chosen = selection(draft)
    expansion = expand(select(timetable, chosen), _settings(tx))
    labels = {course.key: course.label for session in expansion.sessions for course in session.lesson.courses}
    rows = (Row(key, label, State.INACTIVE if key in chosen.courses else State.ACTIVE) for key, label in labels.items())
    return tuple(sorted(rows, key=lambda row: (fold(row.name), row.key)))


def _people(tx: Transaction, draft: ImportDraft, timetable: Timetable) -> tuple[Row, ...]:
    """Return everybody of the file: the account found or, for those without, what they resemble (R152 to R160)."""
    recognition = recognise(tx, timetable)
    accounts = {person.id: person for person in tx.principals.people()}
    near: dict[str, list[tuple[str, int]]] = {}
    for each in recognition.suggestions():
        near.setdefault(each.person.ref, []).append((accounts[each.account].login, each.score))
    doubts: dict[str, Doubt] = {
        each.person.ref: each for each in (*recognition.found.unmatched, *recognition.found.ambiguous)
    }
    rows = []
    for person in timetable.people():
        match = recognition.found.matched.get(person.ref)
        birth = f" {person.birth_date}" if person.birth_date else ""
        if match is not None:
            login = accounts[match.account].login
            rows.append(Row(person.ref, f"{person.name}{birth}", State.RECOGNISED, person.idpn, login, match.reason))
        else:
            reason, offered = doubts[person.ref].reason, tuple(near.get(person.ref, ()))
            rows.append(Row(person.ref, f"{person.name}{birth}", State.UNKNOWN, person.idpn, "", reason, offered))
    return tuple(
        sorted(rows, key=lambda row: (row.state is State.RECOGNISED, row.key.partition(":")[0], fold(row.name)))
    )


_ROWS: Final[Mapping[Step, Callable[[Transaction, ImportDraft, Timetable], tuple[Row, ...]]]] = {
    Step.SUBJECTS: _subjects,
    Step.CLASSES: _classes,
    Step.GROUPS: _groups,
    Step.COURSES: _courses,
    Step.PEOPLE: _people,
}


def change(store: Store, school: School, draft_id: str, step: Step, wanted: Change, keys: Keys = ()) -> ImportDraft:
    """Keep, leave out or add lines of a step; a plan reviewed before counts no more.

    Raises NotFound, ImportRefused: "no-such-line" (name) and "no-choice" (step).
    """
    if step.value not in CHOSEN:
        raise ImportRefused("no-choice", step=step.value)
    with store.reading(school.id) as tx:
        seen = tx.import_drafts.get(draft_id)
        data, setting = _content(tx, seen), told.setting(tx, keys)
    # As in `begin`: nobody waits for the reading of the file, nor for the courses that it makes.
    timetable = of_school(formats.read(data, setting).timetable, school.code)
    with store.reading(school.id) as tx:
        rows = _ROWS[step](tx, seen, timetable)
    with store.writing(school.id) as tx:
        tx.lock()
        # Looked up again within the turn, so that two pages open at once lose nothing of each other.
        draft = tx.import_drafts.get(seen.id)
        if draft.data != seen.data:
            rows = _ROWS[step](tx, draft, timetable)
        changed = _changed(draft, step, wanted, rows)
        tx.import_drafts.change(draft.id, changed)
    return replace(draft, data=changed)


def _changed(draft: ImportDraft, step: Step, wanted: Change, rows: tuple[Row, ...]) -> dict[str, Any]:
    """Return what a draft holds once some of its lines were changed."""
    left_out = {row.key for row in rows if row.state is State.INACTIVE}
    # What was left out before and is not in this file stays left out for the next.
    beyond = set(draft.data.get(step.value, ())) - {name for row in rows for name in (row.key, row.name)}
    if wanted.everything is not None:
        left_out = set() if wanted.everything else {row.key for row in rows}
    left_out |= _keys(rows, wanted.leave_out)
    left_out -= _keys(rows, (*wanted.keep, *wanted.add))
    added = set(draft.data.get("added", ()))
    if step is Step.SUBJECTS:
        added |= _keys(rows, wanted.add)
    return {**draft.data, step.value: sorted(left_out | beyond), "added": sorted(added), "digest": ""}


def _keys(rows: Iterable[Row], names: Iterable[str]) -> set[str]:
    by_key = {row.key: row.key for row in rows}
    by_name = {fold(row.name): row.key for row in rows}
    found = set()
    for name in names:
        key = by_key.get(name) or by_name.get(fold(name))
        if key is None:
            raise ImportRefused("no-such-line", name=name[:80])
        found.add(key)
    return found


def review(store: Store, school: School, draft_id: str, now: datetime, options: Options) -> Report:
    """Plan a draft without writing, and keep what was seen: the launch carries out this plan and no other.

    Raises ImportRefused("plan-changed") when a choice was made meanwhile, in another window.
    """
    with store.reading(school.id) as tx:
        draft = tx.import_drafts.get(draft_id)
        data = _content(tx, draft)
    report = import_file(store, school, data, now, replace(options, dry_run=True, selection=selection(draft)))
    with store.writing(school.id) as tx:
        if {**tx.import_drafts.get(draft_id).data, "digest": ""} != {**draft.data, "digest": ""}:
            raise ImportRefused("plan-changed", approved="", found=report.digest)
        tx.import_drafts.change(draft.id, {**draft.data, "digest": report.digest})
    return report


def launch(store: Store, school: School, draft_id: str, now: datetime, options: Options) -> Report:
    """Carry out the plan that was reviewed; the choices become the school's, and the draft is done.

    Raises ImportRefused: "not-reviewed", and "plan-changed" when another import or a decision came in between.
    """
    with store.reading(school.id) as tx:
        draft = tx.import_drafts.get(draft_id)
        data = _content(tx, draft)
    if not draft.data.get("digest"):
        raise ImportRefused("not-reviewed")
    agreed = replace(
        options,
        dry_run=False,
        selection=selection(draft),
        add_subjects=True,
        digest=str(draft.data["digest"]),
        file_name=draft.file_name,
        file_id=draft.file_id,
    )
    report = import_file(store, school, data, now, agreed)
    with store.writing(school.id) as tx:
        # Whoever wrote the draft's number down finds the import by it.
        tx.imports.set_status(report.run_id, tx.imports.run(report.run_id).status, {"draft": draft.id})
        tx.import_drafts.drop(draft.id)
    return report
