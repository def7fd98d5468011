"""After an import and its undoing every table holds what it held before, but for history, files, numbers and stamps."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random
from typing import Any, Final

import pytest

from importers import automatic, choices, rollover, wizard
from importers.run import Options, import_file, silent
from importers.sample import SampleSchool, generate, next_export, write_xml
from importers.undo import chosen, undo
from importers.wizard import Change, Step
from storage.imports import NewRun
from storage.model import Access, CalendarKind, Client, ClientKind, CollectionPatch, School, SyncToken
from storage.schema import metadata
from storage.sharing import Offer
from storage.store import Store
from storage.transaction import Transaction
from tests.importers.conftest import AUTUMN, BEFORE, imported

ELSEWHERE: Final = {"import_run", "import_file", "import_journal", "clock", "clock_log", "audit", "alembic_version"}
STAMPS: Final = {"seq", "born", "purged", "modified", "created", "school_id", "narrowed", "shows_from", "shows_until"}
DAV: Final = Client(ClientKind.DAV)


@pytest.fixture(scope="module")
def sample() -> SampleSchool:
    """A small school, since all of it is compared."""
    return generate(60, 7)


@pytest.fixture(autouse=True)
def autumn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be the day of the import everywhere: who is in a class depends on it."""
    monkeypatch.setattr(Transaction, "now", lambda _tx: int(AUTUMN.timestamp()))


def contents(store: Store) -> dict[str, list[Any]]:
    """Return what every table holds, sorted, without what has ended; numbers given anew do not count."""
    with store.engine.connect() as connection:
        tables = [table for table in metadata.sorted_tables if table.name not in ELSEWHERE]
        rows = {table.name: [dict(row) for row in connection.execute(table.select()).mappings()] for table in tables}
    rows = {name: [row for row in held if row.get("ended") is None] for name, held in rows.items()}
    items = {row["id"]: row["item"] for row in rows["calendar_object"]}
    for row in rows["calendar_object"]:
        del row["id"]
    for row in rows["occurrence"]:
        row["object_id"] = items[row["object_id"]]
    stays: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for row in rows.pop("feed"):
        stays[row["collection_id"], row["calendar_id"]].append((row["keeps_from"], row["keeps_until"]))
    found = {name: sorted(repr(sorted(_bare(row).items())) for row in held) for name, held in rows.items()}
    return {**found, "feed": sorted(repr((pair, _joined(windows))) for pair, windows in stays.items())}


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in STAMPS}


