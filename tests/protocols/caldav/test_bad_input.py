"""Whatever comes in, an answer of the protocol goes out, and nothing is written by what is refused."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocols.caldav.app import METHODS
from protocols.caldav.names import PREFIXES
from tests.protocols.caldav.client import SPACES, Dav, event_text, task_text

KNOWN = frozenset({200, 201, 204, 207, 304, 400, 403, 404, 405, 406, 409, 412, 413, 414, 415, 502, 507})
quietly = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

TIMES = 'start="20261101T000000Z" end="20261201T000000Z"'
TEMPLATES = {
    "PROPFIND": f"<D:propfind {SPACES}><D:prop><D:getetag/><CS:getctag/></D:prop></D:propfind>",
    "PROPPATCH": f"<D:propertyupdate {SPACES}><D:set><D:prop><D:displayname>Neuf</D:displayname>"
    "<A:calendar-color>#123456</A:calendar-color><A:calendar-order>3</A:calendar-order></D:prop></D:set>"
    "<D:remove><D:prop><C:calendar-description/></D:prop></D:remove></D:propertyupdate>",
    "MKCALENDAR": f"<C:mkcalendar {SPACES}><D:set><D:prop><D:displayname>Neuf</D:displayname>"
    '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
    "</D:prop></D:set></C:mkcalendar>",
    "MKCOL": f"<D:mkcol {SPACES}><D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
    "</D:prop></D:set></D:mkcol>",
    "REPORT multiget": f"<C:calendar-multiget {SPACES}><D:prop><D:getetag/><C:calendar-data><C:expand {TIMES}/>"
    '<C:comp name="VCALENDAR"><C:allprop/><C:comp name="VEVENT"><C:prop name="UID" novalue="yes"/></C:comp></C:comp>'
    "</C:calendar-data></D:prop><D:href>/dav/calendars/marie.dupont/agenda/a.ics</D:href></C:calendar-multiget>",
    "REPORT query": f"<C:calendar-query {SPACES}><D:prop><C:calendar-data><C:limit-recurrence-set {TIMES}/>"
    '</C:calendar-data></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
    f'<C:time-range {TIMES}/><C:prop-filter name="SUMMARY"><C:text-match collation="i;unicode-casemap" '
    'negate-condition="no">a</C:text-match><C:param-filter name="X"><C:is-not-defined/></C:param-filter>'
    "</C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>",
    "REPORT sync": f"<D:sync-collection {SPACES}><D:sync-token>urn:cadran:sync:1:2:9</D:sync-token>"
    "<D:sync-level>1</D:sync-level><D:limit><D:nresults>3</D:nresults></D:limit><D:prop><D:getetag/></D:prop>"
    "</D:sync-collection>",
    "PROPPATCH dead": f'<D:propertyupdate {SPACES} xml:lang="fr"><D:set><D:prop><x:mood xmlns:x="urn:x" x:k="1">gai'
    "<x:b/></x:mood></D:prop></D:set><D:remove><D:prop><y:mood xmlns:y='urn:y'/></D:prop></D:remove>"
    "</D:propertyupdate>",
    "REPORT alarm": f"<C:calendar-query {SPACES}><D:prop><D:getetag/></D:prop><C:filter>"
    f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
    f'<C:comp-filter name="VALARM"><C:time-range {TIMES}/></C:comp-filter>'
    '<C:prop-filter name="UID"><C:text-match>a</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter>'
    "</C:filter><C:timezone-id>Europe/Paris</C:timezone-id></C:calendar-query>",
    "REPORT expand": f'<D:expand-property {SPACES}><D:property name="owner"><D:property name="calendar-home-set" '
    'namespace="urn:ietf:params:xml:ns:caldav"><D:property name="displayname"/></D:property></D:property>'
    "</D:expand-property>",
    "REPORT search": f'<D:principal-property-search {SPACES} test="anyof"><D:property-search><D:prop><D:displayname/>'
    '</D:prop><D:match match-type="equals">a</D:match></D:property-search><D:prop><D:displayname/></D:prop>'
    "<D:apply-to-principal-collection-set/></D:principal-property-search>",
    "REPORT match": f"<D:principal-match {SPACES}><D:principal-property><D:owner/></D:principal-property><D:prop>"
    "<D:acl/></D:prop></D:principal-match>",
    "REPORT busy": f"<C:free-busy-query {SPACES}><C:time-range {TIMES}/></C:free-busy-query>",
}
TEXTS = (
    event_text("a", "A", "20261101T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261108T080000Z"),
    task_text("t", "T", "DUE:20261123T170000Z", "RRULE:FREQ=DAILY;UNTIL=20270101T000000Z"),
)
SPLICES = ("", "<", ">", "&", "\x00", "é", "]]>", "&#0;", "&x;", "<!DOCTYPE a>", "9" * 30, "-", ":", ";", "%", "\r\n ")
LINES = (
    "RRULE:FREQ=SECONDLY",
    "RRULE:FREQ=YEARLY;BYDAY=-99MO",
    "DTSTART:99991231T235959Z",
    "DTSTART;TZID=Nowhere:00010101T000000",
    "DURATION:P999999999W",
    "BEGIN:VEVENT",
    "END:VCALENDAR",
    "RDATE:20261101",
    "RECURRENCE-ID:20261101T080000Z",
)

names = st.sampled_from([f"{prefix}:{name}" for prefix in PREFIXES.values() for name in (
    "prop", "comp", "filter", "comp-filter", "prop-filter", "param-filter", "text-match", "time-range", "set", "remove",
    "is-not-defined", "calendar-data", "expand", "allprop", "propname", "include", "href", "sync-token", "sync-level",
    "timezone", "timezone-id", "property", "property-search", "match", "self", "principal-property",
    "limit", "nresults", "displayname", "resourcetype", "calendar-timezone", "getetag", "allcomp",
)])  # fmt: skip
attributes = st.dictionaries(
    st.sampled_from(
        [
            "name",
            "start",
            "end",
            "collation",
            "negate-condition",
            "novalue",
            "content-type",
            "version",
            "namespace",
            "test",
        ]
    ),
    st.sampled_from(
        ["VCALENDAR", "VEVENT", "SUMMARY", "20261101T000000Z", "20261201T000000Z", "yes", "i;octet", "", "é"]
    ),
    max_size=3,
)


def element(name: str, attrs: dict[str, str], inner: list[str], space: str = "") -> str:
    """Return one element."""
    written = "".join(f' {key}="{value}"' for key, value in attrs.items())
    return f"<{name}{space}{written}>{''.join(inner)}</{name}>"


trees = st.recursive(
    st.builds(
        element, names, attributes, st.lists(st.sampled_from(["1", "x", "20261101T000000Z", "infinite"]), max_size=1)
    ),
    lambda inner: st.builds(element, names, attributes, st.lists(inner, max_size=4)),
    max_leaves=12,
)
ROOTS = {
    "D:propfind": "PROPFIND",
    "D:propertyupdate": "PROPPATCH",
    "C:mkcalendar": "MKCALENDAR",
    "D:mkcol": "MKCOL",
    "C:calendar-multiget": "REPORT",
    "C:calendar-query": "REPORT",
    "D:sync-collection": "REPORT",
    "C:free-busy-query": "REPORT",
    "D:expand-property": "REPORT",
    "D:principal-match": "REPORT",
    "D:principal-property-search": "REPORT",
    "D:acl-principal-prop-set": "REPORT",
}


@pytest.fixture
def target(shared_marie: Dav) -> Dav:
    """A client with an event and a task to be asked about."""
    shared_marie.put(shared_marie.agenda + "a.ics", TEXTS[0])
    shared_marie.put(shared_marie.tasks + "t.ics", TEXTS[1])
    return shared_marie


def damaged(text: str, seed: int) -> bytes:
    """Return a text with a few cuts, swaps and insertions."""
    source = random.Random(seed)
    for _ in range(source.randint(1, 4)):
        at, until = sorted(source.randrange(len(text) + 1) for _ in range(2))
        until = min(until, at + source.randint(0, 30))
        match source.randrange(3):
            case 0:
                text = text[:at] + text[until:]
            case 1:
                text = text[:until] + text[at:until] + text[until:]
            case _:
                text = text[:at] + source.choice(SPLICES) + text[at:]
    return text.encode("utf-8", "surrogatepass")


def check(client: Dav, method: str, path: str, body: bytes, **headers: Any) -> None:
    """Send it: the status is one of ours, and a refusal left the school's clock alone."""
    with client.store.reading(client.person.school_id) as tx:
        before = tx.changes.clock()
    answer = client.send(method, path, body, **headers)
    assert answer.status in KNOWN
    if answer.status >= 400:
        with client.store.reading(client.person.school_id) as tx:
            assert tx.changes.clock() == before
        assert method == "HEAD" or b"<D:error" in answer.body or b"mkcol-response" in answer.body


