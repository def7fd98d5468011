"""Managed attachments over CalDAV (RFC 8607): every action, every precondition, and who may read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.contentlines import parse
from storage.itip import Message
from storage.model import Client, ClientKind, Role
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.caldav.attaching import (
    ADD,
    PLAIN,
    SMALL,
    WEEKLY,
    add,
    attached,
    href,
    link,
    link_after,
    put,
    remove,
    series,
    update,
    where,
)
from tests.protocols.caldav.client import C, Dav, event_text
from tests.protocols.caldav.meetings import OUTSIDE, Circle, gather
from tests.storage.meetings import PAUL, calendar, event, invited


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The whole exchange runs on both databases."""
    return str(request.param)


@pytest.fixture
def circle(migrated_url: str) -> Iterator[Circle]:
    """Four people of a school with little room."""
    store = Store(migrated_url, SMALL)
    yield gather(store)
    store.close()


@pytest.fixture
def marie(circle: Circle) -> Dav:
    """A teacher."""
    return circle.marie


def test_an_attachment_is_added_told_in_the_text_and_read_again(marie: Dav):
    path = put(marie)
    before, token = marie.send("GET", path), marie.sync(marie.agenda).token
    made = add(marie, path)
    assert (made.status, made.body) == (201, b"")
    now = marie.send("GET", path)
    assert made.etag == now.etag != before.etag
    (line,) = attached(marie, path)["M"]
    assert [line.param(name) for name in ("MANAGED-ID", "FMTTYPE", "SIZE", "FILENAME")] == [
        made.headers["Cal-Managed-ID"],
        "text/plain",
        "13",
        "agenda.txt",
    ]
    assert made.headers["Location"] == line.value
    found = marie.send("GET", href(line))
    assert (found.status, found.body, found.headers["Content-Type"]) == (200, b"Ordre du jour", "text/plain")
    assert found.headers["Content-Disposition"].startswith('attachment; filename="agenda.txt"')
    assert list(marie.sync(marie.agenda, token).rows) == [path]


def test_everything_else_in_the_text_stays_as_it_was(marie: Dav):
    path = put(marie, "a.ics", "DURATION:PT1H", "X-Etrange;x-p=1:Ça", "ATTACH:https://ailleurs.example/plan.pdf")
    before = marie.send("GET", path).body
    managed = add(marie, path).headers["Cal-Managed-ID"]
    assert marie.send("POST", path + remove(managed)).status == 204
    assert marie.send("GET", path).body == before


def test_the_whole_object_is_returned_to_who_prefers_it(marie: Dav):
    path = put(marie)
    added = add(marie, path, prefer="return=representation")
    managed = added.headers["Cal-Managed-ID"]
    assert (added.status, added.body) == (201, marie.send("GET", path).body)
    assert added.headers["Content-Location"] == path
    changed = marie.send("POST", path + update(managed), b"x", prefer="return=representation", **PLAIN)
    assert (changed.status, changed.body) == (200, marie.send("GET", path).body)
    managed = changed.headers["Cal-Managed-ID"]
    gone = marie.send("POST", path + remove(managed), prefer="return=representation")
    assert (gone.status, gone.body) == (200, marie.send("GET", path).body)
    assert gone.headers["Preference-Applied"] == "return=representation"


def test_an_update_changes_the_id_and_keeps_the_name_where_none_is_said(marie: Dav):
    path = put(marie)
    old, first = link_after(marie, path)
    changed = marie.send("POST", path + update(old), b"<p>Autre</p>", content_type="text/html; charset=utf-8")
    assert changed.status == 204
    assert changed.headers["Cal-Managed-ID"] != old
    (line,) = attached(marie, path)["M"]
    assert (line.param("FILENAME"), line.param("FMTTYPE"), line.param("SIZE")) == ("agenda.txt", "text/html", "12")
    page = marie.send("GET", href(line))
    assert (page.body, "sandbox" in page.headers["Content-Security-Policy"]) == (b"<p>Autre</p>", True)
    assert marie.send("GET", first).status == 404


