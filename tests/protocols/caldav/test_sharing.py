"""Sharing of calendars as clients do it: Calendar Server's extension, notifications, and what a sharee sees."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from storage.errors import WritingRequired
from storage.model import Role
from storage.principals import NewPerson
from tests.protocols.caldav.client import CS, SPACES, A, Answer, C, D, Dav, event_text

XML = "application/xml; charset=utf-8"
SECRET = event_text("secret", "Médecin", "20261123T080000Z", "DURATION:PT1H", "CLASS:PRIVATE", "LOCATION:Lyon")
PLAIN = event_text("plain", "Conseil", "20261124T080000Z")
TAG = D + "getetag"


def change(address: str, access: str = "<CS:read/>", summary: str = "") -> str:
    """Return a CS:set."""
    told = f"<CS:summary>{summary}</CS:summary>" if summary else ""
    return f"<CS:set><D:href>{address}</D:href>{told}{access}</CS:set>"


def remove(address: str) -> str:
    return f"<CS:remove><D:href>{address}</D:href></CS:remove>"


def share(owner: Dav, *changes: str, path: str = "") -> Answer:
    """Send a CS:share."""
    body = f"<CS:share {SPACES}>{''.join(changes)}</CS:share>"
    return owner.send("POST", path or owner.agenda, body, content_type=XML)


def notices(client: Dav) -> dict[str, Element]:
    """Return the notices of a person, by path."""
    box = client.home + "notifications/"
    rows = client.propfind(box, CS + "notificationtype", depth="1").rows
    return {path: client.send("GET", path).tree for path in rows if path != box}


def the_notice(client: Dav) -> Element:
    (only,) = notices(client).values()
    return only


def inside(node: Element, path: str) -> Element:
    found = node.find(path)
    assert found is not None, path
    return found


def answer(client: Dav, said: str = "accepted", uid: str = "", summary: str = "") -> Answer:
    """Answer an invitation, the only one if none is named."""
    uid = uid or inside(the_notice(client), f"{CS}invite-notification/{CS}uid").text or ""
    body = f"<CS:invite-reply {SPACES}><D:href>{client.principal}</D:href><CS:invite-{said}/><CS:hosturl><D:href>/x/"
    body += f"</D:href></CS:hosturl><CS:in-reply-to>{uid}</CS:in-reply-to>"
    body += f"<CS:summary>{summary}</CS:summary></CS:invite-reply>"
    return client.send("POST", client.home, body, content_type=XML)


def accepted(owner: Dav, sharee: Dav, access: str = "<CS:read/>") -> str:
    """Share an agenda with two events and accept it; returns its path in the sharee's home."""
    for name, text in {"plain.ics": PLAIN, "secret.ics": SECRET}.items():
        assert owner.put(owner.agenda + name, text).status == 201
    assert share(owner, change(sharee.principal, access)).status == 200
    said = answer(sharee)
    assert said.status == 200
    return inside(said.tree, D + "href").text or ""


def user_of(owner: Dav) -> Element:
    value = owner.propfind(owner.agenda, CS + "invite").row.props[200][CS + "invite"]
    return inside(value, CS + "user")


def tags(node: Element) -> set[str]:
    return {each.tag for each in node.iter()}


def test_a_shared_calendar_goes_from_invitation_to_the_sharees_home(marie: Dav, leo: Dav):
    assert share(marie, change(leo.principal, "<CS:read-write/>", "Projet")).status == 200
    row = marie.propfind(marie.agenda, D + "resourcetype", CS + "invite", CS + "allowed-sharing-modes").row
    assert CS + "shared-owner" in row.names(D + "resourcetype")
    assert CS + "can-be-shared" in row.names(CS + "allowed-sharing-modes")
    user = user_of(marie)
    assert (inside(user, D + "href").text, inside(user, CS + "common-name").text) == (leo.principal, "Léo Martin")
    assert {CS + "invite-noresponse", CS + "read-write"} <= tags(user)
    told = inside(the_notice(leo), CS + "invite-notification")
    assert inside(told, f"{CS}hosturl/{D}href").text == marie.agenda
    assert inside(told, f"{CS}organizer/{D}href").text == marie.principal
    assert inside(told, CS + "summary").text == "Projet"
    assert {CS + "invite-noresponse", CS + "read-write", C + "comp"} <= tags(told)
    said = answer(leo, summary="Chez Marie")
    assert said.tree.tag == CS + "shared-as"
    path = inside(said.tree, D + "href").text or ""
    seen = leo.propfind(path, D + "displayname", D + "resourcetype", D + "owner", CS + "shared-url", CS + "invite").row
    assert seen.text(D + "displayname") == "Chez Marie"
    assert CS + "shared" in seen.names(D + "resourcetype")
    assert (seen.text(D + "owner"), seen.text(CS + "shared-url")) == (marie.principal, marie.agenda)
    assert CS + "organizer" in seen.names(CS + "invite")
    assert path in leo.propfind(leo.home, D + "displayname", depth="1").rows
    assert CS + "invite-accepted" in tags(user_of(marie))
    assert notices(leo) == {}
    reply = inside(the_notice(marie), CS + "invite-reply")
    assert CS + "invite-accepted" in tags(reply)
    assert inside(reply, D + "href").text == leo.principal


