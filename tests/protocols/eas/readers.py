"""What clients make of an item: the parsers of AOSP, Thunderbird and Apple as the reference describes them.

An item becomes the occurrences a person sees between two moments. The expander is another one than the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule
from dateutil.rrule import weekdays as MONDAY_FIRST

from tests.eas.wbxml import Node

PARIS = ZoneInfo("Europe/Paris")
TENTATIVE = "1"
_FREQUENCIES: Mapping[str, Any] = {"0": DAILY, "1": WEEKLY, "2": MONTHLY, "3": MONTHLY, "5": YEARLY, "6": YEARLY}
_SUNDAY_FIRST = (MONDAY_FIRST[6], *MONDAY_FIRST[:6])
_FACTS = ("Subject", "Location", "BusyStatus", "Reminder", "AllDayEvent", "StartTime", "EndTime")


@dataclass
class Entry:
    """One occurrence's facts, or the whole item's, as a client holds them."""

    facts: dict[str, str] = field(default_factory=dict)
    rule: Node | None = None
    exceptions: list[Entry] = field(default_factory=list)
    original: str = ""
    deleted: bool = False


Seen = tuple[datetime, datetime, str, str, str, str, bool]


def _place(node: Node) -> str:
    return node.value("AirSyncBase:DisplayName") or "" if node.children else node.text


def _fact(entry: Entry, child: Node) -> None:
    name = child.name.partition(":")[2]
    if name == "Location":
        entry.facts[name] = _place(child)
    elif name in _FACTS:
        entry.facts[name] = child.text


def aosp(data: Node) -> Entry:
    """Read as AOSP's CalendarSyncAdapter: strictly in the order of the elements (reference/eas.md sections 11, 20)."""
    entry, seen = Entry(), set[str]()
    for child in data.children:
        name = child.name.partition(":")[2]
        if name == "AllDayEvent" and "Timezone" in seen and "StartTime" not in seen:
            continue
        if name == "Recurrence":
            entry.rule = child
        elif name == "Exceptions":
            # An exception has the values of its parent as they have been read up to here.
            entry.exceptions = [_exception(each, entry.facts) for each in child.children]
        else:
            _fact(entry, child)
        seen.add(name)
    return _completed(entry)


def _completed(entry: Entry) -> Entry:
    """Fill in what AOSP does: tentative without a BusyStatus, half an hour without an end."""
    entry.facts.setdefault("BusyStatus", TENTATIVE)
    if "StartTime" in entry.facts and "EndTime" not in entry.facts:
        later = _moment(entry.facts["StartTime"]) + timedelta(minutes=30)
        entry.facts["EndTime"] = f"{later:%Y%m%dT%H%M%SZ}"
    return entry


def thunderbird(data: Node) -> Entry:
    """Read as EAS-4-TbSync does; raises AssertionError for what it cannot stand (reference/eas.md section 20)."""
    entry = Entry(rule=data.find("Calendar:Recurrence"))
    if entry.rule is not None:
        mask, week = entry.rule.value("Calendar:DayOfWeek"), entry.rule.value("Calendar:WeekOfMonth")
        assert not (mask in ("127", "62", "65") and week), "a mask that TbSync takes for so many days each"
    listed = data.find("Calendar:Exceptions")
    assert listed is None or entry.rule is not None, "Exceptions of what does not recur"
    for child in data.children:
        _fact(entry, child)
    entry.exceptions = [_exception(each, entry.facts) for each in (listed.children if listed else ())]
    return entry


def apple(data: Node) -> Entry:
    """Read as a client of 16.x: the order does not matter, whole days are dates, and times have no zone."""
    entry = Entry(rule=data.find("Calendar:Recurrence"))
    assert not (data.value("Calendar:AllDayEvent") == "1" and data.find("Calendar:Timezone")), "a zone of whole days"
    for child in data.children:
        _fact(entry, child)
    listed = data.find("Calendar:Exceptions")
    entry.exceptions = [_exception(each, entry.facts) for each in (listed.children if listed else ())]
    return entry


