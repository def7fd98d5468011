"""TimeZone blobs: the reference's vectors, every IANA zone, the order of guesses, and garbage."""

import base64
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from protocols.eas.transitions import Change, Rule, offset_at, rule_of, zone_transitions
from protocols.eas.windows_zones import IANA, WINDOWS
from protocols.eas.zones import Blob, blob, holds, pack, read, unpack

PARIS, BRUSSELS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Brussels"), ZoneInfo("America/New_York")
REUNION, CASABLANCA = ZoneInfo("Indian/Reunion"), ZoneInfo("Africa/Casablanca")
SEPTEMBER = datetime(2026, 9, 7, 6, tzinfo=UTC)
ZERO = timedelta()


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def raw(
    bias: int, *, names: tuple[str, str] = ("", ""), dates: tuple[bytes, bytes] = (b"", b""), summer: int = 0
) -> str:
    """Build a blob by hand: `bias` and `summer` in minutes as on the wire."""
    standard, daylight = (name.encode("utf-16-le").ljust(64, b"\0") for name in names)
    ends, begins = (date.ljust(16, b"\0") for date in dates)
    parts = (struct.pack("<i", bias), standard, ends, struct.pack("<i", 0), daylight, begins, struct.pack("<i", summer))
    return base64.b64encode(b"".join(parts)).decode()


EUROPE = (struct.pack("<8H", 0, 10, 0, 5, 3, 0, 0, 0), struct.pack("<8H", 0, 3, 0, 5, 2, 0, 0, 0))
AMERICA = (struct.pack("<8H", 0, 11, 0, 1, 2, 0, 0, 0), struct.pack("<8H", 0, 3, 0, 2, 2, 0, 0, 0))
PARIS_NAMED = (
    "xP///1IAbwBtAGEAbgBjAGUAIABTAHQAYQBuAGQAYQByAGQAIABUAGkAbQBlAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAA"
    "AAAAAFIAbwBtAGEAbgBjAGUAIABEAGEAeQBsAGkAZwBoAHQAIABUAGkAbQBlAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAA"
    "xP///w=="
)
PARIS_BARE = (
    "xP///wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAA"
    "xP///w=="
)
NEW_YORK_BARE = (
    "LAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAsAAAABAAIAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMAAAACAAIAAAAAAAAA"
    "xP///w=="
)
REUNION_BARE = raw(-240)


def bare(zone: tzinfo) -> str:
    return base64.b64encode(pack(Blob(rule_of(zone, SEPTEMBER)))).decode()


def test_vectors_are_written_byte_for_byte() -> None:
    assert blob(PARIS, SEPTEMBER) == PARIS_NAMED
    assert bare(PARIS) == PARIS_BARE
    assert bare(NEW_YORK) == NEW_YORK_BARE
    assert base64.b64decode(bare(REUNION)) == b"\x10\xff\xff\xff" + bytes(168)


@pytest.mark.parametrize(
    ("text", "zone"),
    [(PARIS_NAMED, PARIS), (PARIS_BARE, PARIS), (NEW_YORK_BARE, NEW_YORK), (REUNION_BARE, ZoneInfo("Asia/Dubai"))],
)
def test_vectors_are_read_without_a_former_zone(text: str, zone: ZoneInfo) -> None:
    assert read(text, None, PARIS, SEPTEMBER) is zone


def test_week_and_weekday_stand_where_windows_looks_for_them() -> None:
    assert struct.unpack_from("<8H", base64.b64decode(blob(NEW_YORK, SEPTEMBER)), 68) == (0, 11, 0, 1, 2, 0, 0, 0)
    assert struct.unpack_from("<8H", base64.b64decode(blob(NEW_YORK, SEPTEMBER)), 152) == (0, 3, 0, 2, 2, 0, 0, 0)


@pytest.mark.parametrize(
    "text", ["", "!", "AAAA", base64.b64encode(bytes(172)).decode(), base64.b64encode(b"\1" * 171).decode(), "\u20ac"]
)
def test_zero_and_misshapen_blobs_tell_nothing(text: str) -> None:
    assert read(text, PARIS, PARIS, SEPTEMBER) is None


def test_biases_of_more_than_a_day_tell_nothing() -> None:
    assert read(raw(1440), PARIS, PARIS, SEPTEMBER) is None
    assert read(raw(-(2**31), summer=2**31 - 1, dates=EUROPE), PARIS, PARIS, SEPTEMBER) is None


def test_utc_is_named_because_zeros_mean_unknown() -> None:
    for zone in (UTC, ZoneInfo("UTC"), ZoneInfo("Etc/Greenwich")):
        assert read(blob(zone, SEPTEMBER), None, PARIS, SEPTEMBER) == ZoneInfo("Etc/UTC")


def test_a_name_wins_over_the_former_zone() -> None:
    text = raw(-60, names=("W. Europe Standard Time", ""), dates=EUROPE, summer=-60)
    assert read(text, PARIS, PARIS, SEPTEMBER) == ZoneInfo("Europe/Berlin")


