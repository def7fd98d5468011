"""Whom one may not know is answered about as somebody who is not there: scheduling tells nobody's existence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage import contentlines, itip
from storage.itip import Message
from storage.model import Admission, Role
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.caldav.client import SPACES, C, Dav
from tests.protocols.caldav.meetings import LEO_PATH, MARIE, NAME, PAUL, Circle, gather
from tests.storage.meetings import ZOE, calendar, event, invited, meeting

ADA = "mailto:ada@ecole.example"
NOBODY = "mailto:nobody@ecole.example"
NO_PATH = "/dav/principals/nobody/"


@pytest.fixture
def circle(store: Store) -> Circle:
    """Two teachers and two pupils."""
    return gather(store)


@pytest.fixture
def ada(circle: Circle) -> Dav:
    """A pupil with a mail address."""
    return join(circle, "ada", Role.PUPIL)


def join(circle: Circle, login: str, role: Role, email: str = "") -> Dav:
    """Give somebody an account."""
    with circle.store.writing(circle.marie.person.school_id) as tx:
        email = email or f"{login}@ecole.example"
        return Dav(circle.store, tx.principals.create(NewPerson(login, "Neuf", "Ada", role, email=email)))


def status(person: Dav, path: str, name: str = "ATTENDEE", who: str = "") -> str | None:
    """Return the SCHEDULE-STATUS on a line of a person's event."""
    root = contentlines.parse(person.send("GET", path).body)
    prop = next(p for p in root.children("VEVENT")[0].all(name) if not who or itip.address(p.value) == who)
    return prop.param("SCHEDULE-STATUS")


def invite(by: Dav, address: str, who: str, name: str = NAME) -> str | None:
    """Let somebody invite one other; returns the outcome that the server tells."""
    path = by.agenda + name
    text = calendar(event(*invited(address, address, who, by=address), uid=name))
    assert by.put(path, text).status == 201
    return status(by, path, who=itip.address(who))


@pytest.mark.parametrize(("there", "absent"), [(ADA, NOBODY), (LEO_PATH, NO_PATH)])
def test_a_pupil_inviting_pupils_learns_nothing(circle: Circle, ada: Dav, there: str, absent: str):
    told = invite(circle.zoe, ZOE, there)
    assert told == invite(circle.zoe, ZOE, absent, "b.ics") in {"3.7", "3.8"}
    assert circle.inbox(ada) == circle.inbox(circle.leo) == []
    assert circle.copies(ada) == circle.copies(circle.leo) == []


def test_a_pupil_may_invite_those_who_work_in_the_school(circle: Circle):
    assert invite(circle.zoe, ZOE, PAUL) == "1.2"
    assert circle.inbox(circle.paul) == ["REQUEST"]


def test_pupils_who_may_find_one_another_may_meet(circle: Circle, ada: Dav):
    with circle.store.writing(circle.marie.person.school_id) as tx:
        tx.configure(replace(tx.school.settings, pupils_find_pupils=True))
    assert invite(circle.zoe, ZOE, ADA) == "1.2"
    assert circle.inbox(ada) == ["REQUEST"]


def test_a_guardian_may_invite_the_pupil_whose_calendars_they_read(circle: Circle, ada: Dav):
    parent = join(circle, "parent", Role.GUARDIAN)
    with circle.store.writing(circle.marie.person.school_id) as tx:
        tx.delegations.give("admin", ada.person, parent.person, Admission.READ)
    assert invite(parent, "mailto:parent@ecole.example", ADA) == "1.2"
    assert invite(parent, "mailto:parent@ecole.example", ZOE, "b.ics") == "3.8"


@pytest.mark.parametrize(("there", "absent"), [(ADA, NOBODY), (LEO_PATH, NO_PATH)])
def test_as_many_statements_run_for_a_stranger_as_for_nobody(circle: Circle, ada: Dav, there: str, absent: str):
    circle.zoe.put(circle.zoe.agenda + "first.ics", calendar(event(uid="first")))
    counts = []
    for name, who in (("a.ics", there), ("b.ics", absent)):
        with circle.zoe.counting() as seen:
            text = calendar(event(*invited(ZOE, ZOE, who, by=ZOE), uid=name))
            circle.zoe.put(circle.zoe.agenda + name, text)
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("there", "absent"), [(ADA, NOBODY), (LEO_PATH, NO_PATH)])
def test_a_pupil_answering_an_invented_meeting_learns_nothing(circle: Circle, ada: Dav, there: str, absent: str):
    told = []
    for name, by in (("a.ics", there), ("b.ics", absent)):
        text = calendar(event(*invited(by, ZOE, by=by, PARTSTAT="ACCEPTED"), uid=name))
        assert circle.zoe.put(circle.zoe.agenda + name, text).status == 201
        told.append(status(circle.zoe, circle.zoe.agenda + name, "ORGANIZER"))
    assert told[0] == told[1]


