"""What an attendee's change tells the organizer, and which changes are not the attendee's to make (RFC 6638, 3.2.2)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, tzinfo
from typing import Any, Final

from storage import itip
from storage.contentlines import Component, Property
from storage.itip import NEEDS_ACTION, Key, Message, Scheduled
from storage.itip_organizer import rules

# What of an event is the organizer's, besides times and recurrence. DESCRIPTION is left out: several clients write it
# in another form than they read it.
_THEIRS: Final = ("SUMMARY", "LOCATION", "STATUS")
_REPLIED: Final = frozenset({"UID", "RECURRENCE-ID", "DTSTART", "SUMMARY", "SEQUENCE", "COMMENT"})
# How far the attendee has come with a task (RFC 5546, 3.4.3).
_PROGRESS: Final = frozenset({"PERCENT-COMPLETE", "COMPLETED", "STATUS"})


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
    itip.foresee(old, [key for key in new.parts if key is not None and key not in old.parts])
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


def answered(found: Scheduled, mine: Collection[str], status: str, instance: Key = None) -> Scheduled | None:
    """Return an attendee's copy with their answer written into it; None when they are not invited to what is answered.

    An answer to the whole is one to each of its instances; one to an instance that the series makes gives it a
    component of its own.
    """
    parts = dict(found.parts)
    if instance is not None:
        made = _former(found, instance)
        if made is None or itip.attendee(made, mine) is None:
            return None
        parts[instance] = _saying(made, mine, status)
    else:
        if all(itip.attendee(each, mine) is None for each in parts.values()):
            return None
        parts = {key: _saying(each, mine, status) for key, each in parts.items()}
    return found.with_parts(parts.values())


def _saying(component: Component, mine: Collection[str], status: str) -> Component:
    lines = [
        itip.with_params(prop, PARTSTAT=status, RSVP=None)
        if prop.name == "ATTENDEE" and itip.address(prop.value) in mine
        else prop
        for prop in component.properties
    ]
    return Component(component.name, tuple(lines), component.components)


def reply(
    old: Scheduled | None, new: Scheduled, mine: Collection[str], stamp: str, comment: str = ""
) -> Message | None:
    """Return what an attendee's change answers, None when it says nothing new (RFC 5546, 3.2.3).

    `old` is None for an object that the attendee brought in by other means than this server. An instance newly
    excluded is declined. `comment` is what the attendee adds in words.
    """
    answers = [_answer(each, mine, stamp) for key, each in new.parts.items() if _answers(old, new, key, mine)]
    answers += [_answer(each, mine, stamp, "DECLINED") for each in _excluded(old, new, mine)]
    return _message(new, mine, [_commented(each, comment) for each in answers if each is not None])


def _commented(answer: Component, comment: str) -> Component:
    return answer.replaced("COMMENT", Property.of_text("COMMENT", comment)) if comment else answer


def refresh(found: Scheduled, mine: Collection[str], stamp: str) -> Message | None:
    """Return an attendee's wish to be sent a meeting once more (RFC 5546, 3.2.6), None when nobody can be asked."""
    own = next((each for part in found.parts.values() if (each := itip.attendee(part, mine)) is not None), None)
    uid, organizer = found.any.first("UID"), found.any.first("ORGANIZER")
    if own is None or uid is None or organizer is None:
        return None
    asked = Component(found.any.name, (uid, organizer, Property.make("ATTENDEE", own.value)))
    return _message(found, mine, [itip.outgoing(asked, stamp)], "REFRESH")


def counter(
    found: Scheduled, mine: Collection[str], key: Key, times: tuple[datetime, datetime], words: tuple[str, str]
) -> Message | None:
    """Return an attendee's proposal of other times, aware, for a meeting or an instance (RFC 5546, 3.2.7).

    `words` are the DTSTAMP and a comment. None where the server does not schedule for the organizer, or there is no
    such instance to attend.
    """
    component = found.any if key is None else _former(found, key)
    start, own = (None, None) if component is None else (component.first("DTSTART"), itip.attendee(component, mine))
    if component is None or start is None or own is None:
        return None
    stamp, comment = words
    here = found.timing(component).starts
    zone = here.tzinfo if isinstance(here, datetime) else None
    lines = [_at(name, start, when, zone) for name, when in zip(("DTSTART", "DTEND"), times, strict=True)]
    made = component.without("DURATION", "DTSTART", "DTEND", "COMMENT")
    made = Component(made.name, (*made.properties, *lines)).replaced("ATTENDEE", own)
    return _message(found, mine, [_commented(itip.outgoing(made, stamp), comment)], "COUNTER")


def _at(name: str, start: Property, when: datetime, zone: tzinfo | None) -> Property:
    """Return a proposed time as the meeting writes its own; in UTC when that has none."""
    if zone is None:
        return Property.make(name, itip.instant(when))
    return itip.written(Property(name, start.params, start.value, ""), when.astimezone(zone))


def declined(old: Scheduled, mine: Collection[str], stamp: str) -> Message | None:
    """Return the refusal of everything still open or accepted in an object that its attendee deletes, if any."""
    open_parts = [
        each
        for each in old.parts.values()
        if not itip.cancelled(each) and itip.partstat(itip.attendee(each, mine)) != "DECLINED"
    ]
    answers = [_answer(each, mine, stamp, "DECLINED") for each in open_parts]
    return _message(old, mine, [each for each in answers if each is not None])


def _message(
    found: Scheduled, mine: Collection[str], answers: list[Component], method: str = "REPLY"
) -> Message | None:
    to, prop = itip.organizer(found.any), found.any.first("ORGANIZER")
    sender = next((itip.address(a.value) for each in answers if (a := itip.attendee(each, mine))), None)
    if not answers or to is None or sender is None or itip.agent(prop) != "SERVER":
        return None
    return Message(method, sender, to, itip.calendar(method, answers, found.root))


def _answers(old: Scheduled | None, new: Scheduled, key: Key, mine: Collection[str]) -> bool:
    after = itip.attendee(new.parts[key], mine)
    if after is None:
        return False
    organizer = new.parts[key].first("ORGANIZER")
    if organizer is not None and (organizer.param("SCHEDULE-FORCE-SEND") or "").upper() == "REPLY":
        return True
    before = None if old is None else _former(old, key)
    if _said(after) != (_said(itip.attendee(before, mine)) if before is not None else (NEEDS_ACTION, None)):
        return True
    return itip.partstat(after) != NEEDS_ACTION and before is not None and _percent(before) != _percent(new.parts[key])


def _percent(component: Component) -> str:
    return _text(component, "PERCENT-COMPLETE") if component.name == "VTODO" else ""


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
    named = _REPLIED if component.name != "VTODO" else _REPLIED | _PROGRESS
    lines = [prop for prop in component.properties if prop.name in named]
    lines += [organizer, own, Property.make("REQUEST-STATUS", "2.0;Success")]
    return itip.outgoing(Component(component.name, tuple(lines)), stamp)
