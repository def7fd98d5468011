"""Two partners of our own invention and their keys, made anew in every test process."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from importers.container import PartnerKey

OURS, THEIRS, VENDOR = "CadranEssai", "AutrePortail", "INDEXEDUCATION"


@cache
def _made(_partner: str, _number: int) -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def private(partner: str, number: int = 0) -> RSAPrivateKey:
    """Return the key of a partner, another for each number."""
    return _made(partner, number)


def public(*partners: str) -> dict[str, RSAPublicKey]:
    return {partner: private(partner).public_key() for partner in partners}


def key(partner: str = OURS, number: int = 0) -> PartnerKey:
    return PartnerKey(partner, private(partner, number))


def written(partner: str = OURS, encoding: Encoding = Encoding.PEM) -> bytes:
    return private(partner).private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
