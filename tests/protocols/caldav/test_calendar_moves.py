"""COPY and MOVE of whole calendars within one home (RFC 4918, 9.8.3 and 9.9.2)."""

from __future__ import annotations

import pytest

from storage import calendar_moves
from storage.model import Access, Admission
from storage.sharing import Offer
from storage.store import Store
from tests.protocols.caldav.client import SPACES, A, C, D, Dav, event_text
from tests.protocols.caldav.meetings import Circle, gather
from tests.protocols.caldav.test_delegation import PEOPLE, give
from tests.storage.meetings import MARIE, PAUL, calendar, event, invited

NAME, COLOUR = D + "displayname", A + "calendar-color"
People = dict[str, Dav]


@pytest.fixture
def circle(store: Store) -> People:
    """People of a school."""
    school = store.directory.create_school("0751234A", "Collège Voltaire", "Europe/Paris")
    with store.writing(school.id) as tx:
        return {person.login: Dav(store, person) for person in tx.principals.create_many(PEOPLE)}


@pytest.fixture
def ana(circle: People) -> Dav:
    """A teacher with a calendar of her own making."""
    made = circle["ana"]
    values = "<D:displayname>Club</D:displayname><A:calendar-color>#112233</A:calendar-color>"
    values += "<X:note xmlns:X='u:x'>n</X:note>"
    body = f"<C:mkcalendar {SPACES}><D:set><D:prop>{values}</D:prop></D:set></C:mkcalendar>"
    assert made.send("MKCALENDAR", club(made), body).status == 201
    for name in ("a", "b"):
        assert made.put(f"{club(made)}{name}.ics", event_text(name, name)).status == 201
    return made


def club(person: Dav, slug: str = "club") -> str:
    return f"{person.home}{slug}/"


def home_sync(person: Dav, token: str = "") -> tuple[set[str], set[str], str]:
    """What came or changed in the home, what went, and the next token."""
    answer = person.sync(person.home, token, (NAME,))
    gone = {href for href, row in answer.rows.items() if row.status == 404}
    return set(answer.rows) - gone, gone, answer.token


def test_a_moved_calendar_keeps_everything_but_its_address(ana: Dav) -> None:
    inside = ana.sync(club(ana)).token
    before = ana.propfind(club(ana), NAME, COLOUR, "{u:x}note", D + "resource-id", D + "sync-token").row
    _, _, token = home_sync(ana)
    moved = ana.send("MOVE", club(ana), destination=club(ana, "théâtre"), depth="infinity")
    new = club(ana, "th%C3%A9%C3%A2tre")
    assert (moved.status, moved.headers["Location"]) == (201, new)
    assert ana.propfind(club(ana), NAME).status == 404
    after = ana.propfind(new, NAME, COLOUR, "{u:x}note", D + "resource-id", D + "sync-token").row
    for name in (NAME, COLOUR, "{u:x}note", D + "resource-id", D + "sync-token"):
        assert after.text(name) == before.text(name)
    assert not ana.sync(new, inside).rows
    assert set(ana.sync(new).rows) == {f"{new}a.ics", f"{new}b.ics"}
    came, gone, _ = home_sync(ana, token)
    assert (came, gone) == ({new}, {club(ana)})


def test_a_calendar_moved_there_and_back_is_at_one_address(ana: Dav) -> None:
    _, _, token = home_sync(ana)
    assert ana.send("MOVE", club(ana), destination=club(ana, "x")).status == 201
    assert ana.send("MOVE", club(ana, "x"), destination=club(ana)).status == 201
    came, gone, _ = home_sync(ana, token)
    assert (came, gone) == ({club(ana)}, set())


