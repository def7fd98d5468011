"""An unmodified Radicale on our database: what its clients see and do."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from protocols.radicale.storage import Storage
from storage.errors import InvalidObject
from storage.model import Client, ClientKind, Collection
from storage.store import Store
from tests.protocols.caldav.client import CS, A, C, D, Dav, event_text, task_text
from tests.protocols.radicale.client import Person, Radicale
from tests.protocols.radicale.steps import of
from tests.storage.builders import counted

DAV = Client(ClientKind.DAV)
WEEK = '<C:comp-filter name="VEVENT"><C:time-range start="20261123T000000Z" end="20261130T000000Z"/></C:comp-filter>'
FLOATING = (
    '<C:comp-filter name="VEVENT"><C:time-range start="20261123T230000Z" end="20261124T003000Z"/>'
    '<C:prop-filter name="SUMMARY"><C:text-match>nuit</C:text-match></C:prop-filter></C:comp-filter>'
)
both = pytest.mark.parametrize("dialect", ["sqlite", "postgresql"], indirect=True)
SET_NAME = "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>{}</D:prop></D:set></D:propertyupdate>"


@pytest.fixture
def dialect(request: pytest.FixtureRequest) -> str:
    """SQLite, or what a test names; the tests of the storage core run on both."""
    return str(getattr(request, "param", "sqlite"))


def collection(person: Person, slug: str = "agenda") -> Collection:
    with person.store.reading(person.principal.school_id) as tx:
        return tx.collections.by_slug(person.principal, slug, DAV)


def stored(person: Person, href: str, slug: str = "agenda") -> bytes:
    with person.store.reading(person.principal.school_id) as tx:
        return tx.objects.get(tx.collections.by_slug(person.principal, slug, DAV), href).ical


def clock(store: Store) -> dict[int, int]:
    return store.directory.clocks()


def test_a_home_lists_its_calendars_with_our_names_and_rights(radicale: Radicale, marie: Person) -> None:
    names = (D + "displayname", D + "resourcetype", D + "current-user-privilege-set", CS + "getctag", D + "sync-token")
    answer = radicale.propfind(marie, marie.home, *names, depth="1")
    assert [row.text(D + "displayname") for row in answer.rows.values()] == [
        "Marie Dupont",
        "Mon agenda",
        "Emploi du temps",
        "Rendez-vous",
        "Tâches",
    ]
    timetable, agenda = answer.rows[marie.timetable], answer.rows[marie.agenda]
    assert D + "write" in agenda.names(D + "current-user-privilege-set")
    assert D + "write" not in timetable.names(D + "current-user-privilege-set")
    assert C + "calendar" in timetable.names(D + "resourcetype")
    assert agenda.text(D + "sync-token").startswith("urn:cadran:sync:")


def test_the_root_lists_nobody_else(radicale: Radicale, marie: Person) -> None:
    assert set(radicale.propfind(marie, "/", D + "resourcetype", depth="1").rows) == {"/", marie.home}


@both
def test_an_event_is_written_read_listed_and_deleted(radicale: Radicale, marie: Person) -> None:
    path = marie.agenda + "cours.ics"
    made = radicale.put(marie, path, event_text("u1", "Réunion"))
    assert made.status == 201
    assert "SUMMARY:Réunion" in stored(marie, "cours.ics").decode()
    read = radicale.send(marie, "GET", path)
    assert (read.status, read.etag) == (200, made.etag)
    assert read.body == stored(marie, "cours.ics")
    assert radicale.propfind(marie, marie.agenda, D + "getetag", depth="1").rows[path].text(D + "getetag") == made.etag
    assert radicale.send(marie, "DELETE", path, if_match=made.etag).status == 200
    assert radicale.send(marie, "GET", path).status == 404


@both
def test_sync_tells_changes_and_deletions_since_a_token(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    first = radicale.sync(marie, marie.agenda)
    assert set(first.rows) == {marie.agenda + "a.ics"}
    radicale.put(marie, marie.agenda + "b.ics", event_text("b"))
    radicale.send(marie, "DELETE", marie.agenda + "a.ics")
    second = radicale.sync(marie, marie.agenda, first.token)
    assert {href: row.status for href, row in second.rows.items()} == {
        marie.agenda + "a.ics": 404,
        marie.agenda + "b.ics": None,
    }
    assert radicale.sync(marie, marie.agenda, second.token).rows == {}


@pytest.mark.parametrize("token", ["nonsense", "urn:cadran:sync:1:1:99999", "urn:cadran:sync:9:1:1"])
def test_a_token_that_is_not_this_calendars_is_refused(radicale: Radicale, marie: Person, token: str) -> None:
    answer = radicale.sync(marie, marie.agenda, token)
    assert (answer.status, answer.errors) == (403, (D + "valid-sync-token",))


def test_a_token_that_our_own_engine_gave_is_good_here(radicale: Radicale, marie: Person) -> None:
    found = collection(marie)
    radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    token = f"urn:cadran:sync:{marie.principal.school_id}:{found.id}:{found.head}"
    assert set(radicale.sync(marie, marie.agenda, token).rows) == {marie.agenda + "a.ics"}


def test_what_radicale_writes_our_engine_serves_and_the_reverse(radicale: Radicale, marie: Person) -> None:
    ours = Dav(marie.store, marie.principal)
    written = radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    assert ours.send("GET", ours.agenda + "a.ics").etag == written.etag
    back = ours.put(ours.agenda + "a.ics", event_text("a", "Autre"))
    assert radicale.send(marie, "GET", marie.agenda + "a.ics").etag == back.etag


@both
def test_a_read_only_calendar_is_read_and_not_written(radicale: Radicale, marie: Person) -> None:
    lessons = radicale.query(marie, marie.timetable, WEEK)
    (href,) = lessons.rows
    before = clock(marie.store)
    assert radicale.put(marie, marie.timetable + "new.ics", event_text("n")).status == 403
    assert radicale.put(marie, href, event_text("latin-1")).status == 403
    assert radicale.send(marie, "DELETE", href).status == 403
    assert radicale.send(marie, "DELETE", marie.timetable).status == 403
    body = SET_NAME.format("<D:displayname>x</D:displayname>")
    assert radicale.send(marie, "PROPPATCH", marie.timetable, body).status == 403
    assert clock(marie.store) == before


def test_what_everyone_has_cannot_be_deleted(radicale: Radicale, marie: Person) -> None:
    assert radicale.send(marie, "DELETE", marie.agenda).status == 403
    assert radicale.send(marie, "DELETE", marie.home).status == 403


@pytest.mark.parametrize("method", ["PROPFIND", "GET", "PUT", "DELETE", "REPORT", "PROPPATCH", "MKCALENDAR"])
def test_another_persons_home_is_closed(radicale: Radicale, marie: Person, leo: Person, method: str) -> None:
    for path in (leo.home, leo.agenda, leo.agenda + "x.ics"):
        assert radicale.send(marie, method, path, event_text("u")).status in {403, 405}, path
    assert radicale.sync(leo, leo.agenda).rows == {}


def test_the_week_is_found_through_the_index(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "in.ics", event_text("in", start="20261124T080000Z"))
    radicale.put(marie, marie.agenda + "out.ics", event_text("out", start="20261224T080000Z"))
    series = ("DURATION:PT1H", "RRULE:FREQ=WEEKLY")
    radicale.put(marie, marie.agenda + "each.ics", event_text("each", "Série", "20200106T080000Z", *series))
    found = radicale.query(marie, marie.agenda, WEEK, "<D:getetag/><C:calendar-data/>")
    assert set(found.rows) == {marie.agenda + "in.ics", marie.agenda + "each.ics"}
    assert "Série" in found.rows[marie.agenda + "each.ics"].text(C + "calendar-data")


def test_a_floating_time_is_not_lost_where_radicale_tests_further(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "f.ics", event_text("f", "nuit", "20261123T233000"))
    radicale.put(marie, marie.agenda + "g.ics", event_text("g", "jour", "20261123T233000"))
    assert set(radicale.query(marie, marie.agenda, FLOATING).rows) == {marie.agenda + "f.ics"}


@both
def test_a_calendar_is_made_described_and_deleted(radicale: Radicale, marie: Person) -> None:
    body = (
        "<C:mkcalendar xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><D:set><D:prop>"
        "<D:displayname>Théâtre</D:displayname><C:supported-calendar-component-set><C:comp name='VEVENT'/>"
        "</C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>"
    )
    path = marie.home + "theatre/"
    assert radicale.send(marie, "MKCALENDAR", path, body).status == 201
    assert (collection(marie, "theatre").name, collection(marie, "theatre").components) == ("Théâtre", ("VEVENT",))
    colour = '<A:calendar-color xmlns:A="http://apple.com/ns/ical/">#a1b2c3ff</A:calendar-color>'
    assert radicale.send(marie, "PROPPATCH", path, SET_NAME.format(colour)).status == 207
    assert (collection(marie, "theatre").name, collection(marie, "theatre").colour) == ("Théâtre", "#a1b2c3ff")
    row = radicale.propfind(marie, path, A + "calendar-color", C + "supported-calendar-component-set").row
    assert row.text(A + "calendar-color") == "#a1b2c3ff"
    radicale.put(marie, path + "x.ics", event_text("x"))
    assert radicale.send(marie, "DELETE", path).status == 200
    assert radicale.propfind(marie, path, D + "displayname").status == 404


@pytest.mark.parametrize(
    "prop",
    [
        '<A:calendar-color xmlns:A="http://apple.com/ns/ical/">red</A:calendar-color>',
        '<A:calendar-order xmlns:A="http://apple.com/ns/ical/">first</A:calendar-order>',
        '<X:mood xmlns:X="http://example.org/">gay</X:mood>',
        f"<D:displayname>{'n' * 256}</D:displayname>",
        '<C:calendar-timezone xmlns:C="urn:ietf:params:xml:ns:caldav">Europe/Paris</C:calendar-timezone>',
    ],
)
def test_a_property_that_is_not_kept_is_refused_with_those_beside_it(
    radicale: Radicale, marie: Person, prop: str
) -> None:
    body = SET_NAME.format("<D:displayname>Autre</D:displayname>" * ("displayname" not in prop) + prop)
    assert radicale.send(marie, "PROPPATCH", marie.agenda, body).status in {400, 403}
    assert collection(marie).name == "Mon agenda"


def test_an_address_book_cannot_be_made(radicale: Radicale, marie: Person) -> None:
    body = (
        "<D:mkcol xmlns:D='DAV:' xmlns:R='urn:ietf:params:xml:ns:carddav'><D:set><D:prop><D:resourcetype>"
        "<D:collection/><R:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    )
    before = clock(marie.store)
    assert radicale.send(marie, "MKCOL", marie.home + "contacts/", body).status == 403
    assert clock(marie.store) == before


def test_the_same_uid_twice_is_a_conflict(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    answer = radicale.put(marie, marie.agenda + "b.ics", event_text("a"))
    assert (answer.status, answer.errors) == (409, (C + "no-uid-conflict",))


def test_a_task_is_refused_where_events_are_kept(radicale: Radicale, marie: Person) -> None:
    assert radicale.put(marie, marie.agenda + "t.ics", task_text("t")).status == 400
    assert radicale.put(marie, marie.home + "taches/t.ics", task_text("t")).status == 201


def test_preconditions_hold(radicale: Radicale, marie: Person) -> None:
    path = marie.agenda + "a.ics"
    assert radicale.put(marie, path, event_text("a"), if_match='"x"').status == 412
    etag = radicale.put(marie, path, event_text("a"), if_none_match="*").etag
    assert radicale.put(marie, path, event_text("a"), if_none_match="*").status == 412
    assert radicale.put(marie, path, event_text("a", "Autre"), if_match='"x"').status == 412
    assert radicale.put(marie, path, event_text("a", "Autre"), if_match=etag).status == 204
    assert radicale.send(marie, "DELETE", path, if_match=etag).status == 412


@both
def test_an_object_moves_with_its_text(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    text = stored(marie, "a.ics")
    renamed = radicale.send(marie, "MOVE", marie.agenda + "a.ics", destination=marie.agenda + "b.ics")
    assert (renamed.status, stored(marie, "b.ics")) == (201, text)
    radicale.send(marie, "MKCALENDAR", marie.home + "autre/")
    moved = radicale.send(marie, "MOVE", marie.agenda + "b.ics", destination=marie.home + "autre/c.ics")
    assert (moved.status, stored(marie, "c.ics", "autre")) == (201, text)
    assert radicale.sync(marie, marie.agenda).rows == {}
    refused = radicale.send(marie, "MOVE", marie.home + "autre/c.ics", destination=marie.timetable + "c.ics")
    assert (refused.status, stored(marie, "c.ics", "autre")) == (403, text)


@both
def test_a_whole_calendar_is_replaced_at_once_or_not_at_all(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "old.ics", event_text("old"))
    radicale.put(marie, marie.agenda + "two.ics", event_text("one"))
    whole = event_text("one").replace("END:VCALENDAR\r\n", "") + "".join(
        event_text("two").partition("BEGIN:VEVENT")[1:]
    )
    assert radicale.put(marie, marie.agenda, whole).status == 201
    assert set(radicale.sync(marie, marie.agenda).rows) == {marie.agenda + "one.ics", marie.agenda + "two.ics"}
    before = clock(marie.store)
    assert (
        radicale.put(marie, marie.agenda, whole.replace("END:VCALENDAR", task_text("t").split("\r\n", 3)[3])).status
        == 400
    )
    assert set(radicale.sync(marie, marie.agenda).rows) == {marie.agenda + "one.ics", marie.agenda + "two.ics"}
    assert clock(marie.store) == before
    assert radicale.put(marie, marie.timetable, whole).status == 403


def test_allprop_and_listings_are_answered_after_the_transaction(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    answer = radicale.send(marie, "PROPFIND", marie.home, depth="1")
    assert int(answer.rows[marie.agenda].text(D + "getcontentlength")) > 0
    export = radicale.send(marie, "GET", marie.agenda)
    assert export.status == 200
    assert export.body.count(b"BEGIN:VEVENT") == 1


ODD_LINES = (
    "CREATED:2026",
    "LAST-MODIFIED:never",
    "TRIGGER;VALUE=DATE-TIME:soon",
    "DESCRIPTION;ENCODING=BASE64:!!",
    "RDATE;VALUE=PERIOD:20261125T080000Z/PT1H,20261126T080000Z/20261126T090000Z",
    "RDATE;TZID=Europe/Paris;VALUE=PERIOD:20261125T080000/PT1H",
    "DUE:x",
    "COMPLETED:20261301T000000Z",
    "ATTACH;ENCODING=BASE64;VALUE=BINARY:@@@",
    "X-Q;ENCODING=QUOTED-PRINTABLE:=ZZ",
    "CATEGORIES;LANGUAGE:fr",
    "GEO:x",
    "REQUEST-STATUS:",
    "DTSTAMP;TZID=Nowhere:20261301T000000",
    "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:soon\r\nEND:VALARM",
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT1H\r\nDURATION:x\r\nREPEAT:y\r\nEND:VALARM",
)


def test_no_object_that_we_keep_breaks_a_report(radicale: Radicale, marie: Person) -> None:
    kept = 0
    with marie.store.writing(marie.principal.school_id) as tx:
        agenda = tx.collections.by_slug(marie.principal, "agenda", DAV)
        for number, line in enumerate(ODD_LINES):
            odd = event_text(f"odd{number}", "Bizarre", "20261124T080000Z", "DURATION:PT1H", line)
            with suppress(InvalidObject):
                tx.objects.put(agenda, f"{number}.ics", odd.encode())
                kept += 1
    assert kept > 12
    match = of("VEVENT", '<C:prop-filter name="SUMMARY"><C:text-match>bizarre</C:text-match></C:prop-filter>')
    expand = '<C:calendar-data><C:expand start="20261120T000000Z" end="20261207T000000Z"/></C:calendar-data>'
    alarms = of("VEVENT", of("VALARM", '<C:time-range start="20261120T000000Z" end="20261207T000000Z"/>'))
    assert len(radicale.query(marie, marie.agenda, match).rows) == kept
    assert len(radicale.query(marie, marie.agenda, WEEK, expand).rows) == kept
    assert len(radicale.query(marie, marie.agenda, of("VEVENT"), "<C:calendar-data/>").rows) == kept
    assert radicale.query(marie, marie.agenda, alarms).status == 207
    busy = f"<C:free-busy-query xmlns>{re.search('<C:time-range.*?/>', WEEK)[0]}</C:free-busy-query>"  # type: ignore[index]
    answer = radicale.report(marie, marie.agenda, busy)
    assert (answer.status, b"20261126T080000Z" in answer.body) == (200, True)
    assert radicale.send(marie, "GET", marie.agenda).status == 200
    assert not radicale.application._storage.verify()


def test_a_sound_storage_is_verified(radicale: Radicale, marie: Person) -> None:
    radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    assert radicale.application._storage.verify()


def test_names_of_every_kind_are_addressed(radicale: Radicale, people: dict[str, Person]) -> None:
    zoe = people["zoé.été"]
    path = "/zo%C3%A9.%C3%A9t%C3%A9/agenda/caf%C3%A9%20%26%20th%C3%A9.ics"
    assert radicale.put(zoe, path, event_text("a")).status == 201
    assert set(radicale.sync(zoe, zoe.agenda).rows) == {path}
    assert stored(zoe, "café & thé.ics")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a@b.ics", "a%40b.ics"),
        ("a%40b.ics", "a%2540b.ics"),
        ("50%25.ics", "50%25.ics"),
        ("50%2540.ics", "50%252540.ics"),
    ],
)
def test_a_name_in_either_spelling_is_found_as_it_is_told(radicale: Radicale, marie: Person, name: str, path: str):
    ours = Dav(marie.store, marie.principal)
    assert ours.put(ours.agenda + name, event_text("a")).status == 201
    assert set(radicale.sync(marie, marie.agenda).rows) == {marie.agenda + path}
    assert radicale.send(marie, "GET", marie.agenda + path).status == 200
    assert radicale.put(marie, marie.agenda + path, event_text("a", "Autre")).status == 204
    assert set(ours.sync(ours.agenda).rows) == {ours.agenda + name}
    assert radicale.send(marie, "MOVE", marie.agenda + path, destination=marie.agenda + "z.ics").status == 201
    assert radicale.send(marie, "MOVE", marie.agenda + "z.ics", destination=marie.agenda + path).status == 201
    assert set(ours.sync(ours.agenda).rows) == {ours.agenda + name}
    assert radicale.send(marie, "DELETE", marie.agenda + path).status == 200


def test_a_calendar_in_either_spelling_is_found_as_it_is_told(radicale: Radicale, marie: Person) -> None:
    ours = Dav(marie.store, marie.principal)
    for slug in ("a@b", "a%40b", "50%25"):
        assert ours.send("MKCALENDAR", f"{ours.home}{slug}/").status == 201
        assert ours.put(f"{ours.home}{slug}/x.ics", event_text(slug)).status == 201
    told = radicale.propfind(marie, marie.home, "{DAV:}displayname", depth="1").rows
    for slug, path in (("a@b", "a%40b"), ("a%40b", "a%2540b"), ("50%25", "50%25")):
        assert f"{marie.home}{path}/" in told
        assert event_text(slug).encode() in radicale.send(marie, "GET", f"{marie.home}{path}/x.ics").body


def test_a_calendar_that_radicale_made_is_found_in_any_spelling(radicale: Radicale, marie: Person) -> None:
    ours = Dav(marie.store, marie.principal)
    assert radicale.send(marie, "MKCALENDAR", marie.home + "a%40b/").status == 201
    for slug in ("a@b", "a%40b"):
        assert ours.propfind(f"{ours.home}{slug}/", "{DAV:}displayname").row.href == ours.home + "a@b/"


ODD_PATHS = (
    "//",
    "/marie.dupont//agenda/",
    "/marie.dupont/agenda/a.ics/b.ics",
    "/marie.dupont/agenda/../taches/",
    "/marie.dupont/agenda/" + "n" * 300 + ".ics",
    "/marie.dupont/" + "n" * 300 + "/",
    "/marie.dupont/agenda/a%00b.ics",
    "/marie.dupont/agenda/ .ics",
    "/marie.dupont/agenda/%F0%9F%98%80.ics",
    "/Marie.Dupont/agenda/x.ics",
    "/.token/x",
)


@both
def test_odd_paths_are_answered_and_never_break(radicale: Radicale, marie: Person) -> None:
    for path in ODD_PATHS:
        for method in ("PROPFIND", "PUT", "GET", "REPORT", "MKCALENDAR", "DELETE", "MOVE"):
            body = event_text("u") if method == "PUT" else ""
            answer = radicale.send(marie, method, path, body, destination="/marie.dupont/agenda/moved.ics", depth="1")
            assert answer.status < 500, (method, path)


@both
def test_many_clients_write_at_once_and_nothing_is_lost(radicale: Radicale, marie: Person) -> None:
    def write(number: int) -> int:
        return radicale.put(marie, f"{marie.agenda}{number}.ics", event_text(f"u{number}")).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(24))) == {201}
    assert len(radicale.sync(marie, marie.agenda).rows) == 24


def test_the_ctag_moves_with_objects_and_names(radicale: Radicale, marie: Person) -> None:
    def ctag() -> str:
        return radicale.propfind(marie, marie.agenda, CS + "getctag").row.text(CS + "getctag")

    first = ctag()
    radicale.put(marie, marie.agenda + "a.ics", event_text("a"))
    second = ctag()
    radicale.send(marie, "PROPPATCH", marie.agenda, SET_NAME.format("<D:displayname>Autre</D:displayname>"))
    assert len({first, second, ctag()}) == 3
    assert b"X-WR-CALNAME:Autre" in radicale.send(marie, "GET", marie.agenda).body.replace(b";VALUE=TEXT", b"")


def test_rights_are_asked_of_the_database_once_for_a_whole_listing(radicale: Radicale, marie: Person) -> None:
    def statements(count: int) -> int:
        with marie.store.writing(marie.principal.school_id) as tx:
            agenda = tx.collections.by_slug(marie.principal, "agenda", DAV)
            for number in range(count):
                tx.objects.put(agenda, f"{count}-{number}.ics", event_text(f"{count}-{number}").encode())
        storage = radicale.application._storage
        assert isinstance(storage, Storage)
        with counted(storage._desk.store) as seen:
            radicale.propfind(marie, marie.agenda, D + "getetag", depth="1")
        return len(seen)

    assert statements(5) == statements(50)
