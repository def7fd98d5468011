"""Delegation and the service reader against a started server: the trail is kept, and the log tells no content."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.e2e.running import PATIENCE_SECONDS, Dav, Demo

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nBEGIN:VEVENT\r\nUID:confident\r\nDTSTAMP:20261122T100000Z\r\n"
    "DTSTART:20261207T080000Z\r\nDTEND:20261207T090000Z\r\nSUMMARY:Entretien confidentiel\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
)


def reader(demo: Demo) -> Dav:
    """A service reader of the demo's school, who is shut out."""
    command = [sys.executable, "-m", "server.cli", "--data", str(demo.folder), "user", "add", "support"]
    options = ["--family", "Support", "--role", "reader", "--password-stdin"]
    subprocess.run([*command, *options], input="lecture seule\n", text=True, check=True, timeout=PATIENCE_SECONDS)
    return Dav(demo.base, "support", "lecture seule")


def trail(demo: Demo) -> list[tuple[str, str, str]]:
    """Who opened or wrote in whose home, newest first."""
    lines = json.loads(demo.cli("audit", "--json"))
    return [(line["actor"], line["action"], line["subject"]) for line in lines if line["action"].startswith("home")]


def test_a_delegate_writes_and_a_reader_reads_and_both_are_in_the_trail(own_demo: Demo) -> None:
    pupil, teacher = own_demo.account("pupil")["login"], own_demo.account("teacher")["login"]
    delegate, support = Dav(own_demo.base, teacher), reader(own_demo)
    path = f"/dav/calendars/{pupil}/agenda/confident.ics"
    assert delegate.send("PUT", path, EVENT, Content_Type="text/calendar").status == 403
    assert support.send("GET", path).status == 404
    own_demo.cli("user", "delegate", pupil, "--to", teacher, "--access", "write")
    own_demo.cli("user", "readers", "--allow")
    assert delegate.send("PUT", path, EVENT, Content_Type="text/calendar").status == 201
    for _ in range(2):
        assert b"confidentiel" in support.send("GET", path).body
    assert support.send("DELETE", path).status == 403
    assert f"/dav/calendars/{pupil}/" in support.propfind("/dav/calendars/", 1, "D:displayname").responses()
    assert trail(own_demo) == [
        ("support", "homes-listed", "*"),
        ("support", "home-read", pupil),
        (teacher, "home-written", pupil),
    ]
    log = (own_demo.folder.parent / f"{own_demo.folder.name}.log").read_text("utf-8")
    assert "confidentiel" not in log
