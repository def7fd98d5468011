"""From timetable to plan: what is created, changed, deleted, frozen; and that a second import changes nothing."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.plan import plan
from importers.proposal import (
    ChangeFeed,
    ChangeMembership,
    CreateSession,
    Current,
    DeleteSession,
    RenameCalendar,
    RenameCourse,
    UpdateSession,
)
from importers.timetable import Timetable
from importers.weeks import mask_of
from importers.windows import ALWAYS
from tests.importers.make import AUGUST, NOVEMBER, accounts, applied, college, course, day, imported, uses, wanted

MONDAY_MATHS = course(*uses(**{"class": ("1", (2, 20)), "teacher": ("1", (2, 20)), "room": ("15001", (2, 20))}))
PETIT_JEAN, OBAMBA, LEROUX = (str(4 + n) for n in range(3))


def school(*courses) -> Timetable:
    return replace(college(), courses=courses)


def of_kind(made, kind):
    return [action for action in made.actions if isinstance(action, kind)]


def replanned(before: Timetable, after: Timetable, now=NOVEMBER, **more):
    return plan(imported(before), wanted(after, **more), now)


@pytest.mark.req("R68", "R69", "R70", "R202")
def test_a_first_import_creates_courses_members_and_events():
    made = plan(Current(), wanted(college()), AUGUST)
    assert made.counts.courses_created == 5
    assert made.counts.events_created == len(of_kind(made, CreateSession)) == 24
    assert made.counts.memberships_created == len(of_kind(made, ChangeMembership)) == 13
    assert made.counts.events_deleted == made.counts.memberships_deleted == 0


@pytest.mark.parametrize("now", [AUGUST, NOVEMBER, datetime(2028, 1, 1, tzinfo=UTC)])
def test_the_same_file_again_changes_nothing_whenever_it_comes(now):
    made = plan(imported(college()), wanted(college()), now)
    assert made.empty
    assert made.digest == plan(Current(), wanted(school()), now).digest


@pytest.mark.parametrize("now", [NOVEMBER, datetime(2027, 1, 20, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)])
def test_a_late_first_import_settles_at_once(now):
    assert plan(imported(college(), now), wanted(college()), now + timedelta(minutes=5)).empty


@pytest.mark.req("R207")
def test_events_that_have_begun_are_not_created():
    now = datetime(2026, 9, 3, 7, 0, tzinfo=UTC)
    starts = [action.session.starts for action in of_kind(plan(Current(), wanted(college()), now), CreateSession)]
    assert min(starts) == now
    assert starts == sorted(starts)
    made = plan(Current(), wanted(college()), now + timedelta(seconds=1))
    assert min(action.session.starts for action in of_kind(made, CreateSession)) > now


@pytest.mark.req("R207")
def test_past_events_are_neither_changed_nor_deleted():
    moved = replace(
        MONDAY_MATHS, resources=uses(**{"class": ("1", (2, 20)), "teacher": ("1", (2, 20)), "room": ("15002", (2, 20))})
    )
    made = replanned(school(MONDAY_MATHS), school(moved))
    assert [action.session.day.isoformat() for action in of_kind(made, UpdateSession)] == ["2027-01-11"]
    assert made.counts.events_frozen == 1
    gone = replanned(school(MONDAY_MATHS), school())
    assert len(of_kind(gone, DeleteSession)) == 1
    assert gone.counts.events_frozen == 1


def test_a_substitute_moves_one_event_to_another_store_calendar_under_the_same_uid():
    teachers = (*uses(teacher=("1", (2,))), *uses(teacher=("3", (20,))))
    substituted = replace(
        MONDAY_MATHS, resources=(*uses(**{"class": ("1", (2, 20)), "room": ("15001", (2, 20))}), *teachers)
    )
    made = replanned(school(MONDAY_MATHS), school(substituted))
    (update,) = of_kind(made, UpdateSession)
    assert update.moved
    assert update.before.uid == update.session.uid
    assert (made.counts.events_created, made.counts.events_deleted) == (0, 0)
    fed = {
        (action.key.kind, action.key.owner)
        for action in of_kind(made, ChangeFeed)
        if action.key.store == update.session.store_key
    }
    assert ("person", "3") in fed
    assert ("person", PETIT_JEAN) in fed
    assert ("person", "1") not in fed


@pytest.mark.req("R210")
def test_a_substitute_is_a_member_but_is_fed_only_the_sessions_they_give():
    state = imported(college())
    stores = {key.store for key in state.feeds if key[:2] == ("person", "3")}
    seen = [session for session in state.sessions.values() if session.store_key in stores]
    assert len(seen) == 1
    assert any(key.account == 3 for key in state.memberships)


@pytest.mark.req("R92")
def test_members_of_two_classes_side_by_side_are_not_mixed():
    state = imported(college())
    courses = {label: key for key, label in state.courses.items()}
    members = {key.account for key in state.memberships if key.course == courses["FRANCAIS - 3F"]}
    assert members == {2, int(PETIT_JEAN), int(OBAMBA)}


def test_a_pupil_who_changes_class_keeps_the_autumn():
    both = school(MONDAY_MATHS, course(*uses(**{"class": ("2", (2, 30)), "teacher": ("1", (2, 30))}), day=2))
    state = imported(both)
    windows = sorted(windows for key, windows in state.feeds.items() if key[:2] == ("person", OBAMBA))
    assert windows == [((day("2026-09-01"), day("2027-01-16")),), ((day("2027-01-16"), day("2027-09-01")),)]


def moved_pupil(first_out: str, second_in: str) -> Timetable:
    base = school(MONDAY_MATHS, course(*uses(**{"class": ("2", (2, 30)), "teacher": ("1", (2, 30))}), day=2))
    pupil = base.pupils[0]
    stays = (
        replace(pupil.classes[0], last=datetime.fromisoformat(first_out).date()),
        replace(pupil.classes[0], ident="2", first=datetime.fromisoformat(second_in).date()),
    )
    return replace(base, pupils=(replace(pupil, classes=stays), *base.pupils[1:]))


def test_a_change_of_class_learnt_later_cuts_at_the_import_and_not_before():
    stayed = school(MONDAY_MATHS, course(*uses(**{"class": ("2", (2, 30)), "teacher": ("1", (2, 30))}), day=2))
    made = replanned(stayed, moved_pupil("2026-10-16", "2026-11-02"))
    mine = [action for action in of_kind(made, ChangeFeed) if action.key.owner == PETIT_JEAN]
    instant = int(NOVEMBER.timestamp())
    assert sorted((action.before, action.after) for action in mine) == [
        ((), ((day("2026-11-02"), day("2027-09-01")),)),
        (((day("2026-09-01"), day("2027-09-01")),), ((day("2026-09-01"), instant),)),
    ]
    assert (made.counts.memberships_created, made.counts.memberships_deleted) == (1, 1)


def test_a_pupil_taken_out_by_mistake_comes_back_without_holes_in_the_future():
    without = replace(school(MONDAY_MATHS), pupils=college().pupils[1:])
    known = accounts(college())
    state = imported(school(MONDAY_MATHS))
    state = applied(state, plan(state, wanted(without, known), NOVEMBER))
    assert plan(state, wanted(without, known), NOVEMBER + timedelta(days=1)).empty
    back = plan(state, wanted(school(MONDAY_MATHS), known), NOVEMBER + timedelta(days=2))
    state = applied(state, back)
    assert back.counts.memberships_created == 1
    assert plan(state, wanted(school(MONDAY_MATHS), known), NOVEMBER + timedelta(days=3)).empty


def test_a_store_calendar_that_left_the_file_keeps_its_feeds_for_the_past():
    made = replanned(school(MONDAY_MATHS), school())
    assert of_kind(made, ChangeFeed) == []


def test_no_store_calendar_is_made_for_the_frozen_past_but_its_course_is():
    first_week = school(course(*uses(**{"class": ("1", (1,)), "teacher": ("1", (1,))})))
    made = plan(Current(), wanted(first_week), NOVEMBER)
    assert (made.counts.courses_created, made.counts.calendars_created, made.counts.feeds_changed) == (1, 0, 0)


@pytest.mark.req("R156")
def test_unmatched_people_get_nothing():
    known = [account for account in accounts(college()) if account.id != int(PETIT_JEAN)]
    state = wanted(college(), known)
    assert all(key.owner != PETIT_JEAN for key in state.feeds)
    assert all(key.account != int(PETIT_JEAN) for key in state.memberships)


def test_the_whole_school_and_the_courses_are_fed():
    state = imported(college())
    assert {key.store for key in state.feeds if key.kind == "school"} == set(state.calendars)
    assert {key.owner for key in state.feeds if key.kind == "course"} == set(state.courses)
    assert all(windows == ALWAYS for key, windows in state.feeds.items() if key.kind != "person")


def test_a_subject_with_a_new_label_renames_and_updates_without_a_new_uid():
    renamed = replace(
        school(MONDAY_MATHS), subjects=(replace(college().subjects[0], label="MATHS"), *college().subjects[1:])
    )
    made = replanned(school(MONDAY_MATHS), renamed, AUGUST)
    assert [action.label for action in of_kind(made, RenameCourse)] == ["MATHS - 3F"]
    assert len(of_kind(made, RenameCalendar)) == 1
    assert (made.counts.events_updated, made.counts.events_created, made.counts.courses_renamed) == (2, 0, 1)


def test_the_digest_outlives_a_minute_but_not_a_change():
    state = imported(school(MONDAY_MATHS))
    leaving = wanted(replace(school(MONDAY_MATHS), pupils=college().pupils[1:]), accounts(college()))
    one, later = plan(state, leaving, NOVEMBER), plan(state, leaving, NOVEMBER + timedelta(minutes=1))
    assert one.digest == later.digest
    assert one.digest != plan(state, wanted(school()), NOVEMBER).digest
    assert len(one.actions) == 2


def test_calendars_come_before_what_needs_them_and_deletes_before_creates():
    moved = replace(MONDAY_MATHS, starts=MONDAY_MATHS.ends, ends=MONDAY_MATHS.ends.replace(hour=10))
    made = replanned(school(MONDAY_MATHS), school(moved), AUGUST)
    kinds = [kind for kind, _ in itertools.groupby(type(action).__name__ for action in made.actions)]
    assert kinds == ["DeleteSession", "CreateSession"]
    first = [
        kind
        for kind, _ in itertools.groupby(type(a).__name__ for a in plan(Current(), wanted(college()), AUGUST).actions)
    ]
    assert first == ["CreateCalendar", "CreateCourse", "CreateSession", "ChangeFeed", "ChangeMembership"]


WEEKS = st.sets(st.integers(1, 40), min_size=1, max_size=4)
SLOTS = st.lists(
    st.builds(
        lambda day, who, weeks, teacher, room: course(
            *(
                replace(resource, mask=mask_of(tuple(weeks)))
                for resource in uses(**{who[0]: (who[1], ()), "teacher": (teacher, ()), "room": (room, ())})
            ),
            day=day,
        ),
        st.integers(1, 3),
        st.sampled_from([("class", "1"), ("class", "2"), ("group", "1"), ("group", "3"), ("pupil", "3")]),
        WEEKS,
        st.sampled_from("123"),
        st.sampled_from(["15001", "15002"]),
    ),
    max_size=5,
)
INSTANTS = st.datetimes(datetime(2026, 8, 1), datetime(2027, 7, 1), timezones=st.just(UTC))


@given(st.lists(st.tuples(SLOTS, st.sets(st.integers(0, 2)), INSTANTS), min_size=1, max_size=4))
def test_any_run_of_imports_keeps_the_past_and_reaches_the_future(exports):
    state, known = Current(), accounts(college())
    for slots, pupils, now in sorted(exports, key=lambda export: export[2]):
        base = school(*slots)
        export = replace(
            base,
            pupils=tuple(
                pupil if index in pupils else replace(pupil, classes=(), parts=())
                for index, pupil in enumerate(base.pupils)
            ),
        )
        instant, goal, before = now.timestamp(), wanted(export, known), state
        state = applied(state, plan(state, goal, now))
        assert plan(state, goal, now + timedelta(microseconds=1)).empty
        assert {uid: s for uid, s in before.sessions.items() if s.starts < instant} == {
            uid: s for uid, s in state.sessions.items() if s.starts < instant
        }
        assert {uid for uid, s in state.sessions.items() if s.starts >= instant} == {
            uid for uid, s in goal.sessions.items() if s.starts >= now
        }
        assert seen_after(state, now) == wished_after(goal, now)


def seen_after(state: Current, now: datetime) -> set[tuple[str, str]]:
    return {
        (key.owner, uid)
        for key, windows in state.feeds.items()
        if key.kind == "person"
        for uid, session in state.sessions.items()
        if session.store_key == key.store
        and session.starts >= now.timestamp()
        and any(start <= session.starts < end for start, end in windows)
    }


def wished_after(goal, now: datetime) -> set[tuple[str, str]]:
    return {
        (key.owner, uid)
        for key, windows in goal.feeds.items()
        if key.kind == "person"
        for uid, session in goal.sessions.items()
        if session.store_key == key.store
        and session.starts >= now
        and any(start <= session.starts.timestamp() < end for start, end in windows)
    }


def test_a_detached_pupil_is_fed_by_name():
    state = wanted(school(course(*uses(pupil=("3", (5,)), teacher=("1", (5,))))))
    assert {key.owner for key in state.feeds if key.kind == "person"} == {LEROUX, "1"}
    assert state.courses == {}
