"""The values a plan is made of: what a school has, what a file wants, and the actions in between."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from importers.sessions import DatedSession
from importers.windows import Windows


class FeedKey(NamedTuple):
    """A feed: its collection and the store calendar it shows.

    `kind` is "person" (owner: account id as text), "course" (owner: course key) or "school" (owner: empty).
    """

    kind: str
    owner: str
    store: str


class MemberKey(NamedTuple):
    """A membership: course key and account id."""

    course: str
    account: int


@dataclass(frozen=True, slots=True)
class Membership:
    """The role an account has in a course, and when."""

    role: str
    windows: Windows


@dataclass(frozen=True, slots=True)
class CurrentSession:
    """A session as stored: `content` is the hash it was written with, `starts` epoch seconds."""

    uid: str
    store_key: str
    content: str
    starts: int


@dataclass(frozen=True, slots=True)
class Current:
    """What earlier imports of this school left: live rows only, imported ones only (R98).

    Names by store key, labels by course key. Windows hold every stay of a pair, past ones included, as a disjoint
    sorted tuple.
    """

    calendars: Mapping[str, str] = field(default_factory=dict)
    sessions: Mapping[str, CurrentSession] = field(default_factory=dict)
    courses: Mapping[str, str] = field(default_factory=dict)
    memberships: Mapping[MemberKey, Membership] = field(default_factory=dict)
    feeds: Mapping[FeedKey, Windows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desired:
    """What a file wants, in the shapes of Current; `people` are the accounts that have any feed, with their role."""

    calendars: Mapping[str, str]
    sessions: Mapping[str, DatedSession]
    courses: Mapping[str, str]
    memberships: Mapping[MemberKey, Membership]
    feeds: Mapping[FeedKey, Windows]
    people: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class CreateCalendar:
    """Make a store calendar."""

    store_key: str
    name: str


@dataclass(frozen=True, slots=True)
class RenameCalendar:
    """Give a store calendar its new name."""

    store_key: str
    name: str


@dataclass(frozen=True, slots=True)
class CreateCourse:
    """Make a course collection."""

    course_key: str
    label: str


@dataclass(frozen=True, slots=True)
class RenameCourse:
    """Give a course collection its new label."""

    course_key: str
    label: str


@dataclass(frozen=True, slots=True)
class DeleteSession:
    """Remove a session that is no longer in the file."""

    session: CurrentSession


@dataclass(frozen=True, slots=True)
class UpdateSession:
    """Rewrite a session under the same UID; `moved` when it also goes to another store calendar."""

    before: CurrentSession
    session: DatedSession

    @property
    def moved(self) -> bool:
        """Say whether the session changes its store calendar."""
        return self.before.store_key != self.session.store_key


@dataclass(frozen=True, slots=True)
class CreateSession:
    """Write a new session."""

    session: DatedSession


@dataclass(frozen=True, slots=True)
class ChangeFeed:
    """Give a feed other windows; no windows before: a start; `after` that ends at the plan's instant: an end."""

    key: FeedKey
    before: Windows
    after: Windows


@dataclass(frozen=True, slots=True)
class ChangeMembership:
    """Give a membership another role or other windows; read as ChangeFeed."""

    key: MemberKey
    role: str
    before: Windows
    after: Windows


Action = (
    CreateCalendar
    | RenameCalendar
    | CreateCourse
    | RenameCourse
    | DeleteSession
    | UpdateSession
    | CreateSession
    | ChangeFeed
    | ChangeMembership
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What summary and thresholds read (R164-R168); `events_frozen` differ from the file but have begun (R207)."""

    courses_created: int = 0
    courses_renamed: int = 0
    calendars_created: int = 0
    events_created: int = 0
    events_updated: int = 0
    events_deleted: int = 0
    events_frozen: int = 0
    memberships_created: int = 0
    memberships_changed: int = 0
    memberships_deleted: int = 0
    feeds_changed: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Actions in the order of application, decided at one instant (epoch seconds)."""

    now: int
    actions: tuple[Action, ...]
    counts: Counts

    @property
    def empty(self) -> bool:
        """Say whether there is nothing to do."""
        return not self.actions

    @property
    def digest(self) -> str:
        """Return the SHA-256 (hex) of the actions; the instant itself does not count, so an approval outlives it."""
        digest = hashlib.sha256()
        for action in self.actions:
            digest.update(_line(action, self.now).encode())
        return digest.hexdigest()

    def windows(self) -> Iterator[ChangeFeed | ChangeMembership]:
        """Yield the actions that change windows."""
        return (action for action in self.actions if isinstance(action, ChangeFeed | ChangeMembership))


def _line(action: Action, now: int) -> str:
    values: tuple[object, ...] = ()
    match action:
        case CreateCalendar(key, text) | RenameCalendar(key, text) | CreateCourse(key, text) | RenameCourse(key, text):
            values = (key, text)
        case DeleteSession(session):
            values = (session.uid, session.store_key, session.content)
        case UpdateSession(before, session):
            values = (session.uid, before.store_key, before.content, session.store_key, session.content)
        case CreateSession(session):
            values = (session.uid, session.store_key, session.content)
        case ChangeFeed(feed, old, new):
            values = (*feed, _timeless(old, now), _timeless(new, now))
        case ChangeMembership(member, role, old, new):
            values = (*member, role, _timeless(old, now), _timeless(new, now))
    return f"{type(action).__name__}{values!r}\n"


def _timeless(windows: Windows, now: int) -> tuple[int | str, ...]:
    return tuple("now" if edge == now else edge for window in windows for edge in window)
