"""WebDAV-Push over the protocol: what is offered, registering, renewing, ending, keeping quiet."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from protocols.outside import OUTSIDE, Lookups, Policy
from storage.push import LONGEST_SECONDS, MOST_OF_PERSON, Registration
from storage.push_standing import Standings, news
from tests.protocols.caldav.client import Answer, D, Dav, event_text
from tests.server.push_service import Subscription

P = "{https://bitfire.at/webdav-push}"
LOCAL = "https://localhost:9/abc"
CONTENT = "<P:content-update><D:sync-level>infinite</D:sync-level></P:content-update>"
PROPERTIES = "<P:property-update><D:depth>0</D:depth></P:property-update>"


@pytest.fixture(autouse=True)
def local_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let push services be on this machine."""
    monkeypatch.setattr(OUTSIDE, "policy", Policy(private_hosts=frozenset({"localhost"})))


def subscription(resource: str = LOCAL, key: str = "", secret: str = "", name: str = "subscription") -> str:
    one = Subscription()
    return (
        f"<P:web-push-subscription><P:push-resource>{resource}</P:push-resource>"
        "<P:content-encoding>aes128gcm</P:content-encoding>"
        f'<P:{name}-public-key type="p256dh">{key or one.public_key}</P:{name}-public-key>'
        f"<P:auth-secret>{secret or one.secret}</P:auth-secret></P:web-push-subscription>"
    )


def body(inner: str | None = None, trigger: str = CONTENT + PROPERTIES, more: str = "") -> str:
    told = subscription() if inner is None else inner
    return (
        '<P:push-register xmlns:P="https://bitfire.at/webdav-push" xmlns:D="DAV:">'
        f"<P:subscription>{told}</P:subscription><P:trigger>{trigger}</P:trigger>{more}</P:push-register>"
    )


def register(client: Dav, path: str, text: str | None = None) -> Answer:
    return client.send("POST", path, text or body(), content_type="application/xml; charset=utf-8")


def registered(client: Dav) -> list[Registration]:
    with client.store.reading(client.person.school_id) as tx:
        return list(tx.push.of_person(client.person.id))


def owed(client: Dav) -> list[tuple[bool, bool]]:
    """Return what each registration has still to be told: content, properties."""
    with client.store.reading(client.person.school_id) as tx:
        standings = Standings(tx, client.person)
        found = []
        for each in tx.push.of_person(client.person.id):
            standing = standings.of(each.place, each.content)
            assert standing is not None
            told = news(each, standing)
            found.append((told.content, told.properties))
        return found


def test_calendars_and_the_home_say_what_can_be_had(marie: Dav, leo: Dav) -> None:
    assert "webdav-push" in marie.send("OPTIONS", marie.agenda).headers["DAV"]
    names = (P + "transports", P + "topic", P + "supported-triggers")
    row = marie.propfind(marie.agenda, *names).row
    key = row.props[200][names[0]].find(f"{P}web-push/{P}vapid-public-key")
    assert key is not None
    assert (key.get("type"), len(key.text or "")) == ("p256ecdsa", 87)
    assert row.names(names[2]) == {P + "content-update", D + "sync-level", P + "property-update", D + "depth"}
    assert marie.propfind(marie.home, *names).row.names(names[2]) == {P + "content-update", D + "sync-level"}
    topics = {marie.propfind(path, names[1]).row.text(names[1]) for path in (marie.agenda, marie.home, marie.tasks)}
    topics |= {leo.propfind(path, names[1]).row.text(names[1]) for path in (leo.agenda, leo.home)}
    assert len(topics) == 5
    assert 404 in marie.propfind(marie.home + "inbox/", *names).row.props


def test_a_client_registers_renews_and_ends(marie: Dav) -> None:
    first = register(marie, marie.agenda)
    assert (first.status, first.body) == (204, b"")
    location = first.headers["Location"]
    assert location.startswith("https://cadran.example/dav/push/")
    ends = parsedate_to_datetime(first.headers["Expires"]).timestamp() - datetime.now(UTC).timestamp()
    assert LONGEST_SECONDS - 60 < ends <= LONGEST_SECONDS
    assert register(marie, marie.agenda).headers["Location"] == location
    assert register(marie, marie.agenda, body(subscription(LOCAL + "2"))).headers["Location"] != location
    assert register(marie, marie.home).headers["Location"] != location
    assert sorted(each.content for each in registered(marie)) == ["1", "1", "infinite"]
    path = location.removeprefix("https://cadran.example")
    assert marie.send("DELETE", path).status == 204
    assert marie.send("DELETE", path).status == 404
    assert len(registered(marie)) == 2


def test_a_registration_is_nobody_elses(marie: Dav, leo: Dav) -> None:
    path = register(marie, marie.agenda).headers["Location"].removeprefix("https://cadran.example")
    for method in ("DELETE", "GET", "PROPFIND"):
        assert leo.send(method, path, depth="0").status == 404
    assert register(leo, marie.agenda).status in {403, 404}
    assert register(leo, marie.home).status in {403, 404}
    assert len(registered(marie)) == 1
    assert registered(leo) == []


def test_the_older_name_of_the_key_is_understood(marie: Dav) -> None:
    assert register(marie, marie.agenda, body(subscription(name="client"))).status == 204


def test_an_end_that_is_asked_for_is_kept(marie: Dav) -> None:
    at = datetime.fromtimestamp(int(datetime.now(UTC).timestamp()) + 4 * 86_400, UTC)
    wish = f"<P:expires>{at:%a, %d %b %Y %H:%M:%S} GMT</P:expires>"
    assert parsedate_to_datetime(register(marie, marie.agenda, body(more=wish)).headers["Expires"]) == at
    assert register(marie, marie.agenda, body(more="<P:expires>soon</P:expires>")).status == 400
    past = "<P:expires>Wed, 20 Dec 2023 10:03:31 GMT</P:expires>"
    assert register(marie, marie.agenda, body(more=past)).status == 400


