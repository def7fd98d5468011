"""Each of the thirteen checks of R237 moves when what it looks at moves, and not when something else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from importers import choices
from importers.run import Options, import_file
from importers.sample import SampleSchool, write_xml
from importers.school_calendar import Closure
from importers.thresholds import Check
from storage.model import School
from storage.store import Store
from tests.importers.conftest import AUTUMN, imported

DRY = Options(dry_run=True)
DECEMBER = date(2026, 12, 7)
Edit = Callable[[SampleSchool], SampleSchool]


def another_subject(sample: SampleSchool) -> SampleSchool:
    """One subject is another one from now on."""
    taught = sample.courses[0].subjects[0]
    subjects = tuple(
        replace(each, code="NOUV", label="NOUVELLE") if each.ident == taught else each for each in sample.subjects
    )
    return replace(sample, subjects=subjects)


def fewer_hours(sample: SampleSchool) -> SampleSchool:
    """One course has no lesson in one week of December."""
    week = (DECEMBER - sample.year.date_of(0, 1)).days // 7
    at = next(
        n
        for n, each in enumerate(sample.courses)
        if each.teachers and each.classes and each.teachers[0].weeks >> week & 1
    )
    course = replace(sample.courses[at], cancelled=1 << week)
    return replace(sample, courses=(*sample.courses[:at], course, *sample.courses[at + 1 :]))


def nobody_teaches(sample: SampleSchool) -> SampleSchool:
    """One more course, without a teacher."""
    at = next(each for each in sample.courses if each.teachers and each.classes and each.day == 1)
    return replace(sample, courses=(*sample.courses, replace(at, day=3, teachers=())))


def unknown_teacher(sample: SampleSchool) -> SampleSchool:
    """One teacher is somebody who has no account."""
    first, *others = sample.teachers
    return replace(sample, teachers=(replace(first, family="INCONNUE", given="Zoé", idpn="NEW1", sts=""), *others))


def unknown_pupil(sample: SampleSchool) -> SampleSchool:
    """One pupil is somebody who has no account."""
    first, *others = sample.pupils
    stranger = replace(first, family="INCONNU", given="Zacharie", idpn="NEW2", ine="", birth=date(2014, 2, 3))
    return replace(sample, pupils=(stranger, *others))


def unknown_class(sample: SampleSchool) -> SampleSchool:
    """One more class, nobody of which is recognised."""
    empty = replace(sample.classes[0], ident=9001, name="CLASSE INCONNUE", parts=())
    return replace(sample, classes=(*sample.classes, empty))


def unknown_group(sample: SampleSchool) -> SampleSchool:
    """One more group, nobody of which is recognised."""
    empty = replace(sample.groups[0], ident=9002, name="GROUPE INCONNU", classes=(), parts=(), pupils=())
    return replace(sample, groups=(*sample.groups, empty))


EDITS: dict[Edit, frozenset[Check]] = {
    another_subject: frozenset({Check.SUBJECTS_CREATED, Check.SERVICES_CREATED, Check.SERVICES_DELETED}),
    fewer_hours: frozenset({Check.SERVICES_CHANGED, Check.SESSIONS}),
    nobody_teaches: frozenset({Check.SERVICES_CREATED, Check.INCOMPLETE_SERVICES, Check.SESSIONS}),
    # Whoever teaches is part of a service: a teacher of another name gives other ones.
    unknown_teacher: frozenset({Check.TEACHERS, Check.SERVICES_CREATED, Check.SERVICES_DELETED}),
    unknown_pupil: frozenset({Check.PUPILS}),
    unknown_class: frozenset({Check.CLASSES}),
    unknown_group: frozenset({Check.GROUPS}),
}


def counted(store: Store, school: School, sample: SampleSchool) -> dict[Check, int]:
    report = import_file(store, school, write_xml(sample, "2.0"), AUTUMN, DRY)
    return {each.check: each.part for each in report.verdicts}


@pytest.mark.req("R237")
def test_a_check_moves_with_what_it_looks_at(store: Store, school: School, sample: SampleSchool):
    imported(store, school, sample)
    before = counted(store, school, sample)
    for edit, expected in EDITS.items():
        after = counted(store, school, edit(sample))
        moved = {check for check in Check if after[check] > before[check]}
        assert moved == expected, edit.__name__


@pytest.mark.req("R237")
def test_a_closed_day_that_opens_counts_as_a_closure_deleted(store: Store, school: School, sample: SampleSchool):
    week = (DECEMBER - sample.year.date_of(0, 1)).days // 7
    closed = tuple(replace(each, cancelled=1 << week) if each.day == 1 else each for each in sample.courses)
    imported(store, school, replace(sample, courses=closed))
    assert counted(store, school, sample)[Check.CLOSURES_DELETED] == 1
    with store.writing(school.id) as tx:
        choices.set_closures(tx, [Closure(DECEMBER, DECEMBER, "Pont")])
    assert counted(store, school, sample)[Check.CLOSURES_KEPT] > 0
