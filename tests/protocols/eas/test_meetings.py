"""Meetings made, changed, answered and deleted on a phone: the server tells those they concern, once (RFC 6638, 3)."""

from __future__ import annotations

from typing import Any

import pytest

from storage import itip
from storage.contentlines import Component, parse
from storage.model import Principal, Role
from storage.principals import NewPerson
from storage.scheduling import Answer
from storage.store import Store
from tests.eas.items import add, change, delete, event
from tests.eas.wbxml import Pair
from tests.protocols.eas.harness import LocalPhone, School, statuses, subjects
from tests.protocols.eas.harness import event as stored

MARIE, PAUL, OUTSIDE = "marie@school.example", "paul@school.example", "parent@dehors.example"


class Staff:
    """Marie with a phone, Paul with another, Lea who has no address; texts and messages as storage has them."""

    def __init__(self, store: Store) -> None:
        self.school = School(store)
        self.marie, self.paul = (self.school.person(login, Role.TEACHER) for login in ("marie", "paul"))
        with self.school.writing() as tx:
            self.lea = tx.principals.create(NewPerson("lea", "Roux", "Léa", Role.PUPIL))

    def phone(self, who: Principal) -> tuple[LocalPhone, str]:
        """A phone that has synchronised once, and the id of its folder."""
        phone, folder = LocalPhone(self.school.store, who, f"PHONE{who.id}"), self.school.folder(who)
        phone.folder_sync()
        phone.sync(folder)
        phone.sync(folder)
        return phone, folder

    def events(self, who: Principal, slug: str = "agenda") -> list[Component]:
        """The events in a person's calendar, oldest first."""
        with self.school.reading() as tx:
            seen = self.school.calendar(tx, who, slug)
            found = [tx.objects.get(seen, each.href) for each in tx.objects.entries(seen)]
        return [parse(each.ical).children("VEVENT")[0] for each in sorted(found, key=lambda one: one.id)]

    def inbox(self, who: Principal) -> list[str]:
        """The methods of the messages a person got, oldest first."""
        with self.school.writing() as tx:
            box = tx.inbox.of(who)
            names = sorted(each.href for each in tx.objects.entries(box))
            return [parse(tx.objects.get(box, name).ical).text("METHOD") or "" for name in names]

    def mailed(self) -> list[tuple[str, str]]:
        with self.school.reading() as tx:
            return [(each.method, each.recipient) for each in reversed(tx.outbox.latest())]

    def partstat(self, of: Principal, who: str) -> str:
        """What the copy of one person says of another."""
        (one,) = self.events(of)
        return itip.partstat(itip.attendee(one, (f"mailto:{who}",)))


@pytest.fixture
def staff(store: Store) -> Staff:
    return Staff(store)


def guests(*mails: str) -> Pair:
    return "Calendar:Attendees", [
        ("Calendar:Attendee", [("Calendar:Email", mail), ("Calendar:Name", mail), ("Calendar:AttendeeType", "1")])
        for mail in mails
    ]


def meeting(*mails: str, hour: int = 8, **more: Any) -> list[Pair]:
    """The data of a meeting of an hour that the phone's owner organises."""
    fields = {"StartTime": f"20270111T{hour:02}0000Z", "Subject": "Conseil", "EndTime": f"20270111T{hour + 1:02}0000Z"}
    made = event({**fields, "BusyStatus": 2, "MeetingStatus": 1, **more})
    return [*made, guests(*mails)]


def invite(staff: Staff, *mails: str, **more: Any) -> tuple[LocalPhone, str, str]:
    """Let Marie's phone invite; returns the phone, its folder and the event's id there."""
    phone, folder = staff.phone(staff.marie)
    phone.sync(folder, [add("new", meeting(*mails, **more))])
    (name,) = phone.items[folder]
    return phone, folder, name


def test_a_meeting_added_on_a_phone_invites(staff):
    invite(staff, PAUL, OUTSIDE)
    assert staff.inbox(staff.paul) == ["REQUEST"]
    assert [each.text("SUMMARY") for each in staff.events(staff.paul)] == ["Conseil"]
    assert staff.mailed() == [("REQUEST", f"mailto:{OUTSIDE}")]


def test_an_invitation_whose_answer_is_lost_is_sent_once(staff):
    phone, folder = staff.phone(staff.marie)
    phone.lose_answer = 2
    phone.sync(folder, [add("new", meeting(PAUL, OUTSIDE))])
    assert staff.inbox(staff.paul) == ["REQUEST"]
    assert len(staff.mailed()) == 1


def test_a_move_on_the_phone_asks_again_and_keeps_no_old_answer(staff):
    phone, folder, name = invite(staff, PAUL, OUTSIDE)
    accept(staff)
    phone.sync(folder)
    phone.sync(folder, [change(name, meeting(PAUL, OUTSIDE, hour=14))])
    assert staff.partstat(staff.marie, PAUL) == "NEEDS-ACTION"
    assert [each.text("DTSTART") for each in staff.events(staff.paul)] == ["20270111T150000"]
    assert staff.inbox(staff.paul) == ["REQUEST", "REQUEST"]
    assert [method for method, _ in staff.mailed()] == ["REQUEST", "REQUEST"]
    phone.sync(folder)
    asked = phone.items[folder][name].find("Calendar:Attendees")
    assert asked is not None
    assert [each.value("Calendar:AttendeeStatus") for each in asked.children] == ["5", "5"]
    assert phone.sync(folder).quiet


def accept(staff: Staff) -> None:
    """Let Paul accept, as MeetingResponse does."""
    with staff.school.writing() as tx:
        agenda = staff.school.calendar(tx, staff.paul)
        (entry,) = tx.objects.entries(agenda)
        tx.scheduling.answer(agenda, tx.objects.get(agenda, entry.href), Answer("ACCEPTED"))


