"""Alarms and transparency of a shared event are each sharee's own (caldav-sharing, 5.5.4)."""

from __future__ import annotations

import pytest

from tests.protocols.caldav.client import Answer, C, D, Dav, event_text
from tests.protocols.caldav.test_sharing import accepted, change, share

ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT%dM", "END:VALARM")
TAG, LENGTH = D + "getetag", D + "getcontentlength"


def alarm(minutes: int) -> tuple[str, ...]:
    return tuple(each.replace("%d", str(minutes)) for each in ALARM)


def plain(*more: str, title: str = "Conseil") -> str:
    return event_text("plain", title, "20261124T080000Z", *more)


def text(client: Dav, path: str) -> str:
    found = client.send("GET", path)
    assert found.status == 200
    return found.body.decode()


def tags(client: Dav, path: str) -> set[str]:
    """The entity tag of an object, asked for in every way there is."""
    folder = path.rpartition("/")[0] + "/"
    answers: tuple[Answer, ...] = (
        client.propfind(folder, TAG, depth="1"),
        client.propfind(path, TAG),
        client.multiget(folder, [path]),
        client.query(folder, '<C:comp-filter name="VEVENT"/>'),
        client.query(folder, '<C:comp-filter name="VEVENT"/>', "<D:getetag/><C:calendar-data/>"),
        client.sync(folder),
    )
    return {client.send("GET", path).etag, *(each.rows[path].text(TAG) for each in answers)}


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Parts are kept as octets beside other people's objects: both databases."""
    return str(request.param)


@pytest.fixture
def shared(marie: Dav, leo: Dav) -> str:
    """Where Léo has Marie's agenda, to write; her event has an alarm of 5 minutes and leaves her free."""
    folder = accepted(marie, leo, "<CS:read-write/>")
    marie.put(marie.agenda + "plain.ics", plain("TRANSP:TRANSPARENT", *alarm(5)))
    return folder


def test_a_sharee_is_not_shown_what_is_the_owners_own(marie: Dav, leo: Dav, shared: str):
    seen = text(leo, shared + "plain.ics")
    assert "VALARM" not in seen
    assert "TRANSP" not in seen
    assert "SUMMARY:Conseil" in seen
    assert "-PT5M" in text(marie, marie.agenda + "plain.ics")
    assert len(tags(leo, shared + "plain.ics")) == 1


def test_an_alarm_of_a_sharee_is_the_sharees_alone(marie: Dav, leo: Dav, shared: str):
    before = text(marie, marie.agenda + "plain.ics"), tags(marie, marie.agenda + "plain.ics")
    first = leo.send("GET", shared + "plain.ics").etag
    written = leo.put(shared + "plain.ics", plain(*alarm(30)), if_match=first)
    assert written.status == 204
    assert "-PT30M" in text(leo, shared + "plain.ics")
    assert (text(marie, marie.agenda + "plain.ics"), tags(marie, marie.agenda + "plain.ics")) == before
    (now,) = tags(leo, shared + "plain.ics")
    assert now != first
    assert leo.put(shared + "plain.ics", plain(*alarm(15)), if_match=first).status == 412
    assert leo.put(shared + "plain.ics", plain(), if_match=now).status == 204
    assert "VALARM" not in text(leo, shared + "plain.ics")


def test_other_devices_of_a_sharee_learn_of_the_alarm(leo: Dav, shared: str):
    token = leo.sync(shared).token
    leo.put(shared + "plain.ics", plain("TRANSP:TRANSPARENT", *alarm(30)))
    later = leo.sync(shared, token)
    assert set(later.rows) == {shared + "plain.ics"}
    leo.put(shared + "plain.ics", plain("TRANSP:TRANSPARENT", *alarm(30)))
    assert not leo.sync(shared, later.token).rows


def test_what_a_sharee_changes_for_everybody_leaves_the_owners_alarms(marie: Dav, leo: Dav, shared: str):
    assert leo.put(shared + "plain.ics", plain(*alarm(30), title="Conseil de classe")).status == 204
    owners, own = text(marie, marie.agenda + "plain.ics"), text(leo, shared + "plain.ics")
    for each in (owners, own):
        assert "SUMMARY:Conseil de classe" in each
    assert "-PT5M" in owners
    assert "-PT30M" not in owners
    assert "TRANSP:TRANSPARENT" in owners
    assert "-PT30M" in own
    marie.put(marie.agenda + "plain.ics", plain(title="Autre"))
    assert "-PT30M" in text(leo, shared + "plain.ics")
    assert "VALARM" not in text(marie, marie.agenda + "plain.ics")


