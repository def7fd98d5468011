"""Turn recurrences of events into the Recurrence element and back (MS-ASCAL 2.2.2.37; reference/eas.md section 14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from itertools import islice, takewhile

from protocols.eas.codepages import Calendar, Tag
from protocols.eas.errors import ItemRefused, NotRepresentable
from protocols.eas.pattern import (
    EVERY_DAY,
    LAST,
    MONDAY,
    Kind,
    Pattern,
    days_from,
    mask_of,
)
from protocols.eas.rules import parts, rule_text, shape
from protocols.eas.times import MIDNIGHT, as_date, at, compact, instant, read_compact
from protocols.eas.wbxml import E, Element

MAX_OCCURRENCES = 999
# As many occurrences as are compared when asking whether two recurrences are the same.
_COMPARED = 400
_MAX_DATES = 40_000

_DAY_KINDS = frozenset({Kind.DAILY, Kind.WEEKLY, Kind.MONTHLY_NTH, Kind.YEARLY_NTH})
_NUMBER_KINDS = frozenset({Kind.MONTHLY, Kind.YEARLY})
_NTH_KINDS = frozenset({Kind.MONTHLY_NTH, Kind.YEARLY_NTH})
_YEAR_KINDS = frozenset({Kind.YEARLY, Kind.YEARLY_NTH})
_CALENDAR_KINDS = _NUMBER_KINDS | _NTH_KINDS
# Field, lowest and highest value, and the types it may come with (status 6 otherwise).
_FIELDS: tuple[tuple[Tag, int, int, frozenset[Kind]], ...] = (
    (Calendar.DayOfWeek, 1, EVERY_DAY, _DAY_KINDS),
    (Calendar.DayOfMonth, 1, 31, _NUMBER_KINDS),
    (Calendar.WeekOfMonth, 1, LAST, _NTH_KINDS),
    (Calendar.MonthOfYear, 1, 12, _YEAR_KINDS),
)


@dataclass(frozen=True, slots=True)
class Recurring:
    """A pattern with its first occurrence and its end.

    `first` is a date, an aware moment in the series' zone, or a naive one for a floating series. `until` bounds the
    starts inclusively: a date counts whole days of the series' zone, a naive moment its wall clock.
    """

    pattern: Pattern
    first: date | datetime
    count: int | None = None
    until: date | datetime | None = None

    def dates(self, *, clamp: bool = False) -> Iterator[date]:
        """Yield the dates of the occurrences, bounded by the end of the series."""
        days = takewhile(self._within, days_from(self.pattern, as_date(self.first), clamp=clamp))
        return islice(days, _MAX_DATES if self.count is None else min(self.count, _MAX_DATES))

    def last(self) -> date | None:
        """Give the date of the last occurrence; None when there is no end or no occurrence."""
        if self.count is None and self.until is None:
            return None
        day = None
        for day in self.dates():  # noqa: B007 - the last one is wanted
            pass
        return day

    def _within(self, day: date) -> bool:
        match self.until:
            case None:
                return True
            case datetime() as end if isinstance(self.first, datetime):
                start = at(self.first, day)
                assert isinstance(start, datetime)
                if start.tzinfo is None or end.tzinfo is None:
                    return start.replace(tzinfo=None) <= end.replace(tzinfo=None)
                return start <= end
            case end:
                return day <= as_date(end)


def from_rule(text: str, first: date | datetime) -> Recurring | None:
    """Read RRULE text as a recurrence that EAS can say; None when no shape fits or the text is no rule.

    The shape is a candidate: `verification.verified` proves it.
    """
    rule = parts(text)
    pattern = shape(rule, as_date(first))
    try:
        count = int(rule["COUNT"]) if "COUNT" in rule else None
        until = _until(rule["UNTIL"], first) if "UNTIL" in rule else None
    except ValueError:
        return None
    return Recurring(pattern, first, count, until) if pattern else None


def _until(text: str, first: date | datetime) -> date | datetime:
    day = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    if "T" not in text:
        return day
    clock = datetime(day.year, day.month, day.day, int(text[9:11]), int(text[11:13]), int(text[13:15]))
    moment = clock.replace(tzinfo=UTC) if text.endswith("Z") else clock
    return moment if isinstance(first, datetime) else as_date(moment)


def to_element(series: Recurring, zone: tzinfo, version: str) -> Element:
    """Build the Recurrence element; `zone` places the dates of an all-day series.

    Raises NotRepresentable when the series has an end but no occurrence.
    """
    pattern = series.pattern
    gregorian = pattern.kind in _CALENDAR_KINDS and version >= "14.0"
    fields: tuple[tuple[Tag, int | None], ...] = (
        (Calendar.Type, pattern.kind),
        (Calendar.Interval, pattern.interval),
        (Calendar.DayOfWeek, pattern.days or None),
        (Calendar.DayOfMonth, pattern.day or None),
        (Calendar.WeekOfMonth, pattern.week or None),
        (Calendar.MonthOfYear, pattern.month or None),
        (Calendar.CalendarType, 0 if gregorian else None),
        (Calendar.IsLeapMonth, 0 if gregorian else None),
        (Calendar.FirstDayOfWeek, pattern.first_day if pattern.kind == Kind.WEEKLY and version >= "14.1" else None),
    )
    known = [E(tag, int(value)) for tag, value in fields if value is not None]
    return E(Calendar.Recurrence, *known, _end(series, zone))


def _end(series: Recurring, zone: tzinfo) -> Element | None:
    if series.count is not None and 1 <= series.count <= MAX_OCCURRENCES:
        return E(Calendar.Occurrences, series.count)
    if series.count is None and series.until is None:
        return None
    last = series.last()
    if last is None:
        raise NotRepresentable("no-occurrence")
    return E(Calendar.Until, compact(_last_instant(series.first, last, zone)))


def _last_instant(first: date | datetime, last: date, zone: tzinfo) -> datetime:
    moment = instant(at(first, last), zone)
    if isinstance(first, datetime):
        return moment
    # Phones that compare dates in UTC and phones that compare instants must both keep the last day.
    return max(moment, datetime.combine(last, MIDNIGHT, UTC))


def from_element(recurrence: Element, first: date | datetime, zone: tzinfo) -> Recurring:
    """Read a Recurrence element; a required field that is missing comes from the first occurrence.

    `zone` is how an all-day Until is read. Raises ItemRefused(6) for what MS-ASCAL refuses: unknown Type or
    CalendarType, a field with a type that does not take it, a value out of range, a date that never comes.
    """
    kind = _kind(recurrence)
    day = as_date(first)
    defaults = (mask_of(day), day.day, (day.day - 1) // 7 + 1, day.month)
    needed = {tag: default for (tag, _, _, kinds), default in zip(_FIELDS, defaults, strict=True) if kind in kinds}
    fields = {tag: _number(recurrence, tag, low, high) for tag, low, high, _ in _FIELDS}
    if any(value is not None and tag not in needed for tag, value in fields.items()):
        raise ItemRefused(6, "recurrence-field")
    given = {tag: value for tag, value in fields.items() if value is not None}
    if kind == Kind.DAILY and given.get(Calendar.DayOfWeek, EVERY_DAY) == EVERY_DAY:
        needed, given = {}, {}
    pattern = _pattern(Kind.WEEKLY if kind == Kind.DAILY and given else kind, {**needed, **given}, recurrence)
    if next(days_from(pattern, day), None) is None:
        raise ItemRefused(6, "recurrence-never")
    return _ended(Recurring(pattern, first), recurrence, zone)


def _kind(recurrence: Element) -> Kind:
    if _number(recurrence, Calendar.CalendarType, 0, 1) is None and recurrence.value(Calendar.CalendarType):
        raise ItemRefused(6, "calendar-type")
    number = _number(recurrence, Calendar.Type, 0, 6)
    if number is None or number not in list(Kind):
        raise ItemRefused(6, "recurrence-type")
    return Kind(number)


def _pattern(kind: Kind, fields: Mapping[Tag, int], recurrence: Element) -> Pattern:
    first_day = _number(recurrence, Calendar.FirstDayOfWeek, 0, 6)
    return Pattern(
        kind,
        interval=_number(recurrence, Calendar.Interval, 0, 999) or 1,
        days=fields.get(Calendar.DayOfWeek, 0),
        day=fields.get(Calendar.DayOfMonth, 0),
        week=fields.get(Calendar.WeekOfMonth, 0),
        month=fields.get(Calendar.MonthOfYear, 0),
        first_day=MONDAY if first_day is None else first_day,
    )


def _number(recurrence: Element, tag: Tag, low: int, high: int) -> int | None:
    text = recurrence.value(tag)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and low <= int(text) <= high):
        raise ItemRefused(6, f"recurrence-{tag.name}")
    return int(text)


def _ended(series: Recurring, recurrence: Element, zone: tzinfo) -> Recurring:
    count = _number(recurrence, Calendar.Occurrences, 1, MAX_OCCURRENCES)
    if count is not None:
        return replace(series, count=count)
    text = recurrence.value(Calendar.Until)
    if not text:
        return series
    until = read_compact(text)
    day_given = until.time() == MIDNIGHT
    if not isinstance(series.first, datetime):
        return replace(series, until=until.date() if day_given else until.astimezone(zone).date())
    # A bare date means "that day included", though the occurrence starts later in it.
    own = series.first.tzinfo or zone
    end = at(series.first, until.date()) if day_given else until.astimezone(own)
    assert isinstance(end, datetime)
    return replace(series, until=end.replace(tzinfo=series.first.tzinfo))


def rrule(recurrence: Element, start: date | datetime, zone: tzinfo) -> str:
    """Translate a Recurrence element into RRULE text for an event that starts at `start`; raises ItemRefused(6)."""
    return to_rule(from_element(recurrence, start, zone))


def to_rule(series: Recurring) -> str:
    """Write a recurrence as RRULE text: UNTIL is a date, UTC or floating as the first occurrence demands."""
    text = rule_text(series.pattern)
    if series.count is not None:
        return f"{text};COUNT={series.count}"
    match series.until:
        case None:
            return text
        case datetime() as end:
            written = f"{end:%Y%m%dT%H%M%S}" if end.tzinfo is None else compact(end)
            return f"{text};UNTIL={written}"
        case end:
            return f"{text};UNTIL={end:%Y%m%d}"


def same(one: Recurring | None, other: Recurring | None) -> bool:
    """Tell whether two recurrences of one start give the same occurrences, as far as anyone will look."""
    if one is None or other is None:
        return one is other
    if (one.count is None and one.until is None) != (other.count is None and other.until is None):
        return False
    if tuple(islice(one.dates(), _COMPARED)) != tuple(islice(other.dates(), _COMPARED)):
        return False
    return one.last() == other.last()


def instants(series: Recurring, zone: tzinfo, until: datetime) -> Iterator[datetime]:
    """Yield the instants of the occurrences up to and with `until`."""
    starts = (instant(at(series.first, day), zone) for day in series.dates())
    return takewhile(lambda start: start <= until, starts)
