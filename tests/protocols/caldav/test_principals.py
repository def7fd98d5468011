"""Access control as it is told, and the reports that find people and what they own (RFC 3744; RFC 3253, 3.8)."""

import pytest

from storage.model import Role, Settings
from storage.policy import knows
from tests.protocols.caldav.client import CS, SPACES, Answer, C, D, Dav, event_text

SET = "/dav/principals/"


def inside(node, path):
    """Return what is at a path of an element; fails when nothing is."""
    child = node.find(path)
    assert child is not None, path
    return child


def search(client: Dav, *terms: str, path: str = SET, attributes: str = "", more: str = "") -> Answer:
    """Search people by terms."""
    body = f"<D:principal-property-search {SPACES} {attributes}>{''.join(terms)}<D:prop><D:displayname/>"
    body += f"<C:calendar-user-address-set/></D:prop>{more}</D:principal-property-search>"
    return client.send("REPORT", path, body, depth="0")


def term(text: str, name: str = "D:displayname", kind: str = "") -> str:
    """Return one term."""
    match = f'<D:match match-type="{kind}">' if kind else "<D:match>"
    return f"<D:property-search><D:prop><{name}/></D:prop>{match}{text}</D:match></D:property-search>"


def found(answer: Answer) -> set[str]:
    """Return the logins that a search finds."""
    return {href.removeprefix(SET).removesuffix("/") for href in answer.rows}


ZOE = "zo%C3%A9.%C3%A9t%C3%A9"
SEARCHES = {
    "part of a name": ((term("art"),), {"leo.martin"}),
    "other case": ((term("DUP"),), {"marie.dupont"}),
    "other case of a letter with an accent": ((term("ÉTÉ"),), {ZOE}),
    "several": ((term("mar"),), {"marie.dupont", "leo.martin"}),
    "both": ((term("mar"), term("dup")), {"marie.dupont"}),
    "nobody": ((term("xyz"),), set()),
    "address": ((term("marie.dupont@", "C:calendar-user-address-set"),), {"marie.dupont"}),
    "e-mail": ((term("ecole.example", "CS:email-address-set"),), {"marie.dupont"}),
    "start": ((term("ma", kind="starts-with"),), {"marie.dupont"}),
    "whole": ((term("léo martin", kind="equals"),), {"leo.martin"}),
    "kind": ((term("INDIVIDUAL", "C:calendar-user-type"),), {"marie.dupont", "leo.martin", ZOE}),
    "a property nobody is found by": ((term("a", "D:getetag"),), set()),
    "everyone": ((term(""),), {"marie.dupont", "leo.martin", ZOE}),
}


@pytest.mark.parametrize(("terms", "logins"), SEARCHES.values(), ids=SEARCHES)
def test_people_are_found_by_their_properties(marie: Dav, terms: tuple[str, ...], logins: set[str]):
    assert found(search(marie, *terms)) == logins


def test_any_term_is_enough_if_the_client_says_so(marie: Dav):
    assert found(search(marie, term("dup"), term("été"), attributes='test="anyof"')) == {"marie.dupont", ZOE}


def test_pupils_do_not_find_pupils(leo: Dav, zoe: Dav):
    assert found(search(leo, term(""))) == {"leo.martin", "marie.dupont"}
    assert found(search(zoe, term("léo"))) == set()
    assert leo.propfind(zoe.principal, D + "displayname").status == 404


def test_pupils_find_pupils_where_the_school_lets_them(leo: Dav, zoe: Dav):
    leo.store.directory.configure(leo.person.school_id, Settings(pupils_find_pupils=True))
    assert found(search(zoe, term("léo"))) == {"leo.martin"}
    assert leo.propfind(zoe.principal, D + "displayname").row.text(D + "displayname")


@pytest.mark.parametrize("asker", Role)
@pytest.mark.parametrize("other", Role)
def test_one_of_two_who_know_each_other_works_here(asker: Role, other: Role):
    others = {Role.PUPIL, Role.GUARDIAN, Role.READER}
    assert knows(asker, other) is not (asker in others and other in others)


