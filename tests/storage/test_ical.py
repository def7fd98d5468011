"""Objects as a whole: when they happen, who is busy."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from storage import ical
from storage.contentlines import parse
from storage.errors import InvalidObject
from storage.ical import DAWN, FOREVER, Facts, Span
from tests.storage.texts import END, START, calendar, component, event, moved, series

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")
HORIZON = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: tzinfo = PARIS) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=zone).timestamp())


def only(data: bytes, zone=PARIS) -> Span:
    (span,) = ical.spans(data, zone, HORIZON)
    facts = ical.inspect(data, zone)
    assert (facts.starts, facts.ends) == (span.starts, span.ends)
    return span


def test_an_ordinary_event_is_described():
    data = event(START, END, r"SUMMARY:Maths\, 4B", "X-KEPT:1")
    assert ical.inspect(data, UTC_ZONE) == Facts(
        "u1", "VEVENT", at(2026, 11, 22, 8, 30), at(2026, 11, 22, 9, 30), False, "Maths, 4B"
    )


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        (("DTSTART:20261122T083000Z", "DTEND:20261122T093000Z"), 3600),
        (("DTSTART:20261122T083000Z", "DURATION:PT45M"), 2700),
        (("DTSTART:20261122T083000Z", "DURATION:P1W"), 7 * 86400),
        (("DTSTART:20261122T083000Z",), 0),
        (("DTSTART:20261122T083000Z", "DTEND:20261122T083000Z"), 0),
        (("DTSTART;VALUE=DATE:20261122",), 86400),
        (("DTSTART:20261122",), 86400),
        (("DTSTART;VALUE=DATE:20261122", "DTEND;VALUE=DATE:20261122"), 86400),
        (("DTSTART;VALUE=DATE:20261122", "DTEND;VALUE=DATE:20261124"), 2 * 86400),
        (("DTSTART;VALUE=DATE:20261122", "DURATION:P3D"), 3 * 86400),
        (("DTSTART;VALUE=DATE:20260329",), 23 * 3600),
        (("DTSTART;VALUE=DATE:20261025",), 25 * 3600),
        (("DTSTART;TZID=Europe/Paris:20260328T120000", "DURATION:P1D"), 23 * 3600),
        (("DTSTART;TZID=Europe/Paris:20260328T120000", "DURATION:PT24H"), 24 * 3600),
        (("DTSTART;TZID=Europe/Paris:20260328T120000", "DTEND;TZID=America/New_York:20260328T120000"), 5 * 3600),
    ],
)
def test_the_length_of_an_event_follows_how_it_is_given(lines, length):
    span = only(event(*lines))
    assert span.ends - span.starts == length


@pytest.mark.parametrize("zone", [PARIS, NEW_YORK, UTC_ZONE, ZoneInfo("Pacific/Auckland")])
def test_floating_times_and_dates_are_read_in_the_given_zone(zone):
    assert only(event("DTSTART:20261122T083000"), zone).starts == at(2026, 11, 22, 8, 30, zone=zone)
    assert only(event("DTSTART;VALUE=DATE:20261122"), zone) == Span(
        at(2026, 11, 22, zone=zone), at(2026, 11, 23, zone=zone)
    )


def test_a_lesson_in_the_skipped_hour_is_one_hour_later_and_in_the_repeated_hour_the_first():
    rule = ("DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3")
    spring = ical.spans(event("DTSTART;TZID=Europe/Paris:20260328T023000", *rule), UTC_ZONE, HORIZON)
    assert [datetime.fromtimestamp(one.starts, PARIS).isoformat() for one in spring] == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:30:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    autumn = ical.spans(event("DTSTART;TZID=Europe/Paris:20261024T023000", *rule), UTC_ZONE, HORIZON)
    assert [datetime.fromtimestamp(one.starts, PARIS).isoformat() for one in autumn] == [
        "2026-10-24T02:30:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


@pytest.mark.parametrize(("zone", "tzid"), [(PARIS, "Europe/Paris"), (NEW_YORK, "America/New_York")])
def test_a_weekly_lesson_keeps_its_hour_when_the_clocks_change(zone, tzid):
    data = event(f"DTSTART;TZID={tzid}:20260901T083000", "DURATION:PT55M", "RRULE:FREQ=WEEKLY;COUNT=40")
    spans = ical.spans(data, UTC_ZONE, HORIZON)
    assert {datetime.fromtimestamp(one.starts, zone).strftime("%a %H:%M") for one in spans} == {"Tue 08:30"}
    assert len({one.starts % 86400 for one in spans}) == 2
    assert len(spans) == 40


def test_a_night_keeps_its_exact_length_when_it_was_given_by_its_end():
    data = event(
        "DTSTART;TZID=Europe/Paris:20260327T220000",
        "DTEND;TZID=Europe/Paris:20260328T060000",
        "RRULE:FREQ=DAILY;COUNT=3",
    )
    assert {one.ends - one.starts for one in ical.spans(data, UTC_ZONE, HORIZON)} == {8 * 3600}


@pytest.mark.parametrize(
    ("start", "until", "count"),
    [
        ("DTSTART;TZID=Europe/Paris:20261101T083000", "20261105T073000Z", 5),
        ("DTSTART;TZID=Europe/Paris:20261101T083000", "20261105T072959Z", 4),
        ("DTSTART;TZID=Europe/Paris:20261101T083000", "20261105T083000", 5),
        ("DTSTART;TZID=Europe/Paris:20261101T083000", "20261105", 5),
        ("DTSTART;TZID=America/New_York:20261101T200000", "20261105", 5),
        ("DTSTART:20261101T083000", "20261105T083000", 5),
        ("DTSTART;VALUE=DATE:20261101", "20261105", 5),
        ("DTSTART;VALUE=DATE:20261101", "20261105T000000Z", 5),
        ("DTSTART;VALUE=DATE:20261101", "20261104T230000Z", 5),
        ("DTSTART;VALUE=DATE:20261101", "20261105T120000", 5),
        ("DTSTART;TZID=Europe/Paris:20261101T083000", "20200101", 1),
    ],
)
def test_until_is_inclusive_in_whatever_form(start, until, count):
    assert len(ical.spans(event(start, f"RRULE:FREQ=DAILY;UNTIL={until}"), PARIS, HORIZON)) == count


def test_an_endless_rule_is_cut_at_the_horizon_and_lives_forever():
    data = event(START, END, "RRULE:FREQ=WEEKLY")
    spans = ical.spans(data, PARIS, at(2026, 12, 6, 8, 30))
    assert [one.starts for one in spans] == [at(2026, 11, 22, 8, 30), at(2026, 11, 29, 8, 30)]
    facts = ical.inspect(data, PARIS)
    assert (facts.starts, facts.ends, facts.recurring) == (at(2026, 11, 22, 8, 30), FOREVER, True)


def test_a_finite_rule_ends_with_its_last_occurrence():
    facts = ical.inspect(event(START, END, "RRULE:FREQ=DAILY;COUNT=3"), PARIS)
    assert facts.ends == at(2026, 11, 24, 9, 30)


def shown(moment: date | datetime | None) -> datetime:
    assert isinstance(moment, datetime)
    return moment


def starts_of(data: bytes, zone=PARIS) -> list[str]:
    return [f"{datetime.fromtimestamp(one.starts, zone):%m-%d %H:%M}" for one in ical.spans(data, zone, HORIZON)]


def test_added_dates_and_periods_happen_too():
    data = event(
        START,
        END,
        "RDATE;TZID=Europe/Paris:20261124T100000,20261123T100000",
        "RDATE;VALUE=PERIOD:20261125T090000Z/PT30M,20261126T090000Z/20261126T100000Z",
        "RDATE;VALUE=DATE:20261130",
    )
    assert starts_of(data) == ["11-22 08:30", "11-23 10:00", "11-24 10:00", "11-25 10:00", "11-26 10:00", "11-30 08:30"]
    lengths = [one.ends - one.starts for one in ical.spans(data, PARIS, HORIZON)]
    assert lengths == [3600, 3600, 3600, 1800, 3600, 3600]


@pytest.mark.parametrize(
    "line",
    [
        "EXDATE;TZID=Europe/Paris:20261123T083000",
        "EXDATE:20261123T073000Z",
        "EXDATE:20261123T083000",
        "EXDATE;VALUE=DATE:20261123",
        "EXDATE;TZID=America/New_York:20261123T023000",
        "EXDATE;TZID=Romance Standard Time:20261123T083000,20270101T083000",
        "EXRULE:FREQ=WEEKLY;BYDAY=MO",
    ],
)
def test_an_excluded_date_is_understood_in_every_form(line):
    data = event(START, END, "RRULE:FREQ=DAILY;COUNT=3", line)
    assert starts_of(data, PARIS) == ["11-22 08:30", "11-24 08:30"]


def test_an_excluded_day_of_a_whole_day_series():
    lines = ("DTSTART;VALUE=DATE:20261122", "RRULE:FREQ=DAILY;COUNT=3")
    for line in ("EXDATE;VALUE=DATE:20261123", "EXDATE:20261123T000000", "EXDATE:20261123T000000Z"):
        assert starts_of(event(*lines, line)) == ["11-22 00:00", "11-24 00:00"]


def test_several_rules_are_united():
    data = event(START, END, "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3")
    assert starts_of(data) == ["11-22 08:30", "11-23 08:30", "11-24 08:30", "11-26 08:30"]


def test_a_start_outside_the_rule_happens_and_counts():
    assert starts_of(event(START, END, "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2")) == ["11-22 08:30", "11-23 08:30"]


@pytest.mark.parametrize(
    "recurrence",
    [
        ";TZID=Europe/Paris:20261123T083000",
        ":20261123T073000Z",
        ":20261123T083000",
        ";VALUE=DATE:20261123",
        ";TZID=America/New_York:20261123T023000",
    ],
)
def test_an_override_replaces_its_occurrence(recurrence):
    data = series(moved(recurrence, "20261123T140000", "STATUS:CANCELLED"))
    assert starts_of(data) == ["11-22 08:30", "11-23 14:00", "11-24 08:30", "11-25 08:30"]


def test_an_override_of_nothing_is_shown():
    data = series(moved(";TZID=Europe/Paris:20271123T083000", "20271123T140000"))
    assert starts_of(data)[-1] == "11-23 14:00"


def test_an_override_moved_out_of_a_range_leaves_it_and_enters_the_other():
    data = series(moved(";TZID=Europe/Paris:20261123T083000", "20261224T140000"))
    root = parse(data)
    november = ical.expand(root, datetime(2026, 11, 23, tzinfo=PARIS), datetime(2026, 11, 24, tzinfo=PARIS), PARIS)
    december = ical.expand(root, datetime(2026, 12, 24, tzinfo=PARIS), datetime(2026, 12, 25, tzinfo=PARIS), PARIS)
    assert november == ()
    assert [one.component.text("SUMMARY") for one in december] == ["moved"]
    assert december[0].recurrence == datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)


def test_this_and_future_moves_all_that_follow():
    later = moved(";RANGE=THISANDFUTURE;TZID=Europe/Paris:20261123T083000", "20261123T100000")
    single = moved(";TZID=Europe/Paris:20261125T083000", "20261125T200000")
    data = series(later, single)
    assert starts_of(data) == ["11-22 08:30", "11-23 10:00", "11-24 10:00", "11-25 20:00"]
    found = ical.expand(parse(data), datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), PARIS)
    assert [one.component.text("SUMMARY") for one in found] == ["master", "moved", "moved", "moved"]
    assert [shown(one.recurrence).day for one in found] == [22, 23, 24, 25]
    assert {shown(one.ends) - shown(one.starts) for one in found[1:]} == {timedelta(minutes=30)}


def test_an_invited_person_may_hold_overrides_without_the_master():
    data = calendar(
        *component("VEVENT", *moved(";TZID=Europe/Paris:20261123T083000", "20261123T140000")),
        *component("VEVENT", *moved(";TZID=Europe/Paris:20261130T083000", "20261130T140000")),
    )
    assert starts_of(data) == ["11-23 14:00", "11-30 14:00"]
    facts = ical.inspect(data, PARIS)
    assert (facts.recurring, facts.summary) == (True, "moved")
    assert (facts.starts, facts.ends) == (at(2026, 11, 23, 14), at(2026, 11, 30, 14, 30))


def test_a_series_whose_every_date_is_excluded_happens_never():
    data = event(START, END, "RRULE:FREQ=DAILY;COUNT=1", "EXDATE;TZID=Europe/Paris:20261122T083000")
    assert ical.spans(data, PARIS, HORIZON) == ()
    assert ical.inspect(data, PARIS).uid == "u1"


def test_expand_finds_a_long_event_that_began_before_the_range():
    data = event("DTSTART:20261101T000000Z", "DURATION:P10D", "RRULE:FREQ=MONTHLY")
    found = ical.expand(parse(data), datetime(2027, 3, 9, tzinfo=UTC), datetime(2027, 3, 10, tzinfo=UTC), PARIS)
    assert [one.starts for one in found] == [datetime(2027, 3, 1, tzinfo=UTC)]


def test_expand_gives_dates_for_whole_days():
    data = event("DTSTART;VALUE=DATE:20261122", "RRULE:FREQ=WEEKLY")
    found = ical.expand(parse(data), datetime(2026, 11, 29, tzinfo=PARIS), datetime(2026, 11, 30, tzinfo=PARIS), PARIS)
    assert [(one.recurrence, one.starts, one.ends) for one in found] == [
        (date(2026, 11, 29), date(2026, 11, 29), date(2026, 11, 30))
    ]


def test_expand_leaves_out_what_only_touches_the_range():
    root = parse(event(START, END))
    after = datetime(2026, 11, 22, 9, 30, tzinfo=PARIS)
    assert ical.expand(root, after, after + timedelta(hours=1), PARIS) == ()
    instant = parse(event(START))
    first = datetime(2026, 11, 22, 8, 30, tzinfo=PARIS)
    assert len(ical.expand(instant, first, first + timedelta(seconds=1), PARIS)) == 1
    assert ical.expand(instant, first - timedelta(hours=1), first, PARIS) == ()


def test_expand_stays_quick_long_after_an_endless_series_began():
    root = parse(event("DTSTART:19000101T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"))
    found = ical.expand(root, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC), PARIS)
    assert len(found) == 7


def test_a_series_too_long_to_list_happens_all_the_same():
    root = parse(event("DTSTART:20261122T083000Z", "RRULE:FREQ=DAILY"))
    century = datetime(2027, 1, 1, tzinfo=UTC), datetime(2127, 1, 1, tzinfo=UTC)
    with pytest.raises(InvalidObject):
        ical.expand(root, *century, PARIS)
    assert ical.happens(root, *century, PARIS)
    assert not ical.happens(root, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), PARIS)


def test_expand_gives_the_components_of_the_calendar_itself():
    root = parse(series(moved(";TZID=Europe/Paris:20261123T083000", "20261123T140000")))
    found = ical.expand(root, datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC), PARIS)
    assert [next(n for n, own in enumerate(root.components) if own is one.component) for one in found] == [0, 1]


T1, T2, T3 = (at(2026, 11, 22, hour, zone=UTC) for hour in (8, 9, 10))
TASKS = {
    # lines: instants (start, end) of a range and whether RFC 4791, 9.9 says it matches
    ("DTSTART:20261122T080000Z", "DURATION:PT1H"): [((T2, T3), True), ((T2 + 1, T3), False), ((T1 - 9, T1), False)],
    ("DTSTART:20261122T080000Z", "DUE:20261122T090000Z"): [((T2, T3), False), ((T2 - 1, T3), True), ((0, T1), False)],
    ("DTSTART:20261122T080000Z", "DUE:20261122T080000Z"): [((T1, T2), True), ((0, T1), True), ((T1 + 1, T2), False)],
    ("DTSTART:20261122T080000Z",): [((T1, T2), True), ((0, T1), False), ((T1 + 1, T2), False)],
    ("DUE:20261122T090000Z",): [((T2, T3), False), ((T1, T2), True), ((T2 - 1, T3), True), ((0, T2 - 1), False)],
    ("COMPLETED:20261122T090000Z", "CREATED:20261122T080000Z"): [
        ((T2, T3), True),
        ((0, T1), True),
        ((T2 + 1, T3), False),
    ],
    ("COMPLETED:20261122T080000Z",): [((T1, T2), True), ((0, T1), True), ((T1 + 1, T2), False)],
    ("CREATED:20261122T080000Z",): [((0, T1), False), ((0, T1 + 1), True), ((T3, T3 + 9), True)],
    (): [((0, 1), True), ((T3, T3 + 1), True)],
}


@pytest.mark.parametrize(
    ("lines", "window", "matching"),
    [(lines, window, matching) for lines, cases in TASKS.items() for window, matching in cases],
)
def test_a_task_matches_as_rfc_4791_says(lines, window, matching):
    data = calendar(*component("VTODO", *lines))
    (span,) = ical.spans(data, UTC_ZONE, FOREVER)
    assert span.meets(*window) is matching
    start, end = (datetime.fromtimestamp(seconds, UTC) for seconds in window)
    assert bool(ical.expand(parse(data), start, end, UTC_ZONE)) is matching


def test_a_task_without_dates_lives_forever():
    facts = ical.inspect(calendar(*component("VTODO", "SUMMARY:x")), PARIS)
    assert (facts.component, facts.starts, facts.ends) == ("VTODO", DAWN, FOREVER)


def test_a_task_due_on_the_day_of_its_start_is_accepted():
    data = calendar(*component("VTODO", "DTSTART:20261122T080000Z", "DUE;VALUE=DATE:20261122"))
    assert ical.inspect(data, PARIS).starts == T1 - 1


def test_a_task_repeats():
    data = calendar(*component("VTODO", "DTSTART:20261122T080000Z", "DUE:20261122T090000Z", "RRULE:FREQ=DAILY;COUNT=2"))
    assert ical.spans(data, PARIS, HORIZON) == (Span(T1, T2), Span(T1 + 86400, T2 + 86400))


@pytest.mark.parametrize(
    ("lines", "spans"),
    [
        ((), ()),
        (("DTSTART:20261122T080000Z",), (Span(T1, T1),)),
        (("DTSTART;VALUE=DATE:20261122",), (Span(T1 - 8 * 3600, T1 + 16 * 3600),)),
    ],
)
def test_a_journal_matches_as_rfc_4791_says(lines, spans):
    assert ical.spans(calendar(*component("VJOURNAL", *lines)), UTC_ZONE, HORIZON) == spans


def busy(*lines: str, kind: str = "VEVENT") -> tuple[tuple[int, int, str], ...]:
    data = calendar(*component(kind, *lines))
    day = datetime(2026, 11, 22, tzinfo=PARIS)
    return ical.busy(data, day + timedelta(hours=9), day + timedelta(days=2), PARIS)


def test_busy_time_is_cut_to_the_range():
    assert busy(START, END) == ((at(2026, 11, 22, 9), at(2026, 11, 22, 9, 30), "BUSY"),)
    assert len(busy(START, END, "RRULE:FREQ=DAILY")) == 2


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (("STATUS:TENTATIVE",), "BUSY-TENTATIVE"),
        (("STATUS:CONFIRMED", "TRANSP:OPAQUE"), "BUSY"),
        (("X-MICROSOFT-CDO-BUSYSTATUS:OOF",), "BUSY-UNAVAILABLE"),
        (("STATUS:CANCELLED",), None),
        (("TRANSP:TRANSPARENT",), None),
    ],
)
def test_status_and_transparency_decide_who_is_busy(lines, kind):
    assert [found[2] for found in busy(START, END, *lines)] == ([kind] if kind else [])


def test_tasks_and_instants_keep_nobody_busy():
    assert busy(START, "DUE;TZID=Europe/Paris:20261122T100000", kind="VTODO") == ()
    assert busy("DTSTART;TZID=Europe/Paris:20261122T100000") == ()


def test_a_moment_is_read_where_its_zone_says():
    root = parse(
        event(
            "DTSTART;TZID=Romance Standard Time:20261122T083000", "DTEND:20261122T093000", "DUE;VALUE=DATE:20261122T0"
        )
    )
    start, end, due = root.components[0].properties[1:]
    assert ical.moment(start, root, NEW_YORK) == datetime(2026, 11, 22, 8, 30, tzinfo=PARIS)
    assert ical.moment(end, root, NEW_YORK) == datetime(2026, 11, 22, 9, 30, tzinfo=NEW_YORK)
    with pytest.raises(InvalidObject):
        ical.moment(due, root, NEW_YORK)
