"""When the alarms of an object ring (RFC 5545, 3.6.6; RFC 4791, 9.9)."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo

from storage.contentlines import Component
from storage.errors import InvalidObject
from storage.ical import Instance, expand
from storage.ical_times import moment
from storage.ical_values import DAY, Length, Moment, epoch, read_duration, value_of

# An alarm that repeats more often is told as ringing from its first time to its last.
MAX_REPEAT = 1_000


def ringing(holder: Component, root: Component, start: datetime, end: datetime, zone: tzinfo) -> tuple[Component, ...]:
    """Return the alarms of an event or task of `root` that ring in [start, end), counting each occurrence it tells.

    One on a series with too many occurrences to list there rings; one whose trigger cannot be read does not.
    """
    return tuple(each for each in holder.children("VALARM") if _rings(each, (holder, root), (start, end), zone))


def _rings(alarm: Component, of: tuple[Component, Component], within: tuple[datetime, datetime], zone: tzinfo) -> bool:
    holder, root = of
    first, last = (int(bound.timestamp()) for bound in within)
    try:
        times = _times(alarm, root, zone)
        if times is None:
            return False
        offset, delays = times
        if isinstance(offset, int):
            return _any_in(offset, delays, first, last)
        related_end = _is_related_to_end(alarm)
        for each in _occurrences(holder, root, within, (offset, delays), zone):
            anchor = each.ends if related_end else each.starts
            if _any_in(_shifted(anchor, offset, zone), delays, first, last):
                return True
    except InvalidObject as error:
        return error.precondition == "max-instances"
    return False


def _times(alarm: Component, root: Component, zone: tzinfo) -> tuple[int | Length, range] | None:
    """Return an instant, or the length from what the alarm is related to, and the delays of its repetitions."""
    trigger = alarm.first("TRIGGER")
    if trigger is None:
        return None
    delays = _delays(alarm)
    if (trigger.param("VALUE") or "").upper() == "DATE-TIME":
        return epoch(moment(trigger, root, zone), zone), delays
    return value_of(trigger, read_duration), delays


def _delays(alarm: Component) -> range:
    repeat, duration = alarm.first("REPEAT"), alarm.first("DURATION")
    if repeat is None or duration is None:
        return range(1)
    count = repeat.value.strip()
    step = value_of(duration, read_duration).approximate
    if not (count.isascii() and count.isdigit()) or step <= 0:
        return range(1)
    return range(0, min(int(count[:9]), MAX_REPEAT) * step + 1, step)


def _is_related_to_end(alarm: Component) -> bool:
    trigger = alarm.first("TRIGGER")
    return trigger is not None and (trigger.param("RELATED") or "").upper() == "END"


def _any_in(at: int, delays: range, first: int, last: int) -> bool:
    """Whether at least one ring is in [first, last)."""
    skipped = max(0, -(-(first - at) // delays.step))
    return skipped < len(delays) and at + delays[skipped] < last


def _shifted(anchor: Moment, offset: Length, zone: tzinfo) -> int:
    start = anchor if isinstance(anchor, datetime) else datetime(anchor.year, anchor.month, anchor.day, tzinfo=zone)
    try:
        return epoch(offset.after(start), zone)
    except OverflowError:
        raise InvalidObject("max-date-time", "an alarm rings outside the years 1 to 9999") from None


def _occurrences(
    holder: Component, root: Component, within: tuple[datetime, datetime], times: tuple[Length, range], zone: tzinfo
) -> Iterator[Instance]:
    """Yield the occurrences that one component tells and whose alarm may ring within the range."""
    offset, delays = times
    margin = timedelta(seconds=abs(offset.approximate) + delays[-1] + DAY)
    found: Iterable[Instance] = expand(root, _away(within[0], -margin), _away(within[1], margin), zone)
    dated = holder.first("DTSTART") is not None or holder.first("DUE") is not None
    return (each for each in found if dated and each.component is holder)


def _away(at: datetime, margin: timedelta) -> datetime:
    """Return a bound moved outwards, as far as there are years."""
    try:
        return at + margin
    except OverflowError:
        return at
