"""What strict clients ask of every kind of address, refusals first (RFC 3253, 3744, 4791, 4918, 5689)."""

import pytest

from tests.protocols.caldav.client import CS, SPACES, C, D, Dav, event_text

NOWHERE = "agenda/a/b.ics"


def places(client: Dav) -> dict[str, str]:
    """Return an address of each kind that is there, by what it is."""
    client.put(client.agenda + "a.ics", event_text("a"))
    return {
        "root": "/dav/",
        "principals": "/dav/principals/",
        "groups": "/dav/groups/",
        "homes": "/dav/calendars/",
        "person": client.principal,
        "proxy": client.principal + "calendar-proxy-read/",
        "home": client.home,
        "inbox": client.home + "inbox/",
        "outbox": client.home + "outbox/",
        "notifications": client.home + "notifications/",
        "trash": client.home + "trash/",
        "calendar": client.agenda,
        "object": client.agenda + "a.ics",
    }


COLLECTIONS = ("root", "principals", "groups", "homes", "person", "proxy", "home", "inbox", "outbox", "trash")


@pytest.mark.parametrize("kind", [*COLLECTIONS, "notifications", "calendar", "object"])
def test_nothing_is_made_where_there_is_something(marie: Dav, kind: str):
    path = places(marie)[kind]
    taken = marie.send("MKCALENDAR", path)
    assert (taken.status, taken.errors) == (403, (D + "resource-must-be-null",))
    taken = marie.send("MKCOL", path)
    assert (taken.status, taken.errors) == (405, (D + "resource-must-be-null",))
    assert taken.headers["Allow"] == marie.send("OPTIONS", path).headers["Allow"]


@pytest.mark.parametrize("method", ["MKCOL", "MKCALENDAR"])
def test_calendars_are_made_in_homes_only(marie: Dav, method: str):
    refused = marie.send(method, marie.agenda + "club/")
    assert (refused.status, refused.errors) == (403, (C + "calendar-collection-location-ok",))
    assert marie.send(method, marie.home + "nowhere/club/").status == 409
    assert marie.send(method, marie.home + NOWHERE).status == 409
    assert marie.send("PUT", marie.home + NOWHERE, event_text("b"), content_type="text/calendar").status == 409


@pytest.mark.parametrize("method", ["MKCOL", "MKCALENDAR"])
def test_what_a_calendar_is_made_of_is_xml(marie: Dav, method: str):
    assert marie.send(method, marie.home + "club/", "colour: red", content_type="text/plain").status == 415


NO_CALENDAR = "<D:resourcetype><D:collection/></D:resourcetype>"
NO_KIND = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
NO_KIND += '<C:supported-calendar-component-set><C:comp name="VPOLL"/></C:supported-calendar-component-set>'


@pytest.mark.parametrize(
    ("asked", "refused", "precondition"),
    [
        (NO_CALENDAR, D + "resourcetype", D + "valid-resourcetype"),
        (NO_KIND, C + "supported-calendar-component-set", C + "supported-calendar-component"),
    ],
)
def test_what_cannot_be_made_is_told_property_by_property(marie: Dav, asked: str, refused: str, precondition: str):
    inner = f"{asked}<D:displayname>X</D:displayname>"
    body = f"<D:mkcol {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:mkcol>"
    answer = marie.send("MKCOL", marie.home + "x/", body)
    assert answer.status == 403
    assert answer.tree.tag == D + "mkcol-response"
    told = {prop.tag: stat for stat in answer.tree for prop in stat.find(D + "prop") or ()}
    assert told[refused].findtext(D + "status") == "HTTP/1.1 403 Forbidden"
    assert told[refused].find(f"{D}error/{precondition}") is not None
    assert told[D + "displayname"].findtext(D + "status") == "HTTP/1.1 424 Failed Dependency"
    assert marie.propfind(marie.home + "x/", D + "displayname").status == 404


@pytest.mark.parametrize("kind", [*COLLECTIONS, "notifications"])
def test_what_everyone_has_is_not_deleted(marie: Dav, kind: str):
    path = places(marie)[kind]
    refused = marie.send("DELETE", path)
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert marie.propfind(path, D + "resourcetype").status == 207


@pytest.mark.parametrize("kind", [*COLLECTIONS, "notifications", "calendar", "object"])
def test_every_resource_tells_its_methods_and_its_properties(marie: Dav, kind: str):
    path = places(marie)[kind]
    names = (D + "supported-method-set", D + "supported-live-property-set", D + "resourcetype")
    row = marie.propfind(path, *names).row
    told = {each.get("name") for each in row.props[200][names[0]]}
    assert (
        ", ".join(filter(None, (each.get("name") for each in row.props[200][names[0]])))
        == (marie.send("OPTIONS", path).headers["Allow"])
    )
    assert {"OPTIONS", "PROPFIND", "REPORT"} <= told
    assert {names[0], D + "resourcetype", D + "owner", D + "acl"} <= row.names(names[1])


