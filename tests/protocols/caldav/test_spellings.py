"""Two spellings of an address: of two resources if need be, else of one for every method (RFC 3986, 2.2)."""

from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest

from storage.model import NewCalendar
from tests.protocols.caldav.client import BASE, CS, C, D, Dav, event_text

NAMES = [
    ("a@b.ics", "a%40b.ics"),
    ("a%40b.ics", "a@b.ics"),
    ("%40:b.ics", "@%3Ab.ics"),
    ("it's.ics", "it%27s.ics"),
    ("r&d;v=1.ics", "r%26d%3Bv%3D1.ics"),
    ("!$&'()*+,;=:@.ics", "%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40.ics"),
    ("%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40.ics", "!%24%26'()*%2B%2C%3B%3D%3A%40.ics"),
]
TWO = pytest.mark.parametrize(("written", "other"), NAMES)


def hrefs(dav: Dav, holder: str) -> list[set[str]]:
    """Return the addresses that each kind of listing tells of the members of a calendar."""
    listings = [
        dav.propfind(holder, D + "getetag", depth="1"),
        dav.propfind(holder, D + "getetag", "{urn:x}mood", D + "displayname", depth="1"),
        dav.sync(holder),
        dav.sync(holder, names=(C + "calendar-data",)),
        dav.query(holder, '<C:comp-filter name="VEVENT"/>'),
        dav.query(holder, '<C:comp-filter name="VEVENT"/>', "<C:calendar-data/>"),
    ]
    return [set(each.rows) - {holder} for each in listings]


@TWO
def test_every_listing_tells_the_spelling_that_was_written(marie: Dav, written: str, other: str):
    token = marie.sync(marie.agenda).token
    made = marie.put(marie.agenda + written, event_text("a"))
    assert made.status == 201
    assert all(each == {marie.agenda + written} for each in hrefs(marie, marie.agenda))
    assert set(marie.sync(marie.agenda, token).rows) == {marie.agenda + written}
    token = marie.sync(marie.agenda).token
    assert marie.send("DELETE", marie.agenda + other).status == 204
    assert [(each.href, each.status) for each in marie.sync(marie.agenda, token).rows.values()] == [
        (marie.agenda + written, 404)
    ]


def get(dav: Dav, path: str) -> int:
    """Read."""
    return dav.send("GET", path).status


def head(dav: Dav, path: str) -> int:
    """Read the headers."""
    return dav.send("HEAD", path).status


def put_again(dav: Dav, path: str) -> int:
    """Change."""
    answer = dav.put(path, event_text("a", "Autre"))
    return 200 if answer.status == 204 else answer.status


def put_as_expected(dav: Dav, path: str) -> int:
    """Change what has the tag that was read."""
    answer = dav.put(path, event_text("a", "Autre"), if_match=dav.send("GET", path).headers.get("ETag", '"none"'))
    return 200 if answer.status == 204 else answer.status


def put_not_again(dav: Dav, path: str) -> int:
    """Make, and only make."""
    answer = dav.put(path, event_text("a", "Autre"), if_none_match="*")
    return 200 if answer.status == 412 else answer.status


def put_in_a_state(dav: Dav, path: str) -> int:
    """Change in a state that the If header tells, by its address."""
    tag = dav.send("GET", path).headers.get("ETag", '"none"')
    answer = dav.put(path, event_text("a", "Autre"), **{"if": f"<{path}> ([{tag}])"})
    return 200 if answer.status == 204 else answer.status


def put_what_changed(dav: Dav, path: str) -> int:
    """Change what a precondition of another kind excludes."""
    tag = dav.send("GET", path).headers.get("ETag", '"none"')
    answer = dav.put(path, event_text("a", "Autre"), if_none_match=f'"x", {tag}')
    return 200 if answer.status == 412 else answer.status


def delete(dav: Dav, path: str) -> int:
    """Delete."""
    answer = dav.send("DELETE", path, if_match=dav.send("GET", path).headers.get("ETag", "*"))
    return 200 if answer.status == 204 else answer.status


def propfind(dav: Dav, path: str) -> int:
    """Ask for a property; the answer has the spelling that was written."""
    answer = dav.propfind(path, D + "getetag")
    return 200 if answer.status == 207 and not path.endswith(answer.row.href) else answer.status