def _joined(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def differing(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> dict[str, tuple[list[Any], list[Any]]]:
    """Return, by table, what is missing and what is too much."""
    found = {}
    for name, held in before.items():
        missing, more = set(held) - set(after[name]), set(after[name]) - set(held)
        if held != after[name]:
            found[name] = (sorted(missing)[:2], sorted(more)[:2])
    return found


def upset(sample: SampleSchool, seed: int) -> SampleSchool:
    """Another export: edits, courses gone, subjects renamed and made, leavers, identifiers anew, classes renamed."""
    rng = Random(seed)
    changed = next_export(sample, rng.choice((1, 10, 40)), seed, AUTUMN.date())
    courses = tuple(each for each in changed.courses if rng.random() > 0.2)
    pupils = list(changed.pupils)
    rng.shuffle(pupils)
    left = {pupil.ident for pupil in pupils[: len(pupils) // 12]}
    anew = {pupil.ident for pupil in pupils[-4:]}
    stayed = tuple(
        replace(pupil, idpn=f"{seed}{pupil.idpn}"[:16]) if pupil.ident in anew else pupil
        for pupil in changed.pupils
        if pupil.ident not in left
    )
    subjects = list(changed.subjects)
    renamed, coded = rng.sample(range(len(subjects)), 2)
    subjects[renamed] = replace(subjects[renamed], label="RENOMMEE")
    subjects[coded] = replace(subjects[coded], code="AUTRE", label="AUTRE")
    classes = list(changed.classes)
    classes[seed % len(classes)] = replace(classes[seed % len(classes)], name="6 NOUVELLE")
    return replace(changed, courses=courses, pupils=stayed, subjects=tuple(subjects), classes=tuple(classes))


def shared(store: Store, school: School, sample: SampleSchool) -> None:
    """A teacher shares a calendar with every class and course; one pupil calls them otherwise and turns them off."""
    teacher, pupil = sample.showcase()
    with store.writing(school.id) as tx:
        owner = tx.principals.by_login(teacher.login)
        agenda = tx.collections.by_slug(owner, "agenda", DAV)
        for group in [each for each in tx.groups.all() if each.key.startswith("class-")]:
            tx.sharing.offer(owner, agenda, group, Offer(Access.READ, "t"))
        reader = tx.principals.by_login(pupil.login)
        for mine in tx.collections.subscribed(reader):
            if mine.id == agenda.id:
                patch = CollectionPatch(name="À moi", colour="#123456", synchronised=False)
                tx.collections.update(reader, mine, patch)


@pytest.mark.parametrize("seed", range(2))
def test_an_undone_import_leaves_every_table_as_it_was(
    store: Store, school: School, sample: SampleSchool, seed: int
) -> None:
    imported(store, school, sample)
    shared(store, school, sample)
    before = contents(store)
    made = import_file(store, school, write_xml(upset(sample, seed), "2.0"), AUTUMN, Options(force=True))
    assert made.counts.courses_created > 0
    assert made.counts.calendars_created > 0
    changed = differing(before, contents(store))
    assert changed.keys() >= {"calendar", "calendar_object", "feed", "identity", "membership", "import_choice"}
    undo(store, school, made.run_id, AUTUMN, silent)
    assert differing(before, contents(store)) == {}


def test_somebody_who_lost_a_shared_calendar_by_the_import_has_it_again_as_they_named_it(
    store: Store, school: School, sample: SampleSchool
) -> None:
    imported(store, school, sample)
    shared(store, school, sample)
    before = contents(store)
    classes = tuple(replace(each, name=f"{each.name} BIS") for each in sample.classes)
    made = import_file(store, school, write_xml(replace(sample, classes=classes), "2.0"), AUTUMN, Options(force=True))
    assert "À moi" not in str(contents(store)["subscription"])
    undo(store, school, made.run_id, AUTUMN, silent)
    assert differing(before, contents(store)) == {}
    assert "À moi" in str(contents(store)["subscription"])


def test_a_client_hears_by_its_token_that_a_first_import_is_undone(
    store: Store, school: School, sample: SampleSchool
) -> None:
    teacher, _pupil = sample.showcase()
    first = imported(store, school, sample, AUTUMN)
    with store.reading(school.id) as tx:
        mine = tx.collections.by_slug(tx.principals.by_login(teacher.login), "emploi-du-temps", DAV)
        names = {entry.href for entry in tx.objects.entries(mine)}
        home = tx.changes.clock()
    undo(store, school, first.run_id, AUTUMN, silent)
    with store.reading(school.id) as tx:
        page = tx.changes.since(SyncToken(mine.id, mine.head))
        assert tx.changes.head(mine.id) > mine.head
        assert tx.changes.clock() > home
    assert names
    assert {change.href for change in page.changes if change.etag is None} == names


@pytest.mark.parametrize("now", [BEFORE, AUTUMN])
def test_an_undone_first_import_leaves_nothing_and_the_next_is_a_first_one(
    store: Store, school: School, sample: SampleSchool, now: Any
) -> None:
    before = contents(store)
    first = imported(store, school, sample, now)
    undo(store, school, first.run_id, now, silent)
    assert differing(before, contents(store)) == {}
    again = imported(store, school, sample, now)
    assert (again.counts, again.sessions) == (first.counts, first.sessions)
    teacher, _pupil = sample.showcase()
    with store.reading(school.id) as tx:
        names = {each.slug for each in tx.collections.subscribed(tx.principals.by_login(teacher.login))}
        assert tx.collections.count(tx.lessons.school_collection() or 0) > 0
    assert "emploi-du-temps" in names


def test_what_was_taught_between_an_import_and_its_undoing_keeps_its_calendars(
    store: Store, school: School, sample: SampleSchool
) -> None:
    first = imported(store, school, sample, BEFORE)
    undo(store, school, first.run_id, AUTUMN, silent)
    with store.reading(school.id) as tx:
        lessons = tx.lessons.stored()
        stores = {number for number, _ in tx.lessons.calendars(CalendarKind.LESSONS).values()}
        whole = tx.lessons.school_collection()
        shown = {stay.calendar for stay in tx.lessons.feeds.live(CalendarKind.SCHOOL) if stay.collection == whole}
    assert lessons
    assert all(each.starts < AUTUMN.timestamp() for each in lessons)
    assert stores == shown == {each.calendar_id for each in lessons}


def test_choices_made_with_an_undone_import_are_made_no_more_and_come_again_with_it(
    store: Store, school: School, sample: SampleSchool
) -> None:
    imported(store, school, sample)
    before = contents(store)
    data = write_xml(upset(sample, 3), "2.0")
    draft = wizard.begin(store, school, data, "export.xml").id
    with store.reading(school.id) as tx:
        lines = wizard.show(tx, tx.import_drafts.get(draft), Step.GROUPS).rows[:2]
    wizard.change(store, school, draft, Step.GROUPS, Change(leave_out=tuple(line.key for line in lines)))
    wizard.review(store, school, draft, AUTUMN, Options(force=True))
    made = wizard.launch(store, school, draft, AUTUMN, Options(force=True))
    with store.reading(school.id) as tx:
        left_out, known = choices.selection(tx), choices.subjects(tx)
    assert left_out.groups == {line.key for line in lines}
    assert known
    undo(store, school, made.run_id, AUTUMN, silent)
    assert differing(before, contents(store)) == {}
    with store.reading(school.id) as tx:
        run = tx.imports.run(made.run_id)
    assert chosen(run) == left_out
    again = import_file(store, school, data, AUTUMN, Options(force=True, selection=chosen(run)))
    assert again.counts.events_created == made.counts.events_created
    with store.reading(school.id) as tx:
        assert choices.selection(tx) == left_out


def test_the_first_import_of_a_year_undone_leaves_the_year_begun(
    store: Store, school: School, sample: SampleSchool
) -> None:
    imported(store, school, sample)
    with store.writing(school.id) as tx:
        rollover.begin(tx, AUTUMN)
    before = contents(store)
    made = import_file(store, school, write_xml(sample, "2.0"), AUTUMN, Options(force=True))
    undo(store, school, made.run_id, AUTUMN, silent)
    assert differing(before, contents(store)) == {}
    with store.writing(school.id) as tx:
        assert rollover.pending(tx)
        assert rollover.undo(tx) > 0


def test_a_deposit_of_an_undone_file_is_carried_out_and_not_taken_for_unchanged(
    store: Store, school: School, sample: SampleSchool
) -> None:
    imported(store, school, sample)
    data = write_xml(next_export(sample, 10, 4, AUTUMN.date()), "2.0")
    made = import_file(store, school, data, AUTUMN)

    def deposited() -> dict[str, Any]:
        with store.writing(school.id) as tx:
            kept = tx.import_files.keep("export.xml", data)
            run_id = tx.imports.queue(NewRun("automatic", "edt", "export.xml", kept.hash, file_id=kept.id))
            run = tx.imports.run(run_id)
        automatic.carry_out(store, school, run, AUTUMN, Options(accepted=True))
        with store.reading(school.id) as tx:
            return dict(tx.imports.run(run_id).report)

    assert deposited()["idle"]
    undo(store, school, made.run_id, AUTUMN, silent)
    report = deposited()
    assert "idle" not in report
    assert report["counts"]["events_created"] == made.counts.events_created


def test_identifiers_that_a_later_import_saw_again_stay_learnt(
    store: Store, school: School, sample: SampleSchool
) -> None:
    imported(store, school, sample)
    data = write_xml(upset(sample, 1), "2.0")
    made = import_file(store, school, data, AUTUMN, Options(force=True))
    import_file(store, school, data, AUTUMN.replace(hour=13), Options(force=True))
    learnt = seen(store, school)
    undo(store, school, made.run_id, AUTUMN.replace(hour=14), silent)
    assert seen(store, school) == learnt


def seen(store: Store, school: School) -> frozenset[tuple[str, int]]:
    with store.reading(school.id) as tx:
        return frozenset(tx.principals.identities("idpn"))
