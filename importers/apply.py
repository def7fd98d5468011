"""Read what earlier imports left, and write a plan: the only importer module that touches storage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from importers.naming import AudienceKind
from importers.proposal import (
    ChangeFeed,
    ChangeMembership,
    CreateCalendar,
    CreateCourse,
    CreateSession,
    Current,
    CurrentSession,
    DeleteSession,
    FeedKey,
    MemberKey,
    Membership,
    Plan,
    RenameCalendar,
    RenameCourse,
    UpdateSession,
)
from importers.reconcile import Account
from importers.sessions import DatedSession, Status
from importers.windows import Window, Windows, united
from storage import ical
from storage.feeds import Pair, Stay
from storage.lessons import NewLesson, StoredLesson, StoredMembership
from storage.model import CalendarKind, Role, Source
from storage.transaction import Transaction

IDPN: Final = "idpn"
CAS: Final = "cas"
SIECLE: Final = "siecle"
INE: Final = "ine"
STS: Final = "sts"
VIEWS: Final = (CalendarKind.TIMETABLE, CalendarKind.COURSE, CalendarKind.SCHOOL)

Progress = Callable[[str, int, int], None]


def accounts(tx: Transaction) -> tuple[Account, ...]:
    """Return the accounts that reconciling may use: active ones fed by an integration module (R80, R81)."""
    idpns = _identities(tx, IDPN)
    others = _identities(tx, CAS)
    pupils = _identities(tx, SIECLE), _identities(tx, INE)
    adults = _identities(tx, STS)
    told = tx.people_feeds.known()
    return tuple(
        Account(
            id=person.id,
            role=person.role.value,
            family_names=tuple(name for name in (person.family, person.usual) if name),
            given=person.given,
            birth_date=person.birth,
            idpns=frozenset(idpns[person.id]),
            external_ids=frozenset({person.login, *others[person.id]}),
            siecle=frozenset(value for table in pupils for value in table[person.id]),
            sts=frozenset(adults[person.id]),
            other_given=told[person.id].given_names if person.id in told else (),
        )
        for person in tx.principals.people()
        if person.active and person.source is not Source.MANUAL
    )


def heard_last(tx: Transaction, known: Sequence[Account]) -> tuple[Account, ...]:
    """Return the accounts whose Pronote identifier the last import saw, each with those identifiers only (R77)."""
    latest: defaultdict[int, set[str]] = defaultdict(set)
    for value, principal_id in tx.principals.last_identities(IDPN):
        latest[principal_id].add(value)
    return tuple(replace(account, idpns=frozenset(latest[account.id])) for account in known if account.id in latest)


def _identities(tx: Transaction, system: str) -> defaultdict[int, list[str]]:
    found: defaultdict[int, list[str]] = defaultdict(list)
    for value, principal_id in tx.principals.identities(system):
        found[principal_id].append(value)
    return found


class Snapshot:
    """What earlier imports of a school left, with the numbers storage knows it by."""

    def __init__(self, tx: Transaction) -> None:
        """Read it in one transaction; the number of statements does not depend on the school's size."""
        self.stores = tx.lessons.calendars(CalendarKind.LESSONS)
        self.courses = tx.lessons.calendars(CalendarKind.COURSE)
        self.timetables = tx.lessons.timetables()
        self.school = tx.lessons.school_collection()
        self.lessons = {lesson.uid: lesson for lesson in tx.lessons.stored()}
        views = {*(number for number, _ in self.courses.values()), *self.timetables.values(), self.school}
        # Courses of past years keep what they show, out of the reach of imports.
        self.stays = tuple(stay for stay in tx.lessons.feeds.live(*VIEWS) if stay.collection in views)
        self.memberships = tx.lessons.memberships()

    def current(self) -> Current:
        """Return the snapshot in the plan's terms: keys instead of numbers."""
        stores = {number: key for key, (number, _) in self.stores.items()}
        courses = {number: key for key, (number, _) in self.courses.items()}
        owners = {collection: str(person) for person, collection in self.timetables.items()}
        feeds: defaultdict[FeedKey, list[Window]] = defaultdict(list)
        for stay in self.stays:
            key = self._feed_key(stay, stores[stay.calendar], courses, owners)
            feeds[key].append(stay.window)
        return Current(
            calendars={key: name for key, (_, name) in self.stores.items()},
            sessions={
                uid: CurrentSession(uid, stores[lesson.calendar_id], lesson.content_hash, lesson.starts)
                for uid, lesson in self.lessons.items()
            },
            courses={key: name for key, (_, name) in self.courses.items()},
            memberships=self._members(courses),
            feeds={key: united(windows) for key, windows in feeds.items()},
        )

    def _feed_key(self, stay: Stay, store: str, courses: Mapping[int, str], owners: Mapping[int, str]) -> FeedKey:
        if stay.collection == self.school:
            return FeedKey("school", "", store)
        if stay.collection in courses:
            return FeedKey("course", courses[stay.collection], store)
        return FeedKey("person", owners[stay.collection], store)

    def _members(self, courses: Mapping[int, str]) -> dict[MemberKey, Membership]:
        windows: defaultdict[MemberKey, list[Window]] = defaultdict(list)
        roles: dict[MemberKey, str] = {}
        for each in self.memberships:
            key = MemberKey(courses[each.collection_id], each.principal_id)
            windows[key].append(each.window)
            roles[key] = each.role.value
        return {key: Membership(roles[key], united(held)) for key, held in windows.items()}


