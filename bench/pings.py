"""Parked Pings: what waiting costs, and how fast an import wakes those it concerns."""

from __future__ import annotations

import resource
import selectors
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic, perf_counter, sleep
from typing import Final

from bench import phones
from bench.figures import NEVER, Figures, figures
from bench.importing import importing
from bench.phones import Owner
from bench.processes import Started
from bench.school import DATABASE
from bench.servers import Subject
from storage.store import Store
from tests.eas.client import Phone
from tests.eas.wbxml import decode

IDLE_SECONDS: Final = 10.0
WAVE: Final = 100
LOOK_SECONDS: Final = 0.005
QUIET_SECONDS: Final = 5.0
QUIET_LOOKS: Final = 3
LONGEST_SETTLING: Final = 120.0
PORTS_EACH: Final = 20_000
SPARE_FILES: Final = 200
CHANGED: Final = "2"


class TooFewFiles(Exception):
    """This machine does not let a process open as many files as are `wanted`, but only `allowed`."""

    def __init__(self, wanted: int, allowed: int) -> None:
        super().__init__(wanted, allowed)
        self.wanted = wanted
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Parked:
    """What was measured: `memory_each` in octets, `idle_share` of one core, seconds counted from the commit.

    `missed` phones had changes waiting and were not woken; `odd` ones were answered before, or by another status.
    """

    count: int
    memory_each: float
    idle_share: float
    woken: int
    missed: int
    odd: int
    woken_after: Figures
    last_seconds: float
    import_seconds: float


@dataclass(slots=True)
class Held:
    """Connections with a request each that has no answer yet; `answers` are those that came, by their number."""

    port: int
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    sockets: list[socket.socket] = field(default_factory=list)
    answers: dict[int, tuple[float, bytes]] = field(default_factory=dict)

    def send(self, request: bytes) -> None:
        """Open one more connection and send a request over it."""
        number = len(self.sockets)
        source = f"127.0.0.{2 + number // PORTS_EACH}"
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        opened.sendall(request)
        opened.setblocking(False)
        self.sockets.append(opened)
        self.selector.register(opened, selectors.EVENT_READ, number)

    def receive(self, seconds: float) -> int:
        """Take the answers that come within some seconds at most, until there is one; returns how many came."""
        ready = self.selector.select(seconds)
        for key, _ in ready:
            now = perf_counter()
            number = int(key.data)
            self.answers[number] = (now, self.sockets[number].recv(64 * 1024))
            self.selector.unregister(self.sockets[number])
        return len(ready)

    def close(self) -> None:
        """Close every connection."""
        for each in self.sockets:
            each.close()
        self.selector.close()


def measured(subject: Subject, count: int, export: Path, say: Callable[[str], object]) -> Parked:
    """Return what `count` parked Pings cost, and how an import of an export wakes them; raises TooFewFiles."""
    _allow_files(count + SPARE_FILES)
    logins = phones.choose(subject.folder, count)
    with subject.running() as server:
        synchronised = [phones.synchronised(server.port, login) for login in logins]
    say(f"{len(synchronised)} people have synchronised a phone")
    owners = phones.owners(subject.folder, synchronised, count)
    with subject.running() as server, ExitStack() as cleaning:
        requests = [request for owner in owners for request in owner.pings(server.port)][:count]
        _acquaint(server, requests, len(owners[0].devices))
        say("the server has seen every phone once")
        before = server.resident()
        held = Held(server.port)
        cleaning.callback(held.close)
        _park(server, held, requests)
        memory = (server.resident() - before) / count
        idle = _idle(server)
        while held.receive(0):
            pass
        early = len(held.answers)
        say(f"{count} Pings wait, {early} were answered at once")
        commit, seconds = _import(subject.folder, export, held)
        return _summary(held, owners, (memory, idle, early, commit, seconds), server.port)


def _allow_files(wanted: int) -> None:
    """Raise the limit on open files of this process, and of the server it starts; each holds one end of all."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise TooFewFiles(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _acquaint(server: Started, requests: Sequence[bytes], each: int) -> None:
    """Let the server verify each person and see each phone: what it keeps of that is not the price of waiting."""
    for request in requests[::each]:
        _wave(server, [request])
    for at in range(0, len(requests), WAVE):
        _wave(server, requests[at : at + WAVE])


def _park(server: Started, held: Held, requests: Sequence[bytes]) -> None:
    """Send the Pings a few at a time: sent at once, they would measure the crowd at the door, not those who wait."""
    for at in range(0, len(requests), WAVE):
        for request in requests[at : at + WAVE]:
            held.send(request)
        _settle(server)


def _wave(server: Started, requests: Sequence[bytes]) -> None:
    held = Held(server.port)
    _park(server, held, requests)
    held.close()


def _settle(server: Started) -> None:
    """Wait until the server has used next to no processor time for three looks: on a busy machine one may deceive."""
    deadline = monotonic() + LONGEST_SETTLING
    quiet = 0
    while quiet < QUIET_LOOKS and monotonic() < deadline:
        used = server.processor_seconds()
        sleep(0.05)
        quiet = quiet + 1 if server.processor_seconds() - used < 0.005 else 0


def _idle(server: Started) -> float:
    used, began = server.processor_seconds(), perf_counter()
    sleep(IDLE_SECONDS)
    return (server.processor_seconds() - used) / (perf_counter() - began)


def _import(folder: Path, export: Path, held: Held) -> tuple[float, float]:
    """Import an export and take answers until no more come; returns when it committed and how long it ran."""
    watched = _Commit(folder)
    try:
        with importing(folder, export) as run:
            while not run.over():
                held.receive(0.05)
            while held.receive(QUIET_SECONDS):
                pass
    finally:
        watched.stop()
    if watched.moment is None:
        raise RuntimeError("the import changed nothing")
    return watched.moment, run.seconds


class _Commit:
    """Notes when the clock of the school is first seen to have moved, from a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.moment: float | None = None
        self._over = Event()
        self._store = Store(f"sqlite:///{folder / DATABASE}")
        self._before = self._store.directory.clocks()
        self._thread = Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()
        self._store.close()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if self._store.directory.clocks() != self._before:
                self.moment = perf_counter()
                return


def _summary(held: Held, owners: Sequence[Owner], told: tuple[float, float, int, float, float], port: int) -> Parked:
    memory, idle, early, commit, seconds = told
    moments = [moment - commit for moment, answer in held.answers.values() if _status(answer) == CHANGED]
    each = len(owners[0].devices)
    asleep = {number // each for number in range(len(held.sockets)) if number not in held.answers}
    return Parked(
        count=len(held.sockets),
        memory_each=memory,
        idle_share=idle,
        woken=len(moments),
        missed=sum(1 for number in sorted(asleep) if _has_changes(owners[number].phone, port)),
        odd=len(held.answers) - len(moments) + early,
        woken_after=figures(moments) if moments else NEVER,
        last_seconds=max(moments, default=0.0),
        import_seconds=seconds,
    )


def _status(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0] or not body:
        return ""
    return decode(body).value("Ping:Status") or ""


def _has_changes(phone: Phone, port: int) -> bool:
    phone.url = phone.url._replace(netloc=f"127.0.0.1:{port}")
    return any(not phone.sync(server_id).quiet for server_id in phone.calendars)
