"""The main job, end to end: an export on Thunderbird and on a phone, and the next export as its changes alone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from importers.sample import generate, year_of
from storage.contentlines import parse
from tests.e2e.running import Dav, Demo
from tests.eas.client import AOSP, TBSYNC, Manner, Phone
from tests.importers.expansion import Session, sessions_of_pupil, sessions_of_teacher

PARIS = ZoneInfo("Europe/Paris")
Seen = Counter[tuple[int, int, str]]


def phone(demo: Demo, login: str, manner: Manner = AOSP) -> Phone:
    """A connected phone."""
    made = Phone(demo.base, login, "demo", device_id=f"TEST{manner.name.upper()}", manner=manner)
    made.connect()
    return made


def over_dav(dav: Dav, path: str) -> Seen:
    """Instants and rooms of every session, through Thunderbird's first load."""
    everything, _ = dav.sync(path)
    seen: Seen = Counter()
    for text in dav.multiget(path, list(everything)).values():
        event = parse(text.encode()).children("VEVENT")[0]
        moments = [event.first(name) for name in ("DTSTART", "DTEND")]
        local = [datetime.strptime(each.value, "%Y%m%dT%H%M%S").replace(tzinfo=PARIS) for each in moments if each]
        seen[int(local[0].timestamp()), int(local[1].timestamp()), event.text("LOCATION") or ""] += 1
    return seen


def over_eas(device: Phone, name: str) -> Seen:
    """Instants and rooms of every item a phone holds after syncing a folder to its end."""
    folder = device.folder_named(name)
    device.sync_all(folder, filter_type=0)
    seen: Seen = Counter()
    for item in device.items[folder].values():
        texts = (item.value("Calendar:StartTime"), item.value("Calendar:EndTime"))
        moments = [datetime.strptime(text or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for text in texts]
        room = item.value("Calendar:Location") or ""
        seen[int(moments[0].timestamp()), int(moments[1].timestamp()), room] += 1
    return seen


def expected(sessions: list[Session]) -> Seen:
    """The same, from an expansion of the XML that shares no code with the importer."""
    rows = ((int(s.starts.timestamp()), int(s.ends.timestamp()), ", ".join(sorted(s.rooms))) for s in sessions)
    return Counter(rows)


@pytest.mark.req("R205", "R239", "R242")
@pytest.mark.parametrize("role", ["pupil", "teacher"])
def test_dav_and_phone_show_what_an_independent_expansion_says(demo: Demo, role: str):
    login = demo.account(role)["login"]
    xml = demo.sample("timetable.xml").read_bytes()
    school = generate(90, 1, year_of(datetime.now(PARIS).date()))
    account = next(each for each in school.accounts if each.login == login)
    if role == "pupil":
        pupil = next(each for each in school.pupils if each.ident == account.ident)
        wanted = expected(sessions_of_pupil(xml, pupil.family, pupil.given, pupil.birth))
    else:
        teacher = next(each for each in school.teachers if each.ident == account.ident)
        wanted = expected(sessions_of_teacher(xml, teacher.family, teacher.given))
    assert wanted.total() > 100
    assert over_dav(Dav(demo.base, login), f"/dav/calendars/{login}/emploi-du-temps/") == wanted
    assert over_eas(phone(demo, login), "Emploi du temps") == wanted
    assert over_eas(phone(demo, login, TBSYNC), "Emploi du temps") == wanted


@pytest.mark.req("R183", "R205")
def test_the_next_export_arrives_as_exactly_its_changes(own_demo: Demo):
    demo = own_demo
    login = demo.account("pupil")["login"]
    dav, path = Dav(demo.base, login), f"/dav/calendars/{login}/emploi-du-temps/"
    device = phone(demo, login)
    over_eas(device, "Emploi du temps")
    folder = device.folder_named("Emploi du temps")
    known, token = dav.sync(path)
    texts = dav.multiget(path, list(known))
    demo.cli("import", "edt", str(demo.sample("timetable-next.xml")))
    told, _ = dav.sync(path, token)
    now, _ = dav.sync(path)
    new_texts = dav.multiget(path, list(now))
    differ = {href for href in texts.keys() | new_texts.keys() if texts.get(href) != new_texts.get(href)}
    assert told.keys() == differ
    assert 0 < len(differ) < len(now) / 4
    added, gone = now.keys() - known.keys(), known.keys() - now.keys()
    result = device.sync_all(folder, filter_type=0)
    assert (len(result.added), len(result.deleted)) == (len(added), len(gone))
    assert len(result.changed) == len(differ) - len(added) - len(gone)
    assert over_eas(device, "Emploi du temps") == over_dav(dav, path)
    assert device.sync_all(folder, filter_type=0).quiet
    demo.cli("import", "edt", str(demo.sample("timetable-next.xml")))
    assert dav.sync(path, token)[0].keys() == differ


@pytest.mark.req("R7", "R9", "R10", "R14", "R15")
def test_turning_a_switch_off_removes_the_folder_from_the_phone_and_leaves_dav(own_demo: Demo):
    demo = own_demo
    login = demo.account("pupil")["login"]
    dav, path = Dav(demo.base, login), f"/dav/calendars/{login}/emploi-du-temps/"
    before = dav.sync(path)
    device = phone(demo, login)
    folder = device.folder_named("Emploi du temps")
    device.sync_all(folder, filter_type=0)
    demo.cli("calendar", "switch", login, "emploi-du-temps", "off")
    changes = device.folder_sync()
    assert (changes.added, changes.updated, changes.deleted) == ([], [], [folder])
    assert dav.sync(path) == before
    demo.cli("calendar", "switch", login, "emploi-du-temps", "on")
    assert device.folder_sync().added == [folder]
    assert len(device.sync_all(folder, filter_type=0).added) == len(before[0])
