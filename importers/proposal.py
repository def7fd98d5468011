"""The values a plan is made of: what a school has, what a file wants, and the actions in between."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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
    """What a file wants, in the shapes of Current."""

    calendars: Mapping[str, str]
    sessions: Mapping[str, DatedSession]
    courses: Mapping[str, str]
    memberships: Mapping[MemberKey, Membership]
    feeds: Mapping[FeedKey, Windows]


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

    def data(self) -> dict[str, int]:
        """Return the counts as plain JSON data."""
        return asdict(self)


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
        lines = _Lines(self.now)
        return hashlib.sha256("\n".join(map(lines.of, self.actions)).encode()).hexdigest()


class _Lines:
    """The text an action counts for in a digest; the texts of windows, which hundreds of actions share, are kept."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._texts: dict[Windows, str] = {}

    def of(self, action: Action) -> str:
        """Return the line of one action."""
        name = type(action).__name__
        if isinstance(action, ChangeFeed):
            return f"{name} {action.key!r} {self._text(action.before)} {self._text(action.after)}"
        if isinstance(action, ChangeMembership):
            return f"{name} {action.key!r} {action.role} {self._text(action.before)} {self._text(action.after)}"
        if isinstance(action, CreateSession | DeleteSession):
            session = action.session
            return f"{name} {session.uid} {session.content} {session.store_key!r}"
        if isinstance(action, UpdateSession):
            before, session = action.before, action.session
            return f"{name} {session.uid} {before.content} {session.content} {before.store_key!r} {session.store_key!r}"
        return repr(action)

    def _text(self, windows: Windows) -> str:
        text = self._texts.get(windows)
        if text is None:
            text = self._texts[windows] = ",".join(
                "now" if edge == self._now else str(edge) for window in windows for edge in window
            )
        return text