@pytest.mark.parametrize(
    ("rid", "expected"),
    [
        ("", {"M": 1, "20261130T080000Z": 1}),
        ("M", {"M": 1, "20261130T080000Z": 0}),
        ("20261130T080000Z", {"M": 0, "20261130T080000Z": 1}),
        ("20261207T080000Z", {"M": 0, "20261130T080000Z": 0, "20261207T080000Z": 1}),
        ("M,20261207T080000Z", {"M": 1, "20261130T080000Z": 0, "20261207T080000Z": 1}),
        ("20261130T080000Z,20261207T080000Z", {"M": 0, "20261130T080000Z": 1, "20261207T080000Z": 1}),
    ],
)
def test_an_attachment_is_added_to_the_instances_named(marie: Dav, rid: str, expected: dict[str, int]):
    path = series(marie)
    assert add(marie, path, rid=rid).status == 201
    assert where(marie, path) == expected


@pytest.mark.parametrize(
    ("rid", "expected"),
    [
        ("", {"M": 0, "20261130T080000Z": 0}),
        ("M", {"M": 0, "20261130T080000Z": 1}),
        ("20261130T080000Z", {"M": 1, "20261130T080000Z": 0}),
        ("20261214T080000Z", {"M": 1, "20261130T080000Z": 1, "20261214T080000Z": 0}),
    ],
)
def test_an_attachment_is_removed_from_the_instances_named(marie: Dav, rid: str, expected: dict[str, int]):
    path = series(marie)
    managed = add(marie, path).headers["Cal-Managed-ID"]
    assert marie.send("POST", path + remove(managed, rid)).status == 204
    assert where(marie, path) == expected


def test_a_day_names_an_instance_of_whole_days(marie: Dav):
    text = event_text("d", "Voyage", "20261123T080000Z", "RRULE:FREQ=DAILY;COUNT=3")
    path = marie.agenda + "d.ics"
    assert marie.put(path, text.replace("DTSTART:20261123T080000Z", "DTSTART;VALUE=DATE:20261123")).status == 201
    assert add(marie, path, rid="20261124").status == 201
    assert where(marie, path) == {"M": 0, "20261124": 1}


def test_a_time_without_zone_is_one_of_the_series_zone(marie: Dav):
    text = event_text("z", "Cours", "20261123T080000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3")
    path = marie.agenda + "z.ics"
    local = text.replace("DTSTART:20261123T080000Z", "DTSTART;TZID=America/Martinique:20261123T080000")
    assert marie.put(path, local).status == 201
    assert add(marie, path, rid="20261130T080000").status == 201
    assert where(marie, path) == {"M": 0, "20261130T080000": 1}
    assert add(marie, path, b"encore", rid="20261207T120000Z").status == 201
    assert set(where(marie, path)) == {"M", "20261130T080000", "20261207T080000"}


@pytest.mark.parametrize(
    ("query", "status", "precondition"),
    [
        ("", 403, "valid-action"),
        ("?action=", 403, "valid-action"),
        ("?action=attachment-eat", 403, "valid-action"),
        ("?action=attachment-add&action=attachment-add", 400, None),
        ("?action=%FF", 400, None),
        ("?" + "&".join(f"a{number}=1" for number in range(40)), 400, None),
        ("?action=attachment-add&managed-id=1", 403, "valid-managed-id"),
        ("?action=attachment-add&rid=", 403, "valid-rid"),
        ("?action=attachment-add&rid=demain", 403, "valid-rid"),
        ("?action=attachment-add&rid=20261124T080000Z", 403, "valid-rid"),
        ("?action=attachment-add&rid=99991231T235959Z", 403, "valid-rid"),
        ("?action=attachment-add&rid=M,20261124T080000Z", 403, "valid-rid"),
        ("?action=attachment-add&rid=" + ",".join(["M"] * 200), 403, "valid-rid"),
        ("?action=attachment-update", 403, "valid-managed-id"),
        ("?action=attachment-update&managed-id=", 403, "valid-managed-id"),
        ("?action=attachment-update&managed-id=1", 403, "valid-managed-id"),
        ("?action=attachment-update&managed-id=1&rid=M", 403, "valid-rid"),
        ("?action=attachment-remove", 403, "valid-managed-id"),
        ("?action=attachment-remove&managed-id=1", 403, "valid-managed-id"),
        ("?action=attachment-remove&managed-id=1&rid=20261124T080000Z", 403, "valid-rid"),
    ],
)
def test_a_query_that_asks_for_nothing_possible_is_told_why(
    marie: Dav, query: str, status: int, precondition: str | None
):
    path = put(marie)
    before = marie.send("GET", path).body
    answer = marie.send("POST", path + query, b"x", **PLAIN)
    assert (answer.status, answer.errors) == (status, (C + precondition,) if precondition else ())
    assert marie.send("GET", path).body == before