def test_a_declined_invitation_leaves_nothing_in_the_home(marie: Dav, leo: Dav):
    share(marie, change(leo.principal))
    before = set(leo.propfind(leo.home, depth="1").rows)
    assert answer(leo, "declined").status == 200
    assert set(leo.propfind(leo.home, depth="1").rows) == before
    assert CS + "invite-declined" in tags(user_of(marie))
    share(marie, change(leo.principal))
    assert CS + "invite-noresponse" in tags(user_of(marie))


def test_addresses_of_mail_are_understood_and_several_changes_made_at_once(marie: Dav, leo: Dav, zoe: Dav):
    assert share(leo, change("mailto:Marie.Dupont@ecole.example")).status == 200
    assert share(marie, change(leo.principal), change(zoe.principal)).status == 200
    assert share(marie, remove(leo.principal), change(zoe.principal, "<CS:read-write/>")).status == 200
    user = user_of(marie)
    assert inside(user, D + "href").text == zoe.principal
    assert CS + "read-write" in tags(user)
    assert share(marie, remove(zoe.principal)).status == 200
    row = marie.propfind(marie.agenda, D + "resourcetype", CS + "invite").row
    assert CS + "shared-owner" not in row.names(D + "resourcetype")
    assert CS + "invite" in row.props[404]


def test_whom_one_may_not_know_is_refused_like_nobody(marie: Dav, leo: Dav, zoe: Dav):
    for address in (zoe.principal, "/dav/principals/personne/", "mailto:x@y.example", "/dav/groups/school/"):
        refused = share(leo, change(address))
        assert (refused.status, refused.errors) == (403, (CS + "valid-request",)), address
    assert notices(zoe) == {}
    mixed = share(leo, change(marie.principal), change(zoe.principal))
    assert {path: row.status for path, row in mixed.rows.items()} == {marie.principal: 200, zoe.principal: 403}


@pytest.mark.parametrize(
    "body",
    ["<CS:share/>", "<CS:set><D:href/><CS:read/></CS:set>", "<CS:set><D:href>/x</D:href></CS:set>", "<CS:other/>"],
)
def test_a_share_that_says_nothing_is_malformed(marie: Dav, body: str):
    assert share(marie, body).status == 400


def test_what_is_not_ones_own_cannot_be_shared(marie: Dav, leo: Dav, zoe: Dav):
    path = accepted(marie, leo, "<CS:read-write/>")
    refused = share(leo, change(marie.principal), path=path)
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))
    assert CS + "allowed-sharing-modes" in leo.propfind(path, CS + "allowed-sharing-modes").row.props[404]
    assert share(leo, change(marie.principal), path=marie.agenda).status == 403
    assert share(leo, change(marie.principal), path=zoe.agenda).status == 404


def test_ones_timetable_is_shared_to_read_whatever_is_asked(marie: Dav, leo: Dav):
    assert share(marie, change(leo.principal, "<CS:read-write/>"), path=marie.timetable).status == 200
    path = inside(answer(leo).tree, D + "href").text or ""
    assert leo.put(path + "x.ics", PLAIN).status == 403


def test_the_removal_of_a_shared_calendar_declines_it(marie: Dav, leo: Dav):
    path = accepted(marie, leo)
    assert leo.send("DELETE", path).status == 204
    assert leo.propfind(path).status == 404
    assert CS + "invite-declined" in tags(user_of(marie))
    assert marie.send("GET", marie.agenda + "plain.ics").status == 200
    assert CS + "invite-declined" in tags(the_notice(marie))


