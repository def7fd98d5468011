"""`python -m bench.imports`: imports by size, and many schools that deposit into one PostgreSQL at the same moment.

The quick form takes one school of 16 500 sessions, on SQLite and on PostgreSQL, and three in one database; `--long`
adds one of 80 000 sessions and makes it 300 schools, or as many as the time that `--minutes` gives allows for.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Final

import click

from bench import blocks, machine
from bench.connection import Connection, basic, request_bytes
from bench.figures import Figures, figures, milliseconds, number, table
from bench.processes import Started, started
from bench.school import DATABASE, FIRST, NEXT, ZONE, Imported, Prepared, copied, imported, people, prepare
from importers import choices
from importers.run import Options, import_file
from importers.thresholds import DEFAULTS
from server import passwords
from storage import migrate
from storage.accesses import NewAccess
from storage.model import Role, School
from storage.principals import NewPerson
from storage.store import Store
from tests import postgres

PUPILS: Final = 1568
LARGE: Final = 7600
SCHOOLS: Final = (3, 300)
FEWEST: Final = 2
MINUTES: Final = 25
# Of the time given: making and importing schools, then their deposits; what is left goes to the sizes before.
GATHERING: Final = 0.4
DEPOSITS: Final = 0.4
SECONDS_A_MINUTE: Final = 60
TOLD_EACH: Final = 10
BLOCK: Final = "sizes"
TITLE: Final = "Imports by size, and many schools in one PostgreSQL"
PASSWORD: Final = "bench-password"
MIB: Final = 2**20
QUIET_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.2
_POLL: Final = (
    b'<propfind xmlns="DAV:"><prop><sync-token/><getctag xmlns="http://calendarserver.org/ns/"/></prop></propfind>'
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Schools in one database, each imported once; an address of deposit for each, and the export that follows."""

    url: str
    schools: tuple[School, ...]
    addresses: tuple[str, ...]
    exports: tuple[bytes, ...]
    first_seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """How large a crowd is wished for, how many imports at once, and the seconds that all may take."""

    pupils: int
    schools: int
    at_once: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Waves:
    """What deposits of every school at once took: seconds to the last commit, and another school's polls meanwhile."""

    seconds: float
    done: int
    memory: int
    quiet: Figures
    meanwhile: Figures


@click.command(help="Measure imports by size, and deposits of many schools into one PostgreSQL; print tables.")
@click.option("--pupils", default=PUPILS, show_default=True, help="Pupils of each school.")
@click.option("--schools", type=click.IntRange(2), help="Schools in one database.")
@click.option("--at-once", default=1, show_default=True, help="Imports at the same time.")
@click.option("--minutes", default=MINUTES, show_default=True, help="About how long it may take; fewer schools then.")
@click.option("--long", "thorough", is_flag=True, help="Add 80 000 sessions, and 300 schools unless told.")
@click.option("--write", type=click.Path(path_type=Path, dir_okay=False), help="Put the tables into this page.")
def main(pupils: int, schools: int | None, at_once: int, minutes: int, thorough: bool, write: Path | None) -> None:
    """Measure and print."""
    sizes = (pupils, LARGE) if thorough else (pupils,)
    asked = Asked(pupils, schools or SCHOOLS[thorough], at_once, minutes * SECONDS_A_MINUTE)
    load, began, tables = machine.load(), perf_counter(), []
    with tempfile.TemporaryDirectory(prefix="cadran-imports-") as name:
        folder = Path(name)
        for text in _tables(folder, sizes, asked):
            click.echo(text)
            tables.append(text)
        told = machine.told(folder, perf_counter() - began, (load, machine.load()))
    if write is not None:
        blocks.write(write, {BLOCK: "\n".join((f"## {TITLE}\n", told, *tables))})


