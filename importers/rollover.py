"""A new school year: courses are archived with their past, and the next import starts afresh, by hand (R75, R213)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from importers import choices
from importers.errors import ImportRefused
from importers.windows import Window, before, united
from storage.course_archive import ArchivedCourse
from storage.lessons import StoredMembership
from storage.model import CalendarKind, Role
from storage.transaction import Transaction

_SUMMER: Final = 8


def pending(tx: Transaction) -> bool:
    """Say whether a new year was begun and no manual import came since."""
    return bool(tx.import_choices.get(choices.YEAR_PENDING))


def begin(tx: Transaction, now: datetime) -> int:
    """Archive every course at an instant (aware) and return how many.

    What the courses showed until now stays in them; what comes later will be in new ones. Pronote's identifiers may all
    be new in the next file, and only a manual import may bring it. Raises ImportRefused("year-begun") the second time.
    """
    tx.lock()
    if pending(tx):
        raise ImportRefused("year-begun")
    moment = int(now.timestamp())
    year = now.year if now.month >= _SUMMER else now.year - 1
    courses = tx.lessons.calendars(CalendarKind.COURSE)
    numbers = {number for number, _name in courses.values()}
    stays = [stay for stay in tx.lessons.feeds.live(CalendarKind.COURSE) if stay.collection in numbers]
    shown: defaultdict[tuple[int, int], list[Window]] = defaultdict(list)
    for stay in stays:
        shown[stay.collection, stay.calendar].append(stay.window)
    members = [each for each in tx.lessons.memberships() if each.collection_id in numbers]
    held = _held(courses, shown, members)
    tx.lessons.feeds.set_windows(stays, {pair: before(united(windows), moment) for pair, windows in shown.items()})
    tx.lessons.set_memberships([(each.collection_id, each.principal_id) for each in members], [])
    label = f"{year}-{year + 1}"
    tx.course_archive.put(ArchivedCourse(number, label, moment, held[number]) for number in sorted(numbers))
    # What undoing an earlier import would need speaks of courses that are no more.
    tx.imports.forget_journals(0)
    tx.import_choices.set(choices.YEAR_PENDING, {"since": moment, "year": label})
    return len(numbers)


def _held(
    courses: dict[str, tuple[int, str]],
    shown: dict[tuple[int, int], list[Window]],
    members: list[StoredMembership],
) -> dict[int, dict[str, Any]]:
    held: dict[int, dict[str, Any]] = {
        number: {"key": key, "name": name, "feeds": [], "members": []} for key, (number, name) in courses.items()
    }
    for (collection, calendar), windows in shown.items():
        held[collection]["feeds"].append([calendar, united(windows)])
    for each in members:
        held[each.collection_id]["members"].append([each.principal_id, each.role.value, each.window])
    return held


def undo(tx: Transaction) -> int:
    """Take the archived courses back and return how many; raises ImportRefused("year-not-begun") after an import."""
    tx.lock()
    begun = tx.import_choices.get(choices.YEAR_PENDING)
    if not begun:
        raise ImportRefused("year-not-begun")
    courses = [each for each in tx.course_archive.all() if each.moment == begun["since"]]
    people = {person.id for person in tx.principals.people()}
    windows = {
        (each.collection_id, calendar): tuple((start, end) for start, end in shown)
        for each in courses
        for calendar, shown in each.held["feeds"]
    }
    members = [
        StoredMembership(each.collection_id, person, Role(role), (window[0], window[1]))
        for each in courses
        for person, role, window in each.held["members"]
        if person in people
    ]
    tx.lessons.feeds.set_windows(tx.lessons.feeds.live(CalendarKind.COURSE), windows)
    tx.course_archive.take_back({each.collection_id: str(each.held["key"]) for each in courses})
    tx.lessons.set_memberships([], members)
    tx.import_choices.set(choices.YEAR_PENDING, None)
    return len(courses)
