"""Clients nobody here wrote: python caldav and vdirsyncer, against a really started server."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from caldav.davclient import DAVClient
from caldav.lib import error

from tests.e2e.running import Dav, Demo

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20261122T100000Z
DTSTART:20261201T090000Z
DTEND:20261201T100000Z
SUMMARY:{summary}
END:VEVENT
END:VCALENDAR
"""


@pytest.mark.req("R242")
def test_python_caldav_finds_reads_searches_writes_and_syncs(demo: Demo):
    account = demo.account("teacher")
    with DAVClient(demo.info["caldav"], username=account["login"], password="demo") as client:
        principal = client.principal()
        calendars = {calendar.get_display_name(): calendar for calendar in principal.calendars()}
        timetable, agenda = calendars["Emploi du temps"], calendars["Mon agenda"]
        week = timetable.search(
            start=datetime(2026, 11, 30, tzinfo=UTC), end=datetime(2026, 12, 5, tzinfo=UTC), event=True
        )
        assert 5 <= len(week) <= 60
        before = agenda.objects_by_sync_token(load_objects=False)
        event = agenda.save_event(CALENDAR.format(uid="lib-1", summary="Conseil de classe"))
        assert [found.id for found in agenda.search(event=True, summary="Conseil de classe")] == ["lib-1"]
        assert agenda.event_by_uid("lib-1").icalendar_component["SUMMARY"] == "Conseil de classe"
        since = agenda.objects_by_sync_token(before.sync_token, load_objects=True)
        assert [changed.id for changed in since] == ["lib-1"]
        event.data = CALENDAR.format(uid="lib-1", summary="Conseil")
        event.save()
        assert agenda.event_by_uid("lib-1").icalendar_component["SUMMARY"] == "Conseil"
        busy = agenda.freebusy_request(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))
        assert "FREEBUSY" in busy.data
        event.delete()
        assert agenda.search(event=True, summary="Conseil") == []
        with pytest.raises(error.AuthorizationError):
            timetable.save_event(CALENDAR.format(uid="lib-2", summary="Refused"))


@pytest.mark.req("R242")
def test_python_caldav_makes_and_removes_a_calendar(demo: Demo):
    account = demo.account("teacher")
    with DAVClient(demo.info["caldav"], username=account["login"], password="demo") as client:
        principal = client.principal()
        made = principal.make_calendar(name="Projet théâtre", cal_id="theatre")
        made.save_event(CALENDAR.format(uid="theatre-1", summary="Répétition"))
        names = [calendar.get_display_name() for calendar in principal.calendars()]
        assert "Projet théâtre" in names
        made.delete()
        assert "Projet théâtre" not in [calendar.get_display_name() for calendar in principal.calendars()]


def vdirsyncer(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vdirsyncer", "-c", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, input="y\n" * 20)


@pytest.mark.req("R242")
def test_vdirsyncer_brings_everything_down_and_local_changes_up(demo: Demo, tmp_path: Path):
    login = demo.account("pupil")["login"]
    config = tmp_path / "config"
    config.write_text(
        f"""
[general]
status_path = "{tmp_path}/status/"

[pair cadran]
a = "here"
b = "there"
collections = ["from b"]
metadata = ["displayname", "color"]

[storage here]
type = "filesystem"
path = "{tmp_path}/calendars/"
fileext = ".ics"

[storage there]
type = "caldav"
url = "{demo.base}/"
username = "{login}"
password = "demo"
""",
        "utf-8",
    )
    discovered = vdirsyncer(config, "discover")
    assert discovered.returncode == 0, discovered.stderr
    first = vdirsyncer(config, "sync")
    assert first.returncode == 0, first.stderr
    dav = Dav(demo.base, login)
    home = f"/dav/calendars/{login}/"
    shown, _ = dav.sync(home + "emploi-du-temps/")
    timetable = tmp_path / "calendars" / "emploi-du-temps"
    assert len(list(timetable.glob("*.ics"))) == len(shown) > 300
    agenda = tmp_path / "calendars" / "agenda"
    (agenda / "vd-1.ics").write_text(CALENDAR.format(uid="vd-1", summary="Sport"), "utf-8")
    (agenda / "vd-2.ics").write_text(CALENDAR.format(uid="vd-2", summary="Musique"), "utf-8")
    assert vdirsyncer(config, "sync", "cadran/agenda").returncode == 0
    held, _ = dav.sync(home + "agenda/")
    added = [href for href in held if "vd-1" in href]
    assert len(added) == 1
    assert dav.send("DELETE", added[0]).status == 204
    assert vdirsyncer(config, "sync", "cadran/agenda").returncode == 0
    assert not (agenda / "vd-1.ics").exists()
    assert (agenda / "vd-2.ics").exists()
    (timetable / "mine.ics").write_text(CALENDAR.format(uid="mine", summary="Refused"), "utf-8")
    refused = vdirsyncer(config, "sync", "cadran/emploi-du-temps")
    assert refused.returncode != 0
    assert dav.sync(home + "emploi-du-temps/")[0].keys() == shown.keys()
