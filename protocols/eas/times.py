"""Read and write the dates of calendar items (MS-ASDTYPE 2.7; reference/eas.md sections 11 and 13)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from protocols.eas.errors import ItemRefused

_COMPACT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(?:\.\d{1,6})?Z?")
FIRST_YEAR, LAST_YEAR = 1601, 9000
NOON = time(12)
MIDNIGHT = time(0)
ONE_DAY = timedelta(days=1)


def compact(moment: datetime) -> str:
    """Write an aware instant as a Compact DateTime, `20260901T060000Z`."""
    utc = moment.astimezone(UTC)
    # strftime does not pad years below 1000 on every platform.
    return f"{utc.year:04d}{utc:%m%dT%H%M%SZ}"


def read_compact(text: str) -> datetime:
    """Read a Compact DateTime as an instant; dashes, colons and fractions are tolerated.

    Raises ItemRefused(6) for anything else, and outside the years 1601 to 9000 (Windows counts from 1601).
    """
    found = _COMPACT.fullmatch(text.strip())
    if not found:
        raise ItemRefused(6, "date")
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ItemRefused(6, "date")
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ItemRefused(6, "date") from error


def as_date(moment: date | datetime) -> date:
    """Give the calendar date of a date or of a moment in its own zone."""
    return moment.date() if isinstance(moment, datetime) else moment


def at(model: date | datetime, day: date) -> date | datetime:
    """Move a date or a moment to another day, wall clock kept; a time in a daylight gap is read as RFC 5545 says."""
    if not isinstance(model, datetime):
        return day
    return datetime.combine(day, model.time(), model.tzinfo)


def instant(moment: date | datetime, zone: tzinfo) -> datetime:
    """Give the instant a moment begins; a date or a floating moment begins in `zone`."""
    if not isinstance(moment, datetime):
        return local_midnight(moment, zone)
    return _utc(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def local_midnight(day: date, zone: tzinfo) -> datetime:
    """Give the instant a day begins in a zone: how all-day items travel up to 14.1."""
    return _utc(datetime.combine(day, MIDNIGHT, zone))


def _utc(moment: datetime) -> datetime:
    """Give an instant in UTC, the first or last one there is for what lies beyond the calendar."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return (datetime.min if moment.year == 1 else datetime.max.replace(microsecond=0)).replace(tzinfo=UTC)


def whole_day(moment: datetime, sent: tzinfo | None, user: tzinfo) -> date:
    """Find the date meant by the start or the end of an all-day item (reference/eas.md section 13).

    `sent` is the zone of the item's blob, None when the blob is absent or all zero. Tried in order: midnight of the
    blob's zone; T000000Z with no zone or UTC (TbSync, Kopano); the nearest midnight of the user's zone.
    """
    if sent is not None and sent.utcoffset(moment.replace(tzinfo=None)):
        local = moment.astimezone(sent)
        if local.time() == MIDNIGHT:
            return local.date()
    elif moment.time() == MIDNIGHT:
        return moment.date()
    local = moment.astimezone(user)
    return local.date() if local.time() < NOON else local.date() + ONE_DAY
