"""The imported timetable in storage: lesson calendars, courses, memberships, and the whole-school collection.

A lesson's start is part of its identity: it never moves in place, which is what lets a stay show a window of days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, select, update

from storage import occurrences, policy
from storage.bulk import load
from storage.collections import subscription_row
from storage.feeds import Feeds
from storage.ical import Span
from storage.model import FOREVER, CalendarKind, Role
from storage.objects import content_etag
from storage.schema import calendar, calendar_object, membership, occurrence, principal, subscription

if TYPE_CHECKING:
    from storage.transaction import Transaction

SCHOOL_KEY: Final = "school"
SCHOOL_SLUG: Final = "etablissement"
SCHOOL_NAME: Final = "Établissement"
SCHOOL_POSITION: Final = 5
TEXTS_AT_ONCE: Final = 1000
CALENDARS_AT_ONCE: Final = 500

_o = calendar_object.c
_END = (
    update(calendar_object)
    .where(_o.school_id == bindparam("b_school"), _o.id == bindparam("b_id"))
    .values(ended=bindparam("b_seq"), seq=bindparam("b_seq"), ical=None)
)
_REPLACE = (
    update(calendar_object)
    .where(_o.school_id == bindparam("b_school"), _o.id == bindparam("b_id"))
    .values(
        {name: bindparam(f"b_{name}") for name in ("etag", "size", "ends", "content_hash", "modified", "seq", "ical")}
    )
)
_STAMP = (
    update(calendar)
    .where(calendar.c.school_id == bindparam("b_school"), calendar.c.id == bindparam("b_id"))
    .values(seq=bindparam("b_seq"))
)
_DROP_INDEX = occurrence.delete().where(
    occurrence.c.school_id == bindparam("b_school"), occurrence.c.object_id == bindparam("b_id")
)


@dataclass(frozen=True, slots=True)
class StoredLesson:
    """A lesson as stored: `starts` epoch seconds, `content_hash` the importer's own."""

    id: int
    item: int
    uid: str
    calendar_id: int
    content_hash: str
    starts: int


@dataclass(frozen=True, slots=True)
class LessonText:
    """The end (epoch seconds) and the text of a lesson."""

    ends: int
    ical: bytes


@dataclass(frozen=True, slots=True)
class NewLesson:
    """A lesson to store in a lesson calendar, named after its UID; `item` is the one it was, 0 for a new one."""

    calendar_id: int
    uid: str
    content_hash: str
    starts: int
    ends: int
    ical: bytes
    item: int = 0


@dataclass(frozen=True, slots=True)
class StoredMembership:
    """A person's place in a course, from `window[0]` up to `window[1]`, epoch seconds."""

    collection_id: int
    principal_id: int
    role: Role
    window: tuple[int, int]


