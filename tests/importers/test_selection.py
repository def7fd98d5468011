"""What is left out of an import, and files of several schools."""

import pytest

from importers import edt
from importers.errors import ImportRefused
from importers.selection import EVERYTHING, Selection, of_school, select
from tests.importers.make import college, sample


def kept(selection: Selection) -> list[int]:
    whole = college()
    return [
        whole.courses.index(course) if course in whole.courses else -1 for course in select(whole, selection).courses
    ]


def test_everything_is_selected_by_default():
    assert select(college(), EVERYTHING) == college()


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(subjects=frozenset({"MATHS"})), [1, 2, 5]),
        (Selection(subjects=frozenset({"LCA LATIN"})), [0, 1, 3, 4, 5]),
        (Selection(groups=frozenset({"3F_G1"})), [1, 2, 3, 4, 5]),
        (Selection(classes=frozenset({"3F"})), [0, -1, 2, 3, 5]),
    ],
)
def test_a_deselected_name_takes_the_slots_that_lose_their_whole_audience(selection, expected):
    assert kept(selection) == expected


def test_a_deselected_group_does_not_leave_its_lessons_to_the_whole_class():
    assert all(
        course.subjects != ("3",) for course in select(college(), Selection(groups=frozenset({"3BDLATIN"}))).courses
    )


def test_a_file_of_several_schools_is_cut_to_one():
    lycee = of_school(edt.parse(sample("cite.xml")), "0990043l")
    assert [found.name for found in lycee.classes] == ["2NDE 1"]
    assert [group.name for group in lycee.groups] == ["2NDE GR"]
    assert [pupil.family for pupil in lycee.pupils] == ["ARRIETA"]
    assert [teacher.family for teacher in lycee.teachers] == ["SORENSEN"]
    assert [course.ident for course in lycee.courses] == ["503"]


def test_a_file_of_one_school_is_taken_whole():
    assert of_school(college(), "0990042K") == college()


def test_the_file_of_another_school_is_refused_by_name():
    with pytest.raises(ImportRefused) as caught:
        of_school(college(), "0010001A")
    assert (caught.value.reason, caught.value.data) == (
        "wrong-school",
        {"expected": "0010001A", "found": ("0990042K",)},
    )
