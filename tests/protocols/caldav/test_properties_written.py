"""PROPPATCH, MKCALENDAR and extended MKCOL: all or nothing, and told property by property."""

import pytest

from tests.protocols.caldav.client import CS, SPACES, A, C, D, Dav, event_text

ZONE = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VTIMEZONE\nTZID:Europe/Paris\nBEGIN:STANDARD\n"
ZONE += "DTSTART:19961027T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n"


def patch(inner: str, action: str = "set") -> str:
    """Return a propertyupdate."""
    update = f"<D:{action}><D:prop>{inner}</D:prop></D:{action}>"
    return f"<D:propertyupdate {SPACES}>{update}</D:propertyupdate>"


def make(inner: str, root: str = "C:mkcalendar") -> str:
    """Return the body of a creation."""
    return f"<{root} {SPACES}><D:set><D:prop>{inner}</D:prop></D:set></{root}>"


VALUES = {
    D + "displayname": ("<D:displayname>Été &amp; hiver</D:displayname>", "Été & hiver"),
    A + "calendar-color": ("<A:calendar-color>#12ab34FF</A:calendar-color>", "#12ab34FF"),
    A + "calendar-order": ("<A:calendar-order>7</A:calendar-order>", "7"),
    C + "calendar-description": ("<C:calendar-description>Cours, réunions</C:calendar-description>", "Cours, réunions"),
    C + "calendar-timezone": (f"<C:calendar-timezone><![CDATA[{ZONE}]]></C:calendar-timezone>", ZONE.strip()),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_property_is_kept_as_sent(marie: Dav, name: str):
    inner, value = VALUES[name]
    assert set(marie.send("PROPPATCH", marie.agenda, patch(inner)).row.props) == {200}
    assert marie.propfind(marie.agenda, name).row.text(name) == value


def test_a_colour_may_have_a_name(marie: Dav):
    marie.send("PROPPATCH", marie.agenda, patch("<A:calendar-color>Blue</A:calendar-color>"))
    assert marie.propfind(marie.agenda, A + "calendar-color").row.text(A + "calendar-color") == "#0000FF"


@pytest.mark.parametrize("name", sorted(set(VALUES) - {D + "displayname", A + "calendar-order"}))
def test_a_removed_property_is_gone(marie: Dav, name: str):
    marie.send("PROPPATCH", marie.agenda, patch(VALUES[name][0]))
    empty = f"<x:{name.rpartition('}')[2]} xmlns:x='{name[1:].partition('}')[0]}'/>"
    assert set(marie.send("PROPPATCH", marie.agenda, patch(empty, "remove")).row.props) == {200}
    assert set(marie.propfind(marie.agenda, name).row.props) == {404}


def test_a_calendar_without_a_name_is_called_by_its_address(marie: Dav):
    marie.send("PROPPATCH", marie.agenda, patch("<D:displayname/>", "remove"))
    assert marie.propfind(marie.agenda, D + "displayname").row.text(D + "displayname") == "agenda"


REFUSALS = {
    "<D:getetag>x</D:getetag>": (D + "getetag", 403, (D + "cannot-modify-protected-property",)),
    "<D:resourcetype/>": (D + "resourcetype", 403, (D + "cannot-modify-protected-property",)),
    "<CS:getctag>1</CS:getctag>": (CS + "getctag", 403, (D + "cannot-modify-protected-property",)),
    "<D:mood>good</D:mood>": (D + "mood", 403, ()),
    f'<x:mood xmlns:x="urn:example">{"x" * 17_000}</x:mood>': ("{urn:example}mood", 507, ()),
    "<A:calendar-color>reddish</A:calendar-color>": (A + "calendar-color", 409, ()),
    "<A:calendar-order>first</A:calendar-order>": (A + "calendar-order", 409, ()),
    "<A:calendar-order>9999999999</A:calendar-order>": (A + "calendar-order", 409, ()),
    "<C:calendar-timezone>Europe/Paris</C:calendar-timezone>": (
        C + "calendar-timezone",
        403,
        (C + "valid-calendar-data",),
    ),
    "<C:calendar-timezone>BEGIN:VCALENDAR\nEND:VCALENDAR\n</C:calendar-timezone>": (
        C + "calendar-timezone",
        403,
        (C + "valid-calendar-data",),
    ),
    f"<C:calendar-description>{'x' * 10_001}</C:calendar-description>": (C + "calendar-description", 409, ()),
}


@pytest.mark.parametrize(("inner", "told"), REFUSALS.items(), ids=[told[0] for told in REFUSALS.values()])
def test_one_refused_property_leaves_all_unchanged(marie: Dav, inner: str, told: tuple[str, int, tuple[str, ...]]):
    name, status, errors = told
    row = marie.send("PROPPATCH", marie.agenda, patch("<D:displayname>Neuf</D:displayname>" + inner)).row
    assert {code: set(props) for code, props in row.props.items()} == {status: {name}, 424: {D + "displayname"}}
    assert row.errors == errors
    assert marie.propfind(marie.agenda, D + "displayname").row.text(D + "displayname") == "Mon agenda"
    assert marie.sync(marie.agenda).rows == {}


def test_a_read_only_calendar_keeps_its_properties(marie: Dav):
    refused = marie.send("PROPPATCH", marie.timetable, patch("<D:displayname>Neuf</D:displayname>"))
    assert (refused.status, refused.errors) == (403, (D + "need-privileges",))


def test_nothing_else_has_properties_to_write(marie: Dav):
    marie.put(marie.agenda + "a.ics", event_text("a"))
    for path in ("/dav/", marie.principal, "/dav/calendars/"):
        for inner in ("<D:displayname>Neuf</D:displayname>", '<x:mood xmlns:x="urn:example"/>'):
            assert set(marie.send("PROPPATCH", path, patch(inner)).row.props) == {403}
    for path in (marie.home, marie.agenda + "a.ics"):
        row = marie.send("PROPPATCH", path, patch("<D:displayname>Neuf</D:displayname>")).row
        assert set(row.props) == {403}


def test_a_client_that_wants_little_gets_an_empty_answer(marie: Dav):
    done = marie.send("PROPPATCH", marie.agenda, patch(VALUES[A + "calendar-order"][0]), prefer="return=minimal")
    assert (done.status, done.body) == (200, b"")
    told = marie.send("PROPPATCH", marie.agenda, patch("<D:getetag/>"), prefer="return=minimal")
    assert set(told.row.props) == {403}


def test_a_calendar_is_made_with_its_properties(marie: Dav):
    path = marie.home + "projet/"
    inner = "".join(text for text, _ in VALUES.values())
    inner += '<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set>'
    assert marie.send("MKCALENDAR", path, make(inner)).status == 201
    row = marie.propfind(path, *VALUES, C + "supported-calendar-component-set").row
    assert {name: row.text(name) for name in VALUES} == {name: value for name, (_, value) in VALUES.items()}
    assert [each.get("name") for each in row.props[200][C + "supported-calendar-component-set"]] == ["VTODO"]
    refused = marie.put(path + "a.ics", event_text("a"))
    assert (refused.status, refused.errors) == (403, (C + "supported-calendar-component",))


def test_a_calendar_is_made_from_nothing_and_deleted(marie: Dav):
    path = marie.home + "Vacances%20d%E2%80%99%C3%A9t%C3%A9/"
    assert marie.send("MKCALENDAR", path).status == 201
    assert marie.propfind(path, D + "displayname").row.text(D + "displayname") == "Vacances d’été"
    assert path in marie.propfind(marie.home, D + "displayname", depth="1").rows
    assert marie.put(path + "a.ics", event_text("a")).status == 201
    again = marie.send("MKCALENDAR", path)
    assert (again.status, again.errors) == (403, (D + "resource-must-be-null",))
    assert marie.send("DELETE", path, depth="0").status == 400
    assert marie.send("DELETE", path, depth="infinity").status == 204
    assert marie.propfind(path, D + "displayname").status == 404
    assert marie.send("GET", path + "a.ics").status == 404


TYPE = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"


def test_a_new_calendar_holds_every_kind_unless_told(marie: Dav):
    name = C + "supported-calendar-component-set"
    assert marie.send("MKCALENDAR", marie.home + "tout/").status == 201
    kinds = marie.propfind(marie.home + "tout/", name).row.props[200][name]
    assert [each.get("name") for each in kinds] == ["VEVENT", "VTODO", "VJOURNAL"]


def test_davx5_makes_a_calendar_by_extended_mkcol(marie: Dav):
    inner = TYPE + "<D:displayname>Club</D:displayname><C:calendar-timezone-id>Europe/Paris</C:calendar-timezone-id>"
    assert marie.send("MKCOL", marie.home + "club/", make(inner, "D:mkcol")).status == 201
    assert marie.propfind(marie.home + "club/", D + "displayname").row.text(D + "displayname") == "Club"


def test_only_calendars_are_made(marie: Dav):
    refused = marie.send("MKCOL", marie.home + "dossier/")
    assert (refused.status, refused.errors) == (403, (D + "valid-resourcetype",))


def test_a_calendar_with_an_unknown_property_is_not_made(marie: Dav):
    inner = "<D:displayname>Club</D:displayname><D:mood>good</D:mood>"
    row = marie.send("MKCALENDAR", marie.home + "club/", make(inner)).row
    assert {code: set(props) for code, props in row.props.items()} == {
        403: {D + "mood"},
        424: {D + "displayname"},
    }
    refused = marie.send("MKCOL", marie.home + "club/", make(TYPE + inner, "D:mkcol"))
    assert refused.status == 403
    assert b"mkcol-response" in refused.body
    assert marie.propfind(marie.home + "club/", D + "displayname").status == 404


@pytest.mark.parametrize("path", ["agenda/dedans.ics", "x" * 129 + "/"])
def test_calendars_are_made_in_the_home_only(marie: Dav, path: str):
    refused = marie.send("MKCALENDAR", marie.home + path)
    assert (refused.status, refused.errors) == (403, (C + "calendar-collection-location-ok",))


def test_a_calendar_of_unknown_components_is_not_made(marie: Dav):
    inner = '<C:supported-calendar-component-set><C:comp name="VPOLL"/></C:supported-calendar-component-set>'
    refused = marie.send("MKCALENDAR", marie.home + "club/", make(inner))
    assert (refused.status, refused.errors) == (403, (C + "supported-calendar-component",))


@pytest.mark.parametrize("slug", ["agenda", "emploi-du-temps", "rendez-vous", "taches"])
def test_the_calendars_everyone_has_stay(marie: Dav, slug: str):
    refused = marie.send("DELETE", f"{marie.home}{slug}/")
    reason = C + "default-calendar-needed" if slug == "agenda" else D + "need-privileges"
    assert (refused.status, refused.errors) == (403, (reason,))


def test_a_calendar_of_someone_else_is_not_made(marie: Dav, leo: Dav):
    assert leo.send("MKCALENDAR", marie.home + "club/").status == 403
    assert marie.send("MKCALENDAR", leo.home + "club/").status == 403
