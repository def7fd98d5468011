"""One HTTP/1.1 connection kept alive, with as little of its own cost as can be."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

RECEIVED: Final = 256 * 1024
PATIENCE: Final = 600.0
CHUNKED: Final = b"chunked"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; header names are in lower case."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


def basic(login: str, password: str) -> str:
    """Return the value of an `Authorization` header (RFC 7617)."""
    return "Basic " + b64encode(f"{login}:{password}".encode()).decode()


def request_bytes(method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return a whole request as it goes over the wire."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method in {"PUT", "POST"}:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Connection:
    """A connection to a server of this machine; connects anew where the server closes after an answer."""

    def __init__(self, port: int, patience: float = PATIENCE) -> None:
        """Remember the port; the first request connects. Whoever is silent for `patience` seconds raises OSError."""
        self._port = port
        self._patience = patience
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> Answer:
        """Send one request and return its answer, wholly read; raises OSError."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=self._patience)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        return self._receive(self._socket)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _receive(self, source: socket.socket) -> Answer:
        head, body = _head(source)
        first, _, rest = head.partition(b"\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in rest.split(b"\r\n"))
        }
        version, status = first.split(b" ")[:2]
        if headers.get(b"transfer-encoding") == CHUNKED:
            body = _chunks(source, body)
        elif b"content-length" in headers:
            body = _until(source, body, int(headers[b"content-length"]))
        elif int(status) not in {204, 304}:
            body = _rest(source, body)
            self.close()
        closing = headers.get(b"connection", b"").lower() == b"close"
        if closing or (version == b"HTTP/1.0" and b"keep-alive" not in headers.get(b"connection", b"").lower()):
            self.close()
        return Answer(int(status), headers, body)


def _head(source: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(source)
    head, _, body = data.partition(b"\r\n\r\n")
    return head, body


def _more(source: socket.socket) -> bytes:
    data = source.recv(RECEIVED)
    if not data:
        raise ConnectionError("the server closed the connection")
    return data


def _until(source: socket.socket, data: bytes, length: int) -> bytes:
    parts, have = [data], len(data)
    while have < length:
        parts.append(_more(source))
        have += len(parts[-1])
    return b"".join(parts)


def _rest(source: socket.socket, data: bytes) -> bytes:
    parts = [data]
    while part := source.recv(RECEIVED):
        parts.append(part)
    return b"".join(parts)


def _chunks(source: socket.socket, data: bytes) -> bytes:
    parts: list[bytes] = []
    while True:
        while b"\r\n" not in data:
            data += _more(source)
        size_text, _, data = data.partition(b"\r\n")
        size = int(size_text.partition(b";")[0], 16)
        data = _until(source, data, size + 2)
        if not size:
            return b"".join(parts)
        parts.append(data[:size])
        data = data[size + 2 :]
