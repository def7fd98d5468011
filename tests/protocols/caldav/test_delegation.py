"""Delegation as clients see it: groups of delegates, what they are told, and writing in somebody's name."""

from __future__ import annotations

import pytest

from protocols.caldav import paths
from storage.model import Admission, Role, Settings
from storage.principals import NewPerson
from storage.store import Store
from tests.protocols.caldav.client import CS, SPACES, Answer, C, D, Dav, event_text

READS, WRITES = "calendar-proxy-read/", "calendar-proxy-write/"
PEOPLE = (
    NewPerson("ana", "Roux", "Ana", Role.TEACHER, email="ana@ecole.example"),
    NewPerson("bea", "Blanc", "Béa", Role.STAFF, email="bea@ecole.example"),
    NewPerson("carl", "Noir", "Carl", Role.TEACHER, email="carl@ecole.example"),
    NewPerson("leo", "Petit", "Léo", Role.PUPIL),
    NewPerson("luc", "Petit", "Luc", Role.GUARDIAN),
    NewPerson("lea", "Petit", "Léa", Role.GUARDIAN),
    NewPerson("zoe", "Grand", "Zoé", Role.PUPIL),
    NewPerson("support", "Support", "", Role.READER),
)
Circle = dict[str, Dav]


@pytest.fixture
def circle(store: Store) -> Circle:
    """A school that lets service readers in."""
    settings = Settings(service_readers=True)
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris", settings)
    with store.writing(school.id) as tx:
        return {person.login: Dav(store, person) for person in tx.principals.create_many(PEOPLE)}


def name(client: Dav, group: str, *members: str) -> Answer:
    """Name one's delegates by the hrefs of their principals."""
    hrefs = "".join(f"<D:href>{each}</D:href>" for each in members)
    inner = f"<D:set><D:prop><D:group-member-set>{hrefs}</D:group-member-set></D:prop></D:set>"
    return client.send("PROPPATCH", client.principal + group, f"<D:propertyupdate {SPACES}>{inner}</D:propertyupdate>")


def hrefs(answer: Answer, prop: str) -> list[str]:
    """The hrefs in a property of the only row."""
    return [each.text or "" for each in answer.row.props[200][prop].iter(D + "href")]


def members(client: Dav, group: str) -> list[str]:
    """Who one's delegates are."""
    return hrefs(client.propfind(client.principal + group, D + "group-member-set"), D + "group-member-set")


def give(client: Dav, delegate: Dav, access: Admission) -> None:
    """Let the administrator name a delegate."""
    with client.store.writing(client.person.school_id) as tx:
        tx.delegations.give("admin", client.person, delegate.person, access)


