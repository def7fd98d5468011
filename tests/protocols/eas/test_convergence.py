"""Phones played at random against a calendar that others change: in the end every copy is the server's."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from storage.errors import NotFound
from tests.eas.client import TBSYNC
from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.eas.wbxml import Pair
from tests.protocols.eas.conftest import NOON
from tests.protocols.eas.harness import LocalPhone, Timetable, event

SHAPES = ((), (), (), ("RRULE:FREQ=WEEKLY;COUNT=6",), ("RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=5",))
WINDOWS = (1, 2, 5, 100)
FILTERS = (0, 0, 4, 5, 7)


def compact(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y%m%dT%H%M%SZ}"


class Play:
    """One school day gone wild: two phones, a DAV client and an importer."""

    def __init__(self, school, ada, clock, seed: int) -> None:
        self.school, self.ada, self.clock = school, ada, clock
        self.random = random.Random(seed)
        self.serial = 0
        self.names: list[str] = []
        self.lessons: list[str] = []
        self.timetable = Timetable(school, ada)
        self.folders = [school.folder(ada), school.folder(ada, "emploi-du-temps")]
        self.phones = [LocalPhone(school.store, ada, "ONE"), LocalPhone(school.store, ada, "TWO", manner=TBSYNC)]
        self.filters = {id(phone): 0 for phone in self.phones}
        for phone in self.phones:
            phone.connect(provision=False)

    def fresh(self) -> str:
        self.serial += 1
        return f"n{self.serial}"

    def moment(self) -> int:
        return NOON + self.random.choice((-1, 1)) * 3600 * self.random.randrange(24 * 120)

    def text(self, name: str) -> bytes:
        start = self.moment()
        shape = self.random.choice(SHAPES)
        return event(name, self.fresh(), compact(start), compact(start + 3600), *shape)

    def dav_put(self) -> None:
        if not self.names or self.random.random() < 0.5:
            self.names.append(self.fresh())
        name = self.random.choice(self.names)
        self.school.put(self.ada, name, self.text(name))

    def dav_delete(self) -> None:
        if self.names:
            self.names.remove(name := self.random.choice(self.names))
            with suppress(NotFound):  # a phone may have been faster
                self.school.delete(self.ada, name)

    def phone_objects(self) -> None:
        """Change or delete, as a DAV client, what a phone may have made."""
        with self.school.writing() as tx:
            calendar = self.school.calendar(tx, self.ada)
            found = [each for each in tx.objects.entries(calendar) if each.href.removesuffix(".ics") not in self.names]
            if found:
                tx.objects.delete(calendar, self.random.choice(found).href)

    def import_lessons(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.lessons.append(uid := self.fresh())
            self.timetable.create(self.timetable.lesson(uid, self.fresh(), self.moment()))

    def import_change(self) -> None:
        if not self.lessons:
            return
        uid = self.random.choice(self.lessons)
        if self.random.random() < 0.3:
            self.lessons.remove(uid)
            self.timetable.end(uid)
            return
        with self.school.reading() as tx:
            start = next(each.starts for each in tx.lessons.stored() if each.uid == uid)
        self.timetable.replace(self.timetable.lesson(uid, self.fresh(), start, self.random.randrange(2)))

    def pass_time(self) -> None:
        self.clock.now += self.random.choice((3600, 86_400, 86_400 * 9))

    def change_filter(self) -> None:
        phone = self.random.choice(self.phones)
        self.filters[id(phone)] = self.random.choice(FILTERS)

    def edits(self, phone: LocalPhone, folder: str) -> list[Pair]:
        """Return what the person does on the phone: some new, changed and deleted items."""
        known = sorted(phone.items.get(folder, {}))
        picked = self.random.sample(known, min(len(known), self.random.randrange(3)))
        commands = []
        for server_id in picked:
            edited = change(server_id, item(self.facts(), ORDER))
            commands.append(delete(server_id) if self.random.random() < 0.4 else edited)
        if self.random.random() < 0.4:
            commands.append(add(self.fresh(), item({**self.facts(), "UID": self.fresh()}, ORDER)))
        return commands

    def facts(self) -> dict[str, object]:
        start = self.moment()
        return {
            "StartTime": compact(start),
            "EndTime": compact(start + 1800),
            "Subject": self.fresh(),
            "BusyStatus": 2,
            "AllDayEvent": 0,
        }

    def server_step(self) -> None:
        moves = (self.dav_put, self.dav_put, self.dav_delete, self.import_lessons, self.import_change)
        self.random.choice((*moves, self.phone_objects, self.pass_time, self.change_filter))()

    def phone_step(self) -> None:
        phone, folder = self.random.choice(self.phones), self.random.choice(self.folders)
        if folder not in phone.keys:
            phone.sync(folder)
        edits = self.edits(phone, folder) if self.random.random() < 0.5 else []
        self.sync(phone, folder, edits)

    def sync(self, phone: LocalPhone, folder: str, edits: list[Pair]) -> None:
        """Sync once; sometimes the answer is lost, the world moves on, and the phone asks again."""
        options: dict[str, Any] = {"window": self.random.choice(WINDOWS), "filter_type": self.filters[id(phone)]}
        options["get_changes"] = self.random.choice((True, True, None, not edits))
        while self.random.random() < 0.3:
            key, items = phone.keys[folder], dict(phone.items.get(folder, {}))
            phone.sync(folder, edits, **options)
            phone.keys[folder], phone.items[folder] = key, items
            if self.random.random() < 0.5:
                self.server_step()
        assert phone.sync(folder, edits, **options).status == "1"

    def finish(self) -> None:
        for phone in self.phones:
            for folder in self.folders:
                options: dict[str, Any] = {
                    "window": self.random.choice(WINDOWS),
                    "filter_type": self.filters[id(phone)],
                }
                phone.sync_all(folder, **options)
                phone.sync_all(folder, **options)
                assert phone.sync(folder, **options).empty
                assert shown(phone, folder) == self.truth(phone, folder)

    def truth(self, phone: LocalPhone, folder: str) -> dict[str, tuple[str | None, ...]]:
        """Return what a device sees that starts from nothing."""
        other = LocalPhone(self.school.store, self.ada, "NEW", manner=phone.manner)
        other.sync_all(folder, window=100, filter_type=self.filters[id(phone)])
        return shown(other, folder)


ORDER = "AllDayEvent StartTime EndTime Subject BusyStatus UID".split()


def shown(phone: LocalPhone, folder: str) -> dict[str, tuple[str | None, ...]]:
    """Return what matters of each item on a phone."""
    names = ("Calendar:Subject", "Calendar:StartTime", "Calendar:EndTime")
    return {key: tuple(node.value(name) for name in names) for key, node in phone.items[folder].items()}


@pytest.mark.parametrize("seed", range(12))
def test_every_phone_ends_with_the_servers_copy(school, ada, clock, seed, long_run):
    play = Play(school, ada, clock, seed)
    for _ in range(200 if long_run else 40):
        if play.random.random() < 0.5:
            play.server_step()
        else:
            play.phone_step()
    play.finish()
