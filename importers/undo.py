"""Undo the last import: the timetable ahead becomes what it was before, and the past stays as it is (R207).

A session that comes back is the item it was, so that the reminders people put on it are on it again. What the import
made is taken away unless sessions that have begun since are in it; what it learnt is forgotten, and what the school
chose with it is chosen no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from importers import choices, unchanged
from importers.apply import IDPN, Progress, Snapshot
from importers.errors import ImportRefused
from importers.journal import HeldLesson, Journal, digest, unpacked
from importers.plan import past_kept
from importers.proposal import Counts, FeedKey
from importers.selection import Selection
from importers.windows import ALWAYS, NEVER, Windows, between, since, united
from importers.windows import before as until
from storage import import_undo
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
            _unlearnt(journal, tx)
            tx.imports.set_status(run_id, UNDONE, _chosen_before(journal, tx))
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


def chosen(run: ImportRun) -> Selection | None:
    """Return what an undone run had left out, None when its undoing changed nothing of that."""
    held = run.report.get(choices.SELECTION)
    return None if held is None else Selection(**{part: frozenset(names) for part, names in held.items()})


def _chosen_before(journal: Journal, tx: Transaction) -> dict[str, object]:
    """Give the school back the choices the import changed, those changed again since excepted; return what it chose."""
    noted: dict[str, object] = {}
    for name, before, after in journal.chosen:
        if tx.import_choices.get(name) == after:
            tx.import_choices.set(name, before)
            noted |= {name: after} if name == choices.SELECTION and after is not None else {}
        elif name == unchanged.LAST:
            # A file like this one was found unchanged since: it would change things now.
            tx.import_choices.set(name, None)
    return noted


def _unlearnt(journal: Journal, tx: Transaction) -> None:
    """Forget the identifiers that the import was the last to see, or when it saw them."""
    held = import_undo.last_seen(tx, IDPN)
    mine = {key: journal.seen[digest(*key)] for key in held if digest(*key) in journal.seen}
    last = {key: None if before < 0 else before for key, before in mine.items() if held[key] == journal.began}
    import_undo.set_last_seen(tx, IDPN, last)


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
    number = tx.changes.clock()
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
    wanted = dict(_windows(journal, snapshot, now))
    moved = {new.uid: new.calendar_id for _, new in changed}
    removed = {lesson.uid for lesson in gone}
    left = {moved.get(uid, each.calendar_id) for uid, each in snapshot.lessons.items() if uid not in removed}
    useless = _useless(journal, snapshot, wanted, left | {new.calendar_id for new in back})
    tx.lessons.feeds.set_windows(snapshot.stays, wanted)
    tx.lessons.end(gone)
    tx.lessons.replace(changed)
    tx.lessons.create(back)
    ended, started = _memberships(journal, snapshot, now)
    tx.lessons.set_memberships(ended, [each for each in started if each.collection_id not in useless])
    import_undo.give_back_lists(tx, journal.numbers, number)
    names = _names(journal, snapshot)
    tx.lessons.rename_calendars(names)
    import_undo.remove_calendars(tx, useless)
    return Counts(
        courses_renamed=len(names.keys() & {number for number, _name in snapshot.courses.values()}),
        events_created=len(back),
        events_updated=len(changed),
        events_deleted=len(gone),
        memberships_changed=len(ended),
        feeds_changed=len(wanted),
    )


def _useless(journal: Journal, snapshot: Snapshot, wanted: dict[Pair, Windows], filled: set[int]) -> set[int]:
    """Return what the import made and nothing is left in: calendars without lessons, collections that show none.

    The stays of these are made to end.
    """
    made = {snapshot.stores[key][0] for key in journal.stores if key in snapshot.stores}
    empty = made - filled
    stays = {(stay.collection, stay.calendar) for stay in snapshot.stays}
    wanted |= dict.fromkeys((pair for pair in stays if pair[1] in empty), NEVER)
    shown = {pair[0] for pair in stays | wanted.keys() if wanted.get(pair, ALWAYS)}
    begun = {snapshot.courses[key][0] for key in journal.courses if key in snapshot.courses}
    begun |= {snapshot.school} if journal.school and snapshot.school else set()
    return empty | (begun - shown)


def _lesson(held: HeldLesson, calendar_id: int) -> NewLesson:
    return NewLesson(calendar_id, held.uid, held.content, held.starts, held.ends, held.ical, held.item)


def _windows(journal: Journal, snapshot: Snapshot, now: int) -> Iterable[tuple[Pair, Windows]]:
    for key, before, after in journal.feeds:
        collection = _collection(key, snapshot)
        if collection is not None:
            yield (collection, snapshot.stores[key.store][0]), _as_before(journal, before, after, now)


def _as_before(journal: Journal, before: Windows, after: Windows, now: int) -> Windows:
    """Return windows as they were, but for the time between the import and its undoing."""
    if not journal.began:
        return past_kept(after, before, now)
    began = min(journal.began, now)
    return united((*until(before, began), *between(after, began, now), *since(before, now)))


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
        windows = _as_before(journal, before.windows, after.windows, now) if before.windows else NEVER
        started += [StoredMembership(course, key.account, Role(before.role), window) for window in windows]
    return ended, started
