"""RRULE and Recurrence: the shapes, their proof by expansion, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.eas.codepages import Calendar
from protocols.eas.errors import ItemRefused
from protocols.eas.recurrence import from_rule, rrule, to_element
from protocols.eas.representation import Instances, Series, representation, single
from protocols.eas.wbxml import E, Element
from storage.contentlines import parse
from storage.ical import expand
from tests.protocols.eas.calendar_samples import PARIS, context, event, lesson, numbers, phone_days

START = datetime(2026, 9, 7, 8, 0, tzinfo=PARIS)
WINDOW = (date(2026, 8, 1), date(2027, 9, 1))

SHAPES = [
    (
        "FREQ=WEEKLY;UNTIL=20270628T060000Z",
        {"Type": "1", "DayOfWeek": "2", "Interval": "1", "Until": "20270628T060000Z"},
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=MO",
        {"Type": "1", "DayOfWeek": "18", "Interval": "2", "FirstDayOfWeek": "1"},
    ),
    ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=10", {"Type": "1", "DayOfWeek": "62", "Occurrences": "10"}),
    ("FREQ=YEARLY", {"Type": "5", "DayOfMonth": "7", "MonthOfYear": "9"}),
    ("FREQ=YEARLY;BYMONTH=9;BYDAY=1MO", {"Type": "6", "DayOfWeek": "2", "WeekOfMonth": "1", "MonthOfYear": "9"}),
    ("FREQ=DAILY;INTERVAL=3", {"Type": "0", "Interval": "3"}),
    ("FREQ=MONTHLY", {"Type": "2", "DayOfMonth": "7"}),
    ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", {"Type": "3", "DayOfWeek": "2", "WeekOfMonth": "1"}),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=5", None),
    ("FREQ=MONTHLY;BYDAY=MO", {"Type": "1", "DayOfWeek": "2"}),
    ("FREQ=MONTHLY;BYMONTHDAY=1,15", None),
    ("FREQ=HOURLY", None),
    ("FREQ=YEARLY;BYWEEKNO=37", None),
    ("FREQ=MONTHLY;BYDAY=1MO,3WE", None),
    ("FREQ=MONTHLY;BYDAY=-2MO", None),
    ("FREQ=DAILY;BYHOUR=8,10", None),
    ("FREQ=WEEKLY;BYDAY=TU", None),
]


def recurrence_of(ical: bytes, **changes: object) -> Element | None:
    found = representation(ical, context(**changes), WINDOW)
    return found.item.find(Calendar.Recurrence) if isinstance(found, Series) else None


@pytest.mark.parametrize(("rule", "fields"), SHAPES)
def test_rule_takes_its_shape_or_none(rule: str, fields: dict[str, str] | None) -> None:
    found = recurrence_of(lesson(f"RRULE:{rule}"))
    assert (numbers(found).items() >= fields.items()) if fields else (found is None)


@pytest.mark.parametrize(
    ("start", "rule", "fields"),
    [
        ("20260925", "FREQ=MONTHLY;BYDAY=-1FR", {"Type": "3", "DayOfWeek": "32", "WeekOfMonth": "5"}),
        ("20260930", "FREQ=MONTHLY;BYMONTHDAY=-1", {"Type": "3", "DayOfWeek": "127", "WeekOfMonth": "5"}),
        (
            "20260901",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
            {"Type": "3", "DayOfWeek": "62", "WeekOfMonth": "1"},
        ),
    ],
)
def test_last_day_and_last_friday_are_week_five(start: str, rule: str, fields: dict[str, str]) -> None:
    text = event(f"DTSTART;TZID=Europe/Paris:{start}T080000", "DURATION:PT1H", f"RRULE:{rule}")
    assert numbers(recurrence_of(text, family="aosp")).items() >= fields.items()


@pytest.mark.parametrize("rule", ["FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"])
def test_tbsync_gets_occurrences_where_it_would_show_seven_days_a_month(rule: str) -> None:
    text = event("DTSTART;TZID=Europe/Paris:20260930T080000", "DURATION:PT1H", f"RRULE:{rule}")
    found = representation(text, context(family="tbsync"), WINDOW)
    assert isinstance(found, Instances)
    assert [suffix for suffix, _ in found.items][:2] == [
        "20260930T060000Z",
        "20261030T070000Z" if "BYDAY" in rule else "20261031T070000Z",
    ]
    assert isinstance(representation(text, context(family="aosp"), WINDOW), Series)


def test_first_day_of_week_is_said_from_14_1_only() -> None:
    text = lesson("RRULE:FREQ=WEEKLY;BYDAY=MO")
    assert "FirstDayOfWeek" in numbers(recurrence_of(text))
    assert "FirstDayOfWeek" not in numbers(recurrence_of(text, version="14.0"))


def test_fortnight_over_the_week_end_is_expanded_where_the_week_start_is_unknown() -> None:
    text = lesson("RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=MO")
    assert recurrence_of(text, version="14.0", family="other") is None
    assert recurrence_of(text, version="14.1", family="other") is not None
    assert recurrence_of(text, version="14.0", family="aosp") is not None


def test_thirty_first_is_expanded_for_devices_that_may_move_it_to_the_last_day() -> None:
    text = event("DTSTART;TZID=Europe/Paris:20260831T080000", "DURATION:PT1H", "RRULE:FREQ=MONTHLY")
    assert recurrence_of(text, family="other") is None
    assert numbers(recurrence_of(text, family="ios"))["DayOfMonth"] == "31"


def test_calendar_type_is_absent_at_12_1() -> None:
    assert "CalendarType" not in numbers(recurrence_of(lesson("RRULE:FREQ=MONTHLY"), version="12.1"))
    assert numbers(recurrence_of(lesson("RRULE:FREQ=MONTHLY"), version="14.0"))["CalendarType"] == "0"


def test_until_that_falls_between_occurrences_becomes_the_last_occurrence() -> None:
    found = recurrence_of(lesson("RRULE:FREQ=WEEKLY;UNTIL=20261002T000000Z"))
    assert numbers(found)["Until"] == "20260928T060000Z"


def test_until_of_whole_days_keeps_the_last_day_for_readers_of_dates_and_of_instants() -> None:
    text = event("DTSTART;VALUE=DATE:20260907", "RRULE:FREQ=WEEKLY;UNTIL=20260928")
    assert numbers(recurrence_of(text))["Until"] == "20260928T000000Z"


def test_count_beyond_999_becomes_until() -> None:
    found = numbers(recurrence_of(lesson("RRULE:FREQ=DAILY;COUNT=1500")))
    assert "Occurrences" not in found
    assert found["Until"] == (START + timedelta(days=1499)).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def test_rdate_and_second_rule_are_expanded() -> None:
    assert recurrence_of(lesson("RRULE:FREQ=WEEKLY", "RDATE;TZID=Europe/Paris:20260909T080000")) is None
    assert recurrence_of(lesson("RRULE:FREQ=WEEKLY", "RRULE:FREQ=MONTHLY")) is None


def test_morocco_is_expanded_because_no_blob_says_ramadan() -> None:
    text = event("DTSTART;TZID=Africa/Casablanca:20260907T080000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=40")
    assert recurrence_of(text) is None


def test_instances_have_their_own_uid_and_can_be_fetched_singly() -> None:
    text = lesson("RRULE:FREQ=MONTHLY;BYMONTHDAY=7,21;COUNT=3")
    found = representation(text, context(), WINDOW)
    assert isinstance(found, Instances)
    assert [suffix for suffix, _ in found.items] == ["20260907T060000Z", "20260921T060000Z", "20261007T060000Z"]
    uids = {item.value(Calendar.UID) for _, item in found.items}
    assert len(uids) == 3
    assert single(text, context(), "20260921T060000Z") == found.items[1][1]
    assert single(text, context(), "20260922T060000Z") is None
    assert single(text, context(), "nonsense") is None


def fields(**values: object) -> Element:
    return E(Calendar.Recurrence, *(E(getattr(Calendar, name), str(value)) for name, value in values.items()))


@pytest.mark.parametrize(
    ("element", "rule"),
    [
        (
            fields(Type=1, DayOfWeek=2, Interval=1, Until="20270628T060000Z"),
            "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270628T060000Z",
        ),
        (fields(Type=1, DayOfWeek=18, Interval=2, FirstDayOfWeek=1), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"),
        (fields(Type=1, DayOfWeek=3, Interval=2, FirstDayOfWeek=0), "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU"),
        (fields(Type=1, DayOfWeek=62, Occurrences=10), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=10"),
        (fields(Type=0, DayOfWeek=62, Occurrences=10), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=10"),
        (fields(Type=0, Interval=0), "FREQ=DAILY"),
        (fields(Type=0, DayOfWeek=127, Interval=2), "FREQ=DAILY;INTERVAL=2"),
        (fields(Type=3, DayOfWeek=32, WeekOfMonth=5), "FREQ=MONTHLY;BYDAY=-1FR"),
        (fields(Type=3, DayOfWeek=127, WeekOfMonth=5), "FREQ=MONTHLY;BYMONTHDAY=-1"),
        (fields(Type=3, DayOfWeek=62, WeekOfMonth=2), "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2"),
        (fields(Type=3, DayOfWeek=65, WeekOfMonth=5), "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1"),
        (fields(Type=5, DayOfMonth=7, MonthOfYear=9), "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=7"),
        (fields(Type=6, DayOfWeek=2, WeekOfMonth=1, MonthOfYear=9), "FREQ=YEARLY;BYMONTH=9;BYDAY=1MO"),
        (fields(Type=1), "FREQ=WEEKLY;BYDAY=MO"),
        (fields(Type=2), "FREQ=MONTHLY;BYMONTHDAY=7"),
        (fields(Type=3), "FREQ=MONTHLY;BYDAY=1MO"),
        (fields(Type=5), "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=7"),
        (fields(Type=6), "FREQ=YEARLY;BYMONTH=9;BYDAY=1MO"),
        (fields(Type=0, Occurrences=3, Until="20260908T060000Z"), "FREQ=DAILY;COUNT=3"),
        (fields(Type=0, Until="20260910T000000Z"), "FREQ=DAILY;UNTIL=20260910T060000Z"),
    ],
)
def test_recurrence_becomes_its_rule(element: Element, rule: str) -> None:
    assert rrule(element, START, PARIS) == rule


def test_until_of_whole_days_is_a_date() -> None:
    assert rrule(fields(Type=0, Until="20260909T220000Z"), date(2026, 9, 7), PARIS) == "FREQ=DAILY;UNTIL=20260910"
    assert rrule(fields(Type=0, Until="20260910T000000Z"), date(2026, 9, 7), PARIS) == "FREQ=DAILY;UNTIL=20260910"


def test_until_of_a_floating_series_floats() -> None:
    floating = START.replace(tzinfo=None)
    assert rrule(fields(Type=0, Until="20260910T060000Z"), floating, PARIS) == "FREQ=DAILY;UNTIL=20260910T080000"


@pytest.mark.parametrize(
    "element",
    [
        fields(),
        fields(Type=4),
        fields(Type=7),
        fields(Type="x"),
        fields(Type=1, CalendarType=6),
        fields(Type=1, FirstDayOfWeek=7),
        fields(Type=1, DayOfMonth=3),
        fields(Type=2, DayOfWeek=2),
        fields(Type=2, MonthOfYear=2),
        fields(Type=1, WeekOfMonth=2),
        fields(Type=1, DayOfWeek=128),
        fields(Type=2, DayOfMonth=32),
        fields(Type=3, WeekOfMonth=6),
        fields(Type=0, Interval=1000),
        fields(Type=0, Occurrences=1000),
        fields(Type=0, Until="tomorrow"),
        fields(Type=5, DayOfMonth=30, MonthOfYear=2),
    ],
)
def test_recurrence_that_microsoft_refuses_is_status_6(element: Element) -> None:
    with pytest.raises(ItemRefused) as caught:
        rrule(element, START, PARIS)
    assert caught.value.status == 6


CORPUS = [
    f"{rule}{end}"
    for rule in (
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=2",
        "FREQ=DAILY;INTERVAL=45",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=DAILY;BYDAY=MO;INTERVAL=2",
        "FREQ=DAILY;BYMONTH=9,10",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=WE",
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=WEEKLY;BYMONTH=9",
        "FREQ=MONTHLY",
        "FREQ=MONTHLY;INTERVAL=2",
        "FREQ=MONTHLY;BYMONTHDAY=7",
        "FREQ=MONTHLY;BYMONTHDAY=7,21",
        "FREQ=MONTHLY;BYMONTHDAY=-24",
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=MO",
        "FREQ=MONTHLY;INTERVAL=12;BYDAY=1MO",
        "FREQ=MONTHLY;BYMONTH=9",
        "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=7",
        "FREQ=YEARLY",
        "FREQ=YEARLY;INTERVAL=2",
        "FREQ=YEARLY;BYMONTH=9;BYDAY=1MO",
        "FREQ=YEARLY;BYMONTH=9,3;BYMONTHDAY=7",
        "FREQ=YEARLY;BYDAY=36MO",
        "FREQ=YEARLY;BYMONTH=9;BYDAY=MO;BYSETPOS=1",
    )
    for end in ("", ";COUNT=14", ";UNTIL=20290301T120000Z")
]


@pytest.mark.parametrize("version", ["12.1", "14.1"])
@pytest.mark.parametrize("rule", CORPUS)
def test_phone_shows_the_days_of_the_source(rule: str, version: str) -> None:
    text = lesson(f"RRULE:{rule}")
    begin, end = date(2026, 9, 7), date(2031, 1, 1)
    found = representation(text, context(version=version, family="ios"), (begin, end))
    source = expand(parse(text), START - timedelta(days=1), datetime(2031, 1, 1, tzinfo=PARIS), PARIS)
    if isinstance(found, Series):
        element = found.item.find(Calendar.Recurrence)
        assert element is not None
        assert phone_days(element, begin, end - timedelta(days=1)) == [
            one.starts.date() for one in source if isinstance(one.starts, datetime)
        ]
    else:
        assert len(found.items) == len(source)
        assert [item.value(Calendar.StartTime) for _, item in found.items] == [
            one.starts.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for one in source if isinstance(one.starts, datetime)
        ]


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from([0, 1, 2, 3, 5, 6]),
    interval=st.integers(1, 6),
    mask=st.integers(1, 127),
    week=st.integers(1, 5),
    start=st.dates(date(2020, 1, 1), date(2030, 12, 28)),
)
def test_rule_read_from_a_phone_says_the_same_back(kind: int, interval: int, mask: int, week: int, start: date) -> None:
    values: dict[str, object] = {"Type": kind, "Interval": interval}
    if kind in (3, 6):
        values |= {"WeekOfMonth": week, "DayOfWeek": 1 << mask % 7}
    elif kind == 1:
        values["DayOfWeek"] = mask
    element = fields(**values)
    moment = datetime(start.year, start.month, start.day, 8, tzinfo=PARIS)
    back = from_rule(rrule(element, moment, PARIS), moment)
    assert back is not None
    assert (
        numbers(to_element(back, PARIS, "14.1")).items() >= {key: str(value) for key, value in values.items()}.items()
    )


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="FREQWKLYDAINTERVBHPOSCU=;,-+0123456789MOTHSAZ", max_size=60), st.dates())
def test_odd_rules_never_break_the_reader(text: str, start: date) -> None:
    found = from_rule(text, start)
    assert found is None or found.first == start
