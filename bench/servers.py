"""The servers that are compared: how each is filled with the same events, started, and where its calendars are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import events
from bench.connection import basic
from bench.processes import Started, started
from bench.rows import Place
from server import passwords
from storage.errors import NotFound
from storage.model import NewCalendar, Principal, Role, School
from storage.principals import NewPerson
from storage.store import Store
from storage.transaction import Transaction

LOGIN: Final = "bench"
PASSWORD: Final = "bench-password"


@dataclass(frozen=True, slots=True)
class Subject:
    """One server under measurement: its name, its folder, how to start it, where a calendar is."""

    name: str
    folder: Path
    command: Callable[[int], Sequence[str]]
    path: str

    def running(self) -> AbstractContextManager[Started]:
        """Return the running server as a context; raises NotStarted."""
        return started(self.name, self.folder, self.command)

    def place(self, port: int, size: int) -> Place:
        """Return where its calendar of `size` events is."""
        return Place(port, self.path.format(size=size), size, basic(LOGIN, PASSWORD))


def cadran(folder: Path, sizes: Sequence[int]) -> Subject:
    """Return Cadran on the data folder of a school that is there, with calendars of these sizes added."""
    store = Store(f"sqlite:///{folder / 'cadran.sqlite'}")
    try:
        _fill(store, store.directory.schools()[0], sizes)
    finally:
        store.close()

    def command(port: int) -> Sequence[str]:
        listen = f"--config={_configuration(folder, port)}"
        return sys.executable, "-m", "server.cli", listen, f"--data={folder}", "serve"

    return Subject("cadran", folder, command, f"/dav/calendars/{LOGIN}/c{{size}}/")


def radicale(folder: Path, sizes: Sequence[int]) -> Subject:
    """Return Radicale with its file system storage and plain-text passwords, as it comes otherwise."""
    for size in sizes:
        calendar = folder / "storage" / "collection-root" / LOGIN / f"c{size}"
        calendar.mkdir(parents=True)
        (calendar / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
        _write_events(calendar, size)
    users = folder / "users"
    users.write_text(f"{LOGIN}:{PASSWORD}\n")
    users.chmod(0o600)
    options = {
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": str(users),
        "auth-htpasswd-encryption": "plain",
        "storage-filesystem-folder": str(folder / "storage"),
        "logging-level": "warning",
    }

    def command(port: int) -> Sequence[str]:
        given = (part for name, value in options.items() for part in (f"--{name}", value))
        return sys.executable, "-m", "radicale", "--config", "", "--hosts", f"127.0.0.1:{port}", *given

    return Subject("radicale", folder, command, f"/{LOGIN}/c{{size}}/")


def xandikos(folder: Path, sizes: Sequence[int]) -> Subject:
    """Return Xandikos, which asks for no password on plain HTTP; each calendar is one commit in its repository."""
    for size in sizes:
        calendar = folder / "data" / "user" / "calendars" / f"c{size}"
        calendar.mkdir(parents=True)
        (calendar / ".xandikos").write_text("[DEFAULT]\ntype = calendar\n")
        _write_events(calendar, size)
        author = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
        for step in (("init", "--quiet"), ("add", "--all"), (*author, "commit", "--quiet", "--message=Events")):
            subprocess.run(("git", *step), cwd=calendar, check=True, capture_output=True)

    def command(port: int) -> Sequence[str]:
        folders = ("-d", str(folder / "data"), "--state-dir", str(folder / "state"))
        return (
            sys.executable,
            "-m",
            "xandikos",
            "serve",
            *folders,
            "-l",
            "127.0.0.1",
            "-p",
            str(port),
            "--defaults",
            "--eager",
        )

    return Subject("xandikos", folder, command, "/user/calendars/c{size}/")


PEERS: Final = {"radicale": radicale, "xandikos": xandikos}


def _configuration(folder: Path, port: int) -> Path:
    file = folder / "bench.toml"
    # One measuring phone is faster than any that is held in a hand.
    file.write_text(f'[server]\nlisten = ["tcp:{port}:interface=127.0.0.1"]\ndevice_rate = 0\n', "utf-8")
    return file


def _write_events(folder: Path, size: int) -> None:
    for number in range(size):
        (folder / events.href(number)).write_bytes(events.event(number))


def _fill(store: Store, school: School, sizes: Sequence[int]) -> None:
    with store.writing(school.id) as tx:
        person = _person(tx)
        for size in sizes:
            calendar = tx.collections.create(person, NewCalendar(f"c{size}", f"{size} events"))
            for number in range(size):
                tx.objects.put(calendar, events.href(number), events.event(number))


def _person(tx: Transaction) -> Principal:
    try:
        return tx.principals.by_login(LOGIN)
    except NotFound:
        new = NewPerson(LOGIN, "Bench", "Ann", Role.STAFF, password_hash=passwords.hash(PASSWORD))
        return tx.principals.create(new)
