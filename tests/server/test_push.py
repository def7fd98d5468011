"""Sending: who is told, once, of what; what happens when a push service refuses, is away, or is not to be called."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from xml.etree import ElementTree

import pytest
from sqlalchemy import update

from protocols.outside import OUTSIDE, Policy, destination
from server import config as configuration
from server import push_delivery
from server.push import Pusher
from server.push_delivery import Outcome, Verdict
from storage.errors import NotFound
from storage.model import Client, ClientKind, CollectionPatch, Principal
from storage.push import HOME, Place, Registration, Subscriber, Wanted
from storage.push_standing import Standings
from storage.schema_push import push_registration
from storage.store import Store
from storage.tokens import parse_home_token, parse_token
from tests.server.conftest import EVENT
from tests.server.push_service import PushService, Subscription, listening

P = "{https://bitfire.at/webdav-push}"
SCHOOL = 1


class Desk:
    """A sender whose messages come here, and a teacher who registers."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.receiver = Subscription()
        self.sent: Queue[tuple[str, dict[str, str], bytes]] = Queue()
        self.outcome = Outcome(Verdict.TAKEN, "201 Created")
        self.pushers: list[Pusher] = []
        with store.reading(SCHOOL) as tx:
            self.person: Principal = tx.principals.by_login("amelie")
            (self.agenda,) = (
                each for each in tx.collections.visible(self.person, Client(ClientKind.DAV)) if each.slug == "agenda"
            )

    def pusher(self) -> Pusher:
        """Return a fresh sender, as after a restart."""
        made = Pusher(self.store, configuration.load(None, {}, {}), self._post)
        self.pushers.append(made)
        return made

    def _post(self, resource: str, headers: dict[str, str], body: bytes) -> Outcome:
        self.sent.put((resource, headers, body))
        return self.outcome

    def register(self, place: int | None = None, content: str = "1", *, properties: bool = True, until: int = 0) -> str:
        subscriber = Subscriber("https://push.example/a", self.receiver.public_key, self.receiver.secret)
        where = Place(self.person.id, self.agenda.id if place is None else place)
        with self.store.writing(SCHOOL) as tx:
            standing = Standings(tx, self.person).of(where, content)
            assert standing is not None
            wanted = Wanted(subscriber, content, properties, until or tx.now() + 1000)
            return tx.push.register(self.person.id, where, wanted, standing).id

    def write(self, uid: str) -> None:
        with self.store.writing(SCHOOL) as tx:
            tx.objects.put(self.agenda, f"{uid}.ics", EVENT.format(uid=uid).encode())

    def rename(self) -> None:
        with self.store.writing(SCHOOL) as tx:
            tx.collections.update(self.person, self.agenda, CollectionPatch(name="Cours"))

    def settle(self, pusher: Pusher) -> list[tuple[str, str, bool]]:
        """Let a sender look and send, and return the messages: topic, token, whether properties changed."""
        pusher.look()
        while pusher._under_way:
            threading.Event().wait(0.01)
        found = []
        while not self.sent.empty():
            _, _, body = self.sent.get()
            root = ElementTree.fromstring(self.receiver.opened(body))
            assert root.tag == P + "push-message"
            token = root.findtext(f"{P}content-update/{{DAV:}}sync-token") or ""
            found.append((root.findtext(P + "topic") or "", token, root.find(P + "property-update") is not None))
        return found

    def rest(self) -> None:
        """Let every pause be over."""
        with self.store.writing(SCHOOL) as tx:
            tx.connection.execute(update(push_registration).values(next_try=0))

    def all(self) -> tuple[Registration, ...]:
        with self.store.reading(SCHOOL) as tx:
            return tx.push.all()