def test_unsharing_takes_the_calendar_away_and_tells(marie: Dav, leo: Dav):
    path = accepted(marie, leo)
    assert share(marie, remove(leo.principal)).status == 200
    assert leo.send("GET", path + "plain.ics").status == 404
    assert leo.sync(path).status == 404
    assert CS + "invite-deleted" in tags(the_notice(leo))


def test_the_deletion_of_a_shared_calendar_unshares_it(marie: Dav, leo: Dav):
    made = marie.home + "projet/"
    assert marie.send("MKCALENDAR", made).status == 201
    share(marie, change(leo.principal), path=made)
    path = inside(answer(leo).tree, D + "href").text or ""
    assert marie.send("DELETE", made).status == 204
    assert leo.propfind(path).status == 404
    assert CS + "invite-deleted" in tags(the_notice(leo))


def test_an_invitation_is_answered_by_its_sharee_alone(marie: Dav, leo: Dav, zoe: Dav):
    share(marie, change(leo.principal))
    uid = inside(the_notice(leo), f"{CS}invite-notification/{CS}uid").text or ""
    refused = answer(zoe, uid=uid)
    assert (refused.status, refused.errors) == (403, (CS + "valid-request",))
    assert zoe.send("POST", leo.home, f"<CS:invite-reply {SPACES}/>", content_type=XML).status in {403, 404}


STRANGERS = {
    "the calendar": ("GET", "{path}"),
    "an event": ("GET", "{path}plain.ics"),
    "its notices": ("PROPFIND", "/dav/calendars/leo.martin/notifications/"),
    "a group": ("PROPFIND", "/dav/groups/class-4B/"),
    "access control": ("ACL", "/dav/calendars/marie.dupont/agenda/"),
    "the home": ("POST", "/dav/calendars/leo.martin/"),
}


@pytest.mark.parametrize(("method", "where"), STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.TEACHER, Role.PUPIL])
def test_another_school_finds_nothing_of_it(marie: Dav, leo: Dav, role: Role, method: str, where: str):
    path = accepted(marie, leo)
    school = marie.store.directory.create_school("0990002Y", "Ailleurs", "Europe/Paris")
    with marie.store.writing(school.id) as tx:
        stranger = Dav(marie.store, tx.principals.create(NewPerson("max", "Loin", "Max", role)))
    bodies = {"ACL": f"<D:acl {SPACES}/>", "POST": f"<CS:invite-reply {SPACES}/>"}
    refused = stranger.send(method, where.format(path=path), bodies.get(method, ""), content_type=XML, depth="0")
    assert refused.status == 404
    assert b"Conseil" not in refused.body
    assert share(stranger, change(leo.principal)).status == 403
    assert share(marie, change(stranger.principal)).status == 403


# What is hidden


def read(client: Dav, path: str) -> dict[str, str]:
    """Return the entity tag of an object by every way there is to learn it, and its texts."""
    name = path.rsplit("/", 1)[0] + "/"
    found = client.send("GET", path)
    wanted = (TAG, C + "calendar-data")
    everything = {
        "get": (found.etag, found.body.decode()),
        "propfind": (client.propfind(path, TAG).row.text(TAG), ""),
        "listing": (client.propfind(name, TAG, depth="1").rows[path].text(TAG), ""),
    }
    for kind, rows in {
        "multiget": client.multiget(name, [path]).rows,
        "query": client.query(name, '<C:comp-filter name="VEVENT"/>', "<D:getetag/><C:calendar-data/>").rows,
        "sync": client.sync(name, names=wanted).rows,
    }.items():
        row = rows[path]
        everything[kind] = (row.text(TAG), row.text(C + "calendar-data").replace("\n", "\r\n"))
    assert {tag for tag, _ in everything.values()} == {found.etag}
    assert {text for _, text in everything.values()} == {found.body.decode(), ""}
    return {found.etag: found.body.decode()}


def test_a_private_event_is_a_busy_block_with_one_tag_everywhere(marie: Dav, leo: Dav):
    path = accepted(marie, leo)
    ((tag, text),) = read(leo, path + "secret.ics").items()
    assert not any(word in text for word in ("SUMMARY", "LOCATION", "Lyon", "Médecin"))
    assert "DTSTART:20261123T080000Z" in text
    ((own, whole),) = read(marie, marie.agenda + "secret.ics").items()
    assert (whole, own != tag) == (SECRET, True)
    assert read(leo, path + "plain.ics") == read(marie, marie.agenda + "plain.ics")
    assert "Lyon" not in leo.send("GET", path).body.decode()


