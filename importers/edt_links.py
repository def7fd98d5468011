"""Resolve what an EDT/Pronote document refers to, once all of it has been read, whatever the order of its sections.

Dangling references and places outside the grid occur in real files: they are counted and dropped, never fatal
(reference/pronote-format.md, 1.3 and 1.5).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import date

from importers.edt_entities import Draft, RawCourse
from importers.errors import ImportRefused
from importers.notices import Where
from importers.school_year import YEARS
from importers.timetable import Course, Group, Person, Resource, ResourceKind, SchoolClass, Stay, Timetable
from importers.weeks import LAST_WEEK, day_of

_WEEK = range(1, 8)


@dataclass(frozen=True, slots=True)
class Header:
    """What the root and AnneeScolaire say."""

    version: str
    uai: str
    year_starts: date
    year_ends: date
    anchor: date


def finished(draft: Draft, header: Header) -> Timetable:
    """Return the timetable of a completely read document.

    Raises ImportRefused("bad-value") for a year far away, one back to front, and weeks none of which is in it.
    """
    for day in (header.year_starts, header.year_ends, header.anchor):
        if day.year not in YEARS:
            raise ImportRefused("bad-value", line=0, element="AnneeScolaire", name="dates", value=str(day))
    if header.year_ends < header.year_starts:
        raise ImportRefused("bad-value", line=0, element="AnneeScolaire", name="DateFin", value=str(header.year_ends))
    if not day_of(header.anchor, 1, 1) <= header.year_ends or day_of(header.anchor, LAST_WEEK, 7) < header.year_starts:
        value = str(header.anchor)
        raise ImportRefused("bad-value", line=0, element="AnneeScolaire", name="DatePremierJourSemaine1", value=value)
    if header.anchor.weekday() != 0:
        draft.tally.add("anchor-not-monday")
    return Timetable(
        version=header.version,
        schools=tuple(dict.fromkeys(draft.schools.values())) or ((header.uai,) if header.uai else ()),
        year_starts=header.year_starts,
        year_ends=header.year_ends,
        anchor=header.anchor,
        subjects=tuple(draft.subjects.values()),
        classes=tuple(_school_class(found, draft) for found in draft.classes.values()),
        parts=tuple(draft.parts.values()),
        groups=tuple(_group(group, draft) for group in draft.groups.values()),
        teachers=tuple(draft.teachers.values()),
        pupils=tuple(_pupil(pupil, draft) for pupil in draft.pupils.values()),
        staff=tuple(draft.staff.values()),
        rooms=tuple(draft.rooms.values()),
        equipment=tuple(draft.equipment.values()),
        courses=tuple(course for raw in draft.courses if (course := _course(raw, draft)) is not None),
        notices=draft.tally.notices(),
    )


def _known(idents: Iterable[str], table: Container[str], draft: Draft, about: str, owner: str) -> tuple[str, ...]:
    kept = []
    for ident in idents:
        if ident in table:
            kept.append(ident)
        else:
            draft.tally.add("dangling", about, where=Where(owner, ident))
    return tuple(kept)


def _school_class(found: SchoolClass, draft: Draft) -> SchoolClass:
    schools = _known(found.schools, draft.schools, draft, "school", found.name)
    heads = _known(found.head_teachers, draft.teachers, draft, "teacher", found.name)
    return replace(found, schools=tuple(draft.schools[ident] for ident in schools), head_teachers=heads)


def _group(group: Group, draft: Draft) -> Group:
    return Group(
        group.ident,
        group.name,
        _known(group.classes, draft.classes, draft, "class", group.name),
        _known(group.parts, draft.parts, draft, "part", group.name),
        _known(group.pupils, draft.pupils, draft, "pupil", group.name),
    )


def _pupil(pupil: Person, draft: Draft) -> Person:
    classes = _stays(pupil.classes, draft.classes, draft, "class")
    parts = _stays(pupil.parts, draft.parts, draft, "part")
    if len(classes) == len(pupil.classes) and len(parts) == len(pupil.parts):
        return pupil
    return replace(pupil, classes=classes, parts=parts)


def _stays(stays: tuple[Stay, ...], table: Container[str], draft: Draft, about: str) -> tuple[Stay, ...]:
    known = tuple(stay for stay in stays if stay.ident in table)
    for missing in stays if len(known) < len(stays) else ():
        if missing.ident not in table:
            draft.tally.add("dangling", about, where=Where(ident=missing.ident))
    return known


def _course(raw: RawCourse, draft: Draft) -> Course | None:
    """Place a course on the grid; None, counted, when it is on no day or place of it."""
    starts, ends = draft.starts.get(raw.first_place), draft.ends.get(raw.first_place + raw.places - 1)
    if starts is None or ends is None or raw.places == 0 or raw.day not in _WEEK:
        draft.tally.add("outside-grid", "course", where=_where(raw, draft))
        return None
    if ends <= starts:
        draft.tally.add("ends-before-start", "course", where=_where(raw, draft))
        return None
    resources = _resources(raw, draft)
    if not resources:
        draft.tally.add("no-resource", "course")
    return Course(
        day=raw.day,
        first_place=raw.first_place,
        places=raw.places,
        starts=starts,
        ends=ends,
        subjects=_subjects(raw, draft),
        resources=resources,
        cancelled=raw.cancelled,
        ident=raw.ident,
        line=raw.line,
    )


def _where(raw: RawCourse, draft: Draft) -> Where:
    """Return where a course is in the file, by its subjects, classes and groups as far as the file holds them."""
    subjects = [draft.subjects[ident].label for ident in raw.subjects if ident in draft.subjects]
    units = {
        table[each.ident].name
        for kind, table in ((ResourceKind.CLASS, draft.classes), (ResourceKind.GROUP, draft.groups))
        for each in raw.resources
        if each.kind is kind and each.ident in table
    }
    names = " - ".join(filter(None, ("/".join(subjects), "/".join(sorted(units)))))
    starts = draft.starts.get(raw.first_place)
    return Where(names, raw.ident, raw.line, raw.day, starts=starts.isoformat("minutes") if starts else "")


def _subjects(raw: RawCourse, draft: Draft) -> tuple[str, ...]:
    kept = tuple(ident for ident in raw.subjects if ident in draft.subjects)
    if len(kept) < len(raw.subjects):
        draft.tally.add("dangling", "subject", len(raw.subjects) - len(kept), _where(raw, draft))
    return kept


def _resources(raw: RawCourse, draft: Draft) -> tuple[Resource, ...]:
    tables: dict[ResourceKind, Container[str]] = {
        ResourceKind.TEACHER: draft.teachers,
        ResourceKind.STAFF: draft.staff,
        ResourceKind.CLASS: draft.classes,
        ResourceKind.PART: draft.parts,
        ResourceKind.GROUP: draft.groups,
        ResourceKind.PUPIL: draft.pupils,
        ResourceKind.ROOM: draft.rooms,
        ResourceKind.EQUIPMENT: draft.equipment,
    }
    kept: list[Resource] = []
    for resource in raw.resources:
        if resource.ident in tables[resource.kind]:
            kept.append(resource)
        else:
            draft.tally.add("dangling", str(resource.kind), where=_where(raw, draft))
    return tuple(kept)