@quietly
@given(st.sampled_from(sorted(TEMPLATES)), st.integers(0, 2**32))
def test_damaged_requests_are_answered(target: Dav, which: str, seed: int):
    path = target.home + f"neuf-{seed}/" if which.startswith("MK") else target.agenda
    check(target, which.split(maxsplit=1)[0], path, damaged(TEMPLATES[which], seed), depth="1")


@quietly
@given(st.sampled_from(sorted(ROOTS)), attributes, st.lists(trees, max_size=4), st.integers(0, 2**32))
def test_well_formed_nonsense_is_answered(target: Dav, root: str, attrs: dict[str, str], inner: list[str], seed: int):
    body = element(root, attrs, inner, " " + SPACES).encode()
    method = ROOTS[root]
    check(target, method, target.home + f"non-{seed}/" if method.startswith("MK") else target.agenda, body, depth="0")


@quietly
@given(st.binary(max_size=200), st.sampled_from(sorted(METHODS)))
def test_any_bytes_are_answered_by_any_method(target: Dav, body: bytes, method: str):
    check(target, method, target.agenda + "bytes.ics", body, depth="0")


@quietly
@given(st.sampled_from(TEXTS), st.integers(0, 2**32))
def test_damaged_objects_are_kept_or_refused(target: Dav, text: str, seed: int):
    path = target.agenda + f"{seed}.ics"
    check(target, "PUT", path, damaged(text, seed), content_type="text/calendar")
    check(target, "GET", path, b"", accept="application/calendar+json")


