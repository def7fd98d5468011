"""Expansion of week courses into dated sessions, each with a key and a UID that survive the next export.

A slot is an event in each week in which at least one of its resources is present, with the resources present that
week (reference/pronote-format.md, 1.4). What happens to a change: another room, teacher, end or status keeps the UID
(an update); another day, hour, subject or audience is another session.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid5

from importers.errors import ImportRefused
from importers.naming import (
    Audience,
    CourseName,
    Names,
    PersonName,
    SubjectName,
    course_names,
    joined,
    key_of,
    names_of,
)
from importers.notices import Notice, Tally, Where
from importers.timetable import Course, Resource, ResourceKind, Timetable
from importers.weeks import USABLE, day_of, weeks

SESSION_LIMIT = 500_000
NAMESPACE = UUID("c9d5bb0e-3c8f-4d34-9d0b-6d5d1f0a7e62")


class Status(StrEnum):
    """Whether a session takes place."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Settings:
    """How one school wants its timetable expanded.

    `school` is the code (UAI) that goes into keys; `zone` reads the wall-clock labels, which carry none.
    `show_cancelled` turns weeks of SemainesAnnulation into cancelled sessions instead of nothing. `without_courses`
    are course keys switched off (R142): a session all of whose courses are switched off is left out.
    """

    school: str
    zone: tzinfo
    include_class_parts: bool = False
    show_cancelled: bool = False
    without_courses: frozenset[str] = frozenset()


class SessionKey(NamedTuple):
    """What makes a session the same session in the next export; `ordinal` tells exact duplicates apart."""

    school: str
    day: date
    starts: str
    subject: str
    audience: tuple[str, ...]
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What the sessions of one slot share in the weeks that have the same resources; computed once, not per session."""

    subject: SubjectName
    audience: frozenset[Audience]
    teachers: tuple[PersonName, ...]
    staff: tuple[PersonName, ...]
    rooms: tuple[str, ...]
    equipment: tuple[str, ...]
    status: Status
    starts: time
    ends: time
    courses: tuple[CourseName, ...]
    tokens: tuple[str, ...]
    store_key: str
    content: str


@dataclass(frozen=True, slots=True)
class DatedSession:
    """One event: aware start and end in the school's zone, and the lesson it is an instance of."""

    key: SessionKey
    uid: str
    starts: datetime
    ends: datetime
    lesson: Lesson

    @property
    def day(self) -> date:
        """Return the local date."""
        return self.key.day

    @property
    def store_key(self) -> str:
        """Return the key of the storage calendar that holds this session."""
        return self.lesson.store_key

    @property
    def content(self) -> str:
        """Return the content hash: a change of it is an update of the same UID."""
        return self.lesson.content


@dataclass(frozen=True, slots=True)
class Expansion:
    """The dated sessions of a timetable in order of start, and what was met on the way."""

    sessions: tuple[DatedSession, ...]
    names: Names
    notices: tuple[Notice, ...]


def store_key(session: DatedSession) -> str:
    """Return the stable text (subject, audience set, adult set) that names the storage calendar of a session.

    Staff count as teachers do, so that whoever is attached for one week sees that week only (design, section 5).
    """
    return session.lesson.store_key


def course_keys(session: DatedSession) -> tuple[CourseName, ...]:
    """Return the courses this session shows in; see importers.naming.course_names for the rules."""
    return session.lesson.courses


def expand(timetable: Timetable, settings: Settings) -> Expansion:
    """Turn a timetable into dated sessions; raises ImportRefused("too-many-sessions").

    Weeks outside the year's bounds are kept and counted. A slot used by class parts alone is not imported (R84, R86)
    unless the school setting says so; slots without an audience are (their teacher has them), but make no course.
    """
    names, tally = names_of(timetable), Tally()
    taught: dict[tuple[date, time, str, tuple[str, ...]], list[Lesson]] = {}
    total = 0
    for course in timetable.courses:
        for mask, active, status in _blocks(course, settings):
            lesson = _lesson(course, active, status, names, settings, tally)
            if lesson is None:
                continue
            for week in weeks(mask):
                day = day_of(timetable.anchor, week, course.day)
                taught.setdefault((day, lesson.starts, lesson.subject.key, lesson.tokens), []).append(lesson)
                total += 1
            if total > SESSION_LIMIT:
                raise ImportRefused("too-many-sessions", line=course.line, limit=SESSION_LIMIT)
    sessions = tuple(_dated(taught, settings, tally))
    _count_outside(sessions, timetable, tally)
    return Expansion(sessions, names, tally.notices())


