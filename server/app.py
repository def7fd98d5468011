"""The wiring: from a request on a connection to its answer, through one hop to a thread or a wait without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, cast

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from protocols.wire import Request, Response
from server import discovery, health, mail, nightly, outgoing, pages
from server.auth import CredentialCache, Credentials, parse_basic
from server.config import Config, Network
from server.http import Exchange
from server.incoming import Incoming, Peer, believed
from server.pacing import Pace
from server.parking import Clock, Lot, Parked
from server.route import Route
from server.service import Service, Waiting
from server.throttle import Limits, Throttle
from server.watcher import Watcher, look_in_thread
from storage.store import Store

LOGIN_THREADS: Final = 2
LONGEST_LOGIN_QUEUE: Final = 2000
BUSY_SECONDS: Final = 5.0

_log = structlog.get_logger("app")


class Reactor(Clock, Protocol):
    """The part of Twisted's reactor that the application needs."""

    def callFromThread(self, callable: Callable[..., object], *args: object) -> object:
        """Call something in the reactor's thread, from any thread."""


@dataclass(slots=True, eq=False)
class Visit:
    """One request on its way: what came, who will handle it, since when, and where it waits if it does."""

    exchange: Exchange
    incoming: Incoming
    route: Route | None
    began: float
    deadline: float | None = None
    parked: Parked | None = None


@dataclass(frozen=True, slots=True)
class Pools:
    """Threads for requests, and a few for first logins, so that guessing passwords holds nobody else up."""

    requests: ThreadPool
    logins: ThreadPool

    @classmethod
    def sized(cls, threads: int) -> Pools:
        """Return pools that are not started yet."""
        return cls(ThreadPool(1, threads, "requests"), ThreadPool(1, min(LOGIN_THREADS, threads), "logins"))

    def start(self) -> None:
        """Start the threads."""
        self.requests.start()
        self.logins.start()

    def stop(self) -> None:
        """Stop the threads, after what they are at."""
        self.requests.stop()
        self.logins.stop()