def test_who_sees_busy_times_sees_nothing_else(marie: Dav, leo: Dav):
    path = accepted(marie, leo, "<C:read-free-busy/>")
    for name in ("plain.ics", "secret.ics"):
        ((_, text),) = read(leo, path + name).items()
        assert "SUMMARY" not in text
    assert C + "read-free-busy" in tags(user_of(marie))


def test_a_search_reads_what_the_searcher_may_read(marie: Dav, leo: Dav):
    path = accepted(marie, leo)
    condition = '<C:comp-filter name="VEVENT"><C:prop-filter name="SUMMARY"><C:text-match>{}</C:text-match>'
    condition += "</C:prop-filter></C:comp-filter>"
    assert leo.names(leo.query(path, condition.format("decin")), path) == set()
    assert leo.names(leo.query(path, condition.format("Conseil")), path) == {"plain.ics"}
    assert marie.names(marie.query(marie.agenda, condition.format("decin"))) == {"secret.ics"}


def test_the_length_of_a_hidden_text_is_that_of_what_is_read(marie: Dav, leo: Dav):
    path = accepted(marie, leo)
    length = D + "getcontentlength"
    single = leo.propfind(path + "secret.ics", length).row.text(length)
    assert int(single) == len(leo.send("GET", path + "secret.ics").body)
    listed = leo.propfind(path, length, depth="1").rows
    assert length in listed[path + "secret.ics"].props[404]
    # Nor that of another's event, to which a sharee's own alarms may belong.
    assert length in listed[path + "plain.ics"].props[404]


@pytest.mark.parametrize("access", ["<CS:read/>", "<C:read-free-busy/>"])
def test_who_may_read_writes_nothing(marie: Dav, leo: Dav, access: str):
    path = accepted(marie, leo, access)
    assert leo.put(path + "plain.ics", PLAIN.replace("Conseil", "x")).status == 403
    assert leo.put(path + "new.ics", event_text("new")).status == 403
    assert leo.send("DELETE", path + "plain.ics").status == 403
    moved = leo.send("MOVE", path + "plain.ics", destination=leo.agenda + "plain.ics")
    assert moved.status == 403
    granted = leo.propfind(path, D + "current-user-privilege-set").row.names(D + "current-user-privilege-set")
    assert not granted & {D + "write", D + "write-content", D + "bind", D + "write-acl"}


def test_who_may_write_changes_what_is_public_and_nothing_hidden(marie: Dav, leo: Dav):
    path = accepted(marie, leo, "<CS:read-write/>")
    assert leo.put(path + "plain.ics", PLAIN.replace("Conseil", "Changé")).status == 204
    assert "Changé" in marie.send("GET", marie.agenda + "plain.ics").body.decode()
    assert leo.put(path + "new.ics", event_text("new")).status == 201
    hidden = leo.send("GET", path + "secret.ics")
    assert leo.put(path + "secret.ics", hidden.body.decode(), if_match=hidden.etag).status == 403
    assert leo.send("DELETE", path + "secret.ics").status == 403
    assert leo.send("MOVE", path + "secret.ics", destination=path + "other.ics").status == 403
    assert leo.put(path + "mine.ics", SECRET.replace("UID:secret", "UID:mine")).status == 403
    assert leo.send("MOVE", path + "new.ics", destination=leo.agenda + "new.ics").status == 403
    assert marie.send("GET", marie.agenda + "secret.ics").body.decode() == SECRET


def test_names_colours_and_remarks_are_each_persons_own(marie: Dav, leo: Dav):
    path = accepted(marie, leo)
    wishes = "<D:displayname>Marie</D:displayname><A:calendar-color>#112233</A:calendar-color>"
    wishes += "<C:calendar-description>à moi</C:calendar-description>"
    wishes += "<C:schedule-calendar-transp><C:opaque/></C:schedule-calendar-transp>"
    body = f"<D:propertyupdate {SPACES}><D:set><D:prop>{{}}</D:prop></D:set></D:propertyupdate>"
    names = (D + "displayname", A + "calendar-color", C + "calendar-description", C + "schedule-calendar-transp")
    before = leo.propfind(path, names[3]).row.names(names[3])
    assert before == {C + "transparent"}
    own = {name: marie.propfind(marie.agenda, name).body for name in names}
    done = leo.send("PROPPATCH", path, body.format(wishes))
    assert set(done.row.props) == {200}
    seen = leo.propfind(path, *names).row
    assert [seen.text(name) for name in names[:3]] == ["Marie", "#112233", "à moi"]
    assert seen.names(names[3]) == {C + "opaque"}
    assert own == {name: marie.propfind(marie.agenda, name).body for name in names}
    zone = "<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>"
    assert set(leo.send("PROPPATCH", path, body.format(zone)).row.props) == {403}


