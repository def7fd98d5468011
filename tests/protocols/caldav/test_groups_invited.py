"""A group among the attendees stands for its members (RFC 5545, 3.2.3 and 3.2.11)."""

from __future__ import annotations

import re

import pytest

from storage import itip
from storage.contentlines import Component, Property
from storage.lessons import StoredMembership
from storage.model import DAWN, FOREVER, CalendarKind, Role
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.caldav.client import C, Dav
from tests.protocols.caldav.meetings import LEO_PATH, MARIE, NAME, PAUL, Circle, gather
from tests.storage.meetings import ZOE, calendar, event, invited

CLASS = "/dav/groups/class-4B/"
ZOE_PATH = "/dav/principals/zoe/"
COURSE = '["FR","class","4B"]'


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Deliveries write for several people at once: both databases."""
    return str(request.param)


@pytest.fixture
def circle(store: Store) -> Circle:
    """Two teachers and two pupils, who are the class 4B."""
    found = gather(store)
    enrol(found, found.zoe, found.leo)
    return found


def enrol(circle: Circle, *pupils: Dav) -> None:
    """Put pupils into the class."""
    with circle.store.writing(circle.marie.person.school_id) as tx:
        made = tx.lessons.calendars(CalendarKind.COURSE)
        number = made[COURSE][0] if COURSE in made else None
        number = number or tx.lessons.create_calendars(CalendarKind.COURSE, {COURSE: "FRANCAIS - 4B"})[COURSE]
        rows = [StoredMembership(number, each.person.id, Role.PUPIL, (DAWN, FOREVER)) for each in pupils]
        tx.lessons.set_memberships([], rows)


def put(circle: Circle, *lines: str) -> str:
    """Let Marie write her meeting; returns its path."""
    path = circle.marie.agenda + NAME
    answer = circle.marie.put(path, calendar(event(*lines, "SUMMARY:Sortie")))
    assert answer.status in {201, 204}, answer.body
    return path


def lines_of(component: Component) -> dict[str, Property]:
    return {prop.value: prop for prop in component.all("ATTENDEE")}


@pytest.mark.parametrize("group", [CLASS, f"https://cadran.example{CLASS}", "/dav/groups/class-4B"])
def test_every_member_is_invited(circle: Circle, group: str):
    path = put(circle, *invited(MARIE, MARIE, group))
    found = lines_of(circle.event(circle.marie, path))
    assert set(found) == {MARIE, group, LEO_PATH, ZOE_PATH}
    assert found[group].param("CUTYPE") == "GROUP"
    assert {found[each].param("SCHEDULE-STATUS") for each in (group, LEO_PATH, ZOE_PATH)} == {"1.2"}
    assert f'MEMBER="{group}"' in circle.text(circle.marie, path)
    assert circle.inbox(circle.zoe) == circle.inbox(circle.leo) == ["REQUEST"]


def test_a_member_is_shown_the_group_and_themselves_alone(circle: Circle):
    put(circle, *invited(MARIE, MARIE, PAUL, CLASS))
    assert set(lines_of(circle.event(circle.zoe))) == {MARIE, PAUL, CLASS, ZOE_PATH}
    assert set(lines_of(circle.event(circle.paul))) == {MARIE, PAUL, CLASS}


def test_a_client_that_drops_what_it_does_not_know_shows_the_class_to_nobody(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, PAUL, CLASS))
    assert circle.answer(circle.leo, LEO_PATH, "DECLINED") == 204
    text = re.sub(';MEMBER="[^"]*"', "", circle.text(circle.marie, path))
    assert circle.marie.put(path, text.replace("SUMMARY:Sortie", "SUMMARY:Visite")).status == 204
    assert circle.event(circle.zoe).text("SUMMARY") == "Visite"
    assert set(lines_of(circle.event(circle.zoe))) == {MARIE, PAUL, CLASS, ZOE_PATH}
    assert set(lines_of(circle.event(circle.paul))) == {MARIE, PAUL, CLASS}
    assert circle.partstat(circle.marie, LEO_PATH, path) == "DECLINED"


def test_answers_are_kept_member_by_member(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, CLASS))
    assert circle.answer(circle.zoe, ZOE_PATH, "ACCEPTED") == 204
    assert circle.answer(circle.leo, LEO_PATH, "DECLINED") == 204
    assert circle.partstat(circle.marie, ZOE_PATH, path) == "ACCEPTED"
    assert circle.partstat(circle.marie, LEO_PATH, path) == "DECLINED"
    assert circle.inbox(circle.paul) == []


def test_who_is_invited_by_name_too_is_there_once(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, ZOE, CLASS, "/dav/groups/school/"))
    assert set(lines_of(circle.event(circle.marie, path))) == {
        *(MARIE, ZOE, CLASS, "/dav/groups/school/", LEO_PATH),
        "/dav/principals/paul/",
    }
    assert circle.inbox(circle.zoe) == ["REQUEST"]


def test_a_client_that_had_not_read_the_members_loses_none(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, CLASS))
    circle.answer(circle.zoe, ZOE_PATH, "ACCEPTED")
    put(circle, *invited(MARIE, MARIE, CLASS), "LOCATION:Musée")
    assert circle.partstat(circle.marie, ZOE_PATH, path) == "ACCEPTED"
    assert circle.inbox(circle.zoe) == ["REQUEST", "REQUEST"]


def test_a_member_can_be_taken_off_and_the_group_with_those_who_are_left(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, CLASS))
    text = circle.text(circle.marie, path)
    line = lines_of(circle.event(circle.marie, path))[LEO_PATH].line
    assert circle.marie.put(path, text.replace(line + "\r\n", "")).status == 204
    assert LEO_PATH not in lines_of(circle.event(circle.marie, path))
    assert (circle.inbox(circle.leo), circle.inbox(circle.zoe)) == (["REQUEST", "CANCEL"], ["REQUEST"])
    text = circle.text(circle.marie, path)
    group = lines_of(circle.event(circle.marie, path))[CLASS].line
    assert circle.marie.put(path, text.replace(group + "\r\n", "")).status == 204
    assert set(lines_of(circle.event(circle.marie, path))) == {MARIE}
    assert circle.inbox(circle.zoe) == ["REQUEST", "CANCEL"]


def test_who_joins_is_invited_with_the_next_change(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, CLASS))
    with circle.store.writing(circle.marie.person.school_id) as tx:
        ada = Dav(circle.store, tx.principals.create(NewPerson("ada", "Neuf", "Ada", Role.PUPIL)))
    enrol(circle, ada)
    text = circle.text(circle.marie, path).replace("SUMMARY:Sortie", "SUMMARY:Visite")
    assert circle.marie.put(path, text).status == 204
    assert circle.inbox(ada) == ["REQUEST"]


@pytest.mark.parametrize("group", [CLASS, "/dav/groups/class-9Z/"])
def test_pupils_invite_no_groups_and_do_not_learn_which_there_are(circle: Circle, group: str):
    path = circle.zoe.agenda + NAME
    assert circle.zoe.put(path, calendar(event(*invited(ZOE, ZOE, group, by=ZOE)))).status == 201
    prop = itip.attendee(circle.event(circle.zoe, path), (group,))
    assert prop is not None
    assert prop.param("SCHEDULE-STATUS") == "3.7"
    assert circle.copies(circle.leo) == []


def test_a_group_that_is_not_there_is_nobody(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, "/dav/groups/class-9Z/"))
    prop = itip.attendee(circle.event(circle.marie, path), ("/dav/groups/class-9Z/",))
    assert prop is not None
    assert prop.param("SCHEDULE-STATUS") == "3.7"


def test_a_group_beyond_the_greatest_meeting_is_refused_whole(circle: Circle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("storage.scheduling.MAX_ATTENDEES", 3)
    answer = circle.marie.put(circle.marie.agenda + NAME, calendar(event(*invited(MARIE, MARIE, CLASS))))
    assert (answer.status, answer.errors) == (403, (C + "max-attendees-per-instance",))
    assert circle.inbox(circle.zoe) == []


def test_cancelling_reaches_every_member(circle: Circle):
    path = put(circle, *invited(MARIE, MARIE, CLASS))
    assert circle.marie.send("DELETE", path).status == 204
    assert circle.inbox(circle.zoe) == circle.inbox(circle.leo) == ["REQUEST", "CANCEL"]