class CalendarServer:
    """Answers the requests of one process; used from the reactor's thread only."""

    def __init__(self, config: Config, store: Store, find: Callable[[str], Route | None], reactor: Reactor) -> None:
        """Serve `store` to the protocols that `find` returns for a path; `start` begins."""
        section = config.server
        self._reactor = reactor
        self._find = find
        self._store = store
        self._proxies: tuple[Network, ...] = section.proxies()
        self._public_url = section.public_url
        self._largest = section.max_body
        # Bound once: an unbound logger looks its configuration up at every line.
        self._access = structlog.get_logger("access").bind() if config.log.access else None
        self._service = Service(store, *_guards(config), self._largest, mails=bool(config.mail.host))
        self._pools = Pools.sized(section.threads)
        self._lot = Lot(reactor)
        look = look_in_thread(store, partial(self._in_thread, self._pools.requests))
        self._watcher = Watcher(self._lot, look, window=section.wake_window)
        self._pace = Pace(section.device_rate, section.device_burst)
        self._mail = config.mail
        self._posting = False
        self._visits: dict[Exchange, Visit] = {}
        self._running = 0
        self._rested: Callable[[], None] | None = None

    def start(self) -> None:
        """Start the threads."""
        self._pools.start()

    def apart(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Do something in a thread, and return its result or failure in the reactor's."""
        done: Deferred[Any] = deferToThreadPool(cast("Any", self._reactor), self._pools.requests, work)
        return done

    def keep(self) -> None:
        """Look whether the night's work is due, in a thread."""
        self._in_thread(self._pools.requests, partial(nightly.work, self._store), lambda _succeeded, _result: None)

    def post(self) -> None:
        """Send what waits to be mailed, in a thread; a look while the last one is at work does nothing."""
        if self._posting or not self._mail.host:
            return
        self._posting = True
        self._in_thread(self._pools.requests, partial(mail.work, self._store, self._mail), self._posted)

    def _posted(self, _succeeded: bool, _result: object) -> None:
        self._posting = False

    def rest(self) -> Deferred[None]:
        """Answer every waiting request; the result fires when no request is being handled any more."""
        rested: Deferred[None] = Deferred()
        self._watcher.stop()
        self._rested = lambda: rested.callback(None)
        self._rest_if_idle()
        return rested

    def stop(self) -> None:
        """Stop the threads."""
        self._pools.stop()

    @property
    def waiting(self) -> int:
        """How many requests wait without a thread."""
        return len(self._lot)

    def limit(self, method: str, path: str) -> int:
        """Return how many octets the body of a request may have."""
        route = self._find(path)
        return route.limit(method, self._largest) if route is not None else min(self._largest, 1024 * 1024)

    def open_to_all(self, path: str) -> bool:
        """Tell whether a path is answered without credentials."""
        return self._find(path) is None

    def receive(self, exchange: Exchange) -> None:
        """Answer a request: at once, after one hop to a thread, or when something it waits for happens."""
        began = self._reactor.seconds()
        incoming = exchange.incoming(self._locate)
        visit = Visit(exchange, incoming, self._find(incoming.path), began)
        if visit.route is None:
            self._answer_openly(visit)
            return
        header = incoming.headers.get("authorization", "")
        credentials = parse_basic(header)
        if credentials is None:
            self._finish(visit, discovery.elsewhere(incoming, self._public_url) or outgoing.challenge())
            return
        self._admit(visit, visit.route, credentials)

    def lost(self, exchange: Exchange) -> None:
        """Forget a request whose client has gone; what a thread still finds for it is dropped."""
        visit = self._visits.pop(exchange, None)
        if visit is not None and visit.parked is not None:
            self._lot.leave(visit.parked)

    def _locate(self, peer: Peer, headers: dict[str, str]) -> tuple[str, str]:
        return believed(peer, headers, self._proxies, self._public_url)

    def _answer_openly(self, visit: Visit) -> None:
        path = visit.incoming.path
        if path == health.READY:
            self._hop(visit, self._pools.requests, partial(health.ready, self._store))
            return
        response = discovery.answer(visit.incoming) or pages.answer(visit.incoming)
        response = health.live() if path == health.LIVE else response
        self._finish(visit, response or outgoing.plain(404))

    def _admit(self, visit: Visit, route: Route, credentials: Credentials) -> None:
        """Hand a request to a thread: the few for logins when its credentials have still to be verified."""
        work = partial(self._service.serve, route, visit.incoming, credentials)
        cache, throttle = self._service.cache, self._service.throttle
        if cache.get(cache.digest(credentials)) is not None:
            early = self._too_fast(visit, route, credentials)
            if early:
                self._finish(visit, outgoing.plain(503, ("Retry-After", str(early))))
            else:
                self._hop(visit, self._pools.requests, work)
            return
        pause = throttle.pause(credentials.account, visit.incoming.address)
        if pause > 0:
            self._finish(visit, outgoing.slow_down(pause))
        elif self._pools.logins.q.qsize() > LONGEST_LOGIN_QUEUE:
            self._finish(visit, outgoing.plain(503, ("Retry-After", str(round(BUSY_SECONDS)))))
        else:
            self._hop(visit, self._pools.logins, work)

    def _too_fast(self, visit: Visit, route: Route, credentials: Credentials) -> int:
        """Return the seconds a device has to wait that asks too often, 0 for all others."""
        device = route.device(visit.incoming.query, visit.incoming.headers) if route.device else ""
        return self._pace.pause((credentials.account, device), self._reactor.seconds()) if device else 0

    def _hop(self, visit: Visit, pool: ThreadPool, work: Callable[[], Response | Waiting]) -> None:
        self._visits[visit.exchange] = visit
        self._running += 1
        self._in_thread(pool, work, partial(self._came_back, visit))

    def _in_thread(self, pool: ThreadPool, work: Callable[[], Any], done: Callable[[bool, Any], None]) -> None:
        pool.callInThreadWithCallback(partial(self._reactor.callFromThread, done), work)

    def _came_back(self, visit: Visit, succeeded: bool, outcome: Any) -> None:
        self._running -= 1
        if not succeeded:
            _log.error("thread failed", traceback=outcome.getTraceback())
            outcome = outgoing.plain(500)
        if visit.exchange.gone:
            self._visits.pop(visit.exchange, None)
        elif isinstance(outcome, Waiting):
            self._wait(visit, outcome)
        else:
            self._finish(visit, outcome)
        self._rest_if_idle()

    def _wait(self, visit: Visit, waiting: Waiting) -> None:
        now = self._reactor.seconds()
        if visit.deadline is None:
            visit.deadline = now + waiting.park.seconds
        visit.parked = Parked(
            waiting.park,
            min(visit.deadline, now + waiting.park.seconds),
            partial(self._finish, visit),
            partial(self._handle_again, visit, waiting.request),
        )
        self._watcher.admit(visit.parked)

    def _handle_again(self, visit: Visit, request: Request, _seconds_left: float) -> None:
        visit.parked = None
        if visit.route is not None:
            self._hop(visit, self._pools.requests, partial(self._service.resume, visit.route, request))

    def _finish(self, visit: Visit, response: Response) -> None:
        self._visits.pop(visit.exchange, None)
        visit.parked = None
        visit.exchange.reply(response)
        if self._access is not None:
            self._access.info(
                "request",
                method=visit.incoming.method,
                path=visit.incoming.path,
                status=response.status,
                octets=visit.exchange.sentLength,
                ms=round((self._reactor.seconds() - visit.began) * 1000, 1),
                address=visit.incoming.address,
            )

    def _rest_if_idle(self) -> None:
        if self._rested is not None and not self._running:
            rested, self._rested = self._rested, None
            rested()


def _guards(config: Config) -> tuple[CredentialCache, Throttle]:
    auth = config.auth
    limits = Limits(
        auth.account_failures, auth.address_failures, auth.first_delay, auth.longest_delay, float(auth.remembered)
    )
    return CredentialCache(float(auth.cache_seconds), auth.cache_size), Throttle(limits)
