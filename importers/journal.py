"""What undoing an import needs: which sessions it made, the texts it took away, the windows it changed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from importers.apply import Snapshot
from importers.proposal import (
    ChangeFeed,
    ChangeMembership,
    CreateSession,
    DeleteSession,
    FeedKey,
    MemberKey,
    Membership,
    Plan,
    UpdateSession,
)
from importers.windows import Windows
from storage.lessons import LessonText
from storage.transaction import Transaction

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class HeldLesson:
    """A session as it was before: its store calendar, and everything that is stored of it."""

    store_key: str
    uid: str
    content: str
    starts: int
    ends: int
    ical: bytes


@dataclass(frozen=True, slots=True)
class Journal:
    """The inverse of a plan; windows and memberships as they were, `after` as the plan left them."""

    created: tuple[str, ...] = ()
    ended: tuple[HeldLesson, ...] = ()
    changed: tuple[HeldLesson, ...] = ()
    feeds: tuple[tuple[FeedKey, Windows, Windows], ...] = ()
    memberships: tuple[tuple[MemberKey, Membership, Membership], ...] = ()

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
    )


def journal_of(plan: Plan, snapshot: Snapshot, tx: Transaction) -> Journal:
    """Return the inverse of a plan about to be applied; reads the texts that it will take away."""
    taken = [snapshot.lessons[uid].id for uid in _taken(plan)]
    texts = tx.lessons.texts(taken)
    created, ended, changed = [], [], []
    feeds, memberships = [], []
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
    return Journal(tuple(created), tuple(ended), tuple(changed), tuple(feeds), tuple(memberships))


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
    return HeldLesson(store_key, uid, lesson.content_hash, lesson.starts, text.ends, text.ical)


def _lesson_data(held: HeldLesson) -> list[Any]:
    text = held.ical.decode()
    return [held.store_key, held.uid, held.content, held.starts, held.ends, text]


def _lesson(data: list[Any]) -> HeldLesson:
    store_key, uid, content, starts, ends, text = data
    return HeldLesson(store_key, uid, content, starts, ends, text.encode())


def _windows(data: list[list[int]]) -> Windows:
    return tuple((start, end) for start, end in data)
