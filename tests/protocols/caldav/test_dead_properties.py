"""Properties that only clients understand: kept with what they belong to, for whoever wrote them (RFC 4918, 4)."""

import pytest

from storage.dead_properties import DeadProperties
from tests.protocols.caldav.client import SPACES, C, D, Dav, event_text
from tests.protocols.caldav.test_properties_written import make, patch

MOOD, WEATHER = "{urn:example}mood", "{urn:example}weather"
ALL = f"<D:propfind {SPACES}><D:allprop/></D:propfind>"
NAMES = f"<D:propfind {SPACES}><D:propname/></D:propfind>"


def mood(text: str, name: str = "mood") -> str:
    """Return a dead property."""
    return f'<x:{name} xmlns:x="urn:example">{text}</x:{name}>'


def keep(client: Dav, path: str, inner: str, action: str = "set") -> set[int]:
    """Write properties; returns the statuses."""
    return set(client.send("PROPPATCH", path, patch(inner, action)).row.props)


@pytest.fixture
def event(marie: Dav) -> str:
    """The address of an event, with another one beside it."""
    for name in ("a", "b"):
        assert marie.put(f"{marie.agenda}{name}.ics", event_text(name)).status == 201
    return marie.agenda + "a.ics"


@pytest.mark.parametrize("which", ["home", "agenda", "event"])
def test_a_property_is_kept_until_it_is_removed(marie: Dav, event: str, which: str):
    path = event if which == "event" else getattr(marie, which)
    assert keep(marie, path, mood("gai &amp; vif") + mood("neige", "weather")) == {200}
    row = marie.propfind(path, MOOD, WEATHER).row
    assert (row.text(MOOD), row.text(WEATHER)) == ("gai & vif", "neige")
    assert keep(marie, path, mood("triste")) == {200}
    assert keep(marie, path, mood("", "weather"), "remove") == {200}
    row = marie.propfind(path, MOOD, WEATHER).row
    assert (row.text(MOOD), set(row.props[404])) == ("triste", {WEATHER})
    assert keep(marie, path, mood("", "weather"), "remove") == {200}


def test_a_value_keeps_its_form(marie: Dav):
    value = '<x:mood xmlns:x="urn:example" xmlns:y="urn:y" y:k="1"><y:deep D:a="2">a<y:b/>é</y:deep> tail</x:mood>'
    update = f'<D:propertyupdate {SPACES} xml:lang="fr"><D:set><D:prop>{value}</D:prop></D:set></D:propertyupdate>'
    assert set(marie.send("PROPPATCH", marie.agenda, update).row.props) == {200}
    found = marie.propfind(marie.agenda, MOOD).row.props[200][MOOD]
    assert found.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert found.get("{urn:y}k") == "1"
    (deep,) = found
    assert (deep.tag, deep.get(D + "a"), deep.text, deep.tail) == ("{urn:y}deep", "2", "a", " tail")
    assert [(each.tag, each.tail) for each in deep] == [("{urn:y}b", "é")]


def test_what_is_asked_last_counts(marie: Dav):
    both = f"<D:propertyupdate {SPACES}><D:set><D:prop>{mood('gai')}</D:prop></D:set>"
    both += f"<D:remove><D:prop>{mood('')}</D:prop></D:remove></D:propertyupdate>"
    assert set(marie.send("PROPPATCH", marie.agenda, both).row.props) == {200}
    assert set(marie.propfind(marie.agenda, MOOD).row.props) == {404}


def test_nothing_is_kept_beside_a_refusal(marie: Dav):
    assert keep(marie, marie.agenda, mood("gai") + "<D:getetag/>") == {403, 424}
    assert set(marie.propfind(marie.agenda, MOOD).row.props) == {404}


@pytest.mark.parametrize("which", ["agenda", "event"])
def test_all_properties_hold_the_dead_ones_too(marie: Dav, event: str, which: str):
    path = event if which == "event" else marie.agenda
    keep(marie, path, mood("gai"))
    for depth in ("0", "1"):
        for body in (ALL, NAMES):
            rows = marie.send("PROPFIND", path if depth == "0" else marie.agenda, body, depth=depth).rows
            assert MOOD in rows[path].props[200]
            assert all(MOOD not in row.props[200] for href, row in rows.items() if href != path)
            assert all(set(row.props) == {200} for row in rows.values())


