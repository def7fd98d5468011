"""Read when one component takes place: its start and its length, or the RFC 4791, 9.9 table for tasks."""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from storage.contentlines import Component, Property
from storage.errors import InvalidObject
from storage.ical_values import (
    DAWN,
    DAY,
    FOREVER,
    Length,
    Moment,
    epoch,
    localised,
    read_duration,
    read_moment,
    value_of,
)
from storage.ical_zones import zone_of


@dataclass(frozen=True, slots=True)
class Span:
    """Hold one occurrence as [starts, ends) in epoch seconds; a zero length stands for an instant."""

    starts: int
    ends: int

    def meets(self, start: int, end: int) -> bool:
        """Say whether the span overlaps [start, end), an instant being in it where it starts (RFC 4791, 9.9)."""
        return self.starts < end and (self.ends > start or (self.starts == self.ends and self.starts >= start))


@dataclass(frozen=True, slots=True)
class Timing:
    """Hold when a component takes place; `starts` is None when it has neither a start nor a due time."""

    component: Component
    starts: Moment | None
    length: Length
    due: bool = False

    def end(self, start: Moment, length: Length | None = None) -> Moment:
        """Return the end of the occurrence that starts then; raises InvalidObject(`max-date-time`)."""
        try:
            return (length or self.length).after(start)
        except OverflowError:
            raise InvalidObject("max-date-time", f"{self.component.name} ends after the year 9999") from None


def moment(prop: Property, root: Component, zone: tzinfo) -> Moment:
    """Return a DTSTART-like value: a date, or a time in its TZID's zone; a floating time is read in `zone`.

    Raises InvalidObject(`valid-calendar-data`) naming the property.
    """
    value = value_of(prop, read_moment)
    if isinstance(value, datetime):
        if prop.params and prop.param("VALUE") == "DATE":
            return value.date()
        if value.tzinfo is None:
            tzid = prop.param("TZID") if prop.params else None
            return value.replace(tzinfo=zone_of(tzid, root, zone) if tzid else zone)
    return value


def moments(prop: Property, root: Component, zone: tzinfo) -> list[tuple[Moment, Length | None]]:
    """Return the values of an RDATE or EXDATE with the length of each PERIOD, None for the others."""
    tzid = prop.param("TZID")
    local = zone_of(tzid, root, zone) if tzid else zone
    return [_listed(prop, item, local) for item in prop.value.split(",")]


def timing(component: Component, root: Component, zone: tzinfo) -> Timing:
    """Return when a VEVENT, VTODO or VJOURNAL takes place, its recurrence aside.

    Raises InvalidObject when a VEVENT has no DTSTART, ends before it starts, or a value cannot be read.
    """
    start = component.first("DTSTART")
    if component.name == "VTODO":
        return _task(component, root, zone)
    if start is None:
        if component.name == "VEVENT":
            raise InvalidObject("valid-calendar-data", "VEVENT has no DTSTART")
        return Timing(component, None, Length())
    starts = moment(start, root, zone)
    if component.name == "VJOURNAL":
        return _checked(Timing(component, starts, _default(starts)))
    length = _length(component, starts, root, zone)
    if length.approximate < 0:
        raise InvalidObject("valid-calendar-data", "VEVENT ends before it starts")
    if length == Length() and not isinstance(starts, datetime):
        # Several clients write DTEND equal to DTSTART for one whole day.
        length = Length(days=1)
    return _checked(Timing(component, starts, length))


def span_of(found: Timing, starts: Moment, ends: Moment, zone: tzinfo) -> Span:
    """Return the span of one occurrence; a task's is wider by a second where RFC 4791, 9.9 includes a bound."""
    first = epoch(starts, zone)
    if found.component.name != "VTODO":
        return Span(first, first if ends is starts else epoch(ends, zone))
    last = epoch(ends, zone)
    if found.due:
        return Span(first - 1, first)
    if found.component.first("DURATION") is not None:
        return Span(first, last + 1) if last > first else Span(first - 1, first + 1)
    if found.component.first("DUE") is not None:
        return Span(first, last) if last > first else Span(first - 1, first + 1)
    return Span(first, first)


def undated_span(component: Component, root: Component, zone: tzinfo) -> Span | None:
    """Return the span of a component without DTSTART and DUE (RFC 4791, 9.9); None when it never matches."""
    if component.name != "VTODO":
        return None
    completed, created = (
        epoch(moment(prop, root, zone), zone) if prop is not None else None
        for prop in (component.first("COMPLETED"), component.first("CREATED"))
    )
    match completed, created:
        case int(), int():
            return Span(min(completed, created) - 1, max(completed, created) + 1)
        case int(), None:
            return Span(completed - 1, completed + 1)
        case None, int():
            return Span(created, FOREVER)
    return Span(DAWN, FOREVER)


def _listed(prop: Property, item: str, zone: tzinfo) -> tuple[Moment, Length | None]:
    begin, slash, end = item.partition("/")
    starts = localised(_item(prop, begin), zone)
    if not slash:
        return starts, None
    if end.lstrip("+").startswith("P"):
        length = value_of(Property(prop.name, (), end, ""), read_duration)
    else:
        ends = localised(_item(prop, end), zone)
        length = Length(seconds=epoch(ends, zone) - epoch(starts, zone))
    if length.approximate < 0:
        raise InvalidObject("valid-calendar-data", f"{prop.name}: a period ends before it starts")
    return starts, length


def _item(prop: Property, item: str) -> Moment:
    return value_of(Property(prop.name, (), item, ""), read_moment)


def _task(component: Component, root: Component, zone: tzinfo) -> Timing:
    start, due = component.first("DTSTART"), component.first("DUE")
    if start is None:
        return (
            Timing(component, moment(due, root, zone), Length(), due=True) if due else Timing(component, None, Length())
        )
    starts = moment(start, root, zone)
    duration = component.first("DURATION")
    if due is None and duration is not None:
        length = value_of(duration, read_duration)
    elif due is not None:
        # A due date on the day of a start time is common; a task is never due before it starts.
        seconds = epoch(moment(due, root, zone), zone) - epoch(starts, zone)
        length = Length(days=round(seconds / DAY)) if not isinstance(starts, datetime) else Length(seconds=seconds)
    else:
        length = Length()
    return _checked(Timing(component, starts, length if length.approximate > 0 else Length()))


def _length(component: Component, starts: Moment, root: Component, zone: tzinfo) -> Length:
    end = component.first("DTEND")
    if end is None:
        duration = component.first("DURATION")
        return value_of(duration, read_duration) if duration is not None else _default(starts)
    ends = moment(end, root, zone)
    match starts, ends:
        case datetime(), datetime():
            return Length(seconds=epoch(ends, zone) - epoch(starts, zone))
        case datetime(), _:
            raise InvalidObject("valid-calendar-data", "DTSTART is a time and DTEND a date")
        case _, datetime():
            raise InvalidObject("valid-calendar-data", "DTSTART is a date and DTEND a time")
    return Length(days=(ends - starts).days)


def _default(starts: Moment) -> Length:
    return Length() if isinstance(starts, datetime) else Length(days=1)


def _checked(found: Timing) -> Timing:
    if found.starts is not None:
        found.end(found.starts)
    return found


def midnight(day: date) -> datetime:
    """Return the naive start of a day."""
    return datetime.combine(day, time.min)
