"""Answer invitations in a person's name: the one place where this protocol tells the scheduling engine an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from storage import addresses, itip
from storage.contentlines import Component, Property, serialise
from storage.errors import CadranError
from storage.ical_values import epoch
from storage.itip import Scheduled
from storage.model import CalendarObject, Collection, Principal
from storage.scheduling import Answer, Part, Wish, part
from storage.transaction import Transaction

ACCEPTED: Final = "ACCEPTED"
TENTATIVE: Final = "TENTATIVE"
DECLINED: Final = "DECLINED"


class NoInvitation(CadranError):
    """The event is none that this person is invited to, or it is cancelled."""


class NoSeries(CadranError):
    """An occurrence was named of an event that does not recur (MS-ASCMD 2.2.2, status 146)."""


def invitation(tx: Transaction, person: Principal, found: CalendarObject) -> Scheduled:
    """Return an event as scheduling reads it, if the person is invited to it; raises NoInvitation."""
    read = itip.read(found.ical, tx.zone)
    if part(read, addresses.of(person)) is not Part.ATTENDEE or itip.cancelled(read.any):
        raise NoInvitation
    return read


def occurrence(invited: Scheduled, sent: datetime) -> int:
    """Return the key of the occurrence that starts at an instant, where the series has it or where it was moved to.

    Android names a moved occurrence by its new start; one of whole days may be named by its date at midnight UTC.
    Raises NoSeries, and NoInvitation when nothing starts then.
    """
    master = invited.master
    if master is not None and not any(master.first(each) for each in ("RRULE", "RDATE")):
        raise NoSeries
    for moment in _meant(invited, int(sent.timestamp())):
        for key, component in invited.parts.items():
            if key is not None and moment in (key, _starts(invited, component)):
                return key
        if moment not in invited.excluded() and itip.instance(invited, moment) is not None:
            return moment
    raise NoInvitation


def _meant(invited: Scheduled, moment: int) -> tuple[int, ...]:
    first = invited.timing(invited.any).starts
    if first is None or isinstance(first, datetime):
        return (moment,)
    return moment, epoch(datetime.fromtimestamp(moment, UTC).date(), invited.zone)


def _starts(invited: Scheduled, component: Component) -> int | None:
    found = invited.timing(component).starts
    return None if found is None else epoch(found, invited.zone)


def answer(tx: Transaction, person: Principal, place: tuple[Collection, CalendarObject], said: Answer) -> None:
    """Answer the invitation at a place; the organizer learns of it if it is news and the answer is to be told.

    A declined event is deleted, a declined occurrence taken out of its series, after what is proposed instead was told.
    Raises NoInvitation, ReadOnly and SchedulingRefused.
    """
    collection, found = place
    invited = invitation(tx, person, found)
    key = said.instance
    if said.partstat != DECLINED or said.proposed is not None or said.comment:
        if key is not None and key not in invited.parts and itip.instance(invited, key) is None:
            raise NoInvitation
        found = tx.scheduling.answer(collection, found, said).object
        invited = itip.read(found.ical, tx.zone)
    if said.partstat != DECLINED:
        return
    wish = Wish(reply=said.told)
    if key is None or set(invited.parts) == {key}:
        tx.scheduling.delete(collection, found.href, wish)
    elif invited.master is not None:
        text = serialise(_without(invited, invited.master, key).root)
        tx.scheduling.put(collection, found.href, text, wish)


def _without(invited: Scheduled, master: Component, key: int) -> Scheduled:
    occurring = invited.parts.get(key) or itip.instance(invited, key)
    named = None if occurring is None else occurring.first("RECURRENCE-ID")
    if named is None:
        raise NoInvitation
    line = Property.make("EXDATE", named.value, dict(named.params))
    series = Component(master.name, (*master.properties, line), master.components)
    return invited.with_parts([series, *(each for at, each in invited.parts.items() if at not in (None, key))])
