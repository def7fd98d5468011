"""Write and read who takes part in an event: Organizer*, Attendees, MeetingStatus (MS-ASCAL 2.2.2.4, 2.2.2.28)."""

from __future__ import annotations

from protocols.eas.body import one_line
from protocols.eas.codepages import Calendar
from protocols.eas.errors import ItemRefused
from protocols.eas.event import (
    CANCELLED_BIT,
    MEETING_BIT,
    NOT_ORGANIZER_BIT,
    address,
    cancelled,
)
from protocols.eas.item import ItemContext
from protocols.eas.wbxml import E, Element
from storage.contentlines import Component, Property

MAX_ATTENDEES = 500
STATUS_OF = {"TENTATIVE": 2, "ACCEPTED": 3, "DECLINED": 4, "NEEDS-ACTION": 5}
PARTSTAT_OF = {2: "TENTATIVE", 3: "ACCEPTED", 4: "DECLINED", 5: "NEEDS-ACTION"}
REQUIRED, OPTIONAL, RESOURCE = 1, 2, 3
ORGANIZER_RESPONSE, NO_ANSWER = 1, 5


def meeting(event: Component) -> bool:
    """Tell whether the event has people invited to it."""
    return any(address(prop) for prop in event.all("ATTENDEE"))


def mine(event: Component, context: ItemContext) -> bool:
    """Tell whether the event is the account holder's own, and not one somebody else invited them to."""
    prop = event.first("ORGANIZER")
    holder = address(prop) if prop else None
    return holder is None or holder.casefold() == context.account_email.casefold()


def meeting_status(event: Component, context: ItemContext) -> int:
    """Give MeetingStatus: 0 appointment, 1 meeting I organise, 3 somebody else's, 5 and 7 the same cancelled."""
    if context.invitation:
        status = MEETING_BIT | NOT_ORGANIZER_BIT
    elif meeting(event):
        status = MEETING_BIT if mine(event, context) else MEETING_BIT | NOT_ORGANIZER_BIT
    else:
        status = 0
    return status | MEETING_BIT | CANCELLED_BIT if cancelled(event) else status


def organizer(event: Component, context: ItemContext) -> list[Element]:
    """Give OrganizerName and OrganizerEmail; nothing without an address valid in form, for AOSP compares it."""
    prop = event.first("ORGANIZER")
    mail = address(prop) if prop else None
    if context.invitation and (mail is None or mail.casefold() == context.account_email.casefold()):
        domain = context.account_email.partition("@")[2] or "localhost.invalid"
        mail, prop = f"timetable@{domain}", None
    if mail is None:
        return []
    name = one_line((prop.param("CN") if prop else None) or mail)
    return [E(Calendar.OrganizerName, name), E(Calendar.OrganizerEmail, mail)]


def attendance(event: Component, context: ItemContext) -> list[Element]:
    """Give Attendees and, from 14.0, what is said of the answers; nothing for an event without guests."""
    if not meeting(event):
        return _invitation_answers(context) if context.invitation else []
    guests = E(Calendar.Attendees, *(element for prop in event.all("ATTENDEE") for element in _attendee(prop)))
    return [guests, *_answers(event, context)]


def attendees_only(event: Component) -> list[Element]:
    """Give the Attendees alone, as an Exception takes them from 14.0."""
    found = [element for prop in event.all("ATTENDEE") for element in _attendee(prop)]
    return [E(Calendar.Attendees, *found)] if found else []


def _attendee(prop: Property) -> list[Element]:
    mail = address(prop)
    if mail is None:
        return []
    status = STATUS_OF.get((prop.param("PARTSTAT") or "NEEDS-ACTION").upper(), 0)
    fields = (
        E(Calendar.Email, mail),
        E(Calendar.Name, one_line(prop.param("CN") or mail)),
        E(Calendar.AttendeeStatus, status),
        E(Calendar.AttendeeType, _type(prop)),
    )
    return [E(Calendar.Attendee, *fields)]


