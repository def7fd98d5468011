"""Stays and their windows: the algebra of windows, the least change that reshapes them, and what collections show."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from storage.feeds import Stay, merged, reshape, without
from storage.model import DAWN, FOREVER, CalendarKind, SyncToken
from tests.storage.builders import ALWAYS, DAY, lesson, outcome

TIMETABLE = "emploi-du-temps"
SPAN = range(13)
windows = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=4)


def held(some):
    """The numbers that windows hold, read without the module under test."""
    return {number for number in SPAN for start, end in some if start <= number < end}


@pytest.mark.parametrize(
    ("some", "joined"),
    [
        ([], ()),
        ([(3, 3)], ()),
        ([(5, 2)], ()),
        ([(1, 2), (2, 3)], ((1, 3),)),
        ([(4, 6), (1, 2)], ((1, 2), (4, 6))),
        ([(1, 9), (2, 3)], ((1, 9),)),
        ([(DAWN, 3), (2, FOREVER)], ALWAYS),
    ],
)
def test_windows_that_touch_are_one(some, joined):
    assert merged(some) == joined


@given(windows)
def test_merging_keeps_what_is_held_and_leaves_gaps_between(some):
    found = merged(some)
    assert held(found) == held(some)
    assert all(start < end for start, end in found)
    assert all(found[at][1] < found[at + 1][0] for at in range(len(found) - 1))
    assert merged(found) == found


@given(windows, windows)
def test_taking_windows_away_leaves_exactly_the_rest(some, taken):
    left = without(some, taken)
    assert held(left) == held(some) - held(taken)
    assert merged(left) == left


def applied(stays, step, numbers):
    """The live stays after a reshape."""
    narrows = dict(step.narrows)
    kept = [
        Stay(
            each.id,
            each.collection,
            each.calendar,
            narrows.get(each.id, each.window),
            each.narrowed or each.id in narrows,
        )
        for each in stays
        if each.id not in step.ends
    ]
    return kept + [Stay(next(numbers), 1, 2, window, False) for window in step.adds]


def owners(stays):
    """Which stay shows each number; fails when two do."""
    found = {}
    for each in stays:
        for number in held([each.window]):
            assert number not in found, "two stays show one day"
            found[number] = each.id
    return found


class Reshaping(RuleBasedStateMachine):
    """The stays of one pair, reshaped again and again."""

    def __init__(self):
        super().__init__()
        self.numbers = count(1)
        self.stays, self.wanted = [], ()

    @rule(wanted=windows)
    def reshaped(self, wanted):
        before, stays = owners(self.stays), {each.id: each for each in self.stays}
        step = reshape(self.stays, wanted)
        self.stays, self.wanted = applied(self.stays, step, self.numbers), wanted
        after = owners(self.stays)
        assert set(step.ends).isdisjoint(number for number, _ in step.narrows)
        assert all(not stays[number].narrowed for number, _ in step.narrows), "a stay is narrowed once"
        for number, window in step.narrows:
            assert held([window]) < held([stays[number].window])
        for stay in stays.values():
            if held([stay.window]) <= held(wanted):
                assert all(after[number] == stay.id for number in held([stay.window])), "an untouched stay moved"
        if len(merged(wanted)) == 1:
            untouched = [number for number in before if number in after and not stays[before[number]].narrowed]
            assert all(after[number] == before[number] for number in untouched), "an object outside the change moved"

    @rule()
    def reshaped_to_the_same(self):
        step = reshape(self.stays, self.wanted)
        assert (step.ends, step.narrows, step.adds) == ((), (), ())

    @invariant()
    def the_union_is_what_is_wanted(self):
        assert set(owners(self.stays)) == held(self.wanted)


TestReshaping = Reshaping.TestCase


def shown(desk):
    with desk.reading() as tx:
        return {entry.href.removesuffix(".ics") for entry in tx.objects.entries(desk.collection(TIMETABLE))}


@pytest.fixture
def calendar(desk):
    """A calendar with a lesson on each of ten days, shown to nobody yet."""
    (number,) = desk.lesson_calendars("l")
    desk.teach(*(lesson(number, str(day), day * DAY) for day in range(10)))
    return number


def days(start, end):
    return (start * DAY, end * DAY)


@pytest.mark.parametrize(
    ("steps", "seen"),
    [
        ([[days(0, 10)]], "0123456789"),
        ([[days(2, 5)]], "234"),
        ([[days(0, 10)], [days(0, 4)]], "0123"),
        ([[days(0, 10)], [days(0, 6)], [days(0, 3)]], "012"),
        ([[days(0, 10)], [days(0, 6)], [days(0, 3)], [days(0, 2), days(8, 9)]], "018"),
        ([[days(0, 3)], [days(0, 6)]], "012345"),
        ([[days(4, 6)], [days(2, 8)]], "234567"),
        ([[days(0, 10)], [days(0, 3), days(7, 10)]], "012789"),
        ([[days(0, 3), days(7, 10)], [days(0, 10)]], "0123456789"),
        ([[days(0, 10)], [days(3, 7)], [days(0, 10)]], "0123456789"),
        ([[days(0, 10)], []], ""),
        ([[(DAWN, FOREVER)], [(days(3, 3))], [days(9, 10)]], "9"),
    ],
)
def test_a_timetable_shows_the_windows_last_set(desk, calendar, steps, seen):
    client, told = SyncToken(desk.collection(TIMETABLE).id), set()
    for wanted in steps:
        desk.show(calendar, wanted)
        page = desk.since(client)
        client = page.token
        told |= {change.href.removesuffix(".ics") for change in page.changes if change.etag}
        told -= {change.href.removesuffix(".ics") for change in page.changes if not change.etag}
    assert shown(desk) == set(seen)
    assert told == set(seen)


def test_leaving_early_tells_exactly_of_the_lessons_lost(desk, calendar):
    desk.show(calendar, [days(0, 10)])
    client = desk.token(TIMETABLE)
    desk.show(calendar, [days(0, 7)])
    page = desk.since(client)
    assert sorted(outcome(page)) == [(f"{day}.ics", "gone") for day in (7, 8, 9)]
    desk.show(calendar, [days(0, 9)])
    assert sorted(outcome(desk.since(page.token))) == [("7.ics", "new"), ("8.ics", "new")]


def test_narrowing_twice_leaves_what_stays_known_to_the_client(desk, calendar):
    desk.show(calendar, [days(0, 10)])
    desk.show(calendar, [days(0, 7)])
    client = desk.token(TIMETABLE)
    desk.show(calendar, [days(0, 5)])
    told = dict(outcome(desk.since(client)))
    assert {href for href, word in told.items() if word == "gone"} == {"5.ics", "6.ics"}
    assert "new" not in told.values()


def test_setting_the_same_windows_again_writes_nothing(desk, calendar):
    desk.show(calendar, [days(0, 4), days(6, 8)])
    before = desk.clock()
    desk.show(calendar, [days(6, 8), days(0, 2), days(2, 4)])
    assert desk.clock() == before


def test_windows_count_the_start_in_and_the_end_out(desk, calendar):
    desk.show(calendar, [(3 * DAY, 4 * DAY)])
    assert shown(desk) == {"3"}
    desk.show(calendar, [(3 * DAY + 1, 4 * DAY + 1)])
    assert shown(desk) == {"4"}


def test_the_stays_of_other_kinds_and_of_calendars_fed_by_themselves_are_left_alone(desk, calendar):
    desk.show(calendar)
    with desk.reading() as tx:
        feeds = tx.lessons.feeds
        assert [each.calendar for each in feeds.live(CalendarKind.TIMETABLE)] == [calendar]
        assert feeds.live(CalendarKind.COURSE) == ()
        assert feeds.live(CalendarKind.DEFAULT, CalendarKind.TASKS) == ()