def test_former_zone_of_the_same_name_stays() -> None:
    assert read(PARIS_NAMED, BRUSSELS, PARIS, SEPTEMBER) is BRUSSELS
    assert read(PARIS_NAMED, NEW_YORK, BRUSSELS, SEPTEMBER) is BRUSSELS


def test_former_then_default_zone_when_there_is_no_name() -> None:
    assert read(PARIS_BARE, BRUSSELS, PARIS, SEPTEMBER) is BRUSSELS
    assert read(PARIS_BARE, NEW_YORK, BRUSSELS, SEPTEMBER) is BRUSSELS
    assert offset_at(read(PARIS_BARE, None, NEW_YORK, SEPTEMBER) or UTC, SEPTEMBER) == hours(2)


def test_a_localised_name_is_no_obstacle() -> None:
    text = raw(-60, names=("Paris, Madrid (heure d'hiver)", "Paris"), dates=EUROPE, summer=-60)
    assert read(text, None, PARIS, SEPTEMBER) is PARIS


def test_an_iana_name_is_understood() -> None:
    text = raw(-60, names=("Europe/Madrid", "Europe/Madrid"), dates=EUROPE, summer=-60)
    assert read(text, None, PARIS, SEPTEMBER) == ZoneInfo("Europe/Madrid")


def test_a_name_with_other_offsets_is_not_believed() -> None:
    text = raw(300, names=("Romance Standard Time", "Romance Daylight Time"), dates=AMERICA, summer=-60)
    assert read(text, None, PARIS, SEPTEMBER) is NEW_YORK


def test_bias_without_dates_has_no_summer_time() -> None:
    found = read(raw(-60, summer=-60), None, PARIS, SEPTEMBER)
    assert found is not None
    assert offset_at(found, SEPTEMBER) == hours(1)


def test_a_rule_no_zone_has_becomes_its_offset_at_the_event() -> None:
    odd = (struct.pack("<8H", 0, 10, 2, 3, 3, 0, 0, 0), struct.pack("<8H", 0, 3, 4, 1, 2, 0, 0, 0))
    text = raw(-17, dates=odd, summer=-60)
    assert read(text, None, PARIS, SEPTEMBER) == timezone(timedelta(minutes=77))
    assert read(text, None, PARIS, datetime(2026, 1, 5, tzinfo=UTC)) == timezone(timedelta(minutes=17))


@pytest.mark.parametrize(
    "date",
    [(2026, 10, 0, 5, 3, 0, 0, 0), (0, 13, 0, 5, 3, 0, 0, 0), (0, 10, 7, 5, 3, 0, 0, 0), (0, 10, 0, 6, 3, 0, 0, 0)],
)
def test_dates_that_are_no_yearly_date_are_ignored(date: tuple[int, ...]) -> None:
    found = unpack(raw(-60, dates=(struct.pack("<8H", *date), EUROPE[1]), summer=-60))
    assert found is not None
    assert found.rule == Rule(hours(1))


def test_midnight_is_told_as_the_end_of_the_day_before() -> None:
    havana = rule_of(ZoneInfo("America/Havana"), SEPTEMBER)
    assert havana.begins is not None
    assert havana.begins == Change(3, 6, havana.begins.week, timedelta(days=1) - timedelta(milliseconds=1))
    assert struct.unpack_from("<8H", pack(Blob(havana)), 152)[4:] == (23, 59, 59, 999)


def test_southern_summer_and_half_hour_summer() -> None:
    lord_howe = rule_of(ZoneInfo("Australia/Lord_Howe"), SEPTEMBER)
    assert (lord_howe.standard, lord_howe.daylight) == (hours(10.5), hours(11))
    assert lord_howe.begins == Change(10, 0, 1, hours(2))
    assert lord_howe.ends == Change(4, 0, 1, hours(2))


def test_dublin_has_its_standard_time_in_winter() -> None:
    dublin = rule_of(ZoneInfo("Europe/Dublin"), SEPTEMBER)
    assert (dublin.standard, dublin.daylight) == (ZERO, hours(1))


def test_the_rule_is_that_of_the_events_year() -> None:
    before = rule_of(NEW_YORK, datetime(2006, 6, 1, tzinfo=UTC))
    assert before.begins == Change(4, 0, 1, hours(2))
    assert rule_of(NEW_YORK, SEPTEMBER).begins == Change(3, 0, 2, hours(2))


def test_ramadan_cannot_be_told_and_leaves_the_offset_of_the_event() -> None:
    for day in (datetime(2026, 3, 1, tzinfo=UTC), SEPTEMBER):
        assert rule_of(CASABLANCA, day) == Rule(offset_at(CASABLANCA, day))
        assert read(blob(CASABLANCA, day), None, PARIS, day) == CASABLANCA


