"""What a message that came in does to the copy that is here (RFC 5546, 3.2; RFC 6638, 4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from storage import itip, itip_series
from storage.contentlines import Component, Property
from storage.ical_values import epoch
from storage.itip import ANSWERED, Key, Message, Scheduled

# What an attendee adds to a copy for themselves; an organizer's update leaves it.
_OWN: Final = frozenset(
    {"TRANSP", "CATEGORIES", "COLOR", "PERCENT-COMPLETE", "COMPLETED", "X-MICROSOFT-CDO-BUSYSTATUS"}
)
_ANSWERED: Final = frozenset({"PARTSTAT", "DELEGATED-TO", "DELEGATED-FROM", "SENT-BY", "CN"})


def bare(message: Message) -> Component:
    """Return the calendar of a message as an object that can be kept."""
    return message.calendar.without("METHOD")


def request(stored: Scheduled | None, asked: Scheduled, mine: Collection[str]) -> Scheduled:
    """Return an attendee's copy after a request: the organizer's text with what is the attendee's own.

    A request for single instances of a series that is here changes these and leaves the others; of one that was
    cancelled, these are all that is left.
    """
    if stored is None:
        return asked
    told = {key: _personal(_former(stored, key), each) for key, each in asked.parts.items()}
    ended = stored.master is not None and itip.cancelled(stored.master)
    if None in told or stored.master is None or ended:
        whole = None in told or ended
        kept = {} if whole else {key: each for key, each in stored.parts.items() if key not in told}
        return asked.with_parts([*kept.values(), *told.values()])
    zones = {zone.text("TZID") for zone in stored.root.children("VTIMEZONE")}
    new_zones = [zone for zone in asked.root.children("VTIMEZONE") if zone.text("TZID") not in zones]
    back = itip_series.reinstated(stored, told)
    root = back.root.with_components([*new_zones, *back.root.components])
    return itip.scheduled(root, stored.zone).with_parts({**back.parts, **told}.values())


def _former(stored: Scheduled, key: Key) -> Component | None:
    return stored.parts.get(key) or stored.master


def _personal(before: Component | None, after: Component) -> Component:
    """Return the organizer's component with the attendee's own alarms and marks."""
    if before is None:
        return after
    lines = [prop for prop in after.properties if prop.name not in _OWN]
    lines += [prop for prop in before.properties if prop.name in _OWN or prop.name.startswith("X-MOZ-")]
    alarms = before.children("VALARM")
    return Component(after.name, tuple(lines), (*(each for each in after.components if each.name != "VALARM"), *alarms))


def cancel(stored: Scheduled, message: Scheduled) -> Scheduled:
    """Return an attendee's copy after a cancellation.

    Everything cancelled stays, marked so, until the attendee deletes it; instances of a series are taken out of it.
    """
    if stored.master is None:
        alone = {key: _marked(each, message) if _meant(key, message) else each for key, each in stored.parts.items()}
        return stored.with_parts(alone.values())
    if None in message.parts:
        return stored.with_parts(_marked(each, message) for each in stored.parts.values())
    onward = [key for key, each in message.parts.items() if key is not None and itip.open_ended(each)]
    if onward:
        first = min(onward)
        shorter = itip_series.cut(stored, first)
        if shorter is None:
            return stored.with_parts(_marked(each, message) for each in stored.parts.values())
        early = [each for key, each in message.parts.items() if key is not None and key < first]
        return cancel(shorter, message.with_parts(early)) if early else shorter
    dates = [_exdate(stored.master, each) for each in message.parts.values()]
    excluded = stored.excluded()
    fresh = [date for key, date in zip(message.parts, dates, strict=True) if date is not None and key not in excluded]
    master = Component(stored.master.name, (*stored.master.properties, *fresh), stored.master.components)
    others = [each for key, each in stored.parts.items() if key is not None and key not in message.parts]
    return stored.with_parts([master, *others])


def add(stored: Scheduled, told: Scheduled) -> Scheduled | None:
    """Return an attendee's copy with instances added to its series (RFC 5546, 3.2.4), or None.

    None when the copy cannot take them and the organizer should be asked for the whole: there is no series here, a
    revision was missed, or what is added recurs itself.
    """
    master, fresh = stored.master, told.master
    if master is None or fresh is None or len(told.parts) > 1 or fresh.first("RRULE") or fresh.first("RDATE"):
        return None
    if itip.sequence(fresh) > itip.sequence(master) + 1 or fresh.name != master.name:
        return None
    start, key = fresh.first("DTSTART"), _start(told, fresh)
    if key in stored.parts and itip.sequence(fresh) <= itip.sequence(master):
        return stored
    if start is None or key is None or key in stored.parts:
        return None
    named = {name: held for name, held in start.params if name in {"VALUE", "TZID"}}
    one = fresh.replaced("RECURRENCE-ID", Property.make("RECURRENCE-ID", start.value, named))
    number = Property.make("SEQUENCE", str(itip.sequence(fresh)))
    series = Component(
        master.name, (*master.properties, Property.make("RDATE", start.value, named)), master.components
    ).replaced("SEQUENCE", number)
    zones = {zone.text("TZID") for zone in stored.root.children("VTIMEZONE")}
    more = [zone for zone in told.root.children("VTIMEZONE") if zone.text("TZID") not in zones]
    root = stored.root.with_components([*more, *stored.root.components])
    others = [each for each in stored.parts.values() if each is not master]
    return itip.scheduled(root, stored.zone).with_parts([series, *others, one])


def _start(found: Scheduled, component: Component) -> int | None:
    starts = found.timing(component).starts
    return None if starts is None else epoch(starts, found.zone)


def _meant(key: Key, message: Scheduled) -> bool:
    onward = [each for each, part in message.parts.items() if each is not None and itip.open_ended(part)]
    after = key is not None and bool(onward) and key >= min(onward)
    return None in message.parts or key in message.parts or after


def _marked(component: Component, message: Scheduled) -> Component:
    number = max(itip.sequence(component), *map(itip.sequence, message.parts.values()))
    marked = component.replaced("STATUS", Property.make("STATUS", "CANCELLED"))
    marked = marked.replaced("SEQUENCE", Property.make("SEQUENCE", str(number)))
    return Component(marked.name, marked.properties, tuple(e for e in marked.components if e.name != "VALARM"))


def _exdate(master: Component, named: Component) -> Property | None:
    own = named.first("RECURRENCE-ID")
    if own is None:
        return None
    return Property.make("EXDATE", own.value, {name: held for name, held in own.params if name in {"VALUE", "TZID"}})


def reply(
    stored: Scheduled, answer: Scheduled, sender: str, *, status: bool = True, checked: bool = True
) -> Scheduled | None:
    """Return a copy after an answer, None when the sender is not invited to what is answered, or says nothing new.

    With `status`, which is for the organizer's copy alone, the line says what the answer came back with and when it was
    given. With `checked`, an answer to an earlier revision, or given before the last one, is left aside (RFC 5546,
    2.1.5). An answer about an instance that the series makes gives the instance a component of its own (RFC 6638,
    3.2.6).
    """
    parts = dict(stored.parts)
    done = False
    itip.foresee(stored, [key for key in answer.parts if key is not None and key not in parts])
    for key, each in answer.parts.items():
        here, line = parts.get(key) or _made(stored, key), itip.attendee(each, (sender,))
        if here is None or line is None:
            continue
        here = _with_delegate(here, line)
        if itip.attendee(here, (sender,)) is None:
            continue
        if checked and _obsolete(each, here, itip.attendee(here, (sender,))):
            continue
        parts[key], done = (
            _answered(here, line, _code(each) if status else None, _given(each) if status else None),
            True,
        )
    return stored.with_parts(parts.values()) if done else None


def _with_delegate(here: Component, line: Property) -> Component:
    """Return a component with whoever answers instead of an attendee, if that attendee said so (RFC 5546, 3.2.2.3)."""
    who, by = itip.address(line.value), {itip.address(each) for each in _addresses(line, "DELEGATED-FROM")}
    if not by or itip.attendee(here, (who,)) is not None:
        return here
    named = [prop for prop in here.all("ATTENDEE") if itip.address(prop.value) in by]
    if not any(who in map(itip.address, _addresses(prop, "DELEGATED-TO")) for prop in named):
        return here
    role = named[0].param("ROLE")
    added = itip.with_params(Property.make("ATTENDEE", line.value), ROLE=role)
    return here.replaced("ATTENDEE", *here.all("ATTENDEE"), added)


def speaks_for_attendee(component: Component, who: str) -> bool:
    """Tell whether somebody is an attendee, or whom an attendee named to come instead (RFC 5546, 3.2.2.3)."""
    if itip.attendee(component, (who,)) is not None:
        return True
    named = (each for prop in component.all("ATTENDEE") for each in _addresses(prop, "DELEGATED-TO"))
    return who in map(itip.address, named)


def _addresses(prop: Property, name: str) -> tuple[str, ...]:
    return next((held for key, held in prop.params if key == name), ())


def _made(stored: Scheduled, key: Key) -> Component | None:
    return None if key is None else itip.instance(stored, key)


def _obsolete(answer: Component, here: Component, known: Property | None) -> bool:
    if answer.first("SEQUENCE") is not None and itip.sequence(answer) < itip.sequence(here):
        return True
    before = None if known is None else known.param(ANSWERED)
    given = _given(answer)
    return before is not None and given is not None and given < before


def _given(answer: Component) -> str | None:
    """Return when an answer was given, in UTC; None where it does not say."""
    stamp = (answer.text("DTSTAMP") or "").strip().upper()
    return stamp if len(stamp) == len("19700101T000000Z") and stamp.endswith("Z") else None


def _code(component: Component) -> str:
    return (component.text("REQUEST-STATUS") or "2.0").partition(";")[0].strip()


def _answered(component: Component, line: Property, code: str | None, given: str | None) -> Component:
    who = itip.address(line.value)
    noted = {} if given is None else {ANSWERED.replace("-", "_"): given}
    said = noted | {name.replace("-", "_"): line.param(name) for name in _ANSWERED if line.param(name) is not None}
    lines = [
        itip.with_params(prop, **said, SCHEDULE_STATUS=code, RSVP=None)
        if prop.name == "ATTENDEE" and itip.address(prop.value) == who
        else prop
        for prop in component.properties
    ]
    return Component(component.name, tuple(lines), component.components)


def stale(stored: Scheduled, message: Scheduled) -> bool:
    """Tell whether a request or cancellation is older than what is here (RFC 5546, 2.1.5)."""
    known = [late for key, each in message.parts.items() if (late := _late(stored, key, each)) is not None]
    return bool(known) and all(known)


def _late(stored: Scheduled, key: Key, message: Component) -> bool | None:
    """Tell whether what a message says of one instance is out of date; None for what is not here."""
    here, series = stored.parts.get(key), stored.master
    if here is not None:
        return _older(message, here)
    # Some programs number an instance by itself: only what is also older by the clock is older than the series.
    if series is None:
        return None
    sequence, stamp = _revision(message)
    return sequence < itip.sequence(series) and stamp < _revision(series)[1]


def _older(message: Component, here: Component) -> bool:
    return _revision(message) < _revision(here)


def _revision(component: Component) -> tuple[int, str]:
    return itip.sequence(component), (component.text("DTSTAMP") or "").strip().upper()


def told_of(found: Scheduled, name: str, statuses: dict[str, str]) -> Scheduled:
    """Return an object with the outcome of delivery on its ATTENDEE or ORGANIZER lines (RFC 6638, 3.2.9)."""
    if not statuses:
        return found
    return found.with_parts(_stated(each, name, statuses) for each in found.parts.values())


def _stated(component: Component, name: str, statuses: dict[str, str]) -> Component:
    lines: Iterable[Property] = (
        itip.with_params(prop, SCHEDULE_STATUS=statuses[itip.address(prop.value)])
        if prop.name == name and itip.address(prop.value) in statuses
        else prop
        for prop in component.properties
    )
    return Component(component.name, tuple(lines), component.components)
