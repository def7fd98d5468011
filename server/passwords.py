"""Password hashes: argon2id with parameters that a small machine bears (RFC 9106; OWASP's second choice)."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1
# Without the characters that people mistake for one another on paper.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
LONGEST: Final = 1024

_HASHER: Final = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
# A hash that no password has, made without hashing: checking one against it costs what a wrong password costs.
NOBODY: Final = "$".join(
    (
        f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}",
        *(b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32)),
    )
)


def hash(password: str) -> str:
    """Return the argon2id hash of a password, in its own text form."""
    return _HASHER.hash(password)


def verify(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one hashed; an empty or unknown hash costs as much as a wrong password."""
    try:
        return _HASHER.verify(password_hash or NOBODY, password[:LONGEST]) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def generate(groups: int = 3, length: int = 4) -> str:
    """Return a random password that can be read aloud, such as `k7pm-x2wd-9hfa` (about 59 bits)."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(length)) for _ in range(groups))