def test_pupils_who_share_an_address_do_not_write_outside(circle: Circle):
    _, twin = (join(circle, login, Role.PUPIL, "parents@dehors.example") for login in ("jumelle", "jumeau"))
    assert invite(twin, "mailto:parents@dehors.example", "mailto:friend@dehors.example") == "3.8"
    assert circle.mails() == []


def test_answering_does_not_tell_which_meetings_others_have(circle: Circle):
    """Paul guesses the UID of a meeting to which he is not invited."""
    circle.meet(MARIE, ZOE)
    told = []
    for name, uid in (("a.ics", "reunion"), ("b.ics", "guess")):
        text = calendar(event(*invited(MARIE, PAUL, PARTSTAT="ACCEPTED"), uid=uid))
        assert circle.paul.put(circle.paul.agenda + name, text).status == 201
        told.append(status(circle.paul, circle.paul.agenda + name, "ORGANIZER"))
    assert told == ["5.1", "5.1"]
    assert circle.inbox(circle.marie) == []


def asked(person: Dav, by: str, who: str, masked: str) -> str:
    """Return the free-busy answer about somebody, a meeting being left out."""
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//T//EN\r\nMETHOD:REQUEST\r\nBEGIN:VFREEBUSY\r\nUID:q\r\n"
        "DTSTAMP:20261101T000000Z\r\nDTSTART:20261123T000000Z\r\nDTEND:20261124T000000Z\r\n"
        f"X-CALENDARSERVER-MASK-UID:{masked}\r\n"
        f"ORGANIZER:{by}\r\nATTENDEE:{who}\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    )
    answer = person.send("POST", person.home + "outbox/", text, content_type="text/calendar")
    assert answer.status == 200
    return answer.tree.findtext(f".//{C}calendar-data") or ""


def test_a_masked_uid_counts_only_for_meetings_of_the_asker(circle: Circle):
    circle.paul.put(circle.paul.agenda + "own.ics", calendar(event(uid="own")))
    circle.meet(MARIE, PAUL, ZOE)
    assert "FREEBUSY" in asked(circle.marie, MARIE, PAUL, "own").replace("VFREEBUSY", "")
    assert "FREEBUSY" in asked(circle.paul, PAUL, ZOE, "reunion").replace("VFREEBUSY", "")
    assert "FREEBUSY" not in asked(circle.marie, MARIE, ZOE, "reunion").replace("VFREEBUSY", "")


def test_one_s_own_uid_may_be_masked(circle: Circle):
    circle.paul.put(circle.paul.agenda + "own.ics", calendar(event(uid="own")))
    assert "FREEBUSY" not in asked(circle.paul, PAUL, PAUL, "own").replace("VFREEBUSY", "")


def test_searching_finds_a_stranger_no_more_than_nobody(circle: Circle, ada: Dav):
    bodies = [
        f"<D:principal-property-search {SPACES}><D:property-search><D:prop>"
        f"<C:calendar-user-address-set/></D:prop><D:match>{who}</D:match></D:property-search>"
        "<D:prop><D:displayname/></D:prop></D:principal-property-search>"
        for who in (ADA, NOBODY)
    ]
    first, second = (circle.zoe.send("REPORT", "/dav/principals/", body, depth="0") for body in bodies)
    assert first.body == second.body
    assert circle.marie.send("REPORT", "/dav/principals/", bodies[0], depth="0").rows


def test_a_letter_from_outside_reaches_a_pupil_and_tells_the_sender_nothing(circle: Circle, ada: Dav):
    told = meeting(event(*invited("mailto:out@dehors.example", ADA, by="mailto:out@dehors.example"))).root
    with circle.store.writing(circle.marie.person.school_id) as tx:
        assert tx.scheduling.receive(Message("REQUEST", "mailto:out@dehors.example", ADA, told))
    assert circle.answer(ada, ADA, "ACCEPTED") == 204
    assert circle.mails() == []


@pytest.mark.parametrize("who", ["mailto:", "mailto:?subject=x", "MAILTO: "])
def test_an_address_without_a_mailbox_is_not_that_of_the_one_person_without_mail(circle: Circle, who: str):
    path = circle.marie.agenda + NAME
    assert circle.marie.put(path, calendar(event(*invited(MARIE, MARIE, who)))).status == 201
    assert circle.copies(circle.leo) == []
    assert circle.mails() == []