def test_a_phone_that_knows_no_answers_takes_none_away(staff):
    phone, folder, name = invite(staff, PAUL)
    accept(staff)
    phone.sync(folder)
    phone.sync(folder, [change(name, meeting(PAUL, Subject="Conseil de classe"))])
    assert staff.partstat(staff.marie, PAUL) == "ACCEPTED"
    assert [each.text("SUMMARY") for each in staff.events(staff.paul)] == ["Conseil de classe"]


def test_guests_added_and_taken_off_on_the_phone_are_told(staff):
    phone, folder, name = invite(staff, OUTSIDE)
    phone.sync(folder, [change(name, meeting(PAUL))])
    assert staff.inbox(staff.paul) == ["REQUEST"]
    assert [method for method, _ in staff.mailed()] == ["REQUEST", "CANCEL"]


def test_an_appointment_that_gets_guests_becomes_a_meeting(staff):
    phone, folder, name = invite(staff, MeetingStatus=0)
    phone.sync(folder, [change(name, meeting(PAUL))])
    (mine,) = staff.events(staff.marie)
    assert itip.organizer(mine) == f"mailto:{MARIE}"
    assert staff.inbox(staff.paul) == ["REQUEST"]


def test_a_meeting_deleted_on_the_phone_is_cancelled(staff):
    phone, folder, name = invite(staff, PAUL, OUTSIDE)
    phone.sync(folder, [delete(name)])
    assert staff.inbox(staff.paul) == ["REQUEST", "CANCEL"]
    assert [each.text("STATUS") for each in staff.events(staff.paul)] == ["CANCELLED"]
    assert [method for method, _ in staff.mailed()] == ["REQUEST", "CANCEL"]


@pytest.mark.parametrize("answered", [False, True])
def test_an_invitation_deleted_on_the_phone_is_declined_once(staff, answered):
    invite(staff, PAUL)
    phone, folder = staff.phone(staff.paul)
    if answered:
        accept(staff)
        phone.sync(folder)
    phone.sync(folder, [delete(*phone.items[folder])])
    assert staff.partstat(staff.marie, PAUL) == "DECLINED"
    assert staff.inbox(staff.marie) == ["REPLY"] * (1 + answered)
    assert staff.events(staff.paul) == []


def test_what_is_the_organizers_is_given_back_to_a_phone_that_changes_it(staff):
    invite(staff, PAUL)
    phone, folder = staff.phone(staff.paul)
    (name,) = phone.items[folder]
    result = phone.sync(folder, [change(name, event({"Subject": "Autre chose"}))])
    assert statuses(result.responses) == [("Change", "7")]
    assert subjects(phone.items[folder]) == ["Conseil"]
    assert [each.text("SUMMARY") for each in staff.events(staff.marie)] == ["Conseil"]
    with staff.school.reading() as tx:
        assert [each.data["subject"] for each in tx.refusals.of(staff.paul.id)] == ["Autre chose"]


@pytest.mark.parametrize("busy", [0, 1, 3])
def test_an_attendee_changes_reminder_and_time_shown_and_the_organizer_hears_nothing(staff, busy):
    invite(staff, PAUL)
    phone, folder = staff.phone(staff.paul)
    (name,) = phone.items[folder]
    result = phone.sync(folder, [change(name, event({"Reminder": 10, "BusyStatus": busy}))])
    assert statuses(result.responses) in ([], [("Change", "1")])
    assert phone.sync(folder).quiet
    assert phone.items[folder][name].value("Calendar:BusyStatus") == str(busy)
    assert staff.inbox(staff.marie) == []


def test_someone_without_an_address_invites_by_the_path_of_their_principal(staff):
    phone, folder = staff.phone(staff.lea)
    phone.sync(folder, [add("new", meeting(PAUL))])
    (mine,) = staff.events(staff.lea)
    assert itip.organizer(mine) == "/dav/principals/lea/"
    assert staff.inbox(staff.paul) == ["REQUEST"]


def test_the_address_of_the_account_on_the_phone_does_not_make_a_meeting_somebody_else_s(staff):
    invite(staff, PAUL, OrganizerEmail="marie@cadran.example", OrganizerName="Marie")
    (mine,) = staff.events(staff.marie)
    assert itip.organizer(mine) == f"mailto:{MARIE}"
    assert staff.inbox(staff.paul) == ["REQUEST"]


def test_an_occurrence_deleted_on_the_phone_of_an_attendee_is_declined_alone(staff):
    with staff.school.writing() as tx:
        agenda = staff.school.calendar(tx, staff.marie)
        lines = (f"ORGANIZER:mailto:{MARIE}", f"ATTENDEE:mailto:{PAUL}", "RRULE:FREQ=WEEKLY;COUNT=4")
        text = stored("serie", "Conseil", "20270111T080000Z", "20270111T090000Z", *lines)
        tx.scheduling.put(agenda, "serie.ics", text)
    phone, folder = staff.phone(staff.paul)
    (name,) = phone.items[folder]
    gone = [("Calendar:Deleted", "1"), ("Calendar:ExceptionStartTime", "20270118T080000Z")]
    phone.sync(folder, [change(name, event({"Exceptions": [("Calendar:Exception", gone)]}))])
    with staff.school.reading() as tx:
        (entry,) = tx.objects.entries(staff.school.calendar(tx, staff.marie))
        found = itip.read(tx.objects.get(staff.school.calendar(tx, staff.marie), entry.href).ical, tx.zone)
    said = [itip.partstat(itip.attendee(each, (f"mailto:{PAUL}",))) for each in found.parts.values()]
    assert said == ["NEEDS-ACTION", "DECLINED"]
