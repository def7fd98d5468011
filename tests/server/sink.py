"""A mail server that takes letters into memory, or refuses them as told."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message


@dataclass
class Sink:
    """Letters taken, with envelopes; `refusal` is what recipients are answered instead, `port` where it listens."""

    letters: list[Message] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)
    refusal: str = ""
    port: int = 0


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        sink: Sink = self.server.sink  # type: ignore[attr-defined]
        sender = recipient = ""
        self._say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("QUIT"):
                self._say("221 bye")
                return
            if verb.startswith("MAIL FROM:"):
                sender = line.partition("<")[2].partition(">")[0]
            elif verb.startswith("RCPT TO:"):
                recipient = line.partition("<")[2].partition(">")[0]
                if sink.refusal:
                    self._say(sink.refusal)
                    continue
            elif verb == "DATA":
                self._say("354 go on")
                self._take(sink, (sender, recipient))
            self._say("250 ok")

    def _take(self, sink: Sink, envelope: tuple[str, str]) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        sink.envelopes.append(envelope)
        sink.letters.append(email.message_from_bytes(b"".join(lines)))

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def listening() -> Iterator[Sink]:
    """Yield a mail server on the loopback."""
    sink = Sink()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        server.sink = sink  # type: ignore[attr-defined]
        sink.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield sink
        server.shutdown()
        thread.join(5)
