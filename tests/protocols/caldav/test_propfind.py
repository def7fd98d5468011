"""PROPFIND: which properties there are, at which depth, for whom."""

import pytest

from storage.model import Settings
from tests.protocols.caldav.client import CS, SPACES, A, C, D, Dav, event_text

ALL = f"<D:propfind {SPACES}><D:allprop/></D:propfind>"
NAMES = f"<D:propfind {SPACES}><D:propname/></D:propfind>"
DEAD = "{urn:example}mood"


@pytest.fixture
def event(marie: Dav) -> str:
    """The address of an event."""
    path = marie.agenda + "a.ics"
    assert marie.put(path, event_text("a")).status == 201
    return path


@pytest.mark.parametrize("body", ["", ALL])
def test_allprop_leaves_out_what_is_dear_and_what_is_not_there(marie: Dav, event: str, body: str):
    rows = marie.send("PROPFIND", marie.agenda, body, depth="1").rows
    assert set(rows[event].props) == set(rows[marie.agenda].props) == {200}
    item = {"creationdate", "getetag", "getcontenttype", "getcontentlength", "getlastmodified", "resourcetype"}
    assert set(rows[event].props[200]) == {D + name for name in item}
    assert C + "supported-calendar-data" not in rows[marie.agenda].props[200]
    assert rows[marie.agenda].text(A + "calendar-order")


def test_allprop_includes_what_is_named(marie: Dav, event: str):
    body = f'<D:propfind {SPACES}><D:allprop/><D:include><CS:getctag/><x:mood xmlns:x="urn:example"/></D:include>'
    rows = marie.send("PROPFIND", marie.agenda, body + "</D:propfind>", depth="1").rows
    assert rows[marie.agenda].text(CS + "getctag")
    assert set(rows[marie.agenda].props[404]) == {DEAD}
    assert set(rows[event].props[404]) == {CS + "getctag", DEAD}


def test_propname_tells_names_without_values(marie: Dav, event: str):
    rows = marie.send("PROPFIND", marie.agenda, NAMES, depth="1").rows
    for row in rows.values():
        assert set(row.props) == {200}
        assert all(not len(each) and not each.text for each in row.props[200].values())
    assert CS + "getctag" in rows[marie.agenda].props[200]
    assert A + "calendar-color" not in rows[marie.agenda].props[200]
    assert D + "getetag" in rows[event].props[200]


@pytest.mark.parametrize(
    "path", ["", "principals/", "principals/marie.dupont/", "calendars/", "calendars/marie.dupont/"]
)
def test_every_named_property_is_found_everywhere_up_the_tree(marie: Dav, path: str):
    rows = marie.send("PROPFIND", "/dav/" + path, NAMES, depth="0").rows
    names = set(rows["/dav/" + path].props[200])
    assert {D + "resourcetype", D + "current-user-principal", D + "supported-report-set"} <= names
    again = marie.propfind("/dav/" + path, *names).row
    assert set(again.props) == {200}
    assert set(again.props[200]) == names


def test_every_named_property_of_calendars_and_objects_is_found(marie: Dav, event: str):
    for path in (marie.agenda, event):
        names = set(marie.send("PROPFIND", path, NAMES, depth="0").row.props[200])
        assert set(marie.propfind(path, *names).row.props) == {200}


def test_an_object_says_the_same_alone_and_in_a_listing(marie: Dav, event: str):
    names: tuple[str, ...] = (
        D + "getetag",
        D + "getcontenttype",
        D + "getcontentlength",
        D + "getlastmodified",
        D + "resourcetype",
    )
    names += (D + "owner", D + "current-user-privilege-set", D + "supported-report-set", DEAD)
    alone = marie.propfind(event, *names)
    listed = marie.propfind(marie.agenda, *names, depth="1")
    assert alone.body.split(b"<D:response>")[1].split(b"</D:response>")[0] in listed.body
    assert alone.row.text(D + "getcontentlength") == str(len(event_text("a")))
    assert alone.row.text(D + "getcontenttype") == "text/calendar; charset=utf-8; component=vevent"


@pytest.mark.parametrize(
    "headers", [{"prefer": "return=minimal"}, {"prefer": 'wait=5; x, return="minimal"'}, {"brief": "t"}]
)
def test_a_client_that_wants_little_is_spared_the_missing(marie: Dav, headers: dict[str, str]):
    answer = marie.propfind(marie.agenda, CS + "getctag", DEAD, **headers)
    assert set(answer.row.props) == {200}
    assert answer.headers["Preference-Applied"] == "return=minimal"
    only_missing = marie.propfind(marie.agenda, DEAD, **headers)
    assert only_missing.row.props == {200: {}}


