"""`[auth] type = protocols.radicale.auth`: logins and passwords of our accounts.

Radicale makes every failed login take as long as the longest one, so an unknown login does not show by its speed.
Hashes are only checked: a hash made with old parameters is renewed when its owner next logs in to Cadran itself.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from radicale.auth import BaseAuth
from radicale.config import Configuration

from protocols.radicale.session import desk

LONGEST: Final = 1024
REMEMBERED: Final = 4096
# Parameters are read from each hash: this one never makes any.
_HASHER: Final = PasswordHasher()


class Auth(BaseAuth):
    """Checks a password once by Argon2, and then by a keyed hash in memory that dies with the password."""

    def __init__(self, configuration: Configuration) -> None:
        """Open the database of the configuration."""
        super().__init__(configuration)
        self._desk = desk(configuration, "auth")
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._guard = Lock()

    def _login(self, login: str, password: str) -> str:
        """Return the login as it is kept, "" when the password is wrong or the account closed."""
        account = self._desk.account(login)
        if account is None or not account.password_hash:
            return ""
        person = account.principal
        digest = self._digest(person.id, person.credential, password)
        if not self._remembered(digest):
            if not _verified(account.password_hash, password):
                return ""
            self._remember(digest)
        return person.login

    def _digest(self, person_id: int, credential: int, password: str) -> bytes:
        """Return a key of no meaning elsewhere; `credential` moves with the password and the account's state."""
        text = f"{person_id}\0{credential}\0{password}".encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._key, digest_size=32).digest()

    def _remembered(self, digest: bytes) -> bool:
        with self._guard:
            if digest not in self._known:
                return False
            self._known.move_to_end(digest)
            return True

    def _remember(self, digest: bytes) -> None:
        with self._guard:
            self._known[digest] = None
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
