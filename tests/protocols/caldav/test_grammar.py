"""Requests built from their grammar, with parts left out, doubled and misplaced: each is answered, or refused whole.

A new report or body joins by a line in GRAMMAR (what each element may hold) and one in BODIES.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocols.caldav.client import SPACES, Dav, event_text
from tests.protocols.caldav.test_bad_input import KNOWN, quietly

DEPTH = 5
_DATA = ("C:comp", "C:expand", "C:limit-recurrence-set", "C:limit-freebusy-set")
_VALUES: tuple[str, ...] = (
    "D:displayname",
    "C:calendar-description",
    "A:calendar-color",
    "C:calendar-timezone",
    "D:resourcetype",
)
_VALUES += ("C:supported-calendar-component-set", "C:schedule-calendar-transp", "D:getetag", "X:mood")
GRAMMAR: Mapping[str, tuple[str, ...]] = {
    "D:propfind": ("D:prop", "D:allprop", "D:propname", "D:include"),
    "D:propertyupdate": ("D:set", "D:remove"),
    "C:mkcalendar": ("D:set",),
    "D:mkcol": ("D:set",),
    "D:set": ("D:prop",),
    "D:remove": ("D:prop",),
    "D:include": _VALUES,
    "D:prop": (*_VALUES, "CS:getctag", "D:sync-token", "C:calendar-data", "D:current-user-privilege-set"),
    "D:resourcetype": ("D:collection", "C:calendar"),
    "C:supported-calendar-component-set": ("C:comp",),
    "C:schedule-calendar-transp": ("C:opaque", "C:transparent"),
    "C:calendar-data": _DATA,
    "C:comp": ("C:allprop", "C:prop", "C:allcomp", "C:comp"),
    "C:calendar-query": ("D:prop", "C:filter", "C:timezone", "C:timezone-id"),
    "C:filter": ("C:comp-filter",),
    "C:comp-filter": ("C:is-not-defined", "C:time-range", "C:prop-filter", "C:comp-filter"),
    "C:prop-filter": ("C:is-not-defined", "C:time-range", "C:text-match", "C:param-filter"),
    "C:param-filter": ("C:is-not-defined", "C:text-match"),
    "C:calendar-multiget": ("D:prop", "D:href"),
    "C:free-busy-query": ("C:time-range",),
    "D:sync-collection": ("D:sync-token", "D:sync-level", "D:limit", "D:prop"),
    "D:limit": ("D:nresults",),
    "D:expand-property": ("D:property",),
    "D:property": ("D:property",),
    "D:principal-property-search": ("D:property-search", "D:prop", "D:apply-to-principal-collection-set"),
    "D:property-search": ("D:prop", "D:match"),
    "D:principal-match": ("D:self", "D:principal-property", "D:prop"),
    "D:principal-property": ("D:owner",),
    "D:acl-principal-prop-set": ("D:prop",),
}
REPORTS = ("-query", "-multiget", "-collection", "-search", "-set")
BODIES: Mapping[str, tuple[str, ...]] = {
    "PROPFIND": ("D:propfind",),
    "PROPPATCH": ("D:propertyupdate",),
    "MKCALENDAR": ("C:mkcalendar",),
    "MKCOL": ("D:mkcol",),
    "REPORT": (*(name for name in GRAMMAR if name.endswith(REPORTS)), "D:expand-property", "D:principal-match"),
}
MOMENTS = ("20261101T000000Z", "20261201T000000Z", "00010101T000000Z", "99991231T235959Z", "20261101", "never", "")
NAMES = (
    "VCALENDAR",
    "VEVENT",
    "VTODO",
    "VALARM",
    "SUMMARY",
    "UID",
    "DTSTART",
    "owner",
    "calendar-home-set",
    "x\u00e9",
    "",
)
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "name": NAMES,
    "start": MOMENTS,
    "end": MOMENTS,
    "collation": ("i;octet", "i;ascii-casemap", "i;unicode-casemap", "i;none"),
    "negate-condition": ("yes", "no", "perhaps"),
    "match-type": ("equals", "contains", "starts-with", "x"),
    "test": ("anyof", "allof", "x"),
    "namespace": ("DAV:", "urn:ietf:params:xml:ns:caldav", ""),
}
WORDS: tuple[str, ...] = (
    "",
    "1",
    "infinite",
    "0",
    "-1",
    "a",
    "#FF0000",
    "urn:cadran:sync:1:2:9",
    "/dav/calendars/marie.dupont/agenda/a.ics",
)
WORDS += ("Europe/Paris", "http://[", "%ff", "\u202e", "BEGIN:VCALENDAR\nEND:VCALENDAR")
HEADERS: Mapping[str, tuple[str, ...]] = {
    "depth": ("0", "1", "infinity", "2", ""),
    "overwrite": ("T", "F", "x"),
    "destination": ("/dav/calendars/marie.dupont/agenda/b.ics", "http://[", "https://x.example/", "/dav/", ""),
    "prefer": ("return=minimal", "return=representation, depth-noroot", 'return="minimal";x', ";,="),
    "if": ('(["x"])', "(<urn:x>)", "<http://[> (Not <DAV:no-lock>)", "((", '(Not ["a"] <x>)', "()"),
    "if-match": ("*", '"x"', "W/", ""),
    "if-none-match": ("*", '"x", "y"'),
    "if-modified-since": ("Sun, 22 Nov 2026 15:30:50 GMT", "x"),
    "range": ("bytes=0-1", "bytes=9-1", "x"),
    "content-type": ("text/calendar", "application/xml; charset=utf-8", "application/x-www-form-urlencoded", ";"),
    "accept": ("text/calendar", "application/calendar+json", "*/*;q=0", "x;q=y"),
    "timezone-id": ("x",),
}
PLACES = ("", "agenda/", "agenda/a.ics", "agenda/b.ics", "taches/", "inbox/", "outbox/", "neuf/", "emploi-du-temps/")
FREE = ("GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "MOVE", "OPTIONS", "LOCK", "ACL")


@st.composite
def trees(draw: st.DrawFn, name: str, depth: int = 0, root: str = "") -> str:
    """An element with what its grammar allows, in any order and number; now and then something of another element."""
    own = GRAMMAR.get(name, ())
    if draw(st.integers(0, 19)) == 0:
        own = draw(st.sampled_from(sorted(GRAMMAR.values())))
    chosen = draw(st.lists(st.sampled_from(own), max_size=4)) if own and depth < DEPTH else []
    inner = "".join(draw(trees(each, depth + 1)) for each in chosen)
    told = draw(st.lists(st.sampled_from(sorted(ATTRIBUTES)), max_size=3, unique=True)) if not root else []
    attributes = "".join(f" {each}={quoteattr(draw(st.sampled_from(ATTRIBUTES[each])))}" for each in told)
    text = draw(st.sampled_from(WORDS)) if not chosen else ""
    return f"<{name}{root}{attributes}>{text}{inner}</{name}>"


headers = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in HEADERS.items()})
requests = st.sampled_from(sorted(BODIES)).flatmap(
    lambda method: st.tuples(
        st.just(method),
        st.sampled_from(BODIES[method]).flatmap(lambda name: trees(name, root=f' {SPACES} xmlns:X="urn:x"')),
    )
)
plain = st.tuples(st.sampled_from(FREE), st.sampled_from(("", event_text("a"), "a=b&c=%ff", "<x/>", '{"a": [1]}')))


def state(client: Dav) -> int:
    """Return the school's number: whatever was written has moved it."""
    return client.store.directory.clocks()[client.person.school_id]


@pytest.mark.parametrize("kind", ["body", "plain"])
@given(data=st.data())
@quietly
def test_what_the_grammar_makes_is_answered_or_refused_whole(shared_marie: Dav, kind: str, data: st.DataObject) -> None:
    method, body = data.draw(requests if kind == "body" else plain)
    path = shared_marie.home + data.draw(st.sampled_from(PLACES))
    before = state(shared_marie)
    answer = shared_marie.send(method, path, body, **data.draw(headers))
    assert answer.status in KNOWN | {416}, (method, path, body, answer.body)
    assert answer.status < 400 or state(shared_marie) == before
    if answer.status >= 400 and answer.body and method != "HEAD":
        assert answer.tree.tag
