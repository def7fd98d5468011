"""What an organizer's change tells the attendees: requests to those invited, cancellations to those no longer.

Each attendee gets only the instances they are invited to (RFC 6638, 3.2.1; RFC 5546, 3.2.2 and 3.2.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from storage import itip, itip_groups
from storage.contentlines import Component, Property
from storage.itip import ANSWERED, NEEDS_ACTION, PROPOSED, Key, Message, Scheduled

# The organizer's own affair, or what every writing changes: no reason to tell anybody.
_UNTOLD: Final = frozenset(
    {
        *("CATEGORIES", "CLASS", "COLOR", "CREATED", "DTSTAMP", "EXDATE", "LAST-MODIFIED"),
        *("REQUEST-STATUS", "SEQUENCE", "TRANSP"),
    }
)
_OWN_PARAMS: Final = frozenset(
    {"CN", "PARTSTAT", "RSVP", "SCHEDULE-AGENT", "SCHEDULE-FORCE-SEND", "SCHEDULE-STATUS", ANSWERED, PROPOSED}
)


@dataclass(frozen=True, slots=True)
class View:
    """What one attendee is invited to: components by instance, and the instants of a series they are not."""

    parts: dict[Key, Component]
    excluded: frozenset[int]


def view(found: Scheduled | None, who: str) -> View:
    """Return what of an object this server invites an attendee to; what is cancelled, nobody is (RFC 6638, 3.2.1)."""
    if found is None or (found.master is not None and itip.cancelled(found.master)):
        return View({}, frozenset())
    invited = {
        key: itip_groups.shown(each, who)
        for key, each in found.parts.items()
        if not itip.cancelled(each) and _invites(each, who)
    }
    if None not in invited:
        return View(invited, frozenset())
    left_out = frozenset(key for key in found.parts if key is not None and key not in invited)
    return View(invited, left_out | found.excluded())


def _invites(component: Component, who: str) -> bool:
    line = itip.attendee(component, (who,))
    return line is not None and itip.agent(line) == "SERVER"


def messages(old: Scheduled | None, new: Scheduled | None, stamp: str, forced: frozenset[str]) -> tuple[Message, ...]:
    """Return what a change tells each attendee for whom this server schedules, in order of address.

    `old` or `new` is None for an object that is made or deleted; `forced` are attendees to be asked again whatever
    changed (RFC 6638, 7.2); `stamp` is the DTSTAMP of the messages.
    """
    return tuple(
        each for who in sorted(served(old) | served(new)) for each in _to(who, (old, new), stamp, who in forced)
    )


def served(found: Scheduled | None) -> frozenset[str]:
    """Return the attendees for whom this server schedules; the organizer is told nothing."""
    if found is None:
        return frozenset()
    return frozenset(
        who
        for each in found.parts.values()
        for who, prop in itip.attendees(each).items()
        if itip.agent(prop) == "SERVER" and who != itip.organizer(each)
    )


def forced(found: Scheduled) -> frozenset[str]:
    """Return the attendees whom the organizer's client wants asked again (RFC 6638, 7.2)."""
    return frozenset(
        who
        for each in found.parts.values()
        for who, prop in itip.attendees(each).items()
        if (prop.param("SCHEDULE-FORCE-SEND") or "").upper() == "REQUEST"
    )


def _to(who: str, change: tuple[Scheduled | None, Scheduled | None], stamp: str, force: bool) -> Iterator[Message]:
    old, new = change
    before, after = view(old, who), view(new, who)
    if old is not None and (gone := _gone(before, after, old)):
        yield _cancel(who, (old, new), gone, stamp)
    if new is not None and after.parts and (force or _news(before, after)):
        told = [itip.outgoing(each, stamp) for each in _told(after, new)]
        yield Message("REQUEST", _sender(new), who, itip.calendar("REQUEST", told, new.root))


def _sender(found: Scheduled) -> str:
    return itip.organizer(found.any) or ""


def _gone(before: View, after: View, old: Scheduled) -> dict[Key, Component]:
    """Return what an attendee was invited to and is no longer, each as the organizer had it."""
    if not after.parts:
        return {None: before.parts[None]} if None in before.parts else before.parts
    if None not in after.parts:
        # Of a whole series only a few instances are left: the series goes, and a request brings these.
        return {key: each for key, each in before.parts.items() if key is None or key not in after.parts}
    fresh = after.excluded - before.excluded if None in before.parts else frozenset(before.parts) & after.excluded
    itip.foresee(old, [key for key in fresh if key is not None and key not in before.parts])
    made = {key: before.parts.get(key) or itip.instance(old, key) for key in sorted(filter(None, fresh))}
    return {key: each for key, each in made.items() if each is not None}


