"""Advice on how a timetable was prepared in EDT, shown where the defect is found in the file (R83 to R95)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from importers.timetable import Course, Group, ResourceKind, Timetable

NAMED: Final = 10
FEW: Final = 2

PARTS_ONLY: Final = "class-parts-without-group"
TWO_CLASSES: Final = "classes-side-by-side"
ALIKE: Final = "groups-nearly-alike"
LAST_YEAR: Final = "pupils-without-class"


@dataclass(frozen=True, slots=True)
class Advice:
    """A defect of the file: a stable code, how often it was met, and some of the names it was met at."""

    code: str
    count: int
    names: tuple[str, ...]


def advice(timetable: Timetable) -> dict[str, tuple[Advice, ...]]:
    """Return advice by the step of a manual import that shows it."""
    steps = {
        "classes": ((LAST_YEAR, _without_class(timetable)),),
        "groups": ((ALIKE, _alike(timetable)),),
        "courses": ((PARTS_ONLY, _parts_only(timetable)), (TWO_CLASSES, _side_by_side(timetable))),
    }
    return {step: tuple(_counted(code, names) for code, names in found if names) for step, found in steps.items()}


def _counted(code: str, names: list[str]) -> Advice:
    return Advice(code, len(names), tuple(name for name, _ in Counter(names).most_common(NAMED)))


def _units(course: Course, kind: ResourceKind) -> set[str]:
    return {resource.ident for resource in course.resources if resource.kind is kind}


def _parts_only(timetable: Timetable) -> list[str]:
    """Name the subject and class of slots that have class parts and neither class nor group (R84, R86, R93, R94)."""
    subjects = {subject.ident: subject.label for subject in timetable.subjects}
    classes = {found.ident: found.name for found in timetable.classes}
    owners = {part.ident: classes.get(part.class_ident, "?") for part in timetable.parts}
    found = []
    for course in timetable.courses:
        parts = _units(course, ResourceKind.PART)
        if parts and not _units(course, ResourceKind.CLASS) and not _units(course, ResourceKind.GROUP):
            names = sorted({owners.get(part, "?") for part in parts})
            found.append(f"{_subject(course, subjects)} - {'/'.join(names)}")
    return found


def _side_by_side(timetable: Timetable) -> list[str]:
    """Name slots with several classes and no group: each class gets a course of its own (R91, R92)."""
    subjects = {subject.ident: subject.label for subject in timetable.subjects}
    classes = {found.ident: found.name for found in timetable.classes}
    found = []
    for course in timetable.courses:
        units = _units(course, ResourceKind.CLASS)
        if len(units) > 1 and not _units(course, ResourceKind.GROUP):
            names = sorted(classes.get(ident, "?") for ident in units)
            found.append(f"{_subject(course, subjects)} - {'/'.join(names)}")
    return found


def _subject(course: Course, subjects: dict[str, str]) -> str:
    return "/".join(subjects.get(ident, "?") for ident in course.subjects) or "?"


def _alike(timetable: Timetable) -> list[str]:
    """Name groups that are a class, or another group, give or take one or two pupils (R87 to R90)."""
    members = {group.ident: members for group, members in _memberships(timetable)}
    names = {group.ident: group.name for group in timetable.groups}
    wholes = _classes(timetable)
    found = []
    held = sorted(members.items(), key=lambda each: (len(each[1]), each[0]))
    for position, (ident, pupils) in enumerate(held):
        near = (other for _, other in held[position + 1 : position + 40] if len(other) - len(pupils) <= FEW)
        if any(_near(pupils, other) for other in (*near, *wholes)):
            found.append(names[ident])
    return found


def _near(one: frozenset[str], other: frozenset[str]) -> bool:
    """Say whether two sets of at least five pupils differ by one or two; equal ones are two views of one group."""
    return min(len(one), len(other)) > 2 * FEW and 0 < len(one ^ other) <= FEW


def _classes(timetable: Timetable) -> list[frozenset[str]]:
    held: dict[str, set[str]] = {}
    for pupil in timetable.pupils:
        for stay in pupil.classes:
            held.setdefault(stay.ident, set()).add(pupil.ident)
    return [frozenset(pupils) for pupils in held.values()]


def _memberships(timetable: Timetable) -> Iterator[tuple[Group, frozenset[str]]]:
    classes: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for pupil in timetable.pupils:
        for table, stays in ((classes, pupil.classes), (parts, pupil.parts)):
            for stay in stays:
                table.setdefault(stay.ident, set()).add(pupil.ident)
    for group in timetable.groups:
        pupils = _united(classes, group.classes) | _united(parts, group.parts) | set(group.pupils)
        yield group, frozenset(pupils)


def _united(table: dict[str, set[str]], idents: Iterable[str]) -> set[str]:
    return {pupil for ident in idents for pupil in table.get(ident, ())}


def _without_class(timetable: Timetable) -> list[str]:
    """Name pupils who are in no class this year: often those of the year before, still in the base (R83)."""
    return [
        pupil.name
        for pupil in timetable.pupils
        if not any(stay.last is None or stay.last >= timetable.year_starts for stay in pupil.classes)
    ]
