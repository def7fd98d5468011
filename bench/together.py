"""Many connections that ask again and again, served by one thread: a crowd that costs less than those it asks."""

from __future__ import annotations

import heapq
import selectors
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Protocol

RECEIVED: Final = 256 * 1024
LONGEST_WAIT: Final = 0.1
# Somebody who has not been answered after so long never will be.
PATIENCE: Final = 60.0
LENGTH: Final = b"content-length:"


class Asker(Protocol):
    """Somebody with a connection and always one more request."""

    def request(self) -> bytes:
        """Return the next request."""

    def answered(self, status: int, body: bytes) -> None:
        """Take the answer; raises ValueError for a wrong one."""


@dataclass(slots=True)
class Asked:
    """What was met with: seconds of each answer in their order, errors in words, how long it all took."""

    durations: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True)
class _Line:
    asker: Asker
    connection: socket.socket
    began: float = 0.0
    data: bytes = b""


def ask_together(port: int, askers: Sequence[Asker], over: Callable[[], bool], pause: float = 0.0) -> Asked:
    """Let everybody ask over a connection of their own until `over`, pausing after each answer; all are then answered.

    A connection that breaks or stays silent is an error, and asks no more.
    """
    asked = Asked()
    began = perf_counter()
    # They begin spread over one pause: phones do not act in step.
    due = [(began + pause * at / len(askers), at) for at in range(len(askers))]
    lines = [_Line(asker, _connected(port)) for asker in askers]
    with selectors.DefaultSelector() as selector:
        for at, line in enumerate(lines):
            selector.register(line.connection, selectors.EVENT_READ, at)
        waiting: set[int] = set()
        while due or waiting:
            now = perf_counter()
            if over():
                due.clear()
            while due and due[0][0] <= now:
                _, at = heapq.heappop(due)
                _send(lines[at])
                waiting.add(at)
            for key, _ in selector.select(min(LONGEST_WAIT, max(0.0, due[0][0] - now)) if due else LONGEST_WAIT):
                at = int(key.data)
                outcome = _receive(lines[at], asked)
                if outcome is None:
                    continue
                waiting.discard(at)
                if outcome:
                    heapq.heappush(due, (perf_counter() + pause, at))
                else:
                    selector.unregister(lines[at].connection)
            for at in [each for each in waiting if now - lines[each].began > PATIENCE]:
                asked.errors.append("no answer")
                waiting.discard(at)
                selector.unregister(lines[at].connection)
    asked.seconds = perf_counter() - began
    for line in lines:
        line.connection.close()
    return asked


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _send(line: _Line) -> None:
    request = line.asker.request()
    line.began = perf_counter()
    line.connection.sendall(request)


def _receive(line: _Line, asked: Asked) -> bool | None:
    """Take what has come: True when the answer is whole, None while it comes, False when nothing more can."""
    try:
        part = line.connection.recv(RECEIVED)
    except OSError as failure:
        asked.errors.append(type(failure).__name__)
        return False
    if not part:
        asked.errors.append("the server closed the connection")
        return False
    line.data += part
    whole = _answer(line.data)
    if whole is None:
        return None
    asked.durations.append(perf_counter() - line.began)
    line.data = b""
    try:
        line.asker.answered(*whole)
    except ValueError as failure:
        asked.errors.append(str(failure))
    return True


def _answer(data: bytes) -> tuple[int, bytes] | None:
    """Return status and body of an answer with a Content-Length, None while it is not whole."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return None
    lower = head.lower()
    at = lower.find(LENGTH)
    length = int(lower[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return (int(head.split(b" ", 2)[1]), body) if len(body) >= length else None
