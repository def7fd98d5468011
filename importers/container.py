"""The encrypted container EDT and Pronote wrap their export in (reference/pronote-format.md, 2.1 and 2.2).

One RSA envelope for each partner holds an AES key; the body is AES-128-CBC over zlib over the clear XML. Everything
that can go wrong with a cipher is one answer, "damaged", whatever the step: PKCS#1 v1.5 must not become an oracle.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from lxml import etree

from importers.archives import ZLIB, inflated
from importers.edt_values import local_name
from importers.errors import ImportRefused
from importers.origin import Origin, check_product, instant

ROOT: Final = "EXPORT_INDEX_EDUCATION"
SIZE_LIMIT: Final = 100 * 2**20
PARTNER_LIMIT: Final = 50
KNOWN_MAJOR: Final = "1"

_DEPTH_LIMIT, _ELEMENT_LIMIT = 4, 200
_HEAD = 4096
_KEY, _IV, _CHECK = slice(0, 16), slice(16, 32), slice(32, 48)
_SECRET_SIZE = 48
_TEXT_LIMIT = 200
_BOM = b"\xef\xbb\xbf"
_PEM = b"-----BEGIN"


class KeyUnusable(Exception):
    """A file that holds no RSA private key without password."""


@dataclass(frozen=True, slots=True)
class PartnerKey:
    """The private key of a partner, by the name the exporting program knows the partner under."""

    partner: str
    key: RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Container:
    version: str
    origin: Origin
    envelopes: tuple[tuple[str, str], ...]
    body: str
    compressed: bool
    digest: str


def load_key(partner: str, data: bytes) -> PartnerKey:
    """Read a private key, PKCS#8 in DER or PEM, without password; raises KeyUnusable."""
    load = load_pem_private_key if data.lstrip().startswith(_PEM) else load_der_private_key
    try:
        key = load(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(partner) from error
    if not isinstance(key, RSAPrivateKey):
        raise KeyUnusable(partner)
    return PartnerKey(partner, key)


def recognise(data: bytes) -> bool:
    """Say whether a file looks like an encrypted container."""
    return ROOT.encode() in data[:_HEAD].replace(b"\0", b"")


def opened(data: bytes, keys: Iterable[PartnerKey] = (), school: str = "") -> tuple[bytes, Origin]:
    """Return the clear XML inside a container and what the container says of itself.

    Raises ImportRefused: "too-large", "not-xml", "doctype", "wrong-root", "newer-container" (value), "wrong-school",
    before anything is decrypted, "old-software", "encrypted" (partners: no key at all), "not-for-us" (partners, ours)
    and "damaged". What the container says of itself stands in the refusal's report.
    """
    found = _read(data)
    keys = tuple(keys)
    ours = {key.partner for key in keys}
    origin = replace(found.origin, key_present=any(name in ours for name, _ in found.envelopes))
    try:
        return _decrypted(replace(found, origin=origin), keys, school), origin
    except ImportRefused as refusal:
        refusal.report = {"origin": asdict(origin)}
        raise


def _decrypted(found: _Container, keys: tuple[PartnerKey, ...], school: str) -> bytes:
    if found.version.partition(".")[0] != KNOWN_MAJOR:
        raise ImportRefused("newer-container", value=found.version)
    if school and found.origin.school and found.origin.school != school.upper():
        raise ImportRefused("wrong-school", expected=school.upper(), found=(found.origin.school,))
    check_product(found.origin.software)
    partners = tuple(name for name, _ in found.envelopes)
    if not partners or not found.body:
        raise ImportRefused("damaged")
    if not keys:
        raise ImportRefused("encrypted", partners=partners)
    if not found.origin.key_present:
        raise ImportRefused("not-for-us", partners=partners, ours=tuple(sorted({key.partner for key in keys})))
    for name, envelope in found.envelopes:
        for key in keys:
            if key.partner == name and (secret := _secret(key.key, envelope)) is not None:
                return _body(found, secret)
    raise ImportRefused("damaged")


def _secret(key: RSAPrivateKey, envelope: str) -> bytes | None:
    """Return the AES key and IV of an envelope; None for whatever is wrong with it."""
    try:
        secret = key.decrypt(_decoded(envelope), PKCS1v15())
    except ValueError:
        secret = b""
    padded = secret.ljust(_SECRET_SIZE, b"\0")
    good = hmac.compare_digest(hashlib.md5(padded[: _CHECK.start], usedforsecurity=False).digest(), padded[_CHECK])
    return secret if good and len(secret) == _SECRET_SIZE else None


def _body(found: _Container, secret: bytes) -> bytes:
    try:
        machine = Cipher(AES(secret[_KEY]), CBC(secret[_IV])).decryptor()
        padded = machine.update(_decoded(found.body)) + machine.finalize()
        unpadder = PKCS7(AES.block_size).unpadder()
        plain = unpadder.update(padded) + unpadder.finalize()
        clear = inflated(plain, ZLIB) if found.compressed else plain
        digest = _decoded(found.digest)
    except (ValueError, zlib.error) as error:
        raise ImportRefused("damaged") from error
    # The vendor says "of the unencrypted content": both readings of it are accepted.
    sums = [hmac.compare_digest(hashlib.sha256(each).digest(), digest) for each in (plain, clear)]
    if not any(sums):
        raise ImportRefused("damaged")
    return clear.removeprefix(_BOM)


def _decoded(text: str) -> bytes:
    """Decode base64 of any line length; raises ValueError."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("base64") from error


def _read(data: bytes) -> _Container:
    if len(data) > SIZE_LIMIT:
        raise ImportRefused("too-large", size=len(data), limit=SIZE_LIMIT)
    if b"<!DOCTYPE" in data[: _HEAD * 4].replace(b"\0", b""):
        raise ImportRefused("doctype")
    try:
        texts, envelopes, compressed = _walked(data.lstrip(b" \t\r\n"))
    except etree.XMLSyntaxError as error:
        raise ImportRefused("not-xml", line=error.lineno, column=error.offset) from None
    exported = texts.get("DATEHEURE", "")
    origin = Origin(
        school=texts.get("UAI", "").upper()[:_TEXT_LIMIT],
        encrypted=True,
        software=texts.get("LOGICIEL", "")[:_TEXT_LIMIT],
        exported=exported if instant(exported) else "",
    )
    body, digest = texts.get("CONTENU", ""), texts.get("VERIFICATION", "")
    return _Container(texts.get("VERSION", "1.0")[:20], origin, envelopes, body, compressed, digest)


def _walked(data: bytes) -> tuple[Mapping[str, str], tuple[tuple[str, str], ...], bool]:
    """Return the texts of a container by element, its envelopes by partner, and whether its body is compressed."""
    texts: dict[str, str] = {}
    envelopes: list[tuple[str, str]] = []
    compressed = True
    depth = seen = 0
    # A body of more than 10 MB is one text node: huge_tree allows it, the limits around it stay ours.
    walk = etree.iterparse(
        io.BytesIO(data),
        events=("start", "end", "comment", "pi"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
    )
    for event, element in walk:
        name = local_name(element)
        seen += event != "end"
        if seen > _ELEMENT_LIMIT:
            raise ImportRefused("too-deep", line=element.sourceline, limit=_DEPTH_LIMIT)
        if event == "start":
            depth += 1
            if depth == 1 and name != ROOT:
                raise ImportRefused("wrong-root", name=name[:80])
            if element.getroottree().docinfo.internalDTD is not None:
                raise ImportRefused("doctype")
            if depth > _DEPTH_LIMIT:
                raise ImportRefused("too-deep", line=element.sourceline, limit=_DEPTH_LIMIT)
        if event != "end":
            continue
        depth -= 1
        if name == "PARTENAIRE":
            envelopes.append((str(element.get("NOM", "")).strip()[:_TEXT_LIMIT], element.text or ""))
            if len(envelopes) > PARTNER_LIMIT:
                raise ImportRefused("archive-crowded", limit=PARTNER_LIMIT)
        elif name:
            texts.setdefault(name, (element.text or "").strip())
        if name == "CONTENU":
            compressed = str(element.get("CompresseAvantChiffrement", "true")).strip().lower() not in ("false", "0")
    return texts, tuple(envelopes), compressed
