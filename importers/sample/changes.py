"""The next export: the same school after a given share of its future sessions has changed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from random import Random

from importers.sample import edits
from importers.sample.courses import DAYS, bits
from importers.sample.model import Change, ChangeKind, Course, SampleSchool
from importers.sample.structure import PLACES

KINDS: tuple[ChangeKind, ...] = ("room", "teacher", "cleared", "cancelled", "moved", "added")

Owner = tuple[str, int]


def next_export(school: SampleSchool, percent: float, seed: int, now: date) -> SampleSchool:
    """Return the school with ``percent`` % of its sessions after the day ``now`` changed, each in one way.

    The number is rounded; the six kinds take turns. No course is renumbered: moved and added
    sessions are appended as one-week courses. ``changes`` lists exactly what differs.
    """
    rng = Random(f"{seed}/changes")
    future = [
        (index, week)
        for index, week in school.slots()
        if school.year.date_of(week, school.courses[index].day) > now and _whole(school.courses[index], week)
    ]
    everything = sum(school.year.date_of(week, school.courses[index].day) > now for index, week in school.slots())
    wanted = min(len(future), round(everything * percent / 100))
    editor = _Editor(school, rng, now)
    changes = [
        editor.change(index, week, KINDS[number % len(KINDS)])
        for number, (index, week) in enumerate(rng.sample(future, wanted))
    ]
    return replace(school, courses=tuple(editor.courses), changes=tuple(changes))


def _whole(course: Course, week: int) -> bool:
    """Tell whether a session has a teacher, a room and an audience, so that any kind of change suits it."""
    audience = (*course.classes, *course.groups)
    return all(any(use.weeks >> week & 1 for use in uses) for uses in (course.teachers, course.rooms, audience))


class _Editor:
    """Edits courses one session at a time and remembers who is taken when."""

    def __init__(self, school: SampleSchool, rng: Random, now: date) -> None:
        self.courses = list(school.courses)
        self._school = school
        self._rng = rng
        self._now = now
        self._groups = {group.ident: group for group in school.groups}
        self._class_of = {part: item.ident for item in school.classes for part in item.parts}
        self._busy: dict[tuple[Owner, int], int] = {}
        for index, week in school.slots():
            self._occupy(self.courses[index], week)

    def change(self, index: int, week: int, kind: ChangeKind) -> Change:
        """Change one session; where a kind finds nobody free, the session is cleared instead."""
        edit: Callable[[int, int], Change | None] | None = {
            "room": self._room,
            "teacher": self._teacher,
            "moved": self._moved,
            "added": self._added,
            "cancelled": self._cancelled,
        }.get(kind)
        found = edit(index, week) if edit else None
        if found is not None:
            return found
        self.courses[index] = edits.cleared(self.courses[index], week)
        return Change("cleared", index, week)

    def _room(self, index: int, week: int) -> Change | None:
        room = self._free("room", [room.ident for room in self._school.rooms], self.courses[index], week)
        if room is None:
            return None
        self.courses[index] = edits.held_in(self.courses[index], week, room)
        self._occupy(self.courses[index], week)
        return Change("room", index, week)

    def _teacher(self, index: int, week: int) -> Change | None:
        teachers = [teacher.ident for teacher in self._school.teachers]
        teacher = self._free("teacher", teachers, self.courses[index], week)
        if teacher is None:
            return None
        self.courses[index] = edits.taught_by(self.courses[index], week, teacher)
        self._occupy(self.courses[index], week)
        return Change("teacher", index, week)

    def _cancelled(self, index: int, week: int) -> Change | None:
        self.courses[index] = edits.cancelled(self.courses[index], week)
        return Change("cancelled", index, week)

    def _moved(self, index: int, week: int) -> Change | None:
        created = self._append(index, week)
        if created is None:
            return None
        self.courses[index] = edits.cleared(self.courses[index], week)
        return Change("moved", index, week, created)

    def _added(self, index: int, week: int) -> Change | None:
        created = self._append(index, week)
        return None if created is None else Change("added", created, week)

    def _append(self, index: int, week: int) -> int | None:
        """Append a one-week copy of a session at a time of the same week free for everyone concerned."""
        course = self.courses[index]
        owners = tuple(self._owners(course, week))
        latest = PLACES - course.places
        options = [(day, place) for day in range(1, DAYS + 1) for place in range(0, latest + 1, 2)]
        self._rng.shuffle(options)
        for day, place in options:
            open_then = self._school.year.open_weeks[day - 1] >> week & 1
            if not open_then or self._school.year.date_of(week, day) <= self._now:
                continue
            cells = bits(day, place, course.places)
            if not any(self._busy.get((owner, week), 0) & cells for owner in owners):
                self.courses.append(edits.only(course, week, day, place))
                self._occupy(self.courses[-1], week)
                return len(self.courses) - 1
        return None

    def _free(self, kind: str, idents: list[int], course: Course, week: int) -> int | None:
        cells = bits(course.day, course.place, course.places)
        free = [ident for ident in idents if not self._busy.get(((kind, ident), week), 0) & cells]
        return self._rng.choice(free) if free else None

    def _occupy(self, course: Course, week: int) -> None:
        cells = bits(course.day, course.place, course.places)
        for owner in self._owners(course, week):
            key = (owner, week)
            self._busy[key] = self._busy.get(key, 0) | cells

    def _owners(self, course: Course, week: int) -> Iterator[Owner]:
        """Yield the teachers, rooms and classes that a session keeps busy, groups counted as their classes."""
        bit = 1 << week
        yield from (("teacher", use.ident) for use in course.teachers if use.weeks & bit)
        yield from (("room", use.ident) for use in course.rooms if use.weeks & bit)
        yield from (("class", use.ident) for use in course.classes if use.weeks & bit)
        yield from (("class", self._class_of[use.ident]) for use in course.parts if use.weeks & bit)
        for use in course.groups:
            if use.weeks & bit:
                group = self._groups[use.ident]
                yield from (("class", ident) for ident in group.classes)
                yield from (("class", self._class_of[part]) for part in group.parts)
