"""calendar-query: conditions on components, properties, parameters and times."""

import pytest

from tests.protocols.caldav.client import SPACES, C, D, Dav, event_text, task_text

OBJECTS = {
    "cours": event_text("cours", "Mathématiques", "20261123T080000Z", "DURATION:PT1H", "LOCATION:Salle 12"),
    "sortie": event_text(
        "sortie",
        "Sortie",
        "20261124T080000Z",
        "DTEND:20261124T160000Z",
        "CATEGORIES:Voyage,Musée",
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Léo:mailto:leo@ecole.example",
    ),
    "hebdo": event_text(
        "hebdo", "Chorale", "20260901T100000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", "EXDATE:20261124T100000Z"
    ),
    "alarme": event_text(
        "alarme",
        "Conseil",
        "20261126T170000Z",
        "DURATION:PT2H",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:Bientôt",
        "TRIGGER:-PT10M",
        "END:VALARM",
    ),
    "journée": event_text("journée", "Férié", "20261125T080000Z")
    .replace("DTSTART:20261125T080000Z", "DTSTART;VALUE=DATE:20261125")
    .replace("DURATION:PT1H\r\n", ""),
}


@pytest.fixture
def agenda(marie: Dav) -> Dav:
    """A client whose calendar holds five events."""
    for name, text in OBJECTS.items():
        assert marie.put(f"{marie.agenda}{name.replace('é', '%C3%A9')}.ics", text).status == 201
    return marie


def found(client: Dav, conditions: str) -> set[str]:
    """Return the names that a query finds."""
    answer = client.query(client.agenda, conditions)
    assert answer.status == 207, answer.body
    return {name.removesuffix(".ics").replace("%C3%A9", "é") for name in client.names(answer)}


def event(inner: str) -> str:
    """Return a condition on events."""
    return f'<C:comp-filter name="VEVENT">{inner}</C:comp-filter>'


def text(name: str, value: str, attributes: str = "") -> str:
    """Return a condition on the text of a property."""
    return event(f'<C:prop-filter name="{name}"><C:text-match {attributes}>{value}</C:text-match></C:prop-filter>')


def within(start: str, end: str) -> str:
    """Return a time range within November 2026."""
    return f'<C:time-range start="202611{start}00Z" end="202611{end}00Z"/>'


