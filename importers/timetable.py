"""Neutral timetable values: what every format is parsed into and what every later stage reads.

Identifiers (`ident`) are those of the file and are valid inside one file only; nothing that is stored may depend on
them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from importers.notices import Notice


class PersonKind(StrEnum):
    """What a person of a timetable file is."""

    TEACHER = "teacher"
    PUPIL = "pupil"
    STAFF = "staff"


class ResourceKind(StrEnum):
    """What a week course can use."""

    TEACHER = "teacher"
    STAFF = "staff"
    CLASS = "class"
    PART = "part"
    GROUP = "group"
    PUPIL = "pupil"
    ROOM = "room"
    EQUIPMENT = "equipment"


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject; the code is short and mostly national, the label is what people read."""

    ident: str
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a class; it has no name before schema 2.0, only a rank in its class, from 1."""

    ident: str
    class_ident: str
    rank: int
    name: str


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class with its parts; `schools` are the codes (UAI) it belongs to, empty in a file of one school."""

    ident: str
    name: str
    parts: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    head_teachers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A group made of whole classes, class parts and pupils attached directly."""

    ident: str
    name: str
    classes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    pupils: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A room or a piece of equipment."""

    ident: str
    name: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A dated membership, first and last day included; None leaves that side open."""

    ident: str
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A teacher, a pupil or a member of staff of the file, with the identifiers other systems know them by."""

    kind: PersonKind
    ident: str
    family: str
    given: str
    birth_date: date | None = None
    idpn: str = ""
    idcas: str = ""
    ine: str = ""
    idsconet: str = ""
    idsts: str = ""
    classes: tuple[Stay, ...] = ()
    parts: tuple[Stay, ...] = ()

    @property
    def ref(self) -> str:
        """Name the person inside this file, such as "pupil:12"."""
        return f"{self.kind}:{self.ident}"

    @property
    def name(self) -> str:
        """Return the name as lists show it, family name first."""
        return f"{self.family} {self.given}".strip()


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a week course and the weeks (mask) it is there."""

    kind: ResourceKind
    ident: str
    mask: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A weekly slot: day 1 is Monday, times are local wall-clock labels of the grid, not an event."""

    day: int
    first_place: int
    places: int
    starts: time
    ends: time
    subjects: tuple[str, ...]
    resources: tuple[Resource, ...]
    cancelled: int = 0
    ident: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """One school year of one export file."""

    version: str
    schools: tuple[str, ...]
    year_starts: date
    year_ends: date
    anchor: date
    subjects: tuple[Subject, ...] = ()
    classes: tuple[SchoolClass, ...] = ()
    parts: tuple[Part, ...] = ()
    groups: tuple[Group, ...] = ()
    teachers: tuple[Person, ...] = ()
    pupils: tuple[Person, ...] = ()
    staff: tuple[Person, ...] = ()
    rooms: tuple[Named, ...] = ()
    equipment: tuple[Named, ...] = ()
    courses: tuple[Course, ...] = ()
    notices: tuple[Notice, ...] = ()

    def people(self) -> Iterator[Person]:
        """Yield everyone: teachers, pupils, then staff."""
        yield from self.teachers
        yield from self.pupils
        yield from self.staff