def test_a_closed_account_is_not_found(marie: Dav, leo: Dav):
    with marie.store.writing(marie.person.school_id) as tx:
        tx.principals.deactivate(leo.person.id)
    assert found(search(marie, term("léo"))) == set()
    assert marie.propfind(leo.principal, D + "displayname").status == 404


def test_a_person_who_is_found_can_be_looked_at(marie: Dav, leo: Dav):
    row = leo.propfind(marie.principal, D + "displayname", D + "principal-URL", D + "acl").row
    assert row.text(D + "displayname") == "Marie Dupont"
    assert row.text(D + "principal-URL") == marie.principal
    assert set(row.props[404]) == {D + "acl"}


def test_a_search_is_of_the_collection_it_is_sent_to(marie: Dav):
    assert found(search(marie, term("dup"), path=marie.home)) == set()
    everywhere = "<D:apply-to-principal-collection-set/>"
    assert found(search(marie, term("dup"), path=marie.home, more=everywhere)) == {"marie.dupont"}
    assert found(search(marie, term("dup"), path="/dav/")) == {"marie.dupont"}


@pytest.mark.parametrize("terms", [(term("a"),) * 17, ("<D:property-search/>",)])
def test_a_search_for_too_much_or_without_text_is_refused(marie: Dav, terms: tuple[str, ...]):
    assert search(marie, *terms).status == 400


def test_python_caldav_lists_people_in_its_own_way(leo: Dav):
    body = f"<D:principal-property-search {SPACES}><D:prop/><C:calendar-home-set/><D:displayname/>"
    everyone = leo.send("REPORT", "/dav/", body + "</D:principal-property-search>")
    assert found(everyone) == {"leo.martin", "marie.dupont"}
    assert all(set(row.props[200]) == {C + "calendar-home-set", D + "displayname"} for row in everyone.rows.values())


def test_what_people_are_found_by_is_told(marie: Dav):
    told = marie.send("REPORT", SET, f"<D:principal-search-property-set {SPACES}/>", depth="0")
    assert told.status == 200
    assert told.body.count(b"<D:principal-search-property>") == 4
    assert b"<CS:email-address-set/>" in told.body


@pytest.mark.parametrize(
    "name", ["principal-property-search", "principal-search-property-set", "principal-match", "acl-principal-prop-set"]
)
def test_these_reports_have_no_depth(marie: Dav, name: str):
    assert marie.send("REPORT", SET, f"<D:{name} {SPACES}/>", depth="1").status == 400


def match(client: Dav, path: str, inner: str) -> set[str]:
    """Return the addresses that a principal-match finds."""
    body = f"<D:principal-match {SPACES}>{inner}<D:prop><D:displayname/></D:prop></D:principal-match>"
    return set(client.send("REPORT", path, body, depth="0").rows)


def test_the_asker_is_found_among_people(marie: Dav, leo: Dav):
    assert match(marie, SET, "<D:self/>") == {marie.principal}
    assert match(marie, marie.principal, "<D:self/>") == {marie.principal}
    assert match(marie, marie.home, "<D:self/>") == set()


