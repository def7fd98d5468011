"""The ACL method (RFC 3744, 8.1) and groups as principals (RFC 3744, 2 and 4)."""

from __future__ import annotations

import pytest

from storage.lessons import StoredMembership
from storage.model import DAWN, FOREVER, CalendarKind, Role
from tests.protocols.caldav.client import CS, SPACES, Answer, C, D, Dav, event_text

READ = "<D:privilege><D:read/></D:privilege>"
WRITE = "<D:privilege><D:write/></D:privilege>"
BUSY = "<D:privilege><C:read-free-busy/></D:privilege>"
OWNER = "<D:property><D:owner/></D:property>"
CLASS = "/dav/groups/class-4B/"


def ace(who: str, granted: str = READ, more: str = "") -> str:
    """Return an ace about a path, or about another kind of principal."""
    principal = who if who.startswith("<") else f"<D:href>{who}</D:href>"
    return f"<D:ace><D:principal>{principal}</D:principal><D:grant>{granted}</D:grant>{more}</D:ace>"


def acl(client: Dav, *aces: str, path: str = "") -> Answer:
    return client.send("ACL", path or client.agenda, f"<D:acl {SPACES}>{''.join(aces)}</D:acl>")


def told(client: Dav) -> dict[str, set[str]]:
    """Return what DAV:acl grants to whom but the owner and delegates, by path."""
    value = client.propfind(client.agenda, D + "acl").row.props[200][D + "acl"]
    found = {}
    for each in value.findall(D + "ace"):
        href = each.findtext(f"{D}principal/{D}href")
        if href and "/calendar-proxy-" not in href:
            found[href] = {child.tag for privilege in each.iter(D + "privilege") for child in privilege}
    return found


def shared(client: Dav) -> list[str]:
    """Return the calendars of a home that others share."""
    rows = client.propfind(client.home, D + "resourcetype", depth="1").rows
    return [path for path, row in rows.items() if CS + "shared" in row.names(D + "resourcetype")]


@pytest.fixture
def class_4b(marie: Dav, leo: Dav, zoe: Dav) -> None:
    """A class whose pupil Léo is and whom Marie teaches."""
    with marie.store.writing(marie.person.school_id) as tx:
        key = '["FR","class","4B"]'
        number = tx.lessons.create_calendars(CalendarKind.COURSE, {key: "FRANCAIS - 4B"})[key]
        members = ((leo.person, Role.PUPIL), (marie.person, Role.TEACHER))
        tx.lessons.set_memberships(
            [], [StoredMembership(number, each.id, role, (DAWN, FOREVER)) for each, role in members]
        )


