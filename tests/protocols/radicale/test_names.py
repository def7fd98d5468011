"""Names of ours as Radicale's decoded ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.radicale import names
from storage import spelling

WIRE = st.text(st.sampled_from("aé%@:2504/~"), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a.ics", "a.ics"),
        ("a@b.ics", "a@b.ics"),
        ("a%40b.ics", "a%40b.ics"),
        ("50%25.ics", "50%.ics"),
        ("50%25@.ics", "50%@.ics"),
        ("a%2540b.ics", "a%2540b.ics"),
        ("50%25%40.ics", "50%25%40.ics"),
    ],
)
def test_a_name_is_shown_decoded_if_it_can_be(name: str, shown: str):
    assert names.shown(name) == shown
    assert names.kept(shown) == name


@given(WIRE)
def test_a_shown_name_is_kept_as_it_was(segment: str):
    try:
        name = spelling.of_segment(segment)
    except UnicodeDecodeError:
        return
    assert names.kept(names.shown(name)) == name


@given(st.text("a%2504b@", min_size=1, max_size=12))
def test_any_text_is_kept_as_a_name(text: str):
    assert spelling.is_name(names.kept(text))
