"""Answer invitations in a person's name: the one place where this protocol tells the scheduling engine an answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from storage import addresses, itip
from storage.contentlines import Component, Property, serialise
from storage.errors import CadranError
from storage.ical_values import epoch
from storage.itip import Key, Scheduled
from storage.model import CalendarObject, Collection, Principal
from storage.scheduling import Part, part
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


def answer(tx: Transaction, person: Principal, place: tuple[Collection, CalendarObject], said: tuple[str, Key]) -> None:
    """Answer the invitation at a place; the organizer learns of it if it is news.

    `said` is the PARTSTAT and the occurrence, None for all of them. A declined event is deleted, a declined occurrence
    taken out of its series. Raises NoInvitation, ReadOnly and SchedulingRefused.
    """
    collection, found = place
    status, key = said
    invited = invitation(tx, person, found)
    if status == DECLINED and (key is None or set(invited.parts) == {key}):
        tx.scheduling.delete(collection, found.href)
        return
    if status == DECLINED and key is not None and invited.master is not None:
        text = serialise(_without(invited, invited.master, key).root)
    else:
        text = serialise(_answered(invited, _written(invited, person), status, key).root)
    if text != found.ical:
        tx.scheduling.put(collection, found.href, text)


def _written(invited: Scheduled, person: Principal) -> set[str]:
    """Return a person's addresses as an event writes them."""
    known = addresses.of(person)
    return {who for each in invited.parts.values() for who in itip.attendees(each) if addresses.resolved(who) in known}


def _occurrence(invited: Scheduled, key: int) -> Component:
    found = invited.parts.get(key) or itip.instance(invited, key)
    if found is None:
        raise NoInvitation
    return found


def _without(invited: Scheduled, master: Component, key: int) -> Scheduled:
    named = _occurrence(invited, key).first("RECURRENCE-ID")
    assert named is not None
    line = Property.make("EXDATE", named.value, dict(named.params))
    series = Component(master.name, (*master.properties, line), master.components)
    return invited.with_parts([series, *(each for at, each in invited.parts.items() if at not in (None, key))])


def _answered(invited: Scheduled, mine: set[str], status: str, key: Key) -> Scheduled:
    parts = dict(invited.parts)
    if key is not None:
        parts[key] = _occurrence(invited, key)
    return invited.with_parts(_saying(each, mine, status) if key in (None, at) else each for at, each in parts.items())


def _saying(component: Component, mine: set[str], status: str) -> Component:
    lines = (
        itip.with_params(prop, PARTSTAT=status, RSVP=None)
        if prop.name == "ATTENDEE" and itip.address(prop.value) in mine
        else prop
        for prop in component.properties
    )
    return Component(component.name, tuple(lines), component.components)
