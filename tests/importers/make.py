"""Small timetables, accounts and states for the importer tests."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from importers import edt
from importers.desired import desired
from importers.plan import plan
from importers.proposal import (
    ChangeFeed,
    ChangeMembership,
    CreateCalendar,
    CreateCourse,
    CreateSession,
    Current,
    CurrentSession,
    DeleteSession,
    Desired,
    Membership,
    Plan,
    RenameCalendar,
    RenameCourse,
    UpdateSession,
)
from importers.reconcile import Account, reconcile
from importers.sessions import Expansion, Settings, expand
from importers.timetable import Course, Resource, ResourceKind, Timetable
from importers.weeks import mask_of

PARIS = ZoneInfo("Europe/Paris")
SCHOOL = "0990042K"
SAMPLES = Path(__file__).parent / "samples"
AUGUST = datetime(2026, 8, 20, 12, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 9, 12, tzinfo=UTC)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def college() -> Timetable:
    return edt.parse(sample("college.xml"))


def settings(**options) -> Settings:
    return Settings(SCHOOL, PARIS, **options)


def uses(**resources: tuple[str, tuple[int, ...]]) -> tuple[Resource, ...]:
    """Make resources: uses(teacher=("1", (1, 2)))."""
    return tuple(Resource(ResourceKind(kind), ident, mask_of(weeks)) for kind, (ident, weeks) in resources.items())


def course(*resources: Resource, subject: str = "1", day: int = 1, **more) -> Course:
    values: dict[str, Any] = {"first_place": 0, "places": 1, "starts": time(8), "ends": time(9)} | more
    return Course(day=day, subjects=(subject,) if subject else (), resources=resources, **values)


def taught(*courses: Course, **options) -> Expansion:
    """Expand some courses with the people, classes and groups of the sample college."""
    return expand(replace(college(), courses=courses), settings(**options))


def accounts(timetable: Timetable) -> list[Account]:
    """Make an account for everybody of a file, numbered in file order."""
    return [
        Account(
            id=number,
            role=str(person.kind),
            family_names=(person.family,),
            given=person.given,
            birth_date=person.birth_date,
        )
        for number, person in enumerate(timetable.people(), 1)
    ]


def wanted(timetable: Timetable, known: list[Account] | None = None, **options) -> Desired:
    matched = reconcile(timetable.people(), accounts(timetable) if known is None else known).matched
    return desired(timetable, expand(timetable, settings(**options)), matched, PARIS)


def day(text: str) -> int:
    """Return the epoch seconds of local midnight of a day."""
    return int(datetime.combine(date.fromisoformat(text), time(), PARIS).timestamp())


def applied(current: Current, done: Plan) -> Current:
    """Carry a plan out on a snapshot, as storage does."""
    calendars, sessions, courses = dict(current.calendars), dict(current.sessions), dict(current.courses)
    memberships, feeds = dict(current.memberships), dict(current.feeds)
    for action in done.actions:
        match action:
            case CreateCalendar(key, text) | RenameCalendar(key, text):
                calendars[key] = text
            case CreateCourse(key, text) | RenameCourse(key, text):
                courses[key] = text
            case DeleteSession(gone):
                del sessions[gone.uid]
            case CreateSession(new) | UpdateSession(_, new):
                assert new.store_key in calendars
                sessions[new.uid] = CurrentSession(new.uid, new.store_key, new.content, int(new.starts.timestamp()))
            case ChangeFeed(feed, _, after):
                assert feed.store in calendars
                feeds[feed] = after
            case ChangeMembership(member, role, _, after):
                assert member.course in courses
                memberships[member] = Membership(role, after)
    return Current(calendars, sessions, courses, memberships, feeds)


def imported(timetable: Timetable, now: datetime = AUGUST, current: Current | None = None) -> Current:
    """Import a timetable into a snapshot."""
    current = Current() if current is None else current
    return applied(current, plan(current, wanted(timetable), now))
