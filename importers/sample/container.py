"""The encrypted container around a sample export, as Pronote writes it (reference/pronote-format.md, 2.1 and 2.2)."""

import base64
import hashlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

NAMESPACE = "http://www.index-education.com/conteneurexportchiffre"
SAMPLE_EXPORT = datetime(2026, 11, 20, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """What a container says around its content; `digest_of_clear` takes the other reading of VERIFICATION."""

    uai: str
    exported: datetime = SAMPLE_EXPORT
    software: str = "PRONOTE Réseau-PRONOTE 2025 - 0.3.2"
    version: str = "1.0"
    compressed: bool = True
    digest_of_clear: bool = False


def encrypted(clear: bytes, partners: Mapping[str, RSAPublicKey], wrapping: Wrapping) -> bytes:
    """Return an export encrypted for some partners."""
    key, start = os.urandom(16), os.urandom(16)
    secret = key + start + hashlib.md5(key + start, usedforsecurity=False).digest()
    plain = zlib.compress(clear) if wrapping.compressed else clear
    padder = PKCS7(AES.block_size).padder()
    machine = Cipher(AES(key), CBC(start)).encryptor()
    body = machine.update(padder.update(plain) + padder.finalize()) + machine.finalize()
    envelopes = "".join(
        f"<PARTENAIRE NOM={quoteattr(name)}>{_wrapped(public.encrypt(secret, PKCS1v15()))}</PARTENAIRE>"
        for name, public in partners.items()
    )
    digest = hashlib.sha256(clear if wrapping.digest_of_clear else plain).digest()
    flag = "true" if wrapping.compressed else "false"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<EXPORT_INDEX_EDUCATION xmlns="{NAMESPACE}">'
        f"<VERSION>{wrapping.version}</VERSION><LOGICIEL>{escape(wrapping.software)}</LOGICIEL>"
        f"<CLES>{envelopes}</CLES>"
        f'<CONTENU CompresseAvantChiffrement="{flag}">{_wrapped(body)}</CONTENU>'
        f"<VERIFICATION>{_wrapped(digest)}</VERIFICATION>"
        f"<DATEHEURE>{wrapping.exported.isoformat(timespec='milliseconds')}</DATEHEURE>"
        f"<UAI>{wrapping.uai}</UAI></EXPORT_INDEX_EDUCATION>\n"
    ).encode()


def _wrapped(data: bytes) -> str:
    return base64.encodebytes(data).decode()
