"""Letters that a mail server brings over a real socket: what is taken is committed, what is not says why (RFC 2033)."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import blockingCallFromThread

from server import config as configuration
from server import lmtp
from server.courier import Courier
from server.imip import LARGEST
from server.lmtp import LetterBoxes
from server.serving import listen_on, reactor
from storage import itip
from storage.contentlines import parse
from storage.errors import Busy
from storage.model import Principal
from storage.store import Store
from tests.server.test_mail import PARENT, line, marie, write
from tests.server.test_mail import answer as reply
from tests.server.test_mail import letter as written
from tests.storage.meetings import MARIE, PARIS, calendar, event, invited

__all__ = ["marie"]
HERE = "marie@ecole.example"


def listening(endpoint: str, boxes: LetterBoxes) -> Any:
    """Open a port."""
    ports: Any = blockingCallFromThread(reactor, listen_on((endpoint,)), boxes)
    return ports[0]


@pytest.fixture
def port(store: Store, running: Any) -> Iterator[int]:
    """The port of a listener that works in the threads of a running server."""
    boxes = LetterBoxes(Courier(store), running.server.apart)
    opened = listening("tcp:0:interface=127.0.0.1", boxes)
    yield opened.getHost().port
    blockingCallFromThread(reactor, opened.stopListening)
    for box in tuple(boxes.open):
        transport: Any = box.transport
        reactor.callFromThread(transport.abortConnection)


Bring = Callable[..., dict[str, Any]]


@pytest.fixture
def bring(port: int) -> Bring:
    """Bring a letter to recipients; returns the refusals by recipient."""

    def send(data: bytes, *recipients: str) -> dict[str, Any]:
        with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
            try:
                return client.sendmail("mx@dehors.example", recipients, data)
            except smtplib.SMTPRecipientsRefused as refused:
                return refused.recipients
            except smtplib.SMTPResponseException as refused:
                return dict.fromkeys(recipients, (refused.smtp_code, refused.smtp_error))

    return send


@pytest.mark.parametrize("recipient", [HERE, "Marie+cadran@Ecole.example"])
def test_an_answer_is_committed_when_the_letter_is_taken(store: Store, marie: Principal, bring: Bring, recipient: str):
    write(store, marie, *invited(MARIE, PARENT))
    assert bring(reply("ACCEPTED"), recipient) == {}
    assert line(store, marie, PARENT) == ("ACCEPTED", "2.0")


def test_each_recipient_has_a_reply_of_their_own(store: Store, marie: Principal, bring: Bring):
    invitation = written("REQUEST", calendar(event(*invited(MARIE, by=PARENT))), PARENT)
    refused = bring(invitation, HERE, "nobody@ecole.example")
    assert {who: code for who, (code, _) in refused.items()} == {"nobody@ecole.example": 550}
    with store.reading(1) as tx:
        (entry,) = tx.objects.entries(next(e for e in tx.collections.subscribed(marie) if e.slug == "agenda"))
    assert entry.schedule_tag


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"Subject: Bonjour\r\n\r\nPas d'agenda ici.\r\n", 554),
        (written("REPLY", "BEGIN:VCALENDAR", PARENT), 554),
        (written("REQUEST", calendar(event(*invited(MARIE, by=MARIE))), MARIE), 550),
        (written("REQUEST", calendar(event(*invited("mailto:x@y.example", by=PARENT))), PARENT), 550),
        (b"x" * (LARGEST + 10), 552),
    ],
)
def test_what_cannot_be_acted_on_is_refused_for_good(marie: Principal, bring: Bring, data: bytes, code: int):
    assert {status for status, _ in bring(data, HERE).values()} == {code}


def test_a_busy_database_asks_the_mail_server_to_come_again(
    store: Store, marie: Principal, bring: Bring, monkeypatch: pytest.MonkeyPatch
):
    def busy(*_arguments: object) -> None:
        raise Busy

    monkeypatch.setattr("server.imip.take", busy)
    assert {status for status, _ in bring(reply("ACCEPTED"), HERE).values()} == {451}


def test_a_fault_of_ours_is_no_refusal(marie: Principal, bring: Bring, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.imip.take", lambda *_: 1 / 0)
    assert {status for status, _ in bring(reply("ACCEPTED"), HERE).values()} == {451}


def test_something_published_is_left_in_the_inbox(store: Store, marie: Principal, bring: Bring):
    lines = (f"ORGANIZER:{PARENT}", "SUMMARY:Fête du village")
    assert bring(written("PUBLISH", calendar(event(*lines)), PARENT), HERE) == {}
    with store.writing(1) as tx:
        box = tx.inbox.of(marie)
        (entry,) = tx.objects.entries(box)
        assert parse(tx.objects.get(box, entry.href).ical).text("METHOD") == "PUBLISH"
        agenda = next(each for each in tx.collections.subscribed(marie) if each.slug == "agenda")
        assert tx.objects.entries(agenda) == []


def test_an_answer_that_was_given_before_the_last_one_changes_nothing(store: Store, marie: Principal, bring: Bring):
    write(store, marie, *invited(MARIE, PARENT))
    late = reply("DECLINED").replace(b"DTSTAMP:20261101", b"DTSTAMP:20261031")
    assert bring(reply("ACCEPTED"), HERE) == {}
    assert bring(late, HERE) == {}
    assert line(store, marie, PARENT)[0] == "ACCEPTED"


def test_instances_that_are_added_are_added_to_the_copy(store: Store, marie: Principal, bring: Bring):
    series = event(*invited(MARIE, by=PARENT), "RRULE:FREQ=WEEKLY;COUNT=2")
    more = event(*invited(MARIE, by=PARENT), "SEQUENCE:1", "LOCATION:Salle 3", start="20261201T100000Z")
    assert bring(written("REQUEST", calendar(series), PARENT), HERE) == {}
    for _ in range(2):
        assert bring(written("ADD", calendar(more), PARENT), HERE) == {}
    with store.reading(1) as tx:
        agenda = next(each for each in tx.collections.subscribed(marie) if each.slug == "agenda")
        (entry,) = tx.objects.entries(agenda)
        found = itip.read(tx.objects.get(agenda, entry.href).ical, PARIS)
        mails = [each.method for each in tx.outbox.latest()]
    assert found.dates("RDATE") == {key for key in found.parts if key is not None}
    assert [each.text("LOCATION") for key, each in found.parts.items() if key is not None] == ["Salle 3"]
    assert mails == []


def test_what_cannot_be_added_makes_one_ask_for_the_whole(store: Store, marie: Principal, bring: Bring):
    assert (
        bring(written("REQUEST", calendar(event(*invited(MARIE, by=PARENT), "RRULE:FREQ=DAILY")), PARENT), HERE) == {}
    )
    more = event(*invited(MARIE, by=PARENT), "SEQUENCE:7", start="20261201T100000Z")
    for _ in range(2):
        assert bring(written("ADD", calendar(more), PARENT), HERE) == {}
    with store.reading(1) as tx:
        assert [(each.method, each.recipient) for each in tx.outbox.latest()] == [("REFRESH", PARENT)]


def talk(port: int, *lines: bytes) -> list[bytes]:
    """Say everything at once and return the codes of the replies."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"".join(line + b"\r\n" for line in lines))
        said = b""
        while piece := connection.recv(65536):
            said += piece
    return [line[:3] for line in said.splitlines() if line[3:4] == b" "]


