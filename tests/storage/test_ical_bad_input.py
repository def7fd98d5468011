"""What may not be stored: each refusal with its precondition, each bomb bounded."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import ical
from storage.contentlines import parse
from storage.errors import InvalidObject
from tests.storage.texts import END, START, calendar, component, event, moved, series

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")
HORIZON = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())


def refused(data: bytes) -> str:
    with pytest.raises(InvalidObject) as caught:
        ical.inspect(data, PARIS)
    assert caught.value.reason
    return caught.value.precondition


@pytest.mark.parametrize(
    ("data", "precondition"),
    [
        (b"no calendar", "valid-calendar-data"),
        (event(START, END).replace(b"20261122T083000", b"20261322T083000"), "valid-calendar-data"),
        (event("DTSTART:00000101T000000"), "min-date-time"),
        (event("DTSTART:20261122T246000"), "valid-calendar-data"),
        (event(END), "valid-calendar-data"),
        (event(END, START.replace("20261122", "20261123")), "valid-calendar-data"),
        (event(START, "DURATION:-PT1H"), "valid-calendar-data"),
        (event(START, "DURATION:1h"), "valid-calendar-data"),
        (event(START, "DTEND;VALUE=DATE:20261123"), "valid-calendar-data"),
        (event("DTSTART;VALUE=DATE:20261122", END), "valid-calendar-data"),
        (event(START, START), "valid-calendar-data"),
        (event(START, "RRULE:FREQ=OFTEN"), "valid-calendar-data"),
        (event(START, "RRULE:FREQ=DAILY;INTERVAL=0"), "valid-calendar-data"),
        (event(START, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "valid-calendar-data"),
        (event("DTSTART;VALUE=DATE:20261122", "RRULE:FREQ=HOURLY;COUNT=2"), "valid-calendar-data"),
        (event(START, "RRULE:FREQ=DAILY", "EXDATE:soon"), "valid-calendar-data"),
        (event(START, "RDATE;VALUE=PERIOD:20261123T100000Z/20261123T090000Z"), "valid-calendar-data"),
        (event(START, "DURATION:P999999999D"), "max-date-time"),
        (event("DTSTART;VALUE=DATE:99991231"), "max-date-time"),
        (event(START, "RRULE:FREQ=DAILY", "RDATE:" + ",".join(["20270101T000000Z"] * 5001)), "max-instances"),
        (event(START, "RRULE:FREQ=DAILY", "EXDATE:" + ",".join(["20270101T000000Z"] * 20_001)), "max-instances"),
        (event(START, *["RRULE:FREQ=DAILY"] * 21), "max-instances"),
        (calendar("METHOD:REQUEST", *component("VEVENT", START)), "valid-calendar-object-resource"),
        (
            calendar(*component("VEVENT", START), *component("VEVENT", START, uid="u2")),
            "valid-calendar-object-resource",
        ),
        (calendar(*component("VEVENT", START), *component("VTODO")), "valid-calendar-object-resource"),
        (calendar(*component("VEVENT", START), *component("VEVENT", START)), "valid-calendar-object-resource"),
        (calendar(*component("VEVENT", START, uid=None)), "valid-calendar-object-resource"),
        (calendar(*component("VEVENT", START, uid=" ")), "valid-calendar-object-resource"),
        (calendar(*component("VEVENT", START, uid="u" * 513)), "valid-calendar-object-resource"),
        (
            series(*[moved(";TZID=Europe/Paris:20261123T083000", "20261123T140000")] * 2),
            "valid-calendar-object-resource",
        ),
        (
            series(moved(":20261123T073000Z", "20261123T140000"), moved(":20261123T083000", "20261123T150000")),
            "valid-calendar-object-resource",
        ),
        (calendar(), "valid-calendar-object-resource"),
        (calendar("BEGIN:VTIMEZONE", "TZID:x", "END:VTIMEZONE"), "valid-calendar-object-resource"),
        (
            calendar(*["BEGIN:VTIMEZONE", "TZID:x", "END:VTIMEZONE"] * 21, *component("VEVENT", START)),
            "valid-calendar-data",
        ),
        (calendar(*component("VFREEBUSY")), "supported-calendar-component"),
        (event(START).replace(b"VERSION:2.0", b"VERSION:1.0"), "supported-calendar-data"),
        (event(START).replace(b"VERSION:2.0", b"CALSCALE:CHINESE"), "supported-calendar-data"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_its_precondition(data, precondition):
    assert refused(data) == precondition


@pytest.mark.parametrize(
    "data",
    [
        event(START, END).replace(b"VERSION:2.0\r\n", b""),
        calendar(*component("VEVENT", START, END, "DURATION:PT1H")),
        calendar(*component("VEVENT", START, uid="u" * 512)),
        calendar(*component("X-OWN", uid=None), *component("VEVENT", START)),
        event("DTSTART;TZID=Nowhere:20261122T083000", "ATTENDEE;CN=Doe, J:mailto:j", "X-A:1", "X-A:2"),
        event("DTSTART;VALUE=DATE:16040229", "RRULE:FREQ=YEARLY"),
        event(START, "RRULE:FREQ=DAILY;INTERVAL=9999999999"),
        event(START, "RRULE:FREQ=DAILY;COUNT=999999999"),
    ],
)
def test_what_clients_really_send_is_accepted(data):
    assert ical.inspect(data, PARIS).component == "VEVENT"
    assert ical.spans(data, PARIS, HORIZON)


@pytest.mark.parametrize("start", ["00010101", "20261122"])
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY",
        "FREQ=SECONDLY;COUNT=999999999",
        "FREQ=MINUTELY;UNTIL=99991231T235959Z",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-1;BYHOUR=1,2,3;BYMINUTE="
        + ",".join(map(str, range(60)))
        + ";BYSECOND="
        + ",".join(map(str, range(60))),
    ],
)
def test_a_recurrence_bomb_is_refused(rule, start):
    with pytest.raises(InvalidObject) as caught:
        ical.spans(event(f"DTSTART:{start}T000000Z", f"RRULE:{rule}"), PARIS, HORIZON)
    assert caught.value.precondition == "max-instances"


def test_many_rules_share_one_budget():
    rules = ["RRULE:FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3"] * 20
    with pytest.raises(InvalidObject) as caught:
        ical.spans(event("DTSTART:00010101T000000Z", *rules), PARIS, HORIZON)
    assert caught.value.precondition == "max-instances"


def test_an_endless_exclusion_is_bounded():
    with pytest.raises(InvalidObject) as caught:
        ical.spans(event(START, "RRULE:FREQ=DAILY", "EXRULE:FREQ=SECONDLY"), PARIS, HORIZON)
    assert caught.value.precondition == "max-instances"


def test_a_rule_that_matches_once_in_a_while_is_no_bomb():
    data = event(START, "RRULE:FREQ=YEARLY;BYYEARDAY=366;BYMONTH=3")
    assert len(ical.spans(data, PARIS, HORIZON)) == 1


VALUES = st.sampled_from(
    [
        "20261122T083000",
        "20261122",
        "00010101T000000Z",
        "99991231T235959",
        "P1D",
        "-P9D",
        "PT0S",
        "FREQ=DAILY",
        "x",
        "",
        "FREQ=YEARLY;COUNT=3",
        "20261122T083000Z/PT1H",
        "FREQ=MONTHLY;UNTIL=20270101",
        "CANCELLED",
        "TRANSPARENT",
    ]
)
NAMES = st.sampled_from(
    "DTSTART DTEND DUE DURATION RRULE EXRULE RDATE EXDATE RECURRENCE-ID COMPLETED CREATED STATUS TRANSP".split()
)
PARAMS = st.sampled_from(
    ["", ";TZID=Europe/Paris", ";TZID=Nowhere", ";VALUE=DATE", ";VALUE=PERIOD", ";RANGE=THISANDFUTURE"]
)
LINES = st.lists(st.tuples(NAMES, PARAMS, VALUES).map(lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}"), max_size=6)
BODIES = st.lists(st.tuples(st.sampled_from(["VEVENT", "VEVENT", "VTODO", "VJOURNAL"]), LINES), min_size=1, max_size=3)


@given(BODIES, st.sampled_from([PARIS, NEW_YORK]))
def test_any_mixture_of_properties_is_answered(bodies, zone):
    data = calendar(*(line for kind, lines in bodies for line in component(kind, *lines)))
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    try:
        facts = ical.inspect(data, zone)
        spans = ical.spans(data, zone, HORIZON)
        found = ical.expand(parse(data), first, last, zone)
        ical.busy(data, first, last, zone)
    except InvalidObject:
        return
    assert all(span.starts <= span.ends for span in spans)
    assert all(facts.starts <= span.starts and span.ends <= facts.ends for span in spans)
    overlapping = sum(one.meets(int(first.timestamp()), int(last.timestamp())) for one in spans)
    assert len(found) == overlapping