def _exception(node: Node, parent: Mapping[str, str]) -> Entry:
    entry = Entry({key: value for key, value in parent.items() if key not in ("StartTime", "EndTime")})
    entry.original = node.value("Calendar:ExceptionStartTime") or node.value("AirSyncBase:InstanceId") or ""
    entry.deleted = node.value("Calendar:Deleted") == "1"
    for child in node.children:
        _fact(entry, child)
    return entry


READERS: Mapping[str, Callable[[Node], Entry]] = {
    "AOSP": aosp,
    "TbSync": thunderbird,
    "TbSync 16": apple,
    "iOS": apple,
}


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def occurrences(entry: Entry, first: datetime, last: datetime) -> Iterator[Seen]:
    """Give what is seen between two moments, each occurrence with its facts; whole days as their local midnights."""
    whole = entry.facts.get("AllDayEvent") == "1"
    floating = whole and entry.facts["StartTime"].endswith("T000000Z")
    local = partial(_local, floating=floating)
    start = local(entry.facts["StartTime"])
    read = local if whole else _moment
    length = read(entry.facts["EndTime"]) - read(entry.facts["StartTime"])
    changed = {local(each.original): each for each in entry.exceptions}
    for begin in [start] if entry.rule is None else _expanded(entry.rule, start, last, local):
        other = changed.pop(begin, Entry(entry.facts))
        if other.deleted:
            continue
        own = other.facts if other.original else {}
        here = local(own["StartTime"]) if "StartTime" in own else begin
        here, end = _lasting(here, length, whole=whole)
        end = local(own["EndTime"]) if "EndTime" in own else end
        if end > first and here < last:
            yield _seen(other.facts, here, end)


def _lasting(start: datetime, length: timedelta, *, whole: bool) -> tuple[datetime, datetime]:
    """Give start and end by the wall clock; an event lasts as long as it does, though the clock is changed then."""
    if whole:
        return start, start + length
    moment = start.replace(tzinfo=PARIS).astimezone(UTC)
    begin, end = moment.astimezone(PARIS), (moment + length).astimezone(PARIS)
    return begin.replace(tzinfo=None), end.replace(tzinfo=None)


def _local(text: str, *, floating: bool) -> datetime:
    """Give the wall clock: series recur by it, and lengths are told by it."""
    moment = _moment(text)
    return moment.replace(tzinfo=None) if floating else moment.astimezone(PARIS).replace(tzinfo=None)


def _seen(facts: Mapping[str, str], start: datetime, end: datetime) -> Seen:
    whole = facts.get("AllDayEvent") == "1"
    told = (facts.get(name, "") for name in ("Subject", "Location", "BusyStatus", "Reminder"))
    subject, place, busy, reminder = told
    return start, end, subject, place, busy, reminder, whole


def _expanded(rule: Node, start: datetime, last: datetime, local: Callable[[str], datetime]) -> Iterator[datetime]:
    fields = {child.name.partition(":")[2]: child.text for child in rule.children}
    until, week = fields.get("Until"), int(fields.get("WeekOfMonth", 0))
    mask = int(fields.get("DayOfWeek", 0))
    named: dict[str, Any] = {
        "interval": int(fields.get("Interval") or 1),
        "count": int(fields["Occurrences"]) if "Occurrences" in fields else None,
        "until": local(until) if until else None,
        "byweekday": [day for bit, day in enumerate(_SUNDAY_FIRST) if mask >> bit & 1] or None,
        "bysetpos": (-1 if week == 5 else week) or None,
        "bymonth": int(fields["MonthOfYear"]) if "MonthOfYear" in fields else None,
        "bymonthday": int(fields["DayOfMonth"]) if "DayOfMonth" in fields else None,
        "wkst": _SUNDAY_FIRST[int(fields.get("FirstDayOfWeek", 1))].weekday,
    }
    return takewhile(lambda begin: begin < last, rrule(_FREQUENCIES[fields["Type"]], dtstart=start, **named))
