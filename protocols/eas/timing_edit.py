"""Read the start, end and zone a client sent into DTSTART and DTEND (reference/eas.md sections 11 to 13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from protocols.eas import zones
from protocols.eas.codepages import Calendar, Tag
from protocols.eas.errors import ItemRefused
from protocols.eas.event import Times, floating, times
from protocols.eas.item import ItemContext
from protocols.eas.times import ONE_DAY, compact, instant, local_midnight, read_compact, whole_day
from protocols.eas.vtimezone import is_utc, tzid
from protocols.eas.wbxml import Element
from storage.contentlines import Component, Property
from storage.ical_values import Length

HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class SentTimes:
    """What a client says of time: instants, the all-day flag and its zone, each None when it says nothing."""

    starts: datetime | None
    ends: datetime | None
    all_day: bool | None
    blob: str | None


def sent_times(data: Element, blob: str | None = None) -> SentTimes:
    """Read the time elements of an item; `blob` is the series' zone for an exception. Raises ItemRefused(6)."""
    flag = data.value(Calendar.AllDayEvent)
    if flag not in (None, "", "0", "1"):
        raise ItemRefused(6, "all-day-flag")
    found = SentTimes(
        starts=_moment(data, Calendar.StartTime),
        ends=_moment(data, Calendar.EndTime),
        all_day=flag == "1" if flag else None,
        blob=data.value(Calendar.Timezone) or blob,
    )
    if found.starts and found.ends and found.ends < found.starts:
        raise ItemRefused(6, "end-before-start")
    return found


def _moment(data: Element, tag: Tag) -> datetime | None:
    text = data.value(tag)
    return read_compact(text) if text else None


def sent_zone(sent: SentTimes, former: tzinfo | None, context: ItemContext) -> tzinfo | None:
    """Give the zone a client means, the event's former one where the blob's rule is its; None when it says nothing."""
    return zones.read(sent.blob, former, context.zone, sent.starts) if sent.blob else None


def new_times(data: Element, context: ItemContext, now: datetime) -> Times:
    """Give start and end of a new item; what is missing is filled in or refused as MS-ASCAL 3.2.4.4 says."""
    sent = _completed(sent_times(data), now, context)
    assert sent.starts is not None
    assert sent.ends is not None
    zone = sent_zone(sent, None, context)
    if sent.all_day:
        return _whole_days(sent.starts, sent.ends, zone, context)
    own = zone or context.zone
    return Times(sent.starts.astimezone(own), sent.ends.astimezone(own))


def _completed(sent: SentTimes, now: datetime, context: ItemContext) -> SentTimes:
    if sent.starts and sent.ends:
        return sent
    begin, length = _half_hour(now), HALF_HOUR
    if sent.all_day and not sent.starts:
        begin, length = local_midnight(now.astimezone(context.zone).date(), context.zone), ONE_DAY
    match sent.starts, sent.ends:
        case None, None:
            pair = begin, begin + length
        case None, end if end is not None and end >= begin:
            pair = begin, end
        case start, None if start is not None and start <= now:
            pair = start, begin + length
        case _:
            raise ItemRefused(6, "missing-times")
    return SentTimes(*pair, sent.all_day, sent.blob)


