"""Recognise in a phone's mail what the server tells by itself (reference/eas.md section 10.8).

Up to 14.1 a phone writes invitations and answers as mail, besides changing the event in the calendar. Here the change
of the calendar is what tells the others, in the school at once and outside by mail, so the letter is not sent again.
A letter that comes before its change makes the change.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Final

from protocols.eas.errors import CommandRefused
from protocols.eas.invitations import ACCEPTED, DECLINED, TENTATIVE, NoInvitation, answer
from protocols.eas.session import Session
from storage import addresses, contentlines, itip, own_copies
from storage.errors import InvalidObject, NotFound, ReadOnly, SchedulingRefused, UidConflict
from storage.itip import Scheduled
from storage.model import CalendarKind, Expect
from storage.scheduling import Answer, Part, Wish, part

SUBMISSION_FAILED: Final = 120
_ANSWERS: Final = frozenset({ACCEPTED, TENTATIVE, DECLINED})
_REFUSALS: Final = (InvalidObject, NotFound, ReadOnly, SchedulingRefused, UidConflict)


def taken_care_of(session: Session, calendar: bytes) -> frozenset[str]:
    """Return the mail addresses that learn from the calendar what a letter tells them, and see that they do.

    Nobody for a calendar that is no invitation, cancellation or answer of this person. Raises CommandRefused(120) when
    the letter asks what cannot be done.
    """
    try:
        root = contentlines.parse(calendar)
        told = itip.scheduled(root, session.tx.zone)
    except InvalidObject:
        return frozenset()
    method = (root.text("METHOD") or "").strip().upper()
    act = _METHODS.get(method)
    if act is None or not told.uid:
        return frozenset()
    try:
        return _mailboxes(act(session, told))
    except _REFUSALS as error:
        raise CommandRefused(SUBMISSION_FAILED) from error


def _request(session: Session, told: Scheduled) -> frozenset[str]:
    """Store a meeting that is not in a calendar yet; its attendees are told by that."""
    tx, person = session.tx, session.principal
    if part(told, addresses.of(person)) is not Part.ORGANIZER:
        return frozenset()
    if not own_copies.existed(tx, person, told.uid):
        own = tx.collections.subscribed(person)
        here = next((each for each in own if each.kind is CalendarKind.DEFAULT), None)
        if here is None:
            raise NotFound("collection", CalendarKind.DEFAULT.value)
        text = contentlines.serialise(told.root.without("METHOD"))
        tx.scheduling.put(here, f"{uuid.uuid4()}.ics", text, Wish(Expect(absent=True)))
    return _attendees(told)


def _cancel(session: Session, told: Scheduled) -> frozenset[str]:
    """Leave it to the change of the calendar, which comes or has come, to tell of it."""
    by = itip.organizer(told.any)
    mine = by is not None and addresses.resolved(by) in addresses.of(session.principal)
    known = mine and own_copies.existed(session.tx, session.principal, told.uid)
    return _attendees(told) if known else frozenset()


def _reply(session: Session, told: Scheduled) -> frozenset[str]:
    """Answer as the letter does; the organizer is told unless that has been done."""
    tx, person = session.tx, session.principal
    by, place = itip.organizer(told.any), own_copies.find(tx, person, told.uid)
    if by is None or not own_copies.existed(tx, person, told.uid):
        return frozenset()
    if place is None:
        # Declined, and by that deleted: the organizer was told.
        return frozenset({by})
    for key, component in told.parts.items():
        own = next((p for p in component.all("ATTENDEE") if addresses.resolved(p.value) in addresses.of(person)), None)
        status = itip.partstat(own)
        if own is None or status not in _ANSWERS:
            return frozenset()
        try:
            place = own_copies.find(tx, person, told.uid)
            if place is not None:
                answer(tx, person, place, Answer(status, key))
        except NoInvitation:
            # An occurrence that was declined is no longer there; of other things there is nothing to answer.
            if status != DECLINED:
                return frozenset()
    return frozenset({by})


def _attendees(told: Scheduled) -> frozenset[str]:
    return frozenset(who for each in told.parts.values() for who in itip.attendees(each))


def _mailboxes(found: frozenset[str]) -> frozenset[str]:
    return frozenset(each.removeprefix("mailto:") for each in found if each.startswith("mailto:"))


_METHODS: Final[Mapping[str, Callable[[Session, Scheduled], frozenset[str]]]] = {
    "REQUEST": _request,
    "CANCEL": _cancel,
    "REPLY": _reply,
}
