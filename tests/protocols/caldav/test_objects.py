"""GET, HEAD, PUT and DELETE of objects and calendars, with their conditions and refusals."""

import pytest

from protocols.caldav.calendar_properties import MAX_RESOURCE_SIZE
from tests.protocols.caldav.client import C, D, Dav, event_text, task_text

BOMB = event_text("bomb", "Bombe", "19700101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")


def test_an_object_is_read_as_it_was_written(marie: Dav):
    text = event_text("a", "Odd  spacing\\, and X-", "20261123T080000Z", "X-ODD;FOO=bar:kept", "DURATION:PT1H")
    path = marie.agenda + "a.ics"
    written = marie.put(path, text, if_none_match="*")
    read = marie.send("GET", path)
    assert (read.status, read.body) == (200, text.encode())
    assert read.headers["Content-Type"] == "text/calendar; charset=utf-8; component=vevent"
    assert read.etag == written.etag
    assert not read.etag.startswith("W/")
    head = marie.send("HEAD", path)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(text.encode())))
    assert head.etag == read.etag
    assert marie.send("HEAD", marie.agenda + "b.ics").body == b""


def test_an_object_that_is_known_is_not_sent_again(marie: Dav):
    path = marie.agenda + "a.ics"
    etag = marie.put(path, event_text("a")).etag
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        known = marie.send("GET", path, if_none_match=header)
        assert (known.status, known.body, known.etag) == (304, b"", etag)
    assert marie.send("GET", path, if_none_match='"other"').status == 200
    assert marie.send("GET", path, if_match='"other"').status == 412
    assert marie.send("GET", path, if_match=etag).status == 200


def test_a_name_that_is_not_ascii_is_one_name(marie: Dav):
    path = marie.agenda + "R%C3%A9union%20%26%20co.ics"
    assert marie.put(path, event_text("r")).status == 201
    (listed,) = marie.sync(marie.agenda).rows
    assert listed == path
    assert marie.send("GET", marie.agenda + "%52%c3%a9union%20&%20co.ics").status == 200
    found = marie.multiget(marie.agenda, ["https://cadran.example" + path.lower().replace("r%c3", "R%c3")])
    assert list(found.rows) == [path]


CONDITIONS = {
    "new, if new": ({"if_none_match": "*"}, False, 201),
    "there, if new": ({"if_none_match": "*"}, True, 412),
    "new, if there": ({"if_match": "*"}, False, 412),
    "there, if there": ({"if_match": "*"}, True, 204),
    "new, if that one": ({"if_match": '"x"'}, False, 412),
    "there, if another": ({"if_match": '"x"'}, True, 412),
    "there, if not another": ({"if_none_match": '"x"'}, True, 204),
    "there, malformed": ({"if_match": '"x'}, True, 400),
}