def taught(timetable: Timetable, settings: Settings) -> frozenset[str]:
    """Return the identifiers of the subjects that have a session; no date is worked out for it."""
    names = names_of(timetable)
    left = {subject.ident for subject in timetable.subjects}
    found: set[str] = set()
    for course in timetable.courses:
        given = left.intersection(course.subjects)
        if given and any(_audience(active, names, settings) is not None for _, active, _ in _blocks(course, settings)):
            found |= given
            left -= given
    return frozenset(found)


def _blocks(course: Course, settings: Settings) -> Iterator[tuple[int, tuple[Resource, ...], Status]]:
    """Yield runs of weeks that have the same resources: (mask, those resources, status)."""
    for mask, active in _partition(course.resources, USABLE & ~course.cancelled):
        yield mask, active, Status.CONFIRMED
    if settings.show_cancelled:
        for mask, active in _partition(course.resources, USABLE & course.cancelled):
            yield mask, active, Status.CANCELLED


def _partition(resources: Sequence[Resource], within: int) -> list[tuple[int, tuple[Resource, ...]]]:
    union = 0
    for resource in resources:
        union |= resource.mask
    blocks: list[tuple[int, list[Resource]]] = [(union & within, [])]
    for resource in resources:
        split = []
        for mask, active in blocks:
            there, beside = mask & resource.mask, mask & ~resource.mask
            # Copied only when a block parts in two, which 62 weeks allow 61 times, however many resources there are.
            others = list(active) if there and beside else active
            if there:
                active.append(resource)
                split.append((there, active))
            if beside:
                split.append((beside, others))
        blocks = split
    return [(mask, tuple(active)) for mask, active in blocks if mask]


def _lesson(
    course: Course, active: Sequence[Resource], status: Status, names: Names, settings: Settings, tally: Tally
) -> Lesson | None:
    """Describe a run of weeks; None, counted, when nothing of it is imported."""
    audience = _audience(active, names, settings)
    if audience is None:
        tally.add("class-parts-only", "course", where=_where(course, active, names))
        return None
    subject = names.subject(course.subjects)
    named = course_names(subject, audience, names)
    courses = tuple(name for name in named if name.key not in settings.without_courses)
    if named and not courses:
        tally.add("course-switched-off", "course")
        return None
    if not courses:
        tally.add("no-course", "course", where=_where(course, active, names))
    teachers, staff = (_people(active, kind, names) for kind in (ResourceKind.TEACHER, ResourceKind.STAFF))
    rooms, equipment = (_things(active, kind, names) for kind in (ResourceKind.ROOM, ResourceKind.EQUIPMENT))
    tokens = tuple(sorted(unit.token for unit in audience))
    called = ([person.name for person in teachers], [person.name for person in staff])
    ends = course.ends.isoformat("minutes")
    return Lesson(
        subject=subject,
        audience=audience,
        teachers=teachers,
        staff=staff,
        rooms=rooms,
        equipment=equipment,
        status=status,
        starts=course.starts,
        ends=course.ends,
        courses=courses,
        tokens=tokens,
        store_key=key_of(subject.key, tokens, [person.key for person in (*teachers, *staff)]),
        content=_digest(subject.code, subject.label, tokens, *called, rooms, equipment, ends, status),
    )


def _where(course: Course, active: Sequence[Resource], names: Names) -> Where:
    """Return where a slot is in the file, by its subject and by the classes, parts and groups that it has."""
    units = {names.audiences[each.kind, each.ident].name for each in active if each.kind in _UNITS}
    subject = names.subject(course.subjects).label if course.subjects else ""
    told = " - ".join(filter(None, (subject, "/".join(sorted(units)))))
    return Where(told, course.ident, course.line, course.day, starts=course.starts.isoformat("minutes"))


