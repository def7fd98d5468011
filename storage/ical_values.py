"""Read the typed values of RFC 5545, 3.3: dates, times, durations, periods and UTC offsets."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeVar

from storage.contentlines import Property
from storage.errors import InvalidObject

FOREVER: int = 2**53
DAWN: int = -(2**53)
DAY = 86_400
Moment = date | datetime

_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
_NUMBER = r"(\d{1,9})"
_DURATION = re.compile(
    rf"([+-]?)P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?", re.ASCII)
_SHOWN = 40
_LAST_SECOND = 59
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Length:
    """Hold a duration: days are counted on the calendar, seconds elapse exactly (RFC 5545, 3.3.6 and 3.8.5.3)."""

    days: int = 0
    seconds: int = 0

    def after(self, start: Moment) -> Moment:
        """Return the end of something that lasts this long; raises OverflowError outside years 1 to 9999."""
        if not isinstance(start, datetime):
            return start + timedelta(days=self.days + self.seconds // DAY)
        day = start + timedelta(days=self.days) if self.days else start
        if not self.seconds:
            return day
        elapsed = timedelta(seconds=self.seconds)
        if day.tzinfo is UTC:
            return day + elapsed
        return (day.astimezone(UTC) + elapsed).astimezone(day.tzinfo)

    @property
    def approximate(self) -> int:
        """Return the length in seconds, days counted as 24 hours."""
        return self.days * DAY + self.seconds


def read_moment(text: str) -> Moment:
    """Read a DATE, a local DATE-TIME (naive) or a UTC DATE-TIME (aware).

    Raises ValueError, and InvalidObject(`min-date-time`) for the year 0, which no calendar here can show.
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError("not a date or a time")
    year, month, day, hour, minute, second, utc = found.groups()
    if year == "0000":
        raise InvalidObject("min-date-time", f"{text[:_SHOWN]!r} is before the year 1")
    if hour is None:
        return date(int(year), int(month), int(day))
    # 60 is a leap second, which no clock here can show.
    shown = min(int(second), _LAST_SECOND) if second <= "60" else int(second)
    zone = UTC if utc else None
    return datetime(int(year), int(month), int(day), int(hour), int(minute), shown, tzinfo=zone)


def read_duration(text: str) -> Length:
    """Read a DURATION, weeks as days; raises ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        raise ValueError("not a duration")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    sign = -1 if found[1] == "-" else 1
    return Length(sign * (weeks * 7 + days), sign * (hours * 3600 + minutes * 60 + seconds))


def read_offset(text: str) -> timedelta:
    """Read a UTC-OFFSET; raises ValueError."""
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        raise ValueError("not an offset from UTC")
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    if offset >= timedelta(days=1):
        raise ValueError("not an offset from UTC")
    return -offset if found[1] == "-" else offset


def value_of(prop: Property, read: Callable[[str], _Value]) -> _Value:
    """Read a property's value, a ValueError becoming InvalidObject(`valid-calendar-data`) that names the property."""
    try:
        return read(prop.value)
    except ValueError as error:
        raise InvalidObject("valid-calendar-data", f"{prop.name}: {prop.value[:_SHOWN]!r}: {error}") from None


def localised(value: Moment, zone: tzinfo) -> Moment:
    """Return a value with local times read in a zone; dates and UTC times stay as they are."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=zone)
    return value


def epoch(value: Moment, zone: tzinfo) -> int:
    """Return an aware time, or the first instant of a date in a zone, in seconds since 1970 UTC.

    A local time that a clock change skips is read with the offset before the change, one that comes twice is the
    first (RFC 5545, 3.3.5).
    """
    if isinstance(value, datetime):
        return int(value.timestamp())
    return int(datetime(value.year, value.month, value.day, tzinfo=zone).timestamp())
