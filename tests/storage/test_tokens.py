"""The text form of sync tokens (RFC 6578, 6.2; invariant 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import TokenInvalid
from storage.model import SyncToken
from storage.tokens import format_token, parse_token

numbers = st.integers(0, 10**18 - 1)
tokens = st.builds(SyncToken, numbers, numbers) | st.builds(SyncToken, numbers, numbers, numbers, numbers, numbers)


@given(tokens, st.integers(1, 10**9 - 1))
def test_a_token_comes_back_as_it_went(token, school):
    assert parse_token(format_token(token, school), school) == token


def test_a_token_is_a_uri_that_names_school_and_collection():
    assert format_token(SyncToken(7, 12), 3) == "urn:cadran:sync:3:7:12"
    assert format_token(SyncToken(7, 12, 20, 15, 14), 3) == "urn:cadran:sync:3:7:12:20:15:14"


@given(tokens)
def test_a_token_of_another_school_is_invalid(token):
    with pytest.raises(TokenInvalid):
        parse_token(format_token(token, 1), 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "12",
        "urn:cadran:sync:",
        "urn:cadran:sync:1:7",
        "urn:cadran:sync:1:7:",
        "urn:cadran:sync:1:7:12:20",
        "urn:cadran:sync:1:7:12:20:15",
        "urn:cadran:sync:1:7:12:20:15:14:1",
        "urn:cadran:sync:1:7:-12",
        "urn:cadran:sync:1:7:1e3",
        "urn:cadran:sync:1:7:12 ",
        " urn:cadran:sync:1:7:12",
        "urn:cadran:sync:1:7:12\n",
        "URN:CADRAN:SYNC:1:7:12",
        "urn:cadran:sync:1:7:1234567890123456789",
        "urn:cadran:sync:1:7:١٢",
        "http://sabre.io/ns/sync/12",
    ],
)
def test_a_malformed_token_is_invalid(text):
    with pytest.raises(TokenInvalid):
        parse_token(text, 1)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail_otherwise(text):
    try:
        assert format_token(parse_token(text, 1), 1) != ""
    except TokenInvalid:
        return
