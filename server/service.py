"""What happens in the thread of a request: who asks, one transaction, the protocol's answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import structlog

from protocols.feeds.app import shown_path
from protocols.wire import Park, Request, Response
from server import auth, outgoing
from server.auth import CredentialCache, Credentials
from server.deposits import Deposits, shown
from server.errors import Refused
from server.incoming import Incoming, inflated
from server.links import Links
from server.route import Route
from server.scanning import Scanner, Verdict
from server.throttle import Throttle
from storage.errors import Busy, NotFound, StorageFull, WritingRequired
from storage.model import Principal
from storage.store import Store
from storage.transaction import Transaction

RETRY_SECONDS: Final = 10
GLANCE_OCTETS: Final = 64 * 1024

_log = structlog.get_logger("service")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that its protocol wants to wait."""

    request: Request
    park: Park


class _Undone(Exception):
    """Leaves a writing transaction without committing it."""

    def __init__(self, answer: Response | Park) -> None:
        super().__init__()
        self.answer = answer


def told_path(path: str) -> str:
    """Return a path as logs may tell it: without the secret of a link or of a deposit address."""
    return shown(shown_path(path))


@dataclass(frozen=True, slots=True)
class Means:
    """What the installation has besides a database: a scanner that files have to pass, and a mail server."""

    scanner: Scanner | None = None
    mails: bool = False


NO_MEANS: Final = Means()


class Service:
    """Answers requests on a store; every method may be called from any thread."""

    def __init__(
        self,
        store: Store,
        cache: CredentialCache,
        throttle: Throttle,
        largest: int,
        means: Means = NO_MEANS,
    ) -> None:
        """Serve from `store`; `largest` is the greatest body in octets, inflated ones included."""
        self.store = store
        self.cache = cache
        self.throttle = throttle
        self.largest = largest
        self._links = Links(store)
        self.scanner = means.scanner
        self.mails = means.mails
        self._deposits = Deposits(store, cache, throttle)

    def serve(self, route: Route, incoming: Incoming, credentials: Credentials) -> Response | Waiting:
        """Answer a request from the wire; a failure that nobody foresaw is logged and answered 500."""
        return self._guarded(incoming, lambda: self._serve(route, incoming, credentials))

    def glance(self, route: Route, incoming: Incoming, known: Principal) -> Response | None:
        """Answer a light request in the reactor's own thread: a hop to another would cost more than the answer.

        None when a thread has to answer it after all: it writes, a text is long, or it fails, which is told there.
        """
        try:
            with self.store.glancing(known.school_id) as tx:
                answer = _run(route, incoming.of(known, mails=self.mails), tx)
        except Exception:
            return None
        if not isinstance(answer, Response) or len(answer.body) > GLANCE_OCTETS:
            return None
        return outgoing.compressed(answer, incoming.headers.get("accept-encoding", ""))

    def open_link(self, incoming: Incoming) -> Response | Waiting:
        """Answer a request for a secret link, whose sender shows nothing but that."""
        return self._guarded(incoming, lambda: self._links.answer(incoming))

    def deposit(self, route: Route, incoming: Incoming) -> Response | Waiting:
        """Answer a request whose path is its credential."""
        return self._guarded(incoming, lambda: self._deposits.serve(route, incoming))

    def resume(self, route: Route, request: Request) -> Response | Waiting:
        """Answer a request that waited, unless its sender's account has changed meanwhile."""
        return self._guarded(request, lambda: self._handle(route, request) or outgoing.challenge())

    def _guarded(self, incoming: Incoming | Request, answer: Callable[[], Response | Waiting]) -> Response | Waiting:
        try:
            outcome = answer()
        except Refused as refusal:
            return outgoing.plain(refusal.status, *refusal.headers)
        except Busy:
            _log.warning("database busy", method=incoming.method, path=told_path(incoming.path))
            return outgoing.plain(503, ("Retry-After", str(RETRY_SECONDS)))
        except StorageFull:
            _log.error("disk full", method=incoming.method, path=told_path(incoming.path))
            return outgoing.plain(507)
        except Exception:
            _log.exception("request failed", method=incoming.method, path=told_path(incoming.path))
            return outgoing.plain(500)
        if isinstance(outcome, Waiting):
            return outcome
        return outgoing.compressed(outcome, incoming.headers.get("accept-encoding", ""))

    def _serve(self, route: Route, incoming: Incoming, credentials: Credentials) -> Response | Waiting:
        digest = self.cache.digest(credentials)
        known = self.cache.get(digest)
        if known is not None:
            outcome = self._handle(route, self._decoded(route, incoming).of(known, mails=self.mails))
            if outcome is not None:
                return outcome
            self.cache.drop(digest)
        # Asked again here: many guesses may have been let in before the first was found wrong.
        pause = self.throttle.pause(credentials.account, incoming.address)
        if pause > 0:
            return outgoing.slow_down(pause)
        principal = auth.verify(self.store, credentials)
        if principal is None:
            self.throttle.failed(credentials.account, incoming.address, digest)
            _log.info("login refused", address=incoming.address)
            return outgoing.challenge()
        self.throttle.succeeded(credentials.account)
        self.cache.put(digest, principal)
        return (
            self._handle(route, self._decoded(route, incoming).of(principal, mails=self.mails)) or outgoing.challenge()
        )

    def _decoded(self, route: Route, incoming: Incoming) -> Incoming:
        return inflated(incoming, route.limit(incoming.method, self.largest))

    def _handle(self, route: Route, request: Request) -> Response | Waiting | None:
        """Run the protocol in one transaction; None when the account is not what it was when it was verified."""
        answer = self._refused(route, request) or self._transact(route, request)
        return Waiting(request, answer) if isinstance(answer, Park) else answer

    def _refused(self, route: Route, request: Request) -> Response | None:
        """Return the refusal of a file that the scanner does not let through, None for everything else.

        Nobody waits for a turn to write meanwhile: no transaction has begun.
        """
        if self.scanner is None or route.files is None or not route.files.carried(request):
            return None
        verdict = self.scanner.verdict(request.body)
        if verdict is Verdict.CLEAN:
            return None
        _log.warning("file refused", verdict=verdict.value, login=request.principal.login)
        return route.files.refusals[verdict](request)

    def _transact(self, route: Route, request: Request) -> Response | Park | None:
        if not route.writes(request):
            with suppress(WritingRequired), self.store.reading(request.principal.school_id) as tx:
                return _run(route, request, tx)
        try:
            with self.store.writing(request.principal.school_id) as tx:
                answer = _run(route, request, tx)
                if route.atomic and isinstance(answer, Response) and answer.status >= 400:
                    raise _Undone(answer)
                return answer
        except _Undone as undone:
            return undone.answer


def _run(route: Route, request: Request, tx: Transaction) -> Response | Park | None:
    verified = request.principal
    try:
        principal = tx.principals.by_login(verified.login)
    except NotFound:
        return None
    if not principal.active or principal.credential != verified.credential:
        return None
    return route.handle(request if principal == verified else replace(request, principal=principal), tx)
