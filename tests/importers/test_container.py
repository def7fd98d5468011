"""The encrypted container: round trips with keys of our own, and every way it can be wrong told apart, or not."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from importers import container, formats, origin
from importers.archives import pack
from importers.container import KeyUnusable, load_key, opened
from importers.errors import ImportRefused
from importers.notices import count_of
from importers.origin import IN_CLEAR, Origin
from importers.sample.container import Wrapping, encrypted
from importers.setting import Setting
from tests.importers.keys import OURS, THEIRS, VENDOR, key, private, public, written
from tests.importers.make import SCHOOL, sample

CLEAR = sample("college.xml")
WRAPPING = Wrapping(uai=SCHOOL, exported=datetime(2026, 9, 24, 8, 19, 8, 486000, tzinfo=UTC))
BOX = encrypted(CLEAR, public(VENDOR, OURS), WRAPPING)


def refusal(data: bytes, *keys: container.PartnerKey, school: str = SCHOOL) -> ImportRefused:
    with pytest.raises(ImportRefused) as caught:
        opened(data, keys or (key(),), school)
    return caught.value


def text_of(data: bytes, element: str) -> bytes:
    found = re.search(rb"<%s[^>]*>(.*?)</%s>" % (element.encode(), element.encode()), data, re.DOTALL)
    assert found is not None
    return found[1]


def with_text(data: bytes, element: str, text: bytes) -> bytes:
    old = text_of(data, element)
    return data.replace(old + b"</" + element.encode(), text + b"</" + element.encode(), 1)


@pytest.mark.req("R104", "R119", "R189")
@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("digest_of_clear", [True, False])
def test_what_was_encrypted_for_us_is_what_comes_out(compressed, digest_of_clear):
    wrapping = replace(WRAPPING, compressed=compressed, digest_of_clear=digest_of_clear)
    clear, told = opened(encrypted(CLEAR, public(VENDOR, OURS), wrapping), [key(THEIRS), key()], SCHOOL)
    assert clear == CLEAR
    assert told.key_present


@pytest.mark.req("R121", "R123", "R124")
def test_the_container_says_school_program_and_time():
    assert opened(BOX, [key()])[1] == Origin(
        school=SCHOOL,
        encrypted=True,
        key_present=True,
        software="PRONOTE Réseau-PRONOTE 2025 - 0.3.2",
        exported="2026-09-24T08:19:08.486+00:00",
    )


def test_a_byte_order_mark_inside_is_dropped():
    assert opened(encrypted(b"\xef\xbb\xbf" + CLEAR, public(OURS), WRAPPING), [key()])[0] == CLEAR


def test_a_container_without_the_compression_flag_is_compressed():
    assert opened(BOX.replace(b' CompresseAvantChiffrement="true"', b""), [key()])[0] == CLEAR


def test_a_container_reads_as_the_export_inside_also_from_an_archive():
    setting = Setting(SCHOOL, keys=(key(),))
    reading = formats.read(BOX, setting)
    assert reading.timetable == formats.read(CLEAR).timetable
    assert (reading.format, reading.origin.schema, reading.origin.school) == ("edt", "1.1", SCHOOL)
    assert formats.read(pack([("Edt_To_Essai_0990042K.xml", BOX)]), setting) == reading
    assert formats.recognised(BOX) == "edt"


def test_of_two_keys_of_one_partner_the_right_one_is_found():
    assert opened(BOX, [key(OURS, 1), key(OURS, 0)])[0] == CLEAR


@pytest.mark.req("R119", "R209")
def test_an_export_for_another_partner_names_the_partners_it_is_for():
    error = refusal(encrypted(CLEAR, public(VENDOR, THEIRS), WRAPPING))
    assert (error.reason, error.data) == ("not-for-us", {"partners": (VENDOR, THEIRS), "ours": (OURS,)})
    assert error.report["origin"]["key_present"] is False


def test_without_any_key_an_encrypted_export_says_whom_it_is_for():
    with pytest.raises(ImportRefused) as caught:
        opened(BOX, (), SCHOOL)
    assert (caught.value.reason, caught.value.data) == ("encrypted", {"partners": (VENDOR, OURS)})


def test_another_school_is_refused_before_anything_is_decrypted():
    error = refusal(with_text(BOX, "CONTENU", b"!!"), school="0990043L")
    assert (error.reason, error.data) == ("wrong-school", {"expected": "0990043L", "found": (SCHOOL,)})


def test_a_newer_container_is_told_as_such():
    assert refusal(with_text(BOX, "VERSION", b"2.0")).data == {"value": "2.0"}


def flipped(text: bytes) -> bytes:
    """Change one bit in the middle of what base64 text says."""
    raw = bytearray(base64.b64decode(text))
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(bytes(raw))


DAMAGES = {
    "body bit": with_text(BOX, "CONTENU", flipped(text_of(BOX, "CONTENU"))),
    "body cut": with_text(BOX, "CONTENU", base64.b64encode(base64.b64decode(text_of(BOX, "CONTENU"))[:-7])),
    "body empty": with_text(BOX, "CONTENU", b""),
    "body not base64": with_text(BOX, "CONTENU", b"pas du base64"),
    "digest bit": with_text(BOX, "VERIFICATION", flipped(text_of(BOX, "VERIFICATION"))),
    "digest short": with_text(BOX, "VERIFICATION", b"AAAA"),
    "digest not ascii": with_text(BOX, "VERIFICATION", "é".encode()),
}


def with_envelope(change) -> bytes:
    found = re.search(rb'<PARTENAIRE NOM="%s">(.*?)</PARTENAIRE>' % OURS.encode(), BOX, re.DOTALL)
    assert found is not None
    return BOX.replace(found[1], change(found[1]))


DAMAGES |= {
    "envelope bit": with_envelope(flipped),
    "envelope empty": with_envelope(lambda _text: b""),
    "envelope not base64": with_envelope(lambda _text: b"%%"),
    "envelope short": with_envelope(lambda text: base64.b64encode(base64.b64decode(text)[:-1])),
}


@pytest.mark.parametrize("name", sorted(DAMAGES))
def test_whatever_is_wrong_with_the_cipher_is_one_answer(name):
    error = refusal(DAMAGES[name])
    assert (error.reason, error.data) == ("damaged", {})


def test_the_wrong_key_of_the_right_name_is_the_same_answer():
    assert refusal(BOX, key(OURS, 1)).reason == "damaged"


def test_what_inflates_too_much_is_refused():
    bomb = encrypted(b"\0" * 40_000_000, public(OURS), WRAPPING)
    assert len(bomb) < 100_000
    assert refusal(bomb).reason == "too-large"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<EXPORT_INDEX_EDUCATION>", "not-xml"),
        (b"<!DOCTYPE a><EXPORT_INDEX_EDUCATION/>", "doctype"),
        (b"<a>EXPORT_INDEX_EDUCATION</a>", "wrong-root"),
        (b"<EXPORT_INDEX_EDUCATION>" + b"<a>" * 9 + b"</a>" * 9 + b"</EXPORT_INDEX_EDUCATION>", "too-deep"),
        (b"<EXPORT_INDEX_EDUCATION>" + b"<a/>" * 300 + b"</EXPORT_INDEX_EDUCATION>", "too-deep"),
        (b"<EXPORT_INDEX_EDUCATION/>", "damaged"),
        (
            b"<EXPORT_INDEX_EDUCATION><CLES>" + b"<PARTENAIRE/>" * 60 + b"</CLES></EXPORT_INDEX_EDUCATION>",
            "archive-crowded",
        ),
    ],
)
def test_what_is_no_container_is_refused_by_reason(data, reason):
    assert refusal(data).reason == reason


def test_a_huge_container_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(container, "SIZE_LIMIT", 100)
    assert refusal(BOX).reason == "too-large"


def test_a_body_of_more_than_ten_megabytes_is_read():
    large = CLEAR.replace(b"</ExportEmploiDuTemps>", b"<!--" + b"x" * 12_000_000 + b"--></ExportEmploiDuTemps>")
    assert opened(encrypted(large, public(OURS), replace(WRAPPING, compressed=False)), [key()])[0] == large


@pytest.mark.req("R72")
@pytest.mark.parametrize(
    ("software", "reason"),
    [
        ("PRONOTE Monoposte-PRONOTE 2013 - 0.5.14", "old-software"),
        ("EDT Monoposte-EDT 2017 - 0.1.1", "old-software"),
        ("EDT Réseau-EDT 2018 - 0.2.2", ""),
        ("PRONOTE Réseau-PRONOTE 2019 - 0.2.2", ""),
        ("PRONOTE Réseau-PRONOTE 2026 - 0.1.0", ""),
        ("Autre logiciel 12", ""),
        ("", ""),
    ],
)
def test_versions_before_the_first_that_exports_are_refused(software, reason):
    box = encrypted(CLEAR, public(OURS), replace(WRAPPING, software=software))
    if reason:
        error = refusal(box)
        assert (error.reason, error.data) == (reason, {"software": software, "oldest": 2018})
    else:
        assert opened(box, [key()])[0] == CLEAR


@pytest.mark.req("R72")
def test_a_version_newer_than_those_known_is_read_and_noticed():
    box = encrypted(CLEAR, public(OURS), replace(WRAPPING, software="PRONOTE Réseau-PRONOTE 2031 - 0.1.0"))
    assert count_of(formats.read(box, Setting(SCHOOL, keys=(key(),))).timetable.notices, "newer-software") == 1
    assert count_of(formats.read(BOX, Setting(SCHOOL, keys=(key(),))).timetable.notices, "newer-software") == 0


@pytest.mark.parametrize(
    ("one", "other", "older"),
    [
        ("2026-09-24T10:19:08.486+02:00", "2026-09-24T08:19:08.486+00:00", False),
        ("2026-09-24T10:19:08.485+02:00", "2026-09-24T08:19:08.486+00:00", True),
        ("2026-09-24T10:19:08", "2026-09-25T00:00:00+02:00", True),
        ("", "2026-09-25T00:00:00+02:00", False),
        ("2026-09-24T10:19:08+02:00", "", False),
        ("hier", "2026-09-25T00:00:00+02:00", False),
    ],
)
def test_exports_are_compared_by_their_instant(one, other, older):
    assert origin.older(replace(IN_CLEAR, exported=one), other) is older


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_keys_are_read_as_pem_and_der(encoding):
    loaded = load_key(OURS, written(OURS, encoding))
    assert opened(BOX, [loaded])[0] == CLEAR
    assert "RSAPrivateKey" not in repr(loaded)


PROTECTED = private(OURS).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
ELLIPTIC = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize("data", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----", PROTECTED, ELLIPTIC], ids="abcde")
def test_what_holds_no_usable_key_is_told(data):
    with pytest.raises(KeyUnusable):
        load_key(OURS, data)


@given(st.data())
def test_a_damaged_container_is_read_or_refused_never_a_crash(draw):
    data = BOX
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(data)))
        data = data[:at] + draw.draw(st.binary(max_size=6) | st.sampled_from([b"<", b'"', b"&a;", b"="])) + data[at:]
    with suppress(ImportRefused):
        assert opened(data, [key()], SCHOOL)[0] == CLEAR


@given(st.binary(max_size=300))
def test_whatever_was_encrypted_for_us_is_read_or_refused(content):
    box = encrypted(content, public(OURS), WRAPPING)
    with pytest.raises(ImportRefused):
        formats.read(box, Setting(SCHOOL, keys=(key(),)))
    assert opened(box, [key()])[0] == content.removeprefix(b"\xef\xbb\xbf")