@pytest.fixture
def desk(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(OUTSIDE, "policy", Policy())
    made = Desk(store)
    yield made
    for pusher in made.pushers:
        pusher.stop()


def test_a_change_is_told_once_with_the_token_that_is_then_true(desk: Desk) -> None:
    pusher = desk.pusher()
    desk.register()
    assert desk.settle(pusher) == []
    desk.write("a")
    ((topic, token, properties),) = desk.settle(pusher)
    with desk.store.reading(SCHOOL) as tx:
        assert topic == tx.push.key.topic(f"collection:{desk.agenda.id}")
        assert parse_token(token, SCHOOL).base == tx.changes.head(desk.agenda.id)
    assert not properties
    desk.rest()
    assert desk.settle(pusher) == []
    (one,) = desk.all()
    assert (one.last_result, one.attempts) == ("201 Created", 0)


def test_a_burst_makes_two_messages_at_most(desk: Desk) -> None:
    pusher = desk.pusher()
    desk.register()
    desk.write("a")
    assert len(desk.settle(pusher)) == 1
    for number in range(5):
        desk.write(f"b{number}")
        assert desk.settle(pusher) == []
    desk.rest()
    assert len(desk.settle(pusher)) == 1
    desk.rest()
    assert desk.settle(pusher) == []


def test_a_new_name_is_told_as_a_change_of_properties(desk: Desk) -> None:
    pusher = desk.pusher()
    desk.register()
    desk.rename()
    ((_, token, properties),) = desk.settle(pusher)
    assert (token, properties) == ("", True)
    desk.rest()
    desk.write("a")
    ((_, token, properties),) = desk.settle(pusher)
    assert (bool(token), properties) == (True, False)


@pytest.mark.parametrize(("content", "told"), [("1", 0), ("infinite", 1)])
def test_a_home_is_told_of_what_is_in_its_calendars_only_if_that_is_wanted(desk: Desk, content: str, told: int) -> None:
    pusher = desk.pusher()
    desk.register(HOME, content, properties=False)
    assert desk.settle(pusher) == []
    desk.write("a")
    found = desk.settle(pusher)
    assert len(found) == told
    if found:
        with desk.store.reading(SCHOOL) as tx:
            assert parse_home_token(found[0][1], desk.person.id, SCHOOL) == tx.changes.clock()
    desk.rest()
    desk.rename()
    assert len(desk.settle(pusher)) == 1


def test_what_happened_while_nothing_ran_is_told_after_a_restart(desk: Desk) -> None:
    desk.register()
    desk.write("a")
    assert len(desk.settle(desk.pusher())) == 1
    desk.write("b")
    desk.rest()
    restarted = desk.pusher()
    assert len(desk.settle(restarted)) == 1
    desk.rest()
    assert desk.settle(restarted) == []


def test_two_processes_tell_once(desk: Desk) -> None:
    first, second = desk.pusher(), desk.pusher()
    desk.register()
    assert desk.settle(first) == desk.settle(second) == []
    desk.write("a")
    assert len(desk.settle(first)) + len(desk.settle(second)) == 1
    desk.rest()
    assert desk.settle(first) == desk.settle(second) == []


def test_what_was_not_taken_is_sent_again_later_and_later(desk: Desk) -> None:
    pusher = desk.pusher()
    desk.register()
    desk.write("a")
    desk.outcome = Outcome(Verdict.LATER, "503 Service Unavailable")
    waits = []
    (one,) = desk.all()
    for _ in range(3):
        assert len(desk.settle(pusher)) == 1
        (one,) = desk.all()
        waits.append(one.next_try - one.last_at)
        assert desk.settle(pusher) == []
        desk.rest()
    assert waits == [10, 20, 40]
    assert one.last_result == "503 Service Unavailable"
    desk.outcome = Outcome(Verdict.LATER, "429", 600)
    assert len(desk.settle(pusher)) == 1
    (one,) = desk.all()
    assert one.next_try - one.last_at == 600
    desk.outcome = Outcome(Verdict.TAKEN, "201 Created")
    desk.rest()
    assert len(desk.settle(pusher)) == 1
    assert desk.all()[0].attempts == 0


def test_what_is_gone_is_not_told_again(desk: Desk) -> None:
    pusher = desk.pusher()
    name = desk.register()
    desk.write("a")
    desk.outcome = Outcome(Verdict.GONE, "410 Gone")
    assert len(desk.settle(pusher)) == 1
    (one,) = desk.all()
    assert (one.ended, one.last_result) == (True, "410 Gone")
    desk.rest()
    desk.write("b")
    assert desk.settle(pusher) == []
    with pytest.raises(NotFound), desk.store.writing(SCHOOL) as tx:
        tx.push.remove(desk.person.id, name)
    desk.register()
    desk.outcome = Outcome(Verdict.TAKEN, "201 Created")
    desk.write("c")
    assert len(desk.settle(pusher)) == 1


def test_what_has_expired_is_not_told(desk: Desk) -> None:
    pusher = desk.pusher()
    desk.register(until=1)
    desk.write("a")
    assert desk.settle(pusher) == []
    with desk.store.writing(SCHOOL) as tx:
        tx.push.trim()
    assert desk.all() == ()


def test_who_may_not_see_a_calendar_any_more_is_not_told_of_it(desk: Desk) -> None:
    pusher = desk.pusher()
    desk.register()
    desk.write("a")
    with desk.store.writing(SCHOOL) as tx:
        tx.principals.deactivate(desk.person.id)
    assert desk.settle(pusher) == []
    assert desk.all()[0].ended
    with desk.store.writing(SCHOOL) as tx:
        tx.principals.remove(desk.person.id)
    assert desk.all() == ()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """A push service on this machine that is trusted."""
    with listening(tmp_path) as found:
        context = ssl.create_default_context(cafile=str(found.certificate))
        monkeypatch.setattr(push_delivery, "_context", lambda: context)
        monkeypatch.setattr(OUTSIDE, "policy", Policy(private_hosts=frozenset({"localhost"})))
        yield found


ANSWERS = {
    200: Verdict.TAKEN,
    201: Verdict.TAKEN,
    202: Verdict.TAKEN,
    301: Verdict.LATER,
    307: Verdict.LATER,
    400: Verdict.LATER,
    404: Verdict.GONE,
    410: Verdict.GONE,
    413: Verdict.LATER,
    429: Verdict.LATER,
    500: Verdict.LATER,
    503: Verdict.LATER,
}


@pytest.mark.parametrize(("status", "verdict"), ANSWERS.items())
def test_an_answer_decides(service: PushService, status: int, verdict: Verdict) -> None:
    service.status = status
    found = push_delivery.post(service.resource(), {"TTL": "1"}, b"sealed")
    assert (found.verdict, found.words[:3]) == (verdict, str(status))
    path, headers, body = service.taken.get(timeout=5)
    assert (path, headers["ttl"], headers["host"], body) == ("/a", "1", f"localhost:{service.port}", b"sealed")
    assert service.taken.empty()


def test_what_is_not_to_be_called_is_not_called(service: PushService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OUTSIDE, "policy", Policy())
    found = push_delivery.post(service.resource(), {}, b"")
    assert (found.verdict, "not public" in found.words) == (Verdict.LATER, True)
    assert service.taken.empty()


def test_a_name_that_means_this_machine_by_now_is_not_called(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = ["93.184.216.34"]

    def resolve(*arguments: object, **named: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, service.port)) for number in numbers]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    resource = service.resource().replace("localhost", "push.example")
    OUTSIDE.check(destination(resource), "one")
    numbers[:] = ["127.0.0.1"]
    found = push_delivery.post(resource, {"TTL": "1"}, b"")
    assert (found.verdict, "not public" in found.words, service.taken.empty()) == (Verdict.LATER, True, True)


def test_a_service_that_is_away_or_is_not_who_it_says_is_tried_again(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_delivery, "_context", ssl.create_default_context)
    assert "CERTIFICATE_VERIFY_FAILED" in push_delivery.post(service.resource(), {}, b"").words
    assert push_delivery.post("https://localhost:1/", {}, b"").verdict is Verdict.LATER


def test_a_greeting_that_never_ends_is_cut_off(service: PushService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_delivery, "LONGEST", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()
        slow = threading.Thread(target=_drip, args=(listener, ended))
        slow.start()
        found = push_delivery.post(f"https://localhost:{listener.getsockname()[1]}/", {}, b"")
        slow.join()
    assert found.verdict is Verdict.LATER
    assert ended.is_set()


def _drip(listener: socket.socket, ended: threading.Event) -> None:
    """Begin a TLS record and send it octet by octet, until the other side has enough of it."""
    there, _ = listener.accept()
    with there:
        there.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
        for _ in range(200):
            try:
                there.sendall(b"\x00")
            except OSError:
                ended.set()
                return
            ended.wait(0.05)