def test_an_instance_without_the_attachment_is_no_place_to_remove_it_from(marie: Dav):
    path = series(marie)
    managed = add(marie, path, rid="M").headers["Cal-Managed-ID"]
    refused = marie.send("POST", path + remove(managed, "20261130T080000Z"))
    assert (refused.status, refused.errors) == (403, (C + "valid-managed-id",))


def test_limits_are_told_and_kept(marie: Dav):
    names = (C + "max-attachment-size", C + "max-attachments-per-resource")
    for resource in (marie.home, marie.agenda):
        row = marie.propfind(resource, *names).row
        assert [row.text(name) for name in names] == ["1000", "2"]
    assert (
        marie.propfind(marie.home, C + "managed-attachments-server-URL").row.text(C + "managed-attachments-server-URL")
        == ""
    )
    path = put(marie)
    large = add(marie, path, b"x" * 1001)
    assert (large.status, large.errors) == (403, (C + "max-attachment-size",))
    assert add(marie, path, b"x" * 1000).status == 201
    assert add(marie, path, b"").status == 201
    third = add(marie, path)
    assert (third.status, third.errors) == (403, (C + "max-attachments-per-resource",))


def test_a_put_with_too_many_attachments_is_refused(marie: Dav):
    lines = []
    for name in ("a.ics", "b.ics", "c.ics"):
        path = put(marie, name)
        add(marie, path)
        lines.append(attached(marie, path)["M"][0].line)
    assert marie.put(marie.agenda + "d.ics", event_text("d", "D", "20261123T080000Z", *lines[:2])).status == 201
    refused = marie.put(marie.agenda + "e.ics", event_text("e", "E", "20261123T080000Z", *lines))
    assert (refused.status, refused.errors) == (403, (C + "max-attachments-per-resource",))


def test_conditions_hold_for_actions_too(marie: Dav):
    path = put(marie)
    stale = marie.send("GET", path).etag
    assert add(marie, path, if_match=stale).status == 201
    assert add(marie, path, if_match=stale).status == 412
    assert add(marie, path, if_schedule_tag_match='"x"').status == 412
    assert add(marie, path, if_none_match="*").status == 412
    assert where(marie, path) == {"M": 1}


def test_nothing_is_attached_where_nothing_may_be_written_or_is(circle: Circle):
    marie, paul = circle.marie, circle.paul
    path = put(marie)
    assert add(marie, marie.agenda + "rien.ics").status == 404
    assert add(marie, marie.timetable + "rien.ics").status == 404
    assert add(paul, path).status == 403
    assert add(circle.leo, circle.zoe.agenda + "a.ics").status == 404
    assert add(marie, marie.agenda).status == 400


def test_who_holds_an_invitation_reads_its_attachments_and_nobody_else(circle: Circle):
    path = circle.meet(PAUL)
    managed, file = link_after(circle.marie, path)
    copy = circle.copy(circle.paul)
    (line,) = attached(circle.paul, copy)["M"]
    assert (line.param("MANAGED-ID"), href(line)) == (managed, file)
    assert circle.paul.send("GET", file).body == b"Ordre du jour"
    for other in (circle.zoe, circle.leo):
        assert other.send("GET", file).status == 404
    circle.marie.send("POST", path + remove(managed))
    assert [person.send("GET", file).status for person in (circle.marie, circle.paul)] == [404, 404]