def _tables(folder: Path, sizes: Sequence[int], asked: Asked) -> Iterator[str]:
    """Yield the tables of each size on each database, then that of many schools."""
    binaries = postgres.find_binaries()
    with ExitStack() as stack:
        cluster = stack.enter_context(postgres.running_cluster(binaries)) if binaries else None
        for size in sizes:
            prepared = prepare(folder / str(size), size)
            for database, url in _databases(prepared, cluster):
                head = (f"Import of one school ({database})", "seconds", "highest memory, MB")
                yield table(head, list(_sizes(prepared, url)))
        if cluster is None:
            yield "PostgreSQL is not here: many schools are not measured.\n"
            return
        url = cluster.url(cluster.create())
        crowd = gather(url, asked.pupils, asked.schools, folder / "crowd", asked.seconds * GATHERING, _say)
        if len(crowd.schools) < asked.schools:
            yield f"{len(crowd.schools)} of {asked.schools} schools in the time given: see --minutes and --schools.\n"
        yield crowd_table(crowd, deposit_all(crowd, folder, asked.at_once, asked.seconds * DEPOSITS))


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _databases(prepared: Prepared, cluster: postgres.Cluster | None) -> Iterator[tuple[str, str]]:
    """Yield each database with its address, holding the people of a school; SQLite's is a copy of the folder's."""
    data = copied(prepared, prepared.folder.with_name(f"{prepared.folder.name}-data"))
    yield "SQLite", f"sqlite:///{data / DATABASE}"
    if cluster is None:
        return
    url = cluster.url(cluster.create())
    migrate.upgrade(url)
    store = Store(url)
    try:
        _school(store, prepared.code, people(prepared.pupils))
    finally:
        store.close()
    yield "PostgreSQL", url


