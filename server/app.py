"""The wiring: from a request on a connection to its answer, through one hop to a thread or a wait without one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

import structlog
from twisted.internet.defer import Deferred

import protocols.feeds.app as feeds
from protocols.tzdist import app as tzdist
from protocols.wire import Request, Response
from server import discovery, health, mail, nightly, outgoing, pages
from server.access_log import AccessLog
from server.auth import CredentialCache, Credentials, parse_basic
from server.config import Config, Network
from server.http import Exchange
from server.incoming import Incoming, Peer, believed
from server.pacing import Pace
from server.parking import Clock, Lot, Parked
from server.push import Pusher
from server.route import SMALL, Route
from server.scanning import scanner_of
from server.service import Means, Service, Waiting, told_path
from server.threads import Pool
from server.throttle import Limits, Throttle
from server.watcher import Watcher, look_in_thread
from storage.model import Principal
from storage.store import Store

LOGIN_THREADS: Final = 2
LONGEST_LOGIN_QUEUE: Final = 2000
LONGEST_OPEN_QUEUE: Final = 50
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

    requests: Pool
    logins: Pool

    @classmethod
    def sized(cls, threads: int, reactor: Reactor) -> Pools:
        """Return pools whose threads start when they are needed."""
        call = reactor.callFromThread
        return cls(Pool("requests", threads, call), Pool("logins", min(LOGIN_THREADS, threads), call))

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
        self._near = store.near
        self._proxies: tuple[Network, ...] = section.proxies()
        self._public_url = section.public_url
        self._largest = section.max_body
        told = config.log.access and config.log.level in {"debug", "info"}
        after = partial(reactor.callLater, 0)
        self._access = AccessLog(sys.stderr, after, as_json=config.log.as_json) if told else None
        means = Means(scanner_of(config.attachments), mails=bool(config.mail.host))
        self._service = Service(store, *_guards(config), self._largest, means)
        self._pools = Pools.sized(section.threads, reactor)
        self._lot = Lot(reactor)
        look = look_in_thread(store, self._pools.requests.submit)
        stirred = store.stirred if store.near else None
        self._watcher = Watcher(self._lot, look, stirred, window=section.wake_window)
        self._pace = Pace(section.device_rate, section.device_burst)
        self._mail = config.mail
        self._pusher = Pusher(store, config)
        self._pushing = False
        self._posting = False
        self._visits: dict[Exchange, Visit] = {}
        self._running = 0
        self._rested: Callable[[], None] | None = None
        # Told when a file was deposited, so that its import need not wait for the next look.
        self.deposited: Callable[[], object] = lambda: None
        self.known_secret: Callable[[str], bool] = lambda _path: True

    def apart(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Do something in a thread, and return its result or failure in the reactor's."""
        result: Deferred[Any] = Deferred()
        self._pools.requests.submit(
            work, lambda succeeded, found: (result.callback if succeeded else result.errback)(found)
        )
        return result

    def keep(self) -> None:
        """Look whether the night's work is due, in a thread."""
        self._pools.requests.submit(partial(nightly.work, self._store), lambda _succeeded, _result: None)

    def post(self) -> None:
        """Send what waits to be mailed, in a thread; a look while the last one is at work does nothing."""
        if self._posting or not self._mail.host:
            return
        self._posting = True
        self._pools.requests.submit(partial(mail.work, self._store, self._mail), self._posted)

    def push(self) -> None:
        """Look whether somebody has to be told of something, in a thread; one look at a time."""
        if self._pushing:
            return
        self._pushing = True
        self._pools.requests.submit(self._pusher.look, self._pushed)

    def _pushed(self, succeeded: bool, result: object) -> None:
        self._pushing = False
        if not succeeded:
            _log.error("push failed", error=str(result))

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
        self._pusher.stop()
        self._pools.stop()
        self.tell()

    def tell(self) -> None:
        """Write what the access log still has to say, if somebody still takes it."""
        if self._access is not None:
            with suppress(OSError):
                self._access.write()

    @property
    def waiting(self) -> int:
        """How many requests wait without a thread."""
        return len(self._lot)

    def limit(self, method: str, path: str) -> int:
        """Return how many octets the body of a request may have."""
        route = self._find(path)
        if route is None or (route.secret and not self.known_secret(path)):
            return min(self._largest, SMALL)
        return route.limit(method, self._largest)

    def open_to_all(self, path: str) -> bool:
        """Tell whether a path is answered without credentials."""
        route = self._find(path)
        return route is None or route.secret

    def receive(self, exchange: Exchange) -> None:
        """Answer a request: at once, after one hop to a thread, or when something it waits for happens."""
        began = self._reactor.seconds()
        incoming = exchange.incoming(self._locate)
        visit = Visit(exchange, incoming, self._find(incoming.path), began)
        if visit.route is None:
            self._answer_openly(visit)
            return
        if visit.route.secret:
            self._hop(visit, self._pools.requests, partial(self._service.deposit, visit.route, incoming))
            return
        header = incoming.headers.get("authorization", "")
        credentials = parse_basic(header)
        if credentials is None:
            self._finish(
                visit,
                discovery.elsewhere(incoming, self._public_url) or outgoing.challenge(*visit.route.advertised()),
            )
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
        if tzdist.mine(path):
            self._tell_zones(visit)
            return
        if path == health.READY:
            self._hop(visit, self._pools.requests, partial(health.ready, self._store))
            return
        if feeds.about(path):
            self._hop(visit, self._pools.requests, partial(self._service.open_link, visit.incoming))
            return
        response = discovery.answer(visit.incoming) or pages.answer(visit.incoming)
        response = health.live() if path == health.LIVE else response
        self._finish(visit, response or outgoing.plain(404))

    def _tell_zones(self, visit: Visit) -> None:
        """Answer about time zones in a thread; anybody may ask, so nobody with an account waits behind them."""
        asked = visit.incoming
        if self._pools.logins.waiting > LONGEST_OPEN_QUEUE:
            self._finish(visit, outgoing.plain(503, ("Retry-After", str(round(BUSY_SECONDS)))))
            return
        work = partial(tzdist.answer, asked.method, (asked.path, asked.query), asked.headers, asked.base)
        accepted = asked.headers.get("accept-encoding", "")
        self._hop(visit, self._pools.logins, lambda: outgoing.compressed(work(), accepted))

    def _admit(self, visit: Visit, route: Route, credentials: Credentials) -> None:
        """Hand a request to a thread: the few for logins when its credentials have still to be verified."""
        work = partial(self._service.serve, route, visit.incoming, credentials)
        cache, throttle = self._service.cache, self._service.throttle
        known = cache.get(cache.digest(credentials))
        if known is not None:
            early = self._too_fast(visit, route, credentials)
            answer = outgoing.plain(503, ("Retry-After", str(early))) if early else self._glance(visit, route, known)
            if answer is not None:
                self._finish(visit, answer)
            else:
                self._hop(visit, self._pools.requests, work)
            return
        pause = throttle.pause(credentials.account, visit.incoming.address)
        if pause > 0:
            self._finish(visit, outgoing.slow_down(pause))
        elif self._pools.logins.waiting > LONGEST_LOGIN_QUEUE:
            self._finish(visit, outgoing.plain(503, ("Retry-After", str(round(BUSY_SECONDS)))))
        else:
            self._hop(visit, self._pools.logins, work)

    def _glance(self, visit: Visit, route: Route, known: Principal) -> Response | None:
        """Answer here and now what takes less than handing it to a thread, None for everything else."""
        if not self._near or not route.light(visit.incoming):
            return None
        return self._service.glance(route, visit.incoming, known)

    def _too_fast(self, visit: Visit, route: Route, credentials: Credentials) -> int:
        """Return the seconds a device has to wait that asks too often, 0 for all others."""
        device = route.device(visit.incoming.query, visit.incoming.headers) if route.device else ""
        return self._pace.pause((credentials.account, device), self._reactor.seconds()) if device else 0

    def _hop(self, visit: Visit, pool: Pool, work: Callable[[], Response | Waiting]) -> None:
        self._visits[visit.exchange] = visit
        self._running += 1
        pool.submit(work, partial(self._came_back, visit))

    def _came_back(self, visit: Visit, succeeded: bool, outcome: Any) -> None:
        self._running -= 1
        if not succeeded:
            _log.error("thread failed", exc_info=outcome)
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
        if visit.route is not None and visit.route.secret and response.status in {201, 204}:
            self.deposited()
        if self._access is not None:
            self._access.tell(
                visit.incoming.method,
                told_path(visit.incoming.path),
                response.status,
                visit.exchange.sentLength,
                round((self._reactor.seconds() - visit.began) * 1000, 1),
                visit.incoming.address,
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