def test_an_attendee_who_is_taken_off_reads_no_more(circle: Circle):
    path = circle.meet(PAUL)
    _, file = link_after(circle.marie, path)
    text = circle.text(circle.marie, path)
    kept = "\r\n".join(line for line in text.split("\r\n") if not line.startswith("ATTENDEE") or "marie" in line)
    assert circle.marie.put(path, kept).status == 204
    assert circle.paul.send("DELETE", circle.copy(circle.paul)).status == 204
    assert [person.send("GET", file).status for person in (circle.marie, circle.paul)] == [200, 404]


def test_an_attendee_answers_without_losing_the_attachment(circle: Circle):
    path = circle.meet(PAUL)
    _, file = link_after(circle.marie, path)
    assert circle.answer(circle.paul, PAUL, "ACCEPTED") == 204
    assert circle.partstat(circle.marie, PAUL, path) == "ACCEPTED"
    assert [person.send("GET", file).status for person in (circle.marie, circle.paul)] == [200, 200]


def test_someone_invited_later_gets_the_attachment_too(circle: Circle):
    path = circle.meet(PAUL)
    _, file = link_after(circle.marie, path)
    before = circle.text(circle.marie, path)
    more = before.replace("SUMMARY:", "ATTENDEE:mailto:zoe@ecole.example\r\nSUMMARY:", 1)
    assert circle.marie.put(path, more).status == 204
    assert circle.zoe.send("GET", file).status == 200


def test_a_put_keeps_copies_and_removes_attachments(marie: Dav):
    path = put(marie)
    managed, file = link_after(marie, path)
    text = marie.send("GET", path).body.decode()
    assert marie.put(path, text.replace("Conseil", "Réunion")).status == 204
    line = attached(marie, path)["M"][0].line
    assert marie.put(marie.agenda + "b.ics", event_text("b", "B", "20261201T080000Z", line)).status == 201
    assert marie.put(path, event_text("a.ics", "Sans", "20261123T080000Z")).status == 204
    assert marie.send("GET", file).status == 200
    assert marie.send("DELETE", marie.agenda + "b.ics").status == 204
    assert marie.send("GET", file).status == 404
    back = marie.put(path, event_text("a.ics", "Avec", "20261123T080000Z", line))
    assert (back.status, marie.send("GET", file).status, link(marie, path)) == (204, 200, file)
    assert managed in line


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_managed_id_that_is_not_the_writers_is_refused(circle: Circle, method: str):
    path = put(circle.marie)
    managed, file = link_after(circle.marie, path)
    for named in (managed, "0" * 32, "x"):
        text = event_text("v", "Vol", "20261123T080000Z", f"ATTACH;MANAGED-ID={named}:https://cadran.example{file}")
        target = circle.paul.agenda + ("v.ics" if method == "PUT" else "?add-member")
        refused = circle.paul.send(method, target, text, content_type="text/calendar")
        assert (refused.status, refused.errors) == (403, (C + "valid-managed-id-parameter",))
    assert circle.paul.send("GET", file).status == 404


def test_a_managed_id_in_an_imported_file_is_refused_by_itself(circle: Circle):
    named = event_text("v", "Vol", "20261123T080000Z", "ATTACH;MANAGED-ID=x:https://cadran.example/x")
    both = event_text("w", "Bon", "20261123T080000Z").replace("END:VCALENDAR\r\n", named[named.index("BEGIN:VEVENT") :])
    report = circle.paul.send("PUT", circle.paul.agenda, both, content_type="text/calendar")
    assert sorted((row.status, row.errors) for row in report.rows.values()) == [
        (201, ()),
        (403, (C + "valid-managed-id-parameter",)),
    ]


