"""Who may deposit: the path itself is the credential, a password beside it if its access asks for one."""

from __future__ import annotations

import re
from typing import Final

from protocols.deposit import paths
from protocols.wire import Response
from server import outgoing, passwords
from server.auth import CredentialCache, Credentials, parse_basic
from server.errors import Refused
from server.incoming import Incoming, inflated
from server.route import Route
from server.throttle import Throttle
from storage.accesses import Access
from storage.errors import NotFound
from storage.model import Principal
from storage.store import Store

_SECRET: Final = re.compile(r"(?i)^(/webdav/[^/]{1,32}/)[^/]+")


def shown(path: str) -> str:
    """Return a path as logs may show it: without the secret of a deposit address."""
    found = _SECRET.match(path)
    return path if found is None else f"{found[1]}…{path[found.end() :]}"


class Deposits:
    """Answers requests to deposit folders; may be called from any thread."""

    def __init__(self, store: Store, cache: CredentialCache, throttle: Throttle) -> None:
        """Serve from a store; failures are counted by `throttle` beside failed logins."""
        self._store = store
        self._cache = cache
        self._throttle = throttle

    def serve(self, route: Route, incoming: Incoming) -> Response:
        """Answer a request; unknown paths all get the same 404, and whoever guesses has to wait."""
        account = f"deposit from {incoming.address}"
        pause = self._throttle.pause(account, incoming.address)
        if pause > 0:
            return outgoing.slow_down(pause)
        found = self._found(incoming.path)
        if found is None:
            # An export whose access was revoked comes again and again: it is one guess.
            digest = self._cache.digest(Credentials(incoming.path, ""))
            self._throttle.failed(account, incoming.address, digest)
            return outgoing.plain(404)
        access, holder = found
        refused = self._password_refused(access, incoming)
        if refused is not None:
            return refused
        # Accesses outlive the passwords of their holders: an export runs unattended for a whole year.
        request = inflated(incoming, route.limit(incoming.method, 0)).of(holder)
        opened = self._store.writing if route.writes(request) else self._store.reading
        with opened(holder.school_id) as tx:
            answer = route.handle(request, tx)
        if not isinstance(answer, Response):
            raise Refused(500)
        return answer

    def _found(self, path: str) -> tuple[Access, Principal] | None:
        try:
            target = paths.parse(path)
            school = self._store.directory.school(target.school)
            with self._store.reading(school.id) as tx:
                access = tx.accesses.by_secret(target.secret)
                return access, tx.principals.get(access.principal_id)
        except (paths.BadPath, NotFound):
            return None

    def _password_refused(self, access: Access, incoming: Incoming) -> Response | None:
        """Return the answer to a missing or wrong password, None when it is right or none is asked for."""
        if not access.password_hash:
            return None
        credentials = parse_basic(incoming.headers.get("authorization", ""))
        if credentials is None:
            return outgoing.challenge()
        account = f"deposit {access.id}"
        pause = self._throttle.pause(account, incoming.address)
        if pause > 0:
            return outgoing.slow_down(pause)
        if passwords.verify(access.password_hash, credentials.password):
            self._throttle.succeeded(account)
            return None
        self._throttle.failed(account, incoming.address, self._cache.digest(credentials))
        return outgoing.challenge()
