"""When people are busy, as those may know who plan with them (RFC 6638, 5; RFC 5546, 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from storage import addresses, contentlines, ical, ical_availability, itip
from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.listings import CHUNK
from storage.model import CalendarKind, CalendarObject, Collection, Principal
from storage.zones import collection_zone

if TYPE_CHECKING:
    from storage.transaction import Transaction

KINDS: Final = frozenset({CalendarKind.DEFAULT, CalendarKind.SECONDARY, CalendarKind.TIMETABLE, CalendarKind.BOOKINGS})
_AS_EVENT: Final = {"DECLINED": "CANCELLED", "TENTATIVE": "TENTATIVE", "NEEDS-ACTION": "TENTATIVE"}


def busy(
    tx: Transaction,
    person: Principal,
    start: datetime,
    end: datetime,
    without: str = "",
    planner: Principal | None = None,
) -> Iterator[tuple[int, int, str]]:
    """Yield the (starts, ends, FBTYPE) of a person within [start, end), unsorted, from all own opaque calendars.

    To these come the times at which the person says not to be available (RFC 7953, 5).

    The timetable and bookings count. Invitations count as tentative until they are accepted, declined ones not at all.
    `without` is the UID of a meeting to leave out: the one that the planner organizes and plans anew. Nobody learns by
    it which UIDs others have.
    """
    mine, theirs = addresses.of(person), frozenset() if planner is None else addresses.of(planner)
    for collection in tx.collections.subscribed(person):
        if collection.kind in KINDS and _counts(collection) and not collection.transparent:
            zone = collection_zone(collection, tx.zone)
            for found in _objects(tx, collection, start, end):
                if found.uid != without or not (mine == theirs or _organized(found, theirs)):
                    yield from ical.busy(_answered(found, mine), start, end, zone)
    yield from _unavailable(tx, person, start, end)


def _unavailable(
    tx: Transaction, person: Principal, start: datetime, end: datetime
) -> tuple[tuple[int, int, str], ...]:
    """Return when a person says not to be available; what cannot be reckoned with says nothing."""
    said = tx.preferences.availability(person)
    try:
        return ical_availability.unavailable(said, start, end, tx.zone) if said else ()
    except InvalidObject:
        return ()


def of_collection(
    tx: Transaction, collection: Collection, start: datetime, end: datetime
) -> Iterator[tuple[int, int, str]]:
    """Yield the (starts, ends, FBTYPE) of one collection within [start, end), unsorted."""
    zone = collection_zone(collection, tx.zone)
    for found in _objects(tx, collection, start, end):
        yield from ical.busy(found.ical, start, end, zone)


def merged(periods: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return periods in order, those of a kind that touch or overlap made one."""
    last: dict[str, list[int]] = {}
    found: list[tuple[str, list[int]]] = []
    for starts, ends, kind in sorted(periods):
        if starts >= ends:
            continue
        open_one = last.get(kind)
        if open_one is not None and starts <= open_one[1]:
            open_one[1] = max(open_one[1], ends)
            continue
        last[kind] = [starts, ends]
        found.append((kind, last[kind]))
    return [(starts, ends, kind) for kind, (starts, ends) in found]


def _counts(collection: Collection) -> bool:
    """Tell whether a calendar may make a person busy: their own, and another's that is shared with them."""
    return collection.owned or collection.access is not None


def _objects(tx: Transaction, collection: Collection, start: datetime, end: datetime) -> Iterator[CalendarObject]:
    hits = tx.objects.in_range(collection, int(start.timestamp()), int(end.timestamp()), ("VEVENT",))
    names = [row.href for row in (*hits.entries, *hits.unsure)]
    for at in range(0, len(names), CHUNK):
        yield from tx.objects.many(collection, names[at : at + CHUNK]).values()


def _organized(found: CalendarObject, by: frozenset[str]) -> bool:
    """Tell whether the holder of some addresses organizes a meeting."""
    try:
        root = contentlines.parse(found.ical)
    except InvalidObject:
        return False
    named = [itip.organizer(each) for each in root.children(found.component)]
    return bool(named) and all(each is not None and addresses.resolved(each) in by for each in named)


def _answered(found: CalendarObject, mine: frozenset[str]) -> bytes:
    """Return the text of an object with each invitation in the state that the person's answer gives it."""
    if not found.schedule_tag:
        return found.ical
    try:
        root = contentlines.parse(found.ical)
    except InvalidObject:
        return found.ical
    return contentlines.serialise(root.with_components([_state(each, mine) for each in root.components]))


def _state(component: Component, mine: frozenset[str]) -> Component:
    own = next((p for p in component.all("ATTENDEE") if addresses.resolved(p.value) in mine), None)
    state = _AS_EVENT.get(itip.partstat(own)) if own is not None else None
    if state is None or component.name != "VEVENT" or itip.cancelled(component):
        return component
    return component.replaced("STATUS", Property.make("STATUS", state))
