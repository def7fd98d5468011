"""Secret links: requests that show no credentials, and those who guess."""

from __future__ import annotations

import hashlib
from typing import Final

import protocols.feeds.app as feeds
from protocols.feeds.app import Asked
from protocols.wire import Response
from server import outgoing
from server.incoming import Incoming
from server.throttle import Limits, Throttle
from storage.store import Store

# A program whose link was revoked asks on with the same token, which counts once; that is no guessing. Readers behind
# one address do not hold one another up before there are that many of them.
_GUESSES: Final = Limits(account=30, address=2**62)


class Links:
    """Answers requests for secret links; every method may be called from any thread."""

    def __init__(self, store: Store) -> None:
        """Read from a store, with a throttle of its own: wrong links do not hold logins up."""
        self._store = store
        self._throttle = Throttle(_GUESSES)

    def answer(self, incoming: Incoming) -> Response:
        """Answer one request; 429 to an address that tries one token after the other."""
        pause = self._throttle.pause(incoming.address, "")
        if pause > 0:
            return outgoing.slow_down(pause)
        response = self._read(Asked(incoming.method, incoming.path, incoming.query, incoming.headers))
        if response.status == 404:
            self._throttle.failed(incoming.address, "", hashlib.sha256(incoming.path.encode()).digest())
        return response

    def _read(self, asked: Asked) -> Response:
        school = feeds.school(asked.path)
        if school is None:
            return feeds.handle(asked, None)
        with self._store.reading(school) as tx:
            return feeds.handle(asked, tx)