def test_whether_a_series_may_rely_on_the_blob() -> None:
    june = datetime(2027, 6, 28, tzinfo=UTC)
    assert holds(PARIS, SEPTEMBER, june)
    assert holds(PARIS, SEPTEMBER, datetime(2036, 9, 1, tzinfo=UTC))
    assert holds(REUNION, SEPTEMBER, june)
    assert not holds(CASABLANCA, SEPTEMBER, june)
    assert not holds(NEW_YORK, datetime(2006, 9, 1, tzinfo=UTC), datetime(2007, 6, 1, tzinfo=UTC))
    assert holds(NEW_YORK, datetime(2006, 5, 1, tzinfo=UTC), datetime(2006, 9, 1, tzinfo=UTC))


def test_events_at_the_ends_of_the_calendar_do_not_overflow() -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    for zone in (PARIS, NEW_YORK, REUNION):
        assert read(blob(zone, last), zone, PARIS, last) is zone
        assert holds(zone, last, last)
        assert read(blob(zone, first), zone, PARIS, first) is not None


# zones whose 2026 has no weekly rule of its own: Ramadan
UNTOLD = {"Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron"}


def test_every_iana_zone_keeps_its_offsets_through_a_blob() -> None:
    """In the year of the event; a zone that no weekly rule describes keeps the offset of the event."""
    untold = set()
    for name in available_timezones():
        zone = ZoneInfo(name)
        found = unpack(blob(zone, SEPTEMBER))
        assert found is not None, name
        assert found.rule.offset(SEPTEMBER) == offset_at(zone, SEPTEMBER), name
        moments = [
            SEPTEMBER,
            *(change.instant + hours(step) for change in zone_transitions(zone, 2026) for step in (-1, 1)),
        ]
        if any(found.rule.offset(moment) != offset_at(zone, moment) for moment in moments):
            untold.add(name)
            continue
        back = read(blob(zone, SEPTEMBER), None, PARIS, SEPTEMBER)
        assert back is not None, name
        assert [offset_at(back, moment) for moment in moments] == [offset_at(zone, moment) for moment in moments], name
    assert untold <= UNTOLD


def test_the_former_zone_comes_back_whatever_its_windows_name_also_stands_for() -> None:
    for name in WINDOWS:
        zone = ZoneInfo(name)
        assert read(blob(zone, SEPTEMBER), zone, PARIS, SEPTEMBER) is zone, name


def test_windows_names_are_those_of_the_unicode_table() -> None:
    assert IANA == WINDOWS_TO_OLSON


def test_zones_under_one_windows_name_have_one_offset() -> None:
    for name, windows in WINDOWS.items():
        for day in (SEPTEMBER, datetime(2026, 1, 15, tzinfo=UTC)):
            assert offset_at(ZoneInfo(name), day) == offset_at(ZoneInfo(IANA[windows]), day), name


@given(st.binary(min_size=172, max_size=172))
def test_any_172_bytes_give_a_zone_or_nothing(data: bytes) -> None:
    found = read(base64.b64encode(data).decode(), None, PARIS, SEPTEMBER)
    assert found is None or SEPTEMBER.astimezone(found).utcoffset() is not None


@given(st.text(max_size=300))
def test_any_text_gives_a_zone_or_nothing(text: str) -> None:
    found = read(text, None, PARIS, SEPTEMBER)
    assert found is None or SEPTEMBER.astimezone(found).utcoffset() is not None


# Zones that change at midnight of a weekday: the day before it is in another week of the month next year.
UNTOLD_NEXT_YEAR = {"Africa/Cairo", "Egypt", "America/Havana", "Cuba"}
TERM = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 7, 5, tzinfo=UTC))


def hours_of(changes: Iterable[datetime]) -> Iterator[datetime]:
    """Every twelfth hour of the term, and each hour of the days around changes of offset."""
    at, days = TERM[0], {(each + hours(step)).date() for each in changes for step in (-24, 0, 24)}
    while at < TERM[1]:
        if at.hour % 12 == 0 or at.date() in days:
            yield at
        at += hours(1)


def test_every_iana_zone_keeps_its_offset_at_every_hour_of_the_term() -> None:
    """Where the zone's rule holds for the term; elsewhere a series is told one occurrence at a time."""
    untold, seen = set(), set()
    for name in available_timezones():
        zone = ZoneInfo(name)
        found = unpack(blob(zone, TERM[0]))
        assert found is not None, name
        if not holds(zone, *TERM):
            untold.add(name)
            continue
        told = [each.instant for year in (2026, 2027) for each in found.rule.transitions(year)]
        true = [each for year in (2026, 2027) for each in zone_transitions(zone, year)]
        alike = (found.rule, *true, offset_at(zone, TERM[0]))
        if alike in seen:
            continue
        seen.add(alike)
        wrong = [
            at
            for at in hours_of([*told, *(each.instant for each in true)])
            if found.rule.offset(at) != offset_at(zone, at)
        ]
        assert wrong == [], name
    assert untold <= UNTOLD | UNTOLD_NEXT_YEAR
    assert len(seen) > 50