@pytest.mark.parametrize("kind", [*COLLECTIONS, "notifications", "calendar"])
def test_every_collection_has_a_name(marie: Dav, kind: str):
    assert marie.propfind(places(marie)[kind], D + "displayname").row.text(D + "displayname")


@pytest.mark.parametrize("headers", [{}, {"depth": "infinity"}])
def test_what_holds_nothing_is_listed_at_any_depth(marie: Dav, headers: dict[str, str]):
    path = places(marie)["object"]
    body = f"<D:propfind {SPACES}><D:prop><D:getetag/></D:prop></D:propfind>"
    assert set(marie.send("PROPFIND", path, body, **headers).rows) == {path}
    assert marie.send("PROPFIND", marie.agenda + "none.ics", body, **headers).status == 404
    refused = marie.send("PROPFIND", marie.agenda, body, **headers)
    assert (refused.status, refused.errors) == (403, (D + "propfind-finite-depth",))


@pytest.mark.parametrize("inner", ["", "<D:prop/><D:allprop/>", "<D:propname/><D:allprop/>", "<D:include/>"])
def test_a_propfind_asks_for_one_thing(marie: Dav, inner: str):
    assert marie.send("PROPFIND", marie.agenda, f"<D:propfind {SPACES}>{inner}</D:propfind>", depth="0").status == 400


@pytest.mark.parametrize("inner", ["", "<D:set><D:prop/></D:set>"])
def test_a_propertyupdate_changes_something(marie: Dav, inner: str):
    assert marie.send("PROPPATCH", marie.agenda, f"<D:propertyupdate {SPACES}>{inner}</D:propertyupdate>").status == 400


def test_a_destination_in_another_home_names_what_is_missing_there(marie: Dav):
    path, there = places(marie)["object"], "/dav/calendars/leo.martin/agenda/b.ics"
    refused = marie.send("MOVE", path, destination=there)
    assert refused.status == 403
    assert refused.tree.findtext(f".//{D}href") == "/dav/calendars/leo.martin/agenda/"
    assert refused.tree.find(f".//{D}privilege/{D}bind") is not None


@pytest.mark.parametrize(
    "conditions",
    [
        '<C:time-range start="20260101" end="20260102"/>',
        "<C:time-range/>",
        "<C:prop-filter/>",
        '<C:comp-filter name=""/>',
    ],
)
def test_a_filter_that_makes_no_sense_is_a_broken_precondition(marie: Dav, conditions: str):
    refused = marie.query(marie.agenda, f'<C:comp-filter name="VEVENT">{conditions}</C:comp-filter>')
    assert (refused.status, refused.errors) == (403, (C + "valid-filter",))


def test_a_query_that_asks_for_names_gets_no_values(marie: Dav):
    path = places(marie)["object"]
    filtered = '<C:filter><C:comp-filter name="VCALENDAR"/></C:filter>'
    body = f"<C:calendar-query {SPACES}><D:propname/>{filtered}</C:calendar-query>"
    row = marie.send("REPORT", marie.agenda, body, depth="1").rows[path]
    assert {D + "getetag", D + "getlastmodified", D + "owner"} <= row.props[200].keys()
    assert not any("".join(each.itertext()) for each in row.props[200].values())


def club_and_agenda(client: Dav) -> dict[str, str]:
    """Return the addresses of one event in each of two calendars."""
    assert client.send("MKCALENDAR", client.home + "club/").status == 201
    found = {"a": client.agenda + "a.ics", "b": client.home + "club/b.ics"}
    for uid, path in found.items():
        client.put(path, event_text(uid, uid, f"2026112{'34'[uid == 'b']}T080000Z"))
    return found


def test_a_query_on_the_home_reaches_as_deep_as_it_says(marie: Dav):
    there = club_and_agenda(marie)
    conditions = (
        '<C:comp-filter name="VEVENT"><C:time-range start="20261123T000000Z" end="20261125T000000Z"/></C:comp-filter>'
    )
    assert set(marie.query(marie.home, conditions, depth="infinity").rows) == {*there.values()}
    assert not marie.query(marie.home, conditions, depth="1").rows
    assert not marie.query(marie.home, conditions, depth="0").rows


def test_a_multiget_on_the_home_reads_from_all_calendars(marie: Dav):
    there = club_and_agenda(marie)
    other = "/dav/calendars/leo.martin/agenda/a.ics"
    found = marie.multiget(marie.home, [*there.values(), marie.home + "none/a.ics", other])
    assert [row.status for row in found.rows.values()] == [None, None, 404, 404]
    assert "UID:b" in found.rows[there["b"]].text(C + "calendar-data")