def test_a_copy_and_a_move_take_their_attachments_along(circle: Circle):
    path = circle.meet(PAUL)
    _, file = link_after(circle.marie, path)
    paul = circle.paul
    made = paul.send("MKCALENDAR", paul.home + "autre/")
    assert made.status == 201
    copy = circle.copy(paul)
    base = "https://cadran.example"
    assert paul.send("MOVE", copy, destination=f"{base}{paul.home}autre/m.ics").status == 201
    assert paul.send("GET", file).status == 200
    own = put(paul, "p.ics")
    _, mine = link_after(paul, own, b"Notes")
    assert paul.send("COPY", own, destination=f"{base}{paul.home}autre/p.ics").status == 201
    assert paul.send("DELETE", own).status == 204
    assert paul.send("GET", mine).body == b"Notes"
    assert paul.send("DELETE", paul.home + "autre/").status == 204
    assert [paul.send("GET", each).status for each in (mine, file)] == [404, 404]
    assert circle.marie.send("GET", file).status == 200


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="plan.pdf"', "plan.pdf"),
        ("attachment; filename=plan.pdf", "plan.pdf"),
        ("attachment; filename*=UTF-8''%C3%A9t%C3%A9.pdf", "été.pdf"),
        ('attachment; filename="été.pdf"'.encode().decode("latin-1"), "été.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\a\\\\b.txt"', "b.txt"),
        ("attachment; filename*=x-no-such''%41", "A"),
        ('attachment; filename="a\x07b\u202e.txt"', "ab.txt"),
        ('attachment; filename="' + "é" * 400 + '"', "é" * 200),
        ("attachment", None),
        (";;;=\"'", None),
        ("", None),
    ],
)
def test_a_file_name_is_taken_as_it_may_be(marie: Dav, header: str, name: str | None):
    path = put(marie)
    assert add(marie, path, content_disposition=header).status == 201
    (line,) = attached(marie, path)["M"]
    assert line.param("FILENAME") == name
    found = marie.send("GET", href(line))
    assert found.status == 200
    assert found.headers["Content-Disposition"].startswith("attachment")
    assert found.headers["Content-Disposition"].isascii()


@pytest.mark.parametrize("kind", ["", "nonsense", "text", "text/html\r\nX: y", "a/b/c", "x" * 300 + "/y"])
def test_a_media_type_that_is_none_is_a_row_of_octets(marie: Dav, kind: str):
    path = put(marie)
    assert add(marie, path, content_type=kind).status == 201
    assert marie.send("GET", link(marie, path)).headers["Content-Type"] == "application/octet-stream"


def test_a_download_is_read_with_conditions_and_never_written(marie: Dav):
    path = put(marie)
    _, file = link_after(marie, path)
    head = marie.send("HEAD", file)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "13")
    assert marie.send("GET", file, if_none_match=head.etag).status == 304
    assert marie.send("GET", file, if_match='"x"').status == 412
    for method in ("PUT", "DELETE", "PROPFIND", "PROPPATCH", "COPY", "MOVE", "POST", "REPORT", "MKCALENDAR"):
        assert marie.send(method, file, b"", depth="0").status in {400, 403, 404, 405}, method
    assert "GET" in marie.send("OPTIONS", file).headers["Allow"]
    for nothing in ("/dav/attachments/", "/dav/attachments/x", "/dav/attachments/x/y/z"):
        assert marie.send("GET", nothing).status == 404
    assert marie.send("GET", file).body == b"Ordre du jour"


def test_another_schools_attachments_are_not_there(circle: Circle):
    path = put(circle.marie)
    managed, file = link_after(circle.marie, path)
    school = circle.store.directory.create_school("0990002Y", "Lycée", "Europe/Paris")
    with circle.store.writing(school.id) as tx:
        stranger = Dav(circle.store, tx.principals.create(NewPerson("eve", "Doe", "Ève", Role.ADMIN)))
    assert stranger.send("GET", file).status == 404
    text = event_text("v", "Vol", "20261123T080000Z", f"ATTACH;MANAGED-ID={managed}:https://cadran.example{file}")
    assert stranger.put(stranger.agenda + "v.ics", text).status == 403