def test_when_more_or_less_is_shown_clients_start_again(marie: Dav, leo: Dav):
    path = accepted(marie, leo)
    home = leo.sync(leo.home).token
    token = leo.sync(path).token
    assert leo.sync(path, token).rows == {}
    ctag = leo.propfind(path, CS + "getctag").row.text(CS + "getctag")
    share(marie, change(leo.principal, "<C:read-free-busy/>"))
    assert leo.sync(path, token).errors == (D + "valid-sync-token",)
    assert leo.propfind(path, CS + "getctag").row.text(CS + "getctag") != ctag
    assert path in leo.sync(leo.home, home).rows
    again = leo.sync(path)
    assert set(leo.names(again, path)) == {"plain.ics", "secret.ics"}
    assert leo.sync(path, again.token).rows == {}


def test_a_sharee_arranges_no_meetings_in_the_name_of_others(marie: Dav, leo: Dav):
    path = accepted(marie, leo, "<CS:read-write/>")
    for by in (leo.principal, marie.principal):
        meeting = event_text("m", "Réunion", "20261125T080000Z", "DURATION:PT1H", f"ORGANIZER:{by}")
        invited = f"ATTENDEE:{marie.principal}\r\nATTENDEE:mailto:x@y.example\r\nEND:VEVENT"
        meeting = meeting.replace("END:VEVENT", invited)
        refused = leo.put(path + "m.ics", meeting)
        assert refused.status == 403
        assert refused.errors == (C + "allowed-organizer-scheduling-object-change",)


# Notifications


def test_notifications_are_listed_synchronised_and_deleted(marie: Dav, leo: Dav):
    row = leo.propfind(leo.principal, CS + "notification-URL").row
    box = row.text(CS + "notification-URL")
    assert box == leo.home + "notifications/"
    assert CS + "notification-URL" in leo.propfind(marie.principal, CS + "notification-URL").row.props[404]
    names = (D + "resourcetype", CS + "getctag", D + "sync-token")
    empty = leo.propfind(box, *names).row
    assert CS + "notification" in empty.names(D + "resourcetype")
    token = leo.sync(box).token
    share(marie, change(leo.principal))
    assert leo.propfind(box, *names).row.text(CS + "getctag") != empty.text(CS + "getctag")
    found = leo.sync(box, token, names=(TAG, CS + "notificationtype", D + "getcontenttype"))
    (path,) = found.rows
    assert CS + "invite-notification" in found.row.names(CS + "notificationtype")
    assert found.row.text(D + "getcontenttype").startswith("application/xml")
    got = leo.send("GET", path)
    assert (got.etag, got.headers["Content-Type"]) == (found.row.text(TAG), XML)
    assert leo.send("GET", path, if_none_match=got.etag).status == 304
    assert leo.send("DELETE", path, if_match='"x"').status == 412
    assert leo.send("DELETE", path).status == 204
    assert leo.sync(box, found.token).rows[path].status == 404
    assert leo.send("GET", path).status == 404


def test_notifications_are_ones_own_and_hold_nothing_else(marie: Dav, leo: Dav, zoe: Dav):
    share(marie, change(leo.principal))
    (path,) = notices(leo)
    assert zoe.send("GET", path).status == 404
    assert marie.send("GET", path).status == 403
    box = leo.home + "notifications/"
    assert leo.put(box + "x.ics", PLAIN).status == 403
    assert leo.send("DELETE", box).status == 403
    assert leo.send("MKCALENDAR", box).status == 403
    assert leo.query(box, '<C:comp-filter name="VEVENT"/>').status == 403
    assert box not in leo.propfind(leo.home, depth="1").rows


def test_the_first_look_at_notifications_makes_their_place(leo: Dav):
    with leo.store.reading(leo.person.school_id) as tx, pytest.raises(WritingRequired):
        tx.notices.of(leo.person)
    assert notices(leo) == {}
