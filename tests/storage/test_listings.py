"""Reading what a collection shows: by name, by item, by time (invariant 9), by nearness; at a constant price."""

import pytest

from storage import ical, occurrences
from storage.errors import NotFound
from storage.maintenance import extend_index
from storage.model import DAWN, FOREVER, NewCalendar
from storage.transaction import Transaction
from tests.storage.builders import DAV, DAY, counted, event_text, lesson, moment, task_text

TIMETABLE = "emploi-du-temps"
HOUR = 3600
EIGHT = moment(2026, 11, 23, 8)
PARIS_DAY = moment(2026, 11, 22, 23)


def happening(desk, start, end, slug="agenda", components=None):
    with desk.reading() as tx:
        hits = tx.objects.in_range(desk.collection(slug), start, end, components)
    return [each.href for each in hits.entries], [each.href for each in hits.unsure]


@pytest.mark.parametrize(
    ("lines", "start", "end", "found"),
    [
        ({}, EIGHT, EIGHT + HOUR, True),
        ({}, EIGHT - HOUR, EIGHT, False),
        ({}, EIGHT - HOUR, EIGHT + 1, True),
        ({}, EIGHT + HOUR, EIGHT + 2 * HOUR, False),
        ({}, EIGHT + HOUR - 1, EIGHT + 2 * HOUR, True),
        ({}, EIGHT + 10, EIGHT + 20, True),
        ({}, EIGHT - DAY, EIGHT + DAY, True),
        ({"end": ""}, EIGHT, EIGHT + 1, True),
        ({"end": ""}, EIGHT - 1, EIGHT, False),
        ({"end": ""}, EIGHT + 1, EIGHT + 2, False),
        ({"end": "DURATION:PT0S"}, EIGHT, EIGHT + 1, True),
        ({"end": "DURATION:PT0S"}, EIGHT - 1, EIGHT, False),
        ({"start": "DTSTART;VALUE=DATE:20261123", "end": ""}, PARIS_DAY, PARIS_DAY + 1, True),
        ({"start": "DTSTART;VALUE=DATE:20261123", "end": ""}, PARIS_DAY - 1, PARIS_DAY, False),
        ({"start": "DTSTART;VALUE=DATE:20261123", "end": ""}, PARIS_DAY + DAY - 1, PARIS_DAY + DAY, True),
        ({"start": "DTSTART;VALUE=DATE:20261123", "end": ""}, PARIS_DAY + DAY, PARIS_DAY + 2 * DAY, False),
        ({"end": "DURATION:P1D"}, EIGHT + DAY - 1, EIGHT + DAY, True),
        ({"end": "DURATION:P8D"}, EIGHT + 8 * DAY - 1, EIGHT + 9 * DAY, True),
        ({"end": "DURATION:P8D"}, EIGHT + 8 * DAY, EIGHT + 9 * DAY, False),
        ({"end": "DURATION:P64D"}, EIGHT + 64 * DAY - 1, EIGHT + 65 * DAY, True),
        ({"end": "DURATION:P400D"}, EIGHT + 399 * DAY, EIGHT + 401 * DAY, True),
        ({"end": "DURATION:P400D"}, EIGHT + 400 * DAY, EIGHT + 401 * DAY, False),
    ],
)
def test_a_range_holds_what_overlaps_it_and_no_more(desk, lines, start, end, found):
    desk.put("e.ics", event_text("e", **lines))
    assert happening(desk, start, end) == (["e.ics"] if found else [], [])


@pytest.mark.parametrize(("day", "found"), [(0, True), (1, False), (7, True), (14, False), (15, True), (21, True)])
def test_a_series_is_found_by_each_occurrence_and_not_between(desk, day, found):
    moved = "RECURRENCE-ID:20261207T080000Z\r\nDTSTAMP:20261101T000000Z\r\nDTSTART:20261208T080000Z\r\nDURATION:PT1H"
    rule = f"RRULE:FREQ=WEEKLY;COUNT=4\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:s\r\n{moved}"
    desk.put("s.ics", event_text("s", rule))
    start = EIGHT + day * DAY
    assert happening(desk, start, start + HOUR) == (["s.ics"] if found else [], [])


