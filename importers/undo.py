"""Undo the last import: the timetable ahead becomes what it was before, and the past stays as it is (R207).

A session that comes back is the item it was, so that the reminders people put on it are on it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from importers.apply import Progress, Snapshot
from importers.errors import ImportRefused
from importers.journal import HeldLesson, Journal, unpacked
from importers.plan import past_kept
from importers.proposal import Counts, FeedKey
from importers.windows import Windows
from storage.feeds import Pair
from storage.imports import DONE, UNDONE, ImportRun, NewRun
from storage.lessons import NewLesson, StoredMembership
from storage.model import Role, School
from storage.store import Store
from storage.transaction import Transaction

UNDO = "undo"


def undo(store: Store, school: School, run_id: str, now: datetime, progress: Progress) -> Counts:
    """Undo an import at an instant (aware) and return what was changed back; all or nothing.

    Raises NotFound, and ImportRefused("not-last", "not-done", "changed-nothing", "no-journal", "parts-gone" or
    "already-running"): only the last import that stands and changed something can be undone, one after the other, and
    only while the courses and calendars it changed are there, which a new school year puts away. One that waits in the
    queue is carried out afterwards.
    """
    with store.turn(school.id) as free:
        if not free:
            raise ImportRefused("already-running")
        with store.writing(school.id) as tx:
            tx.lock()
            journal = _journal(tx, tx.imports.run(run_id))
            progress("undoing", 0, 1)
            snapshot = Snapshot(tx)
            _check(journal, snapshot, int(now.timestamp()))
            counts = _undone(journal, snapshot, tx, int(now.timestamp()))
            tx.imports.set_status(run_id, UNDONE)
            _record(tx, tx.imports.run(run_id), counts)
            progress("done", 1, 1)
            return counts


def _journal(tx: Transaction, run: ImportRun) -> Journal:
    if run.status != DONE:
        raise ImportRefused("not-done", run=run.id, status=run.status)
    if run.kind != UNDO and not changed(run):
        raise ImportRefused("changed-nothing", run=run.id)
    last = newest(tx.imports.history(1000))
    if last is None or last.id != run.id:
        raise ImportRefused("not-last", run=run.id, last=last.id if last else "")
    packed = tx.imports.journal(run.id)
    if packed is None:
        raise ImportRefused("no-journal", run=run.id)
    return unpacked(packed)


def newest(runs: Iterable[ImportRun]) -> ImportRun | None:
    """Return, of runs from the newest on, the only one that may be undone: it stands and changed something."""
    return next((run for run in runs if run.status == DONE and changed(run)), None)


def changed(run: ImportRun) -> bool:
    """Tell whether a run was an import that changed anything; others stand in nobody's way."""
    counts = run.report.get("counts", {})
    return run.kind != UNDO and any(number for name, number in counts.items() if name != "events_frozen")


def _record(tx: Transaction, run: ImportRun, counts: Counts) -> None:
    new = NewRun(UNDO, run.format, run.file_name, run.file_hash)
    done = tx.imports.start(new)
    tx.imports.finish(done, DONE, {"counts": counts.data(), "undone": run.id})


def _check(journal: Journal, snapshot: Snapshot, now: int) -> None:
    """Refuse an undoing that needs courses or lesson calendars which were put away since."""
    held = {each.store_key for each in (*journal.changed, *journal.ended) if each.starts >= now}
    stores = held | {key.store for key, _before, _after in journal.feeds}
    courses = {key.course for key, _before, _after in journal.memberships}
    courses |= {key.owner for key, _before, _after in journal.feeds if key.kind == "course"}
    gone = len(stores - snapshot.stores.keys()) + len(courses - snapshot.courses.keys())
    if gone:
        raise ImportRefused("parts-gone", count=gone)


def _undone(journal: Journal, snapshot: Snapshot, tx: Transaction, now: int) -> Counts:
    """Write the inverse; stays come first, as in an import."""
    wanted = dict(_windows(journal, snapshot, now))
    tx.lessons.feeds.set_windows(snapshot.stays, wanted)
    gone = [snapshot.lessons[uid] for uid in journal.created if uid in snapshot.lessons]
    gone = [lesson for lesson in gone if lesson.starts >= now]
    stores = {key: number for key, (number, _) in snapshot.stores.items()}
    changed = [
        (snapshot.lessons[held.uid], _lesson(held, stores[held.store_key]))
        for held in journal.changed
        if held.starts >= now and held.uid in snapshot.lessons
    ]
    back = [
        _lesson(held, stores[held.store_key])
        for held in journal.ended
        if held.starts >= now and held.uid not in snapshot.lessons
    ]
    tx.lessons.end(gone)
    tx.lessons.replace(changed)
    tx.lessons.create(back)
    ended, started = _memberships(journal, snapshot, now)
    tx.lessons.set_memberships(ended, started)
    names = _names(journal, snapshot)
    tx.lessons.rename_calendars(names)
    return Counts(
        courses_renamed=len(names.keys() & {number for number, _name in snapshot.courses.values()}),
        events_created=len(back),
        events_updated=len(changed),
        events_deleted=len(gone),
        memberships_changed=len(ended),
        feeds_changed=len(wanted),
    )


def _lesson(held: HeldLesson, calendar_id: int) -> NewLesson:
    return NewLesson(calendar_id, held.uid, held.content, held.starts, held.ends, held.ical, held.item)


def _windows(journal: Journal, snapshot: Snapshot, now: int) -> Iterable[tuple[Pair, Windows]]:
    for key, before, after in journal.feeds:
        collection = _collection(key, snapshot)
        if collection is not None:
            yield (collection, snapshot.stores[key.store][0]), past_kept(after, before, now)


def _names(journal: Journal, snapshot: Snapshot) -> dict[int, str]:
    """Return the former names by number; what was renamed once more since, by hand or by an import, stays so."""
    found = {}
    for each in journal.renamed:
        number, name = (snapshot.courses if each.kind == "course" else snapshot.stores).get(each.key, (0, ""))
        if number and name == each.after:
            found[number] = each.before
    return found


def _collection(key: FeedKey, snapshot: Snapshot) -> int | None:
    match key.kind:
        case "person":
            return snapshot.timetables.get(int(key.owner))
        case "course":
            return snapshot.courses[key.owner][0]
    return snapshot.school


def _memberships(
    journal: Journal, snapshot: Snapshot, now: int
) -> tuple[list[tuple[int, int]], list[StoredMembership]]:
    people = {each.principal_id for each in snapshot.memberships} | set(snapshot.timetables)
    ended, started = [], []
    for key, before, after in journal.memberships:
        if key.account not in people:
            continue
        course = snapshot.courses[key.course][0]
        ended.append((course, key.account))
        # Who was no member before never was; what they saw meanwhile stays in their timetable.
        windows = past_kept(after.windows, before.windows, now) if before.windows else ()
        started += [StoredMembership(course, key.account, Role(before.role), window) for window in windows]
    return ended, started
