"""Running: listening sockets, signals, a clean stop. The one place that knows the global reactor."""

# mypy: disallow-untyped-calls=False
# Twisted annotates only part of what is used here.

from __future__ import annotations

import gc
import os
import resource
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from server import logs, mail, nightly, push
from server.app import CalendarServer
from server.config import Config, ConfigError
from server.courier import Courier
from server.http import Factory
from server.jobs import Jobs
from server.lmtp import LetterBoxes
from server.route import Route
from storage.store import Store

SWEEP_SECONDS: Final = 5.0
BACKLOG: Final = 1024

# Twisted's reactor is a module that becomes an object at import: it has no type of its own.
reactor: Any = _reactor
_log = structlog.get_logger("serving")


class Serving:
    """One serving process, from listening to the last answer."""

    def __init__(
        self, config: Config, store: Store, find: Callable[[str], Route | None], *, child: bool = False
    ) -> None:
        """Prepare to serve a store; nothing listens before `run`. A `child` stops when its standard input ends."""
        self._child = child
        self._timeout = config.server.stop_timeout
        self._server = CalendarServer(config, store, find, reactor)
        self._jobs = Jobs(store, config)
        self._server.deposited = self._jobs.wake
        self._server.known_secret = self._jobs.known
        self._factory = Factory(self._server, reactor, float(config.server.timeout))
        self._sweeping = LoopingCall(self._factory.sweep)
        self._keeping = LoopingCall(self._server.keep)
        self._posting = LoopingCall(self._server.post)
        self._pushing = LoopingCall(self._server.push)
        self._letters = LetterBoxes(Courier(store), self._server.apart)
        self._ports: list[Any] = []
        self._overdue = False

    def run(
        self,
        listen: Callable[[Any], Deferred[Any]],
        started: Callable[[Sequence[str]], object],
        letters: Callable[[Any], Deferred[Any]] | None = None,
    ) -> bool:
        """Serve until SIGTERM or SIGINT; False when nothing could be listened to.

        `listen` opens the ports, `letters` the one for LMTP if there is to be one; `started` is told the addresses once
        requests are taken.
        """
        both = listen if letters is None else self._both(listen, letters)
        logs.adopt_twisted()
        allow_connections()
        failures: list[object] = []
        reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        reactor.callWhenRunning(self._begin, both, started, failures)
        reactor.run()
        self._jobs.ask_to_stop()
        if self._overdue or not self._jobs.join(self._timeout):
            # A thread that does not come back cannot be ended; what it has not committed is undone.
            self._server.tell()
            os._exit(0)
        self._server.stop()
        return not failures

    def _both(
        self, listen: Callable[[Any], Deferred[Any]], letters: Callable[[Any], Deferred[Any]]
    ) -> Callable[[Any], Deferred[Any]]:
        def opened(factory: Any) -> Deferred[Any]:
            return listen(factory).addCallback(
                lambda ports: letters(self._letters).addCallback(lambda more: [*ports, *more])
            )

        return opened

    def _begin(
        self,
        listen: Callable[[Factory], Deferred[Any]],
        started: Callable[[Sequence[str]], object],
        failures: list[object],
    ) -> None:
        def listening(ports: list[Any]) -> None:
            self._ports = ports
            for port in ports:
                # All phones come back at once after a restart: Twisted's queue of 50 would turn them away.
                port.socket.listen(BACKLOG)
            addresses = tuple(address_text(port) for port in ports)
            _log.info("listening", addresses=addresses)
            started(addresses)

        def failed(failure: Any) -> None:
            failures.append(failure)
            _log.error("cannot listen", error=failure.getErrorMessage())
            reactor.stop()

        calm_collector()
        self._jobs.start()
        if self._child:
            StandardIO(_Orphan())
        self._sweeping.start(SWEEP_SECONDS, now=False)
        self._keeping.start(nightly.LOOK_SECONDS, now=False)
        self._posting.start(mail.LOOK_SECONDS, now=False)
        self._pushing.start(push.LOOK_SECONDS, now=False)
        listen(self._factory).addCallbacks(listening, failed)

    def _stop(self) -> Deferred[None]:
        """Take no more connections, answer those that wait, let the others end, close; bounded in time."""
        _log.info("stopping", waiting=self._server.waiting)
        stopped: Deferred[None] = Deferred()
        timer = reactor.callLater(self._timeout, self._give_up, stopped)

        def finished() -> None:
            if not stopped.called:
                timer.cancel()
                stopped.callback(None)

        self._jobs.ask_to_stop()
        self._factory.stopping = True
        for regular in (self._sweeping, self._keeping, self._posting, self._pushing):
            if regular.running:
                regular.stop()
        closing = DeferredList([maybeDeferred(port.stopListening) for port in self._ports], consumeErrors=True)
        closing.addCallback(lambda _: self._server.rest())
        closing.addCallback(lambda _: self._factory.drain(finished))
        return stopped

    def _give_up(self, stopped: Deferred[None]) -> None:
        self._overdue = True
        _log.warning("stopped before every answer was sent", connections=len(self._factory.channels))
        if not stopped.called:
            stopped.callback(None)


class _Orphan(Protocol):
    """Standard input of a worker: its end means that the parent has gone."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reactor.running:
            reactor.stop()


def listen_on(endpoints: Sequence[str], key: str = "server.listen") -> Callable[[Any], Deferred[Any]]:
    """Return how to listen on Twisted endpoint strings; raises ConfigError for one that means nothing.

    `key` is the setting that they come from.
    """
    prepared = []
    for text in endpoints:
        try:
            prepared.append(serverFromString(reactor, text))
        except (ValueError, TypeError, LookupError, ImportError) as error:
            reason = f"{text!r} is no endpoint, such as tcp:8008:interface=127.0.0.1 ({error})"
            raise ConfigError(((key, reason),)) from error

    def listen(factory: Any) -> Deferred[Any]:
        opened: Deferred[Any] = DeferredList(
            [endpoint.listen(factory) for endpoint in prepared], fireOnOneErrback=True, consumeErrors=True
        )
        opened.addErrback(_first_failure)
        return opened.addCallback(lambda results: [port for _, port in results])

    return listen


def adopt(sockets: Sequence[int]) -> Callable[[Any], Deferred[Any]]:
    """Return how to take connections from listening sockets inherited from the parent process."""

    def listen(factory: Any) -> Deferred[Any]:
        return maybeDeferred(lambda: [_adopted(number, factory) for number in sockets])

    return listen


def allow_connections() -> None:
    """Raise this process's limit on open files, one for each waiting phone, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def calm_collector() -> None:
    """Keep the garbage collector off what lives as long as the process, and let it look less often.

    A listing of ten thousand rows makes objects by the ten thousand, and none of them in cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def address_text(port: Any) -> str:
    """Return the address of a listening port as `host:port`, or the path of a local socket."""
    address = port.getHost()
    if not hasattr(address, "host"):
        name = getattr(address, "name", address)
        return os.fsdecode(name) if isinstance(name, bytes | str) else str(name)
    return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"


def _first_failure(failure: Any) -> Any:
    return failure.value.subFailure


def _adopted(number: int, factory: Any) -> Any:
    with socket.socket(fileno=number) as inherited:
        return reactor.adoptStreamPort(number, inherited.family, factory)
