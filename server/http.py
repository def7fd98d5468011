"""HTTP/1.1 on Twisted: connections, whole requests within limits, answers. Nothing here knows of calendars."""

# mypy: disallow-untyped-calls=False
# Twisted annotates only part of its HTTP classes.

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

import structlog
from twisted.internet.abstract import FileDescriptor
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress
from twisted.python.failure import Failure
from twisted.web import http

from protocols.wire import Response
from server import outgoing
from server.incoming import Incoming, Peer, lower_headers, split_target

_log = structlog.get_logger("http")

REQUEST_FACTOR: Final = 5
HEADER_OCTETS: Final = 32 * 1024
# A body up to so many octets leaves in one piece with its head.
AT_ONCE: Final = 64 * 1024
# Asked of the module at each answer it would cost more than all the rest of a head: the module warns of old names.
_NO_BODY: Final = http.NO_BODY_CODES


class Application(Protocol):
    """What answers the requests of this server; called in the reactor's thread."""

    def limit(self, method: str, path: str) -> int:
        """Return how many octets the body of a request may have."""

    def open_to_all(self, path: str) -> bool:
        """Tell whether a path is answered without credentials."""

    def receive(self, exchange: Exchange) -> None:
        """Answer a request that is wholly read, now or later, with `exchange.reply`."""

    def lost(self, exchange: Exchange) -> None:
        """Forget a request whose client has gone."""


class Exchange(http.Request):
    """One request and its answer on a connection."""

    channel: Channel
    refused = False
    gone = False
    replied = False
    discarding = False
    received = 0
    allowed = 0

    @property
    def application(self) -> Application:
        """The application of this server."""
        return self.channel.factory.application

    def parseCookies(self) -> None:
        """Leave cookies alone: nothing here uses them."""

    def gotLength(self, length: int | None) -> None:
        """Refuse a body that is announced too large before reading any of it."""
        method, path = self.channel.begun()
        self.allowed = self.application.limit(method, path)
        if length is not None and length > self.allowed:
            self.refuse(413)
            return
        # A client that first tries without credentials will be asked for them: its body need not be kept.
        self.discarding = not (self.requestHeaders.hasHeader(b"authorization") or self.application.open_to_all(path))
        super().gotLength(0 if self.discarding else length)

    def handleContentChunk(self, data: bytes) -> None:
        """Keep a part of the body, refusing the request when it grows beyond what is allowed."""
        if self.refused:
            return
        self.received += len(data)
        if self.received > self.allowed:
            self.refuse(413)
        elif not self.discarding:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Pass a whole request on, without parsing its query or its body as a form."""
        self.method, self.uri, self.clientproto = command, path, version
        if self.refused:
            self.finish()
            return
        try:
            self.application.receive(self)
        except Exception:
            _log.exception("request failed", method=self.method.decode("latin-1"))
            self.reply(outgoing.plain(500))

    def incoming(self, locate: Callable[[Peer, dict[str, str]], tuple[str, str]]) -> Incoming:
        """Return the request as values; `locate` gives the sender's address and the server's own."""
        path, query = split_target(self.uri)
        headers = lower_headers(self.requestHeaders.getAllRawHeaders())
        address, base = locate(_peer(self.client, self.host, secure=bool(self.channel.isSecure())), headers)
        return Incoming(self.method.decode("ascii"), path, query, headers, self._body(), base, address)

    def reply(self, response: Response) -> None:
        """Send an answer; one for a client that has gone is dropped."""
        if self.gone or self.replied:
            return
        self._send(response)
        self.finish()

    def refuse(self, status: int) -> None:
        """Answer before the request is read to its end, and close the connection after that."""
        self.refused = True
        self.channel.persistent = False
        self._send(outgoing.plain(status))

    def connectionLost(self, reason: Failure) -> None:
        """Tell the application that nobody is left to answer."""
        self.gone = True
        application = self.application
        super().connectionLost(reason)
        application.lost(self)

    def _body(self) -> bytes:
        if self.content is None or not self.received or self.discarding:
            return b""
        content = cast(Any, self.content)
        content.seek(0)
        return cast(bytes, content.read())

    def _send(self, response: Response) -> None:
        self.replied = True
        self.startedWriting = 1
        self.code = response.status
        close = not self.channel.persistent or self.channel.factory.stopping
        if close:
            self.channel.persistent = False
        head = outgoing.head(response, close=close)
        bodiless = self.method == b"HEAD" or response.status in _NO_BODY
        self.sentLength = 0 if bodiless else len(response.body)
        self.channel.send(head, b"" if bodiless else response.body)
        if close:
            # Twisted would wait for ever for a client to take the rest of the last answer.
            self.channel.idle_until = self.channel.factory.clock() + cast(float, self.channel.factory.timeOut)


class Channel(http.HTTPChannel):
    """One connection: counts against slow clients from a request's first octet to its last."""

    factory: Factory
    requestFactory = Exchange
    totalHeadersSize = HEADER_OCTETS
    maxHeaders = 100
    since = 0.0
    idle_until = math.inf
    unsent_before = 0

    def connectionMade(self) -> None:
        """Join the connections of the factory."""
        self.factory.channels.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Leave the connections of the factory."""
        self.factory.channels.discard(self)
        super().connectionLost(reason)
        self.factory.left()

    def setTimeout(self, period: int | None) -> int | None:
        """Close the connection when nothing comes for so many seconds, None for never; returns what it was.

        The factory's sweep sees to it: two timers set and called off for each request are dearer than their precision.
        """
        before, self.timeOut = self.timeOut, period
        self.idle_until = math.inf if period is None else self.factory.clock() + period
        return before

    def resetTimeout(self) -> None:
        """Count from now again, if it counts at all."""
        if self.timeOut is not None and self.idle_until < math.inf:
            self.idle_until = self.factory.clock() + self.timeOut

    def expire(self) -> None:
        """Close a connection whose time is over, once."""
        self.since, self.idle_until = 0.0, math.inf
        self.timeoutConnection()

    def dataReceived(self, data: bytes) -> None:
        """Note when a request begins."""
        if not self.since and not self._handlingRequest:
            self.since = self.factory.clock()
        super().dataReceived(data)

    def allContentReceived(self) -> None:
        """Note that the request has come."""
        self.since = 0.0
        super().allContentReceived()

    def send(self, head: bytes, body: bytes) -> None:
        """Write now what the connection takes; otherwise it would leave after another turn of the reactor.

        What fails or stays is written, or told, by the reactor's next turn.
        """
        transport = cast(Any, self.transport)
        if len(body) <= AT_ONCE and _takes_at_once(transport):
            data = head + body
            sent = transport.writeSomeData(data)
            if not isinstance(sent, int):
                sent = 0
            if sent < len(data):
                self.write(data[sent:])
            return
        self.writeSequence([head, body])
        flush = getattr(transport, "doWrite", None)
        if flush is not None:
            flush()

    def unsent(self) -> int:
        """Return how many octets a plain connection has not taken yet, 0 for every other kind."""
        transport: Any = self.transport
        if not isinstance(transport, FileDescriptor):
            return 0
        waiting: int = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
        return waiting + int(getattr(transport, "_tempDataLen", 0))

    def overdue(self, now: float) -> bool:
        """Tell whether nothing has come for as long as it may, nor has anything of an answer been taken meanwhile."""
        if self.idle_until > now:
            return False
        left = self.unsent()
        if left and left != self.unsent_before:
            self.unsent_before = left
            self.idle_until = now + cast(float, self.factory.timeOut)
            return False
        return True

    def begun(self) -> tuple[str, str]:
        """Return method and path of the request whose headers have come and whose body has not."""
        target = cast(bytes, self._path)
        return self._command.decode("ascii"), split_target(target)[0]

    def idle(self) -> bool:
        """Tell whether no request is being received or answered."""
        return not self.requests

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse an address or a header that is longer than a line may be."""
        self._refuse(431 if self._receivedHeaderSize else 414)

    def _respondToBadRequestAndDisconnect(self) -> None:
        large = self._receivedHeaderSize > self.totalHeadersSize or self._receivedHeaderCount > self.maxHeaders
        self._refuse(431 if large else 400)

    def _refuse(self, status: int) -> None:
        answer = outgoing.plain(status)
        cast(Any, self.transport).writeSequence((outgoing.head(answer, close=True), answer.body))
        self.loseConnection()

    def _send100Continue(self) -> None:
        if not self.requests[-1].refused:
            super()._send100Continue()


