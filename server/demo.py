"""The demo: an invented school, imported through the real path, that anybody can log in to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from importers import people as people_file
from importers.sample import Account
from server import passwords, people, samples, timetable
from server.samples import SampleFiles, Samples
from storage.model import Role, School
from storage.principals import NewPerson
from storage.store import Store

INFO: Final = "demo-info.json"
FOLDER: Final = "samples"
UNFINISHED: Final = "unfinished"
PASSWORD: Final = "demo"
ZONE: Final = "Europe/Paris"
NEXT_PERCENT: Final = 5.0

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account to log in with; `role` is a value of storage.model.Role."""

    login: str
    password: str
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class DemoInfo:
    """What demo-info.json says to scripts: addresses, the school's code and a few accounts."""

    web: str
    caldav: str
    eas: str
    school: str
    accounts: tuple[DemoAccount, ...]

    def at(self, base: str) -> DemoInfo:
        """Return the same demo served from another scheme and authority."""
        return DemoInfo(*addresses(base), self.school, self.accounts)


def addresses(base: str) -> tuple[str, str, str]:
    """Return the web, CalDAV and EAS addresses of a server."""
    return f"{base}/", f"{base}/dav/", f"{base}/Microsoft-Server-ActiveSync"


def read(folder: Path) -> DemoInfo | None:
    """Return what an earlier run left in a data folder, None when there is no finished demo in it."""
    file = folder / INFO
    if not file.is_file() or (folder / FOLDER / UNFINISHED).exists():
        return None
    try:
        values = json.loads(file.read_text("utf-8"))
        accounts = tuple(DemoAccount(**account) for account in values.pop("accounts"))
        return DemoInfo(**values, accounts=accounts)
    except (ValueError, TypeError, KeyError):
        return None


def write(folder: Path, info: DemoInfo) -> None:
    """Leave the description of a demo in its data folder, whole at once: scripts wait for it."""
    text = json.dumps(asdict(info), ensure_ascii=False, indent=2) + "\n"
    draft = folder / f".{INFO}"
    draft.write_text(text, "utf-8")
    draft.replace(folder / INFO)


def begin(folder: Path) -> None:
    """Mark a data folder as a demo in the making: should it stop half-way, the next run may start afresh."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / FOLDER / UNFINISHED).touch()


def unfinished(folder: Path) -> bool:
    """Tell whether a data folder holds a demo that was never finished."""
    return (folder / FOLDER / UNFINISHED).exists()


def make(store: Store, folder: Path, wanted: Samples, step: Step) -> DemoInfo:
    """Generate a school, import its people and its timetable, create `admin`; every password is "demo".

    The timetable is imported as on the first day of the school year, so that the whole year is there.
    """
    files = samples.write(wanted, folder / FOLDER, datetime.now(ZoneInfo(ZONE)).date())
    password_hash = passwords.hash(PASSWORD)
    school = store.directory.create_school(files.school.uai, files.school.name, ZONE)
    _people(store, school, files, password_hash)
    started = _morning(files.school.year.begins)
    timetable.run(store, school, (files.timetable,), timetable.Choice(started), step)
    info = DemoInfo(*addresses(""), school.code, (_admin(), *_showcase(files)))
    write(folder, info)
    (folder / FOLDER / UNFINISHED).unlink(missing_ok=True)
    return info


def _people(store: Store, school: School, files: SampleFiles, password_hash: str) -> None:
    parsed = people_file.parse(files.people.read_bytes())
    with store.writing(school.id) as tx:
        proposal = people.plan(parsed, people.existing(tx))
        people.apply(tx, proposal, {new.login: password_hash for new in proposal.create})
        admin = _admin()
        tx.principals.create(NewPerson(admin.login, admin.name, "", Role.ADMIN, password_hash=password_hash))


def _admin() -> DemoAccount:
    return DemoAccount("admin", PASSWORD, Role.ADMIN.value, "Administration")


def _showcase(files: SampleFiles) -> tuple[DemoAccount, ...]:
    teacher, pupil = files.school.showcase()
    return _account(teacher, Role.TEACHER), _account(pupil, Role.PUPIL)


def _account(account: Account, role: Role) -> DemoAccount:
    return DemoAccount(account.login.casefold(), PASSWORD, role.value, account.name)


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(ZONE))
