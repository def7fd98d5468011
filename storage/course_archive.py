"""Courses of past years: out of the list of live courses, their past kept (R198)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, insert, select, update

from storage.schema import calendar
from storage.schema_people import archived_course

if TYPE_CHECKING:
    from storage.transaction import Transaction

_a = archived_course.c


@dataclass(frozen=True, slots=True)
class ArchivedCourse:
    """A course put away: its number, its school year, when, and what putting it back needs (importers.rollover)."""

    collection_id: int
    year: str
    moment: int
    held: Mapping[str, Any]


class CourseArchive:
    """The archived courses of one school."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    def put(self, courses: Iterable[ArchivedCourse]) -> None:
        """Archive courses: without key, no import finds them any more."""
        courses = tuple(courses)
        rows = [
            {
                "school_id": self._tx.school_id,
                "collection_id": each.collection_id,
                "year": each.year,
                "moment": each.moment,
                "held": dict(each.held),
            }
            for each in courses
        ]
        self._set_keys({each.collection_id: None for each in courses})
        if rows:
            self._tx.connection.execute(insert(archived_course), rows)

    def all(self) -> tuple[ArchivedCourse, ...]:
        """Return the archived courses, newest first."""
        query = select(_a.collection_id, _a.year, _a.moment, _a.held).where(_a.school_id == self._tx.school_id)
        ordered = query.order_by(_a.moment.desc(), _a.collection_id)
        return tuple(ArchivedCourse(*row) for row in self._tx.connection.execute(ordered))

    def take_back(self, keys: Mapping[int, str]) -> None:
        """Make archived courses live ones again, each with its key."""
        self._set_keys(keys)
        for number in keys:
            this = and_(_a.school_id == self._tx.school_id, _a.collection_id == number)
            self._tx.connection.execute(delete(archived_course).where(this))

    def _set_keys(self, keys: Mapping[int, str | None]) -> None:
        self._tx.require_writing()
        this = and_(calendar.c.school_id == bindparam("b_school"), calendar.c.id == bindparam("b_id"))
        rows = [{"b_school": self._tx.school_id, "b_id": number, "b_key": key} for number, key in keys.items()]
        if rows:
            self._tx.connection.execute(update(calendar).where(this).values(key=bindparam("b_key")), rows)
