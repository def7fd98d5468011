"""Compare what a school has with what a file wants; the result is data, in the order of application.

The past is frozen (R207): sessions that have begun are neither created, changed nor deleted, and the past side of
every window stays as it is. Planning twice with nothing new in between gives an empty plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from importers.proposal import (
    Action,
    ChangeFeed,
    ChangeMembership,
    Counts,
    CreateCalendar,
    CreateCourse,
    CreateSession,
    Current,
    DeleteSession,
    Desired,
    Plan,
    RenameCalendar,
    RenameCourse,
    UpdateSession,
)
from importers.windows import NEVER, Windows, before, since, united


def plan(current: Current, desired: Desired, now: datetime) -> Plan:
    """Return the actions that lead from the current state to the desired one at an instant (aware)."""
    instant = int(now.timestamp())
    deletes, updates, creates, frozen = _sessions(current, desired, now)
    written = {action.session.store_key for action in updates} | {action.session.store_key for action in creates}
    live = current.calendars.keys() | written
    actions: list[Action] = [
        *_calendars(current, desired, live),
        *_courses(current, desired),
        *deletes,
        *updates,
        *creates,
        *_feeds(current, desired, live, instant),
        *_memberships(current, desired, instant),
    ]
    return Plan(instant, tuple(actions), _counts(actions, frozen, instant))


def _sessions(
    current: Current, desired: Desired, now: datetime
) -> tuple[list[DeleteSession], list[UpdateSession], list[CreateSession], int]:
    instant, frozen = now.timestamp(), 0
    deletes, updates, creates = [], [], []
    for uid, session in desired.sessions.items():
        held = current.sessions.get(uid)
        if held is not None and (held.content, held.store_key) == (session.content, session.store_key):
            continue
        if session.starts < now:
            frozen += 1
        elif held is None:
            creates.append(CreateSession(session))
        else:
            updates.append(UpdateSession(held, session))
    for uid, held in current.sessions.items():
        if uid in desired.sessions:
            continue
        if held.starts < instant:
            frozen += 1
        else:
            deletes.append(DeleteSession(held))
    deletes.sort(key=lambda action: (action.session.starts, action.session.uid))
    updates.sort(key=lambda action: (action.session.starts, action.session.uid))
    creates.sort(key=lambda action: (action.session.starts, action.session.uid))
    return deletes, updates, creates, frozen


def _calendars(current: Current, desired: Desired, live: Iterable[str]) -> Iterator[Action]:
    """Make store calendars only for sessions that will be written: the frozen past needs none."""
    for store in sorted(live):
        name = desired.calendars.get(store)
        if name is None:
            continue
        if store not in current.calendars:
            yield CreateCalendar(store, name)
        elif current.calendars[store] != name:
            yield RenameCalendar(store, name)


def _courses(current: Current, desired: Desired) -> Iterator[Action]:
    """Make every course the file names, past ones too (R211); none is removed: it keeps its past."""
    for key, label in sorted(desired.courses.items()):
        if key not in current.courses:
            yield CreateCourse(key, label)
        elif current.courses[key] != label:
            yield RenameCourse(key, label)


def _feeds(current: Current, desired: Desired, live: Iterable[str], now: int) -> Iterator[ChangeFeed]:
    """Change the feeds of store calendars the file still has.

    A store calendar the file no longer has keeps its feeds: it holds nothing but the past, which must stay visible,
    and ending hundreds of feeds would tell every phone about nothing. The whole-school collection never loses a feed
    for the same reason.
    """
    stores = set(live)
    for key, windows in sorted(desired.feeds.items()):
        held = current.feeds.get(key, NEVER)
        if held == windows or key.store not in stores:
            continue
        after = past_kept(held, windows, now)
        if after != held:
            yield ChangeFeed(key, held, after)
    for key in sorted(current.feeds.keys() - desired.feeds.keys()):
        if key.kind == "school" or key.store not in desired.calendars:
            continue
        held = current.feeds[key]
        after = past_kept(held, NEVER, now)
        if after != held:
            yield ChangeFeed(key, held, after)


def _memberships(current: Current, desired: Desired, now: int) -> Iterator[ChangeMembership]:
    for key, wanted in sorted(desired.memberships.items(), key=lambda item: item[0]):
        held = current.memberships.get(key)
        if held == wanted:
            continue
        past = held.windows if held is not None else NEVER
        after = past_kept(past, wanted.windows, now)
        if held is None and not since(after, now):
            continue
        if held is None or after != past or held.role != wanted.role:
            yield ChangeMembership(key, wanted.role, past, after)
    for key in sorted(current.memberships.keys() - desired.memberships.keys()):
        held = current.memberships[key]
        after = past_kept(held.windows, NEVER, now)
        if after != held.windows:
            yield ChangeMembership(key, held.role, held.windows, after)


def past_kept(held: Windows, wanted: Windows, now: int) -> Windows:
    """Return the windows a pair gets at an instant: its own past and the wanted future; all of it when it had none."""
    if not held:
        return wanted
    return united((*before(held, now), *since(wanted, now)))


def _counts(actions: Iterable[Action], frozen: int, now: int) -> Counts:
    kinds = Counter(_kind(action, now) for action in actions)
    return Counts(
        courses_created=kinds["CreateCourse"],
        courses_renamed=kinds["RenameCourse"],
        calendars_created=kinds["CreateCalendar"],
        events_created=kinds["CreateSession"],
        events_updated=kinds["UpdateSession"],
        events_deleted=kinds["DeleteSession"],
        events_frozen=frozen,
        memberships_created=kinds["begun"],
        memberships_changed=kinds["changed"],
        memberships_deleted=kinds["ended"],
        feeds_changed=kinds["ChangeFeed"],
    )


def _kind(action: Action, now: int) -> str:
    if not isinstance(action, ChangeMembership):
        return type(action).__name__
    was, will = bool(since(action.before, now)), bool(since(action.after, now))
    return {(False, True): "begun", (True, False): "ended"}.get((was, will), "changed")
