"""What the thresholds measure: subjects, teaching services, sessions, closures and people of a plan (R237).

Both sides are read alike: what is stored from its sessions, what is wanted from its own. A *teaching service* is a
subject, a teacher and a class or group; it is incomplete when it lacks a teacher or an audience. A *closure* is a
weekday, otherwise taught, on which the whole school has no session (design, section 9).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple

from importers.proposal import CreateSession, Current, Desired, Plan
from importers.reconcile import Reconciliation
from importers.thresholds import Check, Measure
from importers.timetable import Group, Timetable
from importers.windows import midnight


class Service(NamedTuple):
    """A teaching service by its keys; an empty teacher or audience is one that lacks it."""

    subject: str
    teacher: str
    audience: str

    @property
    def complete(self) -> bool:
        """Say whether it has a teacher and a class or group."""
        return bool(self.teacher and self.audience)


@dataclass(frozen=True, slots=True)
class Sides:
    """What a school has and what a file wants, with the plan in between and the zone that dates are read in.

    `since` is the first day of the file's school year: years before are no part of the count at the last import.
    """

    current: Current
    desired: Desired
    plan: Plan
    zone: tzinfo
    since: date = date.min

    @property
    def today(self) -> date:
        """Return the day of the import."""
        return datetime.fromtimestamp(self.plan.now, self.zone).date()


@dataclass(frozen=True, slots=True)
class Recognised:
    """People of a file and who they were found to be; `known` tells of classes and groups known by other means."""

    timetable: Timetable
    found: Reconciliation
    known: frozenset[str] = frozenset()


@cache
def services_of(store_key: str) -> frozenset[Service]:
    """Return the teaching services of a store calendar from its key: subject, audience tokens, keys of adults."""
    subject, tokens, adults = json.loads(store_key)
    teachers = [each for each in adults if each.startswith("teacher:")] or [""]
    audiences = [each for each in tokens if each.startswith(("class:", "group:"))] or [""]
    return frozenset(Service(subject, teacher, audience) for teacher in teachers for audience in audiences)


def measures(sides: Sides, people: Recognised, closed: frozenset[date]) -> tuple[Measure, ...]:
    """Return the thirteen measures of a plan; `closed` are the days the school calendar says are closed."""
    sides = _of_the_year(sides)
    before, after = _closures(sides)
    return (
        _subjects(sides),
        *_services(sides),
        _sessions(sides),
        _incomplete(sides.plan),
        Measure(Check.CLOSURES_ADDED, len(after - before), len(before)),
        Measure(Check.CLOSURES_DELETED, len(before - after), len(before)),
        *_people(people),
        *_audiences(people),
        _kept(sides, closed),
    )


def _of_the_year(sides: Sides) -> Sides:
    """Return the sides without the sessions of former years, on which the file says nothing."""
    if sides.since == date.min:
        return sides
    first = min((session.day for session in sides.desired.sessions.values()), default=sides.since)
    begins = midnight(min(first, sides.since), sides.zone)
    held = {uid: session for uid, session in sides.current.sessions.items() if session.starts >= begins}
    return replace(sides, current=replace(sides.current, sessions=held))


def _subjects(sides: Sides) -> Measure:
    held = {json.loads(session.store_key)[0] for session in sides.current.sessions.values()}
    wanted = {session.lesson.subject.key for session in sides.desired.sessions.values()}
    return Measure(Check.SUBJECTS_CREATED, len(wanted - held - {""}), len(held - {""}))


def _services(sides: Sides) -> Iterator[Measure]:
    """Measure services: one is changed when its hours are, that is the number of its sessions to come.

    A room, a substitute for an hour or a session that moves within the week changes no service.
    """
    now = sides.plan.now
    held = _united(session.store_key for session in sides.current.sessions.values())
    wanted = _united(session.store_key for session in sides.desired.sessions.values())
    held_ahead = _hours(session.store_key for session in sides.current.sessions.values() if session.starts >= now)
    wanted_ahead = _hours(
        session.store_key for session in sides.desired.sessions.values() if session.starts.timestamp() >= now
    )
    changed = sum(held_ahead[each] != wanted_ahead[each] for each in held & wanted)
    yield Measure(Check.SERVICES_CREATED, len(wanted - held), len(held))
    yield Measure(Check.SERVICES_CHANGED, changed, len(held))
    yield Measure(Check.SERVICES_DELETED, len(held_ahead.keys() - wanted), len(held))


def _hours(keys: Iterable[str]) -> Counter[Service]:
    """Count the sessions of each service."""
    counted: Counter[Service] = Counter()
    for key, number in Counter(keys).items():
        for service in services_of(key):
            counted[service] += number
    return counted


def _united(keys: Iterable[str]) -> frozenset[Service]:
    return frozenset().union(*(services_of(key) for key in set(keys)))


def _sessions(sides: Sides) -> Measure:
    now = sides.plan.now
    held = sum(session.starts >= now for session in sides.current.sessions.values())
    wanted = sum(session.starts.timestamp() >= now for session in sides.desired.sessions.values())
    return Measure(Check.SESSIONS, abs(wanted - held), held)


def _incomplete(plan: Plan) -> Measure:
    created = [action.session.store_key for action in plan.actions if isinstance(action, CreateSession)]
    lacking = sum(not all(service.complete for service in services_of(key)) for key in created)
    return Measure(Check.INCOMPLETE_SERVICES, lacking, len(created))


def _closures(sides: Sides) -> tuple[frozenset[date], frozenset[date]]:
    """Return the closures ahead before and after, in the days both sides speak of."""
    held = _days(datetime.fromtimestamp(each.starts, sides.zone) for each in sides.current.sessions.values())
    wanted = frozenset(session.day for session in sides.desired.sessions.values())
    if not held or not wanted:
        return frozenset(), frozenset()
    taught = {day.weekday() for day in held | wanted}
    last = min(max(held), max(wanted))
    ahead = [day for day in _range(sides.today, last) if day.weekday() in taught]
    return frozenset(ahead) - held, frozenset(ahead) - wanted


def _days(moments: Iterable[datetime]) -> frozenset[date]:
    return frozenset(moment.date() for moment in moments)


def _range(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _kept(sides: Sides, closed: frozenset[date]) -> Measure:
    ahead = [session.day for session in sides.desired.sessions.values() if session.day >= sides.today]
    return Measure(Check.CLOSURES_KEPT, sum(day in closed for day in ahead), len(ahead))


def _people(people: Recognised) -> Iterator[Measure]:
    kinds = {Check.TEACHERS: people.timetable.teachers, Check.PUPILS: people.timetable.pupils}
    for check, persons in kinds.items():
        yield Measure(check, sum(person.ref not in people.found.matched for person in persons), len(persons))


def _audiences(people: Recognised) -> Iterator[Measure]:
    """Count the classes and groups nobody of which was recognised and that nothing else knows."""
    timetable = people.timetable
    present = [pupil for pupil in timetable.pupils if pupil.ref in people.found.matched]
    classes = {stay.ident for pupil in present for stay in pupil.classes}
    parts = {stay.ident for pupil in present for stay in pupil.parts}
    pupils = {pupil.ident for pupil in present}

    def recognised(group: Group) -> bool:
        members = ((classes, group.classes), (parts, group.parts), (pupils, group.pupils))
        return any(not present.isdisjoint(idents) for present, idents in members)

    lost_classes = sum(each.name not in people.known and each.ident not in classes for each in timetable.classes)
    lost_groups = sum(each.name not in people.known and not recognised(each) for each in timetable.groups)
    yield Measure(Check.CLASSES, lost_classes, len(timetable.classes))
    yield Measure(Check.GROUPS, lost_groups, len(timetable.groups))