def _half_hour(now: datetime) -> datetime:
    seconds = int(HALF_HOUR.total_seconds())
    return datetime.fromtimestamp(-(-now.timestamp() // seconds) * seconds, UTC)


def _whole_days(begin: datetime, end: datetime, zone: tzinfo | None, context: ItemContext) -> Times:
    first, last = whole_day(begin, zone, context.zone), whole_day(end, zone, context.zone)
    return Times(first, max(last, first + ONE_DAY))


def with_times(event: Component, root: Component, sent: SentTimes, context: ItemContext, *, series: bool) -> Component:
    """Put what a client says of time into an event; what already says the same stays as written.

    A single event keeps the form of its times (zone, UTC, floating). A series takes the client's zone when its rule
    is another one, for its wall clock depends on it. Raises ItemRefused(6) when the end would precede the start.
    """
    former = times(event, root, context.zone)
    wanted = _wanted(event, former, sent, context, series=series)
    if _instants(wanted, context) == _instants(former, context) and wanted.all_day == former.all_day:
        return event if not series or _same_zone(wanted, former) else _written(event, former, wanted, context)
    return _written(event, former, wanted, context)


def _wanted(event: Component, former: Times, sent: SentTimes, context: ItemContext, *, series: bool) -> Times:
    own = former.starts.tzinfo if isinstance(former.starts, datetime) else None
    zone = sent_zone(sent, own, context)
    old_start, old_end = _instants(former, context)
    begin, end = sent.starts or old_start, sent.ends or old_end
    if end < begin:
        raise ItemRefused(6, "end-before-start")
    all_day = former.all_day if sent.all_day is None else sent.all_day
    if all_day and former.all_day:
        days = _whole_days(begin, end, zone, context)
        return Times(days.starts if sent.starts else former.starts, days.ends if sent.ends else former.ends)
    if all_day:
        return _whole_days(begin, end, zone, context)
    kept = own
    if own is None or (series and zone is not None):
        kept = zone
    elif series and is_utc(own) and event.first("RRULE") is None:
        kept = context.zone
    target = kept or context.zone
    return Times(begin.astimezone(target), end.astimezone(target))


def _instants(when: Times, context: ItemContext) -> tuple[datetime, datetime]:
    return instant(when.starts, context.zone), instant(when.ends, context.zone)


def _same_zone(one: Times, other: Times) -> bool:
    if not (isinstance(one.starts, datetime) and isinstance(other.starts, datetime)):
        return True
    return one.starts.tzinfo == other.starts.tzinfo


def _written(event: Component, former: Times, wanted: Times, context: ItemContext) -> Component:
    model = event.first("DTSTART")
    if model is None or former.all_day != wanted.all_day or not _same_zone(wanted, former):
        model = None
    begin = event
    if wanted.starts != former.starts or model is None:
        begin = event.replaced("DTSTART", in_form("DTSTART", wanted.starts, model, context))
    if event.first("DTEND") is None and _ends_alike(event, former, wanted, context):
        return begin
    if wanted.ends == former.ends and model is not None and event.first("DTEND") is not None:
        return begin
    return begin.without("DURATION").replaced("DTEND", in_form("DTEND", wanted.ends, model, context))


def _ends_alike(event: Component, former: Times, wanted: Times, context: ItemContext) -> bool:
    """Tell whether an event without DTEND keeps its length, so that DURATION or nothing still says it."""
    if former.all_day != wanted.all_day:
        return False
    (old_start, old_end), (start, end) = _instants(former, context), _instants(wanted, context)
    if wanted.all_day:
        return _days(former) == _days(wanted)
    return old_end - old_start == end - start


def _days(when: Times) -> int:
    return (_day(when.ends) - _day(when.starts)).days


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def in_form(name: str, moment: date | datetime, model: Property | None, context: ItemContext) -> Property:
    """Write a moment as another property is written (TZID, UTC, floating), without one by the moment's own zone."""
    if not isinstance(moment, datetime):
        return Property.make(name, f"{moment:%Y%m%d}", {"VALUE": "DATE"})
    if model is not None and floating(model):
        return Property.make(name, f"{moment.astimezone(context.zone):%Y%m%dT%H%M%S}")
    named = model.param("TZID") if model is not None else None
    if named is None and (model is not None or moment.tzinfo is None or is_utc(moment.tzinfo)):
        return Property.make(name, compact(moment))
    assert moment.tzinfo is not None
    return Property.make(name, f"{moment:%Y%m%dT%H%M%S}", {"TZID": named or tzid(moment.tzinfo)})


def length_of(when: Times) -> Length:
    """Give the length of an event: days for whole days, seconds otherwise."""
    if when.all_day:
        return Length(days=_days(when))
    assert isinstance(when.starts, datetime)
    assert isinstance(when.ends, datetime)
    return Length(seconds=int((when.ends.astimezone(UTC) - when.starts.astimezone(UTC)).total_seconds()))
