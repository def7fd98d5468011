"""What undoing an import needs: what it made, the texts it took away, the windows, names and choices it changed.

Pronote's identifiers are not in it but digests of them, which lead nowhere once a person is deleted.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from importers.apply import IDPN, Snapshot
from importers.proposal import (
    ChangeFeed,
    ChangeMembership,
    CreateCalendar,
    CreateCourse,
    CreateSession,
    DeleteSession,
    FeedKey,
    MemberKey,
    Membership,
    Plan,
    RenameCalendar,
    RenameCourse,
    UpdateSession,
)
from importers.windows import Windows
from storage import import_undo
from storage.lessons import LessonText
from storage.transaction import Transaction

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class HeldLesson:
    """A session as it was before: its store calendar, and everything that is stored of it.

    `item` is what phones and the reminders of readers know it by, 0 in journals of before it was kept.
    """

    store_key: str
    uid: str
    content: str
    starts: int
    ends: int
    ical: bytes
    item: int = 0


class Renamed(NamedTuple):
    """A store calendar or course whose name an import changed."""

    kind: str
    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Journal:
    """The inverse of a plan; windows, memberships and names as they were, `after` as the plan left them.

    `renamed` tells of "calendar" and "course" by key. `began` is the instant of the plan, 0 in journals of before it
    was kept; `stores` and `courses` are the keys of what the import made, `school` tells whether it made the whole
    school's collection. `numbers` are the school's clock before and after, `seen` when identifiers were seen last (by
    digest, -1 for one that was unknown), `chosen` the school's choices that changed: name, before, after.
    """

    created: tuple[str, ...] = ()
    ended: tuple[HeldLesson, ...] = ()
    changed: tuple[HeldLesson, ...] = ()
    feeds: tuple[tuple[FeedKey, Windows, Windows], ...] = ()
    memberships: tuple[tuple[MemberKey, Membership, Membership], ...] = ()
    renamed: tuple[Renamed, ...] = ()
    began: int = 0
    stores: tuple[str, ...] = ()
    courses: tuple[str, ...] = ()
    school: bool = False
    numbers: tuple[int, int] = (0, 0)
    seen: Mapping[str, int] = field(default_factory=dict)
    chosen: tuple[tuple[str, Any, Any], ...] = ()

    def packed(self) -> bytes:
        """Return the journal as compressed JSON."""
        data = {
            "version": VERSION,
            "created": self.created,
            "ended": [_lesson_data(each) for each in self.ended],
            "changed": [_lesson_data(each) for each in self.changed],
            "feeds": self.feeds,
            "memberships": [
                (key, before.role, before.windows, after.role, after.windows) for key, before, after in self.memberships
            ],
            "renamed": self.renamed,
            "began": self.began,
            "stores": self.stores,
            "courses": self.courses,
            "school": self.school,
            "numbers": self.numbers,
            "seen": dict(self.seen),
            "chosen": self.chosen,
        }
        return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpacked(packed: bytes) -> Journal:
    """Return a journal from its compressed JSON."""
    data = json.loads(zlib.decompress(packed))
    return Journal(
        created=tuple(data["created"]),
        ended=tuple(_lesson(each) for each in data["ended"]),
        changed=tuple(_lesson(each) for each in data["changed"]),
        feeds=tuple((FeedKey(*key), _windows(before), _windows(after)) for key, before, after in data["feeds"]),
        memberships=tuple(
            (MemberKey(*key), Membership(was, _windows(before)), Membership(role, _windows(after)))
            for key, was, before, role, after in data["memberships"]
        ),
        # Journals of before names were kept have none.
        renamed=tuple(Renamed(*each) for each in data.get("renamed", ())),
        # Nor do those of before the rest was.
        began=data.get("began", 0),
        stores=tuple(data.get("stores", ())),
        courses=tuple(data.get("courses", ())),
        school=data.get("school", False),
        numbers=tuple(data.get("numbers", (0, 0))),
        seen=data.get("seen", {}),
        chosen=tuple((name, before, after) for name, before, after in data.get("chosen", ())),
    )


def journal_of(plan: Plan, snapshot: Snapshot, tx: Transaction) -> Journal:
    """Return the inverse of a plan about to be applied; reads the texts that it will take away."""
    taken = [snapshot.lessons[uid].id for uid in _taken(plan)]
    texts = tx.lessons.texts(taken)
    created, ended, changed = [], [], []
    feeds, memberships, renamed = [], [], []
    stores, courses = [], []
    for action in plan.actions:
        match action:
            case CreateSession(session):
                created.append(session.uid)
            case DeleteSession(before):
                ended.append(_held(before.store_key, before.uid, snapshot, texts))
            case UpdateSession(before, session):
                changed.append(_held(before.store_key, before.uid, snapshot, texts))
            case ChangeFeed(key, before, after):
                feeds.append((key, before, after))
            case ChangeMembership(key, role, before, after):
                memberships.append((key, Membership(role, before), Membership(role, after)))
            case RenameCalendar(key, name):
                renamed.append(Renamed("calendar", key, snapshot.stores[key][1], name))
            case RenameCourse(key, name):
                renamed.append(Renamed("course", key, snapshot.courses[key][1], name))
            case CreateCalendar(key, _):
                stores.append(key)
            case CreateCourse(key, _):
                courses.append(key)
    whole = Journal(tuple(created), tuple(ended), tuple(changed), tuple(feeds), tuple(memberships), tuple(renamed))
    school = snapshot.school is None and any(key.kind == "school" for key, _before, _after in feeds)
    return replace(whole, began=plan.now, stores=tuple(stores), courses=tuple(courses), school=school)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an import changes besides the timetable: the clock, when identifiers were seen, what the school chose."""

    clock: int
    seen: Mapping[str, int]
    chosen: Mapping[str, Any]


