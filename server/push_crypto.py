"""Sealing of messages for one subscriber (RFC 8291, RFC 8188) and the proof of who sends them (RFC 8292)."""

from __future__ import annotations

import json
import os
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from storage.push_keys import PushKey, decoded, encoded

RECORD_SIZE: Final = 4096
# What push services must take (RFC 8030, 7.2), less the header, the padding mark and the tag.
MOST_OCTETS: Final = RECORD_SIZE - 86 - 17
TOKEN_SECONDS: Final = 12 * 3600

_CURVE: Final = ec.SECP256R1()
_LAST_RECORD: Final = b"\x02"


def seal(
    message: bytes,
    public_key: str,
    secret: str,
    *,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return a message as one aes128gcm record that only the subscriber can open.

    `public_key` and `secret` are the subscriber's, in base64url; `salt` and `sender` are fresh unless given.
    """
    if len(message) > MOST_OCTETS:
        raise ValueError(f"{len(message)} octets do not fit a push message")
    salt = salt or os.urandom(16)
    sender = sender or ec.generate_private_key(_CURVE)
    theirs = decoded(public_key)
    ours = sender.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = sender.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs))
    material = _derived(shared, decoded(secret), b"WebPush: info\0" + theirs + ours, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, message + _LAST_RECORD, None)


def authorization(key: PushKey, origin: str, now: int, contact: str) -> str:
    """Return the Authorization header for a push service: a signed token for its origin, good for half a day."""
    claims: dict[str, str | int] = {"aud": origin, "exp": now + TOKEN_SECONDS}
    if contact:
        claims["sub"] = contact
    signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    return f"vapid t={signed}.{encoded(_signature(key, signed.encode()))}, k={key.public}"


def private_key(key: PushKey) -> ec.EllipticCurvePrivateKey:
    """Return a key as what signs."""
    return ec.derive_private_key(int.from_bytes(decoded(key.private), "big"), _CURVE)


def _signature(key: PushKey, data: bytes) -> bytes:
    first, second = decode_dss_signature(private_key(key).sign(data, ec.ECDSA(SHA256())))
    return first.to_bytes(32, "big") + second.to_bytes(32, "big")


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


def _json(value: object) -> str:
    return encoded(json.dumps(value, separators=(",", ":")).encode())
