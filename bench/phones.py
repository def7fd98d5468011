"""Phones that have synchronised: one of each person over the wire, its sisters copied from it in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from bench.connection import basic, request_bytes
from bench.school import DATABASE
from bench.servers import PASSWORD
from server import passwords
from storage.model import Role
from storage.store import Store
from tests.eas.client import AOSP, Phone
from tests.eas.wbxml import Pair, encode
from tests.eas.wire import PATH

SISTERS: Final = 40
HEARTBEAT: Final = 1800
WINDOW: Final = 512
VERSION: Final = "14.1"


@dataclass(frozen=True, slots=True)
class Owner:
    """A person whose phones have synchronised: the first phone, as a client of its own, and the names of all."""

    phone: Phone
    devices: tuple[str, ...]

    def pings(self, port: int) -> Iterator[bytes]:
        """Return the Ping of each phone, for all the calendars of its person."""
        folders: list[Pair] = [
            ("Ping:Folder", [("Ping:Id", server_id), ("Ping:Class", "Calendar")]) for server_id in self.phone.calendars
        ]
        document = ("Ping:Ping", [("Ping:HeartbeatInterval", HEARTBEAT), ("Ping:Folders", folders)])
        for device in self.devices:
            yield posted(self.phone, port, device, document)


def posted(phone: Phone, port: int, device: str, document: Pair) -> bytes:
    """Return the request by which a sister of a phone sends a document; its command is the document's name."""
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Authorization": basic(phone.login, phone.password),
        "User-Agent": phone.user_agent,
        "MS-ASProtocolVersion": phone.version,
        "X-MS-PolicyKey": str(phone.policy_key),
        "Content-Type": "application/vnd.ms-sync.wbxml",
    }
    command = document[0].rpartition(":")[2]
    asked = f"Cmd={command}&User={phone.login}&DeviceId={device}&DeviceType={phone.device_type}"
    return request_bytes("POST", f"{PATH}?{asked}", headers, encode(document))


def choose(folder: Path, phones: int) -> tuple[str, ...]:
    """Return the logins of as many pupils as own these phones; all get the password of the bench."""
    store = Store(f"sqlite:///{folder / DATABASE}")
    try:
        school = store.directory.schools()[0]
        password_hash = passwords.hash(PASSWORD)
        with store.writing(school.id) as tx:
            pupils = tx.principals.people(Role.PUPIL)
            step = max(1, len(pupils) // -(-phones // SISTERS))
            chosen = pupils[::step][: -(-phones // SISTERS)]
            for pupil in chosen:
                tx.principals.set_password(pupil.id, password_hash)
    finally:
        store.close()
    return tuple(pupil.login for pupil in chosen)


def synchronised(port: int, login: str) -> Phone:
    """Return the first phone of a person with every calendar brought down."""
    phone = Phone(f"http://127.0.0.1:{port}", login, PASSWORD, _device(login, 0), manner=replace(AOSP, version=VERSION))
    phone.cross_check = False
    phone.connect()
    for server_id in phone.calendars:
        phone.sync_all(server_id, window=WINDOW)
        phone.traffic.clear()
    return phone


def owners(folder: Path, phones: Sequence[Phone], count: int) -> tuple[Owner, ...]:
    """Return `count` phones, or a few more, by their owners; all but the first of each are copied from it."""
    each = -(-count // len(phones))
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        for phone in phones:
            asked = "SELECT school_id, principal_id FROM device WHERE device_id = ?"
            ((school, person),) = database.execute(asked, (phone.device_id,))
            known = {"school": school, "person": person, "first": phone.device_id}
            copies = [known | {"new": _device(phone.login, number)} for number in range(1, each)]
            for table in ("device", "device_state"):
                database.executemany(_copying(database, table), copies)
    return tuple(Owner(phone, tuple(_device(phone.login, number) for number in range(each))) for phone in phones)


def _device(login: str, number: int) -> str:
    return f"B{number:03d}{sha256(login.encode()).hexdigest()[:24]}"


def _copying(database: sqlite3.Connection, table: str) -> str:
    """Return the statement that repeats the rows of a device under another name."""
    columns = [str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")]
    taken = ", ".join(":new" if column == "device_id" else column for column in columns)
    # The whole key: without it each copy would read all copies made before.
    here = "school_id = :school AND principal_id = :person AND device_id = :first"
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {taken} FROM {table} WHERE {here}"
