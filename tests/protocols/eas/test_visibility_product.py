"""What each family sees of each kind of calendar: all families, switches, kinds and settings multiplied (R7 to R14).

Beside the list of folders, what their Sync brings and whether an edit is kept; written out by hand from the matrix.
"""

from __future__ import annotations

import inspect
import re
from itertools import product

import pytest

from protocols.eas.families import FAMILIES
from storage import policy
from storage.lessons import StoredMembership
from storage.model import DAWN, FOREVER, Access, CalendarKind, NewCalendar, Role, Settings
from storage.sharing import Offer
from tests.eas.items import add
from tests.eas.items import event as item
from tests.protocols.eas.conftest import NOON
from tests.protocols.eas.harness import LocalPhone, Timetable, event
from tests.protocols.eas.test_families import NAMED, manner

OPEN, SHUT, UNSAID = "open", "shut", "unsaid"
# The settings that decide, each with all its values; the family's own stands under eas_families.
VALUES = {
    "eas_shared_calendars": (False, True),
    "eas_others_allowed": (False, True),
    "eas_families": (OPEN, SHUT, UNSAID),
    "dav_honours_switch": (False, True),
}
# Each kind: whether the person owns it, and whether they may write it.
KINDS = {
    "default": (True, True),
    "secondary": (True, True),
    "timetable": (True, False),
    "bookings": (True, False),
    "tasks": (True, True),
    "course": (False, False),
    "shared to read": (False, False),
    "shared to write": (False, True),
}
SLUGS = {
    "default": "agenda",
    "secondary": "club",
    "timetable": "emploi-du-temps",
    "bookings": "rendez-vous",
    "tasks": "taches",
    "course": "maths",
    "shared to read": "olga",
    "shared to write": "otto",
}
TASK = [("Tasks:Subject", "Mine"), ("Tasks:Complete", "0")]
DATES = {"StartTime": "20261124T090000Z", "EndTime": "20261124T100000Z"}


def settings(family, values):
    named = dict(zip(VALUES, values, strict=True))
    families = {OPEN: {family: True}, SHUT: {family: False}, UNSAID: {}}[named.pop("eas_families")]
    return Settings(**named, eas_families=families)


def seen(family, kind, on, values):
    """Say what the matrix says."""
    shared, others, own, _ = values
    if not on:
        return False  # R9, R14: what is off is on no device
    if not KINDS[kind][0] and not shared:
        return False  # R8, R12: own calendars only
    if kind == "default" or family == "ios":
        return True  # R7: an iPhone has all own ones; no client goes without the default one
    return own == OPEN or (own == UNSAID and others)  # R10, R11, R13: as the administrator says


@pytest.fixture
def home(school, ada):
    """Ada with a calendar of every kind, an entry in each."""
    owners = {name: school.person(name, Role.TEACHER) for name in ("olga", "otto")}
    timetable = Timetable(school, ada)
    timetable.create(timetable.lesson("l", "Lesson", NOON + 86_400))
    with school.writing() as tx:
        tx.collections.create(ada, NewCalendar("club", "Club"))
        course = tx.lessons.create_calendars(CalendarKind.COURSE, {"c": "Maths"})["c"]
        tx.lessons.set_memberships([], [StoredMembership(course, ada.id, Role.PUPIL, (DAWN, FOREVER))])
        tx.collections.subscribe(ada, course, "maths", "Maths")
        for name, access in (("olga", Access.READ), ("otto", Access.WRITE)):
            theirs = school.calendar(tx, owners[name])
            tx.sharing.offer(owners[name], theirs, ada, Offer(access, name, settled=True))
    with school.reading() as tx:
        shared = {each.id: each.slug for each in tx.collections.subscribed(ada)}
    for name, owner in owners.items():
        school.put(owner, name, event(name, f"Entry of {name}"))
        SLUGS[f"shared to {'read' if name == 'olga' else 'write'}"] = shared[int(school.folder(owner)[1:])]
    for slug in ("agenda", "club"):
        school.put(ada, slug, event(slug, f"Entry of {slug}"), slug)
    return {kind: school.folder(ada, slug) for kind, slug in SLUGS.items()}


def test_the_table_multiplies_every_setting_that_the_rules_ask_for():
    rules = "".join(inspect.getsource(each) for each in (policy.visibility, policy.family_allowed, policy.eas_folders))
    assert set(re.findall(r"settings\.(\w+)", rules)) == set(VALUES)
    assert {each.name for each in FAMILIES} | {"other"} == set(NAMED)


@pytest.mark.req("R7", "R8", "R9", "R10", "R11", "R12", "R13", "R14")
@pytest.mark.parametrize("family", NAMED)
def test_every_family_sees_and_edits_just_what_the_matrix_says(school, ada, home, family, dialect):
    phone = LocalPhone(school.store, ada, manner=manner(family))
    phone.connect()
    for values in product(*VALUES.values()):
        school.store.directory.configure(school.id, settings(family, values))
        for on in (False, True):
            for slug in SLUGS.values():
                school.switch(ada, slug, on=on)
            assert phone.folder_sync().status == "1"
            expected = {kind for kind in KINDS if seen(family, kind, on, values)}
            # Clients need one default calendar: it stays, and shows nothing, where no other can take its place.
            standing = set() if expected else {"default"}
            assert {kind for kind, folder in home.items() if folder in phone.folders} == expected | standing, values
            # The setting for DAV says nothing of phones: that it does not is seen by the list.
            if dialect == "sqlite" and not values[-1]:
                for kind in expected | standing:
                    check(school, phone, home[kind], kind, empty=kind in standing)


def check(school, phone, folder, kind, *, empty):
    """Look at what a Sync of a folder brings, and whether an addition is kept."""
    phone.sync(folder, key="0")
    phone.sync_all(folder, filter_type=0)
    held = [node.value("Calendar:Subject") or "" for node in phone.items[folder].values()]
    wanted = {"timetable": ["Lesson"], "shared to read": ["Entry of olga"], "shared to write": ["Entry of otto"]}
    wanted |= {"default": ["Entry of agenda"], "secondary": ["Entry of club"]}
    assert sorted(held) == ([] if empty else wanted.get(kind, [])), kind
    data = TASK if kind == "tasks" else item({**DATES, "Subject": "Mine", "BusyStatus": 2})
    result = phone.sync(folder, [add("1", data)])
    (answer,) = result.responses
    made = answer.value("AirSync:ServerId")
    writable = KINDS[kind][1] and not empty
    assert (made in phone.items[folder]) == writable, kind
    if writable:
        phone.sync(folder, [("AirSync:Delete", [("AirSync:ServerId", made)])])
    if empty:
        # What is added to the calendar that stands there empty is not lost, though the phone does not show it.
        with school.writing() as tx:
            mine = tx.collections.subscribed(phone.principal)
            agenda = next(each for each in mine if each.kind is CalendarKind.DEFAULT)
            (kept,) = [each for each in tx.objects.entries(agenda) if each.item == int(made.split(":")[1])]
            tx.objects.delete(agenda, kept.href)
