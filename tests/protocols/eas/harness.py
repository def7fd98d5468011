"""Phones without a network: the independent test client, its HTTP replaced by calls of the engine on a real store."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from protocols.eas.app import handle
from protocols.wire import Park, Request
from storage.errors import WritingRequired
from storage.lessons import NewLesson, StoredLesson
from storage.model import DAWN, FOREVER, CalendarKind, Client, ClientKind, Collection, Principal, Role
from storage.principals import NewPerson
from storage.store import Store
from storage.transaction import Transaction
from tests.eas.client import AOSP, Answer, Manner, Phone
from tests.eas.wbxml import Node, Pair

PARIS = "Europe/Paris"
HERE = "https://cadran.example"
DAV = Client(ClientKind.DAV)
CROSS_CHECK = shutil.which("wbxml2xml") is not None


class LocalPhone(Phone):
    """A phone that talks to the engine directly; `writes` counts the requests that had to write.

    `mails` says that the server has a mail server, `multipart` that the phone takes bodies beside the document.
    """

    def __init__(
        self, store: Store, principal: Principal, device_id: str = "PHONE1", *, manner: Manner = AOSP, **named: Any
    ) -> None:
        super().__init__(HERE, principal.login, "", device_id, manner=manner, **named)
        self.cross_check = False
        self.store, self.principal = store, principal
        self.parked: list[Park] = []
        self.mails = False
        self.multipart = False
        self.writes = 0

    def _exchange(self, method: str, query: str, body: bytes) -> Answer:
        headers = {name.lower(): value for name, value in self._headers(method).items()}
        if self.multipart:
            headers["ms-asacceptmultipart"] = "T"
        path = "/Microsoft-Server-ActiveSync"
        request = Request(method, path, query, headers, body, self.principal, HERE, self.mails)
        outcome, wrote = run(self.store, request)
        self.writes += wrote
        if isinstance(outcome, Park):
            self.parked.append(outcome)
            outcome = outcome.expired
        answered = {name.lower(): value for name, value in outcome.headers}
        return Answer(outcome.status, answered, outcome.body, self._root(outcome.status, answered, outcome.body))

    def post(self, command: str, document: Pair | bytes | None = None, **parameters: str) -> Any:
        return super().post(command, document, **parameters)

    def quiet(self, collection: str, **options: Any) -> bool:
        """Sync and tell whether the answer was empty and nothing was written."""
        before = self.writes
        return self.sync(collection, **options).empty and self.writes == before


def run(store: Store, request: Request) -> tuple[Any, bool]:
    """Handle a request as the server does: reading first, writing if need be; tells which it was."""
    school = request.principal.school_id
    try:
        with store.reading(school) as tx:
            return handle(request, tx), False
    except WritingRequired:
        with store.writing(school) as tx:
            return handle(request, tx), True


class School:
    """A school with one store, and short ways to do what happens in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.id = store.directory.create_school("0750001A", "Lycée", PARIS).id

    def person(self, login: str, role: Role = Role.PUPIL) -> Principal:
        with self.store.writing(self.id) as tx:
            return tx.principals.create(NewPerson(login, login.title(), "Ada", role, email=f"{login}@school.example"))

    def writing(self) -> Any:
        return self.store.writing(self.id)

    def reading(self) -> Any:
        return self.store.reading(self.id)

    def calendar(self, tx: Transaction, person: Principal, slug: str = "agenda") -> Collection:
        return tx.collections.by_slug(person, slug, DAV)

    def put(self, person: Principal, name: str, text: bytes, slug: str = "agenda") -> int:
        """Store an event as a DAV client does and return its item number."""
        with self.writing() as tx:
            item: int = tx.objects.put(self.calendar(tx, person, slug), f"{name}.ics", text).object.item
        return item

    def delete(self, person: Principal, name: str, slug: str = "agenda") -> None:
        with self.writing() as tx:
            tx.objects.delete(self.calendar(tx, person, slug), f"{name}.ics")

    def switch(self, person: Principal, slug: str, *, on: bool) -> None:
        with self.writing() as tx:
            tx.collections.switch(person, slug, on=on)

    def folder(self, person: Principal, slug: str = "agenda") -> str:
        with self.reading() as tx:
            return f"c{self.calendar(tx, person, slug).id}"


def event(uid: str, summary: str, start: str = "20261123T080000Z", end: str = "20261123T090000Z", *more: str) -> bytes:
    """Return one event's text; `more` are further lines of the VEVENT."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", f"UID:{uid}"]
    lines += ["DTSTAMP:20260901T000000Z", f"DTSTART:{start}", f"DTEND:{end}", f"SUMMARY:{summary}", *more]
    return "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


def at(node: Node | None, *path: str) -> Node:
    """Return what must be there, at a path under a node."""
    found = node and node.find(*path)
    assert found is not None, path
    return found


def subjects(items: dict[str, Node]) -> list[str]:
    """Return the subjects a phone shows, sorted."""
    return sorted(item.value("Calendar:Subject") or "" for item in items.values())


def of(phone: LocalPhone, folder: str, subject: str | None) -> str:
    """Return the id by which a phone knows what has that subject."""
    return next(key for key, node in phone.items[folder].items() if node.value("Calendar:Subject") == subject)


def statuses(responses: Sequence[Node]) -> list[tuple[str, str | None]]:
    """Return kind and status of each of a Sync's responses."""
    return [(each.name.removeprefix("AirSync:"), each.value("AirSync:Status")) for each in responses]


def instance(kind: str, server_id: str, moment: str, data: Sequence[Pair] | None = None) -> Pair:
    """Return a command on one occurrence, as clients have them from 16.0 on."""
    named: list[Pair] = [("AirSync:ServerId", server_id), ("AirSyncBase:InstanceId", moment)]
    return f"AirSync:{kind}", named if data is None else [*named, ("AirSync:ApplicationData", list(data))]


class Timetable:
    """Imported lessons that a person sees, written as the importer writes them."""

    def __init__(self, school: School, person: Principal) -> None:
        self.school = school
        with school.writing() as tx:
            numbers = tx.lessons.create_calendars(CalendarKind.LESSONS, {"one": "One", "two": "Two"})
            self.calendars = [numbers["one"], numbers["two"]]
            view = tx.lessons.timetables()[person.id]
            windows = {(view, number): [(DAWN, FOREVER)] for number in self.calendars}
            tx.lessons.feeds.set_windows(tx.lessons.feeds.live(CalendarKind.TIMETABLE), windows)

    def lesson(self, uid: str, summary: str, start: int, calendar: int = 0) -> NewLesson:
        """One hour from `start`, epoch seconds."""
        begin, end = (f"{datetime.fromtimestamp(each, UTC):%Y%m%dT%H%M%SZ}" for each in (start, start + 3600))
        return NewLesson(self.calendars[calendar], uid, summary, start, start + 3600, event(uid, summary, begin, end))

    def create(self, *lessons: NewLesson) -> None:
        with self.school.writing() as tx:
            tx.lessons.create(lessons)

    def replace(self, lesson: NewLesson) -> None:
        """Give a lesson new content, in whichever calendar it now is."""
        with self.school.writing() as tx:
            tx.lessons.replace([(self._stored(tx, lesson.uid), lesson)])

    def end(self, uid: str) -> None:
        with self.school.writing() as tx:
            tx.lessons.end([self._stored(tx, uid)])

    def _stored(self, tx: Transaction, uid: str) -> StoredLesson:
        return next(each for each in tx.lessons.stored() if each.uid == uid)
