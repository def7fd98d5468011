"""Managed attachments of what comes back from the trash: what gave access to a file gives it again, nothing more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from storage.model import Client, ClientKind, NewCalendar
from storage.schema_attachments import attachment
from storage.store import Store
from tests.protocols.caldav.attaching import SMALL, attached, link_after, put
from tests.protocols.caldav.client import BASE, D, Dav, event_text
from tests.protocols.caldav.meetings import PAUL, Circle, gather

DAV = Client(ClientKind.DAV)


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """On both databases."""
    return str(request.param)


@pytest.fixture
def circle(migrated_url: str) -> Iterator[Circle]:
    """Four people of a school with little room."""
    store = Store(migrated_url, SMALL)
    yield gather(store)
    store.close()


def trashed(person: Dav) -> str:
    """Return the address of the one thing in a person's trash."""
    found = person.propfind(f"{person.home}trash/", D + "displayname", depth="1").rows
    (only,) = (path for path in found if path != f"{person.home}trash/")
    return only


def restore(person: Dav, path: str) -> int:
    return person.send("MOVE", trashed(person), destination=BASE + path).status


def test_a_deleted_invitation_comes_back_with_its_attachment(circle: Circle) -> None:
    paul = circle.paul
    _, file = link_after(circle.marie, circle.meet(PAUL))
    assert paul.send("DELETE", circle.copy(paul)).status == 204
    assert paul.send("GET", file).status == 404
    assert restore(paul, paul.agenda + "again.ics") == 201
    assert paul.send("GET", file).body == b"Ordre du jour"


def test_a_deleted_calendar_comes_back_with_what_others_attached(circle: Circle) -> None:
    marie, paul = circle.marie, circle.paul
    with circle.store.writing(marie.person.school_id) as tx:
        tx.collections.create(marie.person, NewCalendar("club", "Club"))
    club = marie.home + "club/"
    _, file = link_after(marie, put(marie))
    assert marie.send("MOVE", marie.agenda + "a.ics", destination=f"{BASE}{club}a.ics").status == 201
    _given_by(circle, paul, file)
    assert marie.send("DELETE", club).status == 204
    assert restore(marie, club) == 201
    assert marie.send("GET", file).body == b"Ordre du jour"


def _given_by(circle: Circle, giver: Dav, file: str) -> None:
    """Let somebody else be who added the file."""
    with circle.store.writing(giver.person.school_id) as tx:
        this = attachment.c.managed_id == file.split("/")[3]
        tx.connection.execute(update(attachment).where(this).values(owner_id=giver.person.id))


def test_what_gave_no_access_gives_none_when_it_comes_back(circle: Circle) -> None:
    paul = circle.paul
    managed, file = link_after(circle.marie, put(circle.marie))
    named = f"ATTACH;MANAGED-ID={managed}:https://cadran.example{file}"
    with circle.store.writing(paul.person.school_id) as tx:
        agenda = tx.collections.by_slug(paul.person, "agenda", DAV)
        tx.objects.put(agenda, "v.ics", event_text("v", "Vol", "20261123T080000Z", named).encode())
    assert paul.send("DELETE", paul.agenda + "v.ics").status == 204
    assert restore(paul, paul.agenda + "v.ics") == 201
    (line,) = attached(paul, paul.agenda + "v.ics")["M"]
    assert line.param("MANAGED-ID") is None
    assert paul.send("GET", file).status == 404