def proppatch(dav: Dav, path: str) -> int:
    """Keep a property of one's own, and read it."""
    mood = '<D:set><D:prop><x:mood xmlns:x="urn:x">gai</x:mood></D:prop></D:set>'
    done = dav.send("PROPPATCH", path, f'<D:propertyupdate xmlns:D="DAV:">{mood}</D:propertyupdate>')
    found = dav.propfind(path, "{urn:x}mood")
    return 200 if done.status == 207 and found.row.text("{urn:x}mood") == "gai" else done.status


def multiget(dav: Dav, path: str) -> int:
    """Read by a report on the calendar."""
    (row,) = dav.multiget(dav.agenda, [escape(path)]).rows.values()
    return row.status or 200


def multiget_of_home(dav: Dav, path: str) -> int:
    """Read by a report on the home."""
    (row,) = dav.multiget(dav.home, [escape(path)]).rows.values()
    return row.status or 200


def multiget_of_itself(dav: Dav, path: str) -> int:
    """Read by a report on the object."""
    (row,) = dav.multiget(path, [escape(path)]).rows.values()
    return row.status or 200


def copy(dav: Dav, path: str) -> int:
    """Copy."""
    answer = dav.send("COPY", path, destination=BASE + dav.home + "club/copie.ics")
    return 200 if answer.status == 201 else answer.status


def move(dav: Dav, path: str) -> int:
    """Move."""
    answer = dav.send("MOVE", path, destination=dav.home + "club/a@b.ics")
    return 200 if answer.status == 201 else answer.status


def attach(dav: Dav, path: str) -> int:
    """Attach a file."""
    answer = dav.send("POST", path + "?action=attachment-add", b"x", content_type="text/plain")
    return 200 if answer.status == 201 else answer.status


METHODS: list[Callable[[Dav, str], int]] = [
    get,
    head,
    put_again,
    put_as_expected,
    put_not_again,
    put_in_a_state,
    put_what_changed,
    delete,
    propfind,
    proppatch,
    multiget,
    multiget_of_home,
    multiget_of_itself,
    copy,
    move,
    attach,
]


@TWO
@pytest.mark.parametrize("method", METHODS)
def test_the_other_spelling_means_the_same(marie: Dav, written: str, other: str, method: Callable[[Dav, str], int]):
    marie.send("MKCALENDAR", marie.home + "club/")
    marie.put(marie.agenda + written, event_text("a"))
    assert method(marie, marie.agenda + other) == 200
    assert set(marie.sync(marie.agenda).rows) <= {marie.agenda + written}


@TWO
def test_another_uid_makes_a_resource_of_its_own(marie: Dav, written: str, other: str):
    first = marie.put(marie.agenda + written, event_text("a"))
    refused = marie.put(marie.agenda + other, event_text("b"), if_match=first.etag)
    assert refused.status == 412
    assert marie.put(marie.agenda + other, event_text("b"), **{"if": f"([{first.etag}])"}).status == 412
    made = marie.put(marie.agenda + other, event_text("b"), if_none_match="*")
    assert made.status == 201
    for name, uid in ((written, "a"), (other, "b")):
        assert marie.send("GET", marie.agenda + name).body == event_text(uid).encode()
        (row,) = marie.multiget(marie.agenda, [escape(marie.agenda + name)]).rows.values()
        assert (row.href, row.text(C + "calendar-data")) == (marie.agenda + name, event_text(uid).replace("\r", ""))
    assert hrefs(marie, marie.agenda) == [{marie.agenda + written, marie.agenda + other}] * 6
    assert len(marie.multiget(marie.agenda, [escape(marie.agenda + each) for each in (written, other)]).rows) == 2
    assert marie.send("DELETE", marie.agenda + other).status == 204
    assert marie.send("GET", marie.agenda + written).body == event_text("a").encode()


def test_one_object_asked_for_in_two_spellings_is_told_once(marie: Dav):
    marie.put(marie.agenda + "a@b.ics", event_text("a"))
    assert set(marie.multiget(marie.agenda, [marie.agenda + "a@b.ics", marie.agenda + "a%40b.ics"]).rows) == {
        marie.agenda + "a@b.ics"
    }


def test_what_is_not_there_is_told_as_it_was_asked_for(marie: Dav):
    asked = marie.agenda + "a%40%3ab.ics"
    assert [(each.href, each.status) for each in marie.multiget(marie.agenda, [asked]).rows.values()] == [(asked, 404)]


def test_a_uid_that_another_name_holds_is_refused_in_any_spelling(marie: Dav):
    marie.put(marie.agenda + "x.ics", event_text("a"))
    refused = marie.put(marie.agenda + "a@b.ics", event_text("a"))
    assert (refused.status, refused.errors) == (409, (C + "no-uid-conflict",))