def test_an_event_that_a_sharee_makes_has_alarms_for_the_sharee_alone(marie: Dav, leo: Dav, shared: str):
    made = event_text("neu", "Neu", "20261125T080000Z", "TRANSP:TRANSPARENT", *alarm(10))
    assert leo.put(shared + "neu.ics", made).status == 201
    assert leo.send("GET", shared + "neu.ics").body.replace(b"\r\n", b"\n").count(b"-PT10M") == 1
    seen = text(marie, marie.agenda + "neu.ics")
    assert "VALARM" not in seen
    assert "TRANSP" not in seen


def test_instances_have_alarms_of_their_own_and_else_those_of_the_series(marie: Dav, leo: Dav, shared: str):
    def series(first: tuple[str, ...], second: tuple[str, ...] | None) -> str:
        whole = event_text("s", "S", "20261201T080000Z", "RRULE:FREQ=DAILY;COUNT=4", *first)
        if second is None:
            return whole
        lines: tuple[str, ...] = ("BEGIN:VEVENT", "UID:s", "DTSTAMP:20261101T000000Z", "RECURRENCE-ID:20261202T080000Z")
        lines += ("DTSTART:20261202T090000Z", "SUMMARY:S", *second, "END:VEVENT", "END:VCALENDAR", "")
        return whole.replace("END:VCALENDAR\r\n", "\r\n".join(lines))

    marie.put(marie.agenda + "s.ics", series(alarm(5), ()))
    assert leo.put(shared + "s.ics", series(alarm(20), alarm(40))).status == 204
    seen = text(leo, shared + "s.ics")
    assert seen.index("-PT20M") < seen.index("RECURRENCE-ID") < seen.index("-PT40M")
    assert text(marie, marie.agenda + "s.ics").count("VALARM") == 2
    leo.put(shared + "s.ics", series(alarm(20), ()))
    assert text(leo, shared + "s.ics").count("BEGIN:VALARM") == 1
    leo.send("DELETE", shared + "s.ics")
    assert leo.put(shared + "s.ics", series((), None)).status == 201
    assert "VALARM" not in text(leo, shared + "s.ics")


def test_queries_about_alarms_look_at_ones_own(marie: Dav, leo: Dav, shared: str):
    asked = (
        '<C:comp-filter name="VEVENT"><C:comp-filter name="VALARM">'
        '<C:time-range start="20261124T070000Z" end="20261124T075500Z"/></C:comp-filter></C:comp-filter>'
    )
    assert not leo.query(shared, asked).rows
    leo.put(shared + "plain.ics", plain(*alarm(30)))
    assert set(leo.query(shared, asked).rows) == {shared + "plain.ics"}
    assert not marie.query(marie.agenda, asked).rows


def test_a_length_that_is_told_is_that_of_what_is_read(leo: Dav, shared: str):
    leo.put(shared + "plain.ics", plain(*alarm(30)))
    for depth, path in (("1", shared), ("0", shared + "plain.ics")):
        row = leo.propfind(path, LENGTH, depth=depth).rows[shared + "plain.ics"]
        told = row.props.get(200, {}).get(LENGTH)
        assert told is None or told.text == str(len(leo.send("GET", shared + "plain.ics").body))


def test_whoever_loses_the_calendar_loses_nothing_of_the_owners(marie: Dav, leo: Dav, shared: str):
    leo.put(shared + "plain.ics", plain(*alarm(30)))
    share(marie, f"<CS:remove><D:href>{leo.principal}</D:href></CS:remove>")
    assert leo.send("GET", shared + "plain.ics").status == 404
    assert "-PT5M" in text(marie, marie.agenda + "plain.ics")
    assert share(marie, change(leo.principal)).status == 200


def test_personal_parts_go_with_the_person(marie: Dav, leo: Dav, shared: str):
    leo.put(shared + "plain.ics", plain(*alarm(30)))
    with marie.store.writing(marie.person.school_id) as tx:
        tx.principals.remove(leo.person.id)
    with marie.store.reading(marie.person.school_id) as tx:
        assert not tx.connection.exec_driver_sql("select 1 from personal").all()


def test_a_part_that_is_too_long_is_refused(leo: Dav, shared: str):
    long = plain("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:" + "x" * 70_000, "TRIGGER:-PT1M", "END:VALARM")
    refused = leo.put(shared + "plain.ics", long)
    assert (refused.status, refused.errors) == (403, (C + "max-resource-size",))
