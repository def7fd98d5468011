"""The If header and dates: what must hold for a request to be run (RFC 4918, 10.4; RFC 9110, 13.1)."""

from email.utils import formatdate

import pytest

from protocols.caldav.errors import DavError
from protocols.caldav.if_header import Condition, StateList, parse
from tests.protocols.caldav.client import Dav, event_text

READ = {
    '(["a"])': (StateList("", (Condition("a", is_tag=True),)),),
    "(<urn:x>)": (StateList("", (Condition("urn:x"),)),),
    '(Not <urn:x> [W/"a"])(["b"])': (
        StateList("", (Condition("urn:x", negated=True), Condition("a", is_tag=True))),
        StateList("", (Condition("b", is_tag=True),)),
    ),
    '</a> (["1"]) (<urn:y>) <http://h/b> (not ["2"])': (
        StateList("/a", (Condition("1", is_tag=True),)),
        StateList("/a", (Condition("urn:y"),)),
        StateList("http://h/b", (Condition("2", is_tag=True, negated=True),)),
    ),
}


@pytest.mark.parametrize(("header", "lists"), READ.items())
def test_lists_are_read(header: str, lists: tuple[StateList, ...]):
    assert parse(header) == lists


@pytest.mark.parametrize(
    "header",
    [
        "x",
        "()",
        "(",
        "(<a>",
        "<a>",
        "(Not)",
        "(Not Not <a>)",
        '([a])(["b"])',
        "(<a>) <b> (<c>)",
        "(<a>))",
        "(<a>)" * 65,
    ],
)
def test_malformed_lists_are_refused(header: str):
    with pytest.raises(DavError) as refused:
        parse(header)
    assert refused.value.status == 400


@pytest.fixture
def event(marie: Dav) -> str:
    """The address of an event."""
    path = marie.agenda + "a.ics"
    assert marie.put(path, event_text("a")).status == 201
    return path


def test_one_list_must_hold(marie: Dav, event: str):
    tag = marie.send("GET", event).etag
    token = marie.sync(marie.agenda).token
    held = [
        f"([{tag}])",
        f"(<urn:x>) ([{tag}])",
        f"(Not <DAV:no-lock> [{tag}])",
        '(Not ["other"])',
        f"<{marie.agenda}> (<{token}>)",
        f"<https://cadran.example{event}> ([{tag}])",
        f"<{marie.agenda}nothing.ics> (Not [{tag}])",
    ]
    for header in held:
        assert marie.send("GET", event, **{"if": header}).status == 200
    failing = [
        '(["other"])',
        "(<DAV:no-lock>)",
        "(<urn:uuid:1> )",
        f"(<urn:x> [{tag}])",
        f"(Not [{tag}])",
        f"<{marie.agenda}nothing.ics> ([{tag}])",
        f"<{marie.agenda}> (<{token}0>)",
        f"</elsewhere> ([{tag}])",
    ]
    for header in failing:
        assert marie.send("GET", event, **{"if": header}).status == 412


def test_a_client_writes_only_if_the_calendar_is_as_it_was(marie: Dav, event: str):
    token = marie.sync(marie.agenda).token
    condition = f"<{marie.agenda}> (<{token}>)"
    assert marie.put(marie.agenda + "b.ics", event_text("b"), **{"if": condition}).status == 201
    refused = marie.put(marie.agenda + "c.ics", event_text("c"), **{"if": condition})
    assert refused.status == 412
    assert len(marie.sync(marie.agenda).rows) == 2


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "DELETE", "PROPPATCH", "REPORT", "PUT"])
def test_every_method_heeds_it(marie: Dav, event: str, method: str):
    assert marie.send(method, event, depth="0", **{"if": '(["other"])'}).status == 412
    assert marie.send(method, event, depth="0", **{"if": "nonsense"}).status == 400
    assert marie.send("GET", event).status == 200


def test_dates_count_where_no_tag_does(marie: Dav, event: str):
    found = marie.send("GET", event)
    written, old = found.headers["Last-Modified"], formatdate(0, usegmt=True)
    assert marie.send("GET", event, if_modified_since=written).status == 304
    assert marie.send("GET", event, if_modified_since=old).status == 200
    assert marie.send("GET", event, if_modified_since=written, if_none_match='"x"').status == 200
    assert marie.send("GET", event, if_modified_since="yesterday").status == 200
    assert marie.send("GET", event, if_unmodified_since=written).status == 200
    for method in ("GET", "DELETE", "PUT"):
        assert marie.send(method, event, event_text("a", "Neuf"), if_unmodified_since=old).status == 412
    assert marie.send("DELETE", event, if_unmodified_since=old, if_match=found.etag).status == 204
