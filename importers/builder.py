"""A timetable put together piece by piece, for formats that do not come as EDT's XML.

Things are known by a key of the format's choice (a code, a name); what is named twice is one thing, what is named
without having been declared comes into being. The counting of oddities is that of the EDT reader.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sized
from dataclasses import dataclass, field, replace
from datetime import date, time

from importers.errors import ImportRefused
from importers.notices import Tally, Where
from importers.timetable import (
    Course,
    Group,
    Named,
    Part,
    Person,
    PersonKind,
    Resource,
    ResourceKind,
    SchoolClass,
    Subject,
    Timetable,
)
from importers.weeks import USABLE

COURSE_LIMIT = 200_000
THING_LIMIT = 100_000
NAME_LIMIT = 500

_DAYS = range(1, 8)


@dataclass(frozen=True, slots=True)
class Span:
    """The year a file covers, and what it says of itself."""

    starts: date
    ends: date
    anchor: date
    schools: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of the week; day 1 is Monday."""

    day: int
    starts: time
    ends: time


@dataclass(slots=True)
class Builder:
    """What has been read so far."""

    tally: Tally = field(default_factory=Tally)
    subjects: dict[str, Subject] = field(default_factory=dict)
    classes: dict[str, SchoolClass] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    rooms: dict[str, Named] = field(default_factory=dict)
    teachers: dict[str, Person] = field(default_factory=dict)
    pupils: dict[str, Person] = field(default_factory=dict)
    courses: list[Course] = field(default_factory=list)
    # What belongs to a class or a group grows apart from it: rebuilding a value for each would be quadratic.
    _class_parts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _group_parts: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    _group_classes: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    _group_pupils: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def subject(self, key: str, code: str = "", label: str = "") -> str:
        """Know a subject and return its key."""
        if key not in self.subjects:
            self._check(self.subjects)
            self.subjects[key] = Subject(key, _cut(code or label or key), _cut(label or code or key))
        return key

    def school_class(self, key: str, name: str = "") -> str:
        """Know a class and return its key."""
        if key not in self.classes:
            self._check(self.classes)
            self.classes[key] = SchoolClass(key, _cut(name or key))
        return key

    def part(self, class_key: str, name: str) -> str:
        """Know a part of a class by its name there and return its key."""
        self.school_class(class_key)
        key = f"{class_key}/{name}"
        if key not in self.parts:
            self._check(self.parts)
            held = self._class_parts[class_key]
            held.append(key)
            self.parts[key] = Part(key, class_key, len(held), _cut(name))
        return key

    def group(self, key: str, name: str = "", parts: Iterable[str] = (), classes: Iterable[str] = ()) -> str:
        """Know a group, add class parts or whole classes to it, and return its key."""
        if key not in self.groups:
            self._check(self.groups)
            self.groups[key] = Group(key, _cut(name or key))
        self._group_parts[key].update(dict.fromkeys(parts))
        self._group_classes[key].update(dict.fromkeys(classes))
        return key

    def enrol(self, group_key: str, pupil_key: str) -> None:
        """Add a pupil to a group."""
        self._group_pupils[self.group(group_key)][pupil_key] = None

    def room(self, key: str, name: str = "") -> str:
        """Know a room and return its key."""
        if key not in self.rooms:
            self._check(self.rooms)
            self.rooms[key] = Named(key, _cut(name or key))
        return key

    def teacher(self, key: str, family: str, given: str = "") -> str:
        """Know a teacher by names alone and return the key."""
        if key not in self.teachers:
            self.add(Person(kind=PersonKind.TEACHER, ident=key, family=family, given=given))
        return key

    def add(self, person: Person) -> bool:
        """Keep a person with everything the file says; false, counted, when the key is missing or taken."""
        table = self.pupils if person.kind is PersonKind.PUPIL else self.teachers
        if not person.ident or person.ident in table:
            self.tally.add("duplicate-ident" if person.ident else "no-ident", person.kind.value)
            return False
        self._check(table)
        table[person.ident] = replace(person, family=_cut(person.family), given=_cut(person.given))
        return True

    def place(
        self, slot: Slot, subject: str, resources: tuple[Resource, ...], cancelled: int = 0, ident: str = ""
    ) -> None:
        """Add a weekly slot; one outside the week, back to front, or in no week is counted and left out."""
        if (fault := _fault(slot, resources)) is not None:
            self.tally.add(fault, "course", where=self._where(slot, subject, resources, ident))
            return
        if len(self.courses) >= COURSE_LIMIT:
            raise ImportRefused("too-large", limit=COURSE_LIMIT)
        course = Course(
            day=slot.day,
            first_place=0,
            places=1,
            starts=slot.starts,
            ends=slot.ends,
            subjects=(subject,) if subject else (),
            resources=tuple(dict.fromkeys(resources)),
            cancelled=cancelled,
            ident=ident,
        )
        self.courses.append(course)

    def timetable(self, span: Span) -> Timetable:
        """Return what was put together."""
        return Timetable(
            version=span.version,
            schools=span.schools,
            year_starts=span.starts,
            year_ends=span.ends,
            anchor=span.anchor,
            subjects=tuple(self.subjects.values()),
            classes=tuple(replace(each, parts=tuple(self._class_parts[key])) for key, each in self.classes.items()),
            parts=tuple(self.parts.values()),
            groups=tuple(self._filled(each) for each in self.groups.values()),
            teachers=tuple(self.teachers.values()),
            pupils=tuple(self.pupils.values()),
            rooms=tuple(self.rooms.values()),
            courses=tuple(self.courses),
            notices=self.tally.notices(),
        )

    def _where(self, slot: Slot, subject: str, resources: Iterable[Resource], ident: str) -> Where:
        """Return where a slot is in the file, by its subject, classes and groups."""
        units = {each.ident for each in resources if each.kind in (ResourceKind.CLASS, ResourceKind.GROUP)}
        names = {table[key].name for table in (self.classes, self.groups) for key in units if key in table}
        label = self.subjects[subject].label if subject in self.subjects else ""
        told = " - ".join(filter(None, (label, "/".join(sorted(names)))))
        return Where(told, ident, 0, slot.day if slot.day in _DAYS else 0, starts=slot.starts.isoformat("minutes"))

    def _filled(self, group: Group) -> Group:
        held = (self._group_classes, self._group_parts, self._group_pupils)
        return Group(group.ident, group.name, *(tuple(table[group.ident]) for table in held))

    @staticmethod
    def _check(table: Sized) -> None:
        if len(table) >= THING_LIMIT:
            raise ImportRefused("too-large", limit=THING_LIMIT)


def _fault(slot: Slot, resources: Iterable[Resource]) -> str | None:
    """Return the code of what keeps a slot out, None for a good one."""
    if slot.day not in _DAYS:
        return "outside-grid"
    if slot.ends <= slot.starts:
        return "ends-before-start"
    return None if any(resource.mask & USABLE for resource in resources) else "no-week"


def _cut(name: str) -> str:
    return name[:NAME_LIMIT]


def used(kind: ResourceKind, keys: Iterable[str], mask: int) -> tuple[Resource, ...]:
    """Return resources of one kind that are there in the same weeks."""
    return tuple(Resource(kind, key, mask) for key in keys)