def test_a_client_may_leave_out_what_it_asks_of(marie: Dav, event: str):
    wish = {"prefer": "depth-noroot, return=minimal"}
    listed = marie.propfind(marie.agenda, D + "getetag", depth="1", **wish)
    assert set(listed.rows) == {event}
    assert listed.headers["Preference-Applied"] == "return=minimal, depth-noroot"
    assert set(marie.propfind(marie.agenda, D + "getetag", depth="0", **wish).rows) == {marie.agenda}


@pytest.mark.parametrize("depth", [{}, {"depth": "infinity"}])
def test_unbounded_depth_is_refused(marie: Dav, depth: dict[str, str]):
    refused = marie.send("PROPFIND", "/dav/", ALL, **depth)
    assert (refused.status, refused.errors) == (403, (D + "propfind-finite-depth",))


def test_read_only_calendars_grant_nothing_that_writes(marie: Dav):
    granted = marie.propfind(marie.timetable, D + "current-user-privilege-set").row
    names = granted.names(D + "current-user-privilege-set")
    told = {D + "write-acl", D + "read", D + "read-acl", D + "read-current-user-privilege-set", C + "read-free-busy"}
    assert names == {D + "privilege", *told}
    assert {D + "write", D + "bind"} <= marie.propfind(marie.agenda, D + "current-user-privilege-set").row.names(
        D + "current-user-privilege-set"
    )


@pytest.mark.parametrize("path", ["calendars/{}/", "calendars/{}/agenda/", "calendars/{}/agenda/a.ics"])
def test_only_those_who_know_people_learn_that_someone_exists(marie: Dav, leo: Dav, path: str):
    for asker, other in ((marie, "leo.martin"), (leo, "marie.dupont")):
        refused = asker.propfind("/dav/" + path.format(other), D + "displayname")
        assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert marie.propfind("/dav/" + path.format("nobody"), D + "displayname").status == 404
    assert leo.propfind("/dav/" + path.format("zoé.été"), D + "displayname").status == 404


def test_a_login_is_found_in_any_letter_case_and_encoding(marie: Dav, zoe: Dav):
    assert marie.propfind("/dav/calendars/Marie.DUPONT/agenda/", D + "displayname").row.href == marie.agenda
    assert zoe.home == "/dav/calendars/zo%C3%A9.%C3%A9t%C3%A9/"
    assert zoe.propfind(zoe.home.lower(), D + "displayname").row.text(D + "displayname") == "Zoé Été"


def test_a_principal_has_its_addresses(marie: Dav, leo: Dav):
    row = marie.propfind(
        marie.principal, C + "calendar-user-address-set", D + "principal-URL", C + "schedule-inbox-URL"
    ).row
    assert row.text(C + "calendar-user-address-set") == "mailto:marie.dupont@ecole.example" + marie.principal
    assert row.text(D + "principal-URL") == marie.principal
    assert row.text(C + "schedule-inbox-URL") == marie.home + "inbox/"
    alone = leo.propfind(leo.principal, C + "calendar-user-address-set").row
    assert alone.text(C + "calendar-user-address-set") == leo.principal


@pytest.mark.parametrize(
    "body",
    ["<a/>", f"<D:propfind {SPACES}/>", f"<D:propertyupdate {SPACES}/>", f"<D:propfind {SPACES}><D:set/></D:propfind>"],
)
def test_a_body_that_asks_nothing_is_refused(marie: Dav, body: str):
    assert marie.send("PROPFIND", marie.agenda, body, depth="0").status == 400


def test_a_strange_depth_is_refused(marie: Dav):
    assert marie.propfind(marie.agenda, D + "displayname", depth="2").status == 400


def test_what_is_not_there_is_not_found(marie: Dav):
    for path in ("/dav/nothing/", marie.home + "nothing/", marie.agenda + "nothing.ics"):
        assert marie.propfind(path, D + "displayname").status == 404


@pytest.mark.req("R15")
def test_switching_synchronisation_off_hides_nothing_here_unless_the_school_says_so(marie: Dav):
    school_id = marie.person.school_id
    with marie.store.writing(school_id) as tx:
        tx.collections.switch(marie.person, "rendez-vous", on=False)
    path = marie.home + "rendez-vous/"
    assert path in marie.propfind(marie.home, D + "displayname", depth="1").rows
    marie.store.directory.configure(school_id, Settings(dav_honours_switch=True))
    assert path not in marie.propfind(marie.home, D + "displayname", depth="1").rows
    assert marie.propfind(path, D + "displayname").status == 404