def apply(plan: Plan, snapshot: Snapshot, tx: Transaction, progress: Progress) -> None:
    """Write a plan made from a snapshot of the same transaction: all of it or, on any error, nothing."""
    stores, courses = _calendars(plan, snapshot, tx)
    # Stays come first: a session that moves to a new store calendar then leaves and comes back at one number.
    progress("feeds", 0, 1)
    _feeds(plan, snapshot, stores, courses, tx)
    _sessions(plan, snapshot, stores, tx, progress)
    progress("memberships", 0, 1)
    _memberships(plan, courses, tx)


def _calendars(plan: Plan, snapshot: Snapshot, tx: Transaction) -> tuple[dict[str, int], dict[str, int]]:
    """Make and rename store calendars and courses; return the number of each by key."""
    made: dict[str, str] = {}
    begun: dict[str, str] = {}
    renamed: dict[int, str] = {}
    for action in plan.actions:
        match action:
            case CreateCalendar(key, name):
                made[key] = name
            case CreateCourse(key, label):
                begun[key] = label
            case RenameCalendar(key, name):
                renamed[snapshot.stores[key][0]] = name
            case RenameCourse(key, label):
                renamed[snapshot.courses[key][0]] = label
    stores = {key: number for key, (number, _) in snapshot.stores.items()}
    courses = {key: number for key, (number, _) in snapshot.courses.items()}
    stores |= tx.lessons.create_calendars(CalendarKind.LESSONS, made)
    courses |= tx.lessons.create_calendars(CalendarKind.COURSE, begun)
    if renamed:
        tx.lessons.rename_calendars(renamed)
    return stores, courses


def _sessions(plan: Plan, snapshot: Snapshot, stores: Mapping[str, int], tx: Transaction, progress: Progress) -> None:
    """End, rewrite and create sessions, in the order of the plan."""
    stamp = datetime.fromtimestamp(plan.now, UTC)
    zone = tx.school.zone

    def rendered(session: DatedSession) -> NewLesson:
        return _new_lesson(session, stores[session.store_key], zone, stamp)

    ended: list[StoredLesson] = []
    changed: list[tuple[StoredLesson, NewLesson]] = []
    new: list[NewLesson] = []
    total = len(plan.actions)
    for number, action in enumerate(plan.actions):
        match action:
            case DeleteSession(session):
                ended.append(snapshot.lessons[session.uid])
            case UpdateSession(before, session):
                changed.append((snapshot.lessons[before.uid], rendered(session)))
            case CreateSession(session):
                new.append(rendered(session))
        if number % 1000 == 0:
            progress("sessions", number, total)
    tx.lessons.end(ended)
    tx.lessons.replace(changed)
    tx.lessons.create(new)


def _new_lesson(session: DatedSession, calendar_id: int, zone: str, stamp: datetime) -> NewLesson:
    lesson = session.lesson
    text = ical.lesson(
        ical.Lesson(
            uid=session.uid,
            starts=session.starts,
            ends=session.ends,
            tzid=zone,
            summary=summary(session),
            location=", ".join(lesson.rooms),
            description=description(session),
            categories=(lesson.subject.label,) if lesson.subject.label else (),
            cancelled=lesson.status is Status.CANCELLED,
            stamp=stamp,
        )
    )
    starts, ends = int(session.starts.timestamp()), int(session.ends.timestamp())
    return NewLesson(calendar_id, session.uid, session.content, starts, ends, text)


def summary(session: DatedSession) -> str:
    """Return the title of a session: subject and audience, groups between square brackets as EDT shows them (R93)."""
    lesson = session.lesson
    names = [f"[{unit.name}]" if unit.kind is AudienceKind.GROUP else unit.name for unit in sorted(lesson.audience)]
    return " - ".join(part for part in (lesson.subject.label, ", ".join(names)) if part)


def description(session: DatedSession) -> str:
    """Return what a session tells besides: who gives it, for whom, with which equipment; a line each."""
    lesson = session.lesson
    adults = ", ".join(person.name for person in (*lesson.teachers, *lesson.staff))
    audience = ", ".join(unit.name for unit in sorted(lesson.audience))
    return "\n".join(part for part in (adults, audience, ", ".join(lesson.equipment)) if part)


def _feeds(
    plan: Plan, snapshot: Snapshot, stores: Mapping[str, int], courses: Mapping[str, int], tx: Transaction
) -> None:
    wanted: dict[Pair, Windows] = {}
    school = snapshot.school
    for action in plan.actions:
        if not isinstance(action, ChangeFeed):
            continue
        match action.key.kind:
            case "person":
                collection = snapshot.timetables[int(action.key.owner)]
            case "course":
                collection = courses[action.key.owner]
            case _:
                school = school or tx.lessons.create_school_collection()
                collection = school
        wanted[collection, stores[action.key.store]] = action.after
    tx.lessons.feeds.set_windows(snapshot.stays, wanted)


def _memberships(plan: Plan, courses: Mapping[str, int], tx: Transaction) -> None:
    actions = [action for action in plan.actions if isinstance(action, ChangeMembership)]
    ended = [(courses[action.key.course], action.key.account) for action in actions if action.before]
    started = [
        StoredMembership(courses[action.key.course], action.key.account, Role(action.role), window)
        for action in actions
        for window in action.after
    ]
    tx.lessons.set_memberships(ended, started)


def learn(tx: Transaction, pairs: Sequence[tuple[str, int]], now: datetime) -> None:
    """Record the Pronote identifiers of matched people as seen at an instant (R75, R76)."""
    tx.principals.learn(IDPN, pairs, int(now.timestamp()))