def test_owners_name_their_delegates_who_learn_of_it(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    assert name(ana, WRITES, bea.principal).row.props.keys() == {200}
    assert (members(ana, WRITES), members(ana, READS)) == ([bea.principal], [])
    told = bea.propfind(bea.principal, D + "group-membership", CS + "calendar-proxy-write-for")
    assert ana.principal + WRITES in hrefs(told, D + "group-membership")
    assert hrefs(told, CS + "calendar-proxy-write-for") == [ana.principal]
    assert hrefs(bea.propfind(bea.principal, CS + "calendar-proxy-read-for"), CS + "calendar-proxy-read-for") == []


def test_who_is_named_a_reader_is_no_writer_any_more(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    name(ana, WRITES, bea.principal)
    name(ana, READS, "https://cadran.example" + bea.principal, circle["carl"].principal)
    assert (members(ana, WRITES), members(ana, READS)) == ([], [bea.principal, circle["carl"].principal])
    removal = "<D:remove><D:prop><D:group-member-set/></D:prop></D:remove>"
    body = f"<D:propertyupdate {SPACES}>{removal}</D:propertyupdate>"
    assert ana.send("PROPPATCH", ana.principal + READS, body).row.props.keys() == {200}
    assert members(ana, READS) == []


REFUSED = {
    "oneself": ("/dav/principals/ana/", "allowed-principal"),
    "a pupil": ("/dav/principals/leo/", "allowed-principal"),
    "a guardian": ("/dav/principals/luc/", "allowed-principal"),
    "the service reader": ("/dav/principals/support/", "allowed-principal"),
    "nobody": ("/dav/principals/nobody/", "recognized-principal"),
    "a group": ("/dav/principals/bea/calendar-proxy-read/", "recognized-principal"),
    "a home": ("/dav/calendars/bea/", "recognized-principal"),
    "no address": ("::", "recognized-principal"),
    "nothing": ("", "recognized-principal"),
}


@pytest.mark.parametrize(("href", "precondition"), REFUSED.values(), ids=REFUSED)
def test_one_bad_member_leaves_a_group_as_it_is(circle: Circle, href: str, precondition: str) -> None:
    ana, bea = circle["ana"], circle["bea"]
    name(ana, READS, circle["carl"].principal)
    answer = name(ana, READS, bea.principal, href)
    assert answer.row.props.keys() == {403}
    assert answer.row.errors == (D + precondition,)
    assert members(ana, READS) == [circle["carl"].principal]


def test_all_or_nothing_is_changed_of_a_group(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    inner = f"<D:group-member-set><D:href>{bea.principal}</D:href></D:group-member-set><D:displayname>x</D:displayname>"
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>"
    row = ana.send("PROPPATCH", ana.principal + READS, body).row
    assert set(row.props[424]) == {D + "group-member-set"}
    assert set(row.props[403]) == {D + "displayname"}
    assert members(ana, READS) == []


def test_too_many_delegates_are_refused(circle: Circle) -> None:
    answer = name(circle["ana"], READS, *[circle["bea"].principal] * 101)
    assert answer.row.props.keys() == {507}


def test_others_neither_change_a_group_nor_see_who_is_in_it(circle: Circle) -> None:
    ana, bea, carl = circle["ana"], circle["bea"], circle["carl"]
    name(ana, WRITES, bea.principal)
    path = ana.principal + WRITES
    asked = (D + "displayname", D + "group-member-set", D + "acl")
    row = bea.propfind(path, *asked).row
    assert set(row.props[200]) == {D + "displayname"}
    assert carl.propfind(path, *asked).errors == (D + "need-privileges",)
    for client, status in ((bea, 403), (carl, 403), (circle["leo"], 403)):
        inner = "<D:set><D:prop><D:group-member-set/></D:prop></D:set>"
        refused = client.send("PROPPATCH", path, f"<D:propertyupdate {SPACES}>{inner}</D:propertyupdate>")
        assert (refused.status, refused.errors) == (status, (D + "need-privileges",))
    assert members(ana, WRITES) == [bea.principal]
    assert circle["zoe"].propfind(circle["leo"].principal + READS, *asked).status == 404
    assert ana.propfind(ana.principal + "calendar-proxy-all/", *asked).status == 404


def test_a_group_is_a_principal(circle: Circle) -> None:
    ana = circle["ana"]
    asked = ("resourcetype", "displayname", "principal-URL", "owner", "group-membership", "current-user-privilege-set")
    row = ana.propfind(ana.principal + READS, *(D + each for each in asked)).row
    assert row.names(D + "resourcetype") == {D + "collection", D + "principal", CS + "calendar-proxy-read"}
    assert row.text(D + "principal-URL") == ana.principal + READS
    assert row.text(D + "owner") == ana.principal
    assert D + "write-properties" in row.names(D + "current-user-privilege-set")
    listed = ana.propfind(ana.principal, D + "resourcetype", depth="1")
    assert set(listed.rows) == {ana.principal, ana.principal + READS, ana.principal + WRITES}
    assert "calendar-proxy" in listed.headers["DAV"]


def test_pupils_do_not_name_delegates_and_see_those_that_were_named(circle: Circle) -> None:
    leo, luc = circle["leo"], circle["luc"]
    give(leo, luc, Admission.READ)
    assert members(leo, READS) == [luc.principal]
    assert name(leo, READS).errors == (D + "need-privileges",)
    assert members(leo, READS) == [luc.principal]
    group = leo.propfind(leo.principal + READS, D + "current-user-privilege-set").row
    assert D + "write-properties" not in group.names(D + "current-user-privilege-set")


def test_a_guardian_reads_the_calendars_of_a_child_and_learns_of_no_other_guardian(circle: Circle) -> None:
    leo, luc, lea = circle["leo"], circle["luc"], circle["lea"]
    assert luc.propfind(leo.principal, D + "displayname").status == 404
    give(leo, luc, Admission.READ)
    give(leo, lea, Admission.READ)
    leo.put(leo.agenda + "a.ics", event_text("a", "Sortie"))
    assert luc.propfind(leo.principal, D + "displayname").row.text(D + "displayname") == "Léo Petit"
    assert b"Sortie" in luc.send("GET", leo.agenda + "a.ics").body
    assert leo.propfind(luc.principal, D + "displayname").status == 207
    assert luc.propfind(lea.principal, D + "displayname").status == 404
    assert D + "group-member-set" in luc.propfind(leo.principal + READS, D + "group-member-set").row.props[404]
    acl = luc.propfind(leo.agenda, D + "acl")
    assert b"luc" not in acl.body
    assert b"lea" not in acl.body


def expanded(client: Dav) -> Answer:
    """What Apple's clients ask when an account is set up."""
    inner = '<D:property name="displayname"/><D:property name="calendar-home-set" '
    inner += 'namespace="urn:ietf:params:xml:ns:caldav"/>'
    props = "".join(
        f'<D:property name="calendar-proxy-{kind}-for" namespace="http://calendarserver.org/ns/">{inner}</D:property>'
        for kind in ("read", "write")
    )
    return client.send("REPORT", client.principal, f"<D:expand-property {SPACES}>{props}</D:expand-property>")


def test_delegates_find_the_homes_of_those_they_stand_in_for(circle: Circle) -> None:
    ana, bea, leo = circle["ana"], circle["bea"], circle["leo"]
    name(ana, WRITES, bea.principal)
    give(leo, bea, Admission.READ)
    props = expanded(bea).row.props[200]
    for kind, owner in (("write", ana), ("read", leo)):
        (found,) = props[f"{CS}calendar-proxy-{kind}-for"].iter(D + "response")
        assert found.findtext(D + "href") == owner.principal
        assert owner.home in "".join(found.itertext())


def privileges(client: Dav, path: str) -> set[str]:
    """What one may do at a path, by its own account."""
    return client.propfind(path, D + "current-user-privilege-set").row.names(D + "current-user-privilege-set")


def listed(client: Dav, path: str) -> dict[str, set[str]]:
    """What the access control list grants, by principal."""
    found: dict[str, set[str]] = {}
    for ace in client.propfind(path, D + "acl").row.props[200][D + "acl"]:
        who = ace.find(D + "principal")
        grant = ace.find(D + "grant")
        assert who is not None
        assert grant is not None
        key = "".join(who.itertext()).strip() or next(each.tag for each in who.iter() if each.tag.endswith("owner"))
        found[key] = {each.tag for each in grant.iter()} - {D + "grant"}
    return found


@pytest.mark.parametrize("where", ["", "agenda/", "agenda/a.ics", "emploi-du-temps/", "outbox/"])
def test_privileges_are_what_the_list_grants(circle: Circle, where: str) -> None:
    ana, bea, carl = circle["ana"], circle["bea"], circle["carl"]
    ana.put(ana.agenda + "a.ics", event_text("a"))
    name(ana, WRITES, bea.principal)
    name(ana, READS, carl.principal)
    path = ana.home + where
    grants = listed(ana, path)
    assert grants == listed(bea, path)
    assert privileges(ana, path) == grants[D + "owner"]
    assert privileges(bea, path) == grants[ana.principal + WRITES]
    if where == "outbox/":
        assert ana.principal + READS not in grants
        return
    assert privileges(carl, path) == grants[ana.principal + READS]
    assert not {D + "write", D + "write-content", D + "bind"} & grants[ana.principal + READS]


def test_what_a_delegate_sees_is_named_as_its_owner_names_it(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    name(ana, WRITES, bea.principal)
    name_ = "<D:set><D:prop><D:displayname>Cours</D:displayname><x:mood xmlns:x='urn:x'>gai</x:mood></D:prop></D:set>"
    assert bea.send("PROPPATCH", ana.agenda, f"<D:propertyupdate {SPACES}>{name_}</D:propertyupdate>").status == 207
    for client in (ana, bea):
        row = client.propfind(ana.agenda, D + "displayname", D + "owner", "{urn:x}mood").row
        assert row.text(D + "displayname") == "Cours"
        assert row.text(D + "owner") == ana.principal
        assert ("{urn:x}mood" in row.props[200]) is (client is bea)
    assert ana.propfind(ana.home, D + "displayname").row.text(D + "displayname") == "Ana Roux"
    mood = "<D:set><D:prop><x:mood xmlns:x='urn:x'>gai</x:mood></D:prop></D:set>"
    refused = bea.send("PROPPATCH", ana.home, f"<D:propertyupdate {SPACES}>{mood}</D:propertyupdate>")
    assert set(refused.row.props) == {403}


def test_sync_goes_on_over_a_change_of_hands(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    name(ana, WRITES, bea.principal)
    home, agenda = bea.sync(ana.home).token, bea.sync(ana.agenda).token
    assert ana.sync(ana.agenda).token == agenda
    bea.put(ana.agenda + "a.ics", event_text("a"))
    assert set(ana.sync(ana.agenda, agenda).rows) == {ana.agenda + "a.ics"}
    assert set(bea.sync(ana.home, home).rows) == {ana.agenda}
    assert bea.sync(bea.home, home).status == 403


def test_tokens_from_before_a_reader_became_a_writer_are_refused_to_the_delegate_alone(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    ana.put(ana.agenda + "a.ics", event_text("a", "Médecin", "20261123T080000Z", "CLASS:PRIVATE"))
    name(ana, READS, bea.principal)
    hidden, owners = bea.sync(ana.agenda), ana.sync(ana.agenda)
    name(ana, WRITES, bea.principal)
    assert bea.sync(ana.agenda, hidden.token).status == 403
    assert not ana.sync(ana.agenda, owners.token).rows
    shown = bea.sync(ana.agenda)
    assert shown.rows[ana.agenda + "a.ics"].text(D + "getetag") == owners.rows[ana.agenda + "a.ics"].text(D + "getetag")
    assert shown.rows[ana.agenda + "a.ics"].text(D + "getetag") != hidden.rows[ana.agenda + "a.ics"].text(D + "getetag")
    assert bea.sync(ana.agenda, shown.token).status == 207


MEETING = (
    "DURATION:PT1H",
    "ORGANIZER:mailto:ana@ecole.example",
    "ATTENDEE:mailto:ana@ecole.example",
    "ATTENDEE:mailto:carl@ecole.example",
)


def test_a_delegate_invites_in_the_name_of_the_owner(circle: Circle) -> None:
    ana, bea, carl = circle["ana"], circle["bea"], circle["carl"]
    name(ana, WRITES, bea.principal)
    assert bea.put(ana.agenda + "m.ics", event_text("m", "Conseil", "20261123T080000Z", *MEETING)).status == 201
    (invited,) = carl.sync(carl.agenda).rows
    assert b"ORGANIZER:mailto:ana@ecole.example" in carl.send("GET", invited).body
    assert len(carl.propfind(carl.home + "inbox/", D + "getetag", depth="1").rows) == 2
    assert bea.propfind(ana.home + "inbox/", D + "resourcetype").status == 207
    assert carl.propfind(ana.home + "inbox/", D + "resourcetype").status == 403


def question(organizer: str) -> str:
    """A question when somebody is busy."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN", "METHOD:REQUEST", "BEGIN:VFREEBUSY", "UID:f"]
    lines += ("DTSTAMP:20261120T080000Z", "DTSTART:20261123T000000Z", "DTEND:20261124T000000Z")
    lines += (f"ORGANIZER:mailto:{organizer}", "ATTENDEE:mailto:carl@ecole.example", "END:VFREEBUSY", "END:VCALENDAR")
    return "\r\n".join((*lines, ""))


def test_writers_ask_who_is_busy_from_the_outbox_of_the_owner(circle: Circle) -> None:
    ana, bea, carl = circle["ana"], circle["bea"], circle["carl"]
    name(ana, WRITES, bea.principal)
    name(ana, READS, carl.principal)
    outbox = ana.home + "outbox/"
    asked = bea.send("POST", outbox, question("ana@ecole.example"), content_type="text/calendar")
    assert (asked.status, b"2.0;Success" in asked.body) == (200, True)
    assert bea.send("POST", outbox, question("bea@ecole.example")).errors == (C + "valid-organizer",)
    refused = carl.send("POST", outbox, question("ana@ecole.example"))
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))


def test_who_is_let_out_is_out_at_once(circle: Circle) -> None:
    ana, bea = circle["ana"], circle["bea"]
    name(ana, WRITES, bea.principal)
    token = bea.sync(ana.agenda).token
    name(ana, WRITES)
    assert bea.sync(ana.agenda, token).errors == (D + "need-privileges",)
    assert bea.propfind(ana.principal + WRITES, D + "displayname").status == 403


def test_an_own_request_asks_nothing_about_delegation(circle: Circle) -> None:
    ana = circle["ana"]
    ana.put(ana.agenda + "a.ics", event_text("a"))
    for path in (ana.agenda, ana.home, ana.agenda + "a.ics"):
        with ana.counting() as seen:
            ana.propfind(path, D + "getetag", D + "current-user-privilege-set", D + "acl")
        assert not any("delegation" in statement or "visit" in statement for statement in seen)


def test_the_service_reader_lists_and_reads_every_home_and_leaves_a_trail(circle: Circle) -> None:
    support, leo = circle["support"], circle["leo"]
    leo.put(leo.agenda + "a.ics", event_text("a", "Sortie"))
    homes = support.propfind("/dav/calendars/", D + "displayname", depth="1")
    assert set(homes.rows) == {"/dav/calendars/", *(paths.home(each.login) for each in PEOPLE)}
    for _ in range(2):
        assert b"Sortie" in support.send("GET", leo.agenda + "a.ics").body
        assert support.propfind(leo.home, D + "displayname", depth="1").status == 207
    assert support.propfind(leo.principal, D + "displayname").status == 207
    assert support.principal in listed(support, leo.agenda)
    with support.store.reading(support.person.school_id) as tx:
        trail = [(each.actor, each.action, each.subject) for each in tx.audit.trail()]
    assert trail == [("support", "home-read", "leo"), ("support", "homes-listed", "*")]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "MKCALENDAR", "MKCOL", "PROPPATCH", "COPY", "MOVE", "POST"])
def test_the_service_reader_writes_nothing_even_at_home(circle: Circle, method: str) -> None:
    support = circle["support"]
    for path in (support.home + "new/", support.agenda, support.agenda + "a.ics", "/dav/", support.home):
        answer = support.send(method, path, event_text("a"), destination=support.tasks + "a.ics")
        assert (answer.status, answer.errors) == (403, (D + "need-privileges",))
    writing = {D + "write", D + "write-content", D + "bind", D + "unbind"}
    assert writing.isdisjoint(privileges(support, support.agenda) | privileges(support, support.home))