def test_a_grant_puts_the_calendar_in_the_home_at_once(marie: Dav, leo: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    assert acl(marie, ace(leo.principal)).status == 200
    (path,) = shared(leo)
    assert leo.send("GET", path + "a.ics").status == 200
    assert leo.put(path + "b.ics", event_text("b")).status == 403
    assert told(marie) == {leo.principal: {D + "read"}}
    assert acl(marie, ace(leo.principal, READ + WRITE)).status == 200
    assert leo.put(path + "b.ics", event_text("b")).status == 201
    assert told(marie) == {leo.principal: {D + "read", D + "write"}}
    assert acl(marie, ace(leo.principal, BUSY)).status == 200
    assert "SUMMARY" not in leo.send("GET", path + "a.ics").body.decode()
    assert told(marie) == {leo.principal: {C + "read-free-busy"}}


def test_what_the_list_does_not_name_ends_and_what_was_told_can_be_sent_back(marie: Dav, leo: Dav, zoe: Dav):
    acl(marie, ace(leo.principal), ace(zoe.principal, READ + WRITE))
    before = told(marie)
    assert acl(marie, ace(OWNER, WRITE), ace(leo.principal), ace(zoe.principal, READ + WRITE)).status == 200
    assert told(marie) == before
    assert acl(marie, ace(zoe.principal)).status == 200
    assert (shared(leo), set(told(marie))) == ([], {zoe.principal})
    assert acl(marie).status == 200
    assert (shared(zoe), told(marie)) == ([], {})


REFUSALS = {
    "no-invert": "<D:ace><D:invert><D:principal><D:all/></D:principal></D:invert></D:ace>",
    "grant-only": f"<D:ace><D:principal><D:href>/x</D:href></D:principal><D:deny>{READ}</D:deny></D:ace>",
    "no-inherited-ace-conflict": ace("/x", READ, "<D:inherited><D:href>/dav/</D:href></D:inherited>"),
    "allowed-principal": ace("<D:authenticated/>"),
    "recognized-principal": ace("/dav/principals/personne/"),
    "not-supported-privilege": ace("/dav/principals/leo.martin/", "<D:privilege><D:all/></D:privilege>"),
}


@pytest.mark.parametrize("precondition", sorted(REFUSALS))
def test_a_refused_element_leaves_everything_as_it_was(marie: Dav, leo: Dav, zoe: Dav, precondition: str):
    acl(marie, ace(zoe.principal))
    refused = acl(marie, ace(leo.principal), REFUSALS[precondition])
    assert (refused.status, refused.errors) == (403, (D + precondition,))
    assert set(told(marie)) == {zoe.principal}
    assert shared(leo) == []


@pytest.mark.parametrize(
    "body",
    [
        "<D:x/>",
        "<D:ace/>",
        "<D:ace><D:principal/><D:grant/></D:ace>",
        f"<D:ace><D:principal><D:all/><D:self/></D:principal><D:grant>{READ}</D:grant></D:ace>",
        "<D:ace><D:principal><D:href>/dav/principals/leo.martin/</D:href></D:principal><D:grant/></D:ace>",
    ],
)
def test_a_list_that_says_nothing_is_malformed(marie: Dav, leo: Dav, body: str):
    assert acl(marie, body).status == 400


def test_pupils_grant_nothing_to_pupils_nor_to_groups(leo: Dav, zoe: Dav, class_4b: None):
    assert acl(leo, ace(zoe.principal)).errors == (D + "recognized-principal",)
    assert acl(leo, ace(CLASS)).errors == (D + "allowed-principal",)


def test_access_is_controlled_on_ones_own_calendars_alone(marie: Dav, leo: Dav):
    acl(marie, ace(leo.principal, WRITE))
    (path,) = shared(leo)
    for where in (path, leo.home, leo.principal, marie.agenda):
        refused = acl(leo, ace(marie.principal), path=where)
        assert (refused.status, refused.errors) == (403, (D + "need-privileges",)), where
    named = leo.propfind(path, D + "acl").row.props[200][D + "acl"]
    delegates = [leo.principal + "calendar-proxy-read/", leo.principal + "calendar-proxy-write/"]
    assert [each.text for each in named.iter(D + "href")] == [leo.principal, *delegates]


def test_those_whom_access_control_names_are_reported(marie: Dav, leo: Dav, class_4b: None):
    acl(marie, ace(leo.principal), ace(CLASS))
    body = f"<D:acl-principal-prop-set {SPACES}><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>"
    found = marie.send("REPORT", marie.agenda, body, depth="0")
    delegates = {marie.principal + "calendar-proxy-read/", marie.principal + "calendar-proxy-write/"}
    assert set(found.rows) == {marie.principal, leo.principal, CLASS} | delegates


def test_a_group_has_what_is_granted_to_it_and_members_may_leave_it(marie: Dav, leo: Dav, zoe: Dav, class_4b: None):
    assert acl(marie, ace(CLASS)).status == 200
    (path,) = shared(leo)
    assert shared(zoe) == []
    assert told(marie) == {CLASS: {D + "read"}}
    value = marie.propfind(marie.agenda, CS + "invite").row.props[200][CS + "invite"]
    assert [each.text for each in value.iter(D + "href")] == [CLASS]
    assert leo.send("DELETE", path).status == 204
    assert shared(leo) == []


# Groups


def test_a_group_is_a_principal_with_its_members(marie: Dav, leo: Dav, class_4b: None):
    names = ("resourcetype", "displayname", "group-member-set", "principal-URL")
    row = marie.propfind(CLASS, *(D + name for name in names), C + "calendar-user-type").row
    assert D + "principal" in row.names(D + "resourcetype")
    assert row.text(D + "displayname") == "Classe 4B"
    assert row.text(D + "group-member-set") == leo.principal
    assert row.text(C + "calendar-user-type") == "GROUP"
    team = marie.propfind("/dav/groups/team-4B/", D + "group-member-set").row
    assert team.text(D + "group-member-set") == marie.principal
    mine = marie.propfind(leo.principal, D + "group-membership").row.text(D + "group-membership")
    assert CLASS in mine


def test_pupils_see_their_own_groups_and_nobody_in_them(leo: Dav, zoe: Dav, marie: Dav, class_4b: None):
    assert leo.propfind(CLASS, D + "group-member-set").row.text(D + "group-member-set") == ""
    assert zoe.propfind(CLASS, D + "displayname").status == 404
    listed = set(zoe.propfind("/dav/groups/", D + "displayname", depth="1").rows)
    assert listed == {"/dav/groups/", "/dav/groups/school/", "/dav/groups/role-pupils/"}
    assert leo.propfind(marie.principal, D + "group-membership").row.text(D + "group-membership") == ""
    assert CLASS in leo.propfind(leo.principal, D + "group-membership").row.text(D + "group-membership")


def search(client: Dav, *tokens: str, path: str = "/dav/principals/", limit: str = "") -> Answer:
    words = "".join(f"<CS:search-token>{each}</CS:search-token>" for each in tokens)
    body = f"<CS:calendarserver-principal-search {SPACES} context='attendee'>{words}{limit}"
    body += "<D:prop><D:displayname/></D:prop></CS:calendarserver-principal-search>"
    return client.send("REPORT", path, body, depth="0")


def test_people_and_groups_are_completed_from_the_beginnings_of_words(marie: Dav, leo: Dav, class_4b: None):
    assert set(search(marie, "mart").rows) == {leo.principal}
    assert set(search(marie, "MAR", "léo").rows) == {leo.principal}
    assert set(search(marie, "class").rows) == {CLASS}
    assert search(marie, "artin").rows == {}
    assert search(leo, "zoé").rows == {}
    assert len(search(marie, "mar", limit="<CS:limit><CS:nresults>1</CS:nresults></CS:limit>").rows) == 1


@pytest.mark.parametrize(("tokens", "limit"), [((), ""), (("",), ""), (("a",) * 17, ""), (("a",), "<CS:limit/>")])
def test_a_search_without_bounds_is_refused(marie: Dav, tokens: tuple[str, ...], limit: str):
    assert search(marie, *tokens, limit=limit).status == 400


def test_groups_are_found_by_name_and_kind(marie: Dav, class_4b: None):
    body = f"<D:principal-property-search {SPACES}><D:property-search><D:prop><C:calendar-user-type/></D:prop>"
    body += "<D:match>GROUP</D:match></D:property-search><D:prop><D:displayname/></D:prop>"
    found = marie.send("REPORT", "/dav/principals/", body + "</D:principal-property-search>", depth="0")
    assert {CLASS, "/dav/groups/school/", "/dav/groups/role-teachers/"} <= set(found.rows)
    assert marie.principal not in found.rows