def test_an_object_that_happens_often_in_a_range_is_listed_once(desk):
    desk.put("d.ics", event_text("d", "RRULE:FREQ=DAILY;COUNT=30"))
    desk.put("long.ics", event_text("long", "RRULE:FREQ=WEEKLY;COUNT=8", end="DURATION:P10D"))
    assert happening(desk, EIGHT, EIGHT + 60 * DAY) == (["d.ics", "long.ics"], [])


def test_endless_series_beyond_the_index_are_named_unsure(desk):
    desk.put("e.ics", event_text("e", "RRULE:FREQ=WEEKLY"))
    desk.put("ended.ics", event_text("ended", "RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z"))
    written = desk.put("once.ics").object.modified
    horizon = written + occurrences.HORIZON_SECONDS
    assert happening(desk, EIGHT, EIGHT + 7 * DAY) == (["e.ics", "ended.ics", "once.ics"], [])
    assert happening(desk, horizon + 100 * DAY, horizon + 101 * DAY) == ([], ["e.ics"])
    assert happening(desk, horizon - 30 * DAY, horizon + 30 * DAY) == (["e.ics"], [])
    assert happening(desk, horizon + 100 * DAY, FOREVER) == ([], ["e.ics"])


def test_the_index_never_needs_the_text(desk, monkeypatch):
    desk.put("e.ics", event_text("e", "RRULE:FREQ=WEEKLY"))
    for name in ("inspect", "spans", "expand"):
        monkeypatch.setattr(ical, name, None)
    with counted(desk.store) as seen:
        assert happening(desk, EIGHT, EIGHT + DAY) == (["e.ics"], [])
    assert not any("ical" in statement for statement in seen)


def extend_all(tx, most=100):
    """Do the night's indexing in one transaction and return how many looks it took."""
    last = looks = 0
    while last := extend_index(tx, last, most):
        looks += 1
    return looks


def test_the_nightly_work_indexes_further_ahead(desk, monkeypatch):
    desk.put("e.ics", event_text("e", "RRULE:FREQ=WEEKLY"))
    desk.put("two.ics", event_text("two", "RRULE:FREQ=WEEKLY"))
    written = desk.put("once.ics").object.modified
    far = written + occurrences.HORIZON_SECONDS + 100 * DAY
    with desk.writing() as tx:
        assert extend_all(tx) == 0
    monkeypatch.setattr(Transaction, "now", lambda tx: written + 300 * DAY)
    with desk.writing() as tx:
        assert extend_all(tx, most=1) == 2
    assert happening(desk, far, far + 7 * DAY) == (["e.ics", "two.ics"], [])
    with desk.writing() as tx:
        assert extend_all(tx) == 0


def test_a_series_that_becomes_too_long_to_list_stays_unsure_and_stops_nothing(desk, monkeypatch):
    text = event_text("old", "RRULE:FREQ=DAILY", start="DTSTART:20160601T080000Z")
    written = desk.put("old.ics", text).object.modified
    desk.put("e.ics", event_text("e", "RRULE:FREQ=WEEKLY"))
    monkeypatch.setattr(Transaction, "now", lambda tx: written + 3 * 366 * DAY)
    with desk.writing() as tx:
        assert extend_all(tx) == 1
    far = written + 5 * 366 * DAY
    assert happening(desk, far, far + 7 * DAY) == (["e.ics"], ["old.ics"])
    assert happening(desk, EIGHT, EIGHT + 7 * DAY) == (["old.ics", "e.ics"], [])


def test_the_nightly_work_reads_floating_times_in_the_calendars_own_zone(desk, monkeypatch):
    zone = "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nEND:VTIMEZONE"
    with desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar("ny", "NY", timezone=zone))
    text = event_text("f", "RRULE:FREQ=DAILY", start="DTSTART:20261123T080000")
    written = desk.put("f.ics", text, slug="ny").object.modified
    monkeypatch.setattr(Transaction, "now", lambda tx: written + 300 * DAY)
    with desk.writing() as tx:
        assert extend_all(tx) == 1
    thirteen = moment(2026, 11, 23, 13)
    assert happening(desk, thirteen, thirteen + HOUR, "ny") == (["f.ics"], [])
    assert happening(desk, thirteen - 6 * HOUR, thirteen, "ny") == ([], [])


