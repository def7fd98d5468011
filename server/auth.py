"""Who is asking: Basic credentials, verified once by argon2 and then remembered for a while under a keyed hash."""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from time import monotonic
from typing import Final

from server import passwords
from storage.directory import Account, fold_login
from storage.model import Principal
from storage.store import Store

KEY_SIZE: Final = 32
LONGEST_HEADER: Final = 4096


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login as typed and its password."""

    login: str
    password: str

    @property
    def logins(self) -> tuple[str, ...]:
        """Return the logins this may mean, best first: as typed, without its domain, without its host.

        Phones and Outlook send `DOMAIN\\login` and `login@host` whatever the person typed.
        """
        plain = self.login.rpartition("\\")[2].strip()
        local = plain.rpartition("@")[0]
        return tuple(dict.fromkeys(name for name in (plain, local) if name))

    @property
    def account(self) -> str:
        """Return the name under which failures of this login are counted."""
        return fold_login(self.logins[-1]) if self.logins else ""


def parse_basic(header: str) -> Credentials | None:
    """Return the credentials of an `Authorization: Basic` header, None when there are none (RFC 7617).

    `header` holds one character an octet; credentials are UTF-8, or Latin-1 from clients that know no better.
    """
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic" or len(header) > LONGEST_HEADER:
        return None
    try:
        raw = b64decode(rest.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    login, colon, password = text.partition(":")
    return Credentials(login, password) if colon and login and "\0" not in text else None


class CredentialCache:
    """Verified credentials of this process, bounded in number and life; safe to call from any thread.

    Neither logins nor passwords are kept: keys are BLAKE2b hashes under a key drawn at start.
    """

    def __init__(self, life: float, capacity: int, clock: Callable[[], float] = monotonic) -> None:
        """Start empty; `life` is in seconds, 0 remembers nothing."""
        self._life = life
        self._capacity = capacity
        self._clock = clock
        self._key = secrets.token_bytes(KEY_SIZE)
        self._known: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._lock = Lock()

    def digest(self, credentials: Credentials) -> bytes:
        """Return the key of credentials, meaningless outside this process."""
        text = f"{credentials.login}\0{credentials.password}"
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=KEY_SIZE).digest()

    def get(self, digest: bytes) -> Principal | None:
        """Return whose credentials these were found to be, None when unknown or too old."""
        with self._lock:
            found = self._known.get(digest)
            if found is None:
                return None
            if found[1] <= self._clock():
                del self._known[digest]
                return None
            self._known.move_to_end(digest)
            return found[0]

    def put(self, digest: bytes, principal: Principal) -> None:
        """Remember verified credentials, forgetting those used longest ago when full."""
        if self._life <= 0:
            return
        with self._lock:
            self._known[digest] = (principal, self._clock() + self._life)
            self._known.move_to_end(digest)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)

    def drop(self, digest: bytes) -> None:
        """Forget credentials, known or not."""
        with self._lock:
            self._known.pop(digest, None)

    def __len__(self) -> int:
        """Return how many credentials are remembered."""
        return len(self._known)


def verify(store: Store, credentials: Credentials) -> Principal | None:
    """Return the active person these credentials are of, None when there is none; takes argon2's time either way.

    A hash made with older parameters is replaced.
    """
    account = _account(store, credentials)
    usable = account is not None and account.principal.active
    known = account.password_hash if account is not None and usable else ""
    if not passwords.verify(known, credentials.password) or account is None:
        return None
    if not passwords.needs_rehash(known):
        return account.principal
    with store.writing(account.principal.school_id) as tx:
        tx.principals.set_password(account.principal.id, passwords.hash(credentials.password))
        return tx.principals.get(account.principal.id)


def _account(store: Store, credentials: Credentials) -> Account | None:
    for login in credentials.logins:
        account = store.directory.account(login)
        if account is not None:
            return account
    return None
