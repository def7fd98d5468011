"""Recurrence rules: the same answers as dateutil where dateutil can answer, and bounded work where it cannot."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from storage.errors import InvalidObject
from storage.ical_matches import Budget, TooManySteps, matches
from storage.ical_rules import Freq, read_rule

START = datetime(2026, 9, 1, 8, 30)
FAR = datetime(2036, 9, 1)

CORPUS = """
FREQ=DAILY
FREQ=DAILY;COUNT=10
FREQ=DAILY;INTERVAL=10;COUNT=5
FREQ=DAILY;UNTIL=20261224T000000
FREQ=DAILY;BYMONTH=1,2;BYDAY=MO,WE
FREQ=DAILY;BYHOUR=8,14;BYMINUTE=0,30
FREQ=DAILY;BYMONTHDAY=-1,13
FREQ=DAILY;BYSETPOS=2;BYHOUR=8,9,10
FREQ=WEEKLY
FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR
FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU
FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO
FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYMONTH=9,10,11
FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
FREQ=WEEKLY;BYDAY=TU;BYHOUR=8,10
FREQ=MONTHLY
FREQ=MONTHLY;BYMONTHDAY=31
FREQ=MONTHLY;BYMONTHDAY=-1
FREQ=MONTHLY;BYMONTHDAY=-31,1,15
FREQ=MONTHLY;BYDAY=1MO,-1FR
FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2
FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13
FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11
FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13
FREQ=MONTHLY;BYMONTH=6,12;BYDAY=5MO
FREQ=YEARLY
FREQ=YEARLY;BYMONTH=6,7
FREQ=YEARLY;INTERVAL=2;BYMONTH=1,2,3
FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200,-1
FREQ=YEARLY;BYDAY=20MO
FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3,10
FREQ=YEARLY;BYDAY=TH;BYMONTH=3
FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO
FREQ=YEARLY;BYWEEKNO=1,53,-1;BYDAY=MO,SU
FREQ=YEARLY;BYWEEKNO=1,52;BYDAY=TU,SU;WKST=SU
FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8
FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29
FREQ=YEARLY;BYMONTHDAY=15
FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1
FREQ=HOURLY;INTERVAL=3;COUNT=40
FREQ=HOURLY;BYDAY=SA;BYHOUR=9,10,11;BYMINUTE=0,20
FREQ=HOURLY;INTERVAL=7;BYMONTHDAY=1;BYSECOND=0,30;BYSETPOS=-1
FREQ=MINUTELY;INTERVAL=15;COUNT=100
FREQ=MINUTELY;INTERVAL=90;BYHOUR=9,10,11,12
FREQ=MINUTELY;BYMINUTE=5,35;BYDAY=WE;COUNT=60
FREQ=SECONDLY;INTERVAL=3601;COUNT=50
FREQ=SECONDLY;BYMINUTE=0;BYSECOND=0;BYHOUR=8;COUNT=20
""".split()


def ours(rule: str, start: datetime = START, begin: datetime = START, limit: int = 300) -> list[datetime]:
    return list(islice(matches(read_rule(rule), start, begin, FAR, Budget(10**9)), limit))


def theirs(rule: str, start: datetime = START, limit: int = 300) -> list[datetime]:
    return [found for found in islice(rrulestr(rule, dtstart=start), limit) if found <= FAR]


@pytest.mark.parametrize("rule", CORPUS)
def test_a_rule_matches_what_dateutil_says(rule):
    found = theirs(rule)
    if "COUNT" in rule and found[0] != START:
        found.pop()
    assert ours(rule) == found[: len(ours(rule))]
    assert len(ours(rule)) == len(found)


@pytest.mark.parametrize("rule", [rule for rule in CORPUS if "COUNT" not in rule])
def test_beginning_late_only_leaves_out_what_came_before(rule):
    begin = datetime(2027, 3, 9, 10, 15)
    assert ours(rule, begin=begin, limit=50) == [one for one in ours(rule, limit=3000) if one >= begin][:50]


@st.composite
def rules(draw):
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 4))}"]

    def maybe(name, values, most=3):
        if draw(st.integers(0, 3)) == 0:
            parts.append(f"{name}={','.join(map(str, draw(st.lists(values, min_size=1, max_size=most, unique=True))))}")

    weekdays = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
    # dateutil takes BYDAY=1MO,TU for "both" where RFC 5545 lists alternatives: ordinals all or none.
    ordinal = st.integers(-5, 5).filter(bool).map(str) if draw(st.booleans()) else st.just("")
    monthly = freq in ("YEARLY", "MONTHLY")
    maybe("BYMONTH", st.integers(1, 12))
    maybe("BYMONTHDAY", st.integers(-28, 28).filter(bool))
    maybe("BYDAY", st.tuples(ordinal, weekdays).map("".join) if monthly else weekdays)
    if freq == "YEARLY":
        maybe("BYYEARDAY", st.integers(-365, 365).filter(bool), 10)
        if draw(st.integers(0, 3)) == 0 and not any(part.startswith("BYDAY") for part in parts):
            parts.append(f"BYWEEKNO={draw(st.integers(-52, 53).filter(bool))};BYDAY={draw(weekdays)}")
    maybe("BYHOUR", st.integers(0, 23))
    # dateutil counts positions of the first week from DTSTART on, RFC 5545 from the start of the week.
    if freq != "WEEKLY" and any(part.startswith("BY") for part in parts):
        maybe("BYSETPOS", st.integers(-3, 3).filter(bool), 2)
    maybe("WKST", weekdays, 1)
    return ";".join(parts)


@given(rules(), st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1)))
def test_random_rules_match_what_dateutil_says(rule, start):
    start = start.replace(microsecond=0)
    stop = start + timedelta(days=1200)
    found = rrulestr(f"{rule};UNTIL={stop:%Y%m%dT%H%M%S}", dtstart=start).xafter(start, count=40, inc=True)
    # dateutil runs on to year 9999 when nothing more matches: ask ours first whether it is worth asking.
    expected = list(islice(matches(read_rule(rule), start, start, stop, Budget(10**9)), 40))
    assume(expected)
    assert expected == list(islice(found, len(expected)))


def test_days_with_and_without_a_number_are_alternatives():
    found = ours("FREQ=MONTHLY;BYDAY=1MO,TU", limit=6)
    assert [one.day for one in found] == [1, 7, 8, 15, 22, 29]


def test_positions_count_from_the_start_of_the_first_week():
    found = ours("FREQ=WEEKLY;BYDAY=MO,WE;BYSETPOS=1", start=datetime(2026, 9, 2), begin=datetime(2026, 9, 2), limit=1)
    assert found == [datetime(2026, 9, 7)]


def test_a_week_number_alone_means_the_weekday_of_the_start():
    assert ours("FREQ=YEARLY;BYWEEKNO=20", limit=2) == [datetime(2027, 5, 18, 8, 30), datetime(2028, 5, 16, 8, 30)]


def test_a_start_the_rule_does_not_match_is_counted():
    assert len(ours("FREQ=WEEKLY;BYDAY=MO;COUNT=3")) == 2


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "DAILY",
        "COUNT=3",
        "FREQ=NEVER",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=99999999999999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=ten",
        "FREQ=DAILY;COUNT=٣",
        "FREQ=DAILY;COUNT=+-3",
        "FREQ=DAILY;COUNT=",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20261301",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=",
        "FREQ=MONTHLY;WKST=1",
        "FREQ=DAILY;BYEASTER=1",
        "FREQ=MONTHLY;SKIP=FORWARD",
        "FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=SIDEWAYS",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2,4;BYMONTHDAY=31,-31",
        "FREQ=DAILY" + "".join(f";X-{number}=1" for number in range(3000)),
        "FREQ=DAILY;BYSECOND=" + ",".join(["1"] * 2000),
    ],
)
def test_what_is_not_a_rule_is_refused(rule):
    with pytest.raises(ValueError, match=r"."):
        read_rule(rule)


@given(st.text(st.sampled_from("FREQ=DAILYUNTCOBM;,-+0123456789T"), max_size=60))
def test_random_rules_are_read_or_refused(text):
    try:
        rule = read_rule("FREQ=DAILY;" + text)
    except ValueError:
        return
    assert rule.freq is Freq.DAILY


@pytest.mark.parametrize("rule", ["FREQ=DAILY;RSCALE=CHINESE", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8"])
def test_a_rule_of_another_calendar_is_refused_as_such(rule):
    with pytest.raises(InvalidObject) as refused:
        read_rule(rule)
    assert refused.value.precondition == "supported-rscale"


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        ("FREQ=MONTHLY;SKIP=OMIT;COUNT=3", (2026, 1, 31), ["2026-01-31", "2026-03-31", "2026-05-31"]),
        ("FREQ=MONTHLY;SKIP=BACKWARD;COUNT=4", (2026, 1, 31), ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("FREQ=MONTHLY;SKIP=FORWARD;COUNT=4", (2026, 1, 31), ["2026-01-31", "2026-03-01", "2026-03-31", "2026-05-01"]),
        ("FREQ=YEARLY;SKIP=BACKWARD;COUNT=3", (2024, 2, 29), ["2024-02-29", "2025-02-28", "2026-02-28"]),
        ("FREQ=YEARLY;SKIP=FORWARD;COUNT=3", (2024, 2, 29), ["2024-02-29", "2025-03-01", "2026-03-01"]),
        (
            "FREQ=MONTHLY;SKIP=FORWARD;BYMONTHDAY=1,30,31;COUNT=5",
            (2026, 2, 1),
            ["2026-02-01", "2026-03-01", "2026-03-30", "2026-03-31", "2026-04-01"],
        ),
        (
            "FREQ=YEARLY;SKIP=BACKWARD;BYMONTH=2;BYMONTHDAY=28,30;COUNT=2",
            (2026, 2, 28),
            ["2026-02-28", "2027-02-28"],
        ),
    ],
)
def test_a_day_that_a_month_does_not_have_is_left_out_or_moved(rule, start, expected):
    begin, stop = datetime(*start), datetime(2030, 1, 1)
    found = matches(read_rule(rule + ";RSCALE=GREGORIAN"), begin, begin, stop, Budget())
    assert [each.date().isoformat() for each in found] == expected


def test_a_look_from_the_middle_sees_what_was_moved_from_the_month_before():
    rule = read_rule("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD")
    found = matches(rule, datetime(2026, 1, 31), datetime(2026, 3, 1), datetime(2026, 3, 2), Budget())
    assert list(found) == [datetime(2026, 3, 1)]


def test_what_clients_add_to_a_rule_is_tolerated():
    rule = read_rule("freq=weekly;until=20270101;byday=mo, tu;X-NOTE=1;RSCALE=GREGORIAN;")
    assert (rule.freq, rule.until, rule.days) == (Freq.WEEKLY, date(2027, 1, 1), frozenset({(0, 0), (0, 1)}))
    assert read_rule("FREQ=DAILY;UNTIL=20270101T120060Z").until == datetime(2027, 1, 1, 12, 0, 59, tzinfo=UTC)
    assert read_rule("FREQ=DAILY;BYSECOND=60").seconds == {59}


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYYEARDAY=366;BYMONTH=3",
        "FREQ=WEEKLY;BYYEARDAY=366;BYMONTH=3;COUNT=2",
        "FREQ=MONTHLY;BYYEARDAY=366;BYMONTH=3;BYDAY=MO",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3",
        "FREQ=HOURLY;BYYEARDAY=366;BYMONTH=3",
        "FREQ=SECONDLY;BYYEARDAY=366;BYMONTH=3;COUNT=2",
        "FREQ=SECONDLY;BYSECOND=0;INTERVAL=7;BYMINUTE=0;BYHOUR=0;BYMONTH=1;BYMONTHDAY=1",
    ],
)
def test_a_rule_that_matches_nothing_runs_out_of_steps(rule):
    with pytest.raises(TooManySteps):
        list(matches(read_rule(rule), datetime(1, 1, 1, 0, 0, 1), datetime.min, datetime.max, Budget()))


@pytest.mark.parametrize("freq", [freq.name for freq in Freq])
@pytest.mark.parametrize("start", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)])
@pytest.mark.parametrize("interval", [1, 10**10 - 1])
def test_the_first_and_the_last_year_do_not_overflow(freq, start, interval):
    found = matches(read_rule(f"FREQ={freq};INTERVAL={interval}"), start, start, datetime.max, Budget())
    assert next(found) == start
    assert all(isinstance(one, datetime) for one in islice(found, 100))
