"""Phones that synchronise: a first load, asking when nothing has changed, and many of them during an import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, sleep
from typing import Final

from bench import phones
from bench.connection import Connection
from bench.figures import Figures, figures
from bench.importing import importing
from bench.phones import Owner
from bench.servers import LOGIN, PASSWORD, Subject
from bench.together import Asked, ask_together
from tests.eas.client import AOSP, Phone
from tests.eas.wbxml import Node, Pair, decode

WINDOWS: Final = (512, 100)
CONNECTIONS: Final = (1, 64)
PAUSE_SECONDS: Final = 1.0
AFTER_SECONDS: Final = 3.0
LOOK_SECONDS: Final = 0.02
MOST_REQUESTS: Final = 2000
# FilterType: whatever its age (MS-ASCMD 2.2.3.68.2).
ALL: Final = 0

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """A calendar loaded by a new device, page by page: seconds on the wire, octets received, memory of the server."""

    window: int
    entries: int
    pages: Figures
    seconds: float
    octets: int
    memory_before: int
    memory_highest: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Syncs that find nothing new: from how many connections, how many a second, how long each took."""

    connections: int
    a_second: float
    found: Figures
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class During:
    """Devices that synchronise each `PAUSE_SECONDS` while nothing happens, then while an import runs.

    `told` devices have been sent changes; the import took `seconds`, and `alone` where nobody synchronised.
    """

    devices: int
    quiet: Figures
    meanwhile: Figures
    told: int
    errors: tuple[str, ...]
    seconds: float
    alone: float


@dataclass(slots=True)
class Device:
    """A phone on the wire that asks for one calendar and keeps of it the key alone; `told` counts what came."""

    phone: Phone
    name: str
    port: int
    calendar: str
    key: str = "0"
    window: int = 100
    filter_type: int = AOSP.filter_type
    told: int = 0
    more: bool = False
    _asking: tuple[str, bytes] = field(default=("", b""))

    def request(self) -> bytes:
        """Return a Sync of the calendar."""
        if self._asking[0] != self.key:
            self._asking = self.key, phones.posted(self.phone, self.port, self.name, self._document())
        return self._asking[1]

    def answered(self, status: int, body: bytes) -> None:
        """Go on from an answer; raises ValueError unless it is a good one."""
        if status != 200:
            raise ValueError(f"HTTP {status}")
        self.more = False
        if not body:
            return
        found = decode(body).find("AirSync:Collections", "AirSync:Collection")
        if found is None or found.value("AirSync:Status") != "1":
            raise ValueError(f"Sync {None if found is None else found.value('AirSync:Status')}")
        self.key = found.value("AirSync:SyncKey") or ""
        self.more = found.find("AirSync:MoreAvailable") is not None
        self.told += _entries(found)

    def _document(self) -> Pair:
        parts: list[Pair] = [("AirSync:SyncKey", self.key), ("AirSync:CollectionId", self.calendar)]
        if self.key != "0":
            body: list[Pair] = [("AirSyncBase:Type", 1), ("AirSyncBase:TruncationSize", AOSP.truncation)]
            options: list[Pair] = [("AirSync:FilterType", self.filter_type), ("AirSyncBase:BodyPreference", body)]
            parts += [("AirSync:GetChanges", None), ("AirSync:WindowSize", self.window), ("AirSync:Options", options)]
        return "AirSync:Sync", [("AirSync:Collections", [("AirSync:Collection", parts)])]


def _entries(collection: Node) -> int:
    commands = collection.find("AirSync:Commands")
    return len(commands.children) if commands else 0


def first_loads(subject: Subject, entries: int, say: Say) -> tuple[FirstLoad, ...]:
    """Return what a new device's first load of the bench's calendar of so many entries takes, by size of page."""
    return tuple(_first_load(subject, entries, window, say) for window in WINDOWS)


