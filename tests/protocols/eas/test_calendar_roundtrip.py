"""Events that go to a phone and come back: the same occurrences, and no byte changed when nothing was edited."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.eas.body import BodyPreference
from protocols.eas.calendar_edit import new_event, patched, patched_occurrence
from protocols.eas.codepages import AirSyncBase, Calendar, Tag
from protocols.eas.errors import ItemRefused
from protocols.eas.item import ItemContext
from protocols.eas.representation import Instances, Series, representation
from protocols.eas.wbxml import E, Element, decode, encode
from storage.contentlines import parse
from storage.ical import expand, inspect
from tests.protocols.eas.calendar_samples import NOW, PARIS, PARIS_BLOB, ZERO_BLOB, context, data, edit, event

ZONES = ("Europe/Paris", "America/New_York", "Indian/Reunion", "Australia/Sydney", "Asia/Kolkata", "Europe/London")
RULES = (
    "",
    "FREQ=DAILY;COUNT=9",
    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;UNTIL=20281231T000000Z",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;COUNT=20",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYDAY=1MO,3WE",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=YEARLY",
    "FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20271231",
)
WINDOW = (date(2026, 1, 1), date(2027, 6, 1))

starts = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 20)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
names = st.text(alphabet="abé,;\\<>&\n 日\"'", max_size=12)


@st.composite
def stored_events(draw: st.DrawFn) -> bytes:
    start: datetime = draw(starts)
    length = draw(st.integers(0, 4000))
    form = draw(st.sampled_from(("zone", "zone", "utc", "floating", "date")))
    rule = draw(st.sampled_from(RULES))
    stamp = start.strftime("%Y%m%dT%H%M%S")
    match form:
        case "zone":
            begin = f"DTSTART;TZID={draw(st.sampled_from(ZONES))}:{stamp}"
        case "utc":
            begin = f"DTSTART:{stamp}Z"
        case "floating":
            begin = f"DTSTART:{stamp}"
        case _:
            begin, length = f"DTSTART;VALUE=DATE:{stamp[:8]}", 1440 * (1 + length // 1440)
    until_date = form == "date" and "UNTIL" in rule
    rule = rule.split(";UNTIL")[0] + ";UNTIL=20271231" if until_date else rule
    text = draw(names).replace("\\", "\\\\").replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")
    duration = f"P{length // 1440}D" if form == "date" else f"PT{length}M"
    lines = [begin, f"DURATION:{duration}", f"SUMMARY:{text}", f"DESCRIPTION:{text}"]
    return event(*lines, *([f"RRULE:{rule}"] if rule else []))


contexts = st.builds(
    ItemContext,
    version=st.sampled_from(("12.1", "14.0", "14.1")),
    zone=st.sampled_from((PARIS, ZoneInfo("America/New_York"), ZoneInfo("Pacific/Auckland"), ZoneInfo("UTC"))),
    body=st.sampled_from(((), (BodyPreference(1, 4),), (BodyPreference(2),))),
    account_email=st.just("anne@college.example"),
    family=st.sampled_from(("tbsync", "aosp", "ios", "other")),
)


def occurrences(ical: bytes, device: ItemContext) -> list[tuple[datetime | date, datetime | date]]:
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in WINDOW)
    found = expand(parse(ical), begin, end, device.zone)
    return [(_utc(one.starts), _utc(one.ends)) for one in found]


def _utc(moment: datetime | date) -> datetime | date:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def wire(item: Element) -> Element:
    """Pass an item through the bytes, as a phone would receive it."""
    return decode(encode(E(item.tag, *item.children)))


@settings(max_examples=150, deadline=None)
@given(stored_events(), contexts)
def test_item_pushed_back_as_received_changes_nothing(ical: bytes, device: ItemContext) -> None:
    match representation(ical, device, WINDOW):
        case Series(item):
            assert patched(ical, wire(item), device, edit()) == ical
        case Instances(items):
            for suffix, item in items[:2]:
                assert patched_occurrence(ical, suffix, wire(item), device, edit()) == ical


@settings(max_examples=150, deadline=None)
@given(stored_events(), contexts)
def test_item_copied_into_a_new_event_happens_at_the_same_times(ical: bytes, device: ItemContext) -> None:
    found = representation(ical, device, WINDOW)
    if isinstance(found, Series):
        copy = new_event(wire(found.item), device, "copy", NOW)
        assert occurrences(copy, device) == occurrences(ical, device)
        return
    for _, item in found.items[:2]:
        copy = new_event(wire(item), device, "copy", NOW)
        (when,) = occurrences(copy, device)
        assert when in occurrences(ical, device)


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"])
def test_whole_days_are_the_same_days_wherever_the_user_is(zone: str) -> None:
    device = context(zone=ZoneInfo(zone))
    for offset in range(0, 366, 5):
        day = date(2026, 1, 1) + timedelta(days=offset)
        ical = event(f"DTSTART;VALUE=DATE:{day:%Y%m%d}", "RRULE:FREQ=DAILY;UNTIL=20281231")
        found = representation(ical, device, WINDOW)
        assert isinstance(found, Series)
        copy = parse(new_event(found.item, device, "copy", NOW)).children("VEVENT")[0]
        assert copy.text("DTSTART") == f"{day:%Y%m%d}"
        assert copy.text("RRULE") == "FREQ=DAILY;UNTIL=20281231"


TEXTS = st.one_of(
    st.sampled_from(
        (
            "",
            "0",
            "1",
            "2",
            "5",
            "7",
            "62",
            "999",
            "-1",
            "x",
            "20260907T060000Z",
            "20261025T003000Z",
            "16010101T000000Z",
        )
    ),
    st.sampled_from(
        ("90001231T235959Z", "20260907T080000", PARIS_BLOB, ZERO_BLOB, "bob@b.example", "a\nb\x00\x1f", "é" * 70)
    ),
    st.text(max_size=12),
)
TAGS = st.sampled_from(
    [tag for tag in vars(Calendar).values() if isinstance(tag, Tag)] + [AirSyncBase.Body, AirSyncBase.Data]
)
TREES = st.recursive(
    st.builds(E, TAGS, TEXTS),
    lambda inner: st.builds(lambda tag, some: E(tag, *some), TAGS, st.lists(inner, max_size=5)),
    max_leaves=12,
)
MOMENTS = st.sampled_from(
    (
        "20260907T060000Z",
        "20260914T060000Z",
        "20260914T070000Z",
        "20260920T220000Z",
        "20260921T000000Z",
        "20261026T070000Z",
    )
)
EXCEPTIONS = st.builds(
    lambda start, children: E(Calendar.Exception, E(Calendar.ExceptionStartTime, start), *children),
    MOMENTS,
    st.lists(TREES, max_size=3),
) | st.builds(
    lambda start, begin, flag: E(
        Calendar.Exception,
        E(Calendar.ExceptionStartTime, start),
        E(Calendar.StartTime, begin),
        E(Calendar.AllDayEvent, flag),
        E(Calendar.Subject, "x"),
    ),
    MOMENTS,
    MOMENTS,
    st.sampled_from((0, 1)),
)
RECURRENCES = st.builds(
    lambda kind, extra: E(Calendar.Recurrence, E(Calendar.Type, kind), *extra),
    st.sampled_from((0, 1, 2, 3, 5, 6)),
    st.lists(
        st.sampled_from(
            (
                E(Calendar.Interval, 2),
                E(Calendar.Occurrences, 4),
                E(Calendar.Until, "20261201T000000Z"),
                E(Calendar.DayOfWeek, 2),
            )
        ),
        max_size=2,
    ),
)
SENT = st.builds(
    lambda usual, recurrence, listed, odd: data(
        *usual, recurrence, E(Calendar.Exceptions, *listed) if listed else None, *odd
    ),
    st.sampled_from(
        (
            (),
            (E(Calendar.StartTime, "20260907T060000Z"), E(Calendar.EndTime, "20260907T070000Z")),
            (
                E(Calendar.Recurrence, E(Calendar.Type, 1)),
                E(Calendar.StartTime, "20260831T060000Z"),
                E(Calendar.AllDayEvent, 1),
            ),
        )
    ),
    st.none() | RECURRENCES,
    st.lists(EXCEPTIONS, max_size=3),
    st.lists(TREES, max_size=3),
)


@settings(max_examples=250, deadline=None)
@given(SENT, stored_events(), contexts)
def test_odd_items_are_taken_or_refused_and_never_break_the_reader(
    sent: Element, ical: bytes, device: ItemContext
) -> None:
    writers: tuple[Callable[[], bytes], ...] = (
        lambda: new_event(sent, device, "fallback", NOW),
        lambda: patched(ical, sent, device, edit(supported=frozenset({Calendar.Location, Calendar.Reminder}))),
    )
    for write in writers:
        with suppress(ItemRefused):
            inspect(write(), device.zone)
