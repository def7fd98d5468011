"""FilterType, the first load's order, and series sent as occurrences."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.eas import filters, holdings
from tests.eas.client import TBSYNC
from tests.eas.items import change, delete
from tests.eas.items import event as item
from tests.protocols.eas.conftest import NOON
from tests.protocols.eas.harness import LocalPhone, at, event, statuses, subjects

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def ages(school, ada):
    """Events that ended a day, three weeks, two months, five months and two years ago, and one of tomorrow."""
    for name, day in {
        "tomorrow": "20261124",
        "yesterday": "20261122",
        "weeks": "20261102",
        "months": "20260923",
        "season": "20260620",
        "years": "20241123",
    }.items():
        school.put(ada, name, event(name, name, f"{day}T080000Z", f"{day}T090000Z"))


@pytest.mark.parametrize(
    ("filter_type", "shown"),
    [
        (0, ["months", "season", "tomorrow", "weeks", "years", "yesterday"]),
        (1, ["tomorrow", "yesterday"]),
        (4, ["tomorrow", "yesterday"]),
        (5, ["tomorrow", "weeks", "yesterday"]),
        (6, ["months", "tomorrow", "weeks", "yesterday"]),
        (7, ["months", "season", "tomorrow", "weeks", "yesterday"]),
    ],
)
def test_each_filter_lets_its_span_through(phone, agenda, ages, filter_type, shown):
    phone.sync_all(agenda, filter_type=filter_type)
    assert subjects(phone.items[agenda]) == shown


@pytest.mark.parametrize("window", [1, 2, 100])
def test_a_changed_filter_takes_away_and_brings_back(phone, agenda, ages, window):
    phone.sync_all(agenda, filter_type=0, window=window)
    narrowed = phone.sync_all(agenda, filter_type=4, window=window)
    assert (len(narrowed.soft_deleted), narrowed.deleted) == (4, [])
    assert subjects(phone.items[agenda]) == ["tomorrow", "yesterday"]
    widened = phone.sync_all(agenda, filter_type=6, window=window)
    assert (len(widened.added), widened.changed) == (2, [])
    assert subjects(phone.items[agenda]) == ["months", "tomorrow", "weeks", "yesterday"]
    assert phone.quiet(agenda, filter_type=6)


def test_a_filter_changed_back_half_way_leaves_nothing_out(phone, agenda, ages):
    phone.sync_all(agenda, filter_type=0)
    phone.sync(agenda, filter_type=4, window=2)
    phone.sync_all(agenda, filter_type=0, window=1)
    assert len(phone.items[agenda]) == 6
    assert phone.quiet(agenda, filter_type=0)


def test_what_grows_old_leaves_the_phone(phone, agenda, ages, clock):
    phone.sync_all(agenda)
    clock.pass_days(14)
    assert len(phone.sync(agenda).soft_deleted) == 1
    assert subjects(phone.items[agenda]) == ["tomorrow"]
    assert phone.quiet(agenda)
    clock.now += 1800
    assert phone.quiet(agenda)


def test_an_event_moved_out_of_the_span_leaves_and_one_moved_in_comes(school, ada, phone, agenda, ages):
    phone.sync_all(agenda)
    school.put(ada, "tomorrow", event("tomorrow", "tomorrow", "20250101T080000Z", "20250101T090000Z"))
    school.put(ada, "years", event("years", "years", "20261201T080000Z", "20261201T090000Z"))
    result = phone.sync(agenda)
    assert (len(result.soft_deleted), len(result.added), result.changed) == (1, 1, [])
    assert subjects(phone.items[agenda]) == ["years", "yesterday"]


def test_an_endless_series_is_never_too_old(school, ada, phone, agenda):
    school.put(ada, "s", event("s", "Choir", "20200106T080000Z", "20200106T090000Z", "RRULE:FREQ=WEEKLY"))
    phone.sync_all(agenda)
    assert subjects(phone.items[agenda]) == ["Choir"]


@pytest.mark.parametrize("filter_type", [8, 9, 99])
def test_a_filter_no_calendar_has_is_refused(phone, agenda, filter_type):
    phone.sync(agenda)
    assert phone.sync(agenda, filter_type=filter_type).status == "4"


def test_the_first_load_begins_with_today(school, ada, phone, agenda, ages):
    phone.sync(agenda)
    order = []
    while True:
        step = phone.sync(agenda, window=1, filter_type=0)
        order += [phone.items[agenda][key].value("Calendar:Subject") for key in step.added]
        if not step.more:
            break
    assert order == ["tomorrow", "yesterday", "weeks", "months", "season", "years"]


def test_what_changes_while_the_first_load_is_under_way_is_told_once(school, ada, phone, agenda, ages):
    phone.sync(agenda)
    phone.sync(agenda, window=2, filter_type=0)
    school.delete(ada, "years")
    school.put(ada, "season", event("season", "season", "20261123T120000Z", "20261123T130000Z"))
    school.put(ada, "tomorrow", event("tomorrow", "tomorrow", "20200101T120000Z", "20200101T130000Z"))
    school.put(ada, "new", event("new", "new"))
    phone.sync_all(agenda, window=1, filter_type=0)
    assert subjects(phone.items[agenda]) == ["months", "new", "season", "tomorrow", "weeks", "yesterday"]
    assert phone.quiet(agenda, filter_type=0)


TWICE_A_MONTH = event("t", "Rent", "20261001T080000Z", "20261001T090000Z", "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15")


@pytest.mark.parametrize("window", [1, 7, 512])
def test_a_series_no_item_can_say_comes_as_its_occurrences(school, ada, phone, agenda, window):
    school.put(ada, "t", TWICE_A_MONTH)
    phone.sync_all(agenda, window=window)
    starts = sorted(node.value("Calendar:StartTime") for node in phone.items[agenda].values())
    assert starts[:3] == ["20261101T080000Z", "20261115T080000Z", "20261201T080000Z"]
    assert all(node.find("Calendar:Recurrence") is None for node in phone.items[agenda].values())
    assert phone.quiet(agenda)


@pytest.mark.parametrize("window", [1, 512])
def test_occurrences_follow_their_series(school, ada, phone, agenda, window):
    school.put(ada, "t", TWICE_A_MONTH)
    phone.sync_all(agenda, window=window)
    count = len(phone.items[agenda])
    school.put(ada, "t", TWICE_A_MONTH.replace(b"Rent", b"Wages").replace(b"=1,15", b"=1,16"))
    phone.sync_all(agenda, window=window)
    assert set(subjects(phone.items[agenda])) == {"Wages"}
    assert count - 2 <= len(phone.items[agenda]) <= count + 2
    school.put(ada, "t", event("t", "Once"))
    phone.sync_all(agenda, window=window)
    assert subjects(phone.items[agenda]) == ["Once"]
    school.put(ada, "t", TWICE_A_MONTH)
    phone.sync_all(agenda, window=window)
    assert len(phone.items[agenda]) == count
    school.delete(ada, "t")
    phone.sync_all(agenda, window=window)
    assert phone.items[agenda] == {}
    assert phone.quiet(agenda)


def test_the_window_of_occurrences_moves_with_the_months(school, ada, phone, agenda, clock):
    school.put(ada, "t", TWICE_A_MONTH)
    phone.sync_all(agenda)
    before = set(phone.items[agenda])
    clock.pass_days(31)
    result = phone.sync_all(agenda)
    assert result.added
    assert result.deleted
    assert not result.changed
    assert set(phone.items[agenda]) != before
    assert phone.quiet(agenda)


def test_an_occurrence_sent_alone_is_edited_alone(school, ada, phone, agenda):
    school.put(ada, "t", TWICE_A_MONTH)
    phone.sync_all(agenda)
    first, second, third = sorted(phone.items[agenda])[:3]
    times = {"StartTime": "20261101T100000Z", "EndTime": "20261101T110000Z"}
    result = phone.sync(agenda, [change(first, item({**times, "Subject": "Later", "BusyStatus": 2})), delete(second)])
    assert result.responses == []
    assert result.quiet
    with school.reading() as tx:
        (text,) = tx.objects.texts(school.calendar(tx, ada))
    assert b"RECURRENCE-ID" in text
    assert b"EXDATE" in text
    assert third in phone.items[agenda]
    assert phone.quiet(agenda)


def test_an_occurrence_that_is_no_more_is_taken_away(school, ada, phone, agenda):
    school.put(ada, "t", TWICE_A_MONTH)
    phone.sync_all(agenda)
    first = sorted(phone.items[agenda])[0]
    result = phone.sync(agenda, [change(first[:-8] + "100000Z", item({"Subject": "x", "BusyStatus": 2}))])
    assert statuses(result.responses) == [("Change", "8")]


def test_a_device_that_reads_a_rule_otherwise_gets_occurrences(school, ada, agenda):
    rule = "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1"
    school.put(ada, "t", event("t", "Pay", "20261130T080000Z", "20261130T090000Z", rule))
    android, bird = LocalPhone(school.store, ada), LocalPhone(school.store, ada, "MZTB", manner=TBSYNC)
    for each in (android, bird):
        each.connect()
        each.sync_all(agenda)
    assert len(android.items[agenda]) == 1
    assert len(bird.items[agenda]) > 10


@given(st.sets(st.integers(1, 2**53)))
def test_sets_of_items_are_kept_whole(items):
    assert holdings.unpacked(holdings.packed(items)) == items


def test_a_cut_off_moves_at_midnight_where_the_school_is():
    late = int(datetime(2026, 11, 23, 22, 59, tzinfo=UTC).timestamp())
    assert filters.cutoff(4, late, PARIS) == filters.cutoff(4, NOON, PARIS)
    assert filters.cutoff(4, late + 120, PARIS) == filters.cutoff(4, NOON, PARIS) + 86_400
    assert filters.cutoff(0, NOON, PARIS) < filters.cutoff(7, NOON, PARIS) < filters.cutoff(6, NOON, PARIS)


def test_the_window_of_occurrences_is_bounded_by_the_cut_off():
    assert filters.occurrence_window(filters.cutoff(4, NOON, PARIS), NOON, PARIS) == (
        date(2026, 11, 1),
        date(2027, 12, 6),
    )
    assert filters.occurrence_window(filters.cutoff(0, NOON, PARIS), NOON, PARIS)[0] == date(2025, 9, 27)


def test_new_options_replace_the_old_ones_whole(school, ada, phone, agenda):
    school.put(ada, "new", event("new", "New"))
    school.put(ada, "old", event("old", "Old", "20260101T080000Z", "20260101T090000Z"))
    phone.sync_all(agenda, filter_type=4)
    assert subjects(phone.items[agenda]) == ["New"]
    parts = [("AirSync:SyncKey", phone.keys[agenda]), ("AirSync:CollectionId", agenda)]
    bodies = ("AirSyncBase:BodyPreference", [("AirSyncBase:Type", 1)])
    unfiltered = [("AirSync:Options", [bodies])]
    answer = phone.post("Sync", sync_document([*parts, *unfiltered]))
    added = at(answer.root, "AirSync:Collections", "AirSync:Collection", "AirSync:Commands", "AirSync:Add")
    assert at(added, "AirSync:ApplicationData").value("Calendar:Subject") == "Old"


def test_options_that_are_left_out_stay_as_they_were(school, ada, phone, agenda):
    phone.sync_all(agenda, filter_type=4)
    school.put(ada, "old", event("old", "Old", "20260101T080000Z", "20260101T090000Z"))
    parts = [("AirSync:SyncKey", phone.keys[agenda]), ("AirSync:CollectionId", agenda)]
    assert phone.post("Sync", sync_document(parts)).root is None


def sync_document(parts):
    return "AirSync:Sync", [("AirSync:Collections", [("AirSync:Collection", parts)])]
