"""Small builders for the tests of the storage core: a school with one person at a desk, texts, lessons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event

from storage.lessons import NewLesson
from storage.model import (
    DAWN,
    FOREVER,
    CalendarKind,
    ChangePage,
    Client,
    ClientKind,
    Collection,
    Expect,
    Principal,
    Role,
    School,
    Settings,
    SyncToken,
    Written,
)
from storage.principals import NewPerson
from storage.store import Store
from storage.transaction import Transaction

DAV = Client(ClientKind.DAV)
WEB = Client(ClientKind.WEB)
IPHONE = Client(ClientKind.EAS_IOS, "iPhone")
ALWAYS = ((DAWN, FOREVER),)
DAY = 86_400


def moment(*parts: int) -> int:
    """Epoch seconds of a moment in UTC."""
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type, misc]


def component(kind: str, *lines: str) -> bytes:
    """One object of one component."""
    body = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Essai//FR", f"BEGIN:{kind}", *lines, f"END:{kind}")
    return "\r\n".join((*body, "END:VCALENDAR", "")).encode()


def event_text(uid: str, *lines: str, start: str = "DTSTART:20261123T080000Z", end: str = "DURATION:PT1H") -> bytes:
    """An event; `lines` add to it, an empty `end` leaves it without."""
    return component("VEVENT", f"UID:{uid}", "DTSTAMP:20261101T000000Z", start, *([end] if end else []), *lines)


def task_text(uid: str, *lines: str) -> bytes:
    """A task."""
    return component("VTODO", f"UID:{uid}", "DTSTAMP:20261101T000000Z", *lines)


def lesson(calendar: int, uid: str, starts: int = 0, content: str = "a") -> NewLesson:
    """A lesson of an hour in a lesson calendar."""
    return NewLesson(calendar, uid, content, starts, starts + 3600, event_text(uid, f"SUMMARY:{content}"))


def make_school(store: Store, code: str = "0990001X", settings: Settings | None = None) -> School:
    """A school in Paris."""
    return store.directory.create_school(code, "Collège d'essai", "Europe/Paris", settings)


def make_person(store: Store, school: School, login: str = "ana", role: Role = Role.TEACHER) -> Principal:
    """A person with the calendars everyone has."""
    with store.writing(school.id) as tx:
        return tx.principals.create(NewPerson(login, "Doe", login.capitalize(), role))


@dataclass(frozen=True)
class Desk:
    """One person of one school before an open store; each call is a transaction of its own."""

    store: Store
    school: School
    person: Principal

    def reading(self) -> Any:
        return self.store.reading(self.school.id)

    def writing(self) -> Any:
        return self.store.writing(self.school.id)

    def collection(self, slug: str = "agenda", client: Client = DAV) -> Collection:
        with self.reading() as tx:
            found: Collection = tx.collections.by_slug(self.person, slug, client)
            return found

    def put(self, href: str, text: bytes | None = None, expect: Expect | None = None, slug: str = "agenda") -> Written:
        with self.writing() as tx:
            collection = tx.collections.by_slug(self.person, slug, DAV)
            written: Written = tx.objects.put(collection, href, event_text(href) if text is None else text, expect)
            return written

    def delete(self, href: str, expect: Expect | None = None, slug: str = "agenda") -> int:
        with self.writing() as tx:
            number: int = tx.objects.delete(tx.collections.by_slug(self.person, slug, DAV), href, expect)
            return number

    def head(self, slug: str = "agenda") -> int:
        return self.collection(slug).head

    def since(self, token: SyncToken, limit: int | None = None) -> ChangePage:
        with self.reading() as tx:
            page: ChangePage = tx.changes.since(token, limit)
            return page

    def token(self, slug: str = "agenda") -> SyncToken:
        """The token of a client that holds everything."""
        return self.since(SyncToken(self.collection(slug).id)).token

    def clock(self) -> int:
        return self.store.directory.clocks()[self.school.id]

    def lesson_calendars(self, *keys: str) -> list[int]:
        """New lesson calendars."""
        with self.writing() as tx:
            made = tx.lessons.create_calendars(CalendarKind.LESSONS, dict.fromkeys(keys, "Latin"))
        return [made[key] for key in keys]

    def show(self, calendar: int, windows: Any = ALWAYS) -> None:
        """Make the person's timetable show windows of a lesson calendar."""
        with self.writing() as tx:
            show(tx, tx.lessons.timetables()[self.person.id], calendar, windows)

    def teach(self, *lessons: NewLesson) -> None:
        """Store lessons."""
        with self.writing() as tx:
            tx.lessons.create(lessons)


def show(tx: Transaction, collection: int, calendar: int, windows: Any = ALWAYS) -> None:
    """Make a timetable show exactly these windows of a lesson calendar."""
    tx.lessons.feeds.set_windows(tx.lessons.feeds.live(CalendarKind.TIMETABLE), {(collection, calendar): windows})


def outcome(page: ChangePage) -> list[tuple[str, str]]:
    """What a page tells, as names and words, in its order."""
    words = {True: "new", False: "changed"}
    return [(change.href, "gone" if change.etag is None else words[change.new]) for change in page.changes]


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """Collect the statements that run meanwhile, transaction control left aside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