@quietly
@given(st.sampled_from(TEXTS), st.lists(st.tuples(st.integers(0, 12), st.sampled_from(LINES)), min_size=1, max_size=4))
def test_objects_with_odd_lines_are_kept_or_refused(target: Dav, text: str, extra: list[tuple[int, str]]):
    lines = text.split("\r\n")
    for at, line in extra:
        lines.insert(at, line)
    path = target.agenda + "lines.ics"
    check(target, "PUT", path, "\r\n".join(lines).encode(), content_type="text/calendar")
    check(target, "GET", path, b"", accept="application/calendar+json")


@quietly
@given(st.text("/%.abcdéA0?#&\x00 ", max_size=30), st.sampled_from(sorted(METHODS)))
def test_any_path_is_answered(target: Dav, tail: str, method: str):
    check(target, method, "/dav/" + tail, b"", depth="0")


@quietly
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "if_match",
                "if_none_match",
                "depth",
                "prefer",
                "brief",
                "content_type",
                "content_encoding",
                "if",
                "destination",
                "overwrite",
                "if_modified_since",
                "if_unmodified_since",
            ]
        ),
        st.text("\"*W/,;=' abct01é()<>[]TF:", max_size=12),
        max_size=4,
    ),
    st.sampled_from(sorted(METHODS)),
)
def test_any_headers_are_answered(target: Dav, headers: dict[str, str], method: str):
    check(target, method, target.agenda + "entetes.ics", TEXTS[0].encode(), **headers)
