"""People who meet: two teachers, two pupils, each with a client of their own."""

from __future__ import annotations

from dataclasses import dataclass

from storage import itip
from storage.contentlines import Component, parse
from storage.model import Role
from storage.outbox import OutboxMessage
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.caldav.client import C, Dav
from tests.storage.meetings import MARIE, PAUL, calendar, event, invited

LEO_PATH = "/dav/principals/leo/"
OUTSIDE = "mailto:parent@dehors.example"
PEOPLE = (
    NewPerson("marie", "Dupont", "Marie", Role.TEACHER, email="marie@ecole.example"),
    NewPerson("paul", "Petit", "Paul", Role.TEACHER, email="Paul@Ecole.example"),
    NewPerson("zoe", "Roux", "Zoé", Role.PUPIL, email="zoe@ecole.example"),
    NewPerson("leo", "Martin", "Léo", Role.PUPIL),
)
NAME = "reunion.ics"


@dataclass(frozen=True)
class Circle:
    """The people and what is asked about all of them."""

    store: Store
    marie: Dav
    paul: Dav
    zoe: Dav
    leo: Dav

    def meet(self, *who: str, name: str = NAME, **headers: str) -> str:
        """Let Marie invite somebody; returns the path of her event."""
        path = self.marie.agenda + name
        answer = self.marie.put(path, calendar(event(*invited(MARIE, *who), "SUMMARY:Conseil")), **headers)
        assert answer.status in {201, 204}, answer.body
        return path

    def copies(self, person: Dav, folder: str = "") -> list[str]:
        """Return the paths of what is in a person's agenda."""
        answer = person.propfind(folder or person.agenda, "{DAV:}getetag", depth="1")
        return [path for path in answer.rows if path != (folder or person.agenda)]

    def copy(self, person: Dav) -> str:
        """Return the path of the one event in a person's agenda."""
        (only,) = self.copies(person)
        return only

    def text(self, person: Dav, path: str = "") -> str:
        """Return the unfolded text of a person's one event, or of another object."""
        answer = person.send("GET", path or self.copy(person))
        assert answer.status == 200
        return answer.body.decode().replace("\r\n ", "")

    def event(self, person: Dav, path: str = "") -> Component:
        """Return the first event of an object of a person."""
        return parse(self.text(person, path).encode()).children("VEVENT")[0]

    def answer(self, person: Dav, address: str, status: str, **headers: str) -> int:
        """Let somebody write an answer into their copy as a client does; returns the status."""
        path = self.copy(person)
        line = itip.attendee(self.event(person), (address,))
        assert line is not None
        text = self.text(person).replace(line.line, itip.with_params(line, PARTSTAT=status).line)
        return person.put(path, text, **headers).status

    def partstat(self, person: Dav, address: str, path: str = "") -> str:
        """Return how somebody takes part according to a person's copy."""
        return itip.partstat(itip.attendee(self.event(person, path), (address,)))

    def inbox(self, person: Dav) -> list[str]:
        """Return the methods of the messages in a person's inbox, oldest first."""
        paths = sorted(self.copies(person, person.home + "inbox/"))
        return [parse(self.text(person, path).encode()).text("METHOD") or "" for path in paths]

    def newcomer(self, login: str, address: str) -> Dav:
        """Return the client of somebody who has just got an account."""
        with self.store.writing(self.marie.person.school_id) as tx:
            person = tx.principals.create(NewPerson(login, "Neuf", "Ève", Role.TEACHER, email=address))
        return Dav(self.store, person)

    def mails(self) -> list[OutboxMessage]:
        """Return what waits to be mailed, oldest first."""
        with self.store.reading(self.marie.person.school_id) as tx:
            return sorted(tx.outbox.latest(), key=lambda each: each.id)


def gather(store: Store) -> Circle:
    """Return four people of one school."""
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris")
    with store.writing(school.id) as tx:
        people = {each.login: Dav(store, each) for each in tx.principals.create_many(PEOPLE)}
    return Circle(store, **people)


def schedule_tag(person: Dav, path: str) -> str:
    """Return the schedule-tag property of an object."""
    return person.propfind(path, C + "schedule-tag").row.text(C + "schedule-tag")


__all__ = ["LEO_PATH", "MARIE", "NAME", "OUTSIDE", "PAUL", "Circle", "gather", "schedule_tag"]
