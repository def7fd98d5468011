"""Week masks: every vector of reference/pronote-format.md, 1.6."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.weeks import day_of, has_stray_bits, mask_of, parse_mask, weeks
from tests.importers.make import PARIS

ANCHOR = date(2026, 8, 31)


def runs(*ranges: tuple[int, int]) -> tuple[int, ...]:
    return tuple(week for first, last in ranges for week in range(first, last + 1))


VECTORS = {
    "2": (1,),
    "254": runs((1, 7)),
    "130302": runs((1, 7), (10, 16)),
    "87124": (2, 4, 6, 10, 12, 14, 16),
    "43178": (1, 3, 5, 7, 11, 13, 15),
    "4096": (12,),
    "9007199254740992": (53,),
    "9223372036854775806": runs((1, 62)),
    "15328486225148": runs((2, 7), (10, 10), (12, 16), (19, 23), (28, 31), (36, 40), (42, 43)),
}


@pytest.mark.parametrize(("text", "expected"), VECTORS.items())
def test_a_mask_means_these_weeks(text, expected):
    assert weeks(parse_mask(text)) == expected


@pytest.mark.parametrize(
    ("week", "weekday", "clock", "utc"),
    [
        (1, 2, "08:00", "20260901T060000Z"),
        (7, 5, "16:30", "20261016T143000Z"),
        (10, 1, "09:00", "20261102T080000Z"),
        (12, 4, "09:00", "20261119T080000Z"),
        (31, 1, "08:00", "20270329T060000Z"),
        (53, 2, "08:00", "20270831T060000Z"),
    ],
)
def test_a_slot_falls_on_the_right_instant_on_both_sides_of_clock_changes(week, weekday, clock, utc):
    starts = datetime.combine(day_of(ANCHOR, week, weekday), time.fromisoformat(clock), PARIS)
    assert f"{starts.astimezone(UTC):%Y%m%dT%H%M%SZ}" == utc


def test_an_anchor_in_the_middle_of_the_week_still_means_that_week():
    assert day_of(date(2026, 9, 3), 2, 1) == date(2026, 9, 7)


@pytest.mark.parametrize("text", ["", "-2", "1.5", "0x2", "٣", "18446744073709551616", "9" * 21, "1 2"])
def test_what_is_no_mask_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_mask(text)


@pytest.mark.parametrize(("mask", "stray"), [(0, False), (2, False), (3, True), (1 << 62, False), (1 << 63, True)])
def test_bits_that_are_no_week_are_noticed(mask, stray):
    assert has_stray_bits(mask) is stray
    assert set(weeks(mask)) <= set(range(1, 63))


@given(st.sets(st.integers(1, 62)))
def test_weeks_survive_the_way_through_a_mask(chosen):
    assert weeks(parse_mask(str(mask_of(tuple(chosen))))) == tuple(sorted(chosen))