def test_sharees_and_delegates_go_on_as_before(ana: Dav, circle: People) -> None:
    bea, carl = circle["bea"], circle["carl"]
    give(ana, carl, Admission.WRITE)
    with ana.store.writing(ana.person.school_id) as tx:
        mine = next(each for each in tx.collections.subscribed(ana.person) if each.slug == "club")
        tx.sharing.offer(ana.person, mine, bea.person, Offer(Access.WRITE, "ana", settled=True))
    folder = f"{bea.home}partage-{mine.id}/"
    token, _, home = bea.sync(folder).token, *home_sync(bea)[1:]
    assert carl.send("MOVE", club(ana), destination=club(ana, "x")).status == 201
    assert not bea.sync(folder, token).rows
    assert home_sync(bea, home)[:2] == (set(), set())
    assert bea.put(folder + "c.ics", event_text("c")).status == 201
    assert ana.send("GET", club(ana, "x") + "c.ics").status == 200
    assert bea.send("MOVE", folder, destination=f"{bea.home}autre/").status == 403


def test_a_copy_has_the_content_and_a_life_of_its_own(ana: Dav) -> None:
    copied = ana.send("COPY", club(ana), destination=club(ana, "x"))
    assert copied.status == 201
    row = ana.propfind(club(ana, "x"), NAME, COLOUR, "{u:x}note", D + "resource-id").row
    assert (row.text(NAME), row.text(COLOUR), row.text("{u:x}note")) == ("Club", "#112233", "n")
    assert row.text(D + "resource-id") != ana.propfind(club(ana), D + "resource-id").row.text(D + "resource-id")
    assert ana.send("DELETE", club(ana) + "a.ics").status == 204
    assert set(ana.sync(club(ana, "x")).rows) == {f"{club(ana, 'x')}a.ics", f"{club(ana, 'x')}b.ics"}
    assert ana.send("COPY", club(ana), destination=club(ana, "empty"), depth="0").status == 201
    assert not ana.sync(club(ana, "empty")).rows


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_what_is_overwritten_goes_to_the_trash(ana: Dav, method: str) -> None:
    assert ana.send("MKCALENDAR", club(ana, "x")).status == 201
    assert ana.put(club(ana, "x") + "old.ics", event_text("old")).status == 201
    kept = ana.send(method, club(ana), destination=club(ana, "x"), overwrite="F")
    assert (kept.status, ana.send("GET", club(ana, "x") + "old.ics").status) == (412, 200)
    assert ana.send(method, club(ana), destination=club(ana, "x"), overwrite="T").status == 204
    assert ana.send("GET", club(ana, "x") + "old.ics").status == 404
    assert ana.send("GET", club(ana, "x") + "a.ics").status == 200
    with ana.store.reading(ana.person.school_id) as tx:
        assert [each.name for each in tx.trash.of(ana.person)] == ["x"]


REFUSED = {
    "the same place": ("club/", 403, None),
    "the calendar for invitations": ("agenda/", 403, D + "need-privileges"),
    "the timetable": ("emploi-du-temps/", 403, D + "need-privileges"),
    "the inbox": ("inbox/", 403, C + "calendar-collection-location-ok"),
    "the trash": ("trash/", 403, C + "calendar-collection-location-ok"),
    "notifications": ("notifications/", 403, C + "calendar-collection-location-ok"),
    "a calendar": ("agenda/club/", 403, C + "calendar-collection-location-ok"),
    "another's home": ("../bea/club/", 403, C + "calendar-collection-location-ok"),
    "a name too long": ("x" * 200 + "/", 403, C + "calendar-collection-location-ok"),
    "another server": ("https://ailleurs.example/dav/calendars/ana/x/", 502, None),
    "nowhere": ("", 400, None),
}


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(("to", "status", "precondition"), REFUSED.values(), ids=REFUSED)
def test_not_every_address_can_be_had(ana: Dav, method: str, to: str, status: int, precondition: str | None) -> None:
    there = to if to.startswith("https") or not to else (ana.home + to).replace("/ana/../", "/")
    answer = ana.send(method, club(ana), destination=there)
    assert answer.status == status
    assert precondition is None or answer.errors == (precondition,)
    assert len(ana.sync(club(ana)).rows) == 2


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("agenda/", "MOVE", 403),
        ("emploi-du-temps/", "MOVE", 403),
        ("inbox/", "MOVE", 405),
        ("outbox/", "COPY", 405),
        ("notifications/", "COPY", 405),
        ("", "MOVE", 405),
        ("nothing/", "COPY", 404),
        ("nothing/", "MOVE", 404),
    ],
)
def test_not_everything_is_moved(ana: Dav, path: str, method: str, status: int) -> None:
    assert ana.send(method, ana.home + path, destination=club(ana, "x")).status == status
    assert ana.propfind(club(ana, "x"), NAME).status == 404


