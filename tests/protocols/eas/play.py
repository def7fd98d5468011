"""A school day gone wild: phones of two people, DAV clients, an importer, shares, switches, restarts, all at random.

Each phone is a reference client: it reads as its program does (`readers`), edits as it does, and what the server says
it accepted must be there. In the end every copy is the server's.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.contentlines import parse
from storage.errors import NotFound
from storage.ical import expand
from storage.model import Access, CalendarObject, Collection, CollectionPatch, NewCalendar, Role, Settings
from storage.sharing import Offer
from storage.store import Store
from storage.transaction import Transaction
from tests.eas.client import AOSP, TBSYNC, SyncResult
from tests.eas.commands import move
from tests.eas.items import add, change, delete
from tests.eas.items import event as item
from tests.eas.wbxml import Node, Pair, decode, encode
from tests.eas.wire import IOS
from tests.protocols.caldav.client import Dav
from tests.protocols.eas.conftest import NOON
from tests.protocols.eas.harness import LocalPhone, School, Timetable
from tests.protocols.eas.readers import PARIS, READERS, occurrences

WINDOWS = (1, 2, 5, 100)
FILTERS = (0, 0, 4, 5, 7)
SLUGS = ("agenda", "club", "emploi-du-temps", "olga")
ORDER = (
    "AllDayEvent StartTime EndTime Timezone Location Subject Recurrence Exceptions Sensitivity BusyStatus Reminder "
    "MeetingStatus UID"
).split()
GIVES_UP = 3
DRAWN = ("Calendar:StartTime", "Calendar:EndTime", "Calendar:Recurrence")


def pair(node: Node) -> Pair:
    """Return what a client sends to say what it holds."""
    return node.name, [pair(each) for each in node.children] if node.children else node.text


class Client(LocalPhone):
    """A phone whose own copy is what its program makes of it."""

    def _apply_commands(self, items: dict[str, Node], node: Node, result: SyncResult) -> None:
        before = dict(items)
        super()._apply_commands(items, node, result)
        for name in result.changed if self.manner is AOSP else ():
            data = items[name]
            if next((each for each in data.names() if each != "Calendar:DtStamp"), "") == "Calendar:Attendees":
                # AOSP takes nothing else of such a Change.
                items[name] = before[name]

    def _apply_own(self, items: dict[str, Node], commands: Any, result: SyncResult) -> None:
        before = dict(items)
        super()._apply_own(items, commands, result)
        if self.modern:
            for each in (decode(encode(command)) for command in commands):
                self._merge(items, before, each)
        for name in {key for key in items if items[key] is not before.get(key)}:
            # What a client shows of its own edit does not depend on the order in which it wrote it.
            later = [each for each in items[name].children if each.name == "Calendar:Exceptions"]
            others = [each for each in items[name].children if each.name != "Calendar:Exceptions"]
            items[name] = Node(items[name].name, children=[*others, *later])

    @property
    def modern(self) -> bool:
        return self.version >= "16"

    def _merge(self, items: dict[str, Node], before: dict[str, Node], command: Node) -> None:
        """Keep what a command does not say, as a client from 16.0 on."""
        name = command.value("AirSync:ServerId") or ""
        data, instance = command.find("AirSync:ApplicationData"), command.value("AirSyncBase:InstanceId")
        if name not in before or (data is None and not instance):
            return
        held = before[name]
        if instance:
            items[name] = with_exception(held, instance, data)
        elif data is not None:
            drawn = any((found := data.find(each)) and found != held.find(each) for each in DRAWN)
            new = set(data.names()) | ({"Calendar:Exceptions"} if drawn else set())
            kept = [each for each in held.children if each.name not in new]
            items[name] = Node(held.name, children=[*kept, *data.children])


def with_exception(held: Node, instance: str, data: Node | None) -> Node:
    """Return a series with one occurrence changed, or gone."""
    listed = held.find("Calendar:Exceptions")
    known = list(listed.children if listed else ())
    same = next((each for each in known if each.value("AirSyncBase:InstanceId") == instance), None)
    named = Node("AirSyncBase:InstanceId", instance)
    if data is None:
        made = Node("Calendar:Exception", children=[named, Node("Calendar:Deleted", "1")])
    else:
        kept = [each for each in (same.children if same else [named]) if each.name not in data.names()]
        bare = [each for each in kept if each.name != "Calendar:Deleted"]
        made = Node("Calendar:Exception", children=[*bare, *data.children])
    others = [each for each in known if each is not same]
    rest = [each for each in held.children if each is not listed]
    return Node(held.name, children=[*rest, Node("Calendar:Exceptions", children=[*others, made])])


class Play:
    """The people, their devices, and everything that may happen."""

    def __init__(self, school: School, clock: Any, seed: int) -> None:
        self.school, self.clock = school, clock
        self.random = random.Random(seed)
        self.serial = 0
        self.ada, self.olga = school.person("ada"), school.person("olga", Role.TEACHER)
        school.store.directory.configure(school.id, Settings(eas_shared_calendars=True))
        with school.writing() as tx:
            tx.collections.create(self.ada, NewCalendar("club", "Club"))
        self.timetable, self.lessons = Timetable(school, self.ada), list[str]()
        manners = {"ANDROID": AOSP, "BIRD": TBSYNC, "APPLE": IOS}
        self.phones = [Client(school.store, self.ada, name, manner=each) for name, each in manners.items()]
        self.phones.append(Client(school.store, self.olga, "OLGAS", manner=AOSP))
        self.filters = {each.device_id: 0 for each in self.phones}
        self.threes: dict[tuple[str, str], int] = {}
        for phone in self.phones:
            phone.connect(provision=False)

    # What happens beside the phones

    def fresh(self) -> str:
        self.serial += 1
        return f"n{self.serial}"

    def moment(self) -> datetime:
        hours = self.random.choice((-1, 1)) * self.random.randrange(24 * 120)
        return datetime.fromtimestamp(NOON, UTC) + timedelta(hours=hours)

    def text(self, uid: str) -> str:
        """An event as DAV clients write them: of a moment, of days, series with and without exceptions."""
        start = self.moment()
        local = start.astimezone(PARIS)
        lines = [f"UID:{uid}", "DTSTAMP:20260901T000000Z", f"SUMMARY:{self.fresh()}"]
        lines += [f"LOCATION:{self.fresh()}"] if self.random.random() < 0.3 else []
        shape = self.random.choice(("utc", "paris", "day", "weekly", "weekly", "fortnight", "monthly"))
        if shape == "utc":
            lines += [f"DTSTART:{start:%Y%m%dT%H%M%SZ}", "DURATION:PT1H"]
        elif shape == "day":
            lines += [f"DTSTART;VALUE=DATE:{local:%Y%m%d}", "DURATION:P1D"]
            lines += ["RRULE:FREQ=WEEKLY;COUNT=4"] if self.random.random() < 0.3 else []
        elif shape == "monthly":
            local = local.replace(day=1)
            lines += [f"DTSTART;TZID=Europe/Paris:{local:%Y%m%dT%H%M%S}", "DURATION:PT1H"]
            lines += ["RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=5"]
        else:
            lines += [f"DTSTART;TZID=Europe/Paris:{local:%Y%m%dT%H%M%S}", "DURATION:PT1H"]
            lines += {
                "weekly": ["RRULE:FREQ=WEEKLY;COUNT=6"],
                "fortnight": ["RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=MO"],
            }.get(shape, [])
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT10M", "END:VALARM"] * (start.hour % 2)
        events = [lines, *(self._overrides(uid, local) if shape == "weekly" else [])]
        if shape == "weekly" and self.random.random() < 0.3:
            lines.insert(3, f"EXDATE;TZID=Europe/Paris:{local + timedelta(days=21):%Y%m%dT%H%M%S}")
        body = [each for event in events for each in ("BEGIN:VEVENT", *event, "END:VEVENT")]
        head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Cadran//Tests//EN"]
        return "\r\n".join([*head, *body, "END:VCALENDAR", ""])

    def _overrides(self, uid: str, local: datetime) -> list[list[str]]:
        if self.random.random() < 0.5:
            return []
        start = local + timedelta(days=14)
        moved = start + timedelta(hours=self.random.choice((0, 1, 24)))
        named = [f"UID:{uid}", "DTSTAMP:20260901T000000Z", f"SUMMARY:{self.fresh()}"]
        times = [f"DTSTART;TZID=Europe/Paris:{moved:%Y%m%dT%H%M%S}", "DURATION:PT1H"]
        return [[*named, f"RECURRENCE-ID;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}", *times]]

    def dav_put(self) -> None:
        """A DAV client makes an event, or writes one that anybody made anew."""
        dav, path, person, slug = self._dav()
        known = self._hrefs(person, slug)
        href = self.random.choice(known) if known and self.random.random() < 0.6 else f"{self.fresh()}.ics"
        with self.school.reading() as tx:
            uid = href.removesuffix(".ics")
            with suppress(NotFound):
                uid = tx.objects.get(self.school.calendar(tx, person, slug), href).uid
        answer = dav.put(path + href, self.text(uid))
        assert answer.status in (201, 204), (answer.status, answer.body)

    def dav_delete(self) -> None:
        dav, path, person, slug = self._dav()
        known = self._hrefs(person, slug)
        if known:
            assert dav.send("DELETE", path + self.random.choice(known)).status == 204

    def _dav(self) -> tuple[Dav, str, Any, str]:
        person, slug = self.random.choice(((self.ada, "agenda"), (self.ada, "club"), (self.olga, "agenda")))
        dav = Dav(self.school.store, person)
        return dav, f"{dav.home}{slug}/", person, slug

    def _hrefs(self, person: Any, slug: str) -> list[str]:
        with self.school.reading() as tx:
            return sorted(each.href for each in tx.objects.entries(self.school.calendar(tx, person, slug)))

    def import_lessons(self) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.lessons.append(uid := self.fresh())
            self.timetable.create(self.timetable.lesson(uid, self.fresh(), int(self.moment().timestamp())))

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
        self.filters[self.random.choice(self.phones).device_id] = self.random.choice(FILTERS)

    def switch(self) -> None:
        self.school.switch(self.ada, self.random.choice(SLUGS[:3]), on=self.random.random() < 0.7)

    def rename(self) -> None:
        with self.school.writing() as tx:
            found = self.school.calendar(tx, self.ada, self.random.choice(("agenda", "club")))
            tx.collections.update(self.ada, found, CollectionPatch(name=self.fresh()))

    def share(self) -> None:
        """Olga's agenda is shared with Ada, for reading or writing, or is hers alone again."""
        with self.school.writing() as tx:
            hers, access = self.school.calendar(tx, self.olga), self.random.choice((Access.READ, Access.WRITE, None))
            if access is None:
                tx.sharing.withdraw(self.olga, hers, self.ada, "olga")
            else:
                tx.sharing.offer(self.olga, hers, self.ada, Offer(access, "olga", settled=True))

    def restart(self) -> None:
        """The server stops and starts: nothing but the database is left of it."""
        url = self.school.store.url
        self.school.store.close()
        self.school.store = Store(url)
        for phone in self.phones:
            phone.store = self.school.store

    def server_step(self) -> None:
        often = (self.dav_put, self.dav_put, self.dav_put, self.dav_delete, self.import_lessons, self.import_change)
        seldom = (self.pass_time, self.change_filter, self.switch, self.rename, self.share, self.restart)
        self.random.choice((*often, *often, *seldom))()

    # What people do on their phones

    def phone_step(self) -> None:
        phone = self.random.choice(self.phones)
        phone.traffic.clear()
        if self.random.random() < 0.15:
            phone.lose_answer = self.random.randrange(3)
            assert phone.folder_sync().status == "1"
            phone.lose_answer = 0
        folder = self.random.choice(sorted(phone.calendars))
        if self.random.random() < 0.05:
            phone.keys.pop(folder, None)
            phone.items.pop(folder, None)
        if folder not in phone.keys and not self._answered(phone, folder, phone.sync(folder, key="0")):
            return
        if self.random.random() < 0.08:
            self._move(phone, folder)
            return
        edits = self.edits(phone, folder) if self.random.random() < 0.5 else []
        self.sync(phone, folder, edits)

    def _answered(self, phone: Client, folder: str, result: SyncResult) -> bool:
        """Do what a client does at a status; tell whether it was a plain answer."""
        place = (phone.device_id, folder)
        if result.status == "1":
            if result.key != "0" and phone.keys.get(folder) and not result.empty:
                self.threes.pop(place, None)
            return True
        assert result.status in ("3", "8", "12"), result.status
        if result.status == "3":
            self.threes[place] = self.threes.get(place, 0) + 1
            assert self.threes[place] < GIVES_UP, "TbSync would give up"
        else:
            assert phone.folder_sync("0" if phone.manner is TBSYNC else None).status == "1"
            if result.status == "8":
                assert folder not in phone.folders, "an unknown folder that is listed"
            for gone in set(phone.keys) - set(phone.folders):
                phone.keys.pop(gone)
                phone.items.pop(gone, None)
        return False

    def _move(self, phone: Client, folder: str) -> None:
        others = sorted(set(phone.calendars) - {folder})
        plain = [each for each in sorted(phone.items.get(folder, {})) if each.count(":") == 1]
        if others and plain:
            phone.lose_answer = self.random.randrange(2)
            move(phone, (self.random.choice(plain), folder, self.random.choice(others)))
            phone.lose_answer = 0

    def edits(self, phone: Client, folder: str) -> list[Pair]:
        """Return what a person does on a phone: some new, changed and deleted items."""
        known = sorted(phone.items.get(folder, {}))
        commands = []
        for name in self.random.sample(known, min(len(known), self.random.randrange(3))):
            held = phone.items[folder][name]
            if self.random.random() < 0.3:
                commands.append(delete(name))
            elif phone.modern and held.find("Calendar:Recurrence") and self.random.random() < 0.6:
                commands.append(self._on_occurrence(name, held))
            else:
                commands.append(change(name, self._changed(phone, held)))
        if self.random.random() < 0.4:
            commands.append(add(self.fresh(), self._new(phone, self.fresh())))
        return commands

    def _on_occurrence(self, name: str, held: Node) -> Pair:
        first = held.value("Calendar:StartTime") or ""
        entry = READERS["iOS"](replace(held, children=[c for c in held.children if c.name != "Calendar:Exceptions"]))
        begin = datetime.strptime(first, "%Y%m%dT%H%M%SZ")
        seen = list(occurrences(entry, begin - timedelta(days=2), begin + timedelta(days=60)))
        start = self.random.choice(seen)[0]
        floating = held.value("Calendar:AllDayEvent") == "1"
        moment = start if floating else start.replace(tzinfo=PARIS).astimezone(UTC)
        named: list[Pair] = [("AirSync:ServerId", name), ("AirSyncBase:InstanceId", f"{moment:%Y%m%dT%H%M%SZ}")]
        if self.random.random() < 0.4:
            return "AirSync:Delete", named
        some: list[Pair] = [("Calendar:Subject", self.fresh()), ("Calendar:Reminder", str(self.random.randrange(60)))]
        return "AirSync:Change", [*named, ("AirSync:ApplicationData", some[: self.random.randint(1, 2)])]

    def _new(self, phone: Client, uid: str) -> list[Pair]:
        facts = self._times(whole=False) | {"Subject": self.fresh(), "BusyStatus": 2, "UID": uid}
        if not phone.modern:
            return item(facts | {"AllDayEvent": 0}, ORDER)
        del facts["UID"]
        return [("Calendar:ClientUid", uid), *item(facts, ORDER)]

    def _times(self, *, whole: bool) -> dict[str, object]:
        start = self.moment()
        length = timedelta(minutes=30)
        if whole:
            start, length = start.replace(hour=0), timedelta(days=1)
        return {"StartTime": f"{start:%Y%m%dT%H%M%SZ}", "EndTime": f"{start + length:%Y%m%dT%H%M%SZ}"}

    def _changed(self, phone: Client, held: Node) -> list[Pair]:
        """Return an item edited: what is new alone from 16.0 on, else all of it."""
        new: dict[str, object] = {"Reminder": str(self.random.randrange(60))}
        if self.random.random() < 0.7:
            new = {"Subject": self.fresh()}
        if self.random.random() < 0.4 and held.value("Calendar:AllDayEvent") != "1":
            new |= self._times(whole=False)
        if phone.modern:
            return item(new, ORDER)
        facts = {each.name.partition(":")[2]: pair(each)[1] for each in held.children}
        whole = {name: facts[name] for name in ORDER if name in facts}
        return item(whole | new, ORDER)

    def edited(self, command: Pair) -> Pair:
        """Return an Add as the person edited it since its answer was lost; other commands as they are."""
        kind, parts = command
        if kind != "AirSync:Add":
            return command
        facts = dict(parts)
        data = [
            (name, self.fresh() if name == "Calendar:Subject" else value)
            for name, value in facts["AirSync:ApplicationData"]
        ]
        return add(facts["AirSync:ClientId"], data)

    def sync(self, phone: Client, folder: str, edits: list[Pair]) -> None:
        """Sync once; sometimes the answer is lost, the world moves on, and the phone asks again."""
        options: dict[str, Any] = {
            "window": self.random.choice(WINDOWS),
            "filter_type": self.filters[phone.device_id],
            "get_changes": False if edits and phone.manner is TBSYNC else self.random.choice((True, True, None)),
            "conflict": self.random.choice((0, 1, 1)),
        }
        alone = True
        while self.random.random() < 0.3:
            key, items = phone.keys[folder], dict(phone.items.get(folder, {}))
            lost = phone.sync(folder, edits, **options)
            if lost.status != "1":
                self._answered(phone, folder, lost)
                return
            phone.keys[folder], phone.items[folder] = key, items
            if self.random.random() < 0.5:
                self.server_step()
                alone = False
            if self.random.random() < 0.5:
                edits = [self.edited(each) for each in edits]
        result = phone.sync(folder, edits, **options)
        if self._answered(phone, folder, result):
            self.kept(phone, folder, edits, result, alone=alone)

    # What must be true

    def kept(self, phone: Client, folder: str, edits: list[Pair], result: SyncResult, *, alone: bool) -> None:
        """Whatever the server says it accepted is there, once; unless others were there while answers were lost."""
        answers = {
            (each.value("AirSync:ClientId") or each.value("AirSync:ServerId")): each for each in result.responses
        }
        with self.school.reading() as tx:
            here = (each for each in tx.collections.subscribed(phone.principal) if f"c{each.id}" == folder)
            collection = next(here)
            if not collection.rights.write:
                return
            found = stored(tx, collection)
        texts = {number: each.ical.decode().replace("\r\n ", "") for number, each in found.items()}
        for command in edits:
            node = decode(encode(command))
            name = node.value("AirSync:ClientId") or node.value("AirSync:ServerId") or ""
            answer = answers.get(name)
            if (answer.value("AirSync:Status") if answer else "1") != "1":
                continue
            number = int(((answer and answer.value("AirSync:ServerId")) or name).split(":")[1])
            subject = node.value("AirSync:ApplicationData", "Calendar:Subject")
            if node.name == "AirSync:Delete" and not node.find("AirSyncBase:InstanceId") and name.count(":") == 1:
                assert number not in texts, "a deletion that was accepted and not done"
            if (
                node.name != "AirSync:Delete"
                and subject
                and (alone or (number in texts and node.name == "AirSync:Change"))
            ):
                assert f"SUMMARY:{subject}\r\n" in texts[number], "an edit that was accepted and not kept"
                assert sum(f"SUMMARY:{subject}\r\n" in each for each in texts.values()) == 1, "an item stored twice"

    def finish(self) -> None:
        """Let every phone come to rest; its copy is that of a new device, and shows what the server has."""
        for phone in self.phones:
            phone.traffic.clear()
            assert phone.folder_sync().status == "1"
            other = Client(self.school.store, phone.principal, "NEW", manner=phone.manner)
            other.connect(provision=False)
            assert {key: each.name for key, each in phone.folders.items()} == {
                key: each.name for key, each in other.folders.items()
            }
            for folder in phone.calendars:
                self._rest(phone, folder)
                other.sync_all(folder, window=100, filter_type=self.filters[phone.device_id])
                shown, new = self.shown(phone, folder), self.shown(other, folder)
                assert shown == new, (phone.device_id, folder)
                if self.filters[phone.device_id] == 0:
                    seen, truth = self.seen(shown), self.truth(phone, folder)
                    assert (seen - truth, truth - seen) == (set(), set()), (phone.device_id, folder)
            with self.school.writing() as tx:
                tx.devices.forget(phone.principal.id, "NEW")

    def _rest(self, phone: Client, folder: str) -> None:
        options: dict[str, Any] = {
            "window": self.random.choice(WINDOWS),
            "filter_type": self.filters[phone.device_id],
        }
        for _ in range(2):
            if phone.sync_all(folder, **options).status == "3":
                phone.sync_all(folder, **options)
        assert phone.sync(folder, **options).empty

    def span(self) -> tuple[datetime, datetime]:
        now = datetime.fromtimestamp(self.clock.now, PARIS).replace(tzinfo=None, hour=0, minute=0)
        return now - timedelta(days=200), now + timedelta(days=200)

    def shown(self, phone: Client, folder: str) -> dict[str, list[Any]]:
        """Return the occurrences of each item that a phone shows."""
        read = READERS[phone.manner.name]
        return {key: sorted(occurrences(read(data), *self.span())) for key, data in phone.items[folder].items()}

    def seen(self, shown: dict[str, list[Any]]) -> set[Any]:
        """Return what of that the server's texts say too; no two items are alike."""
        found = [(one[0], one[1], one[2], one[3], one[6]) for each in shown.values() for one in each]
        assert len(set(found)) == len(found), "an item shown twice"
        return set(found)

    def truth(self, phone: Client, folder: str) -> set[Any]:
        """Return the occurrences that the server's own texts have."""
        first, last = self.span()
        found = []
        with self.school.reading() as tx:
            here = (each for each in tx.collections.subscribed(phone.principal) if f"c{each.id}" == folder)
            collection = next(here)
            for each in stored(tx, collection).values() if collection.synchronised else ():
                for one in expand(parse(each.ical), first.replace(tzinfo=PARIS), last.replace(tzinfo=PARIS), PARIS):
                    start, end = wall(one.starts), wall(one.ends)
                    texts = (one.component.text(name) or "" for name in ("SUMMARY", "LOCATION"))
                    found.append((start, end, *texts, not isinstance(one.starts, datetime)))
        return set(found)


def stored(tx: Transaction, collection: Collection) -> dict[int, CalendarObject]:
    """Return what a calendar holds, by number."""
    return tx.objects.many_items(collection, [each.item for each in tx.objects.entries(collection)])


def wall(moment: Any) -> datetime:
    """Return the wall clock of a moment, or the midnight of a day."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None)
    return datetime(moment.year, moment.month, moment.day)
