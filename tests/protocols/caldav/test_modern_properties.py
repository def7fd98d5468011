"""Properties and components of RFC 7986, 9073 and 9253: whatever a client writes of them, every client gets back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.eas.calendar_edit import patched
from protocols.eas.codepages import Calendar
from protocols.eas.wbxml import E
from storage.contentlines import Component, fold, parse
from storage.store import Store
from tests.protocols.caldav.client import C, D, Dav
from tests.protocols.caldav.meetings import PAUL, Circle, gather
from tests.protocols.eas.calendar_samples import context, data, edit
from tests.storage.meetings import calendar, event, invited

LINES = (
    # RFC 7986
    "COLOR:turquoise",
    "IMAGE;VALUE=URI;DISPLAY=BADGE,THUMBNAIL;FMTTYPE=image/png:https://college.example/logo.png",
    'CONFERENCE;VALUE=URI;FEATURE=PHONE,MODERATOR;LABEL="Salle; des profs":tel:+33-1-23-45-67-89,,,555123',
    "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://visio.example/conseil",
    "ATTACH;FILENAME=plan.pdf;SIZE=12;FMTTYPE=application/pdf:https://college.example/plan.pdf",
    # RFC 9073
    "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<b>Conseil</b>\\, salle 12",
    'STRUCTURED-DATA;VALUE=TEXT;FMTTYPE=application/ld+json;SCHEMA="https://schema.org/Event":{\\"@type\\":1}',
    "STRUCTURED-DATA;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=application/x-y:AAECAw==",
    "LOCATION-TYPE:school,classroom",
    # RFC 9253
    'LINK;LINKREL=SOURCE;LABEL="Page du conseil":https://college.example/conseil',
    'LINK;VALUE=XML-REFERENCE;LINKREL="https://rel.example/x":https://college.example/a.xml#xpointer(/b)',
    "CONCEPT:https://concepts.example/reunion/conseil",
    "REFID:conseils-2026",
    "RELATED-TO;RELTYPE=FINISHTOSTART;GAP=P1D:autre@college.example",
    "RELATED-TO;VALUE=URI;RELTYPE=CONCEPT:https://concepts.example/x",
    "RELATED-TO;RELTYPE=NEXT;VALUE=UID:suivant@college.example",
)
INNER = (
    "BEGIN:PARTICIPANT",
    "UID:p-1@college.example",
    "PARTICIPANT-TYPE:SPEAKER",
    "CALENDAR-ADDRESS:mailto:oratrice@college.example",
    "STRUCTURED-DATA;VALUE=URI;FMTTYPE=text/vcard:https://college.example/oratrice.vcf",
    "BEGIN:VLOCATION",
    "UID:l-2@college.example",
    "END:VLOCATION",
    "END:PARTICIPANT",
    "BEGIN:VLOCATION",
    "UID:l-1@college.example",
    "NAME:Salle 12",
    "LOCATION-TYPE:classroom",
    "GEO:48.85;2.35",
    "END:VLOCATION",
    "BEGIN:VRESOURCE",
    "UID:r-1@college.example",
    "RESOURCE-TYPE:PROJECTOR",
    "END:VRESOURCE",
)
ALARM = (
    "BEGIN:VALARM",
    "UID:a-1",
    "ACTION:DISPLAY",
    "TRIGGER:-PT5M",
    "DESCRIPTION:x",
    "PROXIMITY:ARRIVE",
    "END:VALARM",
)
WHOLE = (
    "NAME:Conseils",
    "DESCRIPTION:Les conseils",
    "COLOR:red",
    "SOURCE;VALUE=URI:https://college.example/s.ics",
    "REFRESH-INTERVAL;VALUE=DURATION:P1W",
    "UID:calendrier-1",
)
SERIES = "RRULE:FREQ=WEEKLY;COUNT=4"
NOVEMBER = 'start="20261101T000000Z" end="20261201T000000Z"'


def text_of(*lines: str, top: tuple[str, ...] = ()) -> str:
    """Return an event with these lines, folded as clients fold them."""
    written = calendar(*top, event(*lines))
    return "\r\n".join(map(fold, written.split("\r\n")))


def modern(component: Component) -> tuple[list[str], list[str]]:
    """Return the new properties and components of an event, each as it is written."""
    names = {line.partition(":")[0].partition(";")[0] for line in LINES}
    inner = [repr(each) for each in component.components if each.name != "VALARM"]
    return [prop.line for prop in component.properties if prop.name in names], inner


EXPECTED = modern(parse(text_of(*LINES, *INNER).encode()).components[0])


def test_what_is_written_is_read_byte_for_byte(marie: Dav):
    path, text = marie.agenda + "m.ics", text_of(*LINES, *INNER, *ALARM, top=WHOLE)
    assert marie.put(path, text).status == 201
    assert marie.send("GET", path).body.decode() == text
    got = marie.multiget(marie.agenda, [path]).row.text(C + "calendar-data")
    assert got.replace("\r\n", "\n") == text.replace("\r\n", "\n")
    assert (len(EXPECTED[0]), len(EXPECTED[1])) == (len(LINES), 3)


@pytest.mark.parametrize("wish", ["expand", "limit-recurrence-set"])
def test_expanding_and_limiting_keep_them_in_each_instance(marie: Dav, wish: str):
    path = marie.agenda + "m.ics"
    override = event(*LINES, *INNER, "RECURRENCE-ID:20261130T080000Z", start="20261130T100000Z")
    assert marie.put(path, calendar(*WHOLE, event(SERIES, *LINES, *INNER), override)).status == 201
    asked = f"<C:calendar-data><C:{wish} {NOVEMBER}/></C:calendar-data>"
    root = parse(marie.multiget(marie.agenda, [path], asked).row.text(C + "calendar-data").encode())
    assert [prop.line for prop in root.properties[2:]] == list(WHOLE)
    assert [modern(each) for each in root.children("VEVENT")] == [EXPECTED] * 2


def test_a_whole_calendar_and_a_written_file_keep_them(marie: Dav):
    report = marie.send("PUT", marie.agenda, text_of(*LINES, *INNER), content_type="text/calendar")
    assert [row.status for row in report.rows.values()] == [201]
    (found,) = parse(marie.send("GET", marie.agenda).body).children("VEVENT")
    assert modern(found) == EXPECTED


@pytest.fixture
def circle(store: Store) -> Circle:
    """Four people of one school."""
    return gather(store)


def test_an_invitation_carries_them_and_an_answer_leaves_them(circle: Circle):
    path = circle.marie.agenda + "m.ics"
    lines = [line for line in LINES if not line.startswith("COLOR")]
    text = text_of(*invited(PAUL), "SUMMARY:Conseil", *lines, *INNER, *ALARM)
    assert circle.marie.put(path, text).status == 201
    expected = modern(parse(text.encode()).components[0])
    copy = circle.event(circle.paul)
    assert modern(copy) == expected
    assert copy.children("VALARM") == ()
    assert circle.answer(circle.paul, PAUL, "ACCEPTED") == 204
    for person, where in ((circle.marie, path), (circle.paul, "")):
        assert modern(circle.event(person, where)) == expected
    assert circle.partstat(circle.marie, PAUL, path) == "ACCEPTED"


def test_attendees_learn_of_another_place(circle: Circle):
    path = circle.marie.agenda + "m.ics"
    text = text_of(*invited(PAUL), "SUMMARY:Conseil", *INNER)
    circle.marie.put(path, text)
    assert circle.marie.put(path, text.replace("NAME:Salle 12", "NAME:Salle 14")).status == 204
    assert circle.inbox(circle.paul) == ["REQUEST", "REQUEST"]
    assert "NAME:Salle 14" in circle.text(circle.paul)
    assert circle.marie.put(path, circle.text(circle.marie, path).replace("Conseil", "Conseil")).status == 204
    assert len(circle.inbox(circle.paul)) == 2


def test_a_phone_that_edits_an_event_leaves_them() -> None:
    text = text_of(SERIES, "SUMMARY:Conseil", *LINES, *INNER, *ALARM, top=WHOLE).encode()
    changed = parse(patched(text, data(E(Calendar.Subject, "Réunion")), context(), edit()))
    (found,) = changed.children("VEVENT")
    assert (found.text("SUMMARY"), modern(found)) == ("Réunion", EXPECTED)
    assert [prop.line for prop in changed.properties[2:]] == list(WHOLE)


NAMES = st.sampled_from(["IMAGE", "CONFERENCE", "STRUCTURED-DATA", "LINK", "CONCEPT", "REFID", "STYLED-DESCRIPTION"])
WORDS = st.text(st.characters(categories=["L", "N", "Zs"], include_characters="<>{}[]&/'()#"), max_size=90)
PARAMS = st.dictionaries(st.sampled_from(["LABEL", "SCHEMA", "LINKREL", "DERIVED", "ORDER", "X-ALTRO"]), WORDS)


@st.composite
def properties(draw: st.DrawFn) -> str:
    """A property of the new kinds with any parameters and any text."""
    params = "".join(f';{name}="{value}"' for name, value in draw(PARAMS).items())
    return f"{draw(NAMES)}{params}:{draw(WORDS)}"


@given(st.lists(properties(), min_size=1, max_size=6))
def test_any_line_of_theirs_survives_in_any_place(shared_marie: Dav, lines: list[str]):
    marie, path = shared_marie, shared_marie.agenda + "any.ics"
    text = text_of(*lines, *(f"BEGIN:VLOCATION\r\nUID:l\r\n{lines[0]}\r\nEND:VLOCATION",), top=tuple(lines[:1]))
    assert marie.put(path, text).status in {201, 204}
    assert marie.send("GET", path).body.decode() == text


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ("RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", 201),
        ("FREQ=YEARLY;RSCALE=GREGORIAN", 201),
        ("RSCALE=CHINESE;FREQ=YEARLY", 403),
        ("RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13", 403),
        ("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD", 403),
    ],
)
def test_rules_of_other_calendars_are_refused_by_name(marie: Dav, rule: str, status: int):
    answer = marie.put(marie.agenda + "r.ics", calendar(event(f"RRULE:{rule}")))
    assert answer.status == status
    if status == 403:
        assert answer.errors == (C + "supported-rscale",)
    known = marie.propfind(marie.agenda, C + "supported-rscale-set").row
    assert known.text(C + "supported-rscale-set") == "GREGORIAN"
    assert D + "resourcetype" not in known.props[200]