def test_free_busy_of_the_home_is_that_of_its_calendars(marie: Dav):
    club_and_agenda(marie)
    within = '<C:time-range start="20261123T000000Z" end="20261125T000000Z"/>'
    body = f"<C:free-busy-query {SPACES}>{within}</C:free-busy-query>"
    told = marie.send("REPORT", marie.home, body, depth="infinity").body
    assert b"20261123T080000Z/20261123T090000Z" in told
    assert b"20261124T080000Z/20261124T090000Z" in told
    assert b"FREEBUSY;" not in marie.send("REPORT", marie.home, body, depth="0").body


def test_what_a_client_set_is_found_by_expand_property(marie: Dav):
    note = '<Z:note xmlns:Z="http://z.example/">gardé</Z:note>'
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{note}</D:prop></D:set></D:propertyupdate>"
    assert marie.send("PROPPATCH", marie.agenda, body).status == 207
    asked = (
        '<D:property name="note" namespace="http://z.example/"/><D:property name="none" namespace="http://z.example/"/>'
    )
    row = marie.send("REPORT", marie.agenda, f"<D:expand-property {SPACES}>{asked}</D:expand-property>").row
    assert row.text("{http://z.example/}note") == "gardé"
    assert set(row.props[404]) == {"{http://z.example/}none"}


def test_a_person_has_an_email_address_set(marie: Dav):
    row = marie.propfind(marie.principal, CS + "email-address-set").row
    assert row.text(CS + "email-address-set") == "marie.dupont@ecole.example"


@pytest.mark.parametrize("space", ["relative", "../up", "http://z.example/?a=1&amp;b=2"])
def test_a_property_of_any_namespace_is_kept(marie: Dav, space: str):
    note = f'<Z:note xmlns:Z="{space}">gardé <Z:b/></Z:note>'
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{note}</D:prop></D:set></D:propertyupdate>"
    assert marie.send("PROPPATCH", marie.agenda, body).status == 207
    asked = f'<D:propfind {SPACES}><D:prop><note xmlns="{space}"/></D:prop></D:propfind>'
    row = marie.send("PROPFIND", marie.agenda, asked, depth="0").row
    named = "{" + space.replace("&amp;", "&") + "}note"
    assert row.text(named).strip() == "gardé"


@pytest.mark.parametrize("host", ["CADRAN.example", "cadran.example:443"])
def test_a_destination_names_this_server_in_any_form(marie: Dav, host: str):
    path, club = places(marie)["object"], marie.home + "club/"
    assert marie.send("MKCALENDAR", club).status == 201
    assert marie.send("COPY", path, destination=f"https://{host}{club}a.ics").status == 201
    assert marie.send("COPY", path, destination=f"https://cadran.example:8443{club}b.ics").status == 502


def test_what_is_granted_on_a_group_is_what_its_access_control_says(marie: Dav):
    group = next(path for path in marie.propfind("/dav/groups/", depth="1").rows if path != "/dav/groups/")
    row = marie.propfind(group, D + "acl", D + "current-user-privilege-set").row
    granted = {each.tag for each in row.props[200][D + "current-user-privilege-set"].iterfind(f"{D}privilege/*")}
    assert granted == {each.tag for each in row.props[200][D + "acl"].iterfind(f".//{D}grant/{D}privilege/*")}


@pytest.mark.parametrize(
    ("method", "privilege"),
    [
        *(("PROPFIND", "read"), ("REPORT", "read"), ("PROPPATCH", "write-properties"), ("PUT", "write-content")),
        *(("DELETE", "unbind"), ("MKCALENDAR", "bind"), ("ACL", "write-acl")),
    ],
)
def test_what_is_missing_is_what_the_method_needs(marie: Dav, leo: Dav, method: str, privilege: str):
    path = leo.agenda + ("a.ics" if method in {"PUT", "DELETE"} else "")
    body = {"PUT": event_text("a"), "ACL": '<D:acl xmlns:D="DAV:"/>'}.get(method, "")
    if method == "REPORT":
        body = f"<D:sync-collection {SPACES}><D:sync-token/><D:sync-level>1</D:sync-level><D:prop/></D:sync-collection>"
    if method == "PROPPATCH":
        named = "<D:set><D:prop><D:displayname>x</D:displayname></D:prop></D:set>"
        body = f"<D:propertyupdate {SPACES}>{named}</D:propertyupdate>"
    kind = "text/calendar" if method == "PUT" else "application/xml"
    refused = marie.send(method, path, body, content_type=kind, depth="0" if method != "DELETE" else "infinity")
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert [each.tag for each in refused.tree.iter(D + "privilege") for each in each] == [D + privilege]