def test_what_the_asker_owns_is_found(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    owned = "<D:principal-property><D:owner/></D:principal-property>"
    assert marie.agenda in match(marie, marie.home, owned)
    assert match(marie, marie.agenda, owned) == {marie.agenda + "a.ics"}
    assert match(marie, marie.home, "<D:principal-property><D:group/></D:principal-property>") == set()


def test_the_people_of_an_access_control_list_are_told(marie: Dav):
    body = f"<D:acl-principal-prop-set {SPACES}><D:prop><D:displayname/></D:prop></D:acl-principal-prop-set>"
    told = marie.send("REPORT", marie.agenda, body, depth="0")
    groups = [marie.principal + name for name in ("calendar-proxy-read/", "calendar-proxy-write/")]
    assert list(told.rows) == [marie.principal, *groups]
    assert told.rows[marie.principal].text(D + "displayname") == "Marie Dupont"


@pytest.mark.parametrize("which", ["home", "principal", "agenda", "timetable", "event", "root"])
def test_access_control_is_told_and_protected(marie: Dav, which: str):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    path = {"event": marie.agenda + "a.ics", "root": "/dav/"}.get(which) or getattr(marie, which)
    names = ("acl", "acl-restrictions", "inherited-acl-set", "group", "owner", "current-user-privilege-set")
    row = marie.propfind(path, *(D + name for name in names)).row
    assert set(row.props) == {200}
    ace, *others = row.props[200][D + "acl"]
    assert len(others) == (0 if which in {"principal", "root"} else 2)
    assert all(each.find(D + "protected") is not None for each in (ace, *others))
    granted = {each.tag for each in inside(ace, D + "grant").iter()} - {D + "grant"}
    assert granted == row.names(D + "current-user-privilege-set")
    assert row.names(D + "acl-restrictions") == {D + "grant-only", D + "no-invert"}


def test_every_report_that_is_told_runs(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    for path in ("/dav/", SET, marie.principal, "/dav/calendars/", marie.home, marie.agenda, marie.agenda + "a.ics"):
        told = marie.propfind(path, D + "supported-report-set").row.names(D + "supported-report-set")
        for name in told - {D + "supported-report", D + "report"}:
            space, _, local = name[1:].partition("}")
            answer = marie.send("REPORT", path, f'<x:{local} xmlns:x="{space}"/>', depth="0")
            assert answer.status in {200, 207, 400} or answer.errors == (C + "valid-filter",)
        assert D + "expand-property" in told


def expand(client: Dav, path: str, inner: str) -> Answer:
    """Expand properties."""
    return client.send("REPORT", path, f"<D:expand-property {SPACES}>{inner}</D:expand-property>", depth="0")


HOME = f'<D:property name="calendar-home-set" namespace="{C[1:-1]}"><D:property name="displayname"/>'
HOME += f'<D:property name="getctag" namespace="{CS[1:-1]}"/></D:property>'


def test_a_property_is_expanded_to_what_it_names(marie: Dav):
    inner = f'<D:property name="current-user-principal"><D:property name="displayname"/>{HOME}</D:property>'
    row = expand(marie, marie.agenda, inner + '<D:property name="displayname"/><D:property name="x"/>').row
    assert row.href == marie.agenda
    assert set(row.props[404]) == {D + "x"}
    person = inside(row.props[200][D + "current-user-principal"], D + "response")
    assert person.findtext(D + "href") == marie.principal
    home = inside(person, f".//{C}calendar-home-set/{D}response")
    assert home.findtext(D + "href") == marie.home
    assert home.findtext(f".//{D}displayname") == "Marie Dupont"
    assert home.find(f".//{CS}getctag") is not None


def test_a_property_that_names_nothing_stays_as_it_is(marie: Dav):
    row = expand(marie, marie.principal, '<D:property name="resourcetype"><D:property name="owner"/></D:property>').row
    assert row.names(D + "resourcetype") == {D + "collection", D + "principal"}
    mail = f'<D:property name="calendar-user-address-set" namespace="{C[1:-1]}"><D:property name="owner"/></D:property>'
    hrefs = expand(marie, marie.principal, mail).row.props[200][C + "calendar-user-address-set"]
    assert [each.tag for each in hrefs] == [D + "href", D + "response"]


@pytest.mark.parametrize(
    "inner", ["<D:property/>", '<D:property name="a b"/>', '<D:property name="a">' * 6 + "</D:property>" * 6]
)
def test_what_cannot_be_expanded_is_refused(marie: Dav, inner: str):
    assert expand(marie, marie.agenda, inner).status == 400


def test_the_mail_address_is_told_in_the_words_that_apple_asks_for(marie: Dav, leo: Dav):
    name = CS + "email-address-set"
    row = marie.propfind(marie.principal, name).row
    assert (row.names(name), row.text(name)) == ({CS + "email-address"}, "marie.dupont@ecole.example")
    assert leo.propfind(leo.principal, name).row.text(name) == ""