@pytest.mark.parametrize(("headers", "there", "status"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_writer_is_taken_at_its_word(marie: Dav, headers: dict[str, str], there: bool, status: int):
    path = marie.agenda + "a.ics"
    if there:
        marie.put(path, event_text("a"))
    token = marie.sync(marie.agenda).token
    assert marie.put(path, event_text("a", "Autre"), **headers).status == status
    assert bool(marie.sync(marie.agenda, token).rows) is (status < 300)


def test_a_writer_that_excludes_the_present_tag_is_refused(marie: Dav):
    etag = marie.put(marie.agenda + "a.ics", event_text("a")).etag
    assert marie.put(marie.agenda + "a.ics", event_text("a", "Autre"), if_none_match=etag).status == 412


def test_writing_the_same_again_changes_nothing(marie: Dav):
    etag = marie.put(marie.agenda + "a.ics", event_text("a")).etag
    token = marie.sync(marie.agenda).token
    again = marie.put(marie.agenda + "a.ics", event_text("a"))
    assert (again.status, again.etag) == (204, etag)
    assert marie.sync(marie.agenda, token).token == token


TWO = event_text("a").replace("END:VCALENDAR", event_text("b").split("\r\n", 3)[3])
REFUSED = {
    "not iCalendar": ("hello", "valid-calendar-data"),
    "empty": ("", "valid-calendar-data"),
    "cut short": (event_text("a")[:80], "valid-calendar-data"),
    "two events": (TWO, "valid-calendar-object-resource"),
    "with METHOD": (
        event_text("a").replace("BEGIN:VEVENT", "METHOD:REQUEST\r\nBEGIN:VEVENT"),
        "valid-calendar-object-resource",
    ),
    "task among events": (task_text("a"), "supported-calendar-component"),
    "bomb": (BOMB, "max-instances"),
    "too large": (event_text("a", "x" * MAX_RESOURCE_SIZE), "max-resource-size"),
}


@pytest.mark.parametrize(("text", "precondition"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_kept_is_refused_with_its_reason(marie: Dav, text: str, precondition: str):
    refused = marie.put(marie.agenda + "a.ics", text)
    assert (refused.status, refused.errors) == (403, (C + precondition,))
    assert b"<!--" in refused.body
    assert marie.sync(marie.agenda).rows == {}


def test_a_uid_stays_with_its_object(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    refused = marie.put(marie.agenda + "autre.ics", event_text("a"))
    assert (refused.status, refused.errors) == (409, (C + "no-uid-conflict",))
    assert f"<D:href>{marie.agenda}a.ics</D:href>".encode() in refused.body


@pytest.mark.parametrize("kind", ["text/plain", "text/calendar; charset=iso-8859-1", "application/json", ";;"])
def test_another_kind_of_content_is_refused(marie: Dav, kind: str):
    refused = marie.put(marie.agenda + "a.ics", event_text("a"), content_type=kind)
    assert (refused.status, refused.errors) == (403, (C + "supported-calendar-data",))


@pytest.mark.parametrize("kind", ["", "TEXT/Calendar", 'text/calendar; component=VEVENT; charset="UTF-8"'])
def test_iCalendar_is_taken_however_it_is_announced(marie: Dav, kind: str):
    assert marie.put(marie.agenda + "a.ics", event_text("a"), content_type=kind).status == 201


def test_parts_and_packed_bodies_are_refused(marie: Dav):
    assert marie.put(marie.agenda + "a.ics", event_text("a"), content_range="bytes 0-9/10").status == 400
    assert marie.put(marie.agenda + "a.ics", event_text("a"), content_encoding="gzip").status == 415


def test_an_object_is_written_into_a_calendar_only(marie: Dav, leo: Dav, zoe: Dav):
    assert marie.put(marie.home + "nothing/a.ics", event_text("a")).status == 409
    assert leo.put(marie.agenda + "a.ics", event_text("a")).status == 403
    assert leo.put(zoe.agenda + "a.ics", event_text("a")).status == 404
    for path in (marie.home, "/dav/"):
        refused = marie.put(path, event_text("a"))
        assert refused.status == 405
        assert "PUT" not in refused.headers["Allow"]


@pytest.mark.req("R206")
def test_a_read_only_calendar_refuses_to_delete(marie: Dav):
    refused = marie.send("DELETE", marie.timetable + "a.ics")
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))


def test_deleting_what_is_not_there_is_told(marie: Dav):
    assert marie.send("DELETE", marie.agenda + "a.ics").status == 404
    assert marie.send("DELETE", marie.home + "nothing/").status == 404
    assert marie.send("DELETE", "/dav/").status == 403


def test_a_calendar_is_one_file(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    marie.put(marie.agenda + "b.ics", event_text("b"))
    whole = marie.send("GET", marie.agenda)
    assert whole.status == 200
    assert whole.headers["Content-Type"].startswith("text/calendar")
    assert whole.body.count(b"BEGIN:VCALENDAR") == 1
    assert whole.body.count(b"BEGIN:VEVENT") == 2
    assert b"X-WR-CALNAME:Mon agenda" in whole.body
    assert marie.send("GET", marie.agenda, if_none_match=whole.etag).status == 304
    marie.put(marie.agenda + "c.ics", event_text("c"))
    assert marie.send("GET", marie.agenda, if_none_match=whole.etag).status == 200


@pytest.mark.parametrize("path", ["/dav/", "/dav/principals/marie.dupont/", "/dav/calendars/marie.dupont/"])
def test_there_is_nothing_to_read_above_calendars(marie: Dav, path: str):
    assert marie.send("GET", path).status == 405


@pytest.mark.parametrize("method", ["PATCH", "LOCK", "UNLOCK", "TRACE", "BREW"])
def test_an_unknown_method_is_told_what_is_allowed(marie: Dav, method: str):
    refused = marie.send(method, marie.agenda)
    assert refused.status == 405
    assert "REPORT" in refused.headers["Allow"]


def test_every_answer_says_what_this_server_is(marie: Dav):
    for method, path in (("OPTIONS", "/dav/"), ("GET", marie.agenda), ("GET", "/dav/nothing"), ("PUT", "/dav/")):
        told = set(marie.send(method, path).headers["DAV"].split(", "))
        assert {"1", "3", "access-control", "calendar-access", "calendar-auto-schedule", "extended-mkcol"} <= told
        assert {"calendar-availability", "calendar-managed-attachments", "calendar-proxy"} <= told
        assert {"calendar-no-timezone", "calendarserver-sharing"} <= told
        assert "2" not in told


def test_options_tells_what_each_kind_allows(marie: Dav):
    allowed = {
        path: marie.send("OPTIONS", path).headers["Allow"] for path in ("/dav/", marie.agenda, marie.agenda + "a")
    }
    assert ["PUT" in each for each in allowed.values()] == [False, True, True]
    assert ["COPY" in each for each in allowed.values()] == [False, True, True]
    assert ["MKCALENDAR" in each for each in allowed.values()] == [False, True, False]