def _first_load(subject: Subject, entries: int, window: int, say: Say) -> FirstLoad:
    """Load over one connection to a server that is started for it; the time for reading the answers does not count."""
    with subject.running() as server:
        name = f"FIRST{window:04d}"
        phone = Phone(f"http://127.0.0.1:{server.port}", LOGIN, PASSWORD, name, manner=AOSP)
        phone.cross_check = False
        phone.connect()
        device = Device(
            phone, name, server.port, phone.folder_named(f"{entries} events"), window=window, filter_type=ALL
        )
        connection = Connection(server.port)
        device.answered(200, connection.ask(device.request()).body)
        before, octets, durations = server.resident(), 0, list[float]()
        device.more = True
        while device.more and len(durations) < MOST_REQUESTS:
            request = device.request()
            began = perf_counter()
            answer = connection.ask(request)
            durations.append(perf_counter() - began)
            octets += len(answer.body)
            device.answered(answer.status, answer.body)
        connection.close()
        if device.told != entries:
            raise RuntimeError(f"{device.told} of {entries} entries came")
        say(f"{entries} entries loaded by pages of {window}")
        return FirstLoad(window, entries, figures(durations), sum(durations), octets, before, server.highest())


def acquainted(subject: Subject, count: int, say: Say) -> tuple[Owner, ...]:
    """Return the owners of so many phones, or a few more, that have every calendar of theirs."""
    logins = phones.choose(subject.folder, count)
    with subject.running() as server:
        synchronised = [phones.synchronised(server.port, login) for login in logins]
    say(f"{len(synchronised)} people have synchronised a phone")
    return phones.owners(subject.folder, synchronised, count)


def devices(owners: Sequence[Owner], port: int) -> list[Device]:
    """Return each phone of these people as one that synchronises its fullest calendar."""
    made = []
    for owner in owners:
        items = owner.phone.items
        fullest = max(items, key=lambda each: len(items[each]))
        phone = owner.phone
        made += [Device(phone, name, port, fullest, phone.keys[fullest]) for name in owner.devices]
    return made


def rates(everybody: Sequence[Device], seconds: float, say: Say) -> tuple[Rate, ...]:
    """Return how fast Syncs that find nothing new are answered, to one connection and to many."""
    found = []
    for count in CONNECTIONS:
        asked = _for(everybody[:count], seconds)
        news = ("something new came",) if any(each.told for each in everybody) else ()
        a_second = len(asked.durations) / asked.seconds
        found.append(Rate(count, a_second, figures(asked.durations), (*asked.errors, *news)))
        say(f"{count} connections asked for nothing new")
    return tuple(found)


def introduce(everybody: Sequence[Device]) -> None:
    """Let every device ask until nothing comes: the server then has verified its person and noted what it asks for."""
    for each in everybody:
        connection = Connection(each.port)
        came = -1
        while came != each.told:
            came = each.told
            answer = connection.ask(each.request())
            each.answered(answer.status, answer.body)
        connection.close()
        each.told = 0


def _for(everybody: Sequence[Device], seconds: float, pause: float = 0.0) -> Asked:
    until = perf_counter() + seconds
    return ask_together(everybody[0].port, everybody, lambda: perf_counter() > until, pause)


def during_import(everybody: Sequence[Device], folder: Path, export: Path, quiet_seconds: float) -> During:
    """Let devices synchronise in peace, then while an export is imported and a little longer; `alone` is left 0."""
    quiet = _for(everybody, quiet_seconds, PAUSE_SECONDS)
    with importing(folder, export) as run:
        asked = ask_together(
            everybody[0].port,
            everybody,
            lambda: run.over() and run.seconds + AFTER_SECONDS < perf_counter() - run.began,
            PAUSE_SECONDS,
        )
    told = sum(1 for each in everybody if each.told)
    errors = (*quiet.errors, *asked.errors)
    return During(len(everybody), figures(quiet.durations), figures(asked.durations), told, errors, run.seconds, 0.0)


def alone(subject: Subject, export: Path) -> float:
    """Return the seconds the same import takes beside a server that nobody asks anything."""
    with subject.running(), importing(subject.folder, export) as run:
        while not run.over():
            sleep(LOOK_SECONDS)
    return run.seconds


def measured(
    schools: tuple[Subject, Subject], export: Path, count: int, seconds: float, say: Say
) -> tuple[tuple[Rate, ...], During]:
    """Return the rates of Syncs that find nothing, and what `count` devices meet with during an import.

    The import is repeated on the other school, to tell what it takes alone.
    """
    subject, apart = schools
    owners = acquainted(subject, max(count, *CONNECTIONS), say)
    with subject.running() as server:
        everybody = devices(owners, server.port)
        introduce(everybody)
        found = rates(everybody, seconds, say)
        during = during_import(everybody[:count], subject.folder, export, seconds)
    say(f"{count} devices synchronised during an import")
    return found, replace(during, alone=alone(apart, export))