def _audience(active: Sequence[Resource], names: Names, settings: Settings) -> frozenset[Audience] | None:
    """Return who a run of weeks is for; None when only class parts are there and the school does not import them.

    Groups beside classes are the true audience: the classes are blanked. A part of a class that is there as a whole
    says nothing new.
    """
    held: dict[ResourceKind, list[str]] = {kind: [] for kind in _AUDIENCE}
    for resource in active:
        if resource.kind in held:
            held[resource.kind].append(resource.ident)
    if held[ResourceKind.GROUP]:
        held[ResourceKind.CLASS] = []
    whole = bool(held[ResourceKind.GROUP] or held[ResourceKind.CLASS])
    if held[ResourceKind.PART] and not whole and not settings.include_class_parts:
        if not held[ResourceKind.PUPIL]:
            return None
        held[ResourceKind.PART] = []
    units = {names.audiences[kind, ident] for kind, idents in held.items() for ident in idents}
    classes = frozenset(held[ResourceKind.CLASS])
    return frozenset(unit for unit in units if not _covered(unit, classes, names))


def _covered(unit: Audience, classes: frozenset[str], names: Names) -> bool:
    return unit.kind == ResourceKind.PART.value and names.reach[unit.kind, unit.ident] <= classes


def _people(active: Sequence[Resource], kind: ResourceKind, names: Names) -> tuple[PersonName, ...]:
    found = {names.people[kind, resource.ident] for resource in active if resource.kind is kind}
    return tuple(sorted(found, key=lambda person: person.key))


def _things(active: Sequence[Resource], kind: ResourceKind, names: Names) -> tuple[str, ...]:
    return tuple(sorted({names.things[kind, resource.ident] for resource in active if resource.kind is kind}))


def _digest(*parts: object) -> str:
    return hashlib.sha256(joined(*parts).encode()).hexdigest()


def _dated(
    taught: dict[tuple[date, time, str, tuple[str, ...]], list[Lesson]], settings: Settings, tally: Tally
) -> Iterator[DatedSession]:
    """Yield sessions in order of start; simultaneous ones of one subject and audience are numbered by content.

    One in the hour that the clocks skip, which would end before it starts or when it does, is counted and left out.
    """
    moments: dict[tuple[date, time], tuple[datetime, float]] = {}

    def moment(day: date, clock: time) -> tuple[datetime, float]:
        found = moments.get((day, clock))
        if found is None:
            here = datetime.combine(day, clock, settings.zone)
            found = moments[day, clock] = here, here.timestamp()
        return found

    for (day, clock, subject, tokens), lessons in sorted(taught.items(), key=lambda item: item[0]):
        (starts, begun), label = moment(day, clock), clock.isoformat("minutes")
        for ordinal, lesson in enumerate(sorted(lessons, key=_content_order) if len(lessons) > 1 else lessons):
            ends, ended = moment(day, lesson.ends)
            if ended <= begun:
                tally.add("ends-before-start", "session")
                continue
            key = SessionKey(settings.school, day, label, subject, tokens, ordinal)
            yield DatedSession(key, uid_of(key), starts, ends, lesson)


def _content_order(lesson: Lesson) -> tuple[object, ...]:
    adults = [person.key for person in (*lesson.teachers, *lesson.staff)]
    return lesson.status is Status.CANCELLED, adults, lesson.rooms, lesson.ends, lesson.content


def uid_of(key: SessionKey) -> str:
    """Return the UID of a session: a UUIDv5 of its key (RFC 9562, 5.5)."""
    text = "\n".join((key.school, key.day.isoformat(), key.starts, key.subject, *key.audience, str(key.ordinal)))
    return str(uuid5(NAMESPACE, text))


def _count_outside(sessions: Iterable[DatedSession], timetable: Timetable, tally: Tally) -> None:
    for session in sessions:
        if not timetable.year_starts <= session.day <= timetable.year_ends:
            courses = session.lesson.courses
            names = courses[0].label if courses else session.lesson.subject.label
            tally.add(
                "outside-year", "session", where=Where(names, date=session.day.isoformat(), starts=session.key.starts)
            )


_UNITS = (ResourceKind.CLASS, ResourceKind.GROUP, ResourceKind.PART)
_AUDIENCE = (*_UNITS, ResourceKind.PUPIL)