def test_a_move_gives_an_object_another_spelling(marie: Dav):
    made = marie.put(marie.agenda + "a@b.ics", event_text("a"))
    refused = marie.send("COPY", marie.agenda + "a@b.ics", destination=marie.agenda + "a%40b.ics")
    assert refused.status == 403
    assert marie.send("MOVE", marie.agenda + "a%40b.ics", destination=marie.agenda + "a@b.ics").status == 403
    moved = marie.send("MOVE", marie.agenda + "a@b.ics", destination=marie.agenda + "a%40b.ics", overwrite="F")
    assert (moved.status, moved.headers["Location"]) == (201, marie.agenda + "a%40b.ics")
    assert moved.etag == made.etag
    assert hrefs(marie, marie.agenda) == [{marie.agenda + "a%40b.ics"}] * 6


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_destination_follows_the_same_rules(marie: Dav, method: str):
    marie.send("MKCALENDAR", marie.home + "club/")
    marie.put(marie.home + "club/a@b.ics", event_text("a", "Ancien"))
    marie.put(marie.agenda + "a.ics", event_text("a"))
    marie.put(marie.agenda + "b.ics", event_text("b"))
    there = marie.home + "club/a%40b.ics"
    assert marie.send(method, marie.agenda + "a.ics", destination=there, overwrite="F").status == 412
    assert marie.send(method, marie.agenda + "a.ics", destination=there).status == 204
    assert hrefs(marie, marie.home + "club/") == [{marie.home + "club/a@b.ics"}] * 6
    assert marie.send(method, marie.agenda + "b.ics", destination=there, overwrite="F").status == 201
    assert marie.send("GET", there).body == event_text("b").encode()


@pytest.mark.parametrize("method", ["MKCALENDAR", "MKCOL"])
@pytest.mark.parametrize(("first", "second"), [("a@b", "a%40b"), ("a%40b", "a@b"), ("it's", "it%27s")])
def test_each_spelling_can_have_a_calendar(marie: Dav, method: str, first: str, second: str):
    kind = "<D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set>"
    spaces = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    body = f"<D:mkcol {spaces}>{kind}</D:mkcol>" if method == "MKCOL" else ""
    one, two = (f"{marie.home}{each}/" for each in (first, second))
    assert marie.send(method, one, body).status == 201
    assert marie.put(one + "x.ics", event_text("x")).status == 201
    assert [marie.send(each, two).status for each in ("GET", "HEAD", "DELETE")] == [404] * 3
    assert [marie.send(each, two + "x.ics").status for each in ("GET", "HEAD")] == [404] * 2
    assert marie.propfind(two, D + "displayname").row.href == one
    assert set(marie.sync(two).rows) == {one + "x.ics"}
    for path in (marie.home, one, two):
        assert set(marie.multiget(path, [two + "x.ics"]).rows) == {one + "x.ics"}
    assert marie.send(method, one, body).status in {403, 405}
    assert marie.send(method, two, body).status == 201
    assert marie.send(method, two, body).status in {403, 405}
    assert set(marie.sync(two).rows) == set()
    assert [row.status for row in marie.multiget(one, [two + "x.ics"]).rows.values()] == [404]
    assert {one, two} < set(marie.propfind(marie.home, CS + "getctag", depth="1").rows)
    assert set(marie.multiget(two, [one + "x.ics"]).rows[one + "x.ics"].props) == set()
    assert marie.multiget(marie.home, [one + "x.ics", two + "x.ics"]).rows[two + "x.ics"].status == 404
    token = marie.sync(marie.home).token
    assert marie.send("DELETE", two).status == 204
    assert marie.sync(marie.home, token).rows[two].status == 404
    assert marie.send("GET", two).status == 404
    assert marie.propfind(two, D + "displayname").row.href == one


WRITES: list[Callable[[Dav, str], int]] = [
    lambda dav, path: dav.put(path + "y.ics", event_text("y"), if_none_match="*").status,
    lambda dav, path: dav.put(path + "x.ics", event_text("x", "Autre")).status,
    lambda dav, path: dav.send("POST", path + "?add-member", event_text("y"), content_type="text/calendar").status,
    lambda dav, path: dav.send("COPY", dav.agenda + "z.ics", destination=path + "z.ics").status,
    lambda dav, path: dav.send("MOVE", dav.agenda + "z.ics", destination=path + "z.ics").status,
    lambda dav, path: dav.send("MOVE", path + "x.ics", destination=path + "w.ics").status,
    lambda dav, path: dav.send("DELETE", path + "x.ics").status,
]


