"""What a secret link shows, and to whom it shows nothing."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from protocols.feeds import app
from protocols.feeds.app import Asked
from protocols.wire import Response
from storage import contentlines
from storage.errors import Forbidden, LimitReached
from storage.itip import instant
from storage.links import MOST_LINKS, school_of
from storage.model import Access, CalendarKind, Collection, Role
from storage.sharing import Offer
from storage.transaction import Transaction
from tests.storage.builders import DAV, Desk, counted, event_text, make_person, make_school

DAY = 86_400
NOWHERE = Response(404, (("Content-Type", "text/plain; charset=utf-8"),), b"404 Not Found\n")


def link(desk: Desk, *, busy: bool = False, expires: int | None = None, slug: str = "agenda") -> str:
    """Make a link and return its token."""
    with desk.writing() as tx:
        collection = tx.collections.by_slug(desk.person, slug, DAV)
        token: str = tx.links.make(desk.person, collection, busy=busy, expires=expires)
        return token


def ask(desk: Desk, path: str, query: str = "", method: str = "GET", **headers: str) -> Response:
    """Ask as the server does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = Asked(method, path, query, named)
    school = app.school(path)
    if school is None:
        return app.handle(asked, None)
    with desk.store.reading(school) as tx:
        return app.handle(asked, tx)


def soon(days: float = 1, *lines: str, uid: str = "a") -> bytes:
    """Return an event of an hour so many days from now."""
    day = int(time.time()) // DAY * DAY + int(days * DAY)
    start, end = instant(day + 36_000), instant(day + 39_600)
    body = [f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"DTSTART:{start}", f"DTEND:{end}", *lines]
    whole = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//t//t//EN",
        "BEGIN:VEVENT",
        *body,
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(whole).encode()


def headers(response: Response) -> dict[str, str]:
    """Return the headers of a response."""
    return dict(response.headers)


def test_a_link_shows_a_collection_to_whoever_has_it(desk: Desk) -> None:
    desk.put("a.ics", soon(1, "SUMMARY:Conseil"))
    found = ask(desk, f"/feeds/{link(desk)}.ics")
    assert found.status == 200
    assert headers(found)["Content-Type"] == "text/calendar; charset=utf-8"
    root = contentlines.parse(found.body)
    assert [each.text("SUMMARY") for each in root.children("VEVENT")] == ["Conseil"]
    assert root.text("X-WR-CALNAME") == "Mon agenda"
    refresh = root.first("REFRESH-INTERVAL")
    assert refresh is not None
    assert (refresh.value, refresh.param("VALUE"), root.text("X-PUBLISHED-TTL")) == ("PT1H", "DURATION", "PT1H")


def test_private_events_are_shown_as_busy_and_private_tasks_not_at_all(desk: Desk) -> None:
    desk.put("a.ics", soon(1, "SUMMARY:Psychologue", "CLASS:PRIVATE"))
    desk.put("b.ics", soon(2, "SUMMARY:Conseil", uid="b"))
    body = ask(desk, f"/feeds/{link(desk)}.ics").body
    assert b"Psychologue" not in body
    assert sorted(each.text("SUMMARY") or "" for each in contentlines.parse(body).children("VEVENT")) == [
        "Conseil",
        "Occupé",
    ]
    task = soon(1, "SUMMARY:Secret", "CLASS:PRIVATE", uid="t").replace(b"VEVENT", b"VTODO").replace(b"DTEND", b"DUE")
    desk.put("t.ics", task, slug="taches")
    assert b"BEGIN:VTODO" not in ask(desk, f"/feeds/{link(desk, slug='taches')}.ics").body


def test_a_link_to_busy_times_shows_no_word(desk: Desk) -> None:
    desk.put("a.ics", soon(1, "SUMMARY:Conseil", "LOCATION:Salle 12"))
    body = ask(desk, f"/feeds/{link(desk, busy=True)}.ics").body
    assert b"Conseil" not in body
    assert b"Salle" not in body
    assert b"BEGIN:VEVENT" in body


def test_what_is_long_over_is_left_out(desk: Desk) -> None:
    desk.put("old.ics", soon(-500, uid="old"))
    desk.put("a.ics", soon(-300, uid="a"))
    events = contentlines.parse(ask(desk, f"/feeds/{link(desk)}.ics").body).children("VEVENT")
    assert [each.text("UID") for each in events] == ["a"]


