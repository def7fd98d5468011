"""Sweeps: what a phone makes of a Recurrence, and of a zone's blob, is what was stored, or it is told otherwise.

The phone's side is another expander than the server's: the element is read into dateutil's terms.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.rrule import DAILY, FR, MO, MONTHLY, SA, SU, TH, TU, WE, WEEKLY, YEARLY, rrule, rrulestr, weekday

from protocols.eas.codepages import Calendar
from protocols.eas.representation import Instances, Series, representation
from protocols.eas.transitions import offset_at
from protocols.eas.wbxml import Element, encode
from protocols.eas.zones import blob, holds, unpack
from storage.contentlines import parse
from storage.ical import expand
from tests.eas.wbxml import decode
from tests.protocols.eas.calendar_samples import PARIS, context, event
from tests.protocols.eas.readers import aosp, apple, occurrences

DAYS: tuple[weekday, ...] = (SU, MO, TU, WE, TH, FR, SA)
STAMP = "%Y%m%dT%H%M%S"
HORIZON = datetime(2029, 7, 1, tzinfo=PARIS)
RULES = [
    f"{frequency}{interval}{by}{end}"
    for frequency, parts in (
        ("FREQ=DAILY", ("", ";BYDAY=MO,TU,WE,TH,FR", ";BYDAY=SA,SU", ";BYMONTH=9,10", ";BYMONTHDAY=31")),
        ("FREQ=WEEKLY", ("", ";BYDAY=MO,TH", ";BYDAY=SU,MO;WKST=SU", ";BYDAY=SU,MO", ";BYDAY=MO,TU,WE,TH,FR,SA,SU")),
        (
            "FREQ=MONTHLY",
            (
                "",
                ";BYMONTHDAY=1",
                ";BYMONTHDAY=31",
                ";BYMONTHDAY=-1",
                ";BYMONTHDAY=-2",
                ";BYMONTHDAY=1,15",
                ";BYDAY=1MO",
                ";BYDAY=5FR",
                ";BYDAY=-1FR",
                ";BYDAY=-2TU",
                ";BYDAY=1MO,3WE",
                ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
                ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                ";BYDAY=SA,SU;BYSETPOS=2",
                ";BYDAY=MO,WE;BYSETPOS=3",
                ";BYDAY=FR;BYMONTHDAY=13",
                ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2",
                ";BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
                ";BYDAY=MO;BYSETPOS=-1",
                ";BYDAY=-1MO,1MO",
                ";BYMONTHDAY=-1,15",
                ";BYMONTHDAY=5,10,15,20,25",
                ";BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=-1",
            ),
        ),
        (
            "FREQ=YEARLY",
            (
                "",
                ";BYMONTH=2;BYMONTHDAY=29",
                ";BYMONTH=9;BYDAY=1MO",
                ";BYMONTH=9;BYDAY=-1SU",
                ";BYMONTH=3,9;BYMONTHDAY=7",
                ";BYWEEKNO=20;BYDAY=MO",
                ";BYYEARDAY=100",
                ";BYDAY=20MO",
                ";BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            ),
        ),
    )
    for interval in ("", ";INTERVAL=2")
    for by in parts
    for end in ("", ";COUNT=9", ";UNTIL=20290301T120000Z")
]


def shown(recurrence: Element, first: datetime) -> rrule:
    """Read a Recurrence as a phone does, into dateutil's terms."""
    fields = {child.tag.name: child.content for child in recurrence.children}
    kind = int(fields["Type"])
    mask = int(fields.get("DayOfWeek", 0))
    days = [day for number, day in enumerate(DAYS) if mask >> number & 1]
    week = int(fields.get("WeekOfMonth", 0))
    frequency: Any = {0: DAILY, 1: WEEKLY, 2: MONTHLY, 3: MONTHLY, 5: YEARLY, 6: YEARLY}[kind]
    until = fields.get("Until")
    return rrule(
        frequency,
        dtstart=first,
        interval=int(fields.get("Interval") or 1),
        count=int(fields["Occurrences"]) if "Occurrences" in fields else None,
        until=datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if until else None,
        byweekday=days or None,
        bysetpos=({5: -1}.get(week, week)) or None,
        bymonth=int(fields["MonthOfYear"]) if "MonthOfYear" in fields else None,
        bymonthday=int(fields["DayOfMonth"]) if "DayOfMonth" in fields else None,
        wkst=int(DAYS[int(fields["FirstDayOfWeek"])].weekday) if "FirstDayOfWeek" in fields else 0,
    )


DEVICES = [("12.1", "other"), ("14.1", "ios"), ("14.1", "aosp"), ("16.1", "tbsync")]
STARTS = [datetime(2026, 9, 7, 8), datetime(2027, 1, 31, 23, 30), datetime(2028, 2, 29, 0, 30)]


