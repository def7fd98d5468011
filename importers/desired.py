"""What a school should have according to a file: store calendars, sessions, courses, memberships and feeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import tzinfo

from importers.population import Attendance, Population
from importers.proposal import Desired, FeedKey, MemberKey, Membership
from importers.reconcile import Match
from importers.sessions import Expansion, Lesson
from importers.timetable import Timetable
from importers.windows import ALWAYS, Windows, united

PUPIL_ROLE = "pupil"


def desired(timetable: Timetable, expansion: Expansion, matched: Mapping[str, Match], zone: tzinfo) -> Desired:
    """Build the wanted state from sessions and matched people.

    A pupil sees a store calendar during the windows of its audience; an adult sees the store calendars of the
    sessions they give, whole. Members of a course are its pupils, dated, and its adults, undated (R148, R210): a
    substitute is a member, but their own timetable holds only the sessions they give.
    """
    population = Population(timetable, matched, zone)
    lessons = {session.lesson.store_key: session.lesson for session in expansion.sessions}
    feeds: dict[FeedKey, Windows] = {}
    members: defaultdict[str, dict[int, Membership]] = defaultdict(dict)
    courses: dict[str, str] = {}
    for store, lesson in lessons.items():
        pupils, adults = population.attendance(lesson.audience), dict(_adults(lesson, matched))
        feeds[FeedKey("school", "", store)] = ALWAYS
        for account, windows in _attending(pupils, adults):
            feeds[FeedKey("person", str(account), store)] = windows
        for course in lesson.courses:
            courses[course.key] = course.label
            feeds[FeedKey("course", course.key, store)] = ALWAYS
            _enrol(members[course.key], population.attendance(course.audience), adults)
    return Desired(
        calendars={store: store_name(lesson) for store, lesson in lessons.items()},
        sessions={session.uid: session for session in expansion.sessions},
        courses=courses,
        memberships={MemberKey(course, account): m for course, held in members.items() for account, m in held.items()},
        feeds=feeds,
    )


def store_name(lesson: Lesson) -> str:
    """Return a readable name for a store calendar: subject, audience, adults."""
    audience = "/".join(sorted(unit.name for unit in lesson.audience))
    adults = ", ".join(person.name for person in (*lesson.teachers, *lesson.staff))
    return " - ".join(part for part in (lesson.subject.label, audience, adults) if part)


def _adults(lesson: Lesson, matched: Mapping[str, Match]) -> Iterator[tuple[int, str]]:
    for person in (*lesson.teachers, *lesson.staff):
        match = matched.get(person.ref)
        if match is not None:
            yield match.account, match.role


def _attending(pupils: Attendance, adults: Mapping[int, str]) -> Iterator[tuple[int, Windows]]:
    for account, windows in pupils.items():
        if windows:
            yield account, windows
    for account in adults:
        yield account, ALWAYS


def _enrol(held: dict[int, Membership], pupils: Attendance, adults: Mapping[int, str]) -> None:
    for account, windows in pupils.items():
        known = held.get(account)
        if known is None:
            held[account] = Membership(PUPIL_ROLE, windows)
        elif known.windows != windows:
            held[account] = Membership(PUPIL_ROLE, united((*known.windows, *windows)))
    for account, role in adults.items():
        held[account] = Membership(role, ALWAYS)
