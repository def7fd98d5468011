"""Clients nobody here wrote meet names that can be spelled in two ways."""

from __future__ import annotations

from pathlib import Path

from caldav.davclient import DAVClient

from tests.e2e.running import Dav, Demo
from tests.e2e.test_libraries import CALENDAR, vdirsyncer

# Each as another program may have written it.
NAMES = ("a@host.ics", "b%40host.ics", "it's%20(1).ics", "it%27s%20%282%29.ics", "r&d,v=1:+.ics", "100%25!$*.ics")
CONFIG = """
[general]
status_path = "{folder}/status/"

[pair cadran]
a = "here"
b = "there"
collections = ["{slug}"]

[storage here]
type = "filesystem"
path = "{folder}/calendars/"
fileext = ".ics"

[storage there]
type = "caldav"
url = "{base}/"
username = "{login}"
password = "demo"
"""


def filled(dav: Dav, path: str) -> None:
    """Make a calendar that holds an object under each name."""
    assert dav.send("MKCALENDAR", path).status == 201
    for number, name in enumerate(NAMES):
        text = CALENDAR.format(uid=f"uid-{number}", summary=f"Nom {number}")
        assert dav.send("PUT", path + name, text, content_type="text/calendar").status == 201


def held(dav: Dav, path: str) -> set[str]:
    """Return the names in a calendar."""
    return {href.removeprefix(path) for href in dav.sync(path)[0]}


def test_python_caldav_reads_changes_and_deletes_them(demo: Demo):
    login = demo.account("teacher")["login"]
    dav, path = Dav(demo.base, login), f"/dav/calendars/{login}/noms/"
    filled(dav, path)
    with DAVClient(demo.info["caldav"], username=login, password="demo") as client:
        (calendar,) = (each for each in client.principal().calendars() if str(each.url).endswith(path))
        events = calendar.events()
        assert {each.id for each in events} == {f"uid-{number}" for number in range(len(NAMES))}
        for each in events:
            each.load()
            each.data = CALENDAR.format(uid=each.id, summary="Changé")
            each.save()
        assert held(dav, path) == {*NAMES}
        assert len(calendar.search(event=True, summary="Changé")) == len(NAMES)
        named = calendar.event_by_url(f"{demo.base}{path}{NAMES[0].replace('@', '%40')}")
        assert named.id == "uid-0"
        for each in events:
            each.delete()
    assert held(dav, path) == set()


def test_vdirsyncer_brings_them_down_and_changes_up(demo: Demo, tmp_path: Path):
    login = demo.account("teacher")["login"]
    dav, path = Dav(demo.base, login), f"/dav/calendars/{login}/noms%40vd/"
    filled(dav, path)
    config = tmp_path / "config"
    config.write_text(CONFIG.format(folder=tmp_path, slug="noms@vd", base=demo.base, login=login), "utf-8")
    for arguments in (("discover",), ("sync",)):
        done = vdirsyncer(config, *arguments)
        assert done.returncode == 0, done.stderr
    files = sorted((tmp_path / "calendars" / "noms@vd").glob("*.ics"))
    assert len(files) == len(NAMES)
    for file in files[1:]:
        file.write_text(file.read_text("utf-8").replace("SUMMARY:Nom", "SUMMARY:Changé"), "utf-8")
    gone = next(line for line in files[0].read_text("utf-8").splitlines() if line.startswith("UID:"))
    files[0].unlink()
    done = vdirsyncer(config, "sync")
    assert done.returncode == 0, done.stderr
    left = {*NAMES} - {NAMES[int(gone.rpartition("-")[2])]}
    assert held(dav, path) == left
    for name in left:
        assert "SUMMARY:Changé" in dav.send("GET", path + name).body.decode()


def test_a_calendar_that_a_library_made_under_such_a_name_is_its_own(demo: Demo):
    login = demo.account("teacher")["login"]
    with DAVClient(demo.info["caldav"], username=login, password="demo") as client:
        made = client.principal().make_calendar(name="Essai", cal_id="essai@ecole")
        made.save_event(CALENDAR.format(uid="essai@1", summary="Un"))
        (found,) = (each for each in client.principal().calendars() if each.get_display_name() == "Essai")
        (event,) = found.events()
        event.data = CALENDAR.format(uid="essai@1", summary="Deux")
        event.save()
        assert [each.id for each in found.search(event=True, summary="Deux")] == ["essai@1"]
        found.delete()
