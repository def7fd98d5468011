"""What the tests of attachments share: people with little room, and what they do."""

from __future__ import annotations

from storage.contentlines import Component, Property, parse
from storage.limits import Limits
from tests.protocols.caldav.client import Answer, Dav, event_text

SMALL = Limits(attachment_size=1000, attachments=2, school=2500, person=6000)
WEEKLY = ("DTEND:20261123T090000Z", "RRULE:FREQ=WEEKLY;COUNT=4")
PLAIN = {"content_type": "text/plain", "content_disposition": 'attachment; filename="agenda.txt"'}
ADD = "?action=attachment-add"


def update(managed_id: str) -> str:
    return f"?action=attachment-update&managed-id={managed_id}"


def remove(managed_id: str, rid: str = "") -> str:
    return f"?action=attachment-remove&managed-id={managed_id}" + (f"&rid={rid}" if rid else "")


def put(person: Dav, name: str = "a.ics", *lines: str) -> str:
    """Write an event and return its path."""
    path = person.agenda + name
    assert person.put(path, event_text(name, "Conseil", "20261123T080000Z", *lines)).status == 201
    return path


def add(person: Dav, path: str, content: bytes = b"Ordre du jour", rid: str = "", **headers: str) -> Answer:
    """Add an attachment, by default a small text."""
    return person.send("POST", path + ADD + (f"&rid={rid}" if rid else ""), content, **{**PLAIN, **headers})


def components(person: Dav, path: str) -> tuple[Component, ...]:
    """Return the events of an object as they are now."""
    return parse(person.send("GET", path).body).children("VEVENT")


def attached(person: Dav, path: str) -> dict[str, list[Property]]:
    """Return the attachments of an object by RECURRENCE-ID."""
    return {each.text("RECURRENCE-ID") or "M": list(each.all("ATTACH")) for each in components(person, path)}


def where(person: Dav, path: str) -> dict[str, int]:
    """Return how many attachments each component has."""
    return {key: len(lines) for key, lines in attached(person, path).items()}


def href(line: Property) -> str:
    """Return the path of an attachment's address."""
    assert line.value.startswith("https://cadran.example/")
    return line.value.removeprefix("https://cadran.example")


def link(person: Dav, path: str) -> str:
    """Return the path of the one attachment of an object."""
    (line,) = attached(person, path)["M"]
    return href(line)


def link_after(person: Dav, path: str, content: bytes = b"Ordre du jour") -> tuple[str, str]:
    """Add an attachment and return its id and its path."""
    managed = add(person, path, content).headers["Cal-Managed-ID"]
    return managed, link(person, path)


def series(person: Dav) -> str:
    """Write a series of four with one instance moved; returns its path."""
    whole = event_text("s", "Cours", "20261123T080000Z", *WEEKLY)
    moved = event_text("s", "Cours", "20261130T100000Z", "DTEND:20261130T110000Z", "RECURRENCE-ID:20261130T080000Z")
    start = moved.index("BEGIN:VEVENT")
    override = moved[start : moved.index("END:VCALENDAR")]
    assert person.put(person.agenda + "s.ics", whole.replace("END:VCALENDAR", override + "END:VCALENDAR")).status == 201
    return person.agenda + "s.ics"
