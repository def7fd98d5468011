"""Push: whoever registered is told, soon after a commit, that something moved (draft-bitfire-webdav-push).

Every process looks at the clocks of the schools, as the watcher of waiting phones does. What a registration was told is
in the database, so that after a restart, or when a push service was away, what is owed is still sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Final

import structlog

from protocols.outside import OUTSIDE, Policy, destination
from server import push_crypto, push_delivery, watcher
from server.config import Config
from server.push_delivery import Outcome, Verdict
from storage.errors import NotFound
from storage.model import Watch
from storage.push import Registration, topic_of
from storage.push_keys import PushKey
from storage.push_standing import News, Standing, Standings, news
from storage.store import Store
from storage.transaction import Transaction

LOOK_SECONDS: Final = 1.0
THREADS: Final = 4
MOST_UNDER_WAY: Final = 200
KEPT_SECONDS: Final = 86_400

_log = structlog.get_logger("push")
Post = Callable[[str, dict[str, str], bytes], Outcome]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to send: to whom, what it says, and what its receiver knows once it is taken."""

    school_id: int
    registration: Registration
    news: News
    standing: Standing
    key: PushKey


class Pusher:
    """Looks for what has to be told and sends it; `look` may be called from one thread at a time."""

    def __init__(self, store: Store, config: Config, post: Post = push_delivery.post) -> None:
        """Send what happens in `store`; `post` sends one message."""
        OUTSIDE.policy = Policy(config.push.enabled, frozenset(host.lower() for host in config.push.private_hosts))
        self._store = store
        self._contact = config.push.contact or (f"mailto:{config.mail.sender}" if config.mail.sender else "")
        self._post = post
        self._seen: dict[int, int] = {}
        self._waiting: dict[int, frozenset[str]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "push")
        self._lock = Lock()
        self._under_way = 0

    def stop(self) -> None:
        """Send nothing more; what is owed is sent by another process, or by this one when it is back."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def look(self) -> None:
        """Send what has to be told now, in threads of its own; a school that fails is logged and looked at again."""
        if not OUTSIDE.policy.enabled or self._under_way > MOST_UNDER_WAY:
            return
        clocks = self._store.directory.clocks()
        for school_id, head in clocks.items():
            try:
                self._look_at(school_id, head)
            except Exception:
                _log.exception("push failed", school=school_id)

    def _look_at(self, school_id: int, head: int) -> None:
        seen = self._seen.get(school_id)
        moved, waiting = self._moved(school_id, seen, head), self._waiting.get(school_id, frozenset())
        if moved is not None and not moved and not waiting:
            self._seen[school_id] = head
            return
        with self._store.reading(school_id) as tx:
            found = tx.push.concerned(moved, waiting)
            later = frozenset(each.id for each in found if each.next_try > tx.now())
            parcels, ended = _parcels(tx, [each for each in found if each.id not in later]) if found else ((), ())
        self._seen[school_id], self._waiting[school_id] = head, later
        if not parcels and not ended:
            return
        with self._store.writing(school_id) as tx:
            for registration in ended:
                tx.push.end(registration.id, "The collection is not to be seen any more.")
            claimed = tx.push.claim([each.registration.id for each in parcels])
        self._waiting[school_id] |= {each.registration.id for each in parcels} - claimed
        for parcel in parcels:
            if parcel.registration.id in claimed:
                self._begin(parcel)

    def _moved(self, school_id: int, seen: int | None, head: int) -> frozenset[Watch] | None:
        """Return what moved since the last look; None, for anything, at the first."""
        if seen is None:
            return None
        if seen >= head:
            return frozenset()
        with self._store.reading(school_id) as tx:
            if not tx.push.anybody():
                return frozenset()
        sights = watcher.look(self._store, {school_id: frozenset({seen})})
        return sights[school_id].moved.get(seen, frozenset()) if school_id in sights else frozenset()

    def _begin(self, parcel: Parcel) -> None:
        with self._lock:
            self._under_way += 1
        # What moves while it is under way is looked at again when its pause is over.
        self._waiting[parcel.school_id] |= {parcel.registration.id}
        self._threads.submit(self._send, parcel)

    def _send(self, parcel: Parcel) -> None:
        try:
            outcome = self._post(parcel.registration.resource, *sealed(parcel, self._contact))
            with self._store.writing(parcel.school_id) as tx:
                _settle(tx, parcel, outcome)
            if outcome.verdict is not Verdict.TAKEN:
                _log.warning("push not taken", school=parcel.school_id, answer=outcome.words)
        except Exception:
            _log.exception("push failed", school=parcel.school_id)
        finally:
            with self._lock:
                self._under_way -= 1


def _parcels(
    tx: Transaction, registrations: Iterable[Registration]
) -> tuple[tuple[Parcel, ...], tuple[Registration, ...]]:
    """Return the messages to send and the registrations whose place their person does not see any more."""
    people: dict[int, Standings | None] = {}
    parcels, ended = [], []
    for each in registrations:
        if each.principal_id not in people:
            people[each.principal_id] = _standings(tx, each.principal_id)
        standings = people[each.principal_id]
        standing = None if standings is None else standings.of(each.place, each.content)
        if standing is None:
            ended.append(each)
        elif told := news(each, standing):
            parcels.append(Parcel(tx.school_id, each, told, standing, tx.push.key))
    return tuple(parcels), tuple(ended)


def _standings(tx: Transaction, principal_id: int) -> Standings | None:
    try:
        person = tx.principals.get(principal_id)
    except NotFound:
        return None
    return Standings(tx, person) if person.active else None


def sealed(parcel: Parcel, contact: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a message to a push service."""
    registration, key = parcel.registration, parcel.key
    there = destination(registration.resource)
    kind = f"{parcel.news.content:d}{parcel.news.properties:d}"
    headers = {
        "Authorization": push_crypto.authorization(key, there.origin, int(time.time()), contact),
        "Content-Encoding": "aes128gcm",
        "Content-Type": 'application/xml; charset="UTF-8"',
        "TTL": str(max(0, min(KEPT_SECONDS, registration.expires - int(time.time())))),
        "Urgency": "normal",
        # A newer message may take the place of one of the same kind that waits.
        "Topic": key.topic(f"{registration.id}:{kind}"),
    }
    return headers, push_crypto.seal(message(parcel), registration.public_key, registration.secret)


def message(parcel: Parcel) -> bytes:
    """Return the push-message: which collection, and what of it has changed."""
    topic = topic_of(parcel.key, parcel.registration.place)
    token = f"<content-update><D:sync-token>{parcel.standing.token}</D:sync-token></content-update>"
    parts = (token if parcel.news.content else "", "<property-update/>" if parcel.news.properties else "")
    root = '<push-message xmlns="https://bitfire.at/webdav-push" xmlns:D="DAV:">'
    inner = f"<topic>{topic}</topic>{''.join(parts)}"
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root}{inner}</push-message>'.encode()


def _settle(tx: Transaction, parcel: Parcel, outcome: Outcome) -> None:
    match outcome.verdict:
        case Verdict.TAKEN:
            tx.push.tell(parcel.registration.id, parcel.standing, outcome.words)
        case Verdict.GONE:
            tx.push.end(parcel.registration.id, outcome.words)
        case Verdict.LATER:
            tx.push.failed(parcel.registration.id, outcome.words, outcome.wait)
