"""What an attendee's change tells the organizer, and which changes are not the attendee's to make (RFC 6638, 3.2.2)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from storage import itip
from storage.contentlines import Component, Property
from storage.itip import NEEDS_ACTION, Key, Message, Scheduled
from storage.itip_organizer import rules

# What of an event is the organizer's, besides times and recurrence. DESCRIPTION is left out: several clients write it
# in another form than they read it.
_THEIRS: Final = ("SUMMARY", "LOCATION", "STATUS")
_REPLIED: Final = ("UID", "RECURRENCE-ID", "DTSTART", "SUMMARY", "SEQUENCE", "COMMENT")


def foreign_change(old: Scheduled, new: Scheduled, mine: Collection[str]) -> str | None:
    """Return the name of a property that only the organizer may change and that an attendee changed, or None.

    Times are compared as moments, so that a client may write them in another zone's words.
    """
    if (old.master is None) != (new.master is None):
        return "RECURRENCE-ID"
    if old.dates("RDATE") != new.dates("RDATE"):
        return "RDATE"
    if not old.excluded() <= new.excluded():
        return "EXDATE"
    if not {key for key in old.parts if key is not None} <= set(new.parts) | new.excluded():
        return "RECURRENCE-ID"
    for key, after in new.parts.items():
        before = _former(old, key)
        if before is None:
            return "RECURRENCE-ID"
        if (found := _difference((old, before), (new, after), mine)) is not None:
            return found
    return None


def _former(old: Scheduled, key: Key) -> Component | None:
    return old.parts.get(key) or (None if key is None else itip.instance(old, key))


def _difference(
    former: tuple[Scheduled, Component], latter: tuple[Scheduled, Component], mine: Collection[str]
) -> str | None:
    before, after = former[1], latter[1]
    if itip.organizer(before) != itip.organizer(after):
        return "ORGANIZER"
    then, now = former[0].timing(before), latter[0].timing(after)
    if then.starts != now.starts:
        return "DTSTART"
    if then.length != now.length:
        return "DUE" if after.name == "VTODO" else "DTEND"
    if rules(before) != rules(after):
        return "RRULE"
    if set(itip.attendees(before)) - set(mine) != set(itip.attendees(after)) - set(mine):
        return "ATTENDEE"
    return next((name for name in _theirs(after) if _text(before, name) != _text(after, name)), None)


def _theirs(component: Component) -> tuple[str, ...]:
    # A task's status is the attendee's to change with its completion (RFC 6638, 3.2.2.1).
    return _THEIRS if component.name == "VEVENT" else _THEIRS[:2]


def _text(component: Component, name: str) -> str:
    return (component.text(name) or "").strip()


def kept(old: Scheduled | None, new: Scheduled) -> Scheduled:
    """Return an attendee's new text as it is kept: what the server last told of the organizer stays."""
    status = None if old is None else _status(old)
    return new.with_parts(_kept(each, status) for each in new.parts.values())


def _status(old: Scheduled) -> str | None:
    prop = old.any.first("ORGANIZER")
    return None if prop is None else prop.param("SCHEDULE-STATUS")


def _kept(component: Component, status: str | None) -> Component:
    prop = component.first("ORGANIZER")
    if prop is None:
        return component
    return component.replaced("ORGANIZER", itip.with_params(prop, SCHEDULE_FORCE_SEND=None, SCHEDULE_STATUS=status))


def reply(old: Scheduled | None, new: Scheduled, mine: Collection[str], stamp: str) -> Message | None:
    """Return what an attendee's change answers, None when it says nothing new (RFC 5546, 3.2.3).

    `old` is None for an object that the attendee brought in by other means than this server. An instance newly
    excluded is declined.
    """
    answers = [_answer(each, mine, stamp) for key, each in new.parts.items() if _answers(old, new, key, mine)]
    answers += [_answer(each, mine, stamp, "DECLINED") for each in _excluded(old, new, mine)]
    return _message(new, mine, [each for each in answers if each is not None])


def declined(old: Scheduled, mine: Collection[str], stamp: str) -> Message | None:
    """Return the refusal of everything still open or accepted in an object that its attendee deletes, if any."""
    open_parts = [
        each
        for each in old.parts.values()
        if not itip.cancelled(each) and itip.partstat(itip.attendee(each, mine)) != "DECLINED"
    ]
    answers = [_answer(each, mine, stamp, "DECLINED") for each in open_parts]
    return _message(old, mine, [each for each in answers if each is not None])


def _message(found: Scheduled, mine: Collection[str], answers: list[Component]) -> Message | None:
    to, prop = itip.organizer(found.any), found.any.first("ORGANIZER")
    sender = next((itip.address(a.value) for each in answers if (a := itip.attendee(each, mine))), None)
    if not answers or to is None or sender is None or itip.agent(prop) != "SERVER":
        return None
    return Message("REPLY", sender, to, itip.calendar("REPLY", answers, found.root))


def _answers(old: Scheduled | None, new: Scheduled, key: Key, mine: Collection[str]) -> bool:
    after = itip.attendee(new.parts[key], mine)
    if after is None:
        return False
    organizer = new.parts[key].first("ORGANIZER")
    if organizer is not None and (organizer.param("SCHEDULE-FORCE-SEND") or "").upper() == "REPLY":
        return True
    before = None if old is None else _former(old, key)
    return _said(after) != (_said(itip.attendee(before, mine)) if before is not None else (NEEDS_ACTION, None))


def _said(prop: Property | None) -> tuple[Any, ...]:
    return itip.partstat(prop), None if prop is None else prop.param("DELEGATED-TO")


def _excluded(old: Scheduled | None, new: Scheduled, mine: Collection[str]) -> list[Component]:
    """Return the instances that the attendee has just taken out, unless they were cancelled or declined before."""
    if old is None:
        return []
    gone = [each for key in sorted(new.excluded() - old.excluded()) if (each := _former(old, key)) is not None]
    return [
        each for each in gone if not itip.cancelled(each) and itip.partstat(itip.attendee(each, mine)) != "DECLINED"
    ]


def _answer(component: Component, mine: Collection[str], stamp: str, status: str = "") -> Component | None:
    """Return what a reply says of one component: who answers, to which revision of which instance, and what."""
    own, organizer = itip.attendee(component, mine), component.first("ORGANIZER")
    if own is None or organizer is None:
        return None
    own = itip.with_params(own, PARTSTAT=status or itip.partstat(own), RSVP=None)
    lines = [prop for prop in component.properties if prop.name in _REPLIED]
    lines += [organizer, own, Property.make("REQUEST-STATUS", "2.0;Success")]
    return itip.outgoing(Component(component.name, tuple(lines)), stamp)