def _sizes(prepared: Prepared, url: str) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of one school: first import, the same file, the next export."""
    now = datetime.now(ZONE)
    for title, file, moment in (
        ("first", FIRST, prepared.begins),
        ("same file", FIRST, now),
        ("5 % changed", NEXT, now),
    ):
        run = imported(prepared.folder, file, moment, url)
        yield _row(f"{number(run.sessions)} sessions, {title}", run)


def _row(title: str, run: Imported) -> tuple[str, str, str]:
    return title, f"{run.seconds:.2f}", f"{run.memory / MIB:.0f}"


def gather(
    url: str,
    pupils: int,
    schools: int,
    folder: Path,
    patience: float = inf,
    say: Callable[[str], object] = lambda _sentence: None,
) -> Crowd:
    """Make schools of the same size in one database and import each by hand: at least two, more while there is time."""
    migrate.upgrade(url)
    prepared = prepare(folder, pupils)
    members, began = people(pupils), perf_counter()
    first, following = ((folder / name).read_bytes() for name in (FIRST, NEXT))
    own = prepared.code.encode()
    made: list[School] = []
    addresses, exports, seconds = [], [], []
    store = Store(url)
    try:
        for place in range(schools):
            if len(made) >= FEWEST and perf_counter() - began > patience:
                break
            code = f"{place:07d}X"
            school, address = _school(store, code, members)
            start = perf_counter()
            import_file(store, school, first.replace(own, code.encode()), prepared.begins, Options(force=True))
            seconds.append(perf_counter() - start)
            made.append(school)
            addresses.append(address)
            exports.append(following.replace(own, code.encode()))
            if len(made) % TOLD_EACH == 0:
                say(f"{len(made)} of {schools} schools imported")
    finally:
        store.close()
    return Crowd(url, tuple(made), tuple(addresses), tuple(exports), tuple(seconds))


def _school(store: Store, code: str, members: Sequence[NewPerson]) -> tuple[School, str]:
    """Return a new school with its people, somebody to poll, and an address of deposit."""
    school = store.directory.create_school(code, code, ZONE.key)
    own = [replace(person, login=f"{person.login}.{code}") for person in members]
    with store.writing(school.id) as tx:
        tx.principals.create_many(own)
        head = tx.principals.create(
            NewPerson(f"head.{code}", "Head", "", Role.ADMIN, password_hash=passwords.hash(PASSWORD))
        )
        _access, secret = tx.accesses.add(NewAccess(head.id, "Head"))
        # What is measured is work, not judgement.
        choices.set_thresholds(tx, {check: replace(each, blocking=False) for check, each in DEFAULTS.items()})
    return school, f"/webdav/{code}/{secret}/"


def deposit_all(crowd: Crowd, folder: Path, at_once: int, seconds: float = inf) -> Waves:
    """Deposit every school's next export at once into a running server, and poll for the first school meanwhile.

    Those that are not carried out in time are not waited for.
    """
    environment = {"CADRAN_DATABASE__URL": crowd.url, "CADRAN_IMPORTS__AT_ONCE": str(at_once)}

    def command(port: int) -> tuple[str, ...]:
        return sys.executable, "-m", "server.cli", f"--data={folder}", "serve", f"--port={port}"

    with started("crowd", folder, command, {**os.environ, **environment}) as server:
        ask = _poll(server, crowd.schools[0])
        quiet = _polled(ask, lambda began: perf_counter() - began > QUIET_SECONDS)
        ended = Event()
        found: list[Figures] = []
        poller = Thread(target=lambda: found.append(_polled(ask, lambda _began: ended.is_set())))
        start = perf_counter()
        # The first school changes last: what is polled is another school's while nearly all imports run.
        for address, export in reversed(list(zip(crowd.addresses, crowd.exports, strict=True))):
            answer = Connection(server.port).ask(request_bytes("PUT", address, {"Host": "x"}, export))
            if answer.status != 201:
                raise RuntimeError(answer.status)
        poller.start()
        try:
            done = _until_done(crowd, start + seconds)
        finally:
            ended.set()
            poller.join()
        return Waves(perf_counter() - start, done, server.resident(), quiet, found[0])


def _poll(server: Started, school: School) -> Callable[[], None]:
    """Return one poll of a calendar over a connection that is kept."""
    login = f"head.{school.code}"
    headers = {"Host": "x", "Authorization": basic(login, PASSWORD), "Depth": "0", "Content-Type": "text/xml"}
    connection, path = Connection(server.port), f"/dav/calendars/{login}/agenda/"
    request = request_bytes("PROPFIND", path, {**headers, "Content-Length": str(len(_POLL))}) + _POLL

    def ask() -> None:
        if connection.ask(request).status != 207:
            raise RuntimeError("poll")

    ask()
    return ask


def _polled(ask: Callable[[], None], enough: Callable[[float], bool]) -> Figures:
    durations: list[float] = []
    began = perf_counter()
    while not durations or not enough(began):
        start = perf_counter()
        ask()
        durations.append(perf_counter() - start)
        sleep(0.01)
    return figures(durations)


def _until_done(crowd: Crowd, deadline: float) -> int:
    """Wait until nothing waits or runs, or until a moment; return how many automatic imports were carried out."""
    store = Store(crowd.url)
    try:
        while perf_counter() < deadline and (store.import_queue.waiting() or store.import_queue.running()):
            sleep(LOOK_SECONDS)
        done = 0
        for school in crowd.schools:
            with store.reading(school.id) as tx:
                done += tx.imports.last_done("automatic") is not None
        return done
    finally:
        store.close()


def crowd_table(crowd: Crowd, waves: Waves) -> str:
    """Return what many schools in one database took."""
    first = figures(crowd.first_seconds)
    rows = (
        ("First import of each, median, s", f"{first.median:.2f}"),
        ("The last of them, s", f"{crowd.first_seconds[-1]:.2f}"),
        (f"Deposits of all at once, 5 % changed: {waves.done} carried out in, s", f"{waves.seconds:.1f}"),
        ("Polls of another school before, ms", milliseconds(waves.quiet)),
        ("Polls of another school meanwhile, ms", milliseconds(waves.meanwhile)),
        ("Their 95th percentile, ms", f"{waves.meanwhile.p95 * 1000:.1f}"),
        ("Memory of the server after it, MB", f"{waves.memory / MIB:.0f}"),
    )
    return table((f"{len(crowd.schools)} schools in one PostgreSQL", ""), rows)


if __name__ == "__main__":
    main()
