"""The key pair by which push services know a school (RFC 8292), and the secret names made from it."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_TOPIC_OCTETS = 16


@dataclass(frozen=True, slots=True)
class PushKey:
    """A P-256 key pair: the private number and the uncompressed public point, both base64url without padding."""

    private: str
    public: str

    def topic(self, name: str) -> str:
        """Return a name for something that nobody without the key can connect with it, 22 characters of base64url."""
        return encoded(hmac.digest(decoded(self.private), name.encode(), hashlib.sha256)[:_TOPIC_OCTETS])


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return the octets of base64url, padded or not; raises ValueError."""
    plain = text.strip().rstrip("=")
    if not plain.isascii() or not plain.replace("-", "a").replace("_", "a").isalnum():
        raise ValueError("no base64url")
    return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))


def new_key() -> PushKey:
    """Make a key pair."""
    private = ec.generate_private_key(ec.SECP256R1())
    number = private.private_numbers().private_value.to_bytes(32, "big")
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushKey(encoded(number), encoded(point))


def is_public_key(text: str) -> bool:
    """Tell whether a text is an uncompressed point of P-256 in base64url (RFC 8291, 3.1)."""
    try:
        data = decoded(text)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError:
        return False
    return len(data) == 65