def test_a_range_can_be_asked_of_some_components(desk):
    with desk.writing() as tx:
        tx.collections.create(desk.person, NewCalendar("club", "Club"))
    desk.put("e.ics", event_text("e"), slug="club")
    desk.put("t.ics", task_text("t", "DTSTART:20261123T080000Z", "DUE:20261123T090000Z"), slug="club")
    assert happening(desk, EIGHT, EIGHT + HOUR, "club", ["VTODO"]) == (["t.ics"], [])
    assert happening(desk, EIGHT, EIGHT + HOUR, "club", ["VEVENT"]) == (["e.ics"], [])
    assert happening(desk, EIGHT, EIGHT + HOUR, "club", []) == ([], [])


def test_a_range_of_a_timetable_keeps_to_the_windows_shown(desk):
    shown, hidden = desk.lesson_calendars("shown", "hidden")
    desk.show(shown, ((2 * DAY, 4 * DAY),))
    desk.teach(*(lesson(shown, f"s{day}", day * DAY) for day in range(6)), lesson(hidden, "h", 3 * DAY))
    assert happening(desk, 0, 10 * DAY, TIMETABLE) == (["s2.ics", "s3.ics"], [])
    desk.show(shown, ((3 * DAY, 4 * DAY),))
    assert happening(desk, 0, 10 * DAY, TIMETABLE) == (["s3.ics"], [])


def test_every_reading_agrees_on_what_is_shown(desk):
    shown, hidden = desk.lesson_calendars("shown", "hidden")
    desk.show(shown, ((0, 2 * DAY),))
    desk.teach(*(lesson(shown, f"s{day}", day * DAY) for day in range(3)), lesson(hidden, "h", 0))
    seen = desk.collection(TIMETABLE)
    hrefs = ("s0.ics", "s1.ics", "s2.ics", "h.ics", "none.ics")
    with desk.reading() as tx:
        entries = tx.objects.entries(seen)
        items = {each.item for each in entries}
        assert {each.href for each in entries} == {"s0.ics", "s1.ics"}
        assert tx.objects.count(seen) == tx.collections.count(seen.id) == len(list(tx.objects.texts(seen))) == 2
        found = tx.objects.many(seen, hrefs)
        assert sorted(found) == ["s0.ics", "s1.ics"]
        assert set(tx.objects.many_items(seen, [*items, 1, 10**12])) == items
        for entry in entries:
            whole = tx.objects.get(seen, entry.href)
            assert whole == found[entry.href] == tx.objects.get_item(seen, entry.item)
            assert tx.objects.by_uid(seen, whole.uid) == whole
            assert (entry.etag, entry.size, entry.starts) == (whole.etag, len(whole.ical), whole.starts)
        for href in hrefs[2:]:
            with pytest.raises(NotFound):
                tx.objects.get(seen, href)
        assert tx.objects.by_uid(seen, "s2") is None
        with pytest.raises(NotFound):
            tx.objects.get_item(seen, 10**12)


def nearest(desk, pivot, limit=10, after=None, **more):
    seen = desk.collection()
    values = {"born_by": seen.head, "ends_from": DAWN} | more
    with desk.reading() as tx:
        return tx.objects.nearest(seen, pivot=pivot, after=after, limit=limit, **values)


