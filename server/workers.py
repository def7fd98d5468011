"""Several processes on the same listening sockets: the parent opens them and keeps its children running."""

# mypy: disallow-untyped-calls=False
# Twisted annotates only part of what is used here.

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone
from twisted.internet.protocol import Factory as NoFactory
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from server import logs
from server.config import Config
from server.serving import address_text, reactor

FIRST_SOCKET: Final = 3
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
HEALTHY_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 5.0

_log = structlog.get_logger("workers")


class Supervisor:
    """Runs the workers of one server and restarts those that die, more and more slowly."""

    def __init__(self, config: Config, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Prepare workers that repeat this command with `arguments` before `serve`."""
        self._count = config.server.workers
        # The last port is then the one for LMTP.
        self._letters = bool(config.mail.lmtp)
        self._patience = config.server.stop_timeout + GRACE_SECONDS
        self._arguments = tuple(arguments)
        self._environment = dict(environment)
        self._ports: list[Any] = []
        self._running: set[_Worker] = set()
        self._stopping = False
        self._stopped: Deferred[None] | None = None

    def run(self, listen: Callable[[Any], Deferred[Any]], started: Callable[[Sequence[str]], object]) -> bool:
        """Supervise until SIGTERM or SIGINT; False when nothing could be listened to."""
        logs.adopt_twisted()
        failures: list[object] = []

        def failed(failure: Any) -> None:
            failures.append(failure)
            _log.error("cannot listen", error=failure.getErrorMessage())
            reactor.stop()

        def listening(ports: list[Any]) -> None:
            self._open(ports)
            started(tuple(address_text(port) for port in ports))

        reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        reactor.callWhenRunning(lambda: listen(NoFactory()).addCallbacks(listening, failed))
        reactor.run()
        return not failures

    def ended(self, worker: _Worker, reason: Failure) -> None:
        """Take note of a worker's end, and start another unless the server stops."""
        self._running.discard(worker)
        if self._stopping:
            self._finish_if_alone()
            return
        healthy = reactor.seconds() - worker.began > HEALTHY_SECONDS
        pause = FIRST_PAUSE if healthy else min(LONGEST_PAUSE, worker.pause * 2)
        expected = reason.check(ProcessDone) is not None
        _log.log(30, "worker ended", reason=reason.getErrorMessage(), again_in=pause, expected=expected)
        reactor.callLater(pause, self._start, pause)

    def _open(self, ports: list[Any]) -> None:
        """Keep the sockets open without taking connections: that is the workers' part."""
        self._ports = ports
        for port in ports:
            port.stopReading()
        _log.info("listening", addresses=tuple(address_text(port) for port in ports), workers=self._count)
        for _ in range(self._count):
            self._start(FIRST_PAUSE)

    def _start(self, pause: float) -> None:
        if self._stopping:
            return
        numbers = range(FIRST_SOCKET, FIRST_SOCKET + len(self._ports))
        command = [sys.executable, "-m", "server.cli", *self._arguments, "serve"]
        letters = 1 if self._letters else 0
        command += ["--sockets", ",".join(str(number) for number in numbers[: len(numbers) - letters])]
        command += ["--letters", str(numbers[-1])] if letters else []
        # Standard input stays a pipe from here: its end tells an orphan that its parent has gone.
        descriptors: dict[int, Any] = {0: "w", 1: 1, 2: 2}
        descriptors |= {number: port.fileno() for number, port in zip(numbers, self._ports, strict=True)}
        worker = _Worker(self, pause, reactor.seconds())
        self._running.add(worker)
        reactor.spawnProcess(worker, sys.executable, command, env=self._environment, childFDs=descriptors)

    def _stop(self) -> Deferred[None] | None:
        self._stopping = True
        for port in self._ports:
            port.stopListening()
        if not self._running:
            return None
        self._stopped = Deferred()
        for worker in tuple(self._running):
            worker.tell("TERM")
        reactor.callLater(self._patience, self._kill)
        return self._stopped

    def _kill(self) -> None:
        for worker in tuple(self._running):
            worker.tell("KILL")

    def _finish_if_alone(self) -> None:
        if not self._running and self._stopped is not None:
            stopped, self._stopped = self._stopped, None
            stopped.callback(None)


class _Worker(ProcessProtocol):
    """One child: when it began, and the pause before its like is started again."""

    def __init__(self, supervisor: Supervisor, pause: float, began: float) -> None:
        self._supervisor = supervisor
        self.pause = pause
        self.began = began

    def tell(self, signal: str) -> None:
        """Send a signal, unless the child has just ended."""
        transport: Any = self.transport
        if transport is not None and transport.pid is not None:
            transport.signalProcess(signal)

    def processEnded(self, reason: Failure) -> None:
        self._supervisor.ended(self, reason)