TO = b"RCPT TO:<marie@ecole.example>"


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ((b"EHLO x",), [b"500"]),
        ((b"HELO x",), [b"500"]),
        ((b"LHLO",), [b"501"]),
        ((b"MAIL FROM:<>",), [b"503"]),
        ((b"LHLO x", b"RCPT TO:<a@b>"), [b"250", b"503"]),
        ((b"LHLO x", b"DATA"), [b"250", b"503"]),
        ((b"LHLO x", b"MAIL FROM:<a@b> SIZE=99999999"), [b"250", b"552"]),
        ((b"LHLO x", b"MAIL FROM:a@b"), [b"250", b"501"]),
        (
            (b"LHLO x", b"MAIL FROM:<>", b"RCPT TO:<>", b"RCPT TO:<x@y>", b"DATA"),
            [b"250", b"250", b"501", b"550", b"503"],
        ),
        ((b"LHLO x", b"MAIL FROM:<>", TO, b"RSET", b"DATA"), [b"250", b"250", b"250", b"250", b"503"]),
        ((b"LHLO x", b"MAIL FROM:<>", *[TO] * 51), [b"250", b"250", *[b"250"] * 50, b"452"]),
        ((b"\xff\x00", b"NOOP", b"VRFY marie"), [b"500", b"250", b"252"]),
        ((b"NOOP " + b"x" * 5000,), [b"500"]),
    ],
)
def test_commands_come_in_their_order_and_may_come_together(
    marie: Principal, port: int, lines: tuple[bytes, ...], codes: list[bytes]
):
    assert talk(port, *lines, b"QUIT") == [b"220", *codes, b"221"]


def test_a_line_without_end_closes_the_connection(port: int):
    assert talk(port, b"x" * (2 * lmtp.LONGEST_LINE)) == [b"220", b"500"]


def test_a_client_that_only_errs_is_sent_away(port: int):
    assert len(talk(port, *[b"WHAT"] * (lmtp.MOST_ERRORS + 5))) == 1 + lmtp.MOST_ERRORS


def test_a_dot_at_the_head_of_a_line_is_not_the_end(marie: Principal, port: int):
    letter = (b"LHLO x", b"MAIL FROM:<>", TO, b"DATA", b"Subject: x", b"", b"..", b"..hidden", b".", b"QUIT")
    assert talk(port, *letter) == [b"220", b"250", b"250", b"250", b"354", b"554", b"221"]


def test_a_letter_that_turns_out_too_large_is_refused_for_each_recipient(marie: Principal, port: int):
    text = [b"x" * 60_000] * (LARGEST // 60_000 + 1)
    codes = talk(port, b"LHLO x", b"MAIL FROM:<>", TO, TO, b"DATA", *text, b".", b"NOOP", b"QUIT")
    assert codes == [b"220", b"250", b"250", b"250", b"250", b"354", b"552", b"552", b"250", b"221"]


def test_a_port_without_an_interface_is_open_to_this_machine_alone(tmp_path: Path):
    def setting(value: str) -> str:
        return configuration.load(None, {"data": tmp_path, "mail": {"lmtp": value}}, {}).mail.lmtp

    assert setting("tcp:2424") == "tcp:2424:interface=127.0.0.1"
    assert setting("tcp:2424:interface=10.0.0.1") == "tcp:2424:interface=10.0.0.1"
    assert setting("unix:/run/cadran/lmtp.sock") == "unix:/run/cadran/lmtp.sock"


def test_a_local_socket_is_a_place_to_listen_too(store: Store, marie: Principal, running: Any, tmp_path: Path):
    write(store, marie, *invited(MARIE, PARENT))
    boxes, path = LetterBoxes(Courier(store), running.server.apart), tmp_path / "lmtp.sock"
    opened = listening(f"unix:{path}", boxes)
    with smtplib.LMTP(str(path), timeout=20) as client:
        assert client.sendmail("mx@dehors.example", [HERE], reply("TENTATIVE")) == {}
    blockingCallFromThread(reactor, opened.stopListening)
    assert line(store, marie, PARENT)[0] == "TENTATIVE"
