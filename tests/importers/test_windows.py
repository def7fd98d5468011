"""The algebra of windows, against sets of instants."""

from datetime import date
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from importers.windows import DAWN, FOREVER, before, days, since, united
from tests.importers.make import PARIS, day

WINDOWS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5)


def instants(windows) -> set[int]:
    return {instant for start, end in windows for instant in range(start, end)}


@given(WINDOWS)
def test_a_union_holds_the_same_instants_in_disjoint_order(windows):
    merged = united(windows)
    assert instants(merged) == instants(windows)
    assert all(start < end for start, end in merged)
    assert all(one[1] < other[0] for one, other in pairwise(merged))


@given(WINDOWS, st.integers(0, 30))
def test_the_two_sides_of_an_instant_make_the_whole(windows, instant):
    whole = united(windows)
    assert all(found < instant for found in instants(before(whole, instant)))
    assert all(found >= instant for found in instants(since(whole, instant)))
    assert united((*before(whole, instant), *since(whole, instant))) == whole


def test_a_stay_includes_its_last_day_and_follows_the_clock_change():
    assert days(date(2026, 10, 25), date(2026, 10, 25), PARIS) == (day("2026-10-25"), day("2026-10-26"))
    assert day("2026-10-26") - day("2026-10-25") == 25 * 3600


def test_a_missing_day_leaves_its_side_open():
    assert days(None, None, PARIS) == (DAWN, FOREVER)
