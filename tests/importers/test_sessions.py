"""Expansion of week courses into dated sessions: times, audiences, keys, courses."""

from dataclasses import replace
from datetime import UTC, date, time

import pytest

from importers import edt, sessions
from importers.errors import ImportRefused
from importers.notices import count_of
from importers.sessions import Status, course_keys, expand, store_key
from importers.timetable import Resource, ResourceKind
from tests.importers.make import college, course, sample, settings, taught, uses


def labels(expansion) -> set[str]:
    return {name.label for session in expansion.sessions for name in course_keys(session)}


def of_subject(expansion, code):
    return [session for session in expansion.sessions if session.lesson.subject.code == code]


def test_the_sample_expands_to_its_dates_and_instants():
    maths = of_subject(expand(college(), settings()), "MATHS")
    assert len(maths) == 14
    assert [session.day for session in maths][:2] == [date(2026, 9, 3), date(2026, 9, 10)]
    november = maths[9]
    assert f"{november.starts.astimezone(UTC):%Y%m%dT%H%M%SZ}" == "20261119T080000Z"
    assert (november.starts.time(), november.ends.time()) == (time(9), time(11, 5))


def test_a_substitute_has_only_the_week_they_give():
    by_teacher: dict[str, list[date]] = {}
    for session in of_subject(expand(college(), settings()), "MATHS"):
        by_teacher.setdefault(session.lesson.teachers[0].name, []).append(session.day)
    assert by_teacher["NGUYEN Linh"] == [date(2026, 11, 19)]
    assert len(by_teacher["MARCHETTI Odile"]) == 13


def test_sessions_of_a_substitute_are_stored_apart_from_the_teachers_own():
    keys = {store_key(session) for session in of_subject(expand(college(), settings()), "MATHS")}
    assert len(keys) == 2


def test_a_room_present_in_some_weeks_only_is_absent_in_the_others():
    latin = of_subject(expand(college(), settings()), "LCALA")
    assert [session.lesson.rooms for session in latin] == [("B12",)] * 6 + [()]


@pytest.mark.req("R92")
def test_two_classes_side_by_side_make_two_courses_and_one_session():
    french = of_subject(expand(college(), settings()), "FRANC")
    assert len(french) == 2
    assert [name.label for name in course_keys(french[0])] == ["FRANCAIS - 3B", "FRANCAIS - 3F"]


@pytest.mark.req("R127", "R147")
def test_a_class_course_is_called_subject_and_class():
    assert "FRANCAIS - 3F" in labels(expand(college(), settings()))


@pytest.mark.req("R85", "R149", "R150")
def test_a_group_within_a_class_keeps_the_label_of_the_class_and_the_session_says_the_group():
    maths = of_subject(expand(college(), settings()), "MATHS")[0]
    assert [name.label for name in course_keys(maths)] == ["MATHEMATIQUES - 3F"]
    assert {unit.name for unit in maths.lesson.audience} == {"3F_G1"}
    assert maths.lesson.rooms == ("B12",)


@pytest.mark.req("R143")
def test_groups_over_several_classes_give_one_course_joined_by_a_slash():
    latin = course(*uses(group=("3", (1,))), Resource(ResourceKind.GROUP, "1", 2), subject="3")
    assert labels(taught(latin)) == {"LCA LATIN - 3BDLATIN/3F_G1"}
    assert labels(taught(course(*uses(group=("3", (1,))), subject="3"))) == {"LCA LATIN - 3BDLATIN"}


def test_groups_blank_the_classes_listed_beside_them():
    latin = of_subject(expand(college(), settings()), "LCALA")[0]
    assert {unit.name for unit in latin.lesson.audience} == {"3BDLATIN"}


@pytest.mark.req("R84", "R86")
def test_class_parts_alone_are_left_out_and_counted():
    alone = taught(course(*uses(part=("2", (1, 2)), teacher=("1", (1, 2)))))
    assert alone.sessions == ()
    assert count_of(alone.notices, "class-parts-only") == 1


def test_class_parts_alone_are_imported_when_the_school_wants_them():
    alone = taught(course(*uses(part=("2", (1, 2)))), include_class_parts=True)
    assert len(alone.sessions) == 2
    assert labels(alone) == {"MATHEMATIQUES - 3F"}


@pytest.mark.req("R88")
def test_a_pupil_added_to_the_course_of_a_class_joins_its_audience():
    session = taught(course(*uses(**{"class": ("1", (1,)), "pupil": ("3", (1,))}))).sessions[0]
    assert {unit.token for unit in session.lesson.audience} == {"class:3F", "pupil:LEROUX Inès"}
    assert [name.label for name in course_keys(session)] == ["MATHEMATIQUES - 3F"]


def test_a_part_of_a_class_that_is_there_as_a_whole_adds_nothing():
    session = taught(course(*uses(**{"class": ("1", (1,)), "part": ("1", (1,))}))).sessions[0]
    assert {unit.token for unit in session.lesson.audience} == {"class:3F"}