@pytest.mark.parametrize("write", WRITES)
def test_a_calendar_that_a_client_wrote_to_in_another_spelling_has_it_from_then_on(
    marie: Dav, write: Callable[[Dav, str], int]
):
    one, two = marie.home + "a@b/", marie.home + "a%40b/"
    assert marie.send("MKCALENDAR", one).status == 201
    assert marie.put(one + "x.ics", event_text("x")).status == 201
    assert marie.put(one + "v.ics", event_text("v")).status == 201
    assert marie.put(marie.agenda + "z.ics", event_text("z")).status == 201
    assert marie.send("GET", two + "v.ics").status == 404
    assert write(marie, two) in {201, 204}
    assert marie.send("GET", two + "v.ics").status == 200
    assert all(href.startswith(one) for href in marie.sync(two).rows)
    assert marie.send("DELETE", two).status == 204


def test_a_write_that_is_refused_opens_nothing(marie: Dav):
    one, two = marie.home + "a@b/", marie.home + "a%40b/"
    assert marie.send("MKCALENDAR", one).status == 201
    assert marie.put(two + "x.ics", "nonsense").status == 403
    assert marie.send("GET", two).status == 404


@pytest.fixture
def imported(marie: Dav) -> Dav:
    """The client of somebody with a calendar of whose address nobody knows the spelling in which it was made."""
    with marie.store.writing(marie.person.school_id) as tx:
        tx.collections.create(marie.person, NewCalendar("a@b", "Club"))
    return marie


def test_a_calendar_of_unknown_spelling_is_found_in_any(imported: Dav):
    there = imported.home + "a@b/"
    for path in (there, imported.home + "a%40b/"):
        assert imported.put(path + "x.ics", event_text("x", path)).status in {201, 204}
        assert imported.send("GET", path + "x.ics").status == 200
        assert imported.propfind(path, D + "displayname").row.href == there
        assert set(imported.sync(path).rows) == {there + "x.ics"}
        refused = imported.put(path + "y.ics", event_text("x"))
        assert refused.tree.findtext(f"{C}no-uid-conflict/{D}href") == path + "x.ics"
    assert imported.send("COPY", imported.home + "a%40b/x.ics", destination=imported.agenda + "x.ics").status == 201
    assert imported.send("MKCALENDAR", imported.home + "a%40b/").status == 201
    assert set(imported.sync(imported.home + "a%40b/").rows) == set()
    assert set(imported.sync(there).rows) == {there + "x.ics"}
    assert imported.send("DELETE", imported.home + "a%40b/").status == 204
    assert imported.send("DELETE", imported.home + "a%40b/").status == 204
    assert imported.send("GET", there).status == 404


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_the_other_spelling_of_an_open_calendar_is_a_free_address(imported: Dav, method: str):
    one, two = imported.home + "a@b/", imported.home + "a%40b/"
    assert imported.put(one + "x.ics", event_text("x")).status == 201
    assert imported.send(method, one, destination=two, overwrite="F").status == 201
    assert set(imported.sync(two).rows) == {two + "x.ics"}
    kept = {one, two} if method == "COPY" else {two}
    assert {each for each in imported.propfind(imported.home, CS + "getctag", depth="1").rows if "b/" in each} == kept
    if method == "COPY":
        assert set(imported.sync(one).rows) == {one + "x.ics"}


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_calendar_that_gets_another_ones_other_spelling_takes_nothing_from_it(imported: Dav, method: str):
    one, two, club = (imported.home + each for each in ("a@b/", "a%40b/", "club/"))
    assert imported.put(one + "x.ics", event_text("x")).status == 201
    assert imported.send("MKCALENDAR", club).status == 201
    assert imported.put(club + "y.ics", event_text("y")).status == 201
    assert imported.send(method, club, destination=two).status == 201
    assert set(imported.sync(one).rows) == {one + "x.ics"}
    assert set(imported.sync(two).rows) == {two + "y.ics"}


@pytest.mark.parametrize("method", ["DELETE", "GET", "PROPFIND"])
def test_a_repeated_request_never_reaches_another_object(marie: Dav, method: str):
    one, two = marie.agenda + "m@x.ics", marie.agenda + "m%40x.ics"
    assert marie.put(one, event_text("u1")).status == 201
    assert marie.put(two, event_text("u2")).status == 201
    assert marie.send("DELETE", two).status == 204
    assert marie.send(method, two, depth="0").status == 404
    assert marie.send("GET", one).status == 200


