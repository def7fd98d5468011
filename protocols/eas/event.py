"""Read the facts of a stored event that EAS items are made of (RFC 5545, 3.6.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.ical import moment
from storage.ical_values import Length, read_duration

BUSY_PROPERTY = "X-MICROSOFT-CDO-BUSYSTATUS"
SENSITIVITY_PROPERTY = "X-CADRAN-SENSITIVITY"
FREE, TENTATIVE, BUSY, OUT_OF_OFFICE, ELSEWHERE = 0, 1, 2, 3, 4
PERSONAL = 1
SENSITIVITIES = {"PRIVATE": 2, "CONFIDENTIAL": 3}
CANCELLED_BIT, NOT_ORGANIZER_BIT, MEETING_BIT = 4, 2, 1


@dataclass(frozen=True, slots=True)
class Times:
    """When an event is: two dates (the end exclusive) or two aware moments in the event's zone."""

    starts: date | datetime
    ends: date | datetime

    @property
    def all_day(self) -> bool:
        """Whether the event is made of whole days."""
        return not isinstance(self.starts, datetime)


def events(root: Component) -> tuple[Component, ...]:
    """Give the VEVENTs of an object, master and overrides."""
    return root.children("VEVENT")


def master(root: Component) -> Component | None:
    """Give the VEVENT that is no override; None for an object of detached overrides or of tasks."""
    return next((event for event in events(root) if event.first("RECURRENCE-ID") is None), None)


def overrides(root: Component) -> tuple[Component, ...]:
    """Give the VEVENTs that replace one occurrence."""
    return tuple(event for event in events(root) if event.first("RECURRENCE-ID") is not None)


def starts(event: Component, root: Component, zone: tzinfo) -> date | datetime:
    """Read DTSTART; raises InvalidObject when there is none."""
    prop = event.first("DTSTART")
    if prop is None:
        raise InvalidObject("valid-calendar-data", "no DTSTART")
    return moment(prop, root, zone)


def times(event: Component, root: Component, zone: tzinfo) -> Times:
    """Read start and end: DTEND, or DURATION added up, or one day for a date and nothing for a moment."""
    begin = starts(event, root, zone)
    end = event.first("DTEND")
    if end is not None:
        return Times(begin, _not_before(begin, moment(end, root, zone)))
    duration = _length(event.first("DURATION"))
    if duration is not None:
        return Times(begin, _not_before(begin, duration.after(begin)))
    return Times(begin, begin if isinstance(begin, datetime) else begin + timedelta(days=1))


def _length(prop: Property | None) -> Length | None:
    try:
        return read_duration(prop.value) if prop else None
    except ValueError:
        return None


def _not_before(begin: date | datetime, end: date | datetime) -> date | datetime:
    """Keep an end of the same kind that follows its start; a zero-length all-day event lasts one day."""
    match begin, end:
        case datetime(), datetime():
            return max(begin, end, key=lambda moment: moment.astimezone(UTC))
        case datetime(), _:
            return begin
        case _:
            day = end.date() if isinstance(end, datetime) else end
            return max(day, begin + timedelta(days=1))


def floating(prop: Property) -> bool:
    """Tell whether a date-time property has neither a zone nor the UTC mark."""
    return "T" in prop.value.upper() and prop.param("TZID") is None and not prop.value.upper().endswith("Z")


def values(event: Component, name: str) -> Iterator[Property]:
    """Yield every value of a list property such as EXDATE, each as a property of its own."""
    for prop in event.all(name):
        for value in prop.value.split(","):
            if value.strip():
                yield Property.make(name, value.strip(), dict(prop.params))


def meant(prop: Property, first: date | datetime, root: Component, zone: tzinfo) -> date | datetime:
    """Read an EXDATE or RECURRENCE-ID as the start of an occurrence of a series that begins at `first`.

    Clients name a timed occurrence by its bare date, and a whole day by a time in it.
    """
    value = moment(prop, root, zone)
    if not isinstance(first, datetime):
        return value.date() if isinstance(value, datetime) else value
    if isinstance(value, datetime):
        return value
    return datetime.combine(value, first.time(), first.tzinfo)


def busy_status(event: Component, *, elsewhere: bool = False) -> int:
    """Give BusyStatus: TRANSP first, then Microsoft's own property, then STATUS.

    `elsewhere` says that the device knows of working elsewhere, as those of 16.0 and later do; to others that is busy.
    """
    if (event.text("TRANSP") or "").upper() == "TRANSPARENT":
        return FREE
    stated = (event.text(BUSY_PROPERTY) or "").upper()
    if stated == "OOF":
        return OUT_OF_OFFICE
    if elsewhere and stated == "WORKINGELSEWHERE":
        return ELSEWHERE
    tentative = stated == "TENTATIVE" or (event.text("STATUS") or "").upper() == "TENTATIVE"
    return TENTATIVE if tentative else BUSY


def sensitivity(event: Component) -> int:
    """Give Sensitivity from CLASS; 1 (personal) is remembered beside CLASS:PRIVATE."""
    known = SENSITIVITIES.get((event.text("CLASS") or "").upper(), 0)
    return PERSONAL if known and event.text(SENSITIVITY_PROPERTY) == str(PERSONAL) else known


def categories(event: Component) -> tuple[str, ...]:
    """Give the categories of every CATEGORIES line, in order, each once."""
    found = (name.strip() for prop in event.all("CATEGORIES") for name in split_texts(prop.value))
    return tuple(dict.fromkeys(name for name in found if name))


def split_texts(value: str) -> list[str]:
    """Split a raw list of texts at its bare commas and unescape each (RFC 5545, 3.3.11)."""
    items, text, escaped = [], "", False
    for char in value:
        if escaped:
            text += "\n" if char in "nN" else char
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == ",":
            items.append(text)
            text = ""
        else:
            text += char
    return [*items, text]


def cancelled(event: Component) -> bool:
    """Tell whether the event is marked cancelled."""
    return (event.text("STATUS") or "").upper() == "CANCELLED"


def alarm(event: Component) -> tuple[int, int] | None:
    """Find the alarm a phone shows: its index among the components, and its minutes before the start.

    The first DISPLAY alarm whose trigger is relative to the start and not after it; no other can be said in EAS.
    """
    for index, component in enumerate(event.components):
        if component.name == "VALARM" and (minutes := _minutes_before(component)) is not None:
            return index, minutes
    return None


def _minutes_before(component: Component) -> int | None:
    trigger = component.first("TRIGGER")
    if trigger is None or (component.text("ACTION") or "").upper() != "DISPLAY":
        return None
    if (trigger.param("RELATED") or "START").upper() != "START":
        return None
    length = _length(trigger)
    return -(length.approximate // 60) if length and length.approximate <= 0 else None


def address(prop: Property) -> str | None:
    """Give the mail address of an ORGANIZER or ATTENDEE; None when it has none that is valid in form."""
    for text in (prop.value.strip(), prop.param("EMAIL") or ""):
        bare = text[7:] if text[:7].lower() == "mailto:" else text
        name, at_sign, domain = bare.strip().partition("@")
        if (
            at_sign
            and name
            and domain
            and ":" not in name
            and not any(char.isspace() or char in "<>@" for char in domain)
        ):
            return bare.strip()
    return None