EVERYTHING = set(OBJECTS)
UNICODE = 'collation="i;unicode-casemap"'
QUERIES = {
    "no condition": ("", EVERYTHING),
    "events": (event(""), EVERYTHING),
    "tasks": ('<C:comp-filter name="VTODO"/>', set()),
    "no tasks": ('<C:comp-filter name="VTODO"><C:is-not-defined/></C:comp-filter>', EVERYTHING),
    "no events": (event("<C:is-not-defined/>"), set()),
    "events and tasks": (event("") + '<C:comp-filter name="VTODO"/>', set()),
    "a morning": (event(within("23T0800", "23T0900")), {"cours"}),
    "touching only": (event(within("23T0900", "23T1000")), set()),
    "a day with an excluded occurrence": (event(within("24T0000", "25T0000")), {"sortie", "journée"}),
    "a week later": (event('<C:time-range start="20261201T000000Z" end="20261202T000000Z"/>'), {"hebdo"}),
    "far ahead": (event('<C:time-range start="20990107T100000Z" end="20990107T103000Z"/>'), set()),
    "far ahead, on the day": (event('<C:time-range start="20990106T000000Z" end="20990113T000000Z"/>'), {"hebdo"}),
    "from now on": (event('<C:time-range start="20261126T000000Z"/>'), {"alarme", "hebdo"}),
    "until": (event('<C:time-range end="20260902T000000Z"/>'), {"hebdo"}),
    "all-day, in the school's zone": (event(within("24T2300", "24T2330")), {"journée"}),
    "summary": (text("SUMMARY", "chor"), {"hebdo"}),
    "octets differ by case": (text("SUMMARY", "chor", 'collation="i;octet"'), set()),
    "octets": (text("SUMMARY", "Chor", 'collation="i;octet"'), {"hebdo"}),
    "ASCII folding leaves accents": (text("SUMMARY", "FÉRIÉ"), set()),
    "Unicode folding": (text("SUMMARY", "FÉRIÉ", UNICODE), {"journée"}),
    "negated": (text("SUMMARY", "e", 'negate-condition="yes"'), {"journée"}),
    "negated, of those that have it": (text("LOCATION", "13", 'negate-condition="yes"'), {"cours"}),
    "UID": (text("UID", "sortie"), {"sortie"}),
    "UID, octets": (text("UID", "sortie", 'collation="i;octet"'), {"sortie"}),
    "UID, other case": (text("UID", "SORTIE"), {"sortie"}),
    "UID, octets of other case": (text("UID", "SORTIE", 'collation="i;octet"'), set()),
    "part of UIDs": (text("UID", "r"), {"cours", "sortie", "alarme", "journée"}),
    "not ASCII in a UID": (text("UID", "née"), {"journée"}),
    "Unicode UID": (text("UID", "JOURNÉE", UNICODE), {"journée"}),
    "wild cards in a UID": (text("UID", "s_rtie"), set()),
    "no such UID": (text("UID", "sorties"), set()),
    "UIDs but one": (text("UID", "sortie", 'negate-condition="yes"'), EVERYTHING - {"sortie"}),
    "UID and time": (
        event(
            within("23T0000", "24T0000") + '<C:prop-filter name="UID"><C:text-match>o</C:text-match></C:prop-filter>'
        ),
        {"cours"},
    ),
    "property is there": (event('<C:prop-filter name="location"/>'), {"cours"}),
    "property is not there": (
        event('<C:prop-filter name="LOCATION"><C:is-not-defined/></C:prop-filter>'),
        EVERYTHING - {"cours"},
    ),
    "property in a range": (
        event(f'<C:prop-filter name="DTSTART">{within("25T0000", "30T0000")}</C:prop-filter>'),
        {"alarme"},
    ),
    "escaped text": (text("CATEGORIES", "Voyage,Mus"), {"sortie"}),
    "parameter": (
        event(
            '<C:prop-filter name="ATTENDEE"><C:param-filter name="PARTSTAT">'
            "<C:text-match>needs-action</C:text-match></C:param-filter></C:prop-filter>"
        ),
        {"sortie"},
    ),
    "parameter is not there": (
        event(
            '<C:prop-filter name="ATTENDEE"><C:param-filter name="ROLE"><C:is-not-defined/></C:param-filter>'
            "</C:prop-filter>"
        ),
        {"sortie"},
    ),
    "parameter is there": (
        event('<C:prop-filter name="ATTENDEE"><C:param-filter name="ROLE"/></C:prop-filter>'),
        set(),
    ),
    "with an alarm": (event('<C:comp-filter name="VALARM"/>'), {"alarme"}),
    "an alarm that rings": (
        event(f'<C:comp-filter name="VALARM">{within("26T1650", "26T1651")}</C:comp-filter>'),
        {"alarme"},
    ),
    "an alarm that rings earlier": (
        event(f'<C:comp-filter name="VALARM">{within("26T1651", "26T1900")}</C:comp-filter>'),
        set(),
    ),
    "an alarm of a kind that rings": (
        event(
            f'<C:comp-filter name="VALARM">{within("26T1600", "26T1700")}'
            '<C:prop-filter name="ACTION"><C:text-match>AUDIO</C:text-match></C:prop-filter></C:comp-filter>'
        ),
        set(),
    ),
    "without an alarm": (
        event('<C:comp-filter name="VALARM"><C:is-not-defined/></C:comp-filter>'),
        EVERYTHING - {"alarme"},
    ),
    "text and time": (
        event(
            within("23T0000", "30T0000")
            + '<C:prop-filter name="SUMMARY"><C:text-match>Conseil</C:text-match></C:prop-filter>'
        ),
        {"alarme"},
    ),
    "any kind, by time": (within("23T0800", "23T0900"), {"cours"}),
    "any kind, by time and text": (
        within("23T0000", "30T0000")
        + '<C:prop-filter name="SUMMARY"><C:text-match>Conseil</C:text-match></C:prop-filter>',
        {"alarme"},
    ),
    "any kind, by text": (
        '<C:prop-filter name="SUMMARY"><C:text-match>chor</C:text-match></C:prop-filter>',
        {"hebdo"},
    ),
    "no calendar at all": ("<C:is-not-defined/>", set()),
    "property of the calendar": ('<C:prop-filter name="VERSION"/>', EVERYTHING),
    "no such property of the calendar": ('<C:prop-filter name="METHOD"/>', set()),
}


@pytest.mark.parametrize(("conditions", "names"), QUERIES.values(), ids=QUERIES)
def test_a_query_finds_what_it_asks(agenda: Dav, conditions: str, names: set[str]):
    assert found(agenda, conditions) == names


@pytest.mark.parametrize(
    ("name", "day", "found"),
    [
        ("EXDATE", "20261130", True),
        ("EXDATE", "20261207", True),
        ("EXDATE", "20261214", False),
        ("RDATE", "20270105", True),
    ],
)
def test_each_of_listed_dates_is_looked_at(marie: Dav, name: str, day: str, found: bool):
    lines = ("DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=9", "EXDATE:20261130T080000Z,20261207T080000Z")
    more = "RDATE;VALUE=PERIOD:20270101T080000Z/PT1H,20270104T230000Z/PT2H"
    marie.put(marie.agenda + "x.ics", event_text("x", "Cours", "20261123T080000Z", *lines, more))
    within = f'<C:time-range start="{day}T000000Z" end="{day}T235959Z"/>'
    asked = f'<C:comp-filter name="VEVENT"><C:prop-filter name="{name}">{within}</C:prop-filter></C:comp-filter>'
    assert marie.names(marie.query(marie.agenda, asked)) == ({"x.ics"} if found else set())