@pytest.mark.req("R211")
def test_no_subject_or_no_audience_makes_a_session_but_no_course():
    bare = taught(course(*uses(teacher=("1", (1,)))), course(*uses(**{"class": ("1", (2,))}), subject=""))
    assert len(bare.sessions) == 2
    assert labels(bare) == set()
    assert count_of(bare.notices, "no-course") == 2


def test_a_slot_without_resource_has_no_session():
    assert taught(course()).sessions == ()


def test_cancelled_weeks_are_hidden_or_shown_as_the_school_wants():
    slot = course(*uses(**{"class": ("1", (1, 2))}), cancelled=4)
    assert [session.day for session in taught(slot).sessions] == [date(2026, 8, 31)]
    shown = taught(slot, show_cancelled=True).sessions
    assert [session.lesson.status for session in shown] == [Status.CONFIRMED, Status.CANCELLED]


def test_several_subjects_staff_and_equipment_of_later_versions_arrive():
    read = replace(edt.parse(sample("cite.xml")), schools=("0990042K",))
    lesson = expand(read, settings()).sessions[0].lesson
    assert lesson.subject.label == "MATHEMATIQUES/PHYSIQUE"
    assert [person.name for person in lesson.staff] == ["BASTIDE Yann"]
    assert lesson.equipment == ("VALISE TABLETTES",)


def test_sessions_beyond_the_year_are_kept_and_counted():
    late = expand(college(), settings())
    assert late.sessions[-1].day == date(2027, 9, 3)
    assert count_of(late.notices, "outside-year") == 1


def uid(*courses):
    return [session.uid for session in taught(*courses).sessions]


BASE = course(*uses(**{"class": ("1", (3,)), "teacher": ("1", (3,)), "room": ("15001", (3,))}))


@pytest.mark.parametrize(
    ("changed", "same_session"),
    [
        (
            replace(BASE, resources=uses(**{"class": ("1", (3,)), "teacher": ("1", (3,)), "room": ("15002", (3,))})),
            True,
        ),
        (
            replace(BASE, resources=uses(**{"class": ("1", (3,)), "teacher": ("3", (3,)), "room": ("15001", (3,))})),
            True,
        ),
        (replace(BASE, ends=time(10)), True),
        (replace(BASE, starts=time(8, 30)), False),
        (replace(BASE, subjects=("2",)), False),
        (replace(BASE, day=2), False),
        (
            replace(BASE, resources=uses(**{"class": ("2", (3,)), "teacher": ("1", (3,)), "room": ("15001", (3,))})),
            False,
        ),
    ],
    ids=["room", "teacher", "end", "start", "subject", "day", "class"],
)
def test_a_change_of_room_teacher_or_end_keeps_the_uid_and_changes_the_content(changed, same_session):
    before, after = taught(BASE).sessions[0], taught(changed).sessions[0]
    assert (before.uid == after.uid) is same_session
    assert before.content != after.content or not same_session


def test_identifiers_of_the_file_do_not_enter_keys():
    one = expand(college(), settings())
    data = sample("college.xml").replace(b'Ident="1"', b'Ident="901"').replace(b'Ident="2"', b'Ident="902"')
    other = expand(edt.parse(data), settings())
    assert [(s.uid, s.content, s.store_key) for s in one.sessions] == [
        (s.uid, s.content, s.store_key) for s in other.sessions
    ]


def test_the_same_session_in_two_schools_has_two_uids():
    assert (
        taught(BASE).sessions[0].uid
        != expand(replace(college(), courses=(BASE,)), replace(settings(), school="0990043L")).sessions[0].uid
    )


def test_exact_duplicates_get_ordinals_whatever_the_order_of_the_file():
    other = replace(BASE, resources=uses(**{"class": ("1", (3,)), "teacher": ("3", (3,))}))
    first, second = taught(BASE, other), taught(other, BASE)
    assert [session.key.ordinal for session in first.sessions] == [0, 1]
    assert {s.uid: s.content for s in first.sessions} == {s.uid: s.content for s in second.sessions}
    assert len(uid(BASE, BASE)) == 2


def test_two_groups_of_one_name_are_kept_apart():
    twins = replace(college(), groups=(*college().groups, replace(college().groups[0], ident="77")))
    made = replace(twins, courses=(course(*uses(group=("1", (1,)))), course(*uses(group=("77", (1,))))))
    assert {unit.name for s in expand(made, settings()).sessions for unit in s.lesson.audience} == {
        "3F_G1",
        "3F_G1 (2)",
    }


@pytest.mark.req("R142")
def test_a_course_switched_off_takes_its_sessions_unless_another_course_shows_them():
    full = expand(college(), settings())
    keys = {name.label: name.key for session in full.sessions for name in course_keys(session)}
    off = expand(college(), settings(without_courses=frozenset({keys["MATHEMATIQUES - 3F"], keys["FRANCAIS - 3F"]})))
    assert of_subject(off, "MATHS") == []
    assert len(of_subject(off, "FRANC")) == 2
    assert "FRANCAIS - 3F" not in labels(off)


def test_too_many_sessions_are_refused(monkeypatch):
    monkeypatch.setattr(sessions, "SESSION_LIMIT", 3)
    with pytest.raises(ImportRefused) as caught:
        expand(college(), settings())
    assert caught.value.reason == "too-many-sessions"
