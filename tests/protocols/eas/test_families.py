"""What each family of devices sees and needs: the table of families, the switch, the settings (R7 to R14)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

import protocols.eas
from protocols.eas.families import FAMILIES, client_of, family_of, needs_of
from storage.lessons import StoredMembership
from storage.model import DAWN, FOREVER, CalendarKind, ClientKind, CollectionPatch, NewCalendar, Role, Settings
from tests.eas.client import Manner
from tests.protocols.eas.harness import LocalPhone

# How each family names itself: User-Agent and DeviceType as seen on the wire (reference/eas.md section 20).
NAMED = {
    "ios": ("Apple-iPhone15C2/2101.100", "iPhone"),
    "tbsync": ("Thunderbird ActiveSync", "TbSync"),
    "samsung": ("SAMSUNG-SM-G991B/101.12", "SamsungDevice"),
    "outlook": ("Outlook/15.0 (15.0.4567.1506; MSI; x86)", "WindowsOutlook15"),
    "windows": ("MSFT-WIN-4/10.0.19041", "WindowsMail"),
    "android": ("Android-Mail/7.5.7", "Android"),
    "other": ("NineFolders/4.9", "NINE"),
}
KINDS = ("default", "secondary", "timetable", "course")


def manner(family, version="14.1"):
    agent, kind = NAMED[family]
    return Manner(family, version, kind, agent, 0, 100, False, False)


@pytest.mark.parametrize("family", NAMED)
def test_each_family_is_known_by_its_agent_or_else_by_its_type(family):
    agent, kind = NAMED[family]
    assert family_of(agent, kind) == family
    assert family_of(agent.upper(), "SmartPhone") == family
    assert family_of("", kind) == family
    assert needs_of(family).name == family
    assert (client_of(family).kind is ClientKind.EAS_IOS) == (family == "ios")


def test_what_is_not_known_needs_what_most_do():
    assert family_of("", "") == family_of("curl/8", "x") == "other"
    assert needs_of("never heard of") == needs_of("other")
    assert len({each.name for each in FAMILIES}) == len(FAMILIES)


def test_nothing_but_the_table_of_families_judges_a_device_by_its_name():
    folder = Path(protocols.eas.__file__).parent
    named = re.compile(r"user[-_]agent|device_type|\bagent\b", re.IGNORECASE)
    found = {each.name for each in folder.glob("*.py") if named.search(each.read_text())}
    # query.py reads the DeviceType off the wire, session.py keeps both and asks the table; codepages.py has their tags.
    assert found <= {"families.py", "query.py", "session.py", "codepages.py"}
    names = re.compile("|".join(f'"{each.name}"' for each in FAMILIES if each.name not in ("ios", "tbsync", "windows")))
    assert [each.name for each in folder.glob("*.py") if names.search(each.read_text())] == ["families.py"]


@pytest.mark.parametrize("family", NAMED)
def test_mail_folders_are_offered_where_they_are_wanted_and_are_empty_and_cheap(school, ada, family):
    phone = LocalPhone(school.store, ada, manner=manner(family))
    phone.connect()
    mail = {each.type: key for key, each in phone.folders.items() if each.type in ("2", "4", "5")}
    assert set(mail) == ({"2", "4", "5"} if needs_of(family).mail_folders else set())
    before = phone.writes
    for key in mail.values():
        assert phone.sync(key, key="0").status == "1"
        assert phone.sync(key).empty
        assert phone.ping([key], 480) == ("1", [])
        before += 1  # the parameters of a Ping are kept
        assert phone.writes == before


@pytest.fixture
def calendars(school, ada):
    """One calendar of each kind that Ada sees, by kind."""
    with school.writing() as tx:
        tx.collections.create(ada, NewCalendar("club", "Club"))
        course = tx.lessons.create_calendars(CalendarKind.COURSE, {"c": "Maths"})["c"]
        tx.lessons.set_memberships([], [StoredMembership(course, ada.id, Role.PUPIL, (DAWN, FOREVER))])
        tx.collections.subscribe(ada, course, "maths", "Maths")
    return {"default": "agenda", "secondary": "club", "timetable": "emploi-du-temps", "course": "maths"}


SETTINGS = {
    "as delivered": Settings(),
    "others closed": Settings(eas_others_allowed=False),
    "family closed": Settings(eas_families=dict.fromkeys(NAMED, False)),
    "family open": Settings(eas_others_allowed=False, eas_families=dict.fromkeys(NAMED, True)),
    "shared open": Settings(eas_shared_calendars=True),
}


def shows(family, kind, on, setting):
    """Say what the matrix of R7 to R14 says, written out by hand."""
    if not on:
        return False  # R9, R14
    if kind == "course" and setting != "shared open":
        return False  # R8, R12: own calendars only
    if family == "ios" or kind == "default":
        return True  # R7; clients require a default calendar
    return setting in ("as delivered", "family open", "shared open")  # R10, R11, R13


@pytest.mark.req("R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14")
@pytest.mark.parametrize(("family", "setting"), list(product(NAMED, SETTINGS)))
def test_who_sees_which_calendar_on_which_device(school, ada, calendars, family, setting):
    school.store.directory.configure(school.id, SETTINGS[setting])
    phone = LocalPhone(school.store, ada, manner=manner(family))
    phone.connect()
    for kind in KINDS:
        folder = school.folder(ada, calendars[kind])
        for on in (False, True):
            school.switch(ada, calendars[kind], on=on)
            assert phone.folder_sync().status == "1"
            empty_default = kind == "default" and not on and folder in phone.folders
            assert (folder in phone.folders and not empty_default) == shows(family, kind, on, setting), (kind, on)


@pytest.mark.req("R7", "R9", "R14")
@pytest.mark.parametrize("family", ["ios", "android"])
def test_a_switch_a_name_and_a_setting_reach_a_waiting_phone_without_re_adding_the_account(
    school, ada, calendars, family
):
    phone = LocalPhone(school.store, ada, manner=manner(family))
    phone.connect()
    agenda, club = school.folder(ada), school.folder(ada, "club")
    phone.sync_all(agenda)
    school.switch(ada, "club", on=False)
    assert phone.ping([agenda], 480) == ("7", [])
    assert phone.folder_sync().deleted == [club]
    school.switch(ada, "club", on=True)
    assert phone.folder_sync().added == [club]
    with school.writing() as tx:
        tx.collections.update(ada, school.calendar(tx, ada, "club"), CollectionPatch(name="Chess"))
    assert phone.ping([agenda], 480) == ("7", [])
    assert phone.folder_sync().updated == [club]
    assert phone.folders[club].name == "Chess"
    with school.writing() as tx:
        tx.configure(Settings(eas_families={"android": False}))
    closed = {club, *(school.folder(ada, slug) for slug in ("emploi-du-temps", "rendez-vous", "taches"))}
    assert set(phone.folder_sync().deleted) == (closed if family == "android" else set())
    assert phone.ping([agenda], 480) == ("1", [])
    assert phone.sync(agenda).empty