def test_a_name_that_went_to_another_spelling_still_finds_its_object(marie: Dav):
    one, two = marie.agenda + "m@x.ics", marie.agenda + "m%40x.ics"
    assert marie.put(one, event_text("u1")).status == 201
    assert marie.send("MOVE", one, destination=two).status == 201
    assert marie.send("GET", one).status == 200


def test_an_object_is_never_copied_beside_itself(marie: Dav):
    assert marie.put(marie.agenda + "a@b%40c@d@e@f.ics", event_text("a")).status == 201
    there = marie.agenda + "a@b@c@d@e@f.ics"
    refused = marie.send("COPY", marie.agenda + "a@b%40c@d@e@f.ics", destination=there)
    assert refused.status == 403
    moved = marie.send("MOVE", marie.agenda + "a@b%40c@d@e@f.ics", destination=there)
    assert (moved.status, moved.headers["Location"]) == (201, there)


def test_a_report_on_such_a_calendar_takes_hrefs_of_any_spelling(imported: Dav):
    marie = imported
    marie.put(marie.home + "a@b/x@y.ics", event_text("x"))
    there = {marie.home + "a@b/x@y.ics"}
    for path in (marie.home, marie.home + "a@b/", marie.home + "a%40b/"):
        for href in ("a@b/x@y.ics", "a%40b/x@y.ics", "a%40b/x%40y.ics"):
            (row,) = marie.multiget(path, [marie.home + href]).rows.values()
            assert ({row.href}, row.status) == (there, None)


def test_a_new_calendar_is_named_by_its_text(marie: Dav):
    marie.send("MKCALENDAR", marie.home + "a%40b%25/")
    assert marie.propfind(marie.home + "a%40b%25/", D + "displayname").row.text(D + "displayname") == "a@b%"


def test_what_was_deleted_comes_back_under_its_spelling(marie: Dav):
    marie.put(marie.agenda + "a%40b.ics", event_text("a"))
    marie.send("DELETE", marie.agenda + "a@b.ics")
    (item,) = (href for href in marie.propfind(marie.home + "trash/", D + "getetag", depth="1").rows if "ics" in href)
    restored = marie.send("MOVE", item, destination=marie.agenda + "b%40a.ics")
    assert (restored.status, restored.headers["Location"]) == (201, marie.agenda + "b%40a.ics")
    assert marie.send("GET", marie.agenda + "b@a.ics").status == 200


def test_a_login_is_one_person_in_every_spelling(zoe: Dav):
    zoe.put(zoe.agenda + "a.ics", event_text("a"))
    for home in ("/dav/calendars/zo%c3%a9.%c3%a9t%c3%a9/", "/dav/calendars/zoé.%C3%A9té/"):
        assert set(zoe.sync(home + "agenda/").rows) == {zoe.agenda + "a.ics"}


def statements(dav: Dav, method: str, path: str) -> int:
    """Return how many statements a request runs."""
    with dav.counting() as seen:
        dav.send(method, path)
    return len(seen)


def test_a_name_that_was_not_written_so_costs_two_more_questions_and_no_other_name_does(marie: Dav):
    for name in ("a.ics", "a@b.ics"):
        marie.put(marie.agenda + name, event_text(name))
    plain, missing = (statements(marie, "GET", marie.agenda + name) for name in ("a.ics", "missing.ics"))
    assert statements(marie, "GET", marie.agenda + "a@b.ics") == plain
    assert statements(marie, "GET", marie.agenda + "a%40b.ics") == plain + 2
    assert statements(marie, "GET", marie.agenda + "m@ssing.ics") == missing + 1


def test_a_multiget_in_another_spelling_costs_two_more_questions_for_all(marie: Dav):
    names = [f"{number}@x.ics" for number in range(20)]
    for name in names:
        marie.put(marie.agenda + name, event_text(name))
    with marie.counting() as usual:
        marie.multiget(marie.agenda, [marie.agenda + name for name in names])
    with marie.counting() as seen:
        answer = marie.multiget(marie.agenda, [marie.agenda + name.replace("@", "%40") for name in names])
    assert set(answer.rows) == {marie.agenda + name for name in names}
    assert len(seen) == len(usual) + 2