def _type(prop: Property) -> int:
    if (prop.param("CUTYPE") or "").upper() in ("RESOURCE", "ROOM"):
        return RESOURCE
    return OPTIONAL if (prop.param("ROLE") or "").upper() in ("OPT-PARTICIPANT", "NON-PARTICIPANT") else REQUIRED


def _answers(event: Component, context: ItemContext) -> list[Element]:
    if context.version < "14.0":
        return []
    own = next((prop for prop in event.all("ATTENDEE") if _is(prop, context.account_email)), None)
    answer = STATUS_OF.get((own.param("PARTSTAT") or "").upper(), NO_ANSWER) if own else NO_ANSWER
    asked = own is not None and (own.param("RSVP") or "").upper() == "TRUE"
    return [
        E(Calendar.ResponseRequested, asked),
        E(Calendar.ResponseType, ORGANIZER_RESPONSE if mine(event, context) else answer),
    ]


def _invitation_answers(context: ItemContext) -> list[Element]:
    """Discourage edits of an event shown as somebody else's: accepted, no answer wanted, no other time."""
    if context.version < "14.0":
        return []
    return [
        E(Calendar.DisallowNewTimeProposal, 1),
        E(Calendar.ResponseRequested, 0),
        E(Calendar.ResponseType, STATUS_OF["ACCEPTED"]),
    ]


def _is(prop: Property, mail: str) -> bool:
    return (address(prop) or "").casefold() == mail.casefold() != ""


def with_attendees(event: Component, data: Element) -> Component:
    """Put the guests a client lists into an event; those it kept keep every parameter it does not speak of.

    Guests without a valid address were never sent, so they stay. Raises ItemRefused(6) beyond 500 guests or for one
    without an address.
    """
    container = data.find(Calendar.Attendees)
    if container is None:
        return event
    listed = container.all(Calendar.Attendee)
    if len(listed) > MAX_ATTENDEES:
        raise ItemRefused(6, "attendees")
    former = {(address(prop) or prop.value).casefold(): prop for prop in event.all("ATTENDEE")}
    unsaid = [prop for prop in event.all("ATTENDEE") if address(prop) is None]
    kept = [_read_attendee(element, former) for element in listed]
    if [*unsaid, *kept] == list(event.all("ATTENDEE")) or set(kept) | set(unsaid) == set(former.values()):
        return event
    return event.replaced("ATTENDEE", *unsaid, *kept)


def _read_attendee(element: Element, former: dict[str, Property]) -> Property:
    mail = (element.value(Calendar.Email) or "").strip()
    made = Property.make("ATTENDEE", f"mailto:{mail}", {})
    if address(made) is None or any(char < " " for char in mail):
        raise ItemRefused(6, "attendee-address")
    known = former.get(mail.casefold())
    said = _said(element, mail)
    if known is not None and _attendee(known) == _attendee(_merged(known, said)):
        return known
    return _merged(known or made, said)


def _said(element: Element, mail: str) -> dict[str, str]:
    name = one_line(element.value(Calendar.Name) or "")
    said = {"CN": name} if name and name != mail else {}
    match element.value(Calendar.AttendeeType):
        case "2":
            said["ROLE"] = "OPT-PARTICIPANT"
        case "3":
            said["CUTYPE"] = "RESOURCE"
        case "1":
            said["ROLE"] = "REQ-PARTICIPANT"
    status = element.value(Calendar.AttendeeStatus) or ""
    if status.isdecimal() and int(status) in PARTSTAT_OF:
        said["PARTSTAT"] = PARTSTAT_OF[int(status)]
    return said


def _merged(prop: Property, said: dict[str, str]) -> Property:
    params = {name: values for name, values in prop.params if name not in said}
    return Property.make("ATTENDEE", prop.value, {**params, **{name: (text,) for name, text in said.items()}})