REFUSED = {
    "nothing": ("", CONTENT, "invalid-subscription"),
    "two": (subscription() + subscription(), CONTENT, "invalid-subscription"),
    "another transport": ("<P:pigeon/>", CONTENT, "invalid-subscription"),
    "no key": (subscription().replace("subscription-public-key", "x"), CONTENT, "invalid-subscription"),
    "no point": (subscription(key="AAAA"), CONTENT, "invalid-subscription"),
    "another type": (subscription().replace("p256dh", "rsa"), CONTENT, "invalid-subscription"),
    "a short secret": (subscription(secret="AAAA"), CONTENT, "invalid-subscription"),
    "an odd secret": (subscription(secret="é"), CONTENT, "invalid-subscription"),
    "another coding": (subscription().replace("aes128gcm", "aesgcm"), CONTENT, "invalid-subscription"),
    "no https": (subscription("http://localhost/"), CONTENT, "invalid-subscription"),
    "this machine": (subscription("https://127.0.0.1/"), CONTENT, "invalid-subscription"),
    "the machine's host": (subscription("https://169.254.169.254/latest"), CONTENT, "invalid-subscription"),
    "a neighbour": (subscription("https://[fd00::1]/"), CONTENT, "invalid-subscription"),
    "no trigger": (None, "", "no-supported-trigger"),
    "another trigger": (None, "<P:weather/>", "no-supported-trigger"),
}


@pytest.mark.parametrize(("inner", "trigger", "name"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_by_name(marie: Dav, inner: str | None, trigger: str, name: str) -> None:
    found = register(marie, marie.agenda, body(inner, trigger))
    assert (found.status, found.errors) == (403, (P + name,))
    assert registered(marie) == []


def test_what_has_no_push_says_so(marie: Dav, monkeypatch: pytest.MonkeyPatch) -> None:
    assert register(marie, marie.home + "inbox/").errors == (P + "push-not-available",)
    assert register(marie, marie.home, body(trigger=PROPERTIES)).errors == (P + "no-supported-trigger",)
    assert register(marie, marie.agenda, "<x/>").status == 400
    assert register(marie, marie.agenda, "<x").status == 400
    assert register(marie, marie.home + "nothing/").status == 404
    monkeypatch.setattr(OUTSIDE, "policy", Policy(enabled=False))
    assert register(marie, marie.agenda).errors == (P + "push-not-available",)
    assert "webdav-push" not in marie.send("OPTIONS", marie.agenda).headers["DAV"]
    assert 404 in marie.propfind(marie.agenda, P + "transports").row.props


def test_one_person_cannot_register_without_end(marie: Dav) -> None:
    register(marie, marie.agenda)
    with marie.store.writing(marie.person.school_id) as tx:
        (one,) = tx.push.of_person(marie.person.id)
    for number in range(1, MOST_OF_PERSON):
        assert register(marie, marie.agenda, body(subscription(f"{LOCAL}{number}"))).status == 204
    assert register(marie, marie.agenda, body(subscription(LOCAL + "x"))).errors == (P + "push-not-available",)
    assert register(marie, marie.agenda).status == 204
    assert one.id in {each.id for each in registered(marie)}


def test_what_happens_is_owed_to_whoever_asked_for_it(marie: Dav) -> None:
    register(marie, marie.agenda)
    register(marie, marie.home)
    register(marie, marie.tasks, body(trigger=PROPERTIES))
    assert owed(marie) == [(False, False)] * 3
    marie.put(marie.agenda + "a.ics", event_text("a"))
    assert sorted(owed(marie)) == [(False, False), (True, False), (True, False)]


def test_a_new_name_is_a_change_of_properties(marie: Dav) -> None:
    register(marie, marie.agenda)
    patch = '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>Cours</D:displayname></D:prop></D:set>'
    assert marie.send("PROPPATCH", marie.agenda, patch + "</D:propertyupdate>").status == 207
    assert owed(marie) == [(False, True)]


def test_whoever_writes_may_keep_quiet(marie: Dav) -> None:
    location = register(marie, marie.agenda).headers["Location"]
    register(marie, marie.agenda, body(subscription(LOCAL + "2")))
    marie.put(marie.agenda + "a.ics", event_text("a"), push_dont_notify=f'"{location}"')
    assert sorted(owed(marie)) == [(False, False), (True, False)]
    marie.put(marie.agenda + "b.ics", event_text("b"), push_dont_notify="*")
    assert sorted(owed(marie)) == [(False, False), (True, False)]


def test_news_of_another_change_is_not_kept_quiet(marie: Dav) -> None:
    register(marie, marie.agenda)
    marie.put(marie.agenda + "a.ics", event_text("a"))
    marie.put(marie.agenda + "b.ics", event_text("b"), push_dont_notify="*")
    assert owed(marie) == [(True, False)]


@pytest.mark.parametrize("header", ["", '"', '"x"', '"https://other.example/dav/push/x"', "x" * 10_000, '"/dav/%ff"'])
def test_a_header_that_names_nothing_keeps_nothing_quiet(marie: Dav, header: str) -> None:
    register(marie, marie.agenda)
    assert marie.put(marie.agenda + "a.ics", event_text("a"), push_dont_notify=header).status == 201
    assert owed(marie) == [(True, False)]


def test_a_service_that_cannot_be_looked_up_now_may_be_later(marie: Dav, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OUTSIDE, "_registering", Lookups(most=0))
    answer = register(marie, marie.agenda)
    assert (answer.status, answer.headers["Retry-After"], registered(marie)) == (503, "60", [])