def test_an_invitation_from_outside_gives_nobody_a_file(circle: Circle):
    path = put(circle.marie)
    managed, file = link_after(circle.marie, path)
    line = f"ATTACH;MANAGED-ID={managed};FILENAME=a.txt:https://cadran.example{file}"
    told = parse(calendar(event(*invited(PAUL, by=OUTSIDE), "SUMMARY:Entretien", line)).encode())
    with circle.store.writing(circle.marie.person.school_id) as tx:
        assert tx.scheduling.receive(Message("REQUEST", OUTSIDE, PAUL, told))
    (kept,) = attached(circle.paul, circle.copy(circle.paul))["M"]
    assert (kept.param("MANAGED-ID"), kept.param("FILENAME"), href(kept)) == (None, "a.txt", file)
    assert circle.paul.send("GET", file).status == 404


def test_a_text_from_elsewhere_may_name_a_managed_id_and_gives_nobody_the_file(circle: Circle):
    managed, file = link_after(circle.marie, put(circle.marie))
    named = f"ATTACH;MANAGED-ID={managed}:https://cadran.example{file}"
    paul = circle.paul
    with circle.store.writing(paul.person.school_id) as tx:
        agenda = tx.collections.by_slug(paul.person, "agenda", Client(ClientKind.DAV))
        text = event_text("v", "Vol", "20261123T080000Z", "DURATION:PT1H", named)
        tx.objects.put(agenda, "v.ics", text.encode())
    path = paul.agenda + "v.ics"
    assert circle.text(paul, path).count(named) == 1
    assert paul.send("GET", file).status == 404
    people = f"ORGANIZER:{PAUL}\r\nATTENDEE:mailto:zoe@ecole.example\r\nSUMMARY:"
    assert paul.put(path, text.replace("SUMMARY:", people)).status == 204
    assert circle.event(circle.zoe).text("SUMMARY") == "Vol"
    assert [person.send("GET", file).status for person in (paul, circle.zoe, circle.marie)] == [404, 404, 200]
    copied = paul.send("COPY", path, destination=f"https://cadran.example{paul.agenda}w.ics")
    assert copied.status == 409


def test_the_name_in_an_address_is_for_people(marie: Dav):
    managed, file = link_after(marie, put(marie))
    for path in (f"/dav/attachments/{managed}/autre%20nom", f"/dav/attachments/{managed}"):
        found = marie.send("GET", path)
        assert (found.status, found.body) == (200, marie.send("GET", file).body)


QUERIES = st.one_of(
    st.text(st.characters(codec="ascii"), max_size=40),
    st.builds(
        "action={}&rid={}&managed-id={}".format,
        st.sampled_from(["attachment-add", "attachment-update", "attachment-remove", "x", ""]),
        st.text(st.sampled_from("M,;0123456789TZ%-+ "), max_size=40),
        st.text(st.sampled_from("abc0%&=,;"), max_size=20),
    ),
)
HEADERS = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)


@given(QUERIES, HEADERS, HEADERS)
def test_no_query_and_no_header_is_too_odd_to_be_answered(shared_marie: Dav, query: str, kind: str, disposition: str):
    path = shared_marie.agenda + "odd.ics"
    if shared_marie.send("GET", path).status == 404:
        shared_marie.put(path, event_text("odd", "Série", "20261123T080000Z", *WEEKLY))
    names = {"content_type": kind, "content_disposition": "attachment; filename" + disposition}
    assert shared_marie.send("POST", f"{path}?{query}", b"x", **names).status in {201, 204, 400, 403}
    named = {**names, "if_match": '"nothing"'}
    assert shared_marie.send("POST", path + ADD, b"x", **named).status == 412


@given(HEADERS)
def test_every_name_is_one_that_can_be_written_and_asked_for(shared_marie: Dav, name: str):
    path = shared_marie.agenda + "name.ics"
    if shared_marie.send("GET", path).status == 404:
        shared_marie.put(path, event_text("name", "Nom", "20261123T080000Z"))
    made = add(shared_marie, path, content_disposition=f'attachment; filename="{name}"')
    file = made.headers["Location"].removeprefix("https://cadran.example")
    assert shared_marie.send("GET", file).status == 200
    assert shared_marie.send("POST", path + remove(made.headers["Cal-Managed-ID"])).status == 204
