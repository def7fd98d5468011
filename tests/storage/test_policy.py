"""The policy table: who sees what through which client, who may change it, when to warn (R5 to R19, R206)."""

from dataclasses import replace
from itertools import product

import pytest

from storage import policy
from storage.model import Access, CalendarKind, Client, ClientKind, Collection, Rights, Role, Settings, Visibility

HIDDEN, ONLINE, OFFLINE = Visibility.HIDDEN, Visibility.ONLINE, Visibility.OFFLINE
PLAIN = Settings()
CLOSED = Settings(eas_others_allowed=False)
SHARED = Settings(eas_shared_calendars=True)
HONOURED = Settings(dav_honours_switch=True)
OPEN_SAMSUNG = Settings(eas_others_allowed=False, eas_families={"SAMSUNG": True})
CLOSED_SAMSUNG = Settings(eas_families={"SAMSUNG": False})

WEB, DAV, OUTLOOK = (Client(kind) for kind in (ClientKind.WEB, ClientKind.DAV, ClientKind.OUTLOOK))
IOS = Client(ClientKind.EAS_IOS, "iPhone")
SAMSUNG, OTHER = Client(ClientKind.EAS_OTHER, "SAMSUNG"), Client(ClientKind.EAS_OTHER, "Android")

EVERY = [PLAIN, CLOSED, SHARED, HONOURED, OPEN_SAMSUNG, CLOSED_SAMSUNG]
OWN_DEFAULT, OWN, OTHERS = (True, True), (True, False), (False, False)


def rows(mark, clients, settings, cases):
    """Each row of the table as a test case marked with its requirement."""
    for client, setting, (what, on, off) in product(clients, settings, cases):
        for synchronised, wanted in ((True, on), (False, off)):
            values = (client, setting, synchronised, *what, wanted)
            yield pytest.param(*values, marks=mark)


ALL = (OWN_DEFAULT, OWN, OTHERS)
TABLE = [
    *rows(pytest.mark.req("R5", "R6"), [WEB], EVERY, [(what, OFFLINE, ONLINE) for what in ALL]),
    *rows(
        pytest.mark.req("R5", "R15"),
        [DAV],
        [each for each in EVERY if each is not HONOURED],
        [(what, OFFLINE, OFFLINE) for what in ALL],
    ),
    *rows(pytest.mark.req("R15"), [DAV], [HONOURED], [(what, OFFLINE, HIDDEN) for what in ALL]),
    *rows(pytest.mark.req("R16", "R18"), [OUTLOOK], EVERY, [(what, OFFLINE, HIDDEN) for what in ALL]),
    *rows(pytest.mark.req("R7", "R9"), [IOS], EVERY, [(what, OFFLINE, HIDDEN) for what in (OWN_DEFAULT, OWN)]),
    *rows(pytest.mark.req("R8"), [IOS], [each for each in EVERY if each is not SHARED], [(OTHERS, HIDDEN, HIDDEN)]),
    *rows(pytest.mark.req("R8"), [IOS, OTHER], [SHARED], [(OTHERS, OFFLINE, HIDDEN)]),
    *rows(pytest.mark.req("R10", "R11", "R14"), [OTHER], [PLAIN, SHARED], [(OWN, OFFLINE, HIDDEN)]),
    *rows(
        pytest.mark.req("R10", "R13"),
        [OTHER],
        [CLOSED, OPEN_SAMSUNG],
        [(OWN, HIDDEN, HIDDEN), (OWN_DEFAULT, OFFLINE, HIDDEN)],
    ),
    *rows(pytest.mark.req("R12"), [OTHER, SAMSUNG], [PLAIN, CLOSED, OPEN_SAMSUNG], [(OTHERS, HIDDEN, HIDDEN)]),
    *rows(pytest.mark.req("R13"), [SAMSUNG], [OPEN_SAMSUNG], [(OWN, OFFLINE, HIDDEN)]),
    *rows(pytest.mark.req("R13"), [SAMSUNG], [CLOSED_SAMSUNG], [(OWN, HIDDEN, HIDDEN), (OWN_DEFAULT, OFFLINE, HIDDEN)]),
    *rows(pytest.mark.req("R13"), [OTHER], [CLOSED_SAMSUNG], [(OWN, OFFLINE, HIDDEN)]),
]


@pytest.mark.parametrize(("client", "settings", "synchronised", "owned", "default", "wanted"), TABLE)
def test_a_client_sees_what_the_table_says(client, settings, synchronised, owned, default, wanted):
    found = policy.visibility(client, settings, synchronised=synchronised, owned=owned, default=default)
    assert found is wanted


def test_shared_calendars_stay_closed_to_a_family_that_sees_only_the_default_one():
    settings = Settings(eas_shared_calendars=True, eas_others_allowed=False)
    assert policy.visibility(OTHER, settings, synchronised=True, owned=False, default=False) is HIDDEN


