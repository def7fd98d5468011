"""A started Radicale: python caldav on our database through the plug-ins, and the move away from one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from caldav.davclient import DAVClient
from caldav.lib import error

from server import passwords
from server.config import DATABASE_NAME
from storage.model import Role
from storage.principals import NewPerson
from storage.store import Store
from tests.e2e.running import PATIENCE_SECONDS, cadran

PASSWORD = "correct horse battery"
START = datetime(2026, 12, 1, 9, tzinfo=UTC)
OURS = """
[auth]
type = protocols.radicale.auth
delay = 0
[rights]
type = protocols.radicale.rights
[storage]
type = protocols.radicale.storage
database = sqlite:///{folder}/{database}
school = 0751234A
"""
THEIRS = """
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/radicale
"""


@contextmanager
def radicale(folder: Path, sections: str) -> Iterator[str]:
    """Start a Radicale on a free port and end it; yield its address."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    file = folder / "radicale.ini"
    options = sections.format(folder=folder, database=DATABASE_NAME)
    file.write_text(f"[server]\nhosts = 127.0.0.1:{port}\n[web]\ntype = none\n{options}", "utf-8")
    with (folder / "radicale.log").open("w+") as log:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = [sys.executable, "-m", "radicale", "--config", str(file)]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder)
        try:
            wait_for(port, process, folder / "radicale.log")
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a server answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf-8")
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("OPTIONS", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8"))


@pytest.fixture
def folder(sqlite_template: Path, tmp_path: Path) -> Path:
    """A data folder with a school and a teacher."""
    shutil.copyfile(sqlite_template, tmp_path / DATABASE_NAME)
    store = Store(f"sqlite:///{tmp_path / DATABASE_NAME}")
    school = store.directory.create_school("0751234A", "Lycée", "Europe/Paris")
    with store.writing(school.id) as tx:
        tx.principals.create(NewPerson("ana", "Doe", "Ana", Role.TEACHER, password_hash=passwords.hash(PASSWORD)))
    store.close()
    return tmp_path


def calendars(address: str, password: str = PASSWORD) -> tuple[Any, dict[str, Any]]:
    """Log in as ana and list her calendars by the last part of their address."""
    client: Any = DAVClient(address, username="ana", password=password)
    found = client.principal().calendars()
    return client, {str(each.url).rstrip("/").rpartition("/")[2]: each for each in found}


def test_a_client_works_on_our_database_through_a_started_radicale(folder: Path) -> None:
    with radicale(folder, OURS) as address:
        with pytest.raises(error.AuthorizationError):
            calendars(address, "wrong")
        client, found = calendars(address)
        assert set(found) == {"agenda", "emploi-du-temps", "rendez-vous", "taches"}
        event = found["agenda"].save_event(dtstart=START, dtend=START + timedelta(hours=1), summary="Réunion")
        hits = found["agenda"].search(start=START - timedelta(days=1), end=START + timedelta(days=1), event=True)
        assert [hit.icalendar_component["SUMMARY"] for hit in hits] == ["Réunion"]
        token = found["agenda"].objects(load_objects=False).sync_token
        event.icalendar_component["SUMMARY"] = "Réunion déplacée"
        event.save()
        (changed,) = found["agenda"].objects_by_sync_token(token, load_objects=True)
        assert changed.icalendar_component["SUMMARY"] == "Réunion déplacée"
        with pytest.raises(error.DAVError):
            found["emploi-du-temps"].save_event(dtstart=START, dtend=START + timedelta(hours=1), summary="Non")
        made = client.principal().make_calendar(name="Théâtre", cal_id="theatre")
        made.save_todo(summary="Costumes")
        assert [task.icalendar_component["SUMMARY"] for task in made.todos()] == ["Costumes"]
        made.delete()
    listed = json.loads(cadran("--data", str(folder), "calendar", "list", "ana", "--json").stdout)
    assert {each["slug"]: each["entries"] for each in listed} == {
        "agenda": 1,
        "emploi-du-temps": 0,
        "rendez-vous": 0,
        "taches": 0,
    }


def test_a_real_radicale_folder_is_moved_whole(folder: Path) -> None:
    (folder / "users").write_text(f"ana:{PASSWORD}\n")
    with radicale(folder, THEIRS) as address:
        client, _ = calendars(address)
        made = client.principal().make_calendar(name="Théâtre", cal_id="theatre")
        for number in range(3):
            start = START + timedelta(days=number)
            made.save_event(dtstart=start, dtend=start + timedelta(hours=1), summary=f"Scène {number}")
        made.save_todo(summary="Costumes")
    arguments = ("--data", str(folder), "radicale", "import", str(folder / "radicale"), "--json")
    counts = json.loads(cadran(*arguments).stdout)["counts"]
    assert (counts["imported"], counts["skipped"], counts["calendars_created"]) == (4, 0, 1)
    assert json.loads(cadran(*arguments).stdout)["counts"]["unchanged"] == 4
    with radicale(folder, OURS) as address:
        _, found = calendars(address)
        assert found["theatre"].get_display_name() == "Théâtre"
        summaries = sorted(str(event.icalendar_component["SUMMARY"]) for event in found["theatre"].events())
        assert summaries == ["Scène 0", "Scène 1", "Scène 2"]
        assert [str(task.icalendar_component["SUMMARY"]) for task in found["theatre"].todos()] == ["Costumes"]
