"""Sealing of push messages and the proof of their sender, by the examples of the RFCs."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from server import push_crypto
from storage.push_keys import decoded, encoded, is_public_key, new_key
from tests.server.push_service import Subscription

# RFC 8291, 5 and appendix A.
PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
PLAIN = b"When I grow up, I want to be a watermelon"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_a_message_is_sealed_as_in_the_example() -> None:
    sender = ec.derive_private_key(int.from_bytes(decoded(SENDER), "big"), ec.SECP256R1())
    assert encoded(push_crypto.seal(PLAIN, PUBLIC, SECRET, salt=decoded(SALT), sender=sender)) == SEALED


def test_only_the_subscriber_opens_a_message_and_no_two_are_alike() -> None:
    receiver = Subscription()
    first = push_crypto.seal(PLAIN, receiver.public_key, receiver.secret)
    second = push_crypto.seal(PLAIN, receiver.public_key, receiver.secret)
    assert first != second
    assert receiver.opened(first) == receiver.opened(second) == PLAIN
    longest = b"x" * push_crypto.MOST_OCTETS
    assert receiver.opened(push_crypto.seal(longest, receiver.public_key, receiver.secret)) == longest
    with pytest.raises(ValueError, match="octets"):
        push_crypto.seal(longest + b"x", receiver.public_key, receiver.secret)


def test_the_sender_is_proved_to_one_push_service_for_half_a_day() -> None:
    key = new_key()
    header = push_crypto.authorization(key, "https://push.example", 1_000, "mailto:admin@ecole.example")
    token, _, public = header.removeprefix("vapid t=").partition(", k=")
    head, claims, signature = token.split(".")
    assert json.loads(decoded(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(decoded(claims)) == {
        "aud": "https://push.example",
        "exp": 1_000 + 12 * 3600,
        "sub": "mailto:admin@ecole.example",
    }
    assert public == key.public
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(public))
    raw = decoded(signature)
    numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    point.verify(encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    unsigned = push_crypto.authorization(key, "https://push.example", 1_000, "")
    assert "sub" not in json.loads(decoded(unsigned.removeprefix("vapid t=").split(".")[1]))


@pytest.mark.parametrize("text", ["", "AAAA", "é", "=", PUBLIC[:-4], "A" * 87, PUBLIC + "AAAA", "B" * 20_000])
def test_what_is_no_point_of_the_curve_is_no_key(text: str) -> None:
    assert not is_public_key(text)
    assert is_public_key(PUBLIC)
    assert is_public_key(PUBLIC + "=")


def test_topics_tell_nothing_and_stay_the_same() -> None:
    key, other = new_key(), new_key()
    assert key.topic("collection:1") == key.topic("collection:1")
    assert len({key.topic("collection:1"), key.topic("collection:2"), other.topic("collection:1")}) == 3
    assert len(key.topic("collection:1")) <= 32
