"""Groups of a school: everybody, a role, a class, its teachers, a course; who is in them is worked out when asked.

Classes and courses come with the imported timetable; a person is in one on the days that the import says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, select

from storage import policy
from storage.directory import PERSON, WITH_ACCOUNT, to_principal
from storage.errors import NotFound
from storage.model import CalendarKind, Principal, Role
from storage.schema import account, calendar, membership, principal

if TYPE_CHECKING:
    from storage.transaction import Transaction

# A key is a segment of addresses and fits its column.
LONGEST_KEY: Final = 160
_ROLES: Final[Mapping[str, tuple[str, frozenset[Role]]]] = {
    "role-staff": ("Personnels", frozenset({Role.ADMIN, Role.STAFF})),
    "role-teachers": ("Enseignants", frozenset({Role.TEACHER})),
    "role-pupils": ("Élèves", frozenset({Role.PUPIL})),
    "role-guardians": ("Responsables", frozenset({Role.GUARDIAN})),
}


class GroupKind(StrEnum):
    """What holds the members of a group together."""

    SCHOOL = "school"
    ROLE = "role"
    CLASS = "class"
    TEAM = "team"
    COURSE = "course"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people; the key never changes while the class or course keeps its name."""

    key: str
    kind: GroupKind
    name: str


@dataclass(frozen=True, slots=True)
class _Course:
    id: int
    name: str
    class_name: str


class Groups:
    """The groups of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def all(self) -> tuple[Group, ...]:
        """Return every group: the school, its roles, its classes with their teams, its courses."""
        courses = self._courses()
        school = Group("school", GroupKind.SCHOOL, self._tx.school.name)
        roles = (Group(key, GroupKind.ROLE, name) for key, (name, _) in _ROLES.items())
        return (school, *roles, *_of_courses(courses))

    def get(self, key: str) -> Group:
        """Return a group; raises NotFound."""
        for each in self.all():
            if each.key == key:
                return each
        raise NotFound("group", key)

    def of(self, person: Principal) -> tuple[Group, ...]:
        """Return the groups that an active person is in now."""
        stays = self._stays(membership.c.principal_id == person.id)
        mine = [each for each in self._courses() if each.id in {row.collection_id for row in stays}]
        roles = {row.collection_id: Role(row.role) for row in stays}
        school = Group("school", GroupKind.SCHOOL, self._tx.school.name)
        by_role = (Group(key, GroupKind.ROLE, name) for key, (name, held) in _ROLES.items() if person.role in held)
        fits = (
            each
            for each in _of_courses(mine)
            if each.kind is GroupKind.COURSE
            or any(_counts(each, course, roles[course.id]) for course in mine if course.class_name)
        )
        fits = (each for each in fits if _fits(each, person))
        return (school, *by_role, *fits)

    def members(self, key: str) -> tuple[Principal, ...]:
        """Return the active members of a group now, in order of login; nobody when there is no such group."""
        if key == "school":
            return self._people()
        if key in _ROLES:
            return self._people(principal.c.role.in_([role.value for role in _ROLES[key][1]]))
        courses = {each.id: each for each in self._courses()}
        group = next((each for each in _of_courses(courses.values()) if each.key == key), None)
        if group is None:
            return ()
        stays = self._stays(membership.c.collection_id.in_(list(courses)))
        inside = {row.principal_id for row in stays if _counts(group, courses[row.collection_id], Role(row.role))}
        return tuple(each for each in self._people() if each.id in inside and _fits(group, each))

    def _people(self, *conditions: ColumnElement[bool]) -> tuple[Principal, ...]:
        query = select(*PERSON).select_from(WITH_ACCOUNT)
        query = query.where(principal.c.school_id == self._tx.school_id, account.c.active, *conditions)
        return tuple(to_principal(row) for row in self._tx.connection.execute(query.order_by(principal.c.login)))

    def _courses(self) -> tuple[_Course, ...]:
        query = (
            select(calendar.c.id, calendar.c.name, calendar.c.key)
            .where(
                calendar.c.school_id == self._tx.school_id,
                calendar.c.kind == CalendarKind.COURSE.value,
                calendar.c.ended.is_(None),
            )
            .order_by(calendar.c.name, calendar.c.id)
        )
        rows = self._tx.connection.execute(query)
        return tuple(_Course(row.id, row.name, _class_of(row.key or "")) for row in rows)

    def _stays(self, condition: ColumnElement[bool]) -> list[Any]:
        """Return the memberships that hold now."""
        m, now = membership.c, self._tx.now()
        here = and_(m.school_id == self._tx.school_id, m.ended.is_(None), m.shows_from <= now, m.shows_until > now)
        query = select(m.collection_id, m.principal_id, m.role).where(here, condition)
        return list(self._tx.connection.execute(query).all())


def _class_of(key: str) -> str:
    """Return the class of a course, "" when it has none: the importer's keys are (subject, kind of audience, name)."""
    try:
        match json.loads(key):
            case [_, "class", str(name)]:
                return name
    except ValueError:
        pass
    return ""


def _of_courses(courses: Iterable[_Course]) -> tuple[Group, ...]:
    """Return the groups that some courses make: their classes, the teams of these, and themselves."""
    given = tuple(courses)
    names = sorted({each.class_name for each in given if each.class_name})
    classes = (Group(f"class-{name}", GroupKind.CLASS, f"Classe {name}") for name in names)
    teams = (Group(f"team-{name}", GroupKind.TEAM, f"Équipe pédagogique {name}") for name in names)
    singles = (Group(f"course-{each.id}", GroupKind.COURSE, each.name) for each in given)
    return tuple(each for each in (*classes, *teams, *singles) if len(each.key) <= LONGEST_KEY)


def _fits(group: Group, person: Principal) -> bool:
    """Tell whether somebody who has a place in a group has the role for it too, now."""
    return group.kind is not GroupKind.TEAM or policy.works_there(person.role)


def _counts(group: Group, course: _Course, role: Role) -> bool:
    """Tell whether having a role in a course makes somebody a member of a group."""
    match group.kind:
        case GroupKind.COURSE:
            return group.key == f"course-{course.id}"
        case GroupKind.CLASS:
            return group.key == f"class-{course.class_name}" and role is Role.PUPIL
        case GroupKind.TEAM:
            return group.key == f"team-{course.class_name}" and role is not Role.PUPIL
    return False
