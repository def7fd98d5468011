"""Names and their spellings (RFC 3986, 2.2 and 6.2.2)."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import spelling

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
WIRE = st.text(st.sampled_from("aé%@:&'2504/~"), min_size=1, max_size=20)

SPELLED = [
    ("a@b", "a@b"),
    ("a%40b", "a%40b"),
    ("%6C%65o", "leo"),
    ("%2a%2A*", "%2A%2A*"),
    ("%c3%a9", "é"),
    ("a%2Fb", "a/b"),
    ("a%20b", "a b"),
    ("%5b%5D", "[]"),
    ("50%25", "50%25"),
    ("50%", "50%25"),
    ("%zz", "%25zz"),
    ("%4", "%254"),
    ("%2540", "%2540"),
    ("%252540", "%252540"),
    ("%25%340", "%2540"),
]


@pytest.mark.parametrize(("segment", "name"), SPELLED)
def test_a_segment_spells_a_name(segment: str, name: str):
    assert spelling.of_segment(segment) == name
    assert spelling.is_name(name)


def test_what_is_no_utf8_is_no_name():
    with pytest.raises(UnicodeDecodeError):
        spelling.of_segment("%ff")


@given(WIRE)
def test_a_name_comes_back_from_its_segment(segment: str):
    try:
        name = spelling.of_segment(segment)
    except UnicodeDecodeError:
        return
    assert spelling.of_segment(spelling.segment(name)) == name
    assert spelling.is_name(name)
    assert spelling.plain(name) == unquote(segment)


@given(TEXTS)
def test_a_text_is_a_name_of_its_own(text: str):
    assert spelling.plain(spelling.of_text(text)) == text
    assert spelling.same(spelling.of_text(text), spelling.of_segment(quote(text, safe="")))


@given(WIRE)
def test_other_spellings_are_others_of_the_same_text(segment: str):
    try:
        name = spelling.of_segment(segment)
    except UnicodeDecodeError:
        return
    others = spelling.others(name)
    assert name not in others
    assert len({*others}) == len(others) <= 16
    assert all(spelling.plain(each) == spelling.plain(name) for each in others)
    assert bool(others) is spelling.varies(name)


@pytest.mark.parametrize("name", ["a@b", "a@b@c:d", "a@b@c@d@e@f", "!$&'()*+,;=:@"])
def test_what_programs_write_is_among_the_others(name: str):
    known = {name, *spelling.others(name)}
    assert spelling.of_segment(quote(name, safe="")) in known
    assert spelling.of_segment(quote(name, safe="!'()*")) in known
    assert name in spelling.others(spelling.of_segment(quote(name, safe="")))


@pytest.mark.parametrize(("length", "left"), [(9, "ab%40cd"), (7, "ab%40cd"), (5, "ab%40"), (4, "ab"), (3, "ab")])
def test_a_name_is_not_cut_within_a_triple(length: int, left: str):
    assert spelling.cut("ab%40cd", length) == left
