"""Automatic import, end to end: EDT deposits, devices see the change; an upheaval waits for a person's word."""

from __future__ import annotations

import gzip
import json
import time
from datetime import datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest

from importers.sample import generate, next_export, write_xml, year_of
from tests.e2e.running import PATIENCE_SECONDS, Dav, Demo
from tests.e2e.test_main_job import over_dav, over_eas, phone

PARIS = ZoneInfo("Europe/Paris")


def deposited(demo: Demo, path: str, content: bytes) -> int:
    """Put a file into the deposit folder as a client that packs and streams does; return the status."""
    address = urlsplit(demo.base)
    packed = gzip.compress(content)
    parts = (packed[at : at + 4096] for at in range(0, len(packed), 4096))
    connection = HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request("PUT", path, parts, {"Content-Encoding": "gzip"}, encode_chunked=True)
    status = connection.getresponse().status
    connection.close()
    return status


def ended(demo: Demo) -> dict[str, Any]:
    """Return the newest run once nothing waits or runs."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        runs: list[dict[str, Any]] = json.loads(demo.cli("import", "history", "--json"))
        if not {run["status"] for run in runs} & {"queued", "running"}:
            return runs[0]
        time.sleep(0.2)
    raise AssertionError("the import never ended")


@pytest.mark.req("R82", "R161", "R169", "R183", "R225", "R229", "R231", "R232", "R235", "R238")
def test_a_deposit_reaches_the_devices_and_an_upheaval_waits_for_a_word(own_demo: Demo):
    demo = own_demo
    login = demo.account("pupil")["login"]
    dav, path = Dav(demo.base, login), f"/dav/calendars/{login}/emploi-du-temps/"
    device = phone(demo, login)
    before = over_dav(dav, path)
    assert over_eas(device, "Emploi du temps") == before
    folder = json.loads(demo.cli("import", "access", "add", "admin", "--json"))["address"]
    demo.cli("thresholds", "set", "services-changed", "--warning")

    assert deposited(demo, folder, demo.sample("timetable-next.xml").read_bytes()) == 201
    run = ended(demo)
    assert (run["kind"], run["status"]) == ("automatic", "done"), run
    changed = over_dav(dav, path)
    assert changed != before
    assert over_eas(device, "Emploi du temps") == changed

    demo.cli("thresholds", "set", "services-changed", "--default")
    today = datetime.now(PARIS).date()
    upheaval = write_xml(next_export(generate(60, 1, year_of(today)), 80, 3, today), "2.0")
    assert deposited(demo, folder, upheaval) == 204
    run = ended(demo)
    assert (run["status"], run["report"]["reason"]) == ("rejected", "thresholds"), run
    assert over_dav(dav, path) == changed

    demo.cli("import", "apply", run["id"])
    after = over_dav(dav, path)
    assert after != changed
    assert over_eas(device, "Emploi du temps") == after
