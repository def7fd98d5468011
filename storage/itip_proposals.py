"""Other times that attendees propose, until the organizer takes or declines them (RFC 5546, 3.2.7 and 3.2.8).

A proposal stands as a parameter on its ATTENDEE line in the organizer's copy and in no message. It ends when
the organizer moves the meeting there, changes the meeting otherwise, or deletes the message that brought it.
"""

from __future__ import annotations

from collections.abc import Iterator

from storage import itip, itip_organizer
from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.ical_values import epoch
from storage.itip import PROPOSED, Key, Message, Scheduled


def noted(kept: Scheduled, told: Scheduled, sender: str) -> Scheduled:
    """Return the organizer's copy with the times that a COUNTER proposes."""
    return _settled(kept, sender, {key: _times(told, each) for key, each in told.parts.items() if key in kept.parts})


def decided(old: Scheduled, kept: Scheduled, stamp: str) -> tuple[Scheduled, tuple[Message, ...]]:
    """Return what the organizer writes without the proposals it decides on, and what declines those not taken.

    Only a change that concerns the attendees is a decision; who alters an alarm has not decided.
    """
    messages: list[Message] = []
    for key, before in old.parts.items():
        for who, times in _open(before):
            after = kept.parts.get(key)
            if after is None or itip.attendee(after, (who,)) is None or itip.cancelled(after):
                continue
            if times == _times(kept, after):
                kept = _settled(kept, who, {key: None})
            elif _decides(before, after):
                kept = _settled(kept, who, {key: None})
                messages.append(_declined(kept, key, who, stamp))
    return kept, tuple(messages)


def put_aside(kept: Scheduled, told: Scheduled, sender: str, stamp: str) -> tuple[Scheduled, tuple[Message, ...]]:
    """Return the organizer's copy after the message of a proposal was deleted, and what declines it if it was open."""
    messages: list[Message] = []
    for key, each in told.parts.items():
        here = kept.parts.get(key)
        if here is None or dict(_open(here)).get(sender) != _times(told, each) or itip.cancelled(here):
            continue
        kept = _settled(kept, sender, {key: None})
        messages.append(_declined(kept, key, sender, stamp))
    return kept, tuple(messages)


def _open(component: Component) -> Iterator[tuple[str, str]]:
    for who, prop in itip.attendees(component).items():
        times = prop.param(PROPOSED)
        if times:
            yield who, times


def _times(found: Scheduled, component: Component) -> str | None:
    """Return when a component takes place as "start/end" in UTC, None when it does not say."""
    try:
        timing = found.timing(component)
        if timing.starts is None:
            return None
        first, last = (epoch(each, found.zone) for each in (timing.starts, timing.end(timing.starts)))
        return f"{itip.instant(first)}/{itip.instant(last)}"
    except (InvalidObject, OverflowError, ValueError, OSError):
        return None


def _settled(kept: Scheduled, who: str, times: dict[Key, str | None]) -> Scheduled:
    """Return an object with the proposal of one attendee for some instances set, or taken away where it is None."""
    parts = dict(kept.parts)
    for key, value in times.items():
        lines = [_proposing(prop, who, value) for prop in parts[key].properties]
        parts[key] = Component(parts[key].name, tuple(lines), parts[key].components)
    return kept.with_parts(parts.values())


def _proposing(prop: Property, who: str, times: str | None) -> Property:
    if prop.name != "ATTENDEE" or itip.address(prop.value) != who:
        return prop
    return itip.with_params(prop, X_CADRAN_PROPOSED=times)


def _decides(before: Component, after: Component) -> bool:
    return itip.sequence(before) < itip.sequence(after) or itip_organizer.told(before) != itip_organizer.told(after)


def _declined(kept: Scheduled, key: Key, who: str, stamp: str) -> Message:
    """Return the refusal of a proposal: which meeting it was about, as it now stands (RFC 5546, 3.2.8)."""
    component = kept.parts[key]
    named = ("UID", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "DUE", "SUMMARY", "SEQUENCE", "ORGANIZER")
    lines = [prop for prop in component.properties if prop.name in named]
    lines.append(Property.make("ATTENDEE", who))
    told = itip.outgoing(Component(component.name, tuple(lines)), stamp)
    sender = itip.organizer(component) or ""
    return Message("DECLINECOUNTER", sender, who, itip.calendar("DECLINECOUNTER", [told], kept.root))