class Lessons:
    """The timetable of one school, read and written in bulk by the importer."""

    def __init__(self, tx: Transaction) -> None:
        """Share a transaction."""
        self._tx = tx

    @cached_property
    def feeds(self) -> Feeds:
        """The stays of the school."""
        return Feeds(self._tx)

    def calendars(self, kind: CalendarKind) -> dict[str, tuple[int, str]]:
        """Return the live calendars of a kind by key: number and name."""
        query = select(calendar.c.key, calendar.c.id, calendar.c.name).where(
            calendar.c.school_id == self._tx.school_id,
            calendar.c.kind == kind.value,
            calendar.c.ended.is_(None),
            calendar.c.key.is_not(None),
        )
        return {key: (number, name) for key, number, name in self._tx.connection.execute(query)}

    def timetables(self) -> dict[int, int]:
        """Return each person's timetable collection, by person."""
        query = select(calendar.c.owner_id, calendar.c.id).where(
            calendar.c.school_id == self._tx.school_id, calendar.c.kind == CalendarKind.TIMETABLE.value
        )
        return dict(self._tx.connection.execute(query).all())

    def create_calendars(self, kind: CalendarKind, names: Mapping[str, str]) -> dict[str, int]:
        """Create calendars of a kind by key, each with its name; returns their numbers."""
        if not names:
            return {}
        keys = sorted(names)
        numbers = dict(zip(keys, self._tx.tick(len(keys)), strict=True))
        rows = [
            {
                "school_id": self._tx.school_id,
                "id": numbers[key],
                "kind": kind.value,
                "owner_id": None,
                "key": key,
                "name": names[key],
                "description": "",
                "timezone": "",
                "components": "VEVENT",
                "seq": numbers[key],
                "purged": 0,
                "created": self._tx.now(),
            }
            for key in keys
        ]
        load(self._tx.connection, calendar, rows)
        return numbers

    def rename_calendars(self, names: Mapping[int, str]) -> None:
        """Set the names of calendars by number, also where people see them so; people keep the names they gave."""
        self._tx.require_writing()
        self._tx.lock()
        here = calendar.c.school_id == self._tx.school_id
        query = select(calendar.c.id, calendar.c.name).where(here, calendar.c.id.in_(sorted(names)))
        former = {row.id: row.name for row in self._tx.connection.execute(query)}
        changed = {number: names[number] for number in sorted(former) if former[number] != names[number]}
        if not changed:
            return
        seq = self._tx.tick()[0]
        for number, name in changed.items():
            this = and_(here, calendar.c.id == number)
            self._tx.connection.execute(update(calendar).where(this).values(name=name, seq=seq))
            s = subscription.c
            seen = and_(s.school_id == self._tx.school_id, s.collection_id == number, s.ended.is_(None))
            unnamed = and_(seen, s.name == former[number])
            self._tx.connection.execute(update(subscription).where(unnamed).values(name=name, seq=seq))

    def school_collection(self) -> int | None:
        """Return the whole-school collection, once an import has made it."""
        query = select(calendar.c.id).where(
            calendar.c.school_id == self._tx.school_id,
            calendar.c.kind == CalendarKind.SCHOOL.value,
            calendar.c.key == SCHOOL_KEY,
        )
        number = self._tx.connection.execute(query).scalar()
        return None if number is None else int(number)

    def create_school_collection(self) -> int:
        """Create the whole-school collection and put it in the list of those who get it without asking."""
        number = self.create_calendars(CalendarKind.SCHOOL, {SCHOOL_KEY: SCHOOL_NAME})[SCHOOL_KEY]
        people = select(principal.c.id, principal.c.role).where(principal.c.school_id == self._tx.school_id)
        readers = [
            person for person, role in self._tx.connection.execute(people) if policy.subscribes_to_school(Role(role))
        ]
        if readers:
            seq = self._tx.tick()[0]
            row = {"school_id": self._tx.school_id, "position": SCHOOL_POSITION}
            rows = [subscription_row(each, number, SCHOOL_SLUG, SCHOOL_NAME, seq) | row for each in readers]
            load(self._tx.connection, subscription, rows)
        return number

    def stored(self) -> tuple[StoredLesson, ...]:
        """Return every live lesson of the school."""
        numbers = sorted(number for number, _ in self.calendars(CalendarKind.LESSONS).values())
        found: list[StoredLesson] = []
        # Calendars are named one by one: what PostgreSQL thinks of a school it has no figures of yet makes a join with
        # the calendars go through all lessons for each of them.
        for start in range(0, len(numbers), CALENDARS_AT_ONCE):
            query = select(_o.id, _o.item, _o.uid, _o.calendar_id, _o.content_hash, _o.starts).where(
                _o.school_id == self._tx.school_id,
                _o.calendar_id.in_(numbers[start : start + CALENDARS_AT_ONCE]),
                _o.ended.is_(None),
            )
            found += (StoredLesson(*row) for row in self._tx.connection.execute(query))
        return tuple(found)

    def texts(self, numbers: Sequence[int]) -> dict[int, LessonText]:
        """Return the ends and texts of live lessons by number."""
        found: dict[int, LessonText] = {}
        for start in range(0, len(numbers), TEXTS_AT_ONCE):
            some = numbers[start : start + TEXTS_AT_ONCE]
            query = select(_o.id, _o.ends, _o.ical).where(
                _o.school_id == self._tx.school_id, _o.id.in_(some), _o.ended.is_(None)
            )
            found |= {number: LessonText(ends, ical) for number, ends, ical in self._tx.connection.execute(query)}
        return found

    def _stamp(self, seqs: Mapping[int, int]) -> None:
        marks = [{"b_school": self._tx.school_id, "b_id": number, "b_seq": seq} for number, seq in seqs.items()]
        if marks:
            self._tx.connection.execute(_STAMP, marks)

    def create(self, lessons: Sequence[NewLesson]) -> None:
        """Store new lessons, in the order given: phones receive them so."""
        if lessons:
            numbered = zip(lessons, self._tx.tick(len(lessons)), strict=True)
            self._insert([(lesson, seq, lesson.item or seq) for lesson, seq in numbered])

    def _insert(self, numbered: Sequence[tuple[NewLesson, int, int]]) -> None:
        """Insert lessons with their number and item, index them and stamp their calendars."""
        school_id, now = self._tx.school_id, self._tx.now()
        rows: list[dict[str, Any]] = []
        index: list[dict[str, Any]] = []
        stamps: dict[int, int] = {}
        for lesson, seq, item in numbered:
            rows.append(_row(lesson, seq, item, now) | {"school_id": school_id})
            span = Span(lesson.starts, lesson.ends)
            index += occurrences.rows(school_id, lesson.calendar_id, seq, (span,))
            stamps[lesson.calendar_id] = seq
        load(self._tx.connection, calendar_object, rows)
        load(self._tx.connection, occurrence, index)
        self._stamp(stamps)

    def replace(self, changed: Sequence[tuple[StoredLesson, NewLesson]]) -> None:
        """Store new content for lessons; one whose calendar changed moves there and stays the same item."""
        if not changed:
            return
        school_id, now = self._tx.school_id, self._tx.now()
        numbered = list(zip(changed, self._tx.tick(len(changed)), strict=True))
        moved = [(old, new, seq) for (old, new), seq in numbered if old.calendar_id != new.calendar_id]
        in_place = [(old, new, seq) for (old, new), seq in numbered if old.calendar_id == new.calendar_id]
        self._end([(old, seq) for old, _, seq in moved])
        if moved:
            self._insert([(new, seq, old.item) for old, new, seq in moved])
        if in_place:
            rows = [
                {f"b_{name}": value for name, value in _row(new, seq, old.item, now).items()}
                | {"b_school": school_id, "b_id": old.id}
                for old, new, seq in in_place
            ]
            self._tx.connection.execute(_REPLACE, rows)
            self._tx.connection.execute(
                _DROP_INDEX, [{"b_school": school_id, "b_id": old.id} for old, _, _ in in_place]
            )
            index = [
                row
                for old, new, _ in in_place
                for row in occurrences.rows(school_id, new.calendar_id, old.id, (Span(new.starts, new.ends),))
            ]
            load(self._tx.connection, occurrence, index)
            self._stamp({new.calendar_id: seq for _, new, seq in in_place})

    def end(self, lessons: Sequence[StoredLesson]) -> None:
        """End lessons that are no longer given."""
        if lessons:
            self._end(list(zip(lessons, self._tx.tick(len(lessons)), strict=True)))

    def _end(self, numbered: Sequence[tuple[StoredLesson, int]]) -> None:
        if not numbered:
            return
        rows = [{"b_school": self._tx.school_id, "b_id": lesson.id, "b_seq": seq} for lesson, seq in numbered]
        self._tx.connection.execute(_END, rows)
        self._tx.connection.execute(_DROP_INDEX, [{"b_school": row["b_school"], "b_id": row["b_id"]} for row in rows])
        self._stamp({lesson.calendar_id: seq for lesson, seq in numbered})

    def memberships(self) -> tuple[StoredMembership, ...]:
        """Return the live memberships of every course (R69)."""
        query = select(
            membership.c.collection_id,
            membership.c.principal_id,
            membership.c.role,
            membership.c.shows_from,
            membership.c.shows_until,
        ).where(membership.c.school_id == self._tx.school_id, membership.c.ended.is_(None))
        return tuple(
            StoredMembership(row[0], row[1], Role(row[2]), (row[3], row[4]))
            for row in self._tx.connection.execute(query)
        )

    def set_memberships(self, ended: Iterable[tuple[int, int]], started: Iterable[StoredMembership]) -> None:
        """End the memberships of (course, person) pairs, then start others."""
        gone, new = list(ended), list(started)
        if not gone and not new:
            return
        numbers = self._tx.tick(1 + len(new))
        seq = numbers[0]
        this = and_(
            membership.c.school_id == bindparam("b_school"),
            membership.c.collection_id == bindparam("b_collection"),
            membership.c.principal_id == bindparam("b_principal"),
            membership.c.ended.is_(None),
        )
        if gone:
            named = [{"b_school": self._tx.school_id, "b_collection": one, "b_principal": two} for one, two in gone]
            self._tx.connection.execute(update(membership).where(this).values(ended=seq), named)
        if new:
            rows = [self._membership(each, number) for each, number in zip(new, numbers[1:], strict=True)]
            load(self._tx.connection, membership, rows)
        self._tx.sharing.sharees.settle_groups()

    def _membership(self, value: StoredMembership, seq: int) -> dict[str, Any]:
        return {
            "school_id": self._tx.school_id,
            "collection_id": value.collection_id,
            "principal_id": value.principal_id,
            "born": seq,
            "role": value.role.value,
            "shows_from": value.window[0],
            "shows_until": value.window[1],
            "ended": None,
        }

    def forget_person(self, principal_id: int) -> None:
        """Delete a person's memberships for good."""
        self._tx.require_writing()
        here = and_(membership.c.school_id == self._tx.school_id, membership.c.principal_id == principal_id)
        self._tx.connection.execute(membership.delete().where(here))


def _row(lesson: NewLesson, seq: int, item: int, now: int) -> dict[str, Any]:
    """Return the object row of a lesson."""
    return {
        "id": seq,
        "item": item,
        "calendar_id": lesson.calendar_id,
        "href": f"{lesson.uid}.ics",
        "uid": lesson.uid,
        "component": "VEVENT",
        "etag": content_etag(lesson.ical),
        "size": len(lesson.ical),
        "starts": lesson.starts,
        "ends": lesson.ends,
        "recurring": False,
        "indexed_until": FOREVER,
        "modified": now,
        "created": now,
        "born": seq,
        "seq": seq,
        "ended": None,
        "content_hash": lesson.content_hash,
        "ical": lesson.ical,
    }