@pytest.mark.parametrize("path", ["/feeds/{}.ics", "/freebusy/{}.ifb"])
def test_what_the_reader_has_is_not_sent_again(desk: Desk, path: str) -> None:
    address = path.format(link(desk))
    desk.put("a.ics", soon())
    tag = headers(ask(desk, address))["ETag"]
    for sent in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        known = ask(desk, address, if_none_match=sent)
        assert (known.status, known.body, headers(known)["ETag"]) == (304, b"", tag)
    desk.put("b.ics", soon(2, uid="b"))
    changed = ask(desk, address, if_none_match=tag)
    assert changed.status == 200
    assert headers(changed)["ETag"] != tag
    assert headers(changed)["Cache-Control"].startswith("private")


def test_an_unchanged_calendar_is_told_without_reading_it(desk: Desk) -> None:
    desk.put("a.ics", soon())
    address = f"/feeds/{link(desk)}.ics"
    tag = headers(ask(desk, address))["ETag"]
    with counted(desk.store) as few:
        ask(desk, address, if_none_match=tag)
    with counted(desk.store) as whole:
        ask(desk, address)
    for number in range(20):
        desk.put(f"n{number}.ics", soon(2, uid=f"n{number}"))
    with counted(desk.store) as larger:
        ask(desk, address)
    assert len(few) == 4
    assert len(larger) == len(whole) == 5


def test_links_that_lead_nowhere_all_look_alike(desk: Desk) -> None:
    token = link(desk)
    late = link(desk, expires=1)
    other = make_person(desk.store, desk.school, "eve", Role.TEACHER)
    eve = Desk(desk.store, desk.school, other)
    closed, gone = link(eve), link(desk)
    with desk.writing() as tx:
        tx.principals.deactivate(other.id)
        tx.links.revoke(desk.person, 0)
    wrong = (late, closed, token[:-1], token[:-1] + "é", "", "x" * 5000, "0-" + token[2:], token[:-4] + "AAAA")
    paths = [f"/feeds/{each}.ics" for each in (*wrong, f"99{token[1:]}")]
    paths += [f"/feeds/{token}.ifb", f"/freebusy/{token}.ics"]
    paths += [f"/feeds/{token}", f"/feeds/{token}.ics/", f"/feeds/x/{token}.ics", "/feeds/", "/freebusy/"]
    assert {ask(desk, each) for each in paths} == {NOWHERE}
    assert ask(desk, f"/feeds/{gone}.ics").status == 200
    with desk.writing() as tx:
        assert tx.links.revoke(desk.person, desk.collection().id) == 3
    assert ask(desk, f"/feeds/{token}.ics") == ask(desk, f"/freebusy/{gone}.ifb") == NOWHERE


def test_a_link_ends_with_the_calendar_and_with_the_person(desk: Desk) -> None:
    token = link(desk)
    with desk.writing() as tx:
        tx.principals.remove(desk.person.id)
    assert ask(desk, f"/feeds/{token}.ics") == NOWHERE


def test_no_link_of_one_school_opens_another(desk: Desk) -> None:
    token = link(desk)
    other = make_school(desk.store, "0990002Y")
    assert school_of(token) == desk.school.id
    assert ask(desk, f"/feeds/{other.id}-{token.partition('-')[2]}.ics") == NOWHERE


def test_a_token_is_kept_as_its_hash_and_long_enough(desk: Desk) -> None:
    token, again = link(desk), link(desk)
    assert token != again
    assert len(token.partition("-")[2]) == 32
    with desk.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT * FROM secret_link").all()
    assert token not in str(rows)


def test_only_so_many_links_are_made(desk: Desk) -> None:
    for _ in range(MOST_LINKS):
        link(desk)
    with pytest.raises(LimitReached):
        link(desk)


def test_a_link_is_only_read(desk: Desk) -> None:
    address = f"/feeds/{link(desk)}.ics"
    for method in ("PUT", "POST", "DELETE", "PROPFIND"):
        refused = ask(desk, address, method=method)
        assert (refused.status, headers(refused)["Allow"]) == (405, "GET, HEAD, OPTIONS")
        assert ask(desk, "/feeds/x.ics", method=method) == refused
    assert ask(desk, address, method="HEAD").status == 200


def shared_with(desk: Desk, owner: Desk, access: Access = Access.WRITE) -> Collection:
    """Share the agenda of an owner with a person; return it as the person has it."""
    with desk.writing() as tx:
        mine = tx.collections.by_slug(owner.person, "agenda", DAV)
        tx.sharing.offer(owner.person, mine, desk.person, Offer(access, "eve", settled=True))
        seen: tuple[Collection, ...] = tx.collections.subscribed(desk.person)
        return next(each for each in seen if each.owner == owner.person.login)