def surroundings(tx: Transaction) -> Surroundings:
    """Return them as they are within a transaction."""
    seen = {digest(*key): moment for key, moment in import_undo.last_seen(tx, IDPN).items()}
    return Surroundings(tx.changes.clock(), seen, tx.import_choices.all())


def digest(value: str, person: int) -> str:
    """Return what stands for an identifier of a person."""
    return hashlib.sha256(f"{person}\n{value}".encode()).hexdigest()[:24]


def completed(journal: Journal, before: Surroundings, tx: Transaction) -> Journal:
    """Return a journal with what changed around the timetable since."""
    after = surroundings(tx)
    names = sorted(before.chosen.keys() | after.chosen.keys())
    chosen = [(name, before.chosen.get(name), after.chosen.get(name)) for name in names]
    return replace(
        journal,
        numbers=(before.clock, after.clock),
        seen={key: before.seen.get(key, -1) for key, moment in after.seen.items() if before.seen.get(key) != moment},
        chosen=tuple(each for each in chosen if each[1] != each[2]),
    )


def _taken(plan: Plan) -> list[str]:
    found = []
    for action in plan.actions:
        match action:
            case DeleteSession(before) | UpdateSession(before, _):
                found.append(before.uid)
    return found


def _held(store_key: str, uid: str, snapshot: Snapshot, texts: Mapping[int, LessonText]) -> HeldLesson:
    lesson = snapshot.lessons[uid]
    text = texts[lesson.id]
    return HeldLesson(store_key, uid, lesson.content_hash, lesson.starts, text.ends, text.ical, lesson.item)


def _lesson_data(held: HeldLesson) -> list[Any]:
    text = held.ical.decode()
    return [held.store_key, held.uid, held.content, held.starts, held.ends, text, held.item]


def _lesson(data: list[Any]) -> HeldLesson:
    store_key, uid, content, starts, ends, text, *item = data
    return HeldLesson(store_key, uid, content, starts, ends, text.encode(), *item)


def _windows(data: list[list[int]]) -> Windows:
    return tuple((start, end) for start, end in data)
