"""Values of a sample school: what its timetable file and its people file say, before any is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal

MASK_WEEKS = range(1, 63)
"""Weeks a mask can name: Pronote's own calendars use 1 to 62 (pronote-format 1.4)."""

Role = Literal["élève", "enseignant", "personnel"]
ChangeKind = Literal["room", "teacher", "cleared", "cancelled", "moved", "added"]
Version = Literal["1.1", "2.0"]


@dataclass(frozen=True, slots=True)
class Use:
    """A resource of a course with the weeks in which it takes part (bit *i* = school week *i*)."""

    ident: int
    weeks: int


@dataclass(frozen=True, slots=True)
class Course:
    """A weekly slot: ISO weekday, first place (from 0), length in places, and its masked resources."""

    day: int
    place: int
    places: int
    subjects: tuple[int, ...]
    teachers: tuple[Use, ...] = ()
    classes: tuple[Use, ...] = ()
    parts: tuple[Use, ...] = ()
    groups: tuple[Use, ...] = ()
    rooms: tuple[Use, ...] = ()
    staff: tuple[Use, ...] = ()
    materials: tuple[Use, ...] = ()
    pupils: tuple[Use, ...] = ()
    cancelled: int = 0
    yearly: bool = True

    def weeks(self) -> int:
        """Return the mask of the weeks in which a session of this course takes place."""
        mask = 0
        for uses in (self.teachers, self.classes, self.parts, self.groups, self.rooms, self.staff, self.materials):
            for use in uses:
                mask |= use.weeks
        for use in self.pupils:
            mask |= use.weeks
        return mask & ~self.cancelled


@dataclass(frozen=True, slots=True)
class Named:
    """A room or a piece of equipment."""

    ident: int
    name: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject with its short code and its printed label."""

    ident: int
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class, its nameless parts and its head teacher."""

    ident: int
    name: str
    parts: tuple[int, ...]
    head: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group made of whole classes, of class parts and (2.x only) of pupils."""

    ident: int
    name: str
    classes: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()
    pupils: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """A dated membership of a class or a part, both days included."""

    ident: int
    entered: date
    left: date


@dataclass(frozen=True, slots=True)
class Guardian:
    """A legal guardian; the same one is repeated under each sibling."""

    ident: int
    title: str
    family: str
    given: str
    street: str
    idpn: str


@dataclass(frozen=True, slots=True)
class Pupil:
    """A pupil as the timetable file spells them; ``birth`` None is written as an empty date."""

    ident: int
    family: str
    given: str
    birth: date | None
    female: bool
    idpn: str
    ine: str
    classes: tuple[Stay, ...]
    parts: tuple[Stay, ...]
    guardians: tuple[Guardian, ...]


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher, or with an empty ``idpn`` a member of the staff, as the timetable file spells them."""

    ident: int
    family: str
    given: str
    idpn: str
    sts: str


@dataclass(frozen=True, slots=True)
class Account:
    """A row of the people file; ``ident`` is the same person in the timetable file, None if absent there."""

    login: str
    role: Role
    family: str
    birth_name: str
    given: str
    birth: date
    school_class: str
    email: str
    identifier: str
    ident: int | None

    @property
    def name(self) -> str:
        """Return the name to show, given name first."""
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True)
class Place:
    """An elementary slot of the day with the times printed for it (local wall clock)."""

    number: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """Dates of a year: first and formal last day, last day of lessons, Monday of week 1, open weeks.

    ``open_weeks[d - 1]`` is the mask of the weeks whose weekday *d* has lessons; ``fortnights``
    are the masks of the A and of the B weeks, which alternate anew after each holiday.
    """

    begins: date
    lessons_end: date
    ends: date
    monday: date
    open_weeks: tuple[int, ...]
    fortnights: tuple[int, int]

    def date_of(self, week: int, day: int) -> date:
        """Return the date of an ISO weekday in a school week."""
        return self.monday + timedelta(days=7 * (week - 1) + day - 1)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two exports: the slot touched, and the course appended for it if any.

    ``course`` is an index in ``SampleSchool.courses`` (an export never renumbers them); for
    ``added`` it is the appended course itself.
    """

    kind: ChangeKind
    course: int
    week: int
    created: int | None = None


@dataclass(frozen=True, slots=True)
class SampleSchool:
    """A whole invented school: what ``write_xml`` and ``write_people_csv`` write.

    ``traps`` names the oddities planted on purpose and where to find them; ``changes`` is empty
    unless this is a next export.
    """

    uai: str
    name: str
    year: SchoolYear
    grid: tuple[Place, ...]
    subjects: tuple[Subject, ...]
    teachers: tuple[Teacher, ...]
    staff: tuple[Teacher, ...]
    classes: tuple[SchoolClass, ...]
    groups: tuple[Group, ...]
    rooms: tuple[Named, ...]
    materials: tuple[Named, ...]
    pupils: tuple[Pupil, ...]
    accounts: tuple[Account, ...]
    courses: tuple[Course, ...]
    traps: Mapping[str, object]
    changes: tuple[Change, ...] = ()

    def slots(self) -> Iterator[tuple[int, int]]:
        """Yield (course index, week) for every session that takes place, those off the grid left out."""
        for index, course in enumerate(self.courses):
            if course.place + course.places > len(self.grid):
                continue
            weeks = course.weeks()
            yield from ((index, week) for week in MASK_WEEKS if weeks >> week & 1)

    def accounts_of(self, role: Role) -> tuple[Account, ...]:
        """Return the accounts of a role that are also in the timetable file, in file order."""
        return tuple(account for account in self.accounts if account.role == role and account.ident is not None)

    def showcase(self) -> tuple[Account, Account]:
        """Return one teacher and one pupil with full timetables and nothing odd about them."""
        taught: dict[int, int] = {}
        for index, week in self.slots():
            for use in self.courses[index].teachers:
                taught[use.ident] = taught.get(use.ident, 0) + (use.weeks >> week & 1)
        teacher = max(self.accounts_of("enseignant"), key=lambda account: taught.get(account.ident or 0, 0))
        plain = {
            pupil.ident
            for pupil in self.pupils
            if pupil.birth is not None and len(pupil.classes) == 1 and pupil.ident not in self.odd_pupils()
        }
        return teacher, next(account for account in self.accounts_of("élève") if account.ident in plain)

    def odd_pupils(self) -> frozenset[int]:
        """Return the pupils that some trap makes unlike the others."""
        names = ("homonyms", "class_change", "dangling_part", "empty_birth", "detached_pupil")
        idents: set[int] = set()
        for name in names:
            found = self.traps[name]
            if isinstance(found, int):
                idents.add(found)
            elif isinstance(found, tuple):
                idents.update(found)
        return frozenset(idents)