def test_a_moved_occurrence_speaks_for_its_own_time_only(marie: Dav):
    series = event_text("s", "Piscine", "20261102T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
    override = event_text("s", "Gymnase", "20261109T140000Z", "RECURRENCE-ID:20261109T080000Z", "DURATION:PT1H")
    whole = series.replace("END:VCALENDAR\r\n", override.split("PRODID:-//Cadran//Tests//EN\r\n")[1])
    assert marie.put(marie.agenda + "s.ics", whole).status == 201
    name = '<C:prop-filter name="SUMMARY"><C:text-match>{}</C:text-match></C:prop-filter>'
    monday = within("09T0000", "10T0000")
    assert found(marie, event(monday + name.format("Gymnase"))) == {"s"}
    assert found(marie, event(monday + name.format("Piscine"))) == set()
    assert found(marie, event(within("16T0000", "17T0000") + name.format("Piscine"))) == {"s"}


def test_tasks_are_found_by_their_times(marie: Dav):
    marie.put(marie.tasks + "sans-date.ics", task_text("sans-date"))
    marie.put(marie.tasks + "lundi.ics", task_text("lundi", "Lundi", "DUE:20261123T170000Z"))
    condition = '<C:comp-filter name="VTODO"><C:time-range start="20261124T000000Z" end="20261125T000000Z"/>'
    assert marie.names(marie.query(marie.tasks, condition + "</C:comp-filter>"), marie.tasks) == {"sans-date.ics"}
    open_ones = '<C:prop-filter name="COMPLETED"><C:is-not-defined/></C:prop-filter></C:comp-filter>'
    assert len(marie.query(marie.tasks, condition + open_ones).rows) == 1


@pytest.mark.parametrize("depth", ["0", "1", "infinity", None])
def test_a_query_means_the_objects_whatever_the_depth(agenda: Dav, depth: str | None):
    headers = {} if depth is None else {"depth": depth}
    top = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
    body = f"<C:calendar-query {SPACES}><D:prop><D:getetag/></D:prop>{top}</C:calendar-query>"
    assert len(agenda.send("REPORT", agenda.agenda, body, **headers).rows) == len(OBJECTS)


def test_a_query_on_one_object_is_about_that_one(agenda: Dav):
    path = agenda.agenda + "cours.ics"
    assert list(agenda.query(path, event("")).rows) == [path]
    assert agenda.query(path, text("SUMMARY", "Chorale")).rows == {}
    assert list(agenda.multiget(path, [path]).rows) == [path]


REFUSED = {
    "collation": (text("SUMMARY", "x", 'collation="i;klingon"'), 403, "supported-collation"),
    "negation": (text("SUMMARY", "x", 'negate-condition="perhaps"'), 403, "valid-filter"),
    "local time": (event('<C:time-range start="20261123T080000" end="20261124T080000"/>'), 403, "valid-filter"),
    "no such day": (event('<C:time-range start="20261332T080000Z"/>'), 403, "valid-filter"),
    "no time": (event("<C:time-range/>"), 403, "valid-filter"),
    "ends first": (event(within("24T0000", "23T0000")), 403, "valid-filter"),
    "nameless": ("<C:comp-filter/>", 403, "valid-filter"),
    "both": (event('<C:is-not-defined/><C:prop-filter name="UID"/>'), 403, "valid-filter"),
    "times of time zones": (
        f'<C:comp-filter name="VTIMEZONE">{within("23T0000", "24T0000")}</C:comp-filter>',
        403,
        "supported-filter",
    ),
    "unknown condition": (event("<C:moon-phase/>"), 403, "supported-filter"),
    "too many": (event('<C:prop-filter name="UID"/>' * 70), 403, "supported-filter"),
}


@pytest.mark.parametrize(("conditions", "status", "precondition"), REFUSED.values(), ids=REFUSED)
def test_a_filter_that_cannot_be_evaluated_is_refused(marie: Dav, conditions: str, status: int, precondition: str):
    refused = marie.query(marie.agenda, conditions)
    assert (refused.status, refused.errors) == (status, (C + precondition,))


@pytest.mark.parametrize("filters", ["", "<C:filter/>", '<C:filter><C:comp-filter name="VEVENT"/></C:filter>'])
def test_a_filter_starts_at_the_calendar(marie: Dav, filters: str):
    body = f"<C:calendar-query {SPACES}><D:prop><D:getetag/></D:prop>{filters}</C:calendar-query>"
    refused = marie.send("REPORT", marie.agenda, body, depth="1")
    assert (refused.status, refused.errors) == (403, (C + "valid-filter",))


@pytest.mark.parametrize("path", ["/dav/", "/dav/calendars/", "/dav/principals/marie.dupont/"])
def test_reports_run_on_calendars_only(marie: Dav, path: str):
    refused = marie.query(path, "")
    assert (refused.status, refused.errors) == (403, (D + "supported-report",))


@pytest.mark.parametrize("name", ["C:nothing", "D:version-tree", "D:sync-tree"])
def test_an_unknown_report_is_refused(marie: Dav, name: str):
    refused = marie.send("REPORT", marie.agenda, f"<{name} {SPACES}/>")
    assert (refused.status, refused.errors) == (403, (D + "supported-report",))