def _cancel(
    who: str, change: tuple[Scheduled | None, Scheduled | None], gone: dict[Key, Component], stamp: str
) -> Message:
    old, new = change
    assert old is not None
    ended = new is None or all(map(itip.cancelled, new.parts.values()))
    told = [_cancelled(each, who, stamp, _sequence(key, each, new, ended=ended)) for key, each in gone.items()]
    return Message("CANCEL", _sender(old), who, itip.calendar("CANCEL", told, old.root))


def _sequence(key: Key, gone: Component, new: Scheduled | None, *, ended: bool) -> int:
    """Return the SEQUENCE of a cancellation: one more when everything ends, else that of what goes on."""
    before = itip.sequence(gone)
    later = (new.any, new.parts.get(key)) if new is not None else ()
    return max(before + ended, *map(itip.sequence, later), 0)


def _cancelled(component: Component, who: str, stamp: str, number: int) -> Component:
    """Return what a cancellation says of one component (RFC 5546, 3.2.5)."""
    named = itip.attendee(component, (who,))
    bare = itip.outgoing(component, stamp).without("RRULE", "RDATE", "EXDATE", "EXRULE", "STATUS", "SEQUENCE")
    bare = bare.replaced("ATTENDEE", *([Property.make("ATTENDEE", named.value)] if named else []))
    more = (Property.make("SEQUENCE", str(number)), Property.make("STATUS", "CANCELLED"))
    return Component(bare.name, (*bare.properties, *more))


def _news(before: View, after: View) -> bool:
    """Tell whether there is something to ask an attendee: anything new or different, less being no news."""
    if before.excluded - after.excluded:
        return True
    if None in before.parts and None not in after.parts:
        # The cancellation of the series took the instances that are left with it.
        return True
    if None in after.parts and not before.parts.keys() <= after.parts.keys() | after.excluded:
        # What was told of a single instance is so no more.
        return True
    return any(key not in before.parts or told(before.parts[key]) != told(each) for key, each in after.parts.items())


def told(component: Component) -> frozenset[Any]:
    """Return what of a component concerns attendees, in a form that can be compared."""
    inner = frozenset(each for each in component.components if each.name != "VALARM")
    return frozenset(_fact(prop) for prop in component.properties if not _private(prop.name)) | inner


def _private(name: str) -> bool:
    return name in _UNTOLD or name.startswith("X-")


def _fact(prop: Property) -> tuple[Any, ...]:
    if prop.name in {"ORGANIZER", "ATTENDEE"}:
        params = frozenset(each for each in prop.params if each[0] not in _OWN_PARAMS)
        return prop.name, params if prop.name == "ATTENDEE" else frozenset(), itip.address(prop.value)
    return prop.name, frozenset(prop.params), prop.value.strip()


def _told(after: View, new: Scheduled) -> Iterable[Component]:
    """Return the components of a request: those of others' instances become excluded dates of the series."""
    master = after.parts.get(None)
    if master is None:
        return after.parts.values()
    missing = sorted(after.excluded - new.excluded())
    dates = [made for key in missing if (made := _excluded(master, new, key)) is not None]
    whole = Component(master.name, (*master.properties, *dates), master.components)
    return (whole, *(each for key, each in after.parts.items() if key is not None))


def _excluded(master: Component, new: Scheduled, key: int) -> Property | None:
    own = new.parts[key].first("RECURRENCE-ID")
    start = master.first("DTSTART")
    if own is None or start is None:
        return None
    return Property.make("EXDATE", own.value, {name: held for name, held in own.params if name in {"VALUE", "TZID"}})


def prepared(old: Scheduled | None, new: Scheduled, *, merge: bool) -> Scheduled:
    """Return the organizer's new text as it is kept: moved instances are numbered and asked for anew.

    SEQUENCE rises where time or recurrence changed and the client left it (RFC 5546, 2.1.4), and attendees of what
    moved are to answer again. With `merge` the client knew of no answers since it last read (RFC 6638, 3.2.10), so
    answers already given are kept.
    """
    if old is not None:
        new = _with_answers(old, new)
        itip.foresee(old, [key for key in new.parts if key is not None and key not in old.parts])
    return new.with_parts(_prepared(key, each, old, new, merge) for key, each in new.parts.items())