def test_listings_and_reports_tell_them(marie: Dav, event: str):
    keep(marie, event, mood("100 % gai"))
    multiget = f"<C:calendar-multiget {SPACES}><D:prop><D:getetag/>{mood('')}<C:calendar-data/></D:prop>"
    multiget += f"<D:href>{event}</D:href><D:href>{marie.agenda}b.ics</D:href></C:calendar-multiget>"
    answers = (
        marie.propfind(marie.agenda, D + "getetag", MOOD, WEATHER, depth="1"),
        marie.sync(marie.agenda, names=(D + "getetag", MOOD)),
        marie.send("REPORT", marie.agenda, multiget),
    )
    for answer in answers:
        assert answer.rows[event].text(MOOD) == "100 % gai"
        assert answer.rows[event].text(D + "getetag")
        assert MOOD in answer.rows[marie.agenda + "b.ics"].props[404]
    assert set(answers[0].rows[event].props[404]) == {WEATHER}


def test_everyone_has_their_own(marie: Dav, leo: Dav):
    keep(marie, marie.home, mood("gai"))
    assert set(leo.propfind(leo.home, MOOD).row.props) == {404}
    refused = marie.send("PROPPATCH", marie.timetable, patch(mood("gai")))
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))


def test_they_do_not_move_the_calendar(marie: Dav, event: str):
    token = marie.sync(marie.agenda).token
    keep(marie, event, mood("gai"))
    assert marie.sync(marie.agenda, token).rows == {}


def test_they_go_where_their_object_goes(marie: Dav, event: str):
    keep(marie, event, mood("gai"))
    marie.send("MKCALENDAR", marie.home + "club/")
    copied, moved = marie.home + "club/c.ics", marie.agenda + "m.ics"
    assert marie.send("COPY", event, destination=copied).status == 201
    assert marie.send("MOVE", event, destination=moved).status == 201
    assert marie.propfind(copied, MOOD).row.text(MOOD) == marie.propfind(moved, MOOD).row.text(MOOD) == "gai"
    assert marie.put(event, event_text("new")).status == 201
    assert set(marie.propfind(event, MOOD).row.props) == {404}


def test_they_end_with_what_they_belong_to(marie: Dav, event: str):
    path = marie.home + "club/"
    assert marie.send("MKCALENDAR", path, make(mood("neuf"))).status == 201
    assert marie.propfind(path, MOOD).row.text(MOOD) == "neuf"
    marie.put(path + "a.ics", event_text("a"))
    keep(marie, path + "a.ics", mood("gai"))
    keep(marie, event, mood("gai"))
    marie.send("DELETE", event)
    marie.send("DELETE", path)
    with marie.store.reading(marie.person.school_id) as tx:
        assert tx.dead_properties.count(marie.person.id) == 0


def test_so_many_and_no_more_are_kept(marie: Dav, monkeypatch: pytest.MonkeyPatch):
    many = "".join(mood("x", f"m{number}") for number in range(100))
    assert keep(marie, marie.agenda, many) == {200}
    row = marie.send("PROPPATCH", marie.agenda, patch(mood("x", "m1") + mood("x", "more"))).row
    assert set(row.props) == {507}
    assert keep(marie, marie.agenda, mood("y", "m1")) == {200}
    monkeypatch.setattr(DeadProperties, "count", lambda store, principal: 5_000)
    assert marie.send("PROPPATCH", marie.home, patch(mood("x"))).status == 507
    assert marie.send("MKCALENDAR", marie.home + "club/", make(mood("x"))).status == 507
    assert marie.propfind(marie.home + "club/", C + "x").status == 404
    assert keep(marie, marie.agenda, mood("", "m1"), "remove") == {200}


def test_a_listing_reads_them_in_one_statement(marie: Dav, event: str):
    counts = []
    for last in (1, 20):
        for number in range(last):
            marie.put(f"{marie.agenda}{number}.ics", event_text(str(number)))
            keep(marie, f"{marie.agenda}{number}.ics", mood(str(number)))
        with marie.counting() as seen:
            marie.propfind(marie.agenda, MOOD, depth="1")
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6
