"""A school of the promised size, and its imports: each in a process of its own, which tells its time and its memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from pathlib import Path
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

from bench.processes import ROOT
from importers import sample
from importers.run import Options, import_file
from importers.sample import Account
from storage import migrate
from storage.model import Role, Source
from storage.principals import NewPerson
from storage.store import Store

ZONE: Final = ZoneInfo("Europe/Paris")
DATABASE: Final = "cadran.sqlite"
FIRST: Final = "timetable.xml"
NEXT: Final = "timetable-next.xml"
PERCENT: Final = 5.0
SEED: Final = 1

_ROLES: Final[Mapping[str, Role]] = {"élève": Role.PUPIL, "enseignant": Role.TEACHER, "personnel": Role.STAFF}


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: seconds from the file's octets to the commit, highest memory of its process in octets, sessions."""

    seconds: float
    memory: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data folder whose school has people and no timetable yet, the day its year begins, its sizes and its code."""

    folder: Path
    begins: datetime
    pupils: int
    octets: int
    code: str = ""


def prepare(folder: Path, pupils: int) -> Prepared:
    """Make the database, the school and its people, and write two exports beside them."""
    folder.mkdir(parents=True)
    today = datetime.now(ZONE).date()
    school = sample.generate(pupils, SEED, sample.year_of(today))
    octets = (folder / FIRST).write_bytes(sample.write_xml(school))
    (folder / NEXT).write_bytes(sample.write_xml(sample.next_export(school, PERCENT, SEED, today)))
    url = f"sqlite:///{folder / DATABASE}"
    migrate.upgrade(url)
    store = Store(url)
    try:
        made = store.directory.create_school(school.uai, school.name, ZONE.key)
        with store.writing(made.id) as tx:
            tx.principals.create_many([_person(account) for account in school.accounts])
    finally:
        store.close()
    return Prepared(folder, datetime.combine(school.year.begins, time(), ZONE), pupils, octets, school.uai)


def wide_export(prepared: Prepared, percent: float) -> Path:
    """Write an export in which so many percent of the coming sessions differ from the first, and return its file."""
    today = datetime.now(ZONE).date()
    school = sample.generate(prepared.pupils, SEED, sample.year_of(today))
    file = prepared.folder / f"timetable-{percent:g}.xml"
    file.write_bytes(sample.write_xml(sample.next_export(school, percent, SEED, today)))
    return file


def people(pupils: int) -> tuple[NewPerson, ...]:
    """Return the people of the school of a size."""
    school = sample.generate(pupils, SEED, sample.year_of(datetime.now(ZONE).date()))
    return tuple(_person(account) for account in school.accounts)


def copied(prepared: Prepared, folder: Path) -> Path:
    """Return a copy of the data folder as it is now."""
    shutil.copytree(prepared.folder, folder)
    return folder


def imported(folder: Path, file: str, now: datetime, url: str = "") -> Imported:
    """Return what an import of one of the exports took, in a fresh process, as if done at an instant (aware).

    It goes into the database of the folder unless another one is told, whose first school is the folder's.
    """
    command = (sys.executable, "-m", "bench.school", str(folder), file, now.isoformat(), url)
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return Imported(**json.loads(done.stdout))


def _person(account: Account) -> NewPerson:
    return NewPerson(
        account.login,
        account.birth_name or account.family,
        account.given,
        _ROLES[account.role],
        Source.CSV,
        birth=account.birth,
        usual=account.family,
    )


def _import(folder: Path, file: str, now: datetime, url: str) -> Imported:
    store = Store(url or f"sqlite:///{folder / DATABASE}")
    try:
        school = store.directory.schools()[0]
        data = (folder / file).read_bytes()
        start = perf_counter()
        report = import_file(store, school, data, now, Options(file_name=file))
        seconds = perf_counter() - start
    finally:
        store.close()
    return Imported(seconds, _highest_memory(), report.sessions)


def _highest_memory() -> int:
    """Return the most memory this process has had, in octets; `ru_maxrss` would count the parent's as well."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    raise RuntimeError("VmHWM")


if __name__ == "__main__":
    print(json.dumps(asdict(_import(Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]), sys.argv[4]))))