def test_the_nearest_come_first_and_pages_follow_without_gap_or_repetition(desk):
    for day in (20, 21, 22, 23, 24, 25):
        desk.put(f"{day}.ics", event_text(str(day), start=f"DTSTART:202611{day}T080000Z"))
    wanted = ["23.ics", "22.ics", "24.ics", "21.ics", "25.ics", "20.ics"]
    found = nearest(desk, EIGHT - HOUR // 2)
    assert [each.href for _, each in found] == wanted
    assert found[0][0] == HOUR // 2
    paged, after = [], None
    while page := nearest(desk, EIGHT - HOUR // 2, 2, after):
        paged += [each.href for _, each in page]
        after = (page[-1][0], page[-1][1].item)
    assert paged == wanted


def test_the_nearest_leave_out_what_ended_before_and_what_is_too_young(desk):
    desk.put("old.ics", event_text("old", start="DTSTART:20251123T080000Z"))
    desk.put("now.ics", event_text("now"))
    head = desk.head()
    desk.put("young.ics", event_text("young"))
    assert [each.href for _, each in nearest(desk, EIGHT, ends_from=EIGHT - DAY, born_by=head)] == ["now.ics"]
    assert nearest(desk, EIGHT, ends_from=EIGHT + HOUR, born_by=head) == ()
    desk.put("endless.ics", event_text("endless", "RRULE:FREQ=WEEKLY", start="DTSTART:20251123T080000Z"))
    assert "endless.ics" in {each.href for _, each in nearest(desk, EIGHT, ends_from=EIGHT + HOUR)}


def test_leaving_are_those_that_end_within_the_days_passed(desk):
    for day in (20, 21, 22):
        desk.put(f"{day}.ics", event_text(str(day), start=f"DTSTART:202611{day}T080000Z"))
    seen, ends = desk.collection(), moment(2026, 11, 21, 9)
    with desk.reading() as tx:
        assert [each.href for each in tx.objects.leaving(seen, ends - DAY, ends, seen.head)] == ["21.ics"]
        assert [each.href for each in tx.objects.leaving(seen, ends - 1, ends + DAY, seen.head)] == ["21.ics", "22.ics"]
        assert tx.objects.leaving(seen, ends, ends + DAY - 1, seen.head) == ()
        assert tx.objects.leaving(seen, ends - DAY, ends, seen.head - 2) == ()


def test_many_names_are_asked_in_pieces(desk):
    with desk.writing() as tx:
        seen = tx.collections.by_slug(desk.person, "agenda", DAV)
        for number in range(3):
            tx.objects.put(seen, f"{number}.ics", event_text(str(number)))
    hrefs = [f"{number}.ics" for number in range(450)]
    with desk.reading() as tx:
        assert sorted(tx.objects.many(seen, hrefs)) == ["0.ics", "1.ics", "2.ics"]
        assert tx.objects.many(seen, []) == {}


QUESTIONS = {
    "poll": lambda tx, me, seen, token: tx.collections.by_slug(me, "agenda", DAV),
    "home": lambda tx, me, seen, token: tx.collections.visible(me, DAV),
    "head": lambda tx, me, seen, token: tx.changes.head(seen.id),
    "delta": lambda tx, me, seen, token: tx.changes.since(token, 5),
    "listing": lambda tx, me, seen, token: tx.objects.entries(seen),
    "week": lambda tx, me, seen, token: tx.objects.in_range(seen, EIGHT, EIGHT + 7 * DAY),
    "multiget": lambda tx, me, seen, token: tx.objects.many(seen, [f"{number}.ics" for number in range(50)]),
    "get": lambda tx, me, seen, token: tx.objects.get(seen, "0.ics"),
    "waiting": lambda tx, me, seen, token: tx.changes.moved_since(1),
}


def test_every_question_takes_as_many_statements_however_full_the_calendar(desk):
    counts = []
    for full in (2, 120):
        with desk.writing() as tx:
            seen = tx.collections.by_slug(desk.person, "agenda", DAV)
            for number in range(full):
                tx.objects.put(seen, f"{number}.ics", event_text(str(number), f"SUMMARY:{full}"))
        token = desk.token()
        desk.put("0.ics", event_text("0", f"SUMMARY:changed {full}"))
        found = {}
        for name, question in QUESTIONS.items():
            with desk.reading() as tx, counted(desk.store) as statements:
                question(tx, desk.person, seen, token)
                found[name] = len(statements)
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 4


ELSEWHERE = {
    "week": lambda tx, seen, token: tx.objects.in_range(seen, EIGHT, EIGHT + 7 * DAY),
    "listing": lambda tx, seen, token: tx.objects.entries(seen),
    "leaving": lambda tx, seen, token: tx.objects.leaving(seen, 0, 1, 1),
    "waiting": lambda tx, seen, token: tx.changes.moved_since(1),
    "delta": lambda tx, seen, token: tx.changes.since(token),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_no_question_reads_the_rest_of_the_school(desk, dialect, name):
    if dialect != "sqlite":
        pytest.skip("PostgreSQL plans by the sizes of its tables, which are tiny here")
    desk.put("a.ics")
    token = desk.token()
    desk.put("b.ics")
    seen = desk.collection()
    plans: list[str] = []
    with desk.reading() as tx:
        cursor = tx.connection.connection.cursor()
        cursor.connection.set_trace_callback(plans.append)
        ELSEWHERE[name](tx, seen, token)
        cursor.connection.set_trace_callback(None)
        steps = [row[3] for each in plans for row in cursor.execute(f"EXPLAIN QUERY PLAN {each}")]
    assert steps
    assert [step for step in steps if step.startswith("SCAN ") and "SUBQUERY" not in step] == []
    assert [step for step in steps if step.endswith("(school_id=?)") and "clock" not in step] == []
