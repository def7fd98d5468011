"""A whole and well-formed export that lacks half of the school: an automatic run refuses it, a person is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from importers.errors import ImportRefused
from importers.notices import count_of
from importers.run import AUTOMATIC, Options, import_file
from importers.sample import SampleSchool, write_xml
from importers.sample.model import Course, Use
from server.wording import sentence
from storage.imports import ImportRun
from storage.model import School
from storage.store import Store
from tests.importers.conftest import AUTUMN, imported

DEPOSITED = Options(kind=AUTOMATIC, file_name="EDT.xml")


def without_classes(sample: SampleSchool) -> SampleSchool:
    """The bigger half of the classes is gone, with its parts, groups, courses and pupils."""
    gone = sample.classes[: len(sample.classes) // 2 + 1]
    classes, parts = {each.ident for each in gone}, {part for each in gone for part in each.parts}
    groups = {each.ident for each in sample.groups if classes & {*each.classes} or parts & {*each.parts}}

    def touched(course: Course) -> bool:
        used: tuple[tuple[Iterable[Use], set[int]], ...]
        used = (course.classes, classes), (course.parts, parts), (course.groups, groups)
        return any(use.ident in idents for uses, idents in used for use in uses)

    return replace(
        sample,
        classes=sample.classes[len(gone) :],
        groups=tuple(each for each in sample.groups if each.ident not in groups),
        courses=tuple(course for course in sample.courses if not touched(course)),
        pupils=tuple(pupil for pupil in sample.pupils if not classes & {stay.ident for stay in pupil.classes}),
    )


def without_courses(sample: SampleSchool) -> SampleSchool:
    """Everybody is there, and two courses of three are gone."""
    return replace(sample, courses=sample.courses[::3])


def without_people(sample: SampleSchool) -> SampleSchool:
    """Every course is there, and half of the pupils and teachers are gone."""
    return replace(sample, pupils=sample.pupils[::2], teachers=sample.teachers[::2])


HALVES: tuple[Callable[[SampleSchool], SampleSchool], ...] = (without_classes, without_courses, without_people)


def seen(store: Store, school: School) -> object:
    """What anybody could see of a timetable: sessions, memberships, feeds, the clock every sync-token follows."""
    with store.reading(school.id) as tx:
        return tx.lessons.stored(), tx.lessons.memberships(), tx.lessons.feeds.live(), tx.changes.clock()


def last(store: Store, school: School) -> ImportRun:
    with store.reading(school.id) as tx:
        return tx.imports.history()[0]


@pytest.mark.req("R230", "R231", "R235")
@pytest.mark.parametrize("half", HALVES)
def test_an_automatic_import_of_half_a_school_is_rejected_with_its_numbers(store, school, sample, half):
    imported(store, school, sample)
    before = seen(store, school)
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, write_xml(half(sample), "2.0"), AUTUMN, DEPOSITED)
    assert seen(store, school) == before
    run = last(store, school)
    assert (run.status, run.report["reason"]) == ("rejected", refused.value.reason)
    stopping = {each["check"]: each for each in run.report["verdicts"] if each["exceeded"] and each["blocking"]}
    if half is without_people:
        assert (refused.value.reason, stopping) == ("people-missing", {})
        told = run.report["data"]
        assert told == dict(refused.value.data)
        assert 5 * told["absent"] > told["known"] > told["absent"]
        assert f"{refused.value.data['absent']} of the {refused.value.data['known']} people" in sentence(refused.value)
    else:
        assert refused.value.reason == "thresholds"
        assert set(stopping) == set(str(refused.value.data["checks"]).split(", ")) != set()
        assert "Sessions more or fewer" in sentence(refused.value)
        assert all(each["part"] > 0 and each["percent"] > each["limit"] for each in stopping.values())
    assert run.report["planned"]["sessions"] > 0


@pytest.mark.req("R232", "R238")
@pytest.mark.parametrize("half", HALVES)
def test_whoever_looks_at_it_may_apply_what_was_rejected(store, school, sample, half):
    imported(store, school, sample)
    before = seen(store, school)
    import_file(store, school, write_xml(half(sample), "2.0"), AUTUMN, replace(DEPOSITED, accepted=True))
    assert seen(store, school) != before
    assert last(store, school).status == "done"


@pytest.mark.req("R77", "R232")
def test_people_who_are_gone_in_numbers_stop_a_deposit_though_no_threshold_does(store, school, sample):
    """A third of the pupils: the last class leaves, or a part of the file is lost. Nobody was renumbered."""
    imported(store, school, sample)
    before = seen(store, school)
    fewer = replace(sample, pupils=sample.pupils[len(sample.pupils) // 3 :])
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, write_xml(fewer, "2.0"), AUTUMN, DEPOSITED)
    assert seen(store, school) == before
    assert refused.value.reason == "people-missing"
    assert refused.value.data["absent"] == len(sample.pupils) - len(fewer.pupils) > 20
    run = last(store, school)
    assert run.report["planned"]["counts"]["memberships_deleted"] > 0
    assert not any(each["exceeded"] and each["blocking"] for each in run.report["verdicts"])


@pytest.mark.req("R77")
@pytest.mark.parametrize("half", HALVES)
def test_by_hand_the_numbers_are_shown_first_and_half_a_school_is_asked_about(store, school, sample, half):
    imported(store, school, sample)
    before = seen(store, school)
    data = write_xml(half(sample), "2.0")
    shown = import_file(store, school, data, AUTUMN, Options(dry_run=True))
    assert shown.alerts
    assert bool(count_of(shown.notices, "people-missing")) is (half is not without_courses)
    with pytest.raises(ImportRefused) as refused:
        import_file(store, school, data, AUTUMN)
    assert refused.value.reason == ("people-missing" if half is without_people else "would-wreck")
    assert bool(count_of(shown.notices, "would-wreck")) is (half is not without_people)
    assert seen(store, school) == before
    told = import_file(store, school, data, AUTUMN, Options(digest=shown.digest, force=True))
    assert told.counts == shown.counts


@pytest.mark.parametrize(("typed", "passes"), [("0990001Y", False), ("oui", False), ("0990001x", True)])
@pytest.mark.parametrize("half", [without_classes, without_people])
def test_only_the_code_of_the_school_itself_stands_for_force(store, school, sample, half, typed, passes):
    imported(store, school, sample)
    before = seen(store, school)
    data = write_xml(half(sample), "2.0")
    if passes:
        import_file(store, school, data, AUTUMN, Options(confirm=typed))
    else:
        with pytest.raises(ImportRefused, match=r"would-wreck|people-missing"):
            import_file(store, school, data, AUTUMN, Options(confirm=typed))
    assert (seen(store, school) == before) is not passes
