"""A school on disk, and a server in a thread that answers for it."""

from __future__ import annotations

import base64
import http.client
import math
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import blockingCallFromThread

from server import config as configuration
from server import passwords
from server.app import CalendarServer
from server.config import Config
from server.http import Factory
from server.serving import reactor
from storage import migrate
from storage.model import Client, ClientKind, Role
from storage.principals import NewPerson
from storage.store import Store
from tests.server import protocol

PASSWORD = "correct horse"
EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260901T080000Z\r\n"
    "DTSTART:20261201T080000Z\r\nDTEND:20261201T090000Z\r\nSUMMARY:Test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a school, made once: admin, a teacher and a pupil."""
    folder = tmp_path_factory.mktemp("template")
    url = f"sqlite:///{folder / configuration.DATABASE_NAME}"
    migrate.upgrade(url)
    store = Store(url)
    school = store.directory.create_school("0750001A", "Collège", "Europe/Paris")
    password_hash = passwords.hash(PASSWORD)
    with store.writing(school.id) as tx:
        for login, role in (("admin", Role.ADMIN), ("amelie", Role.TEACHER), ("paul", Role.PUPIL)):
            tx.principals.create(NewPerson(login, login.title(), "X", role, password_hash=password_hash))
    store.close()
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A data folder of this test's own."""
    return Path(shutil.copytree(template, tmp_path / "data"))


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    """The open database of this test."""
    opened = Store(f"sqlite:///{folder / configuration.DATABASE_NAME}")
    yield opened
    opened.close()


@pytest.fixture(scope="session", autouse=True)
def _reactor() -> Iterator[None]:
    """The one reactor of this process, in a thread of its own."""
    thread = threading.Thread(target=reactor.run, kwargs={"installSignalHandlers": False}, daemon=True)
    thread.start()
    yield
    reactor.callFromThread(reactor.stop)
    thread.join(10)


@dataclass(frozen=True)
class Running:
    """A server that listens on a port of the loopback."""

    server: CalendarServer
    factory: Factory
    port: int
    store: Store

    def connect(self) -> http.client.HTTPConnection:
        """Return a new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        login: str = "amelie",
        password: str = PASSWORD,
        **headers: str,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Make one request with credentials; an empty login sends none."""
        connection = self.connect()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if login:
            sent["Authorization"] = basic(login, password)
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def change(self, login: str = "amelie", uid: str = "1") -> None:
        """Put an event into the agenda of a person, as another client would."""
        account = self.store.directory.account(login)
        assert account is not None
        with self.store.writing(account.principal.school_id) as tx:
            agenda = tx.collections.by_slug(account.principal, "agenda", Client(ClientKind.WEB))
            tx.objects.put(agenda, f"{uid}.ics", EVENT.format(uid=uid).encode())

    def until(self, waiting: int) -> None:
        """Return once so many requests wait."""
        for _ in range(200):
            if self.on_reactor(lambda: self.server.waiting) == waiting:
                return
            threading.Event().wait(0.02)
        pytest.fail(f"never {waiting} requests waiting")

    def drain(self) -> None:
        """Close every connection."""
        self.factory.drain(lambda: None)

    def until_connected(self) -> None:
        """Return once a connection has begun to send a request."""
        self._until(lambda: any(channel.since for channel in self.factory.channels))

    def until_unsent(self) -> None:
        """Return once an answer waits for a client that does not take it."""
        self._until(lambda: any(each.unsent() and each.idle_until < math.inf for each in self.factory.channels))

    def until_gone(self) -> None:
        """Return once no connection is open."""
        self._until(lambda: not self.factory.channels)

    def _until(self, holds: Callable[[], bool]) -> None:
        for _ in range(200):
            if self.on_reactor(holds):
                return
            threading.Event().wait(0.02)
        pytest.fail("never so")

    def age(self) -> None:
        """Make every request that is coming in a very old one."""
        for channel in self.factory.channels:
            channel.since = 1.0

    def idle(self) -> None:
        """Make every connection one on which nothing has come for its whole time."""
        for channel in self.factory.channels:
            assert channel.idle_until < math.inf
            channel.idle_until = 1.0

    def on_reactor(self, call: Callable[[], Any]) -> Any:
        """Return what a call in the reactor's thread returns."""
        return blockingCallFromThread(reactor, call)


def basic(login: str, password: str = PASSWORD) -> str:
    """Return an Authorization header."""
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


Serve = Callable[..., Running]


@pytest.fixture
def serve(store: Store, folder: Path) -> Iterator[Serve]:
    """Start a server with settings by section."""
    started: list[tuple[Running, Any]] = []
    protocol.handled.clear()

    def start(**sections: dict[str, Any]) -> Running:
        sections.setdefault("log", {"access": False})
        config: Config = configuration.load(None, {"data": folder, **sections}, {})
        server = CalendarServer(config, store, protocol.find, reactor)
        factory = Factory(server, reactor, float(config.server.timeout))

        def listen() -> Any:
            return reactor.listenTCP(0, factory, interface="127.0.0.1")

        port = blockingCallFromThread(reactor, listen)
        running = Running(server, factory, port.getHost().port, store)
        started.append((running, port))
        return running

    yield start
    for running, port in started:
        blockingCallFromThread(reactor, port.stopListening)
        running.on_reactor(running.server.rest)
        running.on_reactor(running.drain)
        running.server.stop()


@pytest.fixture
def running(serve: Serve) -> Running:
    """A server with the default settings."""
    return serve()