def _with_answers(old: Scheduled, new: Scheduled) -> Scheduled:
    """Return the new text with the instances that had components only because somebody answered about them.

    A client that read the meeting before the answer came leaves them out, and takes nobody's answer away by that.
    """
    missing = [key for key in old.parts if key is not None and key not in new.parts and key not in new.excluded()]
    if new.master is None or not missing:
        return new
    itip.foresee(old, missing)
    itip.foresee(new, missing)
    kept = [_answered(old.parts[key], itip.instance(old, key), itip.instance(new, key)) for key in missing]
    return new.with_parts([*new.parts.values(), *(each for each in kept if each is not None)])


def _answered(before: Component, was: Component | None, now: Component | None) -> Component | None:
    """Return an instance as the series makes it now, with the answers given to it; None if more than these differed."""
    if was is None or now is None or itip.cancelled(before) or told(before) != told(was):
        return None
    return Component(now.name, tuple(_with_answer(prop, before) for prop in now.properties), now.components)


def _with_answer(prop: Property, before: Component) -> Property:
    known = itip.attendee(before, (itip.address(prop.value),)) if prop.name == "ATTENDEE" else None
    if known is None or itip.agent(prop) != "SERVER":
        return prop
    kept = {"X_CADRAN_ANSWERED": known.param(ANSWERED), "X_CADRAN_PROPOSED": known.param(PROPOSED)}
    return itip.with_params(prop, PARTSTAT=known.param("PARTSTAT"), **kept)


def _prepared(key: Key, component: Component, old: Scheduled | None, new: Scheduled, merge: bool) -> Component:
    before = None if old is None else (old.parts.get(key) or (None if key is None else itip.instance(old, key)))
    lines = [_kept(prop, before, merge) if prop.name == "ATTENDEE" else prop for prop in component.properties]
    component = Component(component.name, tuple(lines), component.components)
    if old is None or before is None:
        return component
    if moved(old, before, new, component):
        lines = [_asked(prop, before, component) if prop.name == "ATTENDEE" else prop for prop in component.properties]
        component = Component(component.name, tuple(lines), component.components)
    return _numbered(component, before, rescheduled(old, before, new, component))


def _kept(prop: Property, before: Component | None, merge: bool) -> Property:
    """Return an attendee's line without the wish to be asked again, and with what the server knows of the attendee."""
    known = itip.attendee(before, (itip.address(prop.value),)) if before is not None else None
    status = prop.param("SCHEDULE-STATUS") if known is None else known.param("SCHEDULE-STATUS")
    notes = {each.replace("-", "_"): None if known is None else known.param(each) for each in (ANSWERED, PROPOSED)}
    line = itip.with_params(prop, SCHEDULE_FORCE_SEND=None, SCHEDULE_STATUS=status, **notes)
    if merge and known is not None and itip.agent(line) == "SERVER":
        return itip.with_params(line, PARTSTAT=known.param("PARTSTAT"))
    return line


def _asked(prop: Property, before: Component, component: Component) -> Property:
    """Return an attendee's line with the answer to be given again, unless the organizer has just written it."""
    who = itip.address(prop.value)
    known = itip.attendee(before, (who,))
    changed = known is None or itip.partstat(known) != itip.partstat(prop)
    if changed or who == itip.organizer(component) or itip.agent(prop) != "SERVER":
        return prop
    return prop if itip.partstat(prop) == NEEDS_ACTION else itip.with_params(prop, PARTSTAT=NEEDS_ACTION)


def moved(old: Scheduled, before: Component, new: Scheduled, after: Component) -> bool:
    """Tell whether something takes place at another time, or recurs by other rules."""
    times = [(found.timing(each).starts, found.timing(each).length) for found, each in ((old, before), (new, after))]
    if times[0] != times[1] or rules(before) != rules(after):
        return True
    return not _one(before) and not _one(after) and old.dates("RDATE") != new.dates("RDATE")


def rules(component: Component) -> frozenset[frozenset[str]]:
    """Return the recurrence rules of a component in a form that can be compared."""
    return frozenset(frozenset(prop.value.strip().upper().split(";")) for prop in component.all("RRULE"))


def rescheduled(old: Scheduled, before: Component, new: Scheduled, after: Component) -> bool:
    """Tell whether a change must raise SEQUENCE (RFC 5546, 2.1.4)."""
    if moved(old, before, new, after) or itip.cancelled(before) != itip.cancelled(after):
        return True
    return not _one(after) and old.excluded() != new.excluded()


def _one(component: Component) -> bool:
    """Tell whether a component is one instance of a series."""
    return component.first("RECURRENCE-ID") is not None


def _numbered(component: Component, before: Component, changed: bool) -> Component:
    own, last = itip.sequence(component), itip.sequence(before)
    number = max(own, last + 1) if changed and own <= last else max(own, last)
    return component if number == own else component.replaced("SEQUENCE", Property.make("SEQUENCE", str(number)))
