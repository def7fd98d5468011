"""Answers on connections of every kind: slow readers, many requests at once, and a wrapper such as TLS."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.threads import blockingCallFromThread
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from server.serving import reactor
from tests.server.conftest import Running, basic

LINES = 500_000
_FLIPPED = bytes(255 - each for each in range(256))


def request(path: str, *, last: bool = False) -> bytes:
    """Return the octets of a GET with credentials."""
    closing = "Connection: close\r\n" if last else ""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('amelie')}\r\n{closing}\r\n".encode()


def everything(wire: socket.socket) -> bytes:
    """Return what comes until the end."""
    parts = []
    while part := wire.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_reader_that_takes_its_time_gets_every_octet_in_order(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(request(f"/dav/counted?{LINES}") + request("/health/live") + request("/health/live", last=True))
        received = everything(wire)
    head, _, rest = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    lines, answers = rest[: LINES * 16].split(), rest[LINES * 16 :]
    assert [int(each) for each in lines] == list(range(LINES))
    assert answers.startswith(b"HTTP/1.1 200 ")
    assert answers.count(b"HTTP/1.1 200 ") == 2


def test_one_who_leaves_in_the_middle_of_an_answer_harms_nobody(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(request(f"/dav/counted?{LINES}"))
        assert wire.recv(100).startswith(b"HTTP/1.1 200 ")
    assert running.ask("GET", "/health/live")[0].status == 200


def hours_later(running: Running, hours: float = 2.0) -> None:
    """Let the sweep pass as it will after some hours."""
    # An answer leaves before its request is done with.
    running.on_reactor(lambda: None)
    now = running.factory.clock
    running.factory.clock = lambda: now() + hours * 3600
    running.on_reactor(running.factory.sweep)
    running.factory.clock = now


def test_one_who_waits_for_an_answer_is_never_idle(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(request("/dav/park"))
        running.until(1)
        hours_later(running)
        running.change()
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
        hours_later(running)
        assert wire.recv(1000) == b""


def test_whatever_comes_makes_a_connection_a_busy_one_again(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(request("/health/live"))
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")
        running.on_reactor(running.idle)
        whole = request("/health/live")
        wire.sendall(whole[:20])
        running.until_connected()
        running.on_reactor(running.factory.sweep)
        wire.sendall(whole[20:])
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("last", [True, False])
def test_one_who_takes_nothing_of_an_answer_is_given_up(running: Running, last: bool) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as wire:
        wire.sendall(request(f"/dav/counted?{LINES}", last=last))
        assert wire.recv(1) == b"H"
        running.until_unsent()
        (channel,) = running.on_reactor(lambda: tuple(running.factory.channels))
        running.on_reactor(running.idle)
        running.on_reactor(running.factory.sweep)
        assert running.on_reactor(lambda: channel.idle_until) > running.factory.clock()
        # What the system's own buffers still take counts as taken.
        for _ in range(100):
            if running.on_reactor(lambda: channel.idle_until) == math.inf:
                break
            running.on_reactor(running.idle)
            running.on_reactor(running.factory.sweep)
        assert running.on_reactor(lambda: channel.idle_until) == math.inf
        running.on_reactor(channel.forceAbortClient)
        running.until_gone()


class Flipped(ProtocolWrapper):
    """Turns every octet over in both directions, as TLS makes others of them: what is not turned over went past it."""

    def write(self, data: bytes) -> None:
        """Send octets turned over."""
        super().write(data.translate(_FLIPPED))

    def writeSequence(self, data: list[bytes]) -> None:
        """Send octets turned over."""
        super().writeSequence([each.translate(_FLIPPED) for each in data])

    def dataReceived(self, data: bytes) -> None:
        """Turn octets back."""
        super().dataReceived(data.translate(_FLIPPED))


@pytest.fixture
def wrapped(running: Running) -> Iterator[int]:
    """A port where the server listens behind such a wrapper."""
    factory: Any = WrappingFactory(running.factory)
    factory.protocol = Flipped
    port = blockingCallFromThread(reactor, lambda: reactor.listenTCP(0, factory, interface="127.0.0.1"))
    yield port.getHost().port
    blockingCallFromThread(reactor, port.stopListening)


@pytest.mark.parametrize("path", ["/health/live", "/dav/counted?9999"])
def test_no_octet_of_an_answer_goes_past_what_wraps_the_connection(wrapped: int, path: str) -> None:
    with socket.create_connection(("127.0.0.1", wrapped), timeout=10) as wire:
        wire.sendall(request(path, last=True).translate(_FLIPPED))
        received = everything(wire).translate(_FLIPPED)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert f"Content-Length: {len(body)}".encode() in head
