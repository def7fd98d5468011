"""What of a timetable is imported: the school, and the subjects, classes, groups and courses the administrator kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from importers.errors import ImportRefused
from importers.timetable import Course, Group, Person, Resource, ResourceKind, Timetable

_AUDIENCE = frozenset({ResourceKind.CLASS, ResourceKind.GROUP, ResourceKind.PART, ResourceKind.PUPIL})


@dataclass(frozen=True, slots=True)
class Selection:
    """What is left out, by name so that it survives the next export; nothing by default (R116-R142).

    `courses` are course keys (importers.naming.course_names), dropped after the expansion, where courses are known.
    """

    subjects: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    courses: frozenset[str] = frozenset()


EVERYTHING = Selection()


def select(timetable: Timetable, selection: Selection) -> Timetable:
    """Return the timetable without the deselected subjects (code or label), classes and groups (name).

    A slot whose whole audience or whole subject was deselected goes with it. People are kept: they are reconciled all
    the same.
    """
    if not (selection.subjects or selection.classes or selection.groups):
        return timetable
    subjects = tuple(s for s in timetable.subjects if not selection.subjects & {s.code, s.label})
    classes = {found.ident for found in timetable.classes if found.name not in selection.classes}
    groups = {found.ident for found in timetable.groups if found.name not in selection.groups}
    parts = {part.ident for part in timetable.parts if part.class_ident in classes}
    kept = {ResourceKind.CLASS: classes, ResourceKind.GROUP: groups, ResourceKind.PART: parts}

    def holds(resource: Resource) -> bool:
        return resource.kind not in kept or resource.ident in kept[resource.kind]

    known = {subject.ident for subject in subjects}
    return replace(
        timetable,
        subjects=subjects,
        classes=tuple(found for found in timetable.classes if found.ident in classes),
        groups=tuple(found for found in timetable.groups if found.ident in groups),
        courses=tuple(c for course in timetable.courses if (c := _narrowed(course, known, holds)) is not None),
    )


def _narrowed(course: Course, subjects: set[str], holds: Callable[[Resource], bool]) -> Course | None:
    kept = tuple(ident for ident in course.subjects if ident in subjects)
    if course.subjects and not kept:
        return None
    resources = tuple(resource for resource in course.resources if holds(resource))
    if len(resources) == len(course.resources) and len(kept) == len(course.subjects):
        return course
    if _has_audience(course.resources) and not _has_audience(resources):
        return None
    if _has_group(course.resources) and not _has_group(resources):
        # The groups were the true audience: without them the slot must not fall to whole classes listed beside.
        return None
    return replace(course, subjects=kept, resources=resources)


def _has_audience(resources: tuple[Resource, ...]) -> bool:
    return any(resource.kind in _AUDIENCE for resource in resources)


def _has_group(resources: tuple[Resource, ...]) -> bool:
    return any(resource.kind is ResourceKind.GROUP for resource in resources)


def of_school(timetable: Timetable, code: str) -> Timetable:
    """Return the part of a file that belongs to one school; raises ImportRefused("wrong-school").

    A file of several schools (Etablissements) says it class by class; groups, slots and people follow. A file that
    names no school is refused too: it could be anyone's.
    """
    code = code.upper()
    if code not in timetable.schools:
        raise ImportRefused("wrong-school", expected=code, found=timetable.schools)
    if len(timetable.schools) == 1:
        return timetable
    classes = {found.ident for found in timetable.classes if not found.schools or code in found.schools}
    parts = {part.ident for part in timetable.parts if part.class_ident in classes}
    pupils = {p.ident for p in timetable.pupils if _attends(p, classes, parts) or not (p.classes or p.parts)}
    groups = {group.ident for group in timetable.groups if _of_school(group, classes, parts, pupils)}
    members = {
        ResourceKind.CLASS: classes,
        ResourceKind.PART: parts,
        ResourceKind.GROUP: groups,
        ResourceKind.PUPIL: pupils,
    }
    subjects = {subject.ident for subject in timetable.subjects}

    def holds(resource: Resource) -> bool:
        return resource.kind not in members or resource.ident in members[resource.kind]

    return _staffed(
        replace(
            timetable,
            schools=(code,),
            classes=tuple(found for found in timetable.classes if found.ident in classes),
            parts=tuple(part for part in timetable.parts if part.ident in parts),
            groups=tuple(
                replace(g, classes=_in(g.classes, classes), parts=_in(g.parts, parts), pupils=_in(g.pupils, pupils))
                for g in timetable.groups
                if g.ident in groups
            ),
            pupils=tuple(
                replace(
                    pupil,
                    classes=tuple(stay for stay in pupil.classes if stay.ident in classes),
                    parts=tuple(stay for stay in pupil.parts if stay.ident in parts),
                )
                for pupil in timetable.pupils
                if pupil.ident in pupils
            ),
            courses=tuple(c for course in timetable.courses if (c := _narrowed(course, subjects, holds)) is not None),
        )
    )


def _in(idents: tuple[str, ...], kept: set[str]) -> tuple[str, ...]:
    return tuple(ident for ident in idents if ident in kept)


def _attends(pupil: Person, classes: set[str], parts: set[str]) -> bool:
    return any(stay.ident in classes for stay in pupil.classes) or any(stay.ident in parts for stay in pupil.parts)


def _of_school(group: Group, classes: set[str], parts: set[str], pupils: set[str]) -> bool:
    members = len(group.classes) + len(group.parts) + len(group.pupils)
    return not members or bool(_in(group.classes, classes) or _in(group.parts, parts) or _in(group.pupils, pupils))


def _staffed(timetable: Timetable) -> Timetable:
    """Keep only the adults some remaining slot uses: the others work in the other school."""
    used = {(resource.kind, resource.ident) for course in timetable.courses for resource in course.resources}
    return replace(
        timetable,
        teachers=tuple(person for person in timetable.teachers if (ResourceKind.TEACHER, person.ident) in used),
        staff=tuple(person for person in timetable.staff if (ResourceKind.STAFF, person.ident) in used),
    )
