"""The manual import as data: every step, resumption after a restart, a stale plan, what automatic runs make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from importers import choices, formats, sessions, wizard
from importers.advice import advice
from importers.errors import ImportRefused
from importers.recognition import decide, person_of, recognise
from importers.run import AUTOMATIC, Options, import_file
from importers.selection import EVERYTHING
from importers.sessions import expand
from importers.thresholds import Check
from importers.timetable import Group, ResourceKind
from importers.wizard import Change, State, Step
from storage.decisions import MATCH, REFUSE
from storage.model import CalendarKind, Role, School, Source
from storage.principals import NewPerson
from storage.store import Store
from tests.importers.make import AUGUST, SCHOOL, college, course, sample, settings, uses

FILE = sample("college.xml")


@pytest.fixture
def school(store: Store) -> School:
    """The school of the sample college, with an account for everybody but one pupil."""
    made = store.directory.create_school(SCHOOL, "Collège", "Europe/Paris")
    roles = {"teacher": Role.TEACHER, "pupil": Role.PUPIL, "staff": Role.STAFF}
    people = [
        NewPerson(f"p{number}", person.family, person.given, roles[person.kind], Source.CSV, person.birth_date)
        for number, person in enumerate(college().people())
    ]
    with store.writing(made.id) as tx:
        tx.principals.create_many(people[:-1])
    return made


def begun(store: Store, school: School) -> str:
    return wizard.begin(store, school, FILE, "export.xml").id


def page(store: Store, school: School, draft: str, step: Step, **more) -> wizard.Page:
    with store.reading(school.id) as tx:
        return wizard.show(tx, tx.import_drafts.get(draft), step, **more)


def changed(store: Store, school: School, draft: str, step: Step, wanted: Change) -> None:
    wizard.change(store, school, draft, step, wanted)


def launched(store: Store, school: School, draft: str):
    wizard.review(store, school, draft, AUGUST, Options())
    return wizard.launch(store, school, draft, AUGUST, Options())


@pytest.mark.req("R114", "R116", "R119", "R120", "R121", "R122", "R123", "R124")
def test_the_check_tells_what_the_file_is(store, school):
    facts = page(store, school, begun(store, school), Step.CHECK).facts
    assert (facts["school"], facts["file"], facts["encrypted"], facts["key"]) == (SCHOOL, "export.xml", False, False)
    assert len(facts["identifier"]) == 36


@pytest.mark.req("R126", "R128", "R129", "R130", "R131", "R132")
def test_subjects_are_new_then_added_then_recognised(store, school):
    draft = begun(store, school)
    rows = page(store, school, draft, Step.SUBJECTS).rows
    assert {row.state for row in rows} == {State.NEW}
    assert all(row.ident for row in rows)
    changed(store, school, draft, Step.SUBJECTS, Change(add=(rows[0].name,), leave_out=(rows[1].key,)))
    states = {row.key: row.state for row in page(store, school, draft, Step.SUBJECTS).rows}
    assert (states[rows[0].key], states[rows[1].key]) == (State.ACTIVE, State.INACTIVE)
    launched(store, school, draft)
    later = {row.key: row for row in page(store, school, begun(store, school), Step.SUBJECTS).rows}
    assert later[rows[0].key].ours == rows[0].name
    assert later[rows[1].key].state is State.INACTIVE


@pytest.mark.req("R133", "R135", "R137", "R138", "R139")
@pytest.mark.parametrize("step", [Step.CLASSES, Step.GROUPS, Step.COURSES, Step.SUBJECTS])
def test_all_lines_are_left_out_or_kept_at_once_and_come_in_pages(store, school, step):
    draft = begun(store, school)
    everything = page(store, school, draft, step, limit=1000)
    changed(store, school, draft, step, Change(everything=False))
    assert page(store, school, draft, step).states == {"inactive": everything.total}
    changed(store, school, draft, step, Change(everything=True))
    assert "inactive" not in page(store, school, draft, step).states
    second = page(store, school, draft, step, offset=1, limit=1)
    assert (second.rows, second.total) == (everything.rows[1:2], everything.total)


@pytest.mark.req("R141", "R142", "R143", "R146")
def test_courses_follow_from_what_is_kept(store, school):
    draft = begun(store, school)
    before = page(store, school, draft, Step.COURSES, limit=1000).rows
    classes = page(store, school, draft, Step.CLASSES).rows
    changed(store, school, draft, Step.CLASSES, Change(leave_out=(classes[0].name,)))
    after = page(store, school, draft, Step.COURSES, limit=1000).rows
    assert {row.key for row in after} < {row.key for row in before}
    changed(store, school, draft, Step.COURSES, Change(leave_out=(after[0].name,)))
    launched(store, school, draft)
    with store.reading(school.id) as tx:
        made = tx.lessons.calendars(CalendarKind.COURSE)
    assert after[0].key not in made
    assert {row.key for row in after[1:]} >= made.keys()


@pytest.mark.req("R152", "R155", "R157", "R158", "R160")
def test_people_are_recognised_confirmed_and_refused(store, school):
    draft = begun(store, school)
    found = page(store, school, draft, Step.PEOPLE, limit=1000)
    stranger, known = found.rows[0], found.rows[-1]
    assert (stranger.state, known.state) == (State.UNKNOWN, State.RECOGNISED)
    timetable = college()
    with store.writing(school.id) as tx:
        account = tx.principals.by_login(known.ours)
        decide(tx, person_of(timetable, known.key), account, REFUSE)
    rows = {row.key: row for row in page(store, school, draft, Step.PEOPLE, limit=1000).rows}
    assert (rows[known.key].state, rows[known.key].reason) == (State.UNKNOWN, "refused")
    with store.writing(school.id) as tx:
        decide(tx, person_of(timetable, known.key), account, MATCH)
        assert recognise(tx, timetable).found.matched[known.key].reason == "decided"
        other = next(p for p in timetable.people() if p.kind != person_of(timetable, known.key).kind)
        with pytest.raises(ImportRefused, match="wrong-role"):
            decide(tx, other, account, MATCH)


def test_a_misspelt_pupil_is_suggested(store, school):
    missing = list(college().people())[-1]
    with store.writing(school.id) as tx:
        tx.principals.create(
            NewPerson("near", missing.family + "e", missing.given, Role(missing.kind.value), Source.CSV)
        )
    row = page(store, school, begun(store, school), Step.PEOPLE).rows[0]
    assert (row.key, row.suggested[0][0]) == (missing.ref, "near")


@pytest.mark.req("R161", "R164", "R169", "R212", "R213")
def test_the_launch_keeps_the_choices_for_automatic_runs(store, school):
    draft = begun(store, school)
    subject = page(store, school, draft, Step.SUBJECTS).rows[0]
    changed(store, school, draft, Step.SUBJECTS, Change(leave_out=(subject.key,)))
    report = launched(store, school, draft)
    assert report.counts.courses_created > 0
    with store.reading(school.id) as tx:
        assert choices.selection(tx).subjects == {subject.key}
        assert tx.import_drafts.all() == ()
    again = import_file(store, school, FILE, AUGUST + timedelta(hours=1), Options(kind=AUTOMATIC, selection=EVERYTHING))
    assert again.counts.events_created > 0
    with store.reading(school.id) as tx:
        assert choices.selection(tx).subjects == {subject.key}
    quiet = import_file(store, school, FILE, AUGUST + timedelta(hours=2), Options(kind=AUTOMATIC, accepted=True))
    assert quiet.counts.events_created == 0


@pytest.mark.parametrize("step", [None, Step.SUBJECTS, Step.COURSES])
def test_others_write_while_a_file_is_read(store, school, monkeypatch, step):
    draft = begun(store, school)
    lines = () if step is None else page(store, school, draft, step).rows[:2]
    read = formats.read

    def written_meanwhile(data, setting):
        monkeypatch.setattr(formats, "read", read)
        with store.writing(school.id) as tx:
            choices.map_audience(tx, "3F", "Troisième F")
        if step is not None:
            changed(store, school, draft, step, Change(leave_out=(lines[0].key,)))
        return read(data, setting)

    monkeypatch.setattr(formats, "read", written_meanwhile)
    if step is None:
        begun(store, school)
    else:
        changed(store, school, draft, step, Change(leave_out=(lines[1].key,)))
        states = {row.key: row.state for row in page(store, school, draft, step).rows}
        assert {states[line.key] for line in lines} == {State.INACTIVE}
    with store.reading(school.id) as tx:
        assert choices.audiences(tx) == {"3F": "Troisième F"}


def test_subjects_that_are_only_listed_are_told_from_those_that_reports_count(store, school):
    listed = FILE.replace(b"<Matieres>", b'<Matieres><Matiere Ident="99" Code="PHILO" Libelle="PHILOSOPHIE"/>')
    draft = wizard.begin(store, school, listed, "export.xml").id
    rows = page(store, school, draft, Step.SUBJECTS)
    taught = [row for row in rows.rows if row.reason != wizard.NO_SESSION]
    assert len(rows.rows) - len(taught) == rows.facts["without_sessions"] == 1
    report = launched(store, school, draft)
    (created,) = (each for each in report.verdicts if each.check is Check.SUBJECTS_CREATED)
    assert created.part == len(taught)


def test_a_subject_whose_code_another_holds_between_slashes_is_only_listed(store, school):
    more = b'<Matiere Ident="98" Code="SVT/PC" Libelle="SCIENCES"/><Matiere Ident="99" Code="PC" Libelle="PHYSIQUE"/>'
    listed = FILE.replace(b"<Matieres>", b"<Matieres>" + more)
    first = b'<Matiere Ident="1"/>'
    assert listed.count(first) > 1
    file = listed.replace(first, b'<Matiere Ident="98"/>', 1)
    draft = wizard.begin(store, school, file, "export.xml").id
    reasons = {row.ident: row.reason for row in page(store, school, draft, Step.SUBJECTS).rows}
    assert (reasons["98"], reasons["99"]) == ("", wizard.NO_SESSION)


def test_the_subjects_taught_are_those_of_the_sessions_and_no_session_is_dated_for_it(monkeypatch):
    for options in ({}, {"include_class_parts": True}, {"show_cancelled": True}):
        timetable = college()
        expansion = expand(timetable, settings(**options))
        keys = {session.lesson.subject.key for session in expansion.sessions}
        found = {expansion.names.subjects[ident].key for ident in sessions.taught(timetable, settings(**options))}
        assert found == {each for key in keys for each in key.split("/")} - {""}
    monkeypatch.setattr(sessions, "day_of", None)
    assert sessions.taught(college(), settings())


def test_a_draft_outlives_a_restart(store, school):
    draft = begun(store, school)
    row = page(store, school, draft, Step.GROUPS).rows[0]
    changed(store, school, draft, Step.GROUPS, Change(leave_out=(row.key,)))
    again = Store(store.url)
    assert page(again, school, draft[:20], Step.GROUPS).rows[0].state is State.INACTIVE
    again.close()


def test_a_plan_that_is_no_longer_the_one_reviewed_is_refused(store, school):
    draft = begun(store, school)
    with pytest.raises(ImportRefused, match="not-reviewed"):
        wizard.launch(store, school, draft, AUGUST, Options())
    wizard.review(store, school, draft, AUGUST, Options())
    import_file(store, school, FILE, AUGUST)
    with pytest.raises(ImportRefused, match="plan-changed"):
        wizard.launch(store, school, draft, AUGUST, Options())
    wizard.review(store, school, draft, AUGUST, Options())
    assert wizard.launch(store, school, draft, AUGUST, Options()).counts.events_created == 0


def test_a_choice_after_the_review_asks_for_another_review(store, school):
    draft = begun(store, school)
    wizard.review(store, school, draft, AUGUST, Options())
    changed(store, school, draft, Step.COURSES, Change(everything=False))
    with pytest.raises(ImportRefused, match="not-reviewed"):
        wizard.launch(store, school, draft, AUGUST, Options())


def test_a_choice_made_while_the_plan_is_made_is_kept_and_not_approved(store, school, monkeypatch):
    draft = begun(store, school)
    row = page(store, school, draft, Step.GROUPS).rows[0]

    def meanwhile(*given):
        report = import_file(*given)
        changed(store, school, draft, Step.GROUPS, Change(leave_out=(row.key,)))
        return report

    monkeypatch.setattr("importers.wizard.import_file", meanwhile)
    with pytest.raises(ImportRefused, match="plan-changed"):
        wizard.review(store, school, draft, AUGUST, Options())
    monkeypatch.undo()
    assert page(store, school, draft, Step.GROUPS).rows[0].state is State.INACTIVE
    with pytest.raises(ImportRefused, match="not-reviewed"):
        wizard.launch(store, school, draft, AUGUST, Options())


def test_bad_changes_are_refused_and_change_nothing(store, school):
    draft = begun(store, school)
    with pytest.raises(ImportRefused, match="no-such-line"):
        changed(store, school, draft, Step.CLASSES, Change(leave_out=("nowhere",)))
    with pytest.raises(ImportRefused, match="no-choice"):
        changed(store, school, draft, Step.PEOPLE, Change(everything=False))
    with pytest.raises(ImportRefused):
        wizard.begin(store, school, b"<nothing/>", "x")


def test_a_class_known_under_another_name_is_told(store, school):
    draft = begun(store, school)
    name = page(store, school, draft, Step.CLASSES).rows[0].name
    with store.writing(school.id) as tx:
        choices.map_audience(tx, name, "Troisième F")
        assert choices.known_audiences(tx) == {name}
    assert page(store, school, draft, Step.CLASSES).rows[0].ours == "Troisième F"


@pytest.mark.req("R84", "R85", "R86", "R91", "R92", "R93", "R94")
def test_parts_without_group_and_classes_side_by_side_are_told():
    timetable = college()
    part, (one, two) = timetable.parts[0], timetable.classes[:2]
    slots = (
        course(*uses(part=(part.ident, (1,)))),
        course(*uses(**{"class": (one.ident, (1,))}), *uses(**{"class": (two.ident, (1,))})),
    )
    found = advice(replace(timetable, courses=slots))["courses"]
    assert [(each.code, each.count) for each in found] == [
        ("class-parts-without-group", 1),
        ("classes-side-by-side", 1),
    ]
    assert slots[0].resources[0].kind is ResourceKind.PART


@pytest.mark.req("R83", "R87", "R88", "R89")
def test_groups_that_are_a_class_and_somebody_more_are_told():
    timetable = college()
    pupils = tuple(
        replace(timetable.pupils[0], ident=str(number), classes=timetable.pupils[0].classes) for number in range(8)
    )
    outside = replace(pupils[0], ident="ulis", classes=())
    groups = (Group("1", "3F + ULIS", pupils=(*(p.ident for p in pupils), "ulis")), Group("2", "other", pupils=("1",)))
    found = advice(replace(timetable, pupils=(*pupils, outside), groups=groups))
    assert [each.names for each in found["groups"]] == [("3F + ULIS",)]
    assert [each.code for each in found["classes"]] == ["pupils-without-class"]
