"""The time zone service: actions, forms, conditions and errors (RFC 7808)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from protocols.tzdist import app
from protocols.wire import Response
from storage import zone_database
from storage.contentlines import parse
from storage.ical_vtimezone import vtimezone
from storage.zones import declared_zone

BASE = "https://cadran.example"
YEAR = "start=2026-01-01T00:00:00Z&end=2027-01-01T00:00:00Z"


def ask(path: str, query: str = "", method: str = "GET", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.answer(method, (path, query), named, BASE)


def told(path: str, query: str = "") -> Any:
    found = ask("/timezones" + path, query)
    assert (found.status, dict(found.headers)["Content-Type"]) == (200, "application/json")
    return json.loads(found.body)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/.well-known/timezone", "/timezones"),
        ("/.well-known/timezone/", "/timezones"),
        ("/.well-known/timezone/capabilities", "/timezones/capabilities"),
    ],
)
def test_the_service_is_found(path: str, location: str) -> None:
    found = ask(path)
    assert (found.status, dict(found.headers)["Location"]) == (301, BASE + location)
    assert app.mine(path)
    assert not app.mine("/.well-known/timezones")
    assert not app.mine("/timezonesx")


def test_capabilities_name_every_action_and_what_it_takes() -> None:
    found = told("/capabilities")
    assert found["version"] == 1
    assert found["info"]["primary-source"] == f"IANA:{zone_database.version()}"
    actions = {each["name"]: {one["name"]: one["required"] for one in each["parameters"]} for each in found["actions"]}
    assert actions == {
        "capabilities": {},
        "list": {"changedsince": False},
        "get": {"start": False, "end": False},
        "expand": {"start": True, "end": True, "changedsince": False},
        "find": {"pattern": True},
        "leapseconds": {},
    }


def test_every_zone_is_listed_once_and_can_be_had() -> None:
    found = told("/zones")
    names = [zone["tzid"] for zone in found["timezones"]]
    assert len(names) == len(set(names)) > 300
    paris = next(zone for zone in found["timezones"] if zone["tzid"] == "Europe/Paris")
    assert paris["aliases"] == ["Europe/Monaco"]
    assert dict(ask("/timezones/zones/Europe%2FParis").headers)["ETag"] == f'"{paris["etag"]}"'
    datetime.strptime(paris["last-modified"], "%Y-%m-%dT%H:%M:%SZ")
    assert told("/zones", f"changedsince={found['synctoken']}")["timezones"] == []
    assert told("/zones", "changedsince=2019c") == found


FOUND = {
    "Europe/Paris": {"Europe/Paris"},
    "europe/paris": {"Europe/Paris"},
    "*paris": {"Europe/Paris"},
    "Europe/Par*": {"Europe/Paris"},
    "*e/par*": {"Europe/Paris"},
    "US/Eastern": {"America/New_York"},
    "America/New York": {"America/New_York"},
    "Nowhere": set(),
    r"\*paris": set(),
}


@pytest.mark.parametrize(("text", "names"), FOUND.items())
def test_zones_are_found_by_patterns(text: str, names: set[str]) -> None:
    assert {zone["tzid"] for zone in told("/zones", f"pattern={text}")["timezones"]} == names


@pytest.mark.parametrize("name", ["Europe/Paris", "Europe%2FParis"])
def test_a_zone_is_described(name: str) -> None:
    found = ask("/timezones/zones/" + name)
    assert dict(found.headers)["Content-Type"] == "text/calendar; charset=utf-8"
    assert vtimezone("Europe/Paris").encode() in found.body
    assert "max-age" in dict(found.headers)["Cache-Control"]


def test_another_name_says_whose_it_is() -> None:
    (zone,) = parse(ask("/timezones/zones/US/Eastern").body).components
    assert (zone.text("TZID"), zone.text("TZID-ALIAS-OF")) == ("US/Eastern", "America/New_York")


@pytest.mark.parametrize(
    "tzid", ["Europe/Paris", "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca", "Etc/UTC"]
)
@pytest.mark.parametrize("end", ["", "&end=2029-03-01T00:00:00Z"])
def test_a_truncated_zone_is_right_inside(tzid: str, end: str) -> None:
    body = ask(f"/timezones/zones/{tzid}", "start=2024-02-01T12:00:00Z" + end).body
    (zone,) = parse(body).components
    assert (zone.text("TZUNTIL") == "20290301T000000Z") is bool(end)
    described, real = declared_zone(body.replace(tzid.encode(), b"Own").decode()), ZoneInfo(tzid)
    for day in range(0, 365 * 5, 3):
        at = datetime(2024, 2, 1, 13, tzinfo=UTC) + timedelta(days=day)
        assert at.astimezone(described).utcoffset() == at.astimezone(real).utcoffset(), at


def test_a_zone_that_begins_late_goes_on() -> None:
    body = ask("/timezones/zones/Europe/Paris", "start=2060-01-01T00:00:00Z").body
    described = declared_zone(body.replace(b"Europe/Paris", b"Own").decode())
    assert datetime(2061, 7, 1, tzinfo=UTC).astimezone(described).utcoffset() == timedelta(hours=2)


ACCEPTED = {
    "": "text/calendar",
    "*/*": "text/calendar",
    "text/calendar": "text/calendar",
    "application/calendar+json": "application/calendar+json",
    "text/*;q=0.1, application/calendar+json": "application/calendar+json",
    "text/calendar;q=0, */*": "application/calendar+json",
    "text/html;q=0.9, text/calendar;q=0.3": "text/calendar",
}


@pytest.mark.parametrize(("accept", "kind"), ACCEPTED.items())
def test_the_form_is_the_one_that_is_accepted(accept: str, kind: str) -> None:
    found = ask("/timezones/zones/Europe/Paris", accept=accept)
    assert dict(found.headers)["Content-Type"] == f"{kind}; charset=utf-8"
    if kind.endswith("json"):
        assert json.loads(found.body)[2][0][0] == "vtimezone"


def test_a_zone_is_expanded() -> None:
    found = told("/zones/Europe/Paris/observances", YEAR)
    assert (found["tzid"], found["start"], found["end"]) == (
        "Europe/Paris",
        "2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    )
    assert found["observances"] == [
        {"name": "CET", "onset": "2026-01-01T00:00:00Z", "utc-offset-from": 3600, "utc-offset-to": 3600},
        {"name": "CEST", "onset": "2026-03-29T01:00:00Z", "utc-offset-from": 3600, "utc-offset-to": 7200},
        {"name": "CET", "onset": "2026-10-25T01:00:00Z", "utc-offset-from": 7200, "utc-offset-to": 3600},
    ]
    assert (
        told("/zones/Europe/Paris/observances", f"{YEAR}&changedsince={zone_database.version()}")["observances"] == []
    )
    turn = told("/zones/Europe/Paris/observances", "start=2026-03-29T01:00:00Z&end=2026-04-01T00:00:00Z")
    assert [(each["utc-offset-from"], each["utc-offset-to"]) for each in turn["observances"]] == [(3600, 7200)]


def test_leap_seconds_are_told() -> None:
    found = told("/leapseconds")
    assert found["leapseconds"][:2] == [
        {"utc-offset": 10, "onset": "1972-01-01"},
        {"utc-offset": 11, "onset": "1972-07-01"},
    ]
    assert {"utc-offset": 37, "onset": "2017-01-01"} in found["leapseconds"]
    assert found["expires"] > "2017-01-01"


@pytest.mark.parametrize("path", ["/capabilities", "/zones", "/zones/Europe/Paris", "/leapseconds"])
def test_what_a_client_has_is_not_sent_again(path: str) -> None:
    tag = dict(ask("/timezones" + path).headers)["ETag"]
    again = ask("/timezones" + path, if_none_match=f'"other", {tag}')
    assert (again.status, again.body, dict(again.headers)["ETag"]) == (304, b"", tag)
    assert ask("/timezones" + path, if_none_match='"other"').status == 200


ERRORS = {
    "no action": ("", "", 400, "invalid-action"),
    "another action": ("/nothing", "", 400, "invalid-action"),
    "below a zone": ("/zones/Europe/Paris/x", "", 404, "tzid-not-found"),
    "a parameter nobody knows": ("/zones", "x=1", 400, "invalid-action"),
    "a parameter of another action": ("/zones/Europe/Paris", "pattern=x", 400, "invalid-action"),
    "too long a query": ("/zones", "pattern=" + "x" * 3000, 400, "invalid-action"),
    "too many parameters": ("/zones", "&".join("pattern=x" for _ in range(50)), 400, "invalid-action"),
    "a token of another service": ("/zones", "changedsince=1234", 400, "invalid-changedsince"),
    "a token from the future": ("/zones", "changedsince=2999a", 400, "invalid-changedsince"),
    "a token twice": ("/zones", "changedsince=2019c&changedsince=2019c", 400, "invalid-changedsince"),
    "both list and find": ("/zones", "changedsince=2019c&pattern=x", 400, "invalid-changedsince"),
    "no zone": ("/zones/Mars/Base", "", 404, "tzid-not-found"),
    "a path": ("/zones/..%2F..%2Fetc%2Fpasswd", "", 404, "tzid-not-found"),
    "a file of the database": ("/zones/tzdata.zi", "", 404, "tzid-not-found"),
    "not UTF-8": ("/zones/%ff", "", 404, "tzid-not-found"),
    "letter case": ("/zones/europe/paris", "", 404, "tzid-not-found"),
    "no start": ("/zones/Europe/Paris/observances", "end=2027-01-01T00:00:00Z", 400, "invalid-start"),
    "no end": ("/zones/Europe/Paris/observances", "start=2026-01-01T00:00:00Z", 400, "invalid-end"),
    "a day": ("/zones/Europe/Paris", "start=2026-01-01", 400, "invalid-start"),
    "no such day": ("/zones/Europe/Paris", "start=2026-02-30T00:00:00Z", 400, "invalid-start"),
    "too early": ("/zones/Europe/Paris", "start=1900-01-01T00:00:00Z", 400, "invalid-start"),
    "too late": ("/zones/Europe/Paris", "end=9999-01-01T00:00:00Z", 400, "invalid-end"),
    "backwards": ("/zones/Etc/UTC", "start=2026-01-01T00:00:00Z&end=2025-01-01T00:00:00Z", 400, "invalid-end"),
    "an empty pattern": ("/zones", "pattern=", 400, "invalid-pattern"),
    "only an asterisk": ("/zones", "pattern=*", 400, "invalid-pattern"),
    "only asterisks": ("/zones", "pattern=**", 400, "invalid-pattern"),
    "an asterisk inside": ("/zones", "pattern=Eu*Paris", 400, "invalid-pattern"),
}


@pytest.mark.parametrize(("path", "query", "status", "name"), ERRORS.values(), ids=ERRORS)
def test_what_is_wrong_is_said_by_name(path: str, query: str, status: int, name: str) -> None:
    found = ask("/timezones" + path, query)
    assert (found.status, dict(found.headers)["Content-Type"]) == (status, "application/problem+json")
    said = json.loads(found.body)
    assert (said["type"], said["status"]) == (f"urn:ietf:params:tzdist:error:{name}", status)


def test_other_forms_and_methods_are_refused() -> None:
    assert json.loads(ask("/timezones/zones/Etc/UTC", accept="text/html").body)["type"].endswith(":invalid-format")
    assert ask("/timezones/zones", method="POST").status == 405
    assert ask("/timezones/zones", method="HEAD").status == 200
