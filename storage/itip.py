"""The vocabulary of scheduling: who organises, who attends, which instance a component speaks of (RFC 5546, RFC 6638).

All of it is pure and works on trees of content lines, so that whatever a message does not speak of stays as written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from storage import ical
from storage.contentlines import Component, Property, parse
from storage.errors import InvalidObject
from storage.ical_times import Timing, moment, moments, timing
from storage.ical_values import Moment, epoch

KINDS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
PRODUCT: Final = "-//Cadran//Scheduling//EN"
NEEDS_ACTION: Final = "NEEDS-ACTION"
# When the answer on an organizer's ATTENDEE line was given: what arrives late must not undo it (RFC 5546, 2.1.5).
ANSWERED: Final = "X-CADRAN-ANSWERED"
# The other times that an attendee proposed and the organizer has not decided on.
PROPOSED: Final = "X-CADRAN-PROPOSED"
_DETAILS: Final = frozenset({"SCHEDULE-AGENT", "SCHEDULE-STATUS", "SCHEDULE-FORCE-SEND", ANSWERED, PROPOSED})

# The instant of a RECURRENCE-ID in epoch seconds; None stands for the series itself.
Key = int | None


@dataclass(frozen=True, slots=True)
class Message:
    """One iTIP message from one calendar user to another; addresses are normalised, see `address`."""

    method: str
    sender: str
    recipient: str
    calendar: Component

    @property
    def components(self) -> tuple[Component, ...]:
        """What the message is about."""
        return tuple(each for each in self.calendar.components if each.name in KINDS)

    @property
    def uid(self) -> str:
        """The UID of what the message is about."""
        return next((each.text("UID") or "" for each in self.components), "")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One calendar object as scheduling reads it: its tree, and its components by the instance they speak of.

    `made` remembers instances that the series was asked for; see `instance`.
    """

    root: Component
    zone: tzinfo
    parts: Mapping[Key, Component] = field(default_factory=dict)
    made: dict[int, Component | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def master(self) -> Component | None:
        """The component of the series, or of the only event."""
        return self.parts.get(None)

    @property
    def any(self) -> Component:
        """The component that speaks for the object: the series, else its first instance."""
        return self.master or next(iter(self.parts.values()))

    @property
    def uid(self) -> str:
        """The UID of the object."""
        return self.any.text("UID") or ""

    def with_parts(self, parts: Iterable[Component]) -> Scheduled:
        """Return the object with other components, its time zones and the rest as they were."""
        kept = [each for each in self.root.components if each.name not in KINDS]
        return scheduled(self.root.with_components([*kept, *parts]), self.zone)

    def timing(self, component: Component) -> Timing:
        """Return when a component takes place; raises InvalidObject."""
        return timing(component, self.root, self.zone)

    def excluded(self) -> frozenset[int]:
        """Return the instants that EXDATE takes out of the series."""
        return self.dates("EXDATE")

    def dates(self, name: str) -> frozenset[int]:
        """Return the instants that EXDATE or RDATE list."""
        if self.master is None:
            return frozenset()
        found = (each for prop in self.master.all(name) for each, _ in moments(prop, self.root, self.zone))
        return frozenset(epoch(each, self.zone) for each in found)


def read(text: bytes, zone: tzinfo) -> Scheduled:
    """Return a text as scheduling reads it; `zone` is where floating times are read. Raises InvalidObject."""
    return scheduled(parse(text), zone)


def scheduled(root: Component, zone: tzinfo) -> Scheduled:
    """Return a tree as scheduling reads it; raises InvalidObject when it is about nothing."""
    parts: dict[Key, Component] = {key_of(each, root, zone): each for each in root.components if each.name in KINDS}
    if not parts:
        raise InvalidObject("valid-calendar-object-resource", "no VEVENT, VTODO or VJOURNAL")
    return Scheduled(root, zone, parts)


def key_of(component: Component, root: Component, zone: tzinfo) -> Key:
    """Return which instance a component speaks of; raises InvalidObject."""
    prop = component.first("RECURRENCE-ID")
    return None if prop is None else epoch(moment(prop, root, zone), zone)


def address(value: str) -> str:
    """Return a calendar user address in the form under which addresses are compared."""
    plain = value.strip().strip('"')
    scheme, colon, rest = plain.partition(":")
    if colon and scheme.casefold() == "mailto":
        return f"mailto:{rest.partition('?')[0].strip().casefold()}"
    return plain if colon or plain.startswith("/") or "@" not in plain else f"mailto:{plain.casefold()}"


def organizer(component: Component) -> str | None:
    """Return the address of a component's organizer, None when nobody organises it."""
    prop = component.first("ORGANIZER")
    return address(prop.value) if prop is not None and prop.value.strip() else None


def attendees(component: Component) -> dict[str, Property]:
    """Return the attendees of a component by address."""
    return {address(prop.value): prop for prop in component.all("ATTENDEE")}


def attendee(component: Component, who: Collection[str]) -> Property | None:
    """Return the line of the attendee who has one of these addresses."""
    return next((prop for prop in component.all("ATTENDEE") if address(prop.value) in who), None)


def agent(prop: Property | None) -> str:
    """Return who schedules for a line: SERVER, CLIENT or NONE; unknown words mean NONE (RFC 6638, 7.1)."""
    said = ((prop.param("SCHEDULE-AGENT") if prop is not None else None) or "SERVER").upper()
    return said if said in {"SERVER", "CLIENT"} else "NONE"


def partstat(prop: Property | None) -> str:
    """Return the participation status of a line."""
    return ((prop.param("PARTSTAT") if prop is not None else None) or NEEDS_ACTION).upper()


def with_params(prop: Property, **values: str | None) -> Property:
    """Return a line with parameters set, or removed where the value is None; names take _ for -."""
    named = {name.replace("_", "-"): value for name, value in values.items()}
    if all(prop.param(name) == value for name, value in named.items()):
        return prop
    params = {name: held for name, held in prop.params if name not in named}
    params |= {name: (value,) for name, value in named.items() if value is not None}
    return Property.make(prop.name, prop.value, params)


def sequence(component: Component | None) -> int:
    """Return the SEQUENCE of a component, 0 where it says none that can be read."""
    value = ((component.text("SEQUENCE") if component is not None else None) or "0").strip()
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


def cancelled(component: Component) -> bool:
    """Tell whether a component says that it does not take place."""
    return (component.text("STATUS") or "").strip().upper() == "CANCELLED"


def outgoing(component: Component, stamp: str) -> Component:
    """Return a component as it goes into a message: freshly stamped, without what is the sender's own affair.

    Alarms and the parameters of RFC 6638, 7 are not for others; X-MOZ properties are Thunderbird's notes to itself.
    """
    kept = [_undetailed(prop) for prop in component.properties if not prop.name.startswith("X-MOZ-")]
    # Places, resources and participants are part of what is told (RFC 9073, 7).
    inner = tuple(each for each in component.components if each.name != "VALARM")
    bare = Component(component.name, tuple(kept), inner)
    return bare.replaced("DTSTAMP", Property.make("DTSTAMP", stamp))


def _undetailed(prop: Property) -> Property:
    if prop.name not in {"ATTENDEE", "ORGANIZER"} or _DETAILS.isdisjoint(name for name, _ in prop.params):
        return prop
    return Property.make(prop.name, prop.value, {name: held for name, held in prop.params if name not in _DETAILS})


def calendar(method: str, components: Iterable[Component], root: Component) -> Component:
    """Return the VCALENDAR of a message, with the time zones that its components name (RFC 5546, 3)."""
    told = tuple(components)
    named = {prop.param("TZID") for each in told for prop in each.properties if prop.params}
    zones = tuple(zone for zone in root.children("VTIMEZONE") if zone.text("TZID") in named)
    lines = (("VERSION", "2.0"), ("PRODID", PRODUCT), ("METHOD", method))
    return Component("VCALENDAR", tuple(Property.make(*line) for line in lines), (*zones, *told))


def instance(found: Scheduled, key: int) -> Component | None:
    """Return the component of one instance as the series makes it; None when the series has no such instance."""
    if found.master is None:
        return None
    if key not in found.made:
        foresee(found, (key,))
    return found.made.get(key)


def foresee(found: Scheduled, keys: Iterable[int]) -> None:
    """Make the instances that will be asked for in one reading of the series: of each alone, hundreds take seconds."""
    wanted = {key for key in keys if key not in found.made}
    if found.master is None or not wanted:
        return
    found.made.update(dict.fromkeys(wanted))
    ranges = [each for each in found.parts.values() if open_ended(each)]
    alone = found.root.with_components([*found.root.children("VTIMEZONE"), found.master, *ranges])
    try:
        margin = max((_moved(found, each) for each in ranges), default=0)
        starts = datetime.fromtimestamp(min(wanted) - margin, UTC)
        stops = datetime.fromtimestamp(max(wanted) + margin + 1, UTC)
        listed = ical.expand(alone, starts, stops, found.zone)
    except (InvalidObject, ValueError, OverflowError):
        # No series reaches beyond the years that have a date.
        if len(wanted) > 1:
            for key in wanted:
                del found.made[key]
        return
    for one in listed:
        at = epoch(one.recurrence, found.zone) if one.recurrence else None
        if at is not None and at in wanted:
            found.made[at] = _overriding(found.master, one)


def open_ended(component: Component) -> bool:
    """Tell whether a component speaks of an instance and all after it (RFC 5545, 3.2.13)."""
    prop = component.first("RECURRENCE-ID")
    return prop is not None and (prop.param("RANGE") or "").strip().upper() == "THISANDFUTURE"


def _moved(found: Scheduled, component: Component) -> int:
    """Return by how many seconds at most an instance lies away from where the series would have it."""
    key, starts = key_of(component, found.root, found.zone), found.timing(component).starts
    return 0 if key is None or starts is None else abs(epoch(starts, found.zone) - key)


def _overriding(master: Component, one: ical.Instance) -> Component:
    """Return the component that tells an occurrence, turned into that of this instance alone."""
    bare = one.component.without("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
    start, origin = one.component.first("DTSTART"), master.first("DTSTART")
    assert start is not None
    assert origin is not None
    assert one.recurrence is not None
    made = bare.replaced("DTSTART", written(start, one.starts))
    for name in ("DTEND", "DUE"):
        if made.first(name) is not None:
            made = made.replaced(name, written(Property(name, start.params, start.value, ""), one.ends))
    named = written(Property("RECURRENCE-ID", origin.params, origin.value, ""), one.recurrence)
    return Component(made.name, (*made.properties, named), made.components)


def written(like: Property, value: Moment) -> Property:
    """Return a date or time in the form and the zone of another line."""
    params = {name: held for name, held in like.params if name in {"VALUE", "TZID"}}
    if isinstance(value, datetime) and like.value.strip().endswith(("Z", "z")):
        return Property.make(like.name, instant(value), params)
    text = _day(value)
    if isinstance(value, datetime):
        text += f"T{value.hour:02}{value.minute:02}{value.second:02}"
    return Property.make(like.name, text, params)


def instant(value: datetime | int) -> str:
    """Return a moment, aware or in epoch seconds, as a UTC DATE-TIME (RFC 5545, 3.3.5)."""
    moment_ = datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value.astimezone(UTC)
    return f"{_day(moment_)}T{moment_.hour:02}{moment_.minute:02}{moment_.second:02}Z"


def _day(value: date) -> str:
    return f"{value.year:04}{value.month:02}{value.day:02}"