@pytest.mark.parametrize(("method", "depth"), [("MOVE", "0"), ("MOVE", "1"), ("COPY", "1")])
def test_a_calendar_goes_as_a_whole(ana: Dav, method: str, depth: str) -> None:
    assert ana.send(method, club(ana), destination=club(ana, "x"), depth=depth).status == 400


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(("who", "status"), [("bea", 403), ("leo", 403), ("carl", 403)])
def test_who_does_not_write_in_a_home_moves_nothing_there(
    ana: Dav, circle: People, method: str, who: str, status: int
) -> None:
    give(ana, circle["carl"], Admission.READ)
    for there in (club(ana, "x"), circle[who].home + "x/"):
        assert circle[who].send(method, club(ana), destination=there).status == status
    assert ana.propfind(club(ana, "x"), NAME).status == 404


def test_a_calendar_that_is_too_large_is_not_copied(ana: Dav, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.caldav.methods.calendar_moves.MOST_COPIED", 1)
    assert ana.send("COPY", club(ana), destination=club(ana, "x")).status == 507
    assert calendar_moves.MOST_COPIED == 2_000
    assert ana.propfind(club(ana, "x"), NAME).status == 404


def test_a_tag_that_is_not_the_calendars_stops_it(ana: Dav) -> None:
    assert ana.send("MOVE", club(ana), destination=club(ana, "x"), if_match='"none"').status == 412


def test_meetings_stay_where_they_are(store: Store) -> None:
    people: Circle = gather(store)
    marie = people.marie
    assert marie.send("MKCALENDAR", club(marie)).status == 201
    text = calendar(event(*invited(MARIE, PAUL), "SUMMARY:Conseil"))
    assert marie.put(club(marie) + "m.ics", text).status == 201
    assert marie.put(club(marie) + "a.ics", event_text("a")).status == 201
    answer = marie.send("COPY", club(marie), destination=club(marie, "x"))
    row = answer.row
    assert (answer.status, row.href, row.status) == (207, club(marie, "x") + "m.ics", 403)
    assert row.errors == (C + "unique-scheduling-object-resource",)
    assert set(marie.sync(club(marie, "x")).rows) == {club(marie, "x") + "a.ics"}
    tag = marie.send("GET", club(marie) + "m.ics").headers["Schedule-Tag"]
    assert marie.send("MOVE", club(marie), destination=club(marie, "y")).status == 201
    assert marie.send("GET", club(marie, "y") + "m.ics").headers["Schedule-Tag"] == tag
    assert len(people.copies(people.paul)) == 1


def test_a_shared_calendar_is_taken_off_a_home_by_whoever_writes_there_alone(ana: Dav, circle: People) -> None:
    bea, carl = circle["bea"], circle["carl"]
    with ana.store.writing(ana.person.school_id) as tx:
        mine = next(each for each in tx.collections.subscribed(ana.person) if each.slug == "club")
        for each in (bea, carl):
            tx.sharing.offer(ana.person, mine, each.person, Offer(Access.READ, "ana", settled=True))
    give(bea, carl, Admission.READ)
    folder = f"{bea.home}partage-{mine.id}/"
    assert carl.send("DELETE", folder).status == 403
    assert carl.propfind(f"{carl.home}partage-{mine.id}/", NAME).status == 207
    give(bea, carl, Admission.WRITE)
    assert carl.send("DELETE", folder).status == 204
    assert bea.propfind(folder, NAME).status == 404
    assert carl.propfind(f"{carl.home}partage-{mine.id}/", NAME).status == 207
