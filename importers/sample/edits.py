"""Small edits of one course in one week, as timetable software writes them into the masks."""

from collections.abc import Callable
from dataclasses import replace

from importers.sample.model import Course, Use

Uses = tuple[Use, ...]


def each_resource(course: Course, edit: Callable[[Uses], Uses]) -> Course:
    """Return a course with one edit made to every kind of resource."""
    return replace(
        course,
        teachers=edit(course.teachers),
        classes=edit(course.classes),
        parts=edit(course.parts),
        groups=edit(course.groups),
        rooms=edit(course.rooms),
        staff=edit(course.staff),
        materials=edit(course.materials),
        pupils=edit(course.pupils),
    )


def without(uses: Uses, week: int) -> Uses:
    """Return resources with a week's bit cleared, those left with no week dropped."""
    return tuple(Use(use.ident, mask) for use in uses if (mask := use.weeks & ~(1 << week)))


def given_to(uses: Uses, ident: int, week: int) -> Uses:
    """Return resources with one week handed to a single one, which is added if it is new."""
    kept = {use.ident: use.weeks for use in without(uses, week)}
    kept[ident] = kept.get(ident, 0) | 1 << week
    return tuple(Use(found, weeks) for found, weeks in kept.items())


def cleared(course: Course, week: int) -> Course:
    """Return a course that does not take place in a week: no resource keeps the bit."""
    return each_resource(course, lambda uses: without(uses, week))


def cancelled(course: Course, week: int) -> Course:
    """Return a course cancelled in a week by ``SemainesAnnulation``, the masks left as they were."""
    return replace(course, cancelled=course.cancelled | 1 << week)


def taught_by(course: Course, week: int, teacher: int) -> Course:
    """Return a course whose teachers are replaced in a week."""
    return replace(course, teachers=given_to(course.teachers, teacher, week))


def held_in(course: Course, week: int, room: int) -> Course:
    """Return a course whose room is another in a week."""
    return replace(course, rooms=given_to(course.rooms, room, week))


def only(course: Course, week: int, day: int, place: int) -> Course:
    """Return the one-week course that holds, at another time, a course's session of a week."""
    bit = 1 << week
    alone = each_resource(course, lambda uses: tuple(Use(use.ident, bit) for use in uses if use.weeks & bit))
    return replace(alone, day=day, place=place, cancelled=0, yearly=False)