@pytest.mark.parametrize(("version", "family"), DEVICES)
@pytest.mark.parametrize("start", STARTS)
def test_every_rule_is_shown_as_stored_or_told_one_by_one(start: datetime, version: str, family: str) -> None:
    first = start.replace(tzinfo=PARIS)
    begin = first.date()
    told = 0
    for rule in RULES:
        stamp = f"{start:%Y%m%dT%H%M%S}"
        text = event(f"DTSTART;TZID=Europe/Paris:{stamp}", "DURATION:PT30M", f"RRULE:{rule}")
        found = representation(text, context(version=version, family=family), (begin, date(2029, 7, 1)))
        if isinstance(found, Series):
            element = found.item.find(Calendar.Recurrence)
            assert element is not None, rule
            truth = takewhile(lambda day: day < HORIZON, rrulestr(rule, dtstart=first))
            assert [*takewhile(lambda day: day < HORIZON, shown(element, first))] == [*truth], rule
            told += 1
        else:
            # What a rule means whose first occurrence it does not give, RFC 5545, 3.8.5.3 leaves open.
            known = expand(parse(text), first - timedelta(days=1), HORIZON, PARIS)
            starts = [item.value(Calendar.StartTime) for _, item in found.items]
            moments = [one.starts for one in known if isinstance(one.starts, datetime)]
            assert starts == [f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}" for moment in moments], rule
    assert told > 0


EXCEPTIONS = {
    "one left out": (("EXDATE;TZID=Europe/Paris:{1}",), ()),
    "two left out": (("EXDATE;TZID=Europe/Paris:{1},{3}",), ()),
    "one more": (("RDATE;TZID=Europe/Paris:{extra}",), ()),
    "one moved": ((), ("{2}", "{later}")),
    "one left out and one moved": (("EXDATE;TZID=Europe/Paris:{0}",), ("{2}", "{later}")),
}


def with_exceptions(rule: str, first: datetime, kind: str) -> bytes | None:
    """A series whose first occurrences are not as its rule has them; None when it has too few."""
    days = [*takewhile(lambda day: day < HORIZON, rrulestr(rule, dtstart=first))][:4]
    if len(days) < 4 or days[0] != first:
        return None
    named = {"extra": f"{days[2] + timedelta(hours=5):{STAMP}}", "later": f"{days[2] + timedelta(hours=1):{STAMP}}"}
    stamps = [f"{day:{STAMP}}" for day in days]
    lines, moved = EXCEPTIONS[kind]
    head = (f"DTSTART;TZID=Europe/Paris:{first:{STAMP}}", "DURATION:PT30M", f"RRULE:{rule}")
    more: tuple[str, ...] = ()
    if moved:
        original, start = (each.format(*stamps, **named) for each in moved)
        more = ("BEGIN:VEVENT", "UID:lesson-1", "DTSTAMP:20260801T100000Z", "SUMMARY:Moved", "DURATION:PT30M")
        more += (f"RECURRENCE-ID;TZID=Europe/Paris:{original}", f"DTSTART;TZID=Europe/Paris:{start}", "END:VEVENT")
    return event(*head, *(line.format(*stamps, **named) for line in lines), more=more)


def client_sees(found: Series | Instances, version: str) -> set[datetime]:
    """The starts, by the wall clock, that another reader than the server's makes of what a phone is sent."""
    items = [found.item] if isinstance(found, Series) else [data for _, data in found.items]
    read = apple if version >= "16" else aosp
    begin, end = datetime(2026, 1, 1), HORIZON.replace(tzinfo=None)
    return {one[0] for data in items for one in occurrences(read(decode(encode(data))), begin, end)}


@pytest.mark.parametrize("kind", EXCEPTIONS)
@pytest.mark.parametrize(("version", "family"), DEVICES)
def test_every_rule_with_exceptions_is_seen_as_stored(version: str, family: str, kind: str, long_run: bool) -> None:
    forms = {Series: 0, Instances: 0}
    first = STARTS[0].replace(tzinfo=PARIS)
    for rule in RULES if long_run else RULES[::5]:
        text = with_exceptions(rule, first, kind)
        if text is None:
            continue
        found = representation(text, context(version=version, family=family), (first.date(), date(2029, 7, 1)))
        forms[type(found)] += 1
        known = expand(parse(text), first - timedelta(days=1), HORIZON, PARIS)
        moments = (one.starts for one in known if isinstance(one.starts, datetime))
        truth = {moment.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) for moment in moments}
        assert client_sees(found, version) == truth, rule
    assert forms[Instances] > 0
    assert (forms[Series] > 0) == (kind != "one more")


def test_the_corpus_is_wide() -> None:
    assert len(RULES) == len(set(RULES)) > 250
    for part in ("BYSETPOS", "BYDAY=-", "BYMONTHDAY=-", "BYMONTHDAY=1,15", "COUNT", "UNTIL", "WKST", "BYWEEKNO"):
        assert sum(part in rule for rule in RULES) > 3, part


@pytest.mark.parametrize("year", [2012, 2026])
def test_every_iana_zone_is_told_truly_for_as_many_years_as_is_said(year: int) -> None:
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        first = datetime(year, 1, 15, 12, tzinfo=UTC)
        found = unpack(blob(zone, first))
        assert found is not None, name
        assert found.rule.offset(first) == offset_at(zone, first), name
        if not holds(zone, first, first + timedelta(days=5 * 366)):
            continue
        for step in range(5 * 26):
            moment = first + timedelta(weeks=2 * step)
            assert found.rule.offset(moment) == offset_at(zone, moment), (name, moment)