class Factory(http.HTTPFactory):
    """Makes connections and knows those that are open."""

    protocol = Channel  # type: ignore[assignment]

    def __init__(self, application: Application, reactor: Any, timeout: float) -> None:
        """Serve an application; `timeout` is the idle time-out in seconds, a whole request may take five times that."""
        super().__init__(timeout=timeout, reactor=reactor)
        self.application = application
        self.channels: set[Channel] = set()
        self.stopping = False
        self.clock: Callable[[], float] = reactor.seconds
        self._emptied: Callable[[], None] | None = None

    def startFactory(self) -> None:
        """Start without Twisted's own access log."""

    def stopFactory(self) -> None:
        """Stop without Twisted's own access log."""

    def log(self, request: http.Request) -> None:
        """Write nothing: the application keeps the access log."""

    def sweep(self) -> None:
        """Close the connections on which nothing comes, and those whose request has been coming for too long."""
        now = self.clock()
        oldest = now - REQUEST_FACTOR * cast(float, self.timeOut)
        for channel in tuple(self.channels):
            if channel.overdue(now) or (channel.since and channel.since < oldest):
                channel.expire()

    def drain(self, emptied: Callable[[], None]) -> None:
        """Close idle connections now and the others after their answer; calls `emptied` when none is left."""
        self.stopping = True
        self._emptied = emptied
        for channel in tuple(self.channels):
            if channel.idle():
                channel.loseConnection()
        self.left()

    def left(self) -> None:
        """Tell whoever drains that the last connection has gone."""
        if self._emptied is not None and not self.channels:
            emptied, self._emptied = self._emptied, None
            emptied()


def _takes_at_once(transport: Any) -> bool:
    """Tell whether a connection is plain and has sent all it was given.

    A wrapper, such as TLS, passes every attribute of the connection inside on as its own: only its kind tells.
    """
    if not isinstance(transport, FileDescriptor) or getattr(transport, "TLS", False):
        return False
    return not getattr(transport, "dataBuffer", True) and not getattr(transport, "_tempDataBuffer", True)


def _peer(client: IAddress, host: IAddress, *, secure: bool) -> Peer:
    address = client.host if isinstance(client, IPv4Address | IPv6Address) else ""
    if not isinstance(host, IPv4Address | IPv6Address):
        return Peer(address, secure, "localhost")
    name = f"[{host.host}]" if isinstance(host, IPv6Address) else host.host
    return Peer(address, secure, f"{name}:{host.port}")