@pytest.mark.req("R206")
@pytest.mark.parametrize("kind", CalendarKind)
def test_only_own_calendars_that_nothing_feeds_can_be_changed(kind):
    writable = {CalendarKind.DEFAULT, CalendarKind.SECONDARY, CalendarKind.TASKS}
    own = policy.rights(kind, owned=True)
    assert own.read
    assert own.write == (kind in writable)
    assert own.properties == (kind in {*writable, CalendarKind.WEBCAL})
    assert own.remove == (kind in {CalendarKind.SECONDARY, CalendarKind.WEBCAL})
    assert policy.rights(kind, owned=False) == Rights(read=True)


@pytest.mark.req("R19")
@pytest.mark.parametrize(("count", "warned"), [(0, False), (8999, False), (9000, False), (9001, True), (10**6, True)])
def test_the_warning_is_for_strictly_more_than_9000(count, warned):
    assert policy.size_warning(count) is warned


@pytest.mark.parametrize("role", Role)
def test_the_whole_school_is_for_those_who_run_it(role):
    assert policy.subscribes_to_school(role) == (role in {Role.ADMIN, Role.STAFF})


def seen(number, kind, owned=True):
    return Collection(number, kind, 1, f"s{number}", "", "", number, "", "", ("VEVENT",), Rights(), True, owned, 0)


DEFAULT, CLUB, LESSONS, TASKS = (
    seen(number, kind)
    for number, kind in enumerate(
        (CalendarKind.DEFAULT, CalendarKind.SECONDARY, CalendarKind.TIMETABLE, CalendarKind.TASKS), start=1
    )
)
COURSE = seen(9, CalendarKind.COURSE, owned=False)
MORE_TASKS = replace(TASKS, id=5)


@pytest.mark.parametrize(
    ("visible", "wanted"),
    [
        ([DEFAULT, CLUB, LESSONS, TASKS], [(1, True, False), (2, False, False), (3, False, False), (4, True, False)]),
        ([CLUB, DEFAULT], [(1, True, False), (2, False, False)]),
        ([COURSE, DEFAULT], [(1, True, False), (9, False, False)]),
        ([LESSONS, CLUB], [(3, True, False), (2, False, False)]),
        ([COURSE, LESSONS, CLUB], [(3, True, False), (9, False, False), (2, False, False)]),
        ([COURSE], [(1, True, True), (9, False, False)]),
        ([TASKS], [(1, True, True), (4, True, False)]),
        ([TASKS, MORE_TASKS, DEFAULT], [(1, True, False), (4, True, False), (5, False, False)]),
        ([], [(1, True, True)]),
    ],
)
def test_a_phone_always_has_one_default_calendar(visible, wanted):
    folders = policy.eas_folders(visible, DEFAULT)
    assert [(each.collection.id, each.default, each.empty) for each in folders] == wanted
    assert sum(each.default and each.collection.kind is not CalendarKind.TASKS for each in folders) == 1


@pytest.mark.parametrize("asker", Role)
@pytest.mark.parametrize("other", Role)
def test_a_setting_lets_pupils_find_pupils_and_opens_nothing_else(asker: Role, other: Role) -> None:
    opened = policy.knows(asker, other, pupils_find_pupils=True)
    assert opened == (policy.knows(asker, other) or asker is other is Role.PUPIL)


@pytest.mark.parametrize("kind", CalendarKind)
@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("role", Role)
def test_a_sharee_names_what_they_see_and_writes_what_is_shared_for_writing(kind, access, role):
    given = policy.shared_rights(kind, access, role)
    writable = kind in {CalendarKind.DEFAULT, CalendarKind.SECONDARY, CalendarKind.TASKS}
    assert given.write == (access is Access.WRITE and writable)
    assert given.schedule == (given.write and role in {Role.ADMIN, Role.STAFF, Role.TEACHER})
    assert (given.names, given.properties, given.remove) == (True, False, False)


@pytest.mark.parametrize(
    ("granted", "most"),
    [
        ((), None),
        ((Access.BUSY,), Access.BUSY),
        ((Access.READ, Access.BUSY), Access.READ),
        ((Access.BUSY, Access.WRITE, Access.READ), Access.WRITE),
    ],
)
def test_several_shares_grant_the_most_of_each(granted, most):
    assert policy.greatest_access(granted) is most


@pytest.mark.parametrize(("collection", "may"), [(DEFAULT, True), (CLUB, True), (LESSONS, True), (COURSE, False)])
def test_ones_own_calendars_can_be_shared(collection, may):
    assert policy.shareable(collection) is may


@pytest.mark.parametrize("role", Role)
def test_those_who_work_in_the_school_share_with_groups_and_list_them(role):
    works = role in {Role.ADMIN, Role.STAFF, Role.TEACHER}
    assert policy.may_share_with_groups(role) is works
    assert policy.may_list_members(role) is works
