"""Who only reads a shared calendar sets alarms of their own there, and changes nothing else."""

from __future__ import annotations

import pytest

from storage.model import Admission, Role
from storage.principals import NewPerson
from tests.protocols.caldav.client import D, Dav, event_text
from tests.protocols.caldav.test_personal_data import alarm, plain, tags, text
from tests.protocols.caldav.test_sharing import accepted

PLACE = ("LOCATION;LANGUAGE=fr;X-A=b:Salle 12\\, au fond", "DTEND:20261124T090000Z")
ORGANIZED = ("ORGANIZER:mailto:marie.dupont@ecole.example", "ATTENDEE:mailto:leo@dehors.example")


@pytest.fixture
def shared(marie: Dav, leo: Dav) -> str:
    """Where Léo has Marie's agenda, to read; her event has an alarm of 5 minutes."""
    folder = accepted(marie, leo, "<CS:read/>")
    assert marie.put(marie.agenda + "plain.ics", plain(*PLACE, *alarm(5))).status == 204
    return folder


def test_an_alarm_of_a_reader_is_kept_and_is_the_readers_alone(marie: Dav, leo: Dav, shared: str) -> None:
    path = shared + "plain.ics"
    before, first = text(marie, marie.agenda + "plain.ics"), leo.send("GET", path).etag
    token = leo.sync(shared).token
    written = leo.put(path, plain(*PLACE, "TRANSP:TRANSPARENT", *alarm(30)), if_match=first)
    assert (written.status, "-PT30M" in text(leo, path), "-PT5M" in text(leo, path)) == (204, True, False)
    assert text(marie, marie.agenda + "plain.ics") == before
    (now,) = tags(leo, path)
    assert now != first
    assert set(leo.sync(shared, token).rows) == {path}
    assert leo.put(path, plain(*PLACE, *alarm(15)), if_match=first).status == 412
    assert leo.put(path, plain(*PLACE), if_match=now).status == 204
    assert "VALARM" not in text(leo, path)


def test_what_a_program_writes_anew_by_itself_is_no_change(leo: Dav, shared: str) -> None:
    path = shared + "plain.ics"
    lines = text(leo, path).split("\r\n")
    start, end = lines.index("BEGIN:VEVENT") + 1, lines.index("END:VEVENT")
    body = [each for each in lines[start:end] if not each.startswith(("DTSTAMP", "LOCATION"))]
    body += ['location;x-a=b;Language="fr":Salle 12\\, au fo\r\n nd', "DTSTAMP:20261201T000000Z"]
    body += ["LAST-MODIFIED:20261201T000000Z", "X-MOZ-GENERATION:3", *alarm(10)]
    head = ["BEGIN:VCALENDAR", "PRODID:-//Mozilla.org//FR", "VERSION:2.0", "X-WR-CALNAME:x", "BEGIN:VEVENT"]
    written = leo.put(path, "\r\n".join([*head, *reversed(body[:-5]), *body[-5:], "END:VEVENT", "END:VCALENDAR", ""]))
    assert (written.status, "ETag" in written.headers) == (204, False)
    assert "-PT10M" in text(leo, path)
    assert "X-MOZ-GENERATION" not in text(leo, path)


OTHERS = {
    "title": plain(*PLACE, *alarm(30), title="Conseil de classe"),
    "no place": plain(PLACE[1], *alarm(30)),
    "one line more": plain(*PLACE, "DESCRIPTION:x", *alarm(30)),
    "people": plain(*PLACE, *ORGANIZED, *alarm(30)),
    "time": plain(PLACE[0], "DTEND:20261124T093000Z", *alarm(30)),
    "status": plain(*PLACE, "STATUS:CANCELLED", *alarm(30)),
    "private": plain(*PLACE, "CLASS:PRIVATE", *alarm(30)),
    "a file": plain(*PLACE, "ATTACH:https://dehors.example/x", *alarm(30)),
    "an instance": plain(*PLACE, *alarm(30)).replace(
        "END:VCALENDAR",
        "\r\n".join(["BEGIN:VEVENT", "UID:plain", "DTSTAMP:20261120T080000Z", "RECURRENCE-ID:20261124T080000Z"])
        + "\r\nDTSTART:20261124T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR",
    ),
    "another UID": plain(*PLACE, *alarm(30)).replace("UID:plain", "UID:other"),
    "no calendar": "BEGIN:VCALENDAR",
    "more than a few alarms": plain(*PLACE, *(line for n in range(100) for line in alarm(n))),
}


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
def test_whatever_else_a_reader_changes_is_refused(marie: Dav, leo: Dav, shared: str, body: str) -> None:
    path = shared + "plain.ics"
    before, own = text(marie, marie.agenda + "plain.ics"), text(leo, path)
    refused = leo.put(path, body)
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert (text(marie, marie.agenda + "plain.ics"), text(leo, path)) == (before, own)


def test_a_reader_makes_deletes_and_moves_nothing(leo: Dav, shared: str) -> None:
    path = shared + "plain.ics"
    assert leo.put(shared + "new.ics", event_text("new", "x", "20261124T080000Z", *alarm(5))).status == 403
    assert leo.send("DELETE", path).status == 403
    assert leo.send("MOVE", path, destination=leo.agenda + "a.ics").status == 403


@pytest.mark.parametrize("access", ["<CS:read/>", "<C:read-free-busy/>"])
def test_what_is_hidden_takes_no_alarms(marie: Dav, leo: Dav, access: str) -> None:
    folder = accepted(marie, leo, access)
    private = plain("DURATION:PT1H", "CLASS:PRIVATE")
    marie.put(marie.agenda + "plain.ics", private)
    shown = text(leo, folder + "plain.ics")
    for body in (private, shown.replace("END:VEVENT", "\r\n".join([*alarm(5), "END:VEVENT"]))):
        assert leo.put(folder + "plain.ics", body).status == 403


def test_imported_lessons_take_none(marie: Dav, leo: Dav) -> None:
    assert leo.put(leo.timetable + "a.ics", plain(*alarm(5))).status == 403
    assert marie.put(marie.home + "emploi-du-temps/a.ics", plain(*alarm(5))).status == 403


@pytest.mark.parametrize(("access", "status"), [(Admission.READ, 403), (Admission.WRITE, 204)])
def test_delegates_of_a_reader_set_the_readers_alarms_only_if_they_write(
    marie: Dav, leo: Dav, zoe: Dav, access: Admission, status: int
) -> None:
    folder = accepted(leo, marie, "<CS:read/>")
    leo.put(leo.agenda + "plain.ics", plain(*PLACE))
    with marie.store.writing(marie.person.school_id) as tx:
        other = tx.principals.create(NewPerson("bea", "Blanc", "Béa", Role.STAFF))
        tx.delegations.give("admin", marie.person, other, access)
    delegate = Dav(marie.store, other)
    assert delegate.put(folder + "plain.ics", plain(*PLACE, *alarm(30))).status == status
    assert ("-PT30M" in text(marie, folder + "plain.ics")) is (status == 204)
    assert zoe.put(folder + "plain.ics", plain(*PLACE, *alarm(30))).status in {403, 404}