@pytest.mark.parametrize("access", list(Access))
def test_no_link_shows_what_others_share_with_its_owner(desk: Desk, access: Access) -> None:
    eve = Desk(desk.store, desk.school, make_person(desk.store, desk.school, "eve"))
    eve.put("a.ics", soon(1, "SUMMARY:Conseil"))
    shared = shared_with(desk, eve, access)
    with pytest.raises(Forbidden), desk.writing() as tx:
        tx.links.make(desk.person, shared)
    with desk.writing() as tx:
        own = tx.collections.by_slug(desk.person, "agenda", DAV)
        old: str = tx.links.make(desk.person, replace(own, id=shared.id))
    for path in (f"/feeds/{old}.ics", f"/freebusy/{old}.ifb"):
        assert ask(desk, path) == NOWHERE


def test_a_link_shows_nobodys_address(desk: Desk) -> None:
    people = ("ORGANIZER:mailto:ana@ecole.example", "ATTENDEE;CN=Léo:mailto:leo@ecole.example")
    desk.put("a.ics", soon(1, "SUMMARY:Conseil", *people, "X-MS-OLK-SENDER:mailto:ana@ecole.example"))
    body = ask(desk, f"/feeds/{link(desk)}.ics").body
    assert b"Conseil" in body
    assert [word for word in (b"ecole.example", b"ATTENDEE", b"ORGANIZER", b"OLK") if word in body] == []


@pytest.mark.parametrize(("role", "status"), [(Role.TEACHER, 200), (Role.ADMIN, 200), (Role.PUPIL, 404)])
def test_a_course_is_shown_by_links_of_those_who_work_there(desk: Desk, role: Role, status: int) -> None:
    with desk.writing() as tx:
        course = tx.lessons.create_calendars(CalendarKind.COURSE, {"4B": "Latin"})["4B"]
        seen = tx.collections.subscribe(desk.person, course, "latin", "Latin")
        token: str = tx.links.make(desk.person, seen)
        tx.principals.update(desk.person.id, role=role)
    assert ask(desk, f"/feeds/{token}.ics").status == status


@pytest.mark.parametrize("role", list(Role))
def test_the_own_timetable_may_be_shown_by_anybody(desk: Desk, role: Role) -> None:
    token = link(desk, slug="emploi-du-temps")
    with desk.writing() as tx:
        tx.principals.update(desk.person.id, role=role)
    assert ask(desk, f"/feeds/{token}.ics").status == 200


def test_busy_times_are_those_of_the_range(desk: Desk) -> None:
    desk.put("a.ics", event_text("a", "RRULE:FREQ=DAILY;COUNT=5", "SUMMARY:Conseil"))
    token = link(desk)
    with desk.reading() as tx:
        today = tx.now()
    first = instant(today)
    whole = ask(desk, f"/freebusy/{token}.ifb", f"start={first}&period=P1W")
    assert whole.status == 200
    (told,) = contentlines.parse(whole.body).children("VFREEBUSY")
    assert told.text("DTSTART") == first
    assert b"Conseil" not in whole.body


def test_busy_times_are_told_with_their_kind(desk: Desk) -> None:
    desk.put("a.ics", soon(1, "STATUS:TENTATIVE"))
    desk.put("b.ics", soon(2, uid="b"))
    desk.put("c.ics", soon(3, "TRANSP:TRANSPARENT", uid="c"))
    body = ask(desk, f"/freebusy/{link(desk)}.ifb").body
    (told,) = contentlines.parse(body).children("VFREEBUSY")
    assert [each.param("FBTYPE") for each in told.all("FREEBUSY")] == ["BUSY-TENTATIVE", "BUSY"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("start=2026-11-22T08:00:00Z&end=2026-11-23T08:00:00Z", 200),
        ("start=20261122T080000Z&end=20261123T080000Z", 200),
        ("start=2026-11-22T08:00:00+01:00&period=P1D", 200),
        ("start=2026-11-22T08%3A00%3A00%2B01%3A00&period=PT12H", 200),
        ("start=2026-11-22", 200),
        ("unknown=1&format=text/calendar", 200),
        ("start=yesterday", 400),
        ("start=2026-13-01", 400),
        ("start=20261122T080000Z&end=20261122T080000Z", 400),
        ("start=20261122T080000Z&end=20281122T080000Z", 400),
        ("start=00010101T000000Z&period=P1D", 400),
        ("start=99991231T235959Z&period=P400D", 400),
        ("period=P", 400),
        ("period=P9999W", 400),
        ("period=PT99999999S&start=2026-11-22", 400),
        ("end=20261223T080000Z&period=P1D", 400),
        ("start=%FF", 400),
        ("a=1&" * 30, 400),
        ("start=" + "1" * 2000, 400),
    ],
)
def test_a_range_is_read_or_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch, query: str, status: int) -> None:
    monkeypatch.setattr(Transaction, "now", lambda tx: 1_795_000_000)
    assert ask(desk, f"/freebusy/{link(desk)}.ifb", query).status == status
