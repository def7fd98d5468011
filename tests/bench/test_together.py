"""Many connections served by one thread: everybody is answered, and what goes wrong is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

import pytest

from bench.together import ask_together

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(slots=True)
class Counting:
    """Asks a number of times, all of them told apart."""

    asked: int = 0
    answers: list[tuple[int, bytes]] = field(default_factory=list)

    def request(self) -> bytes:
        self.asked += 1
        return b"GET / HTTP/1.1\r\n\r\n"

    def answered(self, status: int, body: bytes) -> None:
        self.answers.append((status, body))
        if status != 200:
            raise ValueError(f"HTTP {status}")


@contextmanager
def answering(answer: bytes, connections: int) -> Iterator[int]:
    """Answer every request over so many connections, in two parts; an empty answer closes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve(connection: socket.socket) -> None:
            with connection:
                while connection.recv(65536) and answer:
                    connection.sendall(answer[:20])
                    connection.sendall(answer[20:])

        def accept() -> None:
            threads = [Thread(target=serve, args=(listening.accept()[0],)) for _ in range(connections)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()

        thread = Thread(target=accept)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_everybody_asks_until_it_is_over_and_is_answered():
    askers = [Counting() for _ in range(5)]
    with answering(OK, 5) as port:
        asked = ask_together(port, askers, lambda: min(each.asked for each in askers) >= 3)
    assert all(len(each.answers) == each.asked >= 3 for each in askers)
    assert {answer for each in askers for answer in each.answers} == {(200, b"ok")}
    assert len(asked.durations) == sum(each.asked for each in askers)
    assert not asked.errors


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "HTTP 500"),
        (b"", "the server closed the connection"),
    ],
)
def test_what_goes_wrong_is_told(answer: bytes, error: str):
    asker = Counting()
    with answering(answer, 1) as port:
        asked = ask_together(port, [asker], lambda: asker.asked >= 1)
    assert asked.errors == [error]
